"""Notes that a killed server left sounding."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from composer.live.core.scheduler import Play
from composer.live.left_sounding import RepeatedEnds, end_left_sounding
from composer.live.wire.midi_player import MidiPlayer
from composer.live.wire.osc_codec import Message, parse
from composer.live.wire.sounding_notes import SoundingFile
from composer.user_folders import state_folder


def killed(*notes: tuple[str, int, int]) -> None:
    """A server played these (destination, channel, pitch) and was killed."""
    sounding = SoundingFile()
    for destination, channel, pitch in notes:
        sounding.set(destination, channel, pitch, True)
    (path,) = state_folder().iterdir()
    data = path.read_bytes()
    sounding.close()
    path.write_bytes(data)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path / "state"))


def test_notes_over_osc_are_ended() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.bind(("127.0.0.1", 0))
        ears.settimeout(10)
        destination = f"osc 127.0.0.1 {ears.getsockname()[1]}"
        killed((destination, 2, 60))
        assert end_left_sounding() == ([destination], [])
        assert parse(ears.recv(100)) == [Message("/composer/play", (60, 0, 3))]
    assert end_left_sounding() == ([], [])


def test_notes_of_a_virtual_port_are_ended_by_the_one_that_takes_its_place() -> None:
    killed(("midi jam", 0, 60), ("midi jam", 1, 62))
    done, keys = end_left_sounding(own_ports=("jam",))
    assert (done, keys) == (["midi jam"], [(0, 60), (1, 62)])
    sent: list[tuple[int, ...]] = []
    player = MidiPlayer(lambda: None, lambda m: sent.append(tuple(m)))  # type: ignore[arg-type,return-value]
    ends = RepeatedEnds(keys, player.end, times=3)
    ends.send(0.0)  # nobody may have connected the port yet
    assert sent == [(0x80, 60, 0), (0x81, 62, 0)]
    player.play(Play(60, 100, 0, 0.5))  # a note of this server's own is not cut
    sent.clear()
    for second in range(1, 6):
        ends.send(second)
    assert sent == [(0x81, 62, 0)] * 2
