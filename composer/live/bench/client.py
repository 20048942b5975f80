"""Client: a client of a running server, for measuring it from outside.

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
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from composer.errors import OutputError
from composer.live.wire.osc_codec import Message, encode, parse
from composer.live.wire.socket_stamps import receive_stamped, stamp_arrivals
from composer.live.worker_processes import composer_command


class Wire:
    """One client of the server."""

    def __init__(self, port: int) -> None:
        """A socket of its own, that replies come to (`--reply-source`)."""
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.connect(("127.0.0.1", port))
        self.udp.setblocking(False)
        stamp_arrivals(self.udp)

    def send(self, address: str, *arguments: object) -> float:
        """Send a message. Returns the moment before."""
        now = time.time()
        self.udp.send(encode("/composer/" + address, arguments))
        return now

    def receive(self) -> tuple[float, Message] | None:
        """The next message and when it came."""
        try:
            packet, _, came = receive_stamped(self.udp, 2048)
        except (BlockingIOError, ConnectionRefusedError):
            return None
        return time.time() if came is None else came, parse(packet)[0]

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
def served(model: str, processes: int = 1) -> Iterator[tuple[int, list[int]]]:
    """A server of its own: its OSC port and its processes' numbers.

    Raises:
        OutputError: It does not start.
    """
    command = [*composer_command(), "serve", "--json", "--osc-port", "0",
               "--reply-source", "--no-log", "--no-midi", "--model", model,
               "--processes", str(processes)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise OutputError("the server did not start; see above")
        ready = json.loads(line)
        yield ready["osc_port"], ready["pids"]
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def memory(processes: Sequence[int]) -> float:
    """Megabytes that processes have in memory; 0 where the system does not say."""
    try:
        pages = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in processes)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


def cpu_seconds(processes: Sequence[int]) -> float:
    """Seconds of a core that processes have used; 0 where the system does not say."""
    try:
        stats = [Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split() for p in processes]
        return sum(int(s[11]) + int(s[12]) for s in stats) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


def dropped(port: int) -> int:
    """Datagrams to a UDP port here that found its queue full; 0 where the system does not say."""
    try:
        rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    except OSError:
        return 0
    return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) == port)
