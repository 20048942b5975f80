"""A MIDI system of a few lines, in the place of the library and of what it finds."""

from __future__ import annotations

import sys
import time
import types

import pytest

SLOW = 0.2
"""Seconds that the list of ports takes, once it is slow."""


class System:
    """What there is to connect to."""

    def __init__(self) -> None:
        self.ports = ["synth"]
        self.slow = False
        self.asked = 0
        self.sent: list[tuple[float, list[int]]] = []
        self.coming: list[tuple[list[int], float]] = []


class Client:
    """One of the library's clients."""

    system: System

    def __init__(self, api: int, name: str) -> None:
        pass

    def get_ports(self) -> list[str]:
        self.system.asked += 1
        if self.system.slow:
            time.sleep(SLOW)
        return list(self.system.ports)

    def open_port(self, number: int, name: str) -> None:
        pass

    def ignore_types(self, **types: bool) -> None:
        pass

    def send_message(self, message: list[int]) -> None:
        self.system.sent.append((time.perf_counter(), message))

    def get_message(self) -> tuple[list[int], float] | None:
        return self.system.coming.pop(0) if self.system.coming else None

    def close_port(self) -> None:
        pass

    def delete(self) -> None:
        pass


def install(monkeypatch: pytest.MonkeyPatch) -> System:
    """Put it in the library's place, until the test is over."""
    there = System()
    client = type("Client", (Client,), {"system": there})
    library = types.ModuleType("rtmidi")
    for name, value in {
        "MidiIn": client, "MidiOut": client, "API_RTMIDI_DUMMY": 5, "RtMidiError": OSError,
        "get_compiled_api": lambda: [1], "get_api_display_name": str,
    }.items():  # fmt: skip
        setattr(library, name, value)
    monkeypatch.setitem(sys.modules, "rtmidi", library)
    monkeypatch.setattr("composer.live.wire.midi_port.LOOK", 0.02)
    return there
