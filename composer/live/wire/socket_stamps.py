"""Socket stamps: when the system's network code got a datagram, where it tells (Linux).

A datagram may wait in a queue while its reader does something else; the stamp says when it
came all the same.

Conventions:
    Moments are seconds since 1970.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from typing import Any

_STAMP = getattr(socket, "SO_TIMESTAMPNS", 35 if sys.platform == "linux" else None)
_TIME = struct.Struct("qq")
STAMPED = _STAMP is not None
"""Whether this system stamps datagrams."""


def stamp_arrivals(udp: socket.socket) -> bool:
    """Have datagrams to a socket stamped. Returns whether they will be."""
    if _STAMP is None:
        return False
    with contextlib.suppress(OSError):
        udp.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
        return True
    return False


def receive_stamped(udp: socket.socket, size: int) -> tuple[bytes, Any, float | None]:
    """The next datagram, who sent it, and when it came; None where the system does not tell.

    Raises:
        BlockingIOError: There is none, and the socket does not wait.
        OSError: The system has something to report.
    """
    if not STAMPED:
        return (*udp.recvfrom(size), None)
    packet, extra, _, source = udp.recvmsg(size, 64)
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _STAMP and len(data) >= _TIME.size:
            seconds, nanoseconds = _TIME.unpack_from(data)
            return packet, source, seconds + nanoseconds / 1e9
    return packet, source, None
