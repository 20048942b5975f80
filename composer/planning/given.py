"""What a person has fixed of the bars to come; the planner writes the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple


class GivenBar(NamedTuple):
    """Of one bar to come, what is fixed; None leaves it to the planner.

    Attributes:
        reference: Earlier bar that it takes up, counted from the seed's first; -1 for none.
        nearness: How nearly, 0..3.
        chords: Of its two halves, codes.
        phrase: Bars to the end of its phrase, this one counted.
        transposition: Semitones by which what it takes up is moved.
        since: Where the reference is left to the planner, the earliest bar that it may take up.
    """

    reference: int | None = None
    nearness: int | None = None
    chords: tuple[int | None, int | None] = (None, None)
    phrase: int | None = None
    transposition: int = 0
    since: int | None = None


FREE = GivenBar()


@dataclass(frozen=True, slots=True)
class Given:
    """What is fixed of the bars to come.

    Attributes:
        bars: One for each of them; behind the last nothing is fixed.
    """

    bars: tuple[GivenBar, ...] = ()

    def bar(self, number: int) -> GivenBar:
        """Of a bar, counted from the first one to come."""
        return self.bars[number] if number < len(self.bars) else FREE

    def behind(self, bars: int) -> Given:
        """The same where so many more bars were heard before the first one."""
        return Given(
            tuple(
                bar._replace(
                    reference=_behind(bar.reference, bars),
                    since=_behind(bar.since, bars),
                )
                for bar in self.bars
            )
        )

    def with_chords(self, chords: Sequence[tuple[int, int]]) -> Given:
        """The same with the chords of the bars to come."""
        pairs = zip_longest(self.bars, chords)
        return Given(
            tuple(
                (bar or FREE) if own is None else (bar or FREE)._replace(chords=own)
                for bar, own in pairs
            )
        )


def _behind(number: int | None, bars: int) -> int | None:
    return number if number is None or number < 0 else number + bars
