"""Wire: a client of a running server, for measuring it from outside.

Conventions:
    Moments are those at which the system's network code got a packet, where it tells them
    (Linux), so that the client's own slowness is not counted; seconds since 1970.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from composer.errors import OutputError
from composer.live.osc_codec import Message, encode, parse

_STAMP = getattr(socket, "SO_TIMESTAMPNS", 35 if sys.platform == "linux" else None)
_TIME = struct.Struct("qq")


class Wire:
    """One client of the server."""

    def __init__(self, port: int) -> None:
        """A socket of its own, that replies come to (`--reply-source`)."""
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.connect(("127.0.0.1", port))
        self.udp.setblocking(False)
        if _STAMP is not None:
            with contextlib.suppress(OSError):
                self.udp.setsockopt(socket.SOL_SOCKET, _STAMP, 1)

    def send(self, address: str, *arguments: object) -> float:
        """Send a message. Returns the moment before."""
        now = time.time()
        self.udp.send(encode("/composer/" + address, arguments))
        return now

    def receive(self) -> tuple[float, Message] | None:
        """The next message and when it came."""
        try:
            packet, extra, _, _ = self.udp.recvmsg(2048, 64)
        except (BlockingIOError, ConnectionRefusedError):
            return None
        for level, kind, data in extra:
            if level == socket.SOL_SOCKET and kind == _STAMP and len(data) >= _TIME.size:
                seconds, nanoseconds = _TIME.unpack_from(data)
                return seconds + nanoseconds / 1e9, parse(packet)[0]
        return time.time(), parse(packet)[0]

    def wait(self, address: str, seconds: float = 10.0) -> tuple[float, Message]:
        """Wait for a message to an address; what comes before it is forgotten.

        Raises:
            OutputError: It does not come.
        """
        end = time.time() + seconds
        while (left := end - time.time()) > 0:
            got = self.receive()
            if got is None:
                select.select((self.udp,), (), (), left)
            elif got[1].address == "/composer/" + address:
                return got
        raise OutputError(f"the server sent no {address} within {seconds:g} s")

    def drain(self) -> None:
        """Forget what has come."""
        while self.receive() is not None:
            pass

    def close(self) -> None:
        """Give the socket back."""
        self.udp.close()


@contextlib.contextmanager
def served(model: str) -> Iterator[tuple[int, int]]:
    """A server of its own: its OSC port and its process number.

    Raises:
        OutputError: It does not start.
    """
    command = [sys.executable, "-m", "composer", "serve", "--json", "--osc-port", "0",
               "--reply-source", "--no-log", "--no-midi", "--model", model]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise OutputError("the server did not start; see above")
        yield json.loads(line)["osc_port"], process.pid
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def memory(process: int) -> float:
    """Megabytes that a process has in memory; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


def cpu_seconds(process: int) -> float:
    """Seconds of one core that a process has used; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
