"""Foreknown notes: a match model that also follows music which is still to come.

Where music is written between what stands before and after, the notes behind the gap are known.
A verse that is hidden may be the one that stands after it. So a second match model has what is
to come for its memory; the last notes heard are held against it, and of the two notes that the
models expect, the one counts whose model has been right more often.

Conventions:
    As in `composer.encoding.match_model`: a value; `hear` returns a new one.
"""

from __future__ import annotations

from collections.abc import Sequence

from composer.encoding.events import END, SHIFT
from composer.encoding.match_model import Expected, MatchModel, Row

HEARD_AGAIN = 32
"""Last notes that are held against what is to come, so that it is known how sure a place is."""


class ForeknowingMatch:
    """A match model of what was heard beside one of what is to come."""

    __slots__ = ("_ahead", "_behind")

    def __init__(self, behind: MatchModel, ahead: MatchModel) -> None:
        self._behind, self._ahead = behind, ahead

    @property
    def behind(self) -> MatchModel:
        """The match model of what was heard alone."""
        return self._behind

    @property
    def expected(self) -> Expected:
        """The note that is expected next."""
        behind, ahead = self._behind.expected, self._ahead.expected
        return ahead if ahead.confidence > behind.confidence else behind

    @property
    def distance(self) -> int:
        """Ticks from the old place to now; where notes to come are followed, more than any bar."""
        followed = self._behind
        if self._ahead.expected.confidence > followed.expected.confidence:
            followed = self._ahead
        return followed.distance

    @property
    def suspended(self) -> int:
        """Ticks for which no place is looked for yet."""
        return self._behind.suspended

    def hear(self, row: Row) -> ForeknowingMatch:
        """See `MatchModel.hear`."""
        return ForeknowingMatch(self._behind.hear(row), self._ahead.hear(row))

    def suspend(self, ticks: int) -> ForeknowingMatch:
        """See `MatchModel.suspend`."""
        return ForeknowingMatch(self._behind.suspend(ticks), self._ahead.suspend(ticks))


Recall = MatchModel | ForeknowingMatch
"""What a stream remembers of itself, and may know of what is to come."""


def foreknow(recall: Recall, rows: Sequence[Row]) -> Recall:
    """A recall that knows some notes to come, and none that it knew before.

    Args:
        recall: What was heard.
        rows: (shift, part, pitch, duration, velocity) of each note to come, in classes. None:
            the recall of what was heard alone.
    """
    behind = recall.behind if isinstance(recall, ForeknowingMatch) else recall
    if not rows:
        return behind
    ahead = behind.elsewhere(rows)
    # A long rest parts what is heard from what is to come.
    apart = END - 1
    for row in behind.last_rows(HEARD_AGAIN):
        ahead = ahead.hear(row if apart < 0 else (apart, *row[SHIFT + 1 :]))
        apart = -1
    return ForeknowingMatch(behind, ahead)
