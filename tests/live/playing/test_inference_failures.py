"""One improviser fails: it alone is served no more, and the others play what they would have."""

from __future__ import annotations

import pytest
from live.tiny import tiny_predictor

from composer.generation.settings import Settings
from composer.live.core.improviser import GenerateRequest, ProposedNote
from composer.live.playing.inference import InferenceScheduler
from composer.live.playing.network_improviser import NetworkImproviser
from composer.music.beat_grid import BEATS

PHRASE = [(12, 60, 12), (24, 62, 12), (36, 64, 12), (72, 60, 24), (150, 62, 6)]


def replies(
    monkeypatch: pytest.MonkeyPatch, fails: str | None
) -> tuple[InferenceScheduler, list[NetworkImproviser], list[list[ProposedNote]]]:
    """Three improvisers, of whom the second fails in what `fails` names, and their replies."""
    scheduler = InferenceScheduler(tiny_predictor())
    improvisers = [scheduler.improviser() for _ in range(3)]
    culprit = improvisers[1]
    for improviser in improvisers:
        improviser.set_parts(BEATS, 96, {0: 0})
        for onset, pitch, duration in PHRASE:
            improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + duration)
        improviser.generate(GenerateRequest(192, 192, 480, frozenset({0}), Settings(), 1))
    if fails is not None:
        usual = getattr(NetworkImproviser, fails)

        def raises(self: NetworkImproviser, *args: object) -> object:
            if self is culprit:
                raise ZeroDivisionError
            return usual(self, *args)

        monkeypatch.setattr(NetworkImproviser, fails, raises)
    for _ in range(10_000):
        if scheduler.idle:
            break
        scheduler.step()
    return scheduler, improvisers, [improviser.take() for improviser in improvisers]


@pytest.mark.parametrize("fails", ["next_step", "open_streams", "follow"])
def test_who_fails_is_named_and_the_others_hear_and_answer(
    monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    _, _, wanted = replies(monkeypatch, None)
    assert all(wanted)
    scheduler, improvisers, made = replies(monkeypatch, fails)
    assert scheduler.idle
    assert scheduler.failed == [improvisers[1]]
    assert (made[0], made[1], made[2]) == (wanted[0], [], wanted[2])
    assert improvisers[0].done and improvisers[2].done
