"""MIDI ports: found by name, read by polling, written no faster than drivers take, and reopened.

Conventions:
    Messages are bytes without running status. A port is *in* when composer listens to it
    and *out* when composer plays to it; a DAW calls them the other way round.

The libraries' callbacks run in the driver's thread and wait there for Python: with a busy
receiver, bursts came doubled or lost, so ports are polled. A port that is gone says nothing:
the list of ports is looked at once a second, on a thread that neither reads nor sends.
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

from composer.errors import DependencyError, SettingError
from composer.live.wire.arrival_clock import ArrivalClock
from composer.live.wire.midi_library import PortList, advice, errors_of, find_port, make, rtmidi

logger = logging.getLogger(__name__)

POLL = 0.001
"""Seconds between two looks at an input."""
LOOK = 1.0
"""Seconds between two looks at which ports there are."""
BURST, PAUSE = 48, 0.004
"""Messages sent in a row before a pause, in seconds: drivers lose what comes faster."""

Receive = Callable[[float, bytes], None]


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
        self._arrivals = ArrivalClock()
        self._lock = threading.Lock()
        self._sent: deque[float] = deque(maxlen=BURST)
        if virtual:
            self._client = make(kind)
            try:
                self._client.open_virtual_port(wanted)
            except errors_of(self._library) as error:  # NotImplementedError is a RuntimeError
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
            self.look(self.names())

    def names(self) -> list[str]:
        """The ports of its kind that there are; for when nothing is to be sent."""
        with self._lock:
            if self._client is None:
                self._client = make(self.kind)
            return list(self._client.get_ports())

    def look(self, names: Sequence[str]) -> bool:
        """Close or open it, as it is among the ports there are or not.

        Args:
            names: The ports of its kind that there are.

        Returns:
            Whether that changed anything.
        """
        if self.virtual or self.name in names:
            return False
        if self.name:
            # Old clients are dropped before new ones are made: the other way round, a
            # JACK server that went away can take the process with it.
            self.close()
            return True
        number = find_port(self.wanted, names)
        if number is None:
            return False
        client = None
        try:
            client = make(self.kind) if self._client is None else self._client
            # Ports may have come and gone since the list was made.
            place = list(client.get_ports()).index(names[number])
            client.open_port(place, self.wanted[:32])
        except DependencyError:
            return False
        except (ValueError, *errors_of(self._library)):  # type: ignore[misc]  # a tuple of them
            return False
        with self._lock:
            self._client, self._arrivals = client, ArrivalClock()
            if self.kind == "in":
                self._client.ignore_types(sysex=True, timing=False, active_sense=True)
            self.name = names[number]
        return True

    def read(self) -> tuple[float, bytes] | None:
        """The next message that came in, and when it came."""
        with self._lock:
            if not self.name or self._client is None:
                return None
            try:
                got = self._client.get_message()
            except errors_of(self._library):
                return None
            if not got:
                return None
            moment = self._arrivals.moment(time.perf_counter(), got[1])
        return moment, bytes(got[0])

    def send(self, message: Sequence[int]) -> None:
        """Send a message; after a burst, wait a little first."""
        now = time.perf_counter()
        if len(self._sent) == BURST and now - self._sent[0] < PAUSE:
            time.sleep(PAUSE)
        self._sent.append(now)
        with self._lock:
            if self.name and self._client is not None:
                with contextlib.suppress(*errors_of(self._library)):
                    self._client.send_message(list(message))

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            client, self._client, self.name = self._client, None, ""
            if client is not None:
                with contextlib.suppress(*errors_of(self._library)):
                    client.close_port()
                with contextlib.suppress(*errors_of(self._library)):
                    client.delete()


class Ports:
    """The ports of a server, and the threads that read them and look after them.

    Attributes:
        ins: To listen to.
        outs: To play to.
    """

    def __init__(self, ins: Sequence[Port], outs: Sequence[Port]) -> None:
        self.ins, self.outs = list(ins), list(outs)
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, receive: Receive, changed: Callable[[Port], None]) -> None:
        """Read from now on.

        Args:
            receive: Called, on a thread of the ports, with the moment at which a message
                came, and the message.
            changed: Called, on another, when a port went or came back.
        """
        watched = [port for port in (*self.ins, *self.outs) if not port.virtual]
        acts: list[tuple[Callable[..., None], tuple[object, ...]]] = [
            (self._read, (receive,)),
            (self._watch, (watched, changed)),
        ]
        for act, arguments in acts[: 2 if watched else 1]:
            thread = threading.Thread(target=act, args=arguments, name="composer MIDI", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _read(self, receive: Receive) -> None:
        while not self._ended.is_set():
            for port in self.ins:
                for _ in range(256):
                    got = port.read()
                    if got is None:
                        break
                    receive(*got)
            time.sleep(POLL)

    def _watch(self, ports: Sequence[Port], changed: Callable[[Port], None]) -> None:
        there = PortList()
        while not self._ended.wait(LOOK):
            names = {kind: there.names(kind) for kind in {port.kind for port in ports}}
            for port in ports:
                if port.look(names[port.kind]):
                    changed(port)
        there.close()

    def send(self, message: Sequence[int]) -> None:
        """Send to every out."""
        for port in self.outs:
            port.send(message)

    def close(self) -> None:
        """Stop reading and let go of all."""
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=2)
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
