"""Habits: where in the bar a drummer's bass drum and snare fall.

A network that draws a kit key by key comes to a place of the backbeat and plays the hi-hat, which
is there in most music; and as keys on one onset come from low to high, the snare has then been
missed. Among many parts, the others have played on an onset and the music goes on before it was
the drummer's turn. So of drums that were heard, what was usual at a place is made likelier, what
never was there less likely, as with loudness, and so are shifts that pass over a place where a
stroke is usual; the network may still do otherwise, as drummers do.

Conventions:
    Places are the sixteenths of a bar, whatever its metre, each with what lies nearest to it: a
    played stroke is a little early or late. Slots are the network's; ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.analysis import segment
from composer.encoding import struct_rows as tables
from composer.encoding.events import PART, PITCH, SHIFT_TICKS, SIZES, SLOTS, UNLIMITED
from composer.encoding.running_features import Context
from composer.generation.limits import Ints
from composer.music.notes import DRUM_PROGRAM, KICKS

Floats = NDArray[np.float32]

PLACES = segment.PLACES
KINDS = (KICKS, (38, 40), (37, 39))
"""Keys (General MIDI 1) that have habits of their own: bass drums, snares, sticks and claps."""
COUNT = len(KINDS) + 1
"""Kinds of strokes; last, any by a drummer who has none of these: a shaker, a cowbell."""
_KIND_OF = np.full(SIZES[PITCH], -1)
for _kind, _keys in enumerate(KINDS):
    _KIND_OF[list(_keys)] = _kind
_KEYS = slice(35, 41)
"""All of these."""
WEIGHT = 1.1
"""How much of the log odds of a stroke at a place is added to what the network says."""
LEAST = -1.5
"""What speaks against a stroke at a place at most: fills are unusual wherever they come."""
PASSING = 0.5
"""How much of what speaks for a stroke speaks against passing its place over."""
BARS = 16
"""Bars before the end that are looked at."""
FEWEST = 4
"""Bars of these in which a drummer must have played to have habits."""
_DOUBT = 0.03
_SIXTEENFOLD = PLACES * np.append(SHIFT_TICKS, SHIFT_TICKS[-1])
"""Ticks of each class of shift, and of END, times the places of a bar."""


def places_of(inside: Ints, bar: Ints | int) -> Ints:
    """The place nearest to each time behind a bar line."""
    return np.asarray((inside * PLACES + bar // 2) // bar % PLACES)


def habits_of(
    onsets: Ints, rows: NDArray[np.integer], programs: Sequence[int], bar: int, end: int
) -> Floats:
    """What speaks for each stroke at each place, in nats, float32 [slots, places, kinds].

    Args:
        onsets: Ticks, [notes], on a beat grid.
        rows: Of what was played, [notes, 5].
        programs: Of all slots.
        bar: Ticks.
        end: Tick of the bar line at which they end.

    Returns:
        0 for parts that are no drums, or have not played enough.
    """
    found = np.zeros((SLOTS, PLACES, COUNT), dtype=np.float32)
    for slot, program in enumerate(programs):
        if program != DRUM_PROGRAM:
            continue
        # Counted from the end, and shifted so that what is just before a line counts with it.
        since = onsets + bar // (2 * PLACES) - (end - BARS * bar)
        own = (rows[:, PART] == slot) & (since >= 0)
        bars, kinds = since[own] // bar, _KIND_OF[rows[own, PITCH]]
        played = len(np.unique(bars))
        if played < FEWEST:
            continue
        places = places_of(onsets[own] - end, bar)
        if not (kinds >= 0).any():
            kinds[:] = COUNT - 1
        for kind in np.unique(kinds[kinds >= 0]).tolist():
            struck = np.zeros((BARS + 1, PLACES), dtype=bool)
            mine = kinds == kind
            struck[bars[mine], places[mine]] = True
            share = struck.sum(axis=0) / played
            odds = np.log((share + _DOUBT) / (1 - share + _DOUBT))
            found[slot, :, kind] = np.maximum(WEIGHT * odds, LEAST)
    return found


def for_strokes(usual: Floats, struck: int) -> Floats:
    """What to add to the logits of a drummer's keys, [128].

    Args:
        usual: What speaks for each kind at the place of the next stroke, [kinds].
        struck: Key that was struck last, if that was at the same place; else -1.
    """
    kind = -1 if struck < 0 else int(_KIND_OF[struck])
    if kind >= 0:
        # What has just been struck is not struck again because it is usual there.
        usual = usual.copy()
        usual[kind] = min(usual[kind], 0)
    found = np.zeros(SIZES[PITCH], dtype=np.float32)
    found[_KEYS] = usual.take(_KIND_OF[_KEYS])
    return found


def against_passing(usual: Floats, since: Sequence[int], inside: int, bar: int) -> Floats:
    """What to add to the logits of shifts that pass over places where drummers mostly strike.

    Only drummers count that have struck within a bar: who rests may go on resting.

    Args:
        usual: From `habits_of`, of some slots, [slots, places, kinds].
        since: Ticks since each of these struck.
        inside: Ticks from the bar line to the last note.
        bar: Ticks.

    Returns:
        [classes], none over 0; what lies beyond a bar counts as a bar.
    """
    ticks = np.array(since)
    here, behind = divmod(inside * PLACES + bar // 2, bar)
    ahead = np.roll(np.maximum(usual.max(axis=-1), 0), -here, axis=1)
    ahead[ticks > bar] = 0
    # Who has struck where the last note stands does not pass that place over.
    ahead[ticks <= bar // (2 * PLACES), 0] = 0
    passed = np.append(np.float32(0), np.maximum.accumulate(ahead.max(axis=0)))
    places = np.minimum((_SIXTEENFOLD + behind) // bar, PLACES)
    return np.asarray(np.float32(-PASSING) * passed.take(places))


class Drummers:
    """Those of B streams who have habits, and what these say of the next note.

    A groove comes to the same places again and again: what is found once is kept, for all streams
    of the same habits.
    """

    __slots__ = ("_alike", "_passing", "_playing", "_slots", "_strokes", "_table")

    def __init__(self, table: Floats) -> None:
        """Take what they are used to, from `habits_of`, [B, slots, places, kinds]."""
        self._table, self._alike = table, tables.alike(table)
        self._playing = np.any(table, axis=(2, 3))
        self._slots = np.flatnonzero(self._playing.any(axis=0))
        self._passing: dict[tuple[int, ...], Floats] = {}
        self._strokes: dict[tuple[int, ...], Floats] = {}

    def against_passing(self, context: Context) -> Floats:
        """What to add to the logits of shifts, [B, classes]; see `against_passing`."""
        found = []
        heard, slots = context.heard, self._slots.tolist()
        for stream, (now, inside, bar) in enumerate(
            zip(
                context.clock.tolist(),
                context.inside.tolist(),
                context.bar.tolist(),
                strict=True,
            )
        ):
            onsets = [heard.item(stream, slot) for slot in slots]
            since = [UNLIMITED if onset < 0 else now - onset for onset in onsets]
            late = ((2 * PLACES * ticks > bar) + (ticks > bar) for ticks in since)
            key = (self._alike[stream], inside, bar, *late)
            if (row := self._passing.get(key)) is None:
                usual = self._table[stream, self._slots]
                row = self._passing[key] = against_passing(usual, since, inside, bar)
            found.append(row)
        return np.array(found)

    def strokes(self, context: Context, parts: Ints, onset: Ints) -> Floats | None:
        """What to add to the logits of keys, [B, 128]; None where no drummer plays.

        Args:
            context: Of the streams.
            parts: Who plays, [B].
            onset: Of the next note, [B].
        """
        found = None
        heard, last = context.heard, context.last
        for stream, (part, at, now, inside, bar) in enumerate(
            zip(
                parts.tolist(),
                onset.tolist(),
                context.clock.tolist(),
                context.inside.tolist(),
                context.bar.tolist(),
                strict=True,
            )
        ):
            if not self._playing.item(stream, part):
                continue
            place = int(places_of(inside + at - now, bar))
            near = at - heard.item(stream, part) <= bar // (2 * PLACES)
            struck = last.item(stream, part, 0) if near else -1
            key = (self._alike[stream], part, place, struck)
            if (row := self._strokes.get(key)) is None:
                row = self._strokes[key] = for_strokes(self._table[stream, part, place], struck)
            if found is None:
                found = np.zeros((len(parts), SIZES[PITCH]), dtype=np.float32)
            found[stream] = row
        return found
