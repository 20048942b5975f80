"""Seed fit: how well one of several takes of what follows a seed fits, 0 for what is best."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from composer.analysis.plan_fit import PlanFit
from composer.analysis.seed_distance import SeedDistance
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.stream import Stream, segment_so_far
from composer.taste.preference import Preference
from composer.taste.profile import parse
from composer.taste.traits import traits_of

PLAN: Final = 0.3
"""What a misfit to the plan counts beside one to the seed."""
TASTE: Final = 0.5
"""What a logit of being liked takes off."""


@lru_cache(maxsize=8)
def preference_of(profile: str) -> Preference:
    """The taste that a profile's text tells of.

    Raises:
        SettingError: It is no profile.
    """
    return parse(profile)


class SeedFit:
    """Takes of what follows a seed.

    Args:
        analysis: Of the seed.
        whole: The stream that they are takes of.
    """

    def __init__(self, analysis: SeedAnalysis, whole: Stream) -> None:
        self._seed = seed = analysis.segment()
        self._analysis, self._distance = analysis, SeedDistance(seed)
        self._clock, self._end = int(whole.state.context.clock[0]), int(whole.constraints.end[0])
        profile = whole.settings.profile
        self._preference = None if profile is None else preference_of(profile)
        self._plan_fit: PlanFit | None = None
        if whole.plan is not None and analysis.events.plan is not None:
            self._plan_fit = PlanFit(seed, whole.plan, len(analysis.events.plan))

    def misfits(self, takes: Sequence[Stream]) -> list[float]:
        """See `composer.generation.stream.Fit`."""
        return [self._misfit(take) for take in takes]

    def _misfit(self, take: Stream) -> float:
        # A continuation that has ended lasts to its end, any other to its last onset.
        ended = len(take.rows) < take.max_notes
        segment = segment_so_far(self._analysis, take, self._clock, self._end if ended else None)
        misfit = self._distance.misfit(segment)
        if self._plan_fit is not None:
            misfit += PLAN * self._plan_fit.misfit(segment)
        if self._preference is not None:
            # Rounded, as the misfit is: no choice hangs on the last bit of a sum.
            liked = self._preference.expected(traits_of(segment, self._seed))
            misfit -= round(TASTE * liked, 6)
        return misfit
