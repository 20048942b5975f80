"""Latency: the real server over loopback, timed from the client's side.

    answers      from the moment a phrase is over to the first note of the answer
    grid         notes of a long reply against the grid they are due on, and its drift
    crowd        many sessions at once (`composer.live.bench.load`)

Conventions:
    Moments are those of `composer.live.bench.client`. Results are milliseconds.
"""

from __future__ import annotations

import random
import select
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from composer.errors import OutputError
from composer.live.bench.client import Wire, served
from composer.live.bench.load import ACCOMPANY, crowd, quantiles

WAIT = 0.4
"""Seconds of silence that end a phrase here."""
PAUSE = 0.1
"""Seconds between the last note and word that the phrase is over."""

Say = Callable[[str], None]

WAYS = {
    "told": "phrase/end, 0.1 s after the last key",
    "told_at_once": "phrase/end, with the last key",
    "silence": "0.4 s of silence",
}
"""How a phrase ends, in words."""


def answers(port: int, phrases: int = 100) -> dict[str, Any]:
    """How soon a phrase is answered: told to, at once after the last note, and by silence."""
    wire = Wire(port)
    results: dict[str, list[float]] = {way: [] for way in WAYS}
    chance = random.Random(1)
    wire.send("set", "wait", WAIT)
    wire.send("set", "bars", 1)
    for _ in range(phrases):
        for way, late in results.items():
            pitch = chance.randrange(55, 70)
            for step in (0, 2, 4, 5):
                wire.send("note", pitch + step, 90)
                time.sleep(0.02)
                over = wire.send("note", pitch + step, 0)
            if way == "told":
                time.sleep(PAUSE)
            wire.drain()
            if way == "silence":
                over += WAIT
            else:
                over = wire.send("phrase/end")
            moment, _ = wire.wait("play")
            late.append(moment - over)
            wire.send("reset")
            time.sleep(0.03)
            wire.drain()
    wire.close()
    return {way: quantiles(late) for way, late in results.items()}


def grid(port: int, seconds: float = 60.0, bpm: float = 137.0) -> dict[str, Any]:
    """How far the notes of an endless reply lie from the grid, and whether that grows.

    Raises:
        OutputError: There is hardly a reply.
    """
    wire = Wire(port)
    wire.send("tempo", bpm)
    wire.send("set", "mode", "continue")
    for pitch in (60, 64, 67, 72):
        wire.send("note", pitch, 90, 1, 0.1)
        time.sleep(60 / bpm)
    wire.send("phrase/end")
    off = list(_off_the_grid(wire, seconds, bpm))
    wire.send("panic")
    wire.close()
    if len(off) < 10:
        raise OutputError("the server hardly played; is its model right?")
    first = min(off[: max(len(off) // 10, 10)])
    late = [value - first for value in off]
    parts = [late[len(late) * part // 10 : len(late) * (part + 1) // 10] for part in range(10)]
    middles = [1000 * sorted(part)[len(part) // 2] for part in parts]
    return quantiles(late) | {
        "seconds": seconds,
        "drift_ms": round(middles[-1] - middles[0], 3),
        "tenths_ms": [round(middle, 3) for middle in middles],
    }


def _off_the_grid(wire: Wire, seconds: float, bpm: float) -> Iterator[float]:
    """Seconds by which each note comes after its announced place, from an unknown origin."""
    due: dict[int, list[float]] = {}
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
            yield moment - due[values[0]].pop(0)


def bench(
    model: str = "default",
    *,
    phrases: int = 100,
    seconds: float = 60.0,
    sessions: Sequence[int] = (500,),
    processes: int = 1,
    mode: str = "call",
    say: Say | None = None,
) -> dict[str, Any]:
    """All of it, each with a server of its own.

    Args:
        model: Name or folder.
        phrases: To be answered in each of three ways; 0 leaves that out.
        seconds: Of the long reply, and of each crowd; 0 leaves both out.
        sessions: Sizes of crowds, one after another.
        processes: That a crowd's server is made of.
        mode: Of the crowd's sessions: "call" or "accompany".
        say: Told what is being done.
    """
    say = say or (lambda line: None)
    result: dict[str, Any] = {"model": model}
    with served(model) as (port, _):
        if phrases:
            say(f"{phrases} phrases, three times")
            result["answers"] = answers(port, phrases)
        if seconds:
            say(f"a reply of {seconds:g} s")
            result["grid"] = grid(port, seconds)
    result["crowds"] = []
    for count in sessions if seconds else ():
        say(f"{count} sessions for {seconds:g} s")
        with served(model, processes) as (port, pids):
            result["crowds"].append(crowd(port, pids, count, seconds, mode))
    return result


def lines(result: dict[str, Any]) -> Iterator[str]:
    """The figures, to be read."""
    if "answers" in result:
        yield "From the end of a phrase to the first note of the answer:"
        for way, figures in result["answers"].items():
            yield _line(WAYS[way], figures)
    if "grid" in result:
        figures = result["grid"]
        yield f"Notes of a reply of {figures['seconds']:g} s, after they were due:"
        yield _line("all", figures)
        yield f"  drift from the first tenth to the last: {figures['drift_ms']:+.3f} ms"
    for figures in result["crowds"]:
        if figures.get("mode") == ACCOMPANY:
            yield from _band_lines(figures)
            continue
        who = f"{figures['sessions']} sessions, four notes a second each"
        done = f"{figures['phrases']} phrases, {figures['lost']} not answered"
        yield f"{who}, for {figures['seconds']:g} s: {done}"
        yield _line("first notes", figures["first_note"])
        yield _line("all notes", figures["all_notes"])
        sizes = ", ".join(f"{size:.0f}" for size in figures["memory_mb"])
        yield (
            f"  notes left out {figures['not_played']}, "
            f"datagrams dropped by the system {figures['datagrams_dropped']}"
        )
        yield (
            f"  processes {figures['processes']}, cores taken {figures['server_cores']:.2f}, "
            f"MB after each third {sizes}"
        )
        yield _line("(the client itself sent late by)", figures["client_late"])


def _band_lines(figures: dict[str, Any]) -> Iterator[str]:
    """The figures of sessions under which a band plays."""
    yield (
        f"{figures['sessions']} sessions, four notes a second each, a band under each, for "
        f"{figures['seconds']:g} s: {figures['all_notes']['count']} notes of the bands, "
        f"{figures['without_a_band']} sessions without any"
    )
    yield (
        f"  late by the server's reckoning: median {figures['late_median_ms']:.3f} ms, "
        f"99 % {figures['late_99_ms']:.3f}"
    )
    yield (
        f"  notes left out {figures['not_played']}, "
        f"datagrams dropped by the system {figures['datagrams_dropped']}"
    )
    yield f"  processes {figures['processes']}, cores taken {figures['server_cores']:.2f}"
    yield _line("(the client itself sent late by)", figures["client_late"])


def _line(name: str, figures: dict[str, float]) -> str:
    return (
        f"  {name:37} median {figures['median']:8.3f} ms   99 % {figures['p99']:8.3f}   "
        f"most {figures['max']:8.3f}   of {figures['count']}"
    )
