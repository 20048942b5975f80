"""Answer draft: an answer until its first note is needed, its plan and then its takes.

There is time for both in the silence that ends a phrase, and up to the beat on which an answer
begins. Whoever says that a phrase is over is answered at once: with the plan that was made while
the phrase was played, and with one take.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.generation.sampling import COLDEST
from composer.generation.stream import Stream
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.answer_plan import AnswerPlan, FreeAnswerPlan, plan_answer
from composer.live.playing.history import PlayerHistory
from composer.live.playing.liked_answer import LikedAnswer
from composer.live.playing.takes import Takes, answer_fit
from composer.music.beat_grid import BEATS, FREE
from composer.network.state import State
from composer.planning.planner import Planner


class Foresight:
    """The plan of an answer that may be asked for, made while the player still plays.

    Attributes:
        plan: The last one that is complete.
    """

    def __init__(self, history: PlayerHistory, programs: tuple[int, ...], planner: Planner) -> None:
        """Nothing is foreseen.

        Args:
            history: What is heard.
            programs: Of its slots.
            planner: What plans.
        """
        self.plan: AnswerPlan | None = None
        self._history, self._programs, self._planner = history, programs, planner
        self._request: GenerateRequest | None = None
        self._made: AnswerPlan | None = None

    @property
    def unplanned(self) -> bool:
        """Whether there is something to plan."""
        return self._request is not None

    def ask(self, request: GenerateRequest) -> None:
        """Foresee such an answer, once what is being planned is complete."""
        if self._request is None and self._history.kind == BEATS:
            self._request = request

    def plan_on(self) -> None:
        """Plan a little, once all is heard."""
        if self._made is None and self._request is not None:
            made = plan_answer(self._planner, self._history, self._programs, self._request)
            self._made = made if isinstance(made, AnswerPlan) else None
        if self._made is None or not self._made.step():
            self.plan, self._made, self._request = self._made, None, None


class AnswerDraft:
    """One answer that was asked for.

    Attributes:
        request: What is wanted.
        takes: Those that are being drawn, as long as none is chosen.
        hurried: Whether the first note is needed.
    """

    def __init__(
        self,
        request: GenerateRequest,
        history: PlayerHistory,
        programs: tuple[int, ...],
        planner: Planner | None,
        foreseen: AnswerPlan | None,
    ) -> None:
        """Nothing is drawn yet.

        Args:
            request: What is wanted.
            history: What was heard.
            programs: Of its slots.
            planner: What plans; None: nothing is planned.
            foreseen: The plan that was made before it was asked for.
        """
        self.request, self.hurried = request, False
        self.takes: Takes | None = None
        self._history, self._programs, self._planner = history, programs, planner
        self._foreseen = foreseen
        self._plan: AnswerPlan | FreeAnswerPlan | None = None
        self._answer = LikedAnswer(history, programs, request)
        self._complete = planner is None  # whether nothing is to be planned any more

    @property
    def unplanned(self) -> bool:
        """Whether there is more to plan."""
        return not (self._complete or self.hurried)

    def plan_on(self) -> None:
        """Plan a little, once all is heard."""
        if self._plan is None and self._planner is not None:
            self._plan = plan_answer(self._planner, self._history, self._programs, self.request)
        self._complete = self._plan is None or not self._plan.step()

    def settled(self) -> str:
        """The text of the plan, which is not changed any more: that of the answer, or foreseen."""
        if not self._complete:
            self._complete, self._plan = True, None
            if self._foreseen is not None:
                self._plan = self._foreseen.moved(self._history, self.request)
        return "" if self._plan is None else self._plan.text()

    def told(self, state: State) -> State:
        """A state, at the answer's beginning, in which the plan is known."""
        self.settled()
        if self._plan is None and self._planner is not None and self._history.kind == FREE:
            self.plan_on()  # which costs nothing there
        return state if self._plan is None or self._plan.plan is None else self._plan.told(state)

    def tries(self, stream: Stream) -> bool:
        """Whether a stream is one of the takes."""
        return self.takes is not None and stream in self.takes

    def follow(self, stream: Stream) -> bool:
        """A take goes on. Returns whether all takes are complete."""
        return stream.done and self.takes is not None and self.takes.complete(stream)

    def streams(self, one: Stream, count: int) -> list[Stream]:
        """One stream, or so many takes of it.

        Args:
            one: As it would be drawn alone.
            count: Takes for which there is time.
        """
        one = self._answer.lean(one)
        if count == 1 or self.hurried or one.settings.draw.temperature <= COLDEST:
            return [one]
        takes = [replace(one, rows=[], nats=[], take=(0, take)) for take in range(count)]
        fit = answer_fit(self._history, self._programs, self.request)
        liked = self._answer.liking()
        self.takes = Takes(
            takes, fit.misfit if liked is None else lambda rows: fit.misfit(rows) - liked(rows)
        )
        return takes

    def traits(self) -> NDArray[np.float64] | None:
        """Of what was drawn so far; None if nothing was."""
        return self._answer.traits()
