"""Real MIDI ports, where there is JACK: its dummy driver needs no hardware."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from live.jam import check_paired
from live.running import PATIENCE, Client, process

from composer.cli.live import panic, ports
from composer.errors import DependencyError, SettingError
from composer.live.wire import midi_library
from composer.live.wire.midi_library import find_port
from composer.live.wire.midi_port import Port, silence_port

SERVER = f"ct{os.getpid()}"  # JACK takes short names only


@pytest.fixture(scope="module")
def jack() -> Iterator[subprocess.Popen[bytes]]:
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed (apt-get install jackd2)")
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    patch = pytest.MonkeyPatch()
    patch.setenv("JACK_DEFAULT_SERVER", SERVER)
    patch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    patch.setenv("JACK_NO_START_SERVER", "1")
    running = start_jack()
    try:
        if not until_ready(running):
            pytest.skip("jackd does not start here")
        yield running
    finally:
        # Killed on the spot, it leaves in shared memory what keeps later ones from starting.
        running.terminate()
        running.wait()
        patch.undo()


def start_jack() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["jackd", "-r", "-n", SERVER, "-d", "dummy", "-r", "48000", "-p", "256"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def until_ready(jack: subprocess.Popen[bytes]) -> bool:
    """Wait until there are ports; False if it ends instead."""
    end = time.monotonic() + 30
    while jack.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
        with contextlib.suppress(DependencyError):
            midi_library.port_names()
            return True
    return False


class Keyboard:
    """A keyboard and a synthesizer, plugged into a server's virtual ports."""

    def __init__(self, name: str) -> None:
        self.out, self.into = Port("out", name), Port("in", name)
        self.heard: list[bytes] = []

    def send(self, *message: int) -> None:
        self.out.send(message)

    def until(self, done: Callable[[list[bytes]], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done(self.heard):
            assert time.monotonic() < end, self.heard
            got = self.into.read()
            if got is None:
                time.sleep(0.002)
            else:
                self.heard.append(got[1])

    @property
    def plays(self) -> list[tuple[int, int, int]]:
        return [
            (m[1], m[2] if m[0] & 0xF0 == 0x90 else 0, m[0] & 0x0F)
            for m in self.heard
            if m[0] & 0xF0 in (0x80, 0x90)
        ]

    def close(self) -> None:
        self.out.close()
        self.into.close()


def ons(heard: list[bytes]) -> int:
    return sum(message[0] & 0xF0 == 0x90 for message in heard)


def test_a_phrase_over_midi_and_sigterm_in_the_middle_of_the_answer(
    jack: object, tmp_path: Path
) -> None:
    with process(tmp_path, 'virtual="jam"', 'improviser="organ"') as (serving, port):
        keyboard, client = Keyboard("jam"), Client(port)
        assert keyboard.out.name and keyboard.into.name
        client.send("session", "main")
        client.until("ok", "/composer/session")
        for pitch in (60, 64, 67):
            keyboard.send(0x90, pitch, 100)
        time.sleep(0.5)
        for pitch in (60, 64, 67):
            keyboard.send(0x80, pitch, 0)
        keyboard.until(lambda heard: ons(heard) == 3)
        serving.send_signal(signal.SIGTERM)
        keyboard.until(lambda heard: bytes((0xB0, 123, 0)) in heard)
        assert serving.wait(PATIENCE) == 0
        check_paired(keyboard.plays)
        assert [pitch for pitch, velocity, _ in keyboard.plays if velocity] == [72, 76, 79]
        keyboard.close()
        client.close()


def test_what_a_killed_server_left_sounding_on_its_own_port_is_ended_by_the_next(
    jack: object, tmp_path: Path
) -> None:
    with process(tmp_path, 'virtual="jam"', 'improviser="organ"') as (serving, _):
        keyboard = Keyboard("jam")
        keyboard.send(0x90, 60, 100)
        time.sleep(0.3)
        keyboard.send(0x80, 60, 0)
        keyboard.until(lambda heard: ons(heard) == 1)
        serving.kill()
        serving.wait()
        keyboard.close()
    with process(tmp_path, 'virtual="jam"'):
        keyboard = Keyboard("jam")  # connected only when the new server has begun
        keyboard.until(lambda heard: bytes((0x80, 72, 0)) in heard)
        assert ons(keyboard.heard) == 0
        keyboard.close()


def test_ports_are_listed_and_silenced(jack: object, tmp_path: Path) -> None:
    with process(tmp_path, 'virtual="jam"'):
        listed = CliRunner().invoke(ports, ["--json"])
        assert "jam" in listed.output
        synthesizer = Port("in", "jam")
        del synthesizer
        assert "jam" in silence_port("jam", [(0, 60)])
        result = CliRunner().invoke(panic, ["--midi-out", "jam", "--osc-port", "9"])
        assert "silenced" in result.output
        with pytest.raises(SettingError, match="there are:"):
            silence_port("no such port")


def hears(synthesizer: Port, client: Client) -> bool:
    """Have phrases answered until an answer's note comes out of the port, if ever."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        client.send("note", 60, 100, 1, 0.1)
        time.sleep(0.2)
        client.send("phrase/end")
        client.until("play")
        for _ in range(1000):
            heard = synthesizer.read()
            if heard is not None and heard[1][0] & 0xF0 == 0x90:
                client.drain()
                return True
            time.sleep(0.001)
    return False


def test_a_port_that_goes_and_comes_back(jack: object, tmp_path: Path) -> None:
    synthesizer = Port("in", "synth", virtual=True)
    with process(tmp_path, 'midi_out=["synth"]') as (_, port):
        client = Client(port)
        client.send("session", "main")
        client.until("ok")
        assert hears(synthesizer, client)
        synthesizer.close()
        time.sleep(2.5)  # the server looks for its ports every other second
        synthesizer = Port("in", "synth", virtual=True)
        assert hears(synthesizer, client)
        client.close()
    synthesizer.close()


def test_jack_dies_and_the_server_lives(jack: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with process(tmp_path, 'virtual="jam"') as (serving, port):
        client = Client(port)
        jack.kill()
        jack.wait()
        time.sleep(1.5)
        client.send("ping", 1)
        client.until("pong")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(PATIENCE) == 0
        client.close()
    # JACK has room for eight servers in its shared memory, and one that was killed keeps its
    # place there until another of the same name ends well.
    again = start_jack()
    until_ready(again)
    again.terminate()
    again.wait()


@pytest.mark.parametrize(
    "wanted, number", [("Key", 1), ("key", 1), ("Key 2", 2), ("IAC", 0), ("none", None)]
)
def test_a_port_is_found_by_name_or_part_of_it(wanted: str, number: int | None) -> None:
    assert find_port(wanted, ["IAC Bus 1", "Keystation", "Key 2"]) == number


def test_without_the_library_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rtmidi", None)
    with pytest.raises(DependencyError, match=r'pip install "composer-lstm\[midi\]"'):
        midi_library.port_names()


def test_windows_is_told_of_loopmidi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert "loopMIDI" in midi_library.advice("x", [])
