"""rtmidi2, for Pythons that python-rtmidi has no wheels for, under python-rtmidi's names.

Only what `midi_library` and `midi_port` beside it use. Both wrap the same C++ library.
Linux: ALSA only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import rtmidi2

API_RTMIDI_DUMMY: int = rtmidi2.API_RTMIDI_DUMMY
RtMidiError = RuntimeError

# Not JACK: where its server cannot be reached, nothing is raised, and opening a port ends
# the process.
_APIS = {
    "darwin": (rtmidi2.API_MACOSX_CORE, "CoreMidi"),
    "win32": (rtmidi2.API_WINDOWS_MM, "Windows MultiMedia"),
    "linux": (rtmidi2.API_LINUX_ALSA, "ALSA"),
}
QUEUE = 1024
"""Messages that wait to be fetched."""


def get_compiled_api() -> list[int]:
    """The systems to be tried."""
    return [api for platform, (api, _) in _APIS.items() if platform == sys.platform]


def get_api_display_name(api: int) -> str:
    """What a system is called."""
    return str(dict(_APIS.values()).get(api, api))


class _Client:
    _client: Any

    def get_ports(self) -> list[str]:
        """Names of the ports there are."""
        return list(self._client.ports)

    def open_port(self, number: int, name: str) -> None:
        """Open a port; how ours is called is the library's to say."""
        del name
        self._client.open_port(number)

    def open_virtual_port(self, name: str) -> None:
        """Make a port for others to open."""
        self._client.open_virtual_port(name)

    def close_port(self) -> None:
        """Close the port."""
        self._client.close_port()

    def delete(self) -> None:
        """Give the client back."""
        self._client = None


class MidiIn(_Client):
    """A client that listens."""

    def __init__(self, api: int, name: str) -> None:
        self._client = rtmidi2.MidiIn(name, QUEUE, api)

    def ignore_types(self, *, sysex: bool, timing: bool, active_sense: bool) -> None:
        """What is not to be heard."""
        self._client.ignore_types(sysex, timing, active_sense)

    def get_message(self) -> tuple[Sequence[int], None] | None:
        """The next message; how long after the one before it came is not told."""
        got = self._client.get_message()
        return (got, None) if got else None


class MidiOut(_Client):
    """A client that plays."""

    def __init__(self, api: int, name: str) -> None:
        self._client = rtmidi2.MidiOut(name, api)

    def send_message(self, message: Sequence[int]) -> None:
        """Send a message."""
        self._client.send_message(message)
