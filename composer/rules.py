"""Rules: what the next note of each stream may be, as masks over the classes of each field.

Rules act on logits before sampling, so that no note breaks them. What they hold:

    where        nothing before the join; nothing past the end; notes stop by the end; no
                 silence longer than the seed's longest (or a bar)
    who          only the parts asked for; none silent for much longer than in the seed
    which        the key, each part's range; drum parts keep to drum keys of the kit
    when         where in the beat the seed's notes begin, if it keeps to a few places
    how long     no note shorter or much longer than its part's in the seed
    how many     at most so many notes to a bar; and when more were played on the whole than
                 the seed would have, no chords and no quick notes until it is even; none
                 of a part at once beyond its fullest chord
    how loud     the velocities of the seed, a little widened; of a part that was heard for long
                 only those it used, and rather those it used much
    order        events stay canonical (see `composer.events`)

Conventions:
    B streams; ticks are event ticks; a bar is counted from `Context.inside`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from composer.context import Context
from composer.events import (
    DURATION_TICKS,
    END,
    PART,
    PITCH,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    VELOCITY,
)

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FAR = 1 << 40
"""A tick that no piece reaches."""

RARE = 0.01
"""Share of a seed's notes up to which a place in the beat, or a length, is an exception."""
KNOWN = 8
"""Notes from which a part has habits of its own."""
LONGER = 1.5
"""Times a part's longest note in the seed that its notes may last."""

LOUDER = 2
"""Velocity classes that a part may be softer or louder than it was."""
SETTLED = 16
"""Notes for each velocity class that it used from which a part uses no others."""
LEAN = 0.3
"""How much of a part's own habit of loudness is added to what the network says."""

_SHIFTS = np.append(SHIFT_TICKS, 1 << 60)  # END is later than any limit: never allowed
_SLOTS = np.arange(SLOTS)
_DURATIONS = np.arange(len(DURATION_TICKS))
_PITCHES = np.arange(SIZES[PITCH])


_NO_LIMIT = np.zeros(0)


def _last_true(table: Bools) -> Ints:
    """Index of the last true value along the last axis, -1 for none."""
    size = table.shape[-1]
    last = size - 1 - np.argmax(table[..., ::-1], axis=-1)
    return np.asarray(np.where(table.any(axis=-1), last, -1), dtype=np.int64)


def lengths_like(ticks: Ints) -> Bools:
    """Duration classes for a part that has held its notes for so long, bool [classes].

    None shorter than all but its rarest, none longer than half as much again as its longest:
    a held last note gives leave to hold notes.
    """
    ranked = np.sort(ticks)
    least, most = ranked[int(RARE * (len(ranked) - 1))], LONGER * ranked[-1]
    return np.asarray((least <= DURATION_TICKS) & (most >= DURATION_TICKS))


def loudness_like(classes: Ints) -> tuple[Bools, NDArray[np.float32]]:
    """Velocity classes for a part that has used these, and how it leans to each of them.

    What a network is unsure of it fills with what other music does, and a note too loud
    makes the next one louder; so a part would leave its own dynamics little by little.

    Args:
        classes: Of each of its notes, at least one.

    Returns:
        (bool [32], float32 [32] to add to the logits of those).
    """
    counts = np.bincount(classes, minlength=SIZES[VELOCITY])
    allowed = counts > 0
    if len(classes) < SETTLED * np.count_nonzero(allowed):
        used = np.flatnonzero(allowed)
        allowed[max(used[0] - LOUDER, 0) : used[-1] + LOUDER + 1] = True
    # Neighbours are nearly the same loudness; no class is quite unheard of.
    share = np.convolve(counts, (0.1, 0.8, 0.1), mode="same") / len(classes)
    return allowed, (LEAN * np.log(share + 0.02 / SIZES[VELOCITY])).astype(np.float32)


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
        leaning: float32 [B, 16, 32], how each slot leans to them; empty for not at all.
        per_bar: [B], most notes that may begin in one bar.
        pace: float [B], notes per tick to keep up with; 0 for as it comes.
        places: bool [B, 24], ticks of the beat on which notes may begin; empty for all.
        durations: bool [B, 16, classes], durations each slot may use; empty for all.
        rests: [B, 16], longest silence of each slot in ticks; empty for no limit.
        chords: [B, 16], most notes of each slot on one onset; empty for no limit.
        rate: float [B], notes per tick not to exceed on the whole; 0 or empty for no limit.
        burst: [B], notes by which `rate` may be exceeded for a while.
        stride: [B], least shift in ticks while it is.
        tops: [B, 16], highest pitch of each slot that may play, -1 for none; derived if empty.
        last: [B], last slot that may play, -1 for none; derived if empty.
        hurries: Whether any stream has a pace; derived.
        evens: Whether any stream has a rate; derived.
        placed: Whether any stream's notes begin in some places only; derived.
        streams: [B], 0, 1, 2, ...; derived.
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
    places: Bools = field(default_factory=lambda: _NO_LIMIT.astype(bool))
    durations: Bools = field(default_factory=lambda: _NO_LIMIT.astype(bool))
    rests: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64))
    chords: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64))
    leaning: NDArray[np.float32] = field(default_factory=lambda: _NO_LIMIT.astype(np.float32))
    rate: NDArray[np.float64] = field(default_factory=lambda: _NO_LIMIT)
    burst: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64))
    stride: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64))
    tops: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64), repr=False)
    last: Ints = field(default_factory=lambda: _NO_LIMIT.astype(np.int64), repr=False)
    hurries: bool = field(init=False, repr=False)
    evens: bool = field(init=False, repr=False)
    placed: bool = field(init=False, repr=False)
    streams: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        count = len(self.earliest)
        for name, default in (
            ("places", np.ones((count, TICKS_PER_BEAT), dtype=bool)),
            ("durations", np.ones((count, SLOTS, len(_DURATIONS)), dtype=bool)),
            ("rests", np.full((count, SLOTS), FAR)),
            ("chords", np.full((count, SLOTS), FAR)),
            ("leaning", np.zeros((count, SLOTS, SIZES[VELOCITY]), dtype=np.float32)),
            ("rate", np.zeros(count)),
            ("burst", np.zeros(count, dtype=np.int64)),
            ("stride", np.ones(count, dtype=np.int64)),
        ):
            if len(getattr(self, name)) != count:
                object.__setattr__(self, name, default)
        if len(self.tops) != count:
            playing = self.pitches & self.parts[:, :, None]
            object.__setattr__(self, "tops", _last_true(playing))
            object.__setattr__(self, "last", _last_true(self.parts))
        object.__setattr__(self, "hurries", bool(self.pace.any()))
        object.__setattr__(self, "evens", bool(self.rate.any()))
        object.__setattr__(self, "placed", not self.places.all())
        object.__setattr__(self, "streams", np.arange(count))

    def take(self, streams: Sequence[int] | Ints) -> Rules:
        """Some of the streams."""
        index = np.asarray(streams, dtype=np.int64)
        return Rules(**{name: getattr(self, name)[index] for name in _GIVEN})

    @staticmethod
    def join(rules: Sequence[Rules]) -> Rules:
        """Streams of several rules side by side."""
        if len(rules) == 1:
            return rules[0]
        return Rules(**{name: np.concatenate([getattr(r, name) for r in rules]) for name in _GIVEN})

    def shifts(
        self, context: Context, before: Ints, in_bar: Ints, room: Bools, drawn: Ints
    ) -> Bools:
        """Shift classes that may come next, [B, classes]; END never is.

        Args:
            context: Of the streams.
            before: Their last note, [B, 5].
            in_bar: Notes that began in the bar the clock stands in, [B].
            room: From `room`, [B].
            drawn: Notes generated so far, [B].

        A shift at or past `end` is allowed: it says that the stream is done.
        """
        clock = context.clock
        limit = clock + self.longest
        if 0 in drawn.tolist():
            # The limit on silence is measured from the join for the first note.
            limit = np.where(drawn == 0, self.latest_first, limit)
        if self.hurries:
            behind = self.pace * (clock - self.earliest) > drawn + 1
            hurry = clock + np.ceil(1.5 / np.maximum(self.pace, 1e-9)).astype(np.int64)
            limit = np.where(behind, np.minimum(limit, hurry), limit)
        limit = np.maximum(limit, self.earliest) - clock
        floor = self.earliest - clock
        full = in_bar >= self.per_bar
        if True in full.tolist():
            floor = np.where(full, np.maximum(floor, context.bar - context.inside), floor)
        if self.evens:
            fair = self.rate * (clock - self.earliest) + self.burst
            many = (self.rate > 0) & (drawn > fair)
            if True in many.tolist():
                floor = np.where(many, np.maximum(floor, self.stride), floor)
        allowed = (floor[:, None] <= _SHIFTS) & (limit[:, None] >= _SHIFTS)
        if self.placed:
            inside = (context.inside[:, None] + _SHIFTS) % context.bar[:, None] % TICKS_PER_BEAT
            if len(inside) > 1:
                inside += TICKS_PER_BEAT * np.arange(len(inside))[:, None]
            placed = self.places.reshape(-1).take(inside)
            placed[:, 0] = True  # together with the last note, wherever it is
            usable = allowed & placed
            any_left = np.logical_or.reduce(usable, axis=1)
            if False in any_left.tolist():
                usable = np.where(any_left[:, None], usable, allowed)
            allowed = usable
        # On the same onset only what comes later in canonical order.
        allowed[:, 0] &= (before[:, PART] < self.last) | room
        # If nothing is left, the nearest shift past every limit is the way on.
        stuck = ~np.logical_or.reduce(allowed, axis=1)
        if True in stuck.tolist():
            nearest = np.searchsorted(SHIFT_TICKS, np.maximum(floor, 1))
            allowed[stuck, np.minimum(nearest[stuck], END - 1)] = True
        return np.asarray(allowed)

    def room(self, before: Ints, in_chord: Ints) -> Bools:
        """Whether the part of the last note can play one more on its onset, bool [B].

        Args:
            before: Last note, [B, 5].
            in_chord: Notes that its part has played on its onset, [B].
        """
        streams, parts = self.streams, before[:, PART]
        higher = before[:, PITCH] < self.tops[streams, parts]
        return np.asarray(higher & (in_chord < self.chords[streams, parts]))

    def slots(self, context: Context, before: Ints, room: Bools, onset: Ints) -> Bools:
        """Parts that may play, [B, 16].

        Args:
            context: Of the streams.
            before: Last note, [B, 5].
            room: From `room`, [B].
            onset: Of the next note, [B].
        """
        allowed = self.parts
        ticks = onset - context.clock
        together = ticks == 0
        if True in together.tolist():
            floor = np.where(together, before[:, PART] + ~room, 0)
            allowed = allowed & (floor[:, None] <= _SLOTS)
        late = (onset[:, None] - context.heard > self.rests) & (context.heard >= 0) & allowed
        if late.any():
            # Who has been silent for too long comes in on a beat, before anyone else.
            beat = context.free | ((context.inside + ticks) % TICKS_PER_BEAT == 0)
            now = np.logical_or.reduce(late, axis=1) & beat & ~together
            allowed = np.where(now[:, None], late, allowed)
        return np.asarray(allowed)

    def tones(self, before: Ints, together: Bools, parts: Ints) -> Bools:
        """Pitches that may sound, [B, 128]."""
        allowed = self.pitches[self.streams, parts]
        stacked = together & (parts == before[:, PART])
        if True in stacked.tolist():
            allowed &= np.where(stacked, before[:, PITCH], -1)[:, None] < _PITCHES
        return np.asarray(allowed)

    def lengths(self, onset: Ints, parts: Ints) -> Bools:
        """Durations that end in time, [B, classes]; one tick always does."""
        fitting = np.maximum(self.end - onset, 1)[:, None] >= DURATION_TICKS
        own = fitting & self.durations[self.streams, parts]
        any_left = np.logical_or.reduce(own, axis=1)
        if False in any_left.tolist():
            own = np.where(any_left[:, None], own, fitting)
        return np.asarray(own)

    def loudness(self, parts: Ints) -> tuple[Bools, NDArray[np.float32]]:
        """Velocity classes, and what to add to their logits, [B, 32] each."""
        return self.velocities[self.streams, parts], self.leaning[self.streams, parts]


_GIVEN = tuple(f.name for f in fields(Rules) if f.init)
