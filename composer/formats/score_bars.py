"""The bars of a written score in the order in which they are played.

Conventions:
    *Written* beats count from the start of the score as it is printed, *played* beats
    from the start of the music with its repeats played out. Beats are quarter notes,
    exact fractions. Ticks are of the piece that comes of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from composer.music.notes import Note
from composer.music.timing import MetreMap, TempoMap, bar_ticks

TICKS_PER_BEAT: Final = 480
"""Of the pieces that scores become."""

Row = tuple[Fraction, Fraction, int, int]
"""(onset in written beats, length in beats, pitch, velocity) of a note."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as written.

    Attributes:
        start: Written beat of its bar line.
        length: Beats it really holds, fewer than its metre in an upbeat.
        metre: (numerator, denominator) in force.
    """

    start: Fraction
    length: Fraction
    metre: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of written bars that is played without a jump.

    Attributes:
        start: Written beat it begins at.
        stop: Written beat it ends at; None for the rest of the score.
        at: Played beat it begins at.
    """

    start: Fraction
    stop: Fraction | None
    at: Fraction

    def holds(self, beat: Fraction) -> bool:
        """Whether a written beat lies in it."""
        return self.start <= beat and (self.stop is None or beat < self.stop)

    def spans(self, onset: Fraction, end: Fraction) -> tuple[Fraction, Fraction] | None:
        """(played onset, length) of a written note, cut at the jump; None if not in it."""
        if not self.holds(onset):
            return None
        stop = end if self.stop is None else min(end, self.stop)
        return onset - self.start + self.at, stop - onset


def played_runs(bars: Sequence[Bar], order: Sequence[int]) -> list[Run]:
    """The runs of a play order, given as indices of bars; one run when there are no bars."""
    if list(order) == list(range(len(bars))):
        return [Run(Fraction(0), None, Fraction(0))]
    runs: list[Run] = []
    at = Fraction(0)
    first = 0
    for place, index in enumerate(order):
        bar = bars[index]
        if place + 1 == len(order) or order[place + 1] != index + 1:
            start, stop = bars[order[first]].start, bar.start + bar.length
            runs.append(Run(start, stop, at))
            at += stop - start
            first = place + 1
    return runs


def metre_map(
    bars: Sequence[Bar], order: Sequence[int], ticks_per_beat: int
) -> tuple[Fraction, MetreMap]:
    """(beats that the upbeat is into bar 1, metres with every bar line in place).

    A bar that is shorter or longer than its metre moves the bar lines after it, which
    takes a metre change to say. A bar split in two by a repeat sign is one bar.
    """
    changes: list[tuple[int, int, int]] = []
    shift = at = Fraction(0)
    metre, line = (4, 4), 0
    for place, index in enumerate(order):
        bar = bars[index]
        length = bar_ticks(*bar.metre, ticks_per_beat)
        if place == 0:
            upbeat = Fraction(length, ticks_per_beat) - bar.length
            if len(order) > 1 and upbeat > 0 and bar.length > 0:
                shift = upbeat
            changes.append((0, *bar.metre))
        else:
            start = round((at + shift) * ticks_per_beat)
            into = (start - line) % length
            completes = into and into + round(bar.length * ticks_per_beat) == length
            if bar.metre != metre or (into and not completes):
                changes.append((start, *bar.metre))
                line = start
        metre = bar.metre
        at += bar.length
    return shift, MetreMap(tuple(_countable(changes)) or ((0, 4, 4),))


def _countable(changes: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Leave out what a MIDI file could not hold."""
    for change in changes:
        with contextlib.suppress(ValueError):
            MetreMap((change,))
            yield change


def played_notes(rows: Iterable[Row], runs: Sequence[Run], shift: Fraction) -> Iterator[Note]:
    """The notes at every time they are played, in ticks."""
    rows = list(rows)
    for run in runs:
        for onset, length, pitch, velocity in rows:
            span = run.spans(onset, onset + length)
            if span is not None:
                start, stop = to_ticks(span[0] + shift), to_ticks(span[0] + span[1] + shift)
                yield Note(max(start, 0), pitch, max(stop - start, 1), velocity)


def played_tempos(tempos: Mapping[Fraction, int], runs: Sequence[Run], shift: Fraction) -> TempoMap:
    """The tempo as played, from (written beat: microseconds per beat).

    The first tempo also counts for an upbeat.
    """
    marks = sorted(tempos.items())
    by_tick: dict[int, int] = {}
    for run in runs:
        # A jump back takes the tempo back to what is written there.
        before = [tempo for beat, tempo in marks if beat <= run.start]
        if before:
            by_tick[to_ticks(run.at + shift) if run.at else 0] = before[-1]
        for beat, tempo in marks:
            if run.holds(beat) and beat > run.start:
                by_tick[to_ticks(beat - run.start + run.at + shift)] = tempo
    changes: list[tuple[int, int]] = []
    for tick, tempo in sorted(by_tick.items()):
        if not changes or changes[-1][1] != tempo:
            changes.append((tick, tempo))
    return TempoMap(tuple(changes)) if changes else TempoMap()


def to_ticks(beats: Fraction) -> int:
    """Beats as whole ticks."""
    return round(Fraction(beats) * TICKS_PER_BEAT)
