"""Constraints: what the next note of each stream may be, as masks over the classes of each field.

Constraints act on logits before sampling, so that no note breaks them. What they hold:

    time         nothing before the join; nothing past the end; notes stop by the end, or ring
                 beyond it as far as may be; no silence longer than the seed's longest (or a bar)
    parts        only those asked for; who is silent for longer than in the seed comes in again,
                 with a phrase; who was silent where a phrase comes from rests in it
    pitches      the key and the chord in force, each part's range; drum parts keep to drum keys;
                 rather those that tell a key asked for, and of chords of an accompaniment
    groove       of an accompaniment in every bar a backbeat and the one; drummers' own habits
    places       where in the beat the seed's notes begin, if it keeps to a few places
    durations    none shorter or much longer than its part's in the seed
    density      hardly more notes to a bar than in the seed's busiest; when more were played
                 on the whole, no chords and no quick notes; no chord fuller than its part's
    velocities   those of the seed, a little widened; of many notes those used, the oftener the more
    order        events stay canonical (see `composer.encoding.events`)

Conventions:
    B streams; ticks are event ticks; a bar is counted from `Context.inside`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.encoding import struct_rows as tables
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    PART,
    PITCH,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    UNLIMITED,
)
from composer.encoding.running_features import Context
from composer.encoding.struct_rows import Table
from composer.generation import habits
from composer.generation.backing import (
    ALONE,
    BASS,
    FILLING,
    HALF_BARS,
    LINE,
    SOLE,
    TILTS,
    Backing,
)
from composer.generation.limit_table import row_of
from composer.generation.limits import Bools, Density, Ints, PartLimits, Span
from composer.generation.owing import STRUCK, kinds_owed, next_owed, owing, strays
from composer.generation.pacing import Pacing
from composer.generation.resting import Rests
from composer.music.chords import CHORDS, chord_tones
from composer.music.notes import SNARES

_SHIFTS = np.append(SHIFT_TICKS, 1 << 60)  # END is later than any limit: never allowed
_SLOTS = np.arange(SLOTS)
_PITCHES = np.arange(SIZES[PITCH])
_PITCH_CLASSES = _PITCHES % 12
_TONES = np.array([np.isin(_PITCH_CLASSES, list(chord_tones(code))) for code in range(CHORDS)])
"""The pitches of each chord, [chords, 128]; none of no chord."""


class Constraints:
    """The limits of B streams.

    Attributes:
        table: [B] rows of `composer.generation.limit_table`.
    """

    __slots__ = (
        "_alike",
        "_backed",
        "_coloured",
        "_drums",
        "_lasting",
        "_of",
        "_owes",
        "_pacing",
        "_rests",
        "_shifts",
        "_silent",
        "_streams",
        "_tilted",
        "table",
    )

    def __init__(self, table: Table) -> None:
        """The rules of a table's streams."""
        self.table = table
        self._of = {name: table[name] for name in table.dtype.names or ()}  # looked up once
        self._pacing = Pacing.of(table)
        self._lasting = bool(table["durations"].any(axis=2).all())
        self._silent = table["end"] + table["ring"]
        self._alike = tables.alike(table["places"])
        self._shifts: dict[tuple[int, int, int, int, int, bool], Bools] = {}
        self._tilted = bool(table["pitch_bias"].any())
        self._coloured = bool(table["coloured"].any())
        self._rests = Rests.of(table)
        self._backed = bool(table["roles"].any())
        self._owes = bool(table["owed"].any())
        self._drums = habits.Drummers(table["habits"]) if table["habits"].any() else None
        self._streams = np.arange(len(table))

    @classmethod
    def of(
        cls,
        span: Span,
        density: Density,
        limits: PartLimits,
        places: Bools | None = None,
        backing: Backing | None = None,
        of_drums: NDArray[np.float32] | None = None,
    ) -> Constraints:
        """The rules of one stream.

        Args:
            span: When notes may begin.
            density: How many there are in a time.
            limits: What each part may play.
            places: bool [24], ticks of the beat on which notes may begin; all if not given.
            backing: What it keeps to as an accompaniment; nothing if not given.
            of_drums: From `composer.generation.habits.habits_of`; none if not given.
        """
        return cls(row_of(span, density, limits, places, backing, of_drums))

    def take(self, streams: Sequence[int] | Ints) -> Constraints:
        """Some of the streams."""
        return Constraints(self.table.take(np.asarray(streams, dtype=np.int64)))

    @staticmethod
    def join(rules: Sequence[Constraints]) -> Constraints:
        """Streams of several rules side by side."""
        if len(rules) == 1:
            return rules[0]
        return Constraints(tables.join([some.table for some in rules]))

    def from_here(self, clock: int) -> Constraints:
        """The same rules for what goes on at a tick, where more notes follow on those before."""
        table = tables.copy(self.table)
        table["earliest"] = clock
        table["latest_first"] = clock + table["longest"]
        return Constraints(table)

    def with_rests(self, resting: Bools, bars_before: int) -> Constraints:
        """The same rules of one stream, with parts that rest (`composer.generation.resting`)."""
        table = tables.copy(self.table)
        table["resting"], table["bars_before"] = resting, bars_before
        return Constraints(table)

    @property
    def end(self) -> Ints:
        """No onset at or after it, [B]."""
        return self._of["end"]

    def shift_mask(
        self, context: Context, before: Ints, in_bar: Ints, room: Bools, drawn: Ints
    ) -> Bools:
        """Shift classes that may come next, [B, classes]; END never is.

        Args:
            context: Of the streams.
            before: Their last note, [B, 5].
            in_bar: Notes that began in the bar the clock stands in, [B].
            room: From `chord_room`, [B].
            drawn: Notes generated so far, [B].

        A shift at or past `end` is allowed: it says that the stream is done.
        """
        due, owed = [UNLIMITED] * len(self._pacing), None
        if self._owes:
            due = next_owed(self.table, context, self._of["earliest"] - context.clock).tolist()
            owed = owing(self.table, context, context.clock, before[:, PART] + 1).any(axis=1)
        # On the same onset only what comes later in canonical order.
        last = (
            self._of["last"] if self._rests is None else self._rests.at(context, context.clock).last
        )
        together = (before[:, PART] < last) | room
        found = []
        for pacing, alike, clock, inside, bar, notes, count, soon, same in zip(
            self._pacing,
            self._alike,
            context.clock.tolist(),
            context.inside.tolist(),
            context.bar.tolist(),
            in_bar.tolist(),
            drawn.tolist(),
            due,
            together.tolist(),
            strict=True,
        ):
            line = bar - inside if notes >= pacing.per_bar else 0
            floor, limit = pacing.reach(clock, count, line)
            key = (alike, inside, bar, max(min(floor, soon), 0), min(limit, soon), same)
            if (row := self._shifts.get(key)) is None:
                row = self._shifts[key] = self._shifts_from(*key)
            found.append(row)
        allowed = np.array(found)
        if owed is not None:
            allowed[owed, 1:] = False
            allowed[owed, 0] = True
        return allowed

    def _shifts_from(
        self, alike: int, inside: int, bar: int, floor: int, limit: int, same: bool
    ) -> Bools:
        """The shifts from one time to another, bool [classes].

        Args:
            alike: Number of a stream that has notes at the same places.
            inside: Ticks from the bar line to the last note.
            bar: Ticks.
            floor: Fewest ticks.
            limit: Most ticks.
            same: Whether one on the onset of the last note may be among them.
        """
        allowed = (floor <= _SHIFTS) & (limit >= _SHIFTS)
        # Where notes may begin, or together with the last one, wherever that is.
        placed = self._of["places"][alike].take((inside + _SHIFTS) % bar % TICKS_PER_BEAT)
        placed[0] = True
        if (usable := allowed & placed).any():
            allowed = usable
        allowed[0] &= same
        if not allowed.any():
            # The nearest shift past every limit is the way on.
            allowed[min(int(np.searchsorted(SHIFT_TICKS, max(floor, 1))), END - 1)] = True
        return np.asarray(allowed)

    def shift_bias(self, context: Context) -> NDArray[np.float32] | None:
        """What to add to the logits of the shifts, [B, classes]; None for nothing."""
        return None if self._drums is None else self._drums.against_passing(context)

    def chord_room(self, before: Ints, in_chord: Sequence[int]) -> Bools:
        """Whether the part of the last note can play one more on its onset, bool [B].

        Args:
            before: Last note, [B, 5].
            in_chord: Notes that its part has played on its onset, [B].
        """
        tops, chords = self._of["tops"], self._of["chords"]
        notes = zip(before.tolist(), in_chord, strict=True)
        return np.array(
            [
                row[PITCH] < tops.item(stream, row[PART]) and count < chords.item(stream, row[PART])
                for stream, (row, count) in enumerate(notes)
            ]
        )

    def part_mask(self, context: Context, before: Ints, room: Bools, onset: Ints) -> Bools:
        """Parts that may play, [B, 32].

        Args:
            context: Of the streams.
            before: Last note, [B, 5].
            room: From `chord_room`, [B].
            onset: Of the next note, [B].
        """
        allowed = self._of["parts"]
        if self._rests is not None:
            allowed = self._rests.at(context, onset).playing
        together = onset == context.clock
        some = together.tolist()
        if True in some:
            floor = (before[:, PART] + ~room) * together
            allowed = allowed & (floor[:, None] <= _SLOTS)
        if False in some:
            allowed = self._or_late(allowed, context, onset)
        if self._owes:
            first = self.first_owing(context, before, onset)
            # Whoever is to play here may be preceded, in canonical order, and not passed over.
            usable = allowed & (first[:, None] >= _SLOTS)
            usable[self._streams, np.minimum(first, SLOTS - 1)] |= first < SLOTS
            allowed = np.where(np.any(usable, axis=1)[:, None], usable, allowed)
        return np.asarray(allowed)

    def _or_late(self, allowed: Bools, context: Context, onset: Ints) -> Bools:
        """Of parts that may play, [B, 32], those alone that rest too long, where they come in."""
        heard = context.heard
        late = (onset[:, None] - heard > self._of["rests"]) & (heard >= 0) & allowed
        if not np.count_nonzero(late):
            return allowed
        # It comes in on a beat, before any other; in a piece that has phrases, with one of these.
        ticks, free = onset - context.clock, context.free
        now = (free | ((context.inside + ticks) % TICKS_PER_BEAT == 0)) & (ticks != 0)
        if True not in now.tolist():
            return allowed
        now &= ~self._of["by_phrase"] | free | context.begin_phrase(ticks)
        now &= np.logical_or.reduce(late, axis=1)
        return np.where(now[:, None], late, allowed)

    def first_owing(self, context: Context, before: Ints, onset: Ints) -> Ints:
        """The first slot that is to play on an onset and has not yet, `SLOTS` for none, [B].

        Args:
            context: Of the streams.
            before: Last note, [B, 5].
            onset: Of the next note, [B].
        """
        if not self._owes:
            return np.full(len(onset), SLOTS)
        floor = np.where(onset == context.clock, before[:, PART] + 1, 0)
        still = owing(self.table, context, onset, floor)
        return np.where(still.any(axis=1), still.argmax(axis=1), SLOTS)

    def pitch_mask(
        self,
        context: Context,
        before: Ints,
        together: Bools,
        parts: Ints,
        onset: Ints,
        chords: Ints | None = None,
    ) -> Bools:
        """Pitches that may sound, [B, 128].

        Args:
            context: Of the streams.
            before: Last note, [B, 5].
            together: Whether the next note begins with it, [B].
            parts: Who plays it, [B].
            onset: Its tick, [B].
            chords: That the plans have there, [B]; None: there are no plans.
        """
        allowed = self._of["pitches"][self._streams, parts]
        if self._coloured and chords is not None:
            allowed |= self._of["coloured"][self._streams, parts] & _TONES.take(chords, axis=0)
        stacked = together & (parts == before[:, PART])
        if True in stacked.tolist():
            allowed &= np.where(stacked, before[:, PITCH], -1)[:, None] < _PITCHES
        if self._owes:
            kinds = np.where(stacked, 0, kinds_owed(self.table, context, parts, onset))
            struck = allowed & STRUCK[kinds]
            allowed = np.where(np.any(struck, axis=1)[:, None], struck, allowed)
        return np.asarray(allowed)

    def pitch_bias(
        self, context: Context, parts: Ints, onset: Ints, chords: Ints | None = None
    ) -> NDArray[np.float32] | None:
        """What to add to the logits of the pitches, [B, 128]; None for nothing.

        Args:
            context: Of the streams.
            parts: Who plays, [B].
            onset: Of the next note, [B].
            chords: That the plans have there, [B]; None: there are no plans.
        """
        table, streams = self.table, self._streams
        drums = None if self._drums is None else self._drums.strokes(context, parts, onset)
        if not (self._tilted or self._backed or self._owes):
            return drums
        bias = table["pitch_bias"][streams, parts]
        if self._backed:
            row = (onset // table["half"] - table["first"]).clip(0, HALF_BARS - 1)
            chord = table["harmony"][streams, row]
            if chords is not None:
                chord = np.where(table["planned"], chords, chord)
            bias = bias + TILTS[self._roles(context, parts, onset), chord]
        bias = bias.take(_PITCH_CLASSES, axis=1)
        if self._owes:
            bias[:, SNARES[0] : SNARES[-1] + 1] += strays(table, context, parts, onset)[:, None]
        return np.asarray(bias if drums is None else bias + drums)

    def _roles(self, context: Context, parts: Ints, onset: Ints) -> Ints:
        """How each part takes up the harmony with its next note, [B]."""
        streams = self._streams
        roles = self._of["roles"][streams, parts].astype(np.int64)
        inside = (context.inside + onset - context.clock) % context.bar
        begins = inside % np.maximum(context.bar // 2, 1) == 0
        lowest = begins & (context.heard[streams, parts] != onset)
        roles = np.where(roles == SOLE, np.where(lowest, BASS, FILLING), roles)
        return np.where((roles == LINE) & ~begins, ALONE, roles)

    def duration_mask(self, context: Context, onset: Ints, parts: Ints) -> Bools:
        """Durations that end in time, [B, classes]; one tick always does."""
        own, room = self._of["durations"][self._streams, parts], self._silent - onset
        rest = None if self._rests is None else self._rests.at(context, onset, 1)
        if rest is not None and rest.somebody:
            left = context.bar - (context.inside + onset - context.clock) % context.bar
            leaves = rest.resting[self._streams, parts]
            room = np.where(leaves, np.minimum(room, left), room)
        if self._lasting and min(room.tolist()) >= DURATION_TICKS[-1]:
            return np.asarray(own)
        fitting = np.maximum(room, 1)[:, None] >= DURATION_TICKS
        own = fitting & own
        any_left = np.logical_or.reduce(own, axis=1)
        if False in any_left.tolist():
            own = np.where(any_left[:, None], own, fitting)
        return np.asarray(own)

    def velocity_mask_and_bias(self, parts: Ints) -> tuple[Bools, NDArray[np.float32]]:
        """Velocity classes, and what to add to their logits, [B, 32] each."""
        own = self._streams, parts
        return self._of["velocities"][own], self._of["velocity_bias"][own]
