"""MIDI library: python-rtmidi, or rtmidi2 in its place, and the ports it finds.

Conventions:
    A port is *in* when composer listens to it and *out* when composer plays to it; a DAW
    calls them the other way round.

Both libraries are optional. python-rtmidi's default API does not fall back from ALSA to
JACK, so the compiled ones are tried in turn.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from composer.distribution import install_extra
from composer.errors import DependencyError
from composer.native_stderr import without_lines

CLIENT = "composer"
_SMALL_TALK = (
    b"ALSA lib ", b"Cannot connect to server", b"JackShm", b"jack server is not running",
    b"attempt to connect to server failed", b"connect(2) call to",
)  # fmt: skip
"""How lines begin that the drivers of MIDI systems write when these do not run."""


def rtmidi() -> Any:
    """The library.

    Raises:
        DependencyError: It is not installed, or does not load here.
    """
    with contextlib.suppress(ImportError):
        import rtmidi

        if hasattr(rtmidi, "get_compiled_api"):  # else it is another package of that name
            return rtmidi
    try:
        from composer.live.wire import rtmidi2_adapter
    except ImportError as error:
        raise DependencyError(
            f"MIDI ports need python-rtmidi or rtmidi2; run: {install_extra('midi')}"
        ) from error
    return rtmidi2_adapter


def errors_of(library: Any) -> tuple[type[BaseException], ...]:
    """What a library raises."""
    # Its SystemError is an OSError, its others are their own.
    return (library.RtMidiError, OSError, RuntimeError)


def make(kind: str) -> Any:
    """A client ("in" or "out") of the first MIDI system that works here.

    Raises:
        DependencyError: There is none.
    """
    library = rtmidi()
    cls = library.MidiIn if kind == "in" else library.MidiOut
    reasons = []
    for api in library.get_compiled_api():
        if api == library.API_RTMIDI_DUMMY:
            continue
        try:
            with without_lines(*_SMALL_TALK):  # the exception says it too
                return cls(api, name=CLIENT)
        except errors_of(library) as error:
            reason = " ".join(str(error).split())
            reasons.append(f"{library.get_api_display_name(api)}: {reason}")
    text = f"no MIDI system works here ({'; '.join(reasons) or 'none is compiled in'})"
    if sys.platform.startswith("linux"):
        text += "; load ALSA's sequencer (modprobe snd-seq) or start JACK"
    raise DependencyError(text)


def port_names() -> tuple[list[str], list[str]]:
    """The ports there are: those to listen to, and those to play to.

    Raises:
        DependencyError: No MIDI here.
    """
    names = []
    for kind in ("in", "out"):
        client = make(kind)
        names.append(list(client.get_ports()))
        client.delete()
    return names[0], names[1]


def find_port(wanted: str, names: Sequence[str]) -> int | None:
    """The number of the port of a name, or else of the first that has it in it."""
    for number, name in enumerate(names):
        if name == wanted:
            return number
    for number, name in enumerate(names):
        if wanted.lower() in name.lower():
            return number
    return None


def advice(wanted: str, names: Sequence[str]) -> str:
    """What to tell a person whose port is not there."""
    listed = ", ".join(names) or "none"
    text = f"no MIDI port has {wanted!r} in its name; there are: {listed}"
    if sys.platform == "win32":
        text += "; to connect programs, make a port with loopMIDI and name it"
    return text


class PortList:
    """Which ports there are, asked again and again through clients of its own.

    The list takes a driver tens of milliseconds, in which no note should have to wait for
    the client that sends it.
    """

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def names(self, kind: str) -> list[str]:
        """The ports of a kind; none where there is no MIDI just now."""
        try:
            if kind not in self._clients:
                self._clients[kind] = make(kind)
        except DependencyError:
            return []
        try:
            names = list(self._clients[kind].get_ports())
        except errors_of(rtmidi()):
            names = []
        if not names:  # the MIDI system may be gone: ask it anew the next time
            self.close()
        return names

    def close(self) -> None:
        """Give the clients back."""
        for client in self._clients.values():
            with contextlib.suppress(*errors_of(rtmidi())):
                client.delete()
        self._clients.clear()
