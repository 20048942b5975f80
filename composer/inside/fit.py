"""Inside fit: how well one of several takes of a passage fits, in one number, 0 for what is best.

A take is held against the music around it, its plan, and what is given with it and behind it: the
better a passage leads on, the likelier the network finds the given notes that come after.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.plan_fit import PlanFit
from composer.analysis.seed_distance import BARS, SeedDistance
from composer.analysis.segment import Segment
from composer.encoding.events import DURATION, DURATION_TICKS, PART, SHIFT
from composer.encoding.given import Opening
from composer.generation.seed_fit import PLAN
from composer.generation.stream import Stream
from composer.inside.following import Following
from composer.inside.whole_piece import Ints, WholePiece
from composer.music.beat_grid import FREE
from composer.music.plan import Plan
from composer.network.state import State

Floats = NDArray[np.float64]

FOLLOWING: Final = 0.5
"""What a nat counts, of each given note after the first that was written."""
SILENT: Final = 1.0
"""What it counts if an added part is silent throughout."""
MOST_NATS: Final = 12.0
"""A given note that is less likely counts as that unlikely."""


class InsideFit:
    """Takes of what is written inside a piece.

    Args:
        whole: The piece.
        opening: Where it is written.
        given: The notes that stand, int [G, 5] as `WholePiece.notes` has them.
        plan: Of the piece; None for none.
        following: What stands behind the opening.
        added: Slots of parts that are added: nothing around shows how they play.
        free: bool [G + 1], given notes that change; None for none.
    """

    def __init__(
        self,
        whole: WholePiece,
        opening: Opening,
        given: Ints,
        plan: Plan | None,
        following: Following,
        added: frozenset[int] = frozenset(),
        free: NDArray[np.bool_] | None = None,
    ) -> None:
        self._following = following
        self._opening, self._programs = opening, whole.programs
        self._added, self._free = added, whole.kind == FREE
        self._changing = np.zeros(len(given) + 1, dtype=bool) if free is None else free
        self._bar = whole.bar_at(opening.start)
        self._distance: SeedDistance | None = None
        around = self._around(given)
        if len(around) and not added:
            self._distance = SeedDistance(self._segment(around, self._length_of(around)))
        self._plan_fit: PlanFit | None = None
        first, rest = divmod(opening.start, self._bar)
        if plan is not None and len(whole.metres.changes) == 1 and not rest:
            before = given[given[:, SHIFT] < opening.start]
            self._plan_fit = PlanFit(self._segment(before, opening.start), plan, first)

    def _around(self, given: Ints) -> Ints:
        """The given notes near the opening, which is closed up; counted from a bar line."""
        start, end = self._opening[:2]
        before = given[(given[:, SHIFT] < start) & (given[:, SHIFT] >= start - BARS * self._bar)]
        behind = given[(given[:, SHIFT] >= end) & (given[:, SHIFT] < end + BARS * self._bar // 2)]
        early = start - int(before[0, SHIFT]) if len(before) else 0
        first = start - -(-early // self._bar) * self._bar
        moved = np.concatenate([before, behind])
        moved[:, SHIFT] -= first
        moved[len(before) :, SHIFT] -= end - start
        return moved

    def _length_of(self, notes: Ints) -> int:
        return -(-(int(notes[-1, SHIFT]) + 1) // self._bar) * self._bar

    def _segment(self, notes: Ints, length: int) -> Segment:
        rows = notes.copy()
        return Segment(rows, notes[:, SHIFT], self._programs, self._bar, self._free, length)

    def misfits(self, takes: Sequence[Stream]) -> list[float]:
        """See `composer.generation.stream.Fit`."""
        ended = [take for take in takes if _ended(take)]
        coming = {}
        if ended and len(self._following.notes):
            state = State.join([take.after for take in ended if take.after is not None])
            nats = np.minimum(self._following.nats(state), MOST_NATS)
            coming = dict(zip(ended, nats, strict=True))
        return [self._misfit(take, coming.get(take, np.zeros(0))) for take in takes]

    def _misfit(self, take: Stream, coming: Floats) -> float:
        """The misfit of a take, after which the notes behind the opening cost so much."""
        start, end, _ = self._opening
        onsets, origins = take.ticks(), np.array(take.origins, dtype=np.int64)
        reached = end if _ended(take) else int(onsets.max(initial=start)) + 1
        rows = take.events().astype(np.int64)
        segment = Segment(
            rows, onsets - start, self._programs, self._bar, self._free, reached - start
        )
        misfit = 0.0
        if self._distance is not None:
            misfit += self._distance.misfit(segment)
        if self._plan_fit is not None:
            misfit += PLAN * self._plan_fit.misfit(segment)
        new = (origins < 0) | self._changing[origins]
        written = np.flatnonzero(new)
        if not len(written):
            return misfit + SILENT * MOST_NATS
        after = ~new & (np.arange(len(origins)) > written[0])
        nats = np.minimum(-np.array(take.expected)[after], MOST_NATS)
        if len(nats) + len(coming):
            misfit += FOLLOWING * float(np.concatenate([nats, coming]).mean())
        misfit += SILENT * self._silence(rows, onsets - start, reached - start)
        return round(misfit, 6)

    def _silence(self, rows: Ints, onsets: Ints, length: int) -> float:
        """Share of time in which added parts are silent for more than a bar, added up."""
        missing = 0.0
        for slot in self._added:
            own = rows[:, PART] == slot
            ends = np.minimum(onsets[own] + DURATION_TICKS[rows[own, DURATION]], length)
            starts = np.append(onsets[own], length)
            gaps = starts - np.append(0, np.maximum.accumulate(ends) if own.any() else ends)
            missing += float(np.maximum(gaps - self._bar, 0).sum()) / max(length, 1)
        return missing


def _ended(take: Stream) -> bool:
    """Whether a take has come to the end of what is written."""
    return take.after is not None and len(take.rows) < take.max_notes
