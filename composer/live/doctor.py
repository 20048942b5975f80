"""Doctor: whether this computer is fit for playing live, and what would help.

Conventions:
    Times are milliseconds in what is shown.
"""

from __future__ import annotations

import platform
import socket
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from composer import __version__
from composer.distribution import install_extra
from composer.errors import ComposerError

RTMIDI = "python-rtmidi" if sys.version_info < (3, 13) else "rtmidi2"
PACKAGES = {
    "ai-edge-litert": "the network",
    "numpy": "the network",
    "mido": "MIDI files",
    RTMIDI: "MIDI ports",
    "aalink": "Ableton Link",
}
OPTIONAL = {RTMIDI: "midi", "aalink": "link"}
JITTER, NOTE = 5.0, 5.0
"""Milliseconds from which on advice is given."""


@dataclass(slots=True)
class Findings:
    """What was found.

    Attributes:
        facts: Names and values, for people and programs.
        advice: What would help, a line each.
        fit: Whether it can play at all.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)
    fit: bool = True


def examine(model: str = "default") -> Findings:
    """Look at everything that playing live needs."""
    found = Findings()
    facts, advice = found.facts, found.advice
    facts["composer"] = __version__
    facts["python"] = f"{platform.python_version()} on {platform.platform(terse=True)}"
    for package, use in PACKAGES.items():
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
            if package in OPTIONAL:
                advice.append(f"for {use}: {install_extra(OPTIONAL[package])}")
            else:
                found.fit = False
                advice.append(f"{package} ({use}) is missing; install composer again")
    _ports(found)
    _udp(found)
    _jitter(found)
    _network(found, model)
    return found


def _ports(found: Findings) -> None:
    from composer.live.wire.midi_library import port_names

    try:
        ins, outs = port_names()
    except ComposerError as error:
        found.facts["MIDI"] = str(error)
        return
    found.facts["MIDI ports to listen to"] = ", ".join(ins) or "none"
    found.facts["MIDI ports to play to"] = ", ".join(outs) or "none"
    if not outs:
        windows = platform.system() == "Windows"
        found.advice.append(
            "there are no MIDI ports; make one with loopMIDI"
            if windows
            else "there are no MIDI ports; composer serve --virtual composer makes them"
        )


def _udp(found: Findings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind(("127.0.0.1", 9190))
            found.facts["OSC port 9190"] = "free"
        except OSError:
            found.facts["OSC port 9190"] = "taken"
            found.advice.append("UDP port 9190 is taken: a server runs, or use --osc-port")


def _jitter(found: Findings) -> None:
    middle, worst = (1000 * value for value in wake_up_jitter())
    found.facts["wake-up after it was due, ms"] = f"median {middle:.2f}, 99 % {worst:.2f}"
    if worst > JITTER:
        found.advice.append(
            "this computer wakes programs late: close others, take it off battery saving"
        )


def _network(found: Findings, model: str) -> None:
    from composer import models
    from composer.generation.settings import Settings
    from composer.live.core.improviser import GenerateRequest
    from composer.live.playing.batch_slots import BLOCKS
    from composer.live.playing.inference import InferenceScheduler
    from composer.network.predictor import Predictor

    try:
        predictor = Predictor.load(models.find(model), threads=1, sizes=BLOCKS)
    except ComposerError as error:
        found.facts["model"] = str(error)
        found.fit = False
        return
    scheduler = InferenceScheduler(predictor)
    scheduler.warm_up()
    improviser = scheduler.improviser()
    improviser.set_parts("beats", 96, {0: 0})
    for step in range(8):
        improviser.note_off(improviser.note_on(12 * step, 0, 60 + step, 80), 12 * step + 12)
    improviser.generate(GenerateRequest(96, 96, 96 * 9, frozenset({0}), Settings(), 1))
    times = []
    while not scheduler.idle:
        start = time.perf_counter()
        scheduler.step()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    middle, worst = times[len(times) // 2], times[int(len(times) * 0.99)]
    found.facts["model"] = model
    found.facts["a step of the model, ms"] = f"median {middle:.2f}, 99 % {worst:.2f}"
    if middle > NOTE:
        found.advice.append("the model is slow here: close other programs")


def wake_up_jitter(seconds: float = 1.0, step: float = 0.005) -> tuple[float, float]:
    """How late this computer wakes a program that waits: median and 99 %, in seconds."""
    late = []
    start = time.perf_counter()
    due = start
    while due < start + seconds:
        due += step
        time.sleep(max(due - time.perf_counter(), 0.0))
        late.append(time.perf_counter() - due)
    late.sort()
    return late[len(late) // 2], late[min(int(len(late) * 0.99), len(late) - 1)]
