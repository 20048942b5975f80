"""Bench: the real server over loopback, timed from the client's side.

    answers      from the moment a phrase is over to the first note of the answer
    grid         notes of a long reply against the grid they are due on, and its drift
    crowd        many sessions at once, each playing four notes a second and answered

Conventions:
    Moments are those at which the system's network code got a packet, where it tells them
    (Linux), so that the client's own slowness is not counted. Results are milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from composer.errors import OutputError
from composer.live.osc_codec import Message, encode, parse

_STAMP = getattr(socket, "SO_TIMESTAMPNS", 35 if sys.platform == "linux" else None)


class Wire:
    """One client of the server."""

    def __init__(self, port: int) -> None:
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
        moment = time.time()
        for level, kind, data in extra:
            if level == socket.SOL_SOCKET and kind == _STAMP and len(data) >= 16:
                seconds, nanoseconds = struct.unpack("qq", data[:16])
                moment = seconds + nanoseconds / 1e9
        return moment, parse(packet)[0]

    def wait(self, address: str, seconds: float = 10.0) -> tuple[float, Message]:
        """Wait for a message to an address.

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


@contextlib.contextmanager
def served(model: str) -> Iterator[tuple[int, int]]:
    """A server of its own: its OSC port and its process number."""
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


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and greatest, in milliseconds."""
    ranked = sorted(values)
    if not ranked:
        return {"median": math.nan, "p99": math.nan, "max": math.nan, "count": 0}
    return {
        "median": round(1000 * ranked[len(ranked) // 2], 3),
        "p99": round(1000 * ranked[min(int(len(ranked) * 0.99), len(ranked) - 1)], 3),
        "max": round(1000 * ranked[-1], 3),
        "count": len(ranked),
    }


def answers(port: int, phrases: int = 100) -> dict[str, Any]:
    """How soon a phrase is answered: told to, at once after the last note, and by silence."""
    wire = Wire(port)
    results: dict[str, list[float]] = {"told": [], "told_at_once": [], "silence": []}
    chance = random.Random(1)
    wire.send("set", "wait", 0.4)
    wire.send("set", "bars", 1)
    for _ in range(phrases):
        for way, late in results.items():
            pitch = chance.randrange(55, 70)
            for step in (0, 2, 4, 5):
                wire.send("note", pitch + step, 90)
                time.sleep(0.02)
                over = wire.send("note", pitch + step, 0)
            if way == "told":
                time.sleep(0.1)
            wire.drain()
            if way == "silence":
                over += 0.4
            else:
                over = wire.send("phrase/end")
            moment, _ = wire.wait("play")
            late.append(moment - over)
            wire.send("reset")
            time.sleep(0.03)
            wire.drain()
    return {way: quantiles(late) for way, late in results.items()}


def grid(port: int, seconds: float = 60.0, bpm: float = 137.0) -> dict[str, Any]:
    """How far the notes of an endless reply lie from the grid, and whether that grows."""
    wire = Wire(port)
    wire.send("tempo", bpm)
    wire.send("set", "mode", "continue")
    for pitch in (60, 64, 67, 72):
        wire.send("note", pitch, 90, 1, 0.1)
        time.sleep(60 / bpm)
    wire.send("phrase/end")
    due: dict[int, list[float]] = {}
    off: list[tuple[float, float]] = []
    end = time.time() + seconds
    while time.time() < end:
        got = wire.receive()
        if got is None:
            select.select((wire.udp,), (), (), 0.2)
            continue
        moment, message = got
        values: Any = message.arguments
        if message.address == "/composer/phrase/note":
            due.setdefault(values[1], []).append(values[2] * 60 / bpm)
        elif message.address == "/composer/play" and values[1] and due.get(values[0]):
            start = due[values[0]].pop(0)
            off.append((start, moment - start))
    wire.send("panic")
    if len(off) < 10:
        raise OutputError("the server hardly played; is its model right?")
    first = min(value for _, value in off[: max(len(off) // 10, 10)])
    late = [value - first for _, value in off]
    middle = len(late) // 2
    halves = [sorted(part)[len(part) // 2] for part in (late[:middle], late[middle:])]
    drift = 1000 * (halves[1] - halves[0])
    return quantiles(late) | {"drift_ms": round(drift, 3), "seconds": seconds}


def memory(process: int) -> float:
    """Megabytes that a process has in memory; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * 4096 / 1e6


class Match:
    """The notes of a client's replies, announced and played, brought together.

    A note is announced with its place in the reply and played when it is due; what is due
    at once is played first. The reply's beginning is when it was asked for.
    """

    def __init__(self) -> None:
        self.first: list[float] = []
        self.later: list[float] = []
        self._asked = 0.0
        self._starts: dict[int, list[float]] = {}
        self._plays: dict[int, list[float]] = {}

    def begin(self, asked: float) -> None:
        """Another reply begins: reckon up the last one."""
        late = []
        for pitch, starts in self._starts.items():
            for start, moment in zip(sorted(starts), self._plays.get(pitch, []), strict=False):
                late.append((start, moment - self._asked - start))
        if late:
            late.sort()
            self.first.append(late[0][1])
            self.later += [value for _, value in late[1:]]
        self._asked = asked
        self._starts, self._plays = {}, {}

    def note(self, pitch: int, start: float) -> None:
        """A note is announced, so many seconds into the reply."""
        self._starts.setdefault(pitch, []).append(start)

    def play(self, pitch: int, moment: float) -> None:
        """A note is played."""
        self._plays.setdefault(pitch, []).append(moment)


def crowd(port: int, process: int, sessions: int = 500, seconds: float = 30.0) -> dict[str, Any]:
    """Many sessions, each playing four notes a second, a phrase of two seconds each."""
    wires = [Wire(port) for _ in range(sessions)]
    sockets = {wire.udp.fileno(): index for index, wire in enumerate(wires)}
    poll = select.poll()
    for wire in wires:
        poll.register(wire.udp, select.POLLIN)
        wire.send("set", "interrupt", 0)
        wire.send("set", "wait", 5)
        time.sleep(0.002)
    asked: list[float] = [0.0] * sessions
    matches = [Match() for _ in range(sessions)]
    ended, sent = 0, 0
    late_sending: list[float] = []
    chance = random.Random(2)
    origin = time.time() + 0.5
    # (when, session, step): four notes a second; every eighth ends the phrase.
    turns = sorted((origin + chance.random() * 2, index) for index in range(sessions))
    queue = [(when, index, 0) for when, index in turns]
    before = 0.0
    import heapq

    heapq.heapify(queue)
    while queue:
        now = time.time()
        while queue and queue[0][0] <= now:
            when, index, step = heapq.heappop(queue)
            late_sending.append(now - when)
            wires[index].send("note", 48 + (index + 5 * step) % 24, 90, 1, 0.2)
            sent += 1
            if step % 8 == 7:
                asked[index] = wires[index].send("phrase/end")
                ended += 1
            if when + 0.25 < origin + seconds:
                heapq.heappush(queue, (when + 0.25, index, step + 1))
            if not before and now > origin + seconds / 4:
                before = memory(process)
        left = max(queue[0][0] - time.time(), 0.0) if queue else 2.5
        for descriptor, _ in poll.poll(left * 1000):
            index = sockets[descriptor]
            for _ in range(64):
                got = wires[index].receive()
                if got is None:
                    break
                moment, message = got
                values: Any = message.arguments
                if message.address == "/composer/phrase/begin":
                    matches[index].begin(asked[index])
                elif message.address == "/composer/phrase/note":
                    matches[index].note(values[1], values[2] * 0.5)
                elif message.address == "/composer/play" and values[1]:
                    matches[index].play(values[0], moment)
    for match in matches:
        match.begin(0.0)
    first_late = [late for match in matches for late in match.first]
    note_late = [late for match in matches for late in match.later]
    replies = len(first_late)
    end_memory = memory(process)
    wires[0].send("status")
    status: dict[str, Any] = {}
    with contextlib.suppress(OutputError):
        values = wires[0].wait("status")[1].arguments
        status = dict(zip(values[::2], values[1::2], strict=False))
    return {
        "sessions": sessions,
        "seconds": seconds,
        "notes_sent": sent,
        "phrases": ended,
        "replies": replies,
        "first_note": quantiles(first_late),
        "later_notes": quantiles(note_late),
        "notes_played": len(note_late) + replies,
        "client_late": quantiles(late_sending),
        "server_late_99_ms": status.get("late_99_ms"),
        "memory_mb": [round(before, 1), round(end_memory, 1)],
    }


def bench(
    model: str = "default", *, phrases: int = 100, seconds: float = 60.0, sessions: int = 500
) -> dict[str, Any]:
    """All of it."""
    result: dict[str, Any] = {}
    with served(model) as (port, process):
        result["answers"] = answers(port, phrases)
        result["grid"] = grid(port, seconds)
        if sessions:
            result["crowd"] = crowd(port, process, sessions, min(seconds, 60.0))
    return result
