"""Seed plan: what is planned for the bars that go on from a seed.

Conventions:
    Bars are counted as `composer.music.plan` does, from the seed's first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from composer.encoding.events import Events
from composer.errors import SettingError
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_constraints import bars_to_come
from composer.generation.settings import AUTO, OFF, Settings
from composer.music.keys import Key
from composer.music.plan import Plan
from composer.planning import plan_file
from composer.planning.chart import read_chart
from composer.planning.choice import TRIES, most_usual
from composer.planning.form_letters import read_form
from composer.planning.given import Given
from composer.planning.planner import FILE
from composer.planning.planner import Planner as BarPlanner


class Planner(Protocol):
    """What plans the bars to come."""

    def propose(
        self,
        events: Events,
        bars: int,
        *,
        closes: bool,
        rng: np.random.Generator,
        given: Given | None = None,
        key: Key | None = None,
    ) -> Plan:
        """The seed's plan and that of the bars to come.

        Args:
            events: The seed with the plan of its bars.
            bars: How many are to come.
            closes: Whether the music ends with them.
            rng: Source of all randomness.
            given: What is fixed of the bars to come.
            key: Of the music; None: that for which the seed's chords speak.
        """
        ...


def planner_of(predictor: object) -> Planner | None:
    """The planner of the model that a predictor was loaded from; None where it has none.

    Raises:
        ModelError: Its file is damaged.
    """
    folder = getattr(predictor, "folder", None)
    return None if folder is None else _loaded(folder)


@cache
def _loaded(folder: Path) -> Planner | None:
    # Asked for once: a worker's copy of a model is in a folder that is gone afterwards.
    return BarPlanner.load(folder) if (folder / FILE).exists() else None


def plan_ahead(
    analysis: SeedAnalysis, settings: Settings, variation: int, planner: Planner | None
) -> Plan | None:
    """The plan of a seed and of one continuation of it.

    Args:
        analysis: Of the seed.
        settings: Length, and what is wished of the plan.
        variation: Number of the continuation; another one has another plan.
        planner: Of the bars to come; None: nothing is planned.

    Returns:
        None in free time, and where no plan is wanted.

    Raises:
        SettingError: The wishes cannot be read, do not fit the length or the metre, or there
            is nothing that could plan.
    """
    given = given_of(analysis, settings)
    if analysis.events.plan is None or settings.plan == OFF:
        return None
    if planner is None:
        if given is not None:
            raise SettingError("this model has no planner: leave out --plan, --form and --chords")
        return None
    bars, closes = bars_to_come(analysis, settings), settings.notes is None
    wanted, own, length = settings.wanted_key, analysis.key, len(analysis.events.rows)
    key, heard, away = wanted or own, len(analysis.events.plan), 0
    if given is None and wanted and own and wanted.mode == own.mode:
        # In another key the seed's bars come back in that: it is planned in the seed's, and moved.
        away = (wanted.tonic - own.tonic + 5) % 12 - 5
    plans = [
        planner.propose(
            analysis.events,
            bars,
            closes=closes,
            # With the length of the seed: else all seeds of a batch would get the same chances.
            rng=np.random.default_rng((settings.rng_seed, variation, number, length)),
            given=given,
            key=own if away else key,
        ).modulated(heard, away)
        for number in range(TRIES)
    ]
    return most_usual(plans, heard, key, closes)


def given_of(analysis: SeedAnalysis, settings: Settings) -> Given | None:
    """What a person has fixed of the bars to come; None if nothing.

    Raises:
        SettingError: It cannot be read, or does not fit the length or the metre.
    """
    from_file = settings.plan not in (AUTO, OFF)
    if not (from_file or settings.form or settings.chords):
        return None
    plan, bars = analysis.events.plan, bars_to_come(analysis, settings)
    if plan is None:
        raise SettingError("in free time there are no bars to plan: give --grid beats")
    if from_file:
        metre = analysis.events.metres.metre_at(analysis.join)
        return plan_file.parse(settings.plan).given(metre, len(plan), bars)
    given = read_form(settings.form, bars, len(plan)) if settings.form else Given()
    if settings.chords:
        given = given.with_chords(read_chart(settings.chords, bars))
    return given
