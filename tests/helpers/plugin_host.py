"""The plug-in's own code in a host of a few lines: compiled once, and played a script."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

PLUGIN = Path(__file__).parents[2] / "clients" / "plugin"
RATE = 48000
PATIENCE = 240.0

MODE, WAIT, PANIC, FRESH, WHILE_STOPPED, BYPASS = 0, 6, 10, 12, 13, 14
"""Numbers of parameters, as in `clients/plugin/src/parameters.hpp`."""


class Event(NamedTuple):
    """What came out.

    Attributes:
        frame: At which sample.
        beat: The host's, in quarter notes.
        on: Whether a note begins, or ends.
        pitch: 0..127.
        velocity: 0..127.
        channel: 0..15.
    """

    frame: int
    beat: float
    on: bool
    pitch: int
    velocity: int
    channel: int


class Played(NamedTuple):
    """What a script gave.

    Attributes:
        events: In order.
        allocations: In the audio callback.
        sounding: Notes that were never ended.
        began: When, in seconds as `time.monotonic` counts them.
    """

    events: list[Event]
    allocations: int
    sounding: int
    began: float

    @property
    def ons(self) -> list[Event]:
        return [event for event in self.events if event.on]


def build_script() -> ModuleType:
    """`clients/plugin/build.py`, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("plugin_build", PLUGIN / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiler() -> str | None:
    """A C++ compiler, if there is one."""
    return next((path for name in ("g++", "clang++") if (path := shutil.which(name))), None)


def host_program(folder: Path, *flags: str) -> Path:
    """Where `compile_host` leaves the host in a folder."""
    return folder / ("host_loop" + "".join(flags).replace("=", "-").replace(",", "-"))


def compile_host(folder: Path, *flags: str) -> Path:
    """The host of a few lines, with the plug-in's code in it."""
    found = compiler()
    assert found is not None
    program = host_program(folder, *flags)
    sources = ["test/host_loop.cpp", "src/player.cpp", "src/connection.cpp"]
    command = [
        found, "-std=c++17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", *flags,
        *sources, "src/server_process.cpp", "-o", str(program),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=PLUGIN, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return program


def begin(
    program: Path,
    port: int,
    lines: Sequence[str],
    *,
    realtime: bool = False,
    block: int = 256,
    command: str = "",
) -> subprocess.Popen[str]:
    """Begin to play a script; see `clients/plugin/test/host_loop.cpp`.

    Args:
        program: The host.
        port: Where it looks for a server.
        lines: The script.
        realtime: Whether it takes the time that it says.
        block: Frames.
        command: What starts a server; "" for none.
    """
    running = subprocess.Popen(
        [program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"COMPOSER_OSC_PORT": str(port), "COMPOSER_COMMAND": command},
    )  # fmt: skip
    assert running.stdin is not None
    head = [f"rate {RATE}", f"block {block}", f"realtime {int(realtime)}"]
    running.stdin.write("\n".join([*head, *lines]) + "\n")
    running.stdin.close()
    running.stdin = None
    return running


def finish(running: subprocess.Popen[str]) -> Played:
    """Wait for a script to end, and read what came out."""
    out, errors = running.communicate(timeout=PATIENCE)
    assert not running.returncode and not errors, errors
    events, last = [], {}
    for line in out.splitlines():
        words = line.split()
        if len(words) == 2:
            last[words[0]] = int(words[1])
        else:
            frame, beat, kind, pitch, velocity, channel = words
            row = (int(frame), float(beat), kind == "on", int(pitch), int(velocity), int(channel))
            events.append(Event(*row))
    return Played(events, last["allocations"], last["sounding"], last["began"] / 1e6)


def play(
    program: Path, port: int, lines: Sequence[str], *, realtime: bool = False, block: int = 256
) -> Played:
    """Play a script to its end."""
    return finish(begin(program, port, lines, realtime=realtime, block=block))


def note(moment: float, pitch: int, seconds: float = 0.25, velocity: int = 90) -> list[str]:
    """A note of the player's."""
    return [f"{moment} on {pitch} {velocity}", f"{moment + seconds} off {pitch}"]
