"""rtmidi2 under python-rtmidi's names, with a library of a few lines in its place."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest


class Two:
    """What rtmidi2's clients do, remembered."""

    ports = ("a synth", "a keyboard")
    made: ClassVar[list[Two]] = []

    def __init__(self, *given: object) -> None:
        self.made.append(self)
        self.done: list[tuple[object, ...]] = [given]
        self.waiting: list[list[int]] = [[0x90, 60, 1]]

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.done.append((name, *given))

    def get_message(self) -> Sequence[int] | None:
        return self.waiting.pop() if self.waiting else None


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    Two.made.clear()
    library = types.ModuleType("rtmidi2")
    for number, name in enumerate(("RTMIDI_DUMMY", "MACOSX_CORE", "LINUX_ALSA", "WINDOWS_MM")):
        setattr(library, f"API_{name}", number)
    library.MidiIn = library.MidiOut = Two  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rtmidi2", library)
    monkeypatch.delitem(sys.modules, "composer.live.wire.rtmidi2_adapter", raising=False)
    yield importlib.import_module("composer.live.wire.rtmidi2_adapter")
    # What was made of a false library is not for the next test.
    del sys.modules["composer.live.wire.rtmidi2_adapter"]
    del importlib.import_module("composer.live.wire").rtmidi2_adapter  # type: ignore[attr-defined]


def test_the_same_names(two: Any) -> None:
    ears = two.MidiIn(2, name="composer")
    assert ears.get_ports() == ["a synth", "a keyboard"]
    ears.ignore_types(sysex=True, timing=False, active_sense=True)
    ears.open_port(1, "ours")
    assert ears.get_message() == ([0x90, 60, 1], None)
    assert ears.get_message() is None
    assert Two.made[0].done == [
        ("composer", two.QUEUE, 2), ("ignore_types", True, False, True), ("open_port", 1)
    ]  # fmt: skip
    fingers = two.MidiOut(2, name="composer")
    fingers.open_virtual_port("ours")
    fingers.send_message([0x80, 60, 0])
    fingers.close_port()
    assert [done[0] for done in Two.made[1].done[1:]] == [
        "open_virtual_port", "send_message", "close_port"
    ]  # fmt: skip
    fingers.delete()


@pytest.mark.parametrize(("platform", "name"), [("darwin", "CoreMidi"), ("linux", "ALSA")])
def test_one_system_for_each_platform(
    two: Any, monkeypatch: pytest.MonkeyPatch, platform: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert [two.get_api_display_name(api) for api in two.get_compiled_api()] == [name]


def test_it_is_taken_where_python_rtmidi_is_not(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from composer.live.wire import midi_library

    monkeypatch.setitem(sys.modules, "rtmidi", None)
    assert midi_library.rtmidi().__name__ == "composer.live.wire.rtmidi2_adapter"
