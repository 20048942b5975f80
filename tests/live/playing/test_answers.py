"""Answers: planned while the phrase is played, tried several times, and the best one played."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from live.tiny import tiny_predictor
from planned_songs import random_weights

from composer.encoding.events import SHIFT_TICKS, quantise
from composer.generation.settings import Settings
from composer.live.core.improviser import GenerateRequest
from composer.live.core.player_taste import PlayerTaste
from composer.live.playing.answer_plan import FreeAnswerPlan
from composer.live.playing.inference import FEW, TAKES, InferenceScheduler
from composer.live.playing.network_improviser import NetworkImproviser
from composer.live.playing.takes import Takes
from composer.music.beat_grid import BEATS, FREE
from composer.music.plan import EXACT
from composer.music.timing import MetreMap
from composer.planning.network import PlannerNetwork
from composer.planning.planner import Planner
from composer.taste.traits import TRAITS

BAR = 96
TUNE = (60, 64, 67, 65, 64, 62, 64, 65, 67, 69, 67, 65)
"""Three bars of four."""


@pytest.fixture
def scheduler() -> InferenceScheduler:
    return InferenceScheduler(tiny_predictor(), Planner(PlannerNetwork(random_weights(0))))


def played(
    scheduler: InferenceScheduler, kind: str = BEATS, start: int = 2 * BAR
) -> NetworkImproviser:
    """An improviser that has heard the tune, a beat to a note."""
    improviser = scheduler.improviser()
    improviser.set_parts(kind, BAR if kind == BEATS else 200, {0: 0})
    for at, pitch in enumerate(TUNE):
        onset = start + 24 * at
        improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + 20)
    return improviser


def ask(join: int = 5 * BAR, bars: int = 3, **wishes: str) -> GenerateRequest:
    """An answer to the tune, which begins at bar 2."""
    end, settings = join + bars * BAR, Settings(**wishes)  # type: ignore[arg-type]
    return GenerateRequest(join, join, end, frozenset({0}), settings, 1, phrase=2 * BAR)


def work(scheduler: InferenceScheduler) -> None:
    while not scheduler.idle:
        scheduler.step()


def bars(plan: str) -> list[str]:
    return plan.split(" | ")


def test_an_answer_takes_up_the_phrase_and_its_last_bar_closes(
    scheduler: InferenceScheduler,
) -> None:
    improviser = played(scheduler)
    improviser.generate(ask())
    work(scheduler)
    plan = bars(improviser.plan)
    assert len(plan) == 3
    for number, bar in enumerate(plan[:2], 1):
        assert bar.split()[-1].strip("=~()") == str(number)
    assert improviser.take()


def test_the_network_is_told_what_was_played_in_the_bar_that_comes_back(
    scheduler: InferenceScheduler,
) -> None:
    improviser = played(scheduler)
    improviser.generate(ask())
    work(scheduler)
    history = improviser.history
    assert history is not None
    [back] = history.state.context.returns
    assert back.plan is not None
    # The jam's first bar with a note is bar 0 to the network, and the answer begins in bar 3.
    assert [back.plan.bar(number).reference for number in (3, 4)] == [0, 1]
    assert [back.plan.bar(number).ending for number in (3, 4, 5)] == [3, 2, 1]


def test_without_a_plan_it_hears_as_a_file_is_heard(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler, start=0)
    work(scheduler)
    count = len(TUNE)
    zeros = np.zeros(count, dtype=np.int64)
    events = quantise(
        24.0 * np.arange(count), np.full(count, 20.0), zeros, np.array(TUNE), zeros + 80, (0,),
        BEATS, MetreMap(),
    )  # fmt: skip
    assert improviser.history is not None
    np.testing.assert_allclose(
        improviser.history.state.recurrent, scheduler.predictor.prime(events).recurrent, atol=1e-6
    )


def test_what_the_player_plays_next_is_heard_without_the_answers_plan(
    scheduler: InferenceScheduler,
) -> None:
    improviser = played(scheduler)
    improviser.generate(ask())
    work(scheduler)
    improviser.take()
    improviser.note_on(9 * BAR, 0, 60, 80)
    work(scheduler)
    assert improviser.history is not None
    assert not improviser.history.state.context.returns[0].plan


def test_chords_and_form_are_kept_to(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler)
    improviser.generate(ask(bars=4, chords="Am F | C", form="AB"))
    work(scheduler)
    plan = bars(improviser.plan)
    assert [bar.split(" =")[0].split(" ~")[0].split(" (")[0] for bar in plan] == [
        "Am F", "C", "Am F", "C",
    ]  # fmt: skip
    assert plan[0].split()[-1].strip("=~()") == "1"
    assert plan[1].split()[-1].strip("=~()") == "2"


def test_who_asks_at_once_gets_the_plan_that_was_made_before(
    scheduler: InferenceScheduler,
) -> None:
    improviser = played(scheduler)
    improviser.foresee(ask(join=5 * BAR, bars=3))
    work(scheduler)
    improviser.generate(ask(join=5 * BAR, bars=2))
    plan = improviser.plan  # before anything more was done
    assert len(bars(plan)) == 2
    assert bars(plan)[0].split()[-1].strip("=~()") == "1"
    work(scheduler)
    assert improviser.plan == plan, "what was announced does not change"
    assert improviser.take()


def test_who_asks_at_once_is_not_kept_waiting_for_a_plan(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler)
    work(scheduler)
    improviser.generate(ask())
    improviser.hurry()
    steps = 0
    while not (notes := improviser.take()):
        scheduler.step()
        steps += 1
    assert notes and steps <= 2
    assert improviser.plan == ""


def test_a_hurried_answer_is_one_take_that_goes_on(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler)
    improviser.generate(ask())
    scheduler.step()
    while improviser.unprepared:
        scheduler.step()
    scheduler.step()
    scheduler.step()
    assert not improviser.take(), "takes are being drawn, and none is chosen"
    improviser.hurry()
    work(scheduler)
    notes = improviser.take()
    assert notes and improviser.done
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)


def test_in_a_crowd_nothing_is_planned_or_tried_twice(scheduler: InferenceScheduler) -> None:
    assert scheduler.takes == TAKES
    for _ in range(FEW + 1):
        scheduler.improviser()
    assert scheduler.takes == 1
    improviser = played(scheduler)
    improviser.generate(ask())
    while not scheduler.idle:
        scheduler.begin_cycle()
        scheduler.step()
    assert improviser.plan == ""
    assert improviser.take()


def test_in_free_time_the_phrases_moments_come_back(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler, FREE, start=130)
    work(scheduler)
    join = 130 + 24 * len(TUNE) + 37
    request = GenerateRequest(join, join, join + 288, frozenset({0}), Settings(), 1, phrase=130)
    history = improviser.history
    assert history is not None
    plan = FreeAnswerPlan(history, request)
    assert plan.text() == ""
    state = plan.told(history.aligned(history.state, join)[0])
    [back] = state.context.returns
    # From the last note heard to the answer's beginning, where the phrase's first note is told.
    shift = back.returning_and_shift()[1]
    assert int(state.context.clock[0]) + SHIFT_TICKS[shift] == pytest.approx(join, abs=6)
    assert back.note_after(shift, 0)[0] == TUNE[0]
    assert plan.plan is not None
    assert {bar.nearness for bar in plan.plan.bars[int(state.context.number[0]) + 1 :]} == {EXACT}
    improviser.generate(request)
    work(scheduler)
    assert improviser.take()


def test_a_phrase_longer_than_the_planner_hears_is_answered(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler, start=0)
    for start in range(3, 30, 3):
        for at, pitch in enumerate(TUNE):
            onset = start * BAR + 24 * at
            improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + 20)
    request = GenerateRequest(
        30 * BAR, 30 * BAR, 60 * BAR, frozenset({0}), Settings(), 1, phrase=0
    )  # fmt: skip
    improviser.generate(request)
    work(scheduler)
    assert len(bars(improviser.plan)) == 30
    assert improviser.take()


def test_a_phrase_of_less_than_a_bar_may_be_answered_in_its_bar(
    scheduler: InferenceScheduler,
) -> None:
    improviser = played(scheduler, start=0)
    for at, pitch in enumerate((60, 62)):
        onset = 3 * BAR + 24 * at
        improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + 20)
    join = 3 * BAR + 60
    request = GenerateRequest(
        join, join, join + 2 * BAR, frozenset({0}), Settings(), 1, phrase=3 * BAR
    )  # fmt: skip
    improviser.generate(request)
    work(scheduler)
    assert len(bars(improviser.plan)) == 3
    assert improviser.take()


def test_the_best_of_the_complete_takes_is_played() -> None:
    class Take:
        """A stream of one note at tick 96."""

        def __init__(self, pitch: int) -> None:
            self.pitch = pitch
            self.state = SimpleNamespace(context=SimpleNamespace(clock=np.array([96])))

        def events(self) -> np.ndarray:
            return np.array([[0, 0, self.pitch, 5, 20]], dtype=np.int16)

    streams = [Take(pitch) for pitch in (60, 72, 66)]
    takes = Takes(streams, lambda notes: float(notes[0, 2]))  # type: ignore[arg-type]
    assert takes.best() is streams[0], "none is complete"
    assert not takes.complete(streams[1])  # type: ignore[arg-type]
    assert takes.best() is streams[1], "the only one that is"
    assert not takes.complete(streams[2])  # type: ignore[arg-type]
    assert takes.best() is streams[2]
    assert takes.complete(streams[0])  # type: ignore[arg-type]
    assert takes.best() is streams[0]


def liked_before(join: int, over: int) -> PlayerTaste:
    """The taste of one who liked an answer that lies there."""
    taste = PlayerTaste()
    taste.heard(1, np.zeros(len(TRAITS)), (join, over))
    assert taste.mark(1, True)
    return taste


def references(plan: str) -> list[str]:
    return [bar.split()[-1].strip("=~()") for bar in bars(plan)]


def test_of_two_answers_one_ends_as_the_one_that_was_liked(scheduler: InferenceScheduler) -> None:
    improviser = played(scheduler)  # a phrase in bars 2, 3 and 4
    improviser.generate(ask(bars=2))  # an answer in bars 5 and 6
    work(scheduler)
    assert improviser.take()
    for at, pitch in enumerate(TUNE[:8]):  # a phrase in bars 8 and 9, called 1 and 2
        onset = 8 * BAR + 24 * at
        improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + 20)
    taken, form = [], []
    for number in range(12):
        request = replace(
            ask(join=10 * BAR, bars=4), phrase=8 * BAR, variation=number,
            taste=liked_before(5 * BAR, 7 * BAR),
        )  # fmt: skip
        improviser.generate(request)
        work(scheduler)
        taken.append(references(improviser.plan))
        improviser.generate(replace(request, settings=Settings(form="A A B C")))
        work(scheduler)
        form.append(references(improviser.plan))
    # The liked answer's bars lie three bars before the phrase: -2 and -1.
    as_liked = [one[-2:] == ["-2", "-1"] for one in taken]
    assert 2 <= sum(as_liked) <= 10
    assert all(one[0] == "1" for one in taken)
    assert not any(one[-2:] == ["-2", "-1"] for one in form)
