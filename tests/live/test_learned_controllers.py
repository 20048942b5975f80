"""A controller for each of the usual parameters, asked for one after another."""

from __future__ import annotations

from pathlib import Path

import pytest
from live.scripted import Echo

from composer.live.core.sessions import Sessions
from composer.live.learned_controllers import ask_for_controllers, load_controllers
from composer.live.wire.midi_player import MidiPlayer


def test_questions_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path / "state"))
    session = Sessions(Echo).session("main", 0.0)
    player = MidiPlayer(lambda: session, lambda message: None)
    said: list[str] = []
    ask_for_controllers(player, said.append, ("temperature", "mode"))
    player.receive(0.0, bytes((0xB0, 21, 5)))
    player.receive(0.1, bytes((0xB0, 21, 6)))
    player.receive(2.0, bytes((0xB0, 22, 5)))
    assert said == [
        "Move the controller for temperature",
        "Controller 21 is temperature",
        "Move the controller for mode",
        "Controller 22 is mode",
        "All are learned, and known the next time",
    ]
    assert load_controllers() == {21: "temperature", 22: "mode"}
