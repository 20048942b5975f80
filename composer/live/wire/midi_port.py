"""MIDI ports: found by name, read by polling, written with restraint, and got back.

Conventions:
    Messages are bytes without running status. A port is *in* when composer listens to it
    and *out* when composer plays to it; a DAW calls them the other way round.

python-rtmidi is optional; where it has no wheels, rtmidi2 takes its place. Its callbacks
run in the driver's thread and wait there for Python: with a busy receiver, bursts came
doubled or lost, so ports are polled. Its default API does not fall back from ALSA to JACK,
so the compiled ones are tried in turn. A port that is gone says nothing: the list of ports
is looked at once a second.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from composer.distribution import install_extra
from composer.errors import DependencyError, SettingError
from composer.native_stderr import without_lines

logger = logging.getLogger(__name__)

CLIENT = "composer"
POLL = 0.001
"""Seconds between two looks at an input."""
_SMALL_TALK = (
    b"ALSA lib ", b"Cannot connect to server", b"JackShm", b"jack server is not running",
    b"attempt to connect to server failed", b"connect(2) call to",
)  # fmt: skip
"""How lines begin that the drivers of MIDI systems write when these do not run."""

LOOK = 1.0
"""Seconds between two looks at which ports there are."""
BURST, PAUSE = 48, 0.004
"""Messages sent in a row before a pause, in seconds: drivers lose what comes faster."""

Receive = Callable[[float, bytes], None]


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
        from composer.live.wire import rtmidi2_adapter as rtmidi_two
    except ImportError as error:
        raise DependencyError(
            f"MIDI ports need python-rtmidi or rtmidi2; run: {install_extra('midi')} "
            "(or use --no-midi)"
        ) from error
    return rtmidi_two


def _errors(library: Any) -> tuple[type[BaseException], ...]:
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
            with without_lines(*_SMALL_TALK):  # the exception says it, too
                return cls(api, name=CLIENT)
        except _errors(library) as error:
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
    """What to tell someone whose port is not there."""
    listed = ", ".join(names) or "none"
    text = f"no MIDI port has {wanted!r} in its name; there are: {listed}"
    if sys.platform == "win32":
        text += "; to connect programs, make a port with loopMIDI and name it"
    return text


class Port:
    """One port, open while it is there.

    Attributes:
        wanted: The name asked for.
        name: The name it has, "" while it is not there.
    """

    def __init__(self, kind: str, wanted: str, *, virtual: bool = False) -> None:
        """Open it, if it is there.

        Raises:
            DependencyError: No MIDI here.
            SettingError: It is to be virtual, and the system has no such thing.
        """
        self.kind, self.wanted, self.virtual = kind, wanted, virtual
        self.name = ""
        self._library = rtmidi()
        self._client: Any = None
        self._lock = threading.Lock()
        self._sent: deque[float] = deque(maxlen=BURST)
        if virtual:
            self._client = make(kind)
            try:
                self._client.open_virtual_port(wanted)
            except _errors(self._library) as error:  # NotImplementedError is a RuntimeError
                raise SettingError(
                    "there are no virtual MIDI ports on this system; make one with loopMIDI "
                    "and name it with --midi-in and --midi-out"
                    if sys.platform == "win32"
                    else f"cannot make a virtual MIDI port: {error}"
                ) from error
            self.name = wanted
            if kind == "in":
                self._client.ignore_types(sysex=True, timing=False, active_sense=True)
        else:
            self.look()

    def names(self) -> list[str]:
        """The ports of its kind that there are."""
        with self._lock:
            if self._client is None:
                self._client = make(self.kind)
            return list(self._client.get_ports())

    def look(self) -> bool:
        """See whether it is there: close or open it. Returns whether that changed anything."""
        if self.virtual:
            return False
        try:
            names = self.names()
        except DependencyError:
            names = []
        except _errors(self._library):
            names = []
        if self.name:
            if self.name in names:
                return False
            # Old clients are dropped before new ones are made: the other way round, a
            # JACK server that went away can take the process with it.
            logger.warning("the MIDI port %s is gone", self.name)
            self.close()
            return True
        number = find_port(self.wanted, names)
        if number is None:
            return False
        with self._lock:
            try:
                self._client.open_port(number, self.wanted[:32])
            except _errors(self._library):
                return False
            if self.kind == "in":
                self._client.ignore_types(sysex=True, timing=False, active_sense=True)
            self.name = names[number]
        return True

    def read(self) -> bytes | None:
        """The next message that came in."""
        with self._lock:
            if not self.name or self._client is None:
                return None
            try:
                got = self._client.get_message()
            except _errors(self._library):
                return None
        return bytes(got[0]) if got else None

    def send(self, message: Sequence[int]) -> None:
        """Send a message; after a burst, wait a little first."""
        now = time.perf_counter()
        if len(self._sent) == BURST and now - self._sent[0] < PAUSE:
            time.sleep(PAUSE)
        self._sent.append(now)
        with self._lock:
            if self.name and self._client is not None:
                with contextlib.suppress(*_errors(self._library)):
                    self._client.send_message(list(message))

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            client, self._client, self.name = self._client, None, ""
            if client is not None:
                with contextlib.suppress(*_errors(self._library)):
                    client.close_port()
                with contextlib.suppress(*_errors(self._library)):
                    client.delete()


class Ports:
    """The ports of a server, and the thread that reads them.

    Attributes:
        ins: To listen to.
        outs: To play to.
    """

    def __init__(self, ins: Sequence[Port], outs: Sequence[Port]) -> None:
        self.ins, self.outs = list(ins), list(outs)
        self._running = False
        self._thread: threading.Thread | None = None

    def start(self, receive: Receive, changed: Callable[[Port], None]) -> None:
        """Read from now on.

        Args:
            receive: Called, on the ports' thread, with the moment and the message.
            changed: Called when a port went or came back.
        """

        def read() -> None:
            looked = time.perf_counter()
            while self._running:
                for port in self.ins:
                    for _ in range(256):
                        message = port.read()
                        if message is None:
                            break
                        receive(time.perf_counter(), message)
                now = time.perf_counter()
                if now - looked > LOOK:
                    looked = now
                    for port in (*self.ins, *self.outs):
                        if port.look():
                            changed(port)
                time.sleep(POLL)

        self._running = True
        self._thread = threading.Thread(target=read, name="composer MIDI", daemon=True)
        self._thread.start()

    def send(self, message: Sequence[int]) -> None:
        """Send to every out."""
        for port in self.outs:
            port.send(message)

    def close(self) -> None:
        """Stop reading and let go of all."""
        self._running = False
        if self._thread is not None:
            self._thread.join(timeout=2)
        # What was sent last is on its way yet: JACK takes a period or two.
        if any(port.name for port in self.outs):
            time.sleep(0.05)
        for port in (*self.ins, *self.outs):
            port.close()


def silence_port(wanted: str, keys: Sequence[tuple[int, int]] = ()) -> str:
    """End everything on a port: the keys named, and whatever else sounds.

    Returns:
        The port's name.

    Raises:
        DependencyError: No MIDI here.
        SettingError: No such port.
    """
    port = Port("out", wanted)
    try:
        if not port.name:
            raise SettingError(advice(wanted, port.names()))
        for channel, pitch in keys:
            port.send((0x80 | channel, pitch, 0))
        for channel in range(16):
            for number in (64, 120, 123):
                port.send((0xB0 | channel, number, 0))
        time.sleep(0.05)
        return port.name
    finally:
        port.close()
