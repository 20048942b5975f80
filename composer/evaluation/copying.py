"""Copies: the longest stretch of bars that some music has in common with other music.

Every bar has a print: where its notes begin and how high they lie above its first tone
(drums: which keys), whatever their part, duration and velocity. So a copy in
another key is a copy. Bars that follow one another in both, each at the same transposition,
make a stretch; an empty bar ends it.

Conventions:
    Bars of music in free time are two seconds, from its first onset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding.events import FREE_BAR, PART, PITCH, TICKS_PER_BEAT, Events
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import bar_ticks

Ints = NDArray[np.int64]
Prints = NDArray[np.uint64]

_SPAN = 512
"""Room for transpositions, -255..256."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The bars of some music.

    Attributes:
        prints: uint64 [bars], 0 for an empty one.
        anchors: int64 [bars], the tone that heights are counted from.
        notes: int64 [bars], how many notes each has.
    """

    prints: Prints
    anchors: Ints
    notes: Ints


@dataclass(frozen=True, slots=True)
class Copy:
    """A stretch of bars that is in the index, too.

    Attributes:
        bars: Its length; 0 if not even one bar is.
        notes: In it.
        start: Its first bar, from 0.
        source: The piece it is found in.
        source_bar: The first bar there, from 0.
    """

    bars: int = 0
    notes: int = 0
    start: int = 0
    source: str = ""
    source_bar: int = 0


def bars_of_events(events: Events) -> Bars:
    """The bars of a whole piece."""
    onsets = events.onsets
    if events.kind == FREE:
        number, inside = np.divmod(onsets, FREE_BAR)
    else:
        number, inside = _bar_numbers(events)
    return _bars(number, inside, events.rows.astype(np.int64), events.programs)


def bars_of_segment(segment: Segment) -> Bars:
    """The bars of a segment."""
    number, inside = np.divmod(segment.onsets, segment.bar)
    return _bars(number, inside, segment.rows, segment.programs)


def _bar_numbers(events: Events) -> tuple[Ints, Ints]:
    """Number of each note's bar and its place there in ticks, [notes] each."""
    starts = np.array([tick for tick, _, _ in events.metres.changes], dtype=np.int64)
    lengths = np.array([bar_ticks(n, d, TICKS_PER_BEAT) for _, n, d in events.metres.changes])
    # A change begins a bar where it stands, so the last bar before it may be short.
    before = np.concatenate([[0], np.cumsum(-(-np.diff(starts) // lengths[:-1]))])
    index = np.searchsorted(starts, events.onsets, side="right") - 1
    bars, inside = np.divmod(events.onsets - starts[index], lengths[index])
    return before[index] + bars, inside


def _bars(number: Ints, inside: Ints, rows: Ints, programs: tuple[int, ...]) -> Bars:
    count = int(number.max()) + 1 if len(number) else 0
    drums = np.array(programs)[rows[:, PART]] == DRUM_PROGRAM
    table = np.stack([number, inside, drums.astype(np.int64), rows[:, PITCH]], axis=1)
    table = np.unique(table, axis=0)  # the same tone in two parts is one
    bar, pitch, tonal = table[:, 0], table[:, 3], table[:, 2] == 0
    anchors = np.full(count, -1, dtype=np.int64)
    tonal_bars, first = np.unique(bar[tonal], return_index=True)
    anchors[tonal_bars] = pitch[tonal][first]
    # A bar of drums alone goes with the tones before it.
    known = np.maximum.accumulate(np.where(anchors >= 0, np.arange(count), 0))
    anchors = np.maximum(anchors[known], 0) if count else anchors
    height = np.where(tonal, pitch - anchors[bar] + 128, pitch + 512)
    spots = (table[:, 1] * 1024 + height + 1).astype(np.uint64)
    # The sum of well-mixed numbers does not depend on order (SplitMix64, Steele et al. 2014).
    spots = (spots ^ (spots >> np.uint64(7))) * np.uint64(0xBF58476D1CE4E5B9)
    spots = (spots ^ (spots >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spots ^= spots >> np.uint64(31)
    prints = np.zeros(count, dtype=np.uint64)
    np.add.at(prints, bar, spots)
    return Bars(prints, anchors, np.bincount(bar, minlength=count).astype(np.int64))


class BarIndex:
    """The bars of many pieces, to be looked up."""

    def __init__(self, pieces: Iterable[tuple[str, Bars]]) -> None:
        names, firsts, prints, anchors = [], [], [], []
        total = 0
        for name, bars in pieces:
            names.append(name)
            firsts.append(total)
            prints += [bars.prints, np.zeros(1, dtype=np.uint64)]  # no stretch goes past an end
            anchors += [bars.anchors, np.zeros(1, dtype=np.int64)]
            total += len(bars.prints) + 1
        self._names = names
        self._firsts = np.array(firsts, dtype=np.int64)
        joined = np.concatenate(prints) if prints else np.zeros(0, dtype=np.uint64)
        self._order = np.argsort(joined, kind="stable")
        self._prints = joined[self._order]
        self._anchors = np.concatenate(anchors) if anchors else np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._names)

    def longest(self, bars: Bars) -> Copy:
        """The longest stretch that some piece has, too; of equal ones that with more notes."""
        best = Copy()
        # Where the stretches that are under way go on: place times _SPAN plus transposition.
        going = np.zeros(0, dtype=np.int64)
        length = np.zeros(0, dtype=np.int64)
        for bar in range(len(bars.prints)):
            now = self._places(bars, bar)
            lengths = np.ones(len(now), dtype=np.int64)
            if len(going) and len(now):
                at = np.minimum(np.searchsorted(going, now), len(going) - 1)
                lengths += np.where(going[at] == now, length[at], 0)
            if len(now):
                top = int(lengths.argmax())
                size = int(lengths[top])
                notes = int(bars.notes[bar - size + 1 : bar + 1].sum())
                if (size, notes) > (best.bars, best.notes):
                    place = int(now[top]) // _SPAN - size + 1
                    piece = int(np.searchsorted(self._firsts, place, side="right")) - 1
                    best = Copy(
                        size, notes, bar - size + 1, self._names[piece],
                        place - int(self._firsts[piece]),
                    )  # fmt: skip
            going, length = now + _SPAN, lengths
        return best

    def _places(self, bars: Bars, bar: int) -> Ints:
        """Everywhere a bar is found, sorted; none for an empty one."""
        wanted = bars.prints[bar]
        if not wanted:
            return np.zeros(0, dtype=np.int64)
        low = np.searchsorted(self._prints, wanted, side="left")
        high = np.searchsorted(self._prints, wanted, side="right")
        places = self._order[low:high]
        moved = bars.anchors[bar] - self._anchors[places] + _SPAN // 2
        return np.sort(places * _SPAN + moved)
