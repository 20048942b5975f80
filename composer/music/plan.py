"""Plan: the form of a piece, bar by bar: what returns, which chords there are, where phrases end.

A plan says of each bar which earlier bar it takes up again, the chords of its two halves, and
how far it is to the end of its phrase and of the piece. `composer.analysis.form` finds the plan
of music that is there; the network is told it (`composer.encoding.return_lookback`).

Conventions:
    Bars are counted from 0, the first bar of the piece. Chords are codes as in
    `composer.music.chords`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from composer.music.chords import NO_CHORD, transposed

NONE: Final = -1
"""Reference of a bar that takes up no other."""
LOOSE, NEAR, EXACT = 1, 2, 3
"""How much of the bar referred to comes back: over a third of its notes, over six tenths, all
but one in seven; 0 where there is no reference."""
FAR = 9
"""Bars to the end of a phrase or a piece that are that many or more."""


class PlannedBar(NamedTuple):
    """What is planned for one bar.

    Attributes:
        reference: The bar that it takes up, `NONE` for none: an earlier one, or, where a bar is
            written between others, a later one that stands already.
        transposition: Semitones by which that bar's notes are moved.
        nearness: How much of it comes back, 0..3.
        chords: Of its first and its second half.
        phrase: Bars to the end of its phrase, this one counted, 1..`FAR`; 0: not known.
        ending: Bars to the end of the piece, this one counted, 1..`FAR`; 0: not known.
    """

    reference: int = NONE
    transposition: int = 0
    nearness: int = 0
    chords: tuple[int, int] = (NO_CHORD, NO_CHORD)
    phrase: int = 0
    ending: int = 0


UNPLANNED = PlannedBar()


@dataclass(frozen=True, slots=True)
class Plan:
    """The form of a piece.

    Attributes:
        bars: One after another from the first; behind them nothing is planned.

    Raises:
        ValueError: A bar refers to itself.
    """

    bars: tuple[PlannedBar, ...]

    def __post_init__(self) -> None:
        for number, bar in enumerate(self.bars):
            if bar.reference < NONE or bar.reference == number:
                raise ValueError(f"bar {number} refers to bar {bar.reference}, must be another")

    def __len__(self) -> int:
        return len(self.bars)

    def bar(self, number: int) -> PlannedBar:
        """What is planned for a bar; nothing behind the last."""
        return self.bars[number] if number < len(self.bars) else UNPLANNED

    def followed_by(self, bars: Iterable[PlannedBar]) -> Plan:
        """The plan with further bars behind it."""
        return Plan((*self.bars, *bars))

    def transposed(self, semitones: int) -> Plan:
        """The plan of the same music so many semitones up."""
        return Plan(
            tuple(
                bar._replace(
                    chords=(
                        transposed(bar.chords[0], semitones),
                        transposed(bar.chords[1], semitones),
                    )
                )
                for bar in self.bars
            )
        )

    def modulated(self, first: int, semitones: int) -> Plan:
        """The plan with its bars from one on so many semitones up.

        What these take up of the bars before is moved as well.
        """
        bars = [
            bar._replace(transposition=bar.transposition + semitones)
            if NONE < bar.reference < first
            else bar
            for bar in self.transposed(semitones).bars[first:]
        ]
        return self.cut(first).followed_by(bars)

    def cut(self, count: int) -> Plan:
        """Its first bars."""
        return replace(self, bars=self.bars[:count])
