"""UDP transport: datagrams in and out, and a wait that a wake-up from elsewhere ends.

Conventions:
    An endpoint is (address, port). A datagram's age is the seconds for which it has waited
    to be read, where the system says when it came (Linux), and else 0.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import Any, NamedTuple, Protocol

from composer.errors import OutputError
from composer.live.wire.osc_clients import WEB, Endpoint
from composer.live.wire.socket_stamps import receive_stamped, stamp_arrivals

LARGEST_DATAGRAM = 65536
BUFFER = 1 << 22
"""Bytes that the system is asked to keep for a server that is busy."""
OLDEST = 0.25
"""Seconds of age that are believed: the computer's date may have been changed."""


class Datagram(NamedTuple):
    """What came.

    Attributes:
        data: Its bytes.
        source: Who sent it.
        age: Seconds since it came.
    """

    data: bytes
    source: Endpoint
    age: float


class Beside(Protocol):
    """Where packets come from and go to beside the network: pages in browsers."""

    def fileno(self) -> int:
        """For `select`."""
        ...

    def receive(self) -> Datagram | None:
        """The next packet, None if there is none."""
        ...

    def send(self, packet: bytes, to: Endpoint) -> None:
        """Send a packet, without waiting."""
        ...


class UdpTransport:
    """A bound socket, and a way to end a wait for it from another thread."""

    def __init__(self, udp: socket.socket, beside: Beside | None = None) -> None:
        """Ready to receive.

        Args:
            udp: From `open_udp`.
            beside: Another source of packets, if there is one.
        """
        self._udp, self._beside = udp, beside
        udp.setblocking(False)
        self._stamped = stamp_arrivals(udp)
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._sources: list[Any] = [udp, self._near]
        self._sources += [] if beside is None else [beside]

    def wait(self, seconds: float) -> bool:
        """Wait for a datagram or `wake`, so long at most. Returns whether there is a datagram."""
        ready, _, _ = select.select(self._sources, (), (), seconds)
        if self._near in ready:
            with contextlib.suppress(OSError):
                self._near.recv(4096)
        return self._udp in ready or self._beside in ready

    def wake(self) -> None:
        """End a wait; from any thread, and from signal handlers."""
        with contextlib.suppress(OSError):  # full: it is awake already
            self._far.send(b"\0")

    def receive(self) -> Datagram | None:
        """The next datagram, None if there is none."""
        while True:
            try:
                if not self._stamped:
                    data, source = self._udp.recvfrom(LARGEST_DATAGRAM)
                    return Datagram(data, source[:2], 0.0)
                data, source, came = receive_stamped(self._udp, LARGEST_DATAGRAM)
            except BlockingIOError:
                return None if self._beside is None else self._beside.receive()
            except OSError:  # Windows reports what happened to a datagram sent before
                continue
            age = time.time() - came if came is not None else 0.0
            return Datagram(data, source[:2], age if 0.0 < age < OLDEST else 0.0)

    def send(self, packet: bytes, to: Endpoint) -> None:
        """Send a datagram; one that cannot be sent is lost, as it may be on its way."""
        if self._beside is not None and to[0] == WEB:
            self._beside.send(packet, to)
            return
        for _ in range(3):
            try:
                self._udp.sendto(packet, to)
                return
            except BlockingIOError:
                time.sleep(0.0005)
            except (OSError, OverflowError):
                return

    def close(self) -> None:
        """Close all sockets."""
        self._udp.close()
        self._near.close()
        self._far.close()


def open_udp(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket for OSC.

    Args:
        host: Address to listen on.
        port: 0 for a free one.
        shared: Whether other processes listen on it too.

    Raises:
        OutputError: The port is taken, or there is no such address here.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if shared:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    try:
        udp.bind((host, port))
    except (OSError, OverflowError) as error:
        udp.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"cannot listen on UDP port {port} of {host}: {reason}; "
            "is another composer running? choose another with --osc-port"
        ) from error
    return udp
