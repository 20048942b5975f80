"""Answer plan: which bars an answer takes up, on which chords, and where it closes.

An answer takes up the phrase bar by bar, all but the last bar, which closes. Of two answers one, if
nobody has given it a form, ends as the answer did that was liked last: its last bars take that up.
How nearly, and on which chords, the planner says; that takes some milliseconds, so it is done a
step at a time between other things: what was heard is analysed, the planner hears it, then each
bar is drafted.

In free time there are no bars. There the clock's two seconds stand for them, moved so that the
answer begins where in such a bar the phrase did: what was played at a moment of the phrase is
told at the same moment of the answer, as what comes back exactly: to the network, which in
training never heard a plan in free time, that means about what "nearly" does with a tempo. The
planner, which knows music by its bars, plans nothing there.

Conventions:
    Bars have the numbers that the network counts.
"""

from __future__ import annotations

from collections.abc import Generator
from copy import copy
from dataclasses import replace

import numpy as np

from composer.analysis.form import plan_of
from composer.generation.settings import Settings
from composer.live.core.improviser import GenerateRequest
from composer.live.core.parameters import MOST_CHART_BARS
from composer.live.playing.heard_bars import HeardBars, heard_bars
from composer.live.playing.history import PlayerHistory
from composer.music.beat_grid import FREE
from composer.music.plan import EXACT, FAR, NEAR, NONE, UNPLANNED, Plan, PlannedBar
from composer.network.state import State
from composer.planning.chart import read_chart
from composer.planning.form_letters import read_form
from composer.planning.given import Given, GivenBar
from composer.planning.plan_text import bar_text
from composer.planning.planner import Draft, Planner

TAKEN_UP = 0.5
"""Share of answers that end as the one did that was liked last."""


class AnswerPlan:
    """The plan of one answer, while it is made and then.

    Attributes:
        plan: It, bars of all that was heard before included; None while it is not complete.
    """

    def __init__(
        self,
        planner: Planner,
        heard: HeardBars,
        bars: int,
        settings: Settings,
        rng: np.random.Generator,
    ) -> None:
        """Nothing is planned yet.

        Args:
            planner: What plans.
            heard: The bars before the answer.
            bars: How many the answer has.
            settings: Form and chords, where they were given.
            rng: From which everything is drawn.
        """
        self.plan: Plan | None = None
        self._phrase, self._join, self._bars = heard.phrase, heard.join, bars
        self._work = self._steps(planner, heard, settings, rng)

    def step(self) -> bool:
        """Do a little. Returns whether there is more to do."""
        return next(self._work, None) is not None

    def moved(self, history: PlayerHistory, request: GenerateRequest) -> AnswerPlan:
        """The plan for an answer that is wanted now, not for the one that was foreseen."""
        assert self.plan is not None and request.end is not None
        place = history.bar_number(request.join)
        bars = -(-(request.join % history.bar + request.end - request.join) // history.bar)
        ahead = (
            self.plan.bar(place + at)._replace(phrase=left, ending=left)
            for at, left in enumerate(min(bars - at, FAR) for at in range(bars))
        )
        before = (self.plan.bar(number) for number in range(place))
        made = copy(self)
        made.plan, made._join, made._bars = Plan((*before, *ahead)), place, bars
        return made

    def told(self, state: State) -> State:
        """A state, at the answer's beginning, in which the plan is known."""
        return replace(state, context=state.context.planned(self.plan))

    def text(self) -> str:
        """The bars of the answer; bars are counted from the phrase's first, which is 1."""
        if self.plan is None:
            return ""
        bars = self.plan.bars[self._join :]
        return " | ".join(bar_text(bar, self._phrase) for bar in bars)

    def _steps(
        self, planner: Planner, heard: HeardBars, settings: Settings, rng: np.random.Generator
    ) -> Generator[bool]:
        bars = self._bars
        given = given_of(settings, heard.join - heard.phrase, bars)
        given = given.behind(heard.phrase - heard.first)
        own = plan_of(heard.events, bars=heard.join - heard.first, closes=False) or Plan(())
        yield True
        draft = Draft(planner, heard.events, own, bars)
        yield True
        planned: list[PlannedBar] = []
        for number in range(bars):
            planned.append(draft.next(min(bars - number, FAR), given.bar(number), rng))
            if number + 1 < bars:
                yield True
        placed = [
            bar if bar.reference == NONE else bar._replace(reference=bar.reference + heard.first)
            for bar in (*own.bars, *planned)
        ]
        placed = ending_as_liked(placed, heard, settings, rng)
        self.plan = Plan((*(UNPLANNED for _ in range(heard.first)), *placed))


class FreeAnswerPlan:
    """The plan of an answer in free time: the phrase's moments, one after another."""

    def __init__(self, history: PlayerHistory, request: GenerateRequest) -> None:
        """Plan it.

        Args:
            history: All of it heard.
            request: What is wanted: an answer to a phrase.
        """
        assert request.phrase is not None and request.end is not None
        bar, join = history.bar, request.join
        self._ahead = (request.phrase - join) % bar
        last = history.notes[-1].onset
        number = int(history.state.context.number[0]) - last // bar
        first = number + (join + self._ahead) // bar
        phrase = max(number + request.phrase // bar, 0)
        heard = max(number + last // bar - phrase + 1, 1)
        count = -(-(request.end - join) // bar) + 1
        self.plan: Plan | None = Plan(
            (
                *(UNPLANNED for _ in range(first)),
                *(PlannedBar(reference=phrase + at % heard, nearness=EXACT) for at in range(count)),
            )
        )

    def step(self) -> bool:
        """See `AnswerPlan`: there is no more to do."""
        return False

    def told(self, state: State) -> State:
        """See `AnswerPlan`."""
        context = state.context.planned(self.plan)
        bar = context.bar
        place = context.inside + self._ahead
        number = context.number + place // bar
        context = context.moved(context.clock, place % bar, number=number)
        return replace(state, context=context)

    def text(self) -> str:
        """See `AnswerPlan`: there are no bars to tell of."""
        return ""


def plan_answer(
    planner: Planner,
    history: PlayerHistory,
    programs: tuple[int, ...],
    request: GenerateRequest,
) -> AnswerPlan | FreeAnswerPlan | None:
    """Begin to plan an answer.

    Args:
        planner: What plans.
        history: What was heard.
        programs: Of its slots.
        request: What is wanted.

    Returns:
        None before the first bar is over.
    """
    if request.end is None or request.phrase is None or not history.keeps_bars:
        return None
    if history.kind == FREE:
        return FreeAnswerPlan(history, request)
    liked = None if request.taste is None else request.taste.favourite
    heard = heard_bars(history, programs, request.phrase, request.join, liked)
    if heard is None:
        return None
    rng = np.random.default_rng((request.settings.rng_seed, request.variation))
    bars = -(-(heard.into + request.end - request.join) // history.bar)
    return AnswerPlan(planner, heard, bars, request.settings, rng)


def ending_as_liked(
    bars: list[PlannedBar], heard: HeardBars, settings: Settings, rng: np.random.Generator
) -> list[PlannedBar]:
    """Bars whose last ones, half of the answer, take up the last ones of a liked answer.

    Args:
        bars: From the first one that was heard to the answer's last.
        heard: What was.
        settings: A form that a person gave stands.
        rng: Whether it is this answer that does.
    """
    answer = len(bars) - (heard.join - heard.first)
    if not heard.liked or settings.form or rng.random() >= TAKEN_UP:
        return bars
    count = min(answer // 2, len(heard.liked))
    for back in range(1, count + 1):
        number = heard.liked[-back]
        own = number - heard.first
        chords = bars[-back].chords if settings.chords or own < 0 else bars[own].chords
        bars[-back] = bars[-back]._replace(
            reference=number, transposition=0, nearness=NEAR, chords=chords
        )
    return bars


def given_of(settings: Settings, heard: int, bars: int) -> Given:
    """What is fixed of an answer, bars counted from the phrase's first: by a person, or by itself.

    An answer takes up the phrase, bar by bar; its last bar is free to close.

    Args:
        settings: Form and chords.
        heard: Bars of the phrase.
        bars: Of the answer.
    """
    if settings.form:
        given = read_form(settings.form, bars, heard)
    elif heard:
        count = max(bars - 1, 1)
        given = Given(tuple(GivenBar(reference=at % heard) for at in range(count)))
    else:
        given = Given()
    if settings.chords:
        chart = read_chart(settings.chords, MOST_CHART_BARS)
        given = given.with_chords(chart[:bars])
    return given
