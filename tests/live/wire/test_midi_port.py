"""Ports of a MIDI system of a few lines, whose list of ports takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from live.midi_system import SLOW, System, install

from composer.live.wire.midi_port import Port, Ports


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    return install(monkeypatch)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_list_of_ports_that_takes_long_delays_no_note(system: System) -> None:
    port = Port("out", "synth")
    ports = Ports([], [port])
    ports.start(lambda moment, message: None, lambda port: None)
    try:
        system.slow, before = True, system.asked
        until(lambda: system.asked > before)  # it is being listed now
        start = time.perf_counter()
        ports.send((0x90, 60, 100))
        assert system.sent[-1][0] - start < SLOW / 2
    finally:
        ports.close()


def test_a_list_of_ports_that_takes_long_delays_no_reading(system: System) -> None:
    heard = threading.Event()
    ports = Ports([Port("in", "synth")], [])
    ports.start(lambda moment, message: heard.set(), lambda port: None)
    try:
        system.slow, before = True, system.asked
        until(lambda: system.asked > before)
        start = time.perf_counter()
        system.coming.append(([0x90, 60, 100], 0.0))
        assert heard.wait(60)
        assert time.perf_counter() - start < SLOW / 2
    finally:
        ports.close()


def test_a_port_that_goes_and_comes_back(system: System) -> None:
    changes: list[str] = []
    port = Port("out", "synth")
    ports = Ports([], [port])
    ports.start(lambda moment, message: None, lambda port: changes.append(port.name))
    try:
        system.ports = []
        until(lambda: changes == [""])
        ports.send((0x90, 60, 100))
        assert system.sent == []
        system.ports = ["other", "synth 2"]
        until(lambda: changes == ["", "synth 2"])
        ports.send((0x90, 62, 100))
        assert [message for _, message in system.sent] == [[0x90, 62, 100]]
    finally:
        ports.close()


def test_messages_have_the_moments_at_which_they_came(system: System) -> None:
    port = Port("in", "synth")
    system.coming = [([0xF8], 0.0)]
    first = port.read()
    assert first is not None
    system.coming = [([0xF8], 0.02), ([0xF8], 0.02)]
    time.sleep(0.06)  # the reader was held up
    moments = [got[0] - first[0] for got in (port.read(), port.read()) if got is not None]
    assert moments == pytest.approx([0.02, 0.04], abs=1e-4)
