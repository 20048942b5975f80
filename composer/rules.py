"""Rules: what the next note of each stream may be, as masks over the classes of each field.

Rules act on logits before sampling, so that no note breaks them. What they hold:

    where        nothing before the join; nothing past the end; notes stop by the end; no
                 silence longer than the seed's longest (or a bar)
    who          only the parts asked for
    which        the key, each part's range; drum parts keep to drum keys of the kit
    how many     at most so many notes to a bar
    how loud     the velocities of the seed, a little widened
    order        events stay canonical (see `composer.events`)

Conventions:
    B streams; ticks are event ticks; a bar is counted from `Context.inside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from composer.context import Context
from composer.events import DURATION_TICKS, END, PART, PITCH, SHIFT_TICKS

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FAR = 1 << 40
"""A tick that no piece reaches."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of B streams.

    Attributes:
        earliest: [B], no onset before this tick.
        latest_first: [B], the first new onset comes before this tick.
        end: [B], no onset at or after it, and no note sounds beyond it.
        longest: [B], longest shift in ticks.
        parts: bool [B, 16], slots that may play.
        pitches: bool [B, 16, 128], pitches each slot may play.
        velocities: bool [B, 16, 32], velocity classes each slot may use.
        per_bar: [B], most notes that may begin in one bar.
        pace: float [B], notes per tick to keep up with; 0 for as it comes.
    """

    earliest: Ints
    latest_first: Ints
    end: Ints
    longest: Ints
    parts: Bools
    pitches: Bools
    velocities: Bools
    per_bar: Ints
    pace: NDArray[np.float64]

    def take(self, streams: Sequence[int] | Ints) -> Rules:
        """Some of the streams."""
        index = np.asarray(streams, dtype=np.int64)
        return Rules(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @staticmethod
    def join(rules: Sequence[Rules]) -> Rules:
        """Streams of several rules side by side."""
        return Rules(
            **{f.name: np.concatenate([getattr(r, f.name) for r in rules]) for f in fields(Rules)}
        )

    def shifts(self, context: Context, before: Ints, in_bar: Ints, drawn: Ints) -> Bools:
        """Shift classes that may come next, [B, classes]; END never is.

        Args:
            context: Of the streams.
            before: Their last note, [B, 5].
            in_bar: Notes that began in the bar the clock stands in, [B].
            drawn: Notes generated so far, [B].

        A shift at or past `end` is allowed: it says that the stream is done.
        """
        allowed = np.zeros((len(before), END + 1), dtype=bool)
        onset = context.clock[:, None] + SHIFT_TICKS[None]
        ok = onset >= self.earliest[:, None]
        # The limit on silence is measured from the join for the first note.
        limit = np.where(drawn == 0, self.latest_first, context.clock + self.longest)
        behind = self.pace * (context.clock - self.earliest) > drawn + 1
        if behind.any():
            hurry = context.clock + np.ceil(1.5 / np.maximum(self.pace, 1e-9)).astype(np.int64)
            limit = np.where(behind, np.minimum(limit, hurry), limit)
        ok &= onset <= np.maximum(limit, self.earliest)[:, None]
        full = in_bar >= self.per_bar
        if full.any():
            line = context.clock - context.inside + context.bar
            ok &= ~full[:, None] | (onset >= line[:, None])
        ok[:, 0] &= self._stackable(before)
        # If nothing is left, the nearest shift past every limit is the way on.
        stuck = ~ok.any(axis=1)
        if stuck.any():
            line = context.clock - context.inside + context.bar
            floor = np.where(full, np.maximum(self.earliest, line), self.earliest)
            nearest = np.searchsorted(SHIFT_TICKS, np.maximum(floor - context.clock, 1))
            ok[stuck, np.minimum(nearest[stuck], END - 1)] = True
        allowed[:, :END] = ok
        return allowed

    def _stackable(self, before: Ints) -> Bools:
        """Whether another note can follow on the same onset, in canonical order, [B]."""
        stream = np.arange(len(before))
        later = np.arange(self.parts.shape[1])[None] > before[:, PART, None]
        higher = np.arange(128)[None] > before[:, PITCH, None]
        own = self.parts[stream, before[:, PART]]
        own = own & (self.pitches[stream, before[:, PART]] & higher).any(axis=1)
        return np.asarray((self.parts & later).any(axis=1) | own)

    def slots(self, before: Ints, together: Bools) -> Bools:
        """Parts that may play, [B, 16].

        Args:
            before: Last note, [B, 5].
            together: Whether the next note falls on the same onset, [B].
        """
        allowed = self.parts.copy()
        if together.any():
            stream = np.arange(len(before))
            order = np.arange(allowed.shape[1])[None]
            higher = np.arange(128)[None] > before[:, PITCH, None]
            more = (self.pitches[stream, before[:, PART]] & higher).any(axis=1)
            floor = before[:, PART] + np.where(more, 0, 1)
            allowed &= ~together[:, None] | (order >= floor[:, None])
        return allowed

    def tones(self, before: Ints, together: Bools, parts: Ints) -> Bools:
        """Pitches that may sound, [B, 128]."""
        allowed = self.pitches[np.arange(len(parts)), parts].copy()
        stacked = together & (parts == before[:, PART])
        if stacked.any():
            higher = np.arange(128)[None] > before[:, PITCH, None]
            allowed &= ~stacked[:, None] | higher
        return allowed

    def lengths(self, onset: Ints) -> Bools:
        """Durations that end in time, [B, classes]; one tick always does."""
        return DURATION_TICKS[None] <= np.maximum(self.end - onset, 1)[:, None]

    def loudness(self, parts: Ints) -> Bools:
        """Velocity classes, [B, 32]."""
        return np.asarray(self.velocities[np.arange(len(parts)), parts])
