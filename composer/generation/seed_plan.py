"""Seed plan: what is planned for the bars that go on from a seed.

Conventions:
    Bars are counted as `composer.music.plan` does, from the seed's first.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from composer.encoding.events import UNLIMITED, Events
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_constraints import end_of
from composer.generation.settings import OFF, Settings
from composer.music.plan import Plan

_SPARE = 8
"""Bars planned beyond those that a number of notes mostly fills."""


class Planner(Protocol):
    """What plans the bars to come."""

    def propose(self, events: Events, bars: int, *, closes: bool, rng: np.random.Generator) -> Plan:
        """The seed's plan and that of the bars to come.

        Args:
            events: The seed with the plan of its bars.
            bars: How many are to come.
            closes: Whether the music ends with them.
            rng: Source of all randomness.
        """
        ...


def plan_ahead(
    analysis: SeedAnalysis, settings: Settings, variation: int, planner: Planner | None
) -> Plan | None:
    """The plan of a seed and of one continuation of it.

    Args:
        analysis: Of the seed.
        settings: Length, and whether there is to be a plan.
        variation: Number of the continuation; another one has another plan.
        planner: Of the bars to come; None: only the seed's are planned.

    Returns:
        None in free time, and where no plan is wanted.
    """
    plan = analysis.events.plan
    if plan is None or settings.plan == OFF or planner is None:
        return None
    bars, closes = bars_to_come(analysis, settings), settings.notes is None
    rng = np.random.default_rng((settings.rng_seed, variation, 0))
    return planner.propose(analysis.events, bars, closes=closes, rng=rng)


def bars_to_come(analysis: SeedAnalysis, settings: Settings) -> int:
    """How many bars are to be planned; of music that is asked for in notes, a guess."""
    end = end_of(analysis, settings)
    if end == UNLIMITED:
        seed = analysis.segment()
        per_note = seed.length / len(seed.rows) / seed.bar
        return round((settings.notes or 0) * per_note) + _SPARE
    return (end - analysis.join) // analysis.bar
