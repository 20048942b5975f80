"""A controller for each of the usual parameters, asked for one after another."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from live.midi_system import install
from live.running import running
from live.scripted import Echo

from composer.cli.main import verbs
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


def test_what_a_server_was_taught_the_next_one_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    system = install(monkeypatch)
    said: list[str] = []
    with running(midi_in=("synth",), learn=True) as (app, client):
        assert capsys.readouterr().err == ""  # nothing is asked before it is ready
        app.say = said.append
        app.ask()
        assert said == ["Move the controller for temperature"]
        for knob in (70, 71, 72, 73, 74, 75, 76, 77):
            system.coming += [([0xB0, knob, 1], 0.0), ([0xB0, knob, 2], 0.0)]
        while "All are learned, and known the next time" not in said:
            client.send("ping")
            client.until("pong")
        client.send("session", "main")
        client.send("get", "temperature")
        # The movements that taught the controllers have set nothing.
        assert client.until("status").arguments[1] == pytest.approx(0.95)
    with running(midi_in=("synth",)) as (app, client):
        app.say = said.append
        app.ask()  # nobody asked for that
        assert said[-1] == "All are learned, and known the next time"
        client.send("session", "main")
        system.coming.append(([0xB0, 74, 127], 0.0))  # the mode
        mode = ""
        while mode != "off":
            client.send("get", "mode")
            mode = client.until("status").arguments[1]  # type: ignore[assignment]


def test_to_learn_takes_a_midi_port() -> None:
    ran = CliRunner().invoke(verbs, ["serve", "--learn"])
    assert ran.exit_code == 2
    assert "--learn needs a MIDI port to listen to: --midi-in or --virtual" in ran.output


@pytest.mark.parametrize("kept", ["", "[1, 2]", '{"x": "mode"}', '{"21": 5}'])
def test_a_spoilt_file_is_as_good_as_none(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path))
    (tmp_path / "controllers.json").write_text(kept)
    assert load_controllers() == {}
