"""Ticks, beats, seconds, tempo and metre: pure conversions, in pairs.

Conventions:
    A *tick* is the piece's own unit, `ticks_per_beat` to the quarter note; every
    function that needs the resolution takes it as an argument, so that the maps
    themselves are plain lists of changes. A *beat* is a quarter note. Tempo is kept
    as MIDI keeps it, in whole microseconds per quarter note, so that a file's tempo
    survives exactly (Standard MIDI Files 1.0, meta event 0x51).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

DEFAULT_TEMPO = 500_000
"""Microseconds per quarter note without a tempo event: 120 beats per minute."""


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Tempo over time, and with it the conversion of ticks to seconds and back.

    Attributes:
        changes: (tick, microseconds per quarter note), sorted by tick, the first at 0;
            of several changes on one tick the last one holds.

    Raises:
        ValueError: A tempo is not in 1..16777215 (what a MIDI file can hold) or a
            tick is negative.
    """

    changes: tuple[tuple[int, int], ...] = ((0, DEFAULT_TEMPO),)
    # Time at each change in tick-microseconds (ticks * microseconds per beat): whole
    # numbers that do not depend on the resolution, so that a look-up is a bisection.
    _elapsed: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        by_tick: dict[int, int] = {}
        for tick, tempo in sorted(self.changes, key=lambda change: change[0]):
            if tick < 0:
                raise ValueError(f"tempo change at tick {tick}, must be at least 0")
            if not 1 <= tempo <= 0xFFFFFF:
                raise ValueError(f"tempo is {tempo} us per beat, must be 1..16777215")
            by_tick[tick] = tempo
        by_tick.setdefault(0, DEFAULT_TEMPO)
        changes = tuple(sorted(by_tick.items()))
        object.__setattr__(self, "changes", changes)
        elapsed = [0]
        for (start, tempo), (stop, _) in pairwise(changes):
            elapsed.append(elapsed[-1] + (stop - start) * tempo)
        object.__setattr__(self, "_elapsed", tuple(elapsed))

    def tempo_at(self, tick: int) -> int:
        """Microseconds per quarter note in force at `tick`."""
        return self.changes[bisect_right(self.changes, (tick, 1 << 62)) - 1][1]

    def seconds(self, tick: float, ticks_per_beat: int) -> float:
        """Seconds from the beginning of the piece to `tick`; logarithmic in the changes."""
        index = max(bisect_right(self.changes, (tick, 1 << 62)) - 1, 0)
        start, tempo = self.changes[index]
        return (self._elapsed[index] + (tick - start) * tempo) / (ticks_per_beat * 1e6)

    def tick(self, second: float, ticks_per_beat: int) -> float:
        """The tick (with its fraction) at `second`: the inverse of `seconds`."""
        elapsed = second * ticks_per_beat * 1e6
        index = max(bisect_right(self._elapsed, elapsed) - 1, 0)
        start, tempo = self.changes[index]
        return start + (elapsed - self._elapsed[index]) / tempo


@dataclass(frozen=True, slots=True, order=True)
class BarPosition:
    """Where a tick lies in the metre.

    Attributes:
        bar: Bars since the beginning, from 0.
        tick: Ticks since the bar line.
        length: Length of this bar in ticks.
        start: The tick of the bar line.
    """

    bar: int
    tick: int
    length: int
    start: int


@dataclass(frozen=True, slots=True)
class MetreMap:
    """Metre over time, and with it where the bar lines are.

    Attributes:
        changes: (tick, numerator, denominator), sorted by tick, the first at 0. A
            change begins a new bar where it stands, even inside the old metre's bar
            (which is then short: this is how files write upbeats and cadenzas).

    Raises:
        ValueError: A numerator is not 1..255, a denominator is not a power of two
            up to 64, or a tick is negative.
    """

    changes: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)
    # Bars before each change, by resolution: filled when first asked for, so that
    # finding the bar of every note in a piece of many metres stays quick.
    _bars: dict[int, tuple[int, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        by_tick: dict[int, tuple[int, int]] = {}
        for tick, numerator, denominator in sorted(self.changes, key=lambda change: change[0]):
            if tick < 0:
                raise ValueError(f"metre change at tick {tick}, must be at least 0")
            if not 1 <= numerator <= 255 or denominator not in (1, 2, 4, 8, 16, 32, 64):
                raise ValueError(f"metre is {numerator}/{denominator}, cannot be counted")
            by_tick[tick] = (numerator, denominator)
        by_tick.setdefault(0, (4, 4))
        changes = tuple((tick, *metre) for tick, metre in sorted(by_tick.items()))
        object.__setattr__(self, "changes", changes)

    def metre_at(self, tick: int) -> tuple[int, int]:
        """(numerator, denominator) in force at `tick`."""
        return self.changes[bisect_right(self.changes, (tick, 1 << 62, 0)) - 1][1:]

    def position(self, tick: int, ticks_per_beat: int) -> BarPosition:
        """The bar that `tick` lies in, and how far into it; logarithmic in the changes."""
        before = self._bars.get(ticks_per_beat)
        if before is None:
            before = self._bars[ticks_per_beat] = self._count_bars(ticks_per_beat)
        index = max(bisect_right(self.changes, (tick, 1 << 62, 0)) - 1, 0)
        start, numerator, denominator = self.changes[index]
        length = bar_ticks(numerator, denominator, ticks_per_beat)
        bars, inside = divmod(tick - start, length)
        line = start + bars * length
        if index + 1 < len(self.changes):
            length = min(length, self.changes[index + 1][0] - line)
        return BarPosition(before[index] + bars, inside, length, line)

    def _count_bars(self, ticks_per_beat: int) -> tuple[int, ...]:
        """How many bars, whole or cut short, lie before each change."""
        before = [0]
        for (start, numerator, denominator), (stop, _, _) in pairwise(self.changes):
            length = bar_ticks(numerator, denominator, ticks_per_beat)
            before.append(before[-1] + -(-(stop - start) // length))
        return tuple(before)

    def bar_line_at_or_after(self, tick: int, ticks_per_beat: int) -> int:
        """The first bar line that is not before `tick`."""
        position = self.position(tick, ticks_per_beat)
        return tick if position.tick == 0 else position.start + position.length


def bar_ticks(numerator: int, denominator: int, ticks_per_beat: int) -> int:
    """Length of a bar in ticks, at least 1: 6/8 at 480 ticks per beat is 1440."""
    return max(1, round(4 * numerator * ticks_per_beat / denominator))


def counted_beat(numerator: int, denominator: int, ticks_per_beat: int) -> int:
    """Ticks of what is counted as a beat: a dotted quarter in 6/8, a half in 2/2."""
    bar = bar_ticks(numerator, denominator, ticks_per_beat)
    if denominator >= 8 and numerator % 3 == 0:
        return min(3 * bar_ticks(1, denominator, ticks_per_beat), bar)
    return min(bar_ticks(1, min(denominator, 4), ticks_per_beat), bar)


def tempo_to_bpm(tempo: int) -> float:
    """Microseconds per quarter note to quarter notes per minute."""
    return 60e6 / tempo


def bpm_to_tempo(bpm: float) -> int:
    """Quarter notes per minute to microseconds per quarter note, rounded."""
    return round(60e6 / bpm)
