"""Whole jams with the network: nothing is left sounding, and nothing is left behind."""

from __future__ import annotations

import gc
import weakref

import pytest
from live.jam import Jam, check_paired
from live.players import SECONDS, Players

from composer.live.core.scheduler import Play
from composer.live.core.sessions import Sessions
from composer.live.playing.inference import InferenceScheduler


@pytest.mark.parametrize("mode", ["call", "continue", "accompany"])
@pytest.mark.parametrize("bpm", [None, 100.0])
def test_a_jam_with_the_network(
    scheduler: InferenceScheduler, mode: str, bpm: float | None
) -> None:
    jam = Jam(scheduler.improviser(), bpm, scheduler, mode=mode)
    for start in (0.0, 4.0):
        jam.play([(start + 0.3 * i, start + 0.3 * i + 0.25, 60 + i) for i in range(5)])
        jam.until(start + 3.9)
    closed = jam.engine.close("player", 8.0)
    assert closed is not None
    jam.keep(closed[1])
    check_paired([output[:3] for _, output in jam.sent if isinstance(output, Play)])
    assert jam.plays


def test_jamming_with_the_network_leaves_nothing_sounding(scheduler: InferenceScheduler) -> None:
    players = Players(scheduler.improviser, scheduler, 7)
    players.jam(min(SECONDS, 40))
    assert players.sent > 20


def test_nothing_of_a_session_that_ended_waits_for_the_search_for_cycles(
    scheduler: InferenceScheduler,
) -> None:
    engine = Sessions(scheduler.improviser)
    gc.disable()
    try:
        session = engine.session("player", 0.0)
        for step in range(8):
            session.note_on(step / 4, 60 + step, 80, 0, 0.2)
            engine.touch("player", step / 4)
            while not scheduler.idle:
                list(engine.news(scheduler.step(), step / 4))
        session.phrase_end(2.0)
        while not scheduler.idle:
            list(engine.news(scheduler.step(), 2.0))
        assert [output for _, outputs in engine.advance(2.5) for output in outputs]
        engine.close("player", 2.5)
        scheduler.remove(session.improviser)  # type: ignore[arg-type]  # its own
        while not scheduler.idle:
            scheduler.step()
        left = weakref.ref(session.improviser)
        del session
        assert left() is None
    finally:
        gc.enable()
