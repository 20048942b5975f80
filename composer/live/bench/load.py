"""Load: many sessions at once, each playing four notes a second and being answered.

Every session plays a phrase of eight notes in two seconds, says that it is over in the
same instant as its last note, and goes on with the next while the answer is played.

Conventions:
    Moments and lateness are seconds; what `crowd` returns is milliseconds. A note of an
    answer is late by as much as it comes after the moment at which its place in the answer
    lies, counted from when the answer was asked for. Notes of an accompaniment are put right until
    they begin: how late they leave is the server's own reckoning.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import random
import select
import sys
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from composer.errors import OutputError
from composer.live.bench.client import Wire, cpu_seconds, dropped, memory
from composer.live.wire.socket_stamps import STAMPED

STEP = 0.25
"""Seconds between two notes of a session."""
PHRASE = 8
"""Notes of a phrase."""
LAST = 2.5
"""Seconds that are waited for the last answers."""
EARLY = 0.005
"""Seconds before its place at which a note may be played."""
GATHER = 0.002
"""Seconds for which packets are gathered where the system says when they came."""
ACCOMPANY, BPM, BAND = "accompany", 120.0, "bass drums"
"""Where a band plays under each session, its tempo and its band."""
TOLD = ("late_median_ms", "late_99_ms", "dropped")
"""What is asked of the server in the end."""
HALF = 0.5
"""Seconds of a beat in free time."""


class Answers:
    """What one session asked for, what was announced to it, and what was played.

    Attributes:
        asked: Moments at which an answer was asked for.
    """

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._begun: dict[int, float] = {}
        self._due: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
        self._plays: defaultdict[int, list[float]] = defaultdict(list)

    def begin(self, number: int) -> None:
        """An answer is announced: to what was asked last."""
        if self.asked and self.asked[-1] not in self._begun.values():
            self._begun[number] = self.asked[-1]

    def note(self, number: int, pitch: int, start: float) -> None:
        """A note of an answer is announced, so many seconds into it."""
        if number in self._begun:
            self._due[pitch].append((self._begun[number] + start, number))

    def play(self, pitch: int, moment: float) -> None:
        """A note is played."""
        self._plays[pitch].append(moment)

    @property
    def played(self) -> int:
        """Notes that were played."""
        return sum(len(moments) for moments in self._plays.values())

    def reckon(self) -> tuple[list[float], list[float], int, int]:
        """How late the first note of each answer was, and all others.

        Returns:
            The former, the latter, answers that were not played, and notes announced and
            not played.
        """
        played: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
        missed = 0
        for pitch, due in self._due.items():
            due.sort()
            # From the last one back, each for the last note that was due by then: where one
            # was left out, those after it are still taken for themselves.
            for play in sorted(self._plays[pitch], reverse=True):
                index = bisect_right(due, (play + EARLY, math.inf)) - 1
                if index >= 0:
                    moment, number = due.pop(index)
                    played[number].append((moment, play - moment))
            missed += len(due)
        first, later = [], []
        for notes in played.values():
            notes.sort()
            first.append(notes[0][1])
            later += [late for _, late in notes[1:]]
        return first, later, len(self.asked) - len(played), missed


def crowd(
    port: int,
    processes: Sequence[int],
    sessions: int = 500,
    seconds: float = 30.0,
    mode: str = "call",
) -> dict[str, Any]:
    """Play in many sessions at once.

    Args:
        port: The server's.
        processes: Their numbers.
        sessions: How many.
        seconds: How long each plays.
        mode: "call", to be answered, or "accompany", to have a band under it.
    """
    wires = [Wire(port) for _ in range(sessions)]
    try:
        figures = _play(wires, processes, seconds, mode == ACCOMPANY)
        return figures | {"datagrams_dropped": dropped(port)}
    finally:
        for wire in wires:
            wire.close()


def _play(
    wires: Sequence[Wire], processes: Sequence[int], seconds: float, accompanied: bool
) -> dict[str, Any]:
    by_socket = {wire.udp.fileno(): index for index, wire in enumerate(wires)}
    ready = _poll(list(by_socket))
    for wire in wires:
        # No reply is interrupted by the next phrase, and silence ends no phrase.
        wire.send("set", "interrupt", 0)
        wire.send("set", "wait", 5)
        if accompanied:
            wire.send("tempo", BPM)
            wire.send("set", "band", BAND)
            wire.send("set", "mode", ACCOMPANY)
        time.sleep(0.002)
    answers = [Answers() for _ in wires]
    waited: list[float] = []
    sizes: list[float] = []
    chance = random.Random(2)
    origin = time.time() + 0.5
    queue = [(origin + chance.random() * STEP * PHRASE, index, 0) for index in range(len(wires))]
    heapq.heapify(queue)
    spent = cpu_seconds(processes)
    sent = 0
    look = origin + 1.0
    while queue:
        now = time.time()
        while queue and queue[0][0] <= now:
            when, index, step = heapq.heappop(queue)
            waited.append(now - when)
            wire = wires[index]
            wire.send("note", 48 + (index + 5 * step) % 24, 90, 1, 0.2)
            sent += 1
            if step % PHRASE == PHRASE - 1 and not accompanied:
                answers[index].asked.append(wire.send("phrase/end"))
            if when + STEP < origin + seconds:
                heapq.heappush(queue, (when + STEP, index, step + 1))
        if now >= look:
            look += 1.0
            sizes.append(memory(processes))
        left = max(queue[0][0] - time.time(), 0.0) if queue else LAST
        if STAMPED:
            # When a packet came is known whenever it is read: not to wake up for each leaves
            # the server more of the cores that the two share.
            time.sleep(min(left, GATHER))
            left = 0.0
        for descriptor, _ in ready(left):
            index = by_socket[descriptor]
            _hear(wires[index], answers[index])
    spent = cpu_seconds(processes) - spent
    end = time.time() + LAST
    while (left := end - time.time()) > 0:
        for descriptor, _ in ready(left):
            index = by_socket[descriptor]
            _hear(wires[index], answers[index])
    if accompanied:
        return _played_under(wires, answers, seconds) | {
            "processes": len(processes),
            "notes_sent": sent,
            "client_late": quantiles(waited),
            "server_cores": round(spent / seconds, 3),
            "memory_mb": _thirds(sizes),
        }
    reckoned = [answer.reckon() for answer in answers]
    first = [late for some, _, _, _ in reckoned for late in some]
    later = [late for _, some, _, _ in reckoned for late in some]
    return {
        "sessions": len(wires),
        "processes": len(processes),
        "seconds": seconds,
        "notes_sent": sent,
        "phrases": sum(len(answer.asked) for answer in answers),
        "lost": sum(lost for _, _, lost, _ in reckoned),
        "first_note": quantiles(first),
        "all_notes": quantiles(first + later),
        "not_played": sum(missed for _, _, _, missed in reckoned),
        "client_late": quantiles(waited),
        "server": _status(wires[0]),
        "server_cores": round(spent / seconds, 3),
        "memory_mb": _thirds(sizes),
    }


def _played_under(
    wires: Sequence[Wire], answers: Sequence[Answers], seconds: float
) -> dict[str, Any]:
    """What bands played, and what of it was left out and late, as the server says."""
    states = [_status(wire) for wire in wires]
    return {
        "mode": ACCOMPANY,
        "sessions": len(wires),
        "seconds": seconds,
        "all_notes": {"count": sum(answer.played for answer in answers)},
        "without_a_band": sum(not answer.played for answer in answers),
        "not_played": sum(state.get("dropped", 0) for state in states),
        "late_median_ms": max(state.get("late_median_ms", 0.0) for state in states),
        "late_99_ms": max(state.get("late_99_ms", 0.0) for state in states),
    }


def _poll(sockets: Sequence[int]) -> Callable[[float], list[tuple[int, int]]]:
    """Something that waits so many seconds at most for any of many sockets."""
    if sys.platform == "linux":
        many = select.epoll(len(sockets))
        for descriptor in sockets:
            many.register(descriptor, select.EPOLLIN)
        return many.poll
    some = select.poll()
    for descriptor in sockets:
        some.register(descriptor, select.POLLIN)
    return lambda seconds: some.poll(seconds * 1000)


def _hear(wire: Wire, answers: Answers) -> None:
    for _ in range(64):
        got = wire.receive()
        if got is None:
            return
        moment, message = got
        values: Any = message.arguments
        if message.address == "/composer/play":
            if values[1]:
                answers.play(values[0], moment)
        elif message.address == "/composer/phrase/note":
            answers.note(values[0], values[1], values[2] * HALF)
        elif message.address == "/composer/phrase/begin":
            answers.begin(values[0])


def _status(wire: Wire) -> dict[str, Any]:
    """What the server says of itself."""
    wire.send("status")
    with contextlib.suppress(OutputError):
        values = wire.wait("status", 3.0)[1].arguments
        status = dict(zip(values[::2], values[1::2], strict=False))
        return {name: status[name] for name in TOLD if name in status}
    return {}


def _thirds(sizes: Sequence[float]) -> list[float]:
    """Memory after one, two and three thirds of the time."""
    if not sizes:
        return []
    return [round(sizes[max(len(sizes) * part // 3 - 1, 0)], 1) for part in (1, 2, 3)]


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and greatest of some seconds, in milliseconds."""
    ranked = sorted(values)
    if not ranked:
        return {"median": float("nan"), "p99": float("nan"), "max": float("nan"), "count": 0}
    return {
        "median": round(1000 * ranked[len(ranked) // 2], 3),
        "p99": round(1000 * ranked[min(int(len(ranked) * 0.99), len(ranked) - 1)], 3),
        "max": round(1000 * ranked[-1], 3),
        "count": len(ranked),
    }
