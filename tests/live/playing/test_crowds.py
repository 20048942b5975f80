"""Many sessions beside each other: who waits for whom, and what none of them hears of."""

from __future__ import annotations

from live.heard import PHRASE, listened, play, work
from live.tiny import tiny_predictor

from composer.generation.settings import Settings
from composer.live.core.improviser import GenerateRequest, ProposedNote
from composer.live.playing.inference import MORE, InferenceScheduler


def test_what_one_plays_does_not_depend_on_the_others(scheduler: InferenceScheduler) -> None:
    def replies(count: int) -> list[ProposedNote]:
        room = InferenceScheduler(tiny_predictor())
        improvisers = [listened(room) for _ in range(count)]
        for index, improviser in enumerate(improvisers):
            play(improviser, [(o, p + index % 5, d) for o, p, d in PHRASE])
            improviser.generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
        work(room)
        return improvisers[0].take()

    assert replies(1) == replies(20)  # beside nobody, and beside nineteen


def test_in_a_crowd_a_first_note_comes_at_once_and_the_rest_in_rounds(
    scheduler: InferenceScheduler,
) -> None:
    improvisers = [listened(scheduler) for _ in range(30)]
    for improviser in improvisers:
        play(improviser, PHRASE)
    while scheduler.pressing or not scheduler.idle:
        scheduler.begin_cycle()
        scheduler.step()
    for improviser in improvisers[1:]:
        play(improviser, [(180, 65, 12)])
    assert not scheduler.pressing  # they can be heard together, when more has come
    improvisers[0].note_on(180, 0, 65, 80)
    improvisers[0].generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
    assert scheduler.pressing  # a first note is waited for
    scheduler.step()
    scheduler.step()
    assert len(improvisers[0].take()) == 1
    assert not scheduler.pressing
    scheduler.begin_cycle()
    while scheduler.pressing:
        scheduler.step()
    assert len(improvisers[0].take()) == 1


def test_where_rounds_are_late_first_notes_come_with_them(scheduler: InferenceScheduler) -> None:
    improvisers = [listened(scheduler) for _ in range(30)]
    for improviser in improvisers:
        play(improviser, PHRASE)
    scheduler.begin_cycle(late=True)
    improvisers[0].generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
    slices = 0
    while scheduler.in_cycle:
        slices += 1
        scheduler.step()
    assert slices == 2 + MORE  # two to hear all once, the others for the one who waits
    while not improvisers[0].take():
        scheduler.begin_cycle(late=True)
        while scheduler.in_cycle:
            slices += 1
            scheduler.step()
    assert slices < 20
