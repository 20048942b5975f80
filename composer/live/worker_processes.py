"""Worker processes: further processes of one server, which share its UDP port.

Python does one thing at a time in a process. Where several processes listen on one port,
Linux deals the clients out among them, each always to the same one: every process is a
whole server for its own players.

A worker ends, and silences all it started, when its standard input ends: so it does not
outlive the server, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from composer.errors import OutputError, SettingError

logger = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds in which a worker ends after it was told to."""


def check_processes(processes: int, reply_port: int | None) -> None:
    """See whether a server can be made of so many processes.

    Raises:
        SettingError: Not on this system, or not with these replies.
    """
    if processes == 1:
        return
    if not sys.platform.startswith("linux"):
        raise SettingError("several processes share a port on Linux only; leave out --processes")
    if reply_port is not None:
        raise SettingError(
            "--processes needs --reply-source: a client keeps to one process by its own port"
        )


def on_own_cores(processes: Sequence[int]) -> None:
    """Let each of these processes run on a core of its own, if there are as many.

    What a step of the network needs is then still in the core's caches at the next step.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(processes) > len(cores):
        return
    for core, process in zip(cores, processes, strict=False):
        with contextlib.suppress(OSError):  # it ended, or may not be moved by this user
            for thread in os.listdir(f"/proc/{process}/task"):
                os.sched_setaffinity(int(thread), {core})


def composer_command() -> list[str]:
    """The beginning of a command that runs this composer in a process of its own.

    With -P, what lies in the working folder is not taken for a package of that name.
    """
    return [sys.executable, "-P", "-m", "composer"]


class ServerWorkers:
    """Processes beside this one.

    Attributes:
        pids: Their numbers.
    """

    def __init__(self, count: int, arguments: Sequence[str]) -> None:
        """Start them and wait until they are ready.

        Args:
            count: How many.
            arguments: Of `composer serve`.

        Raises:
            OutputError: One does not get ready.
        """
        command = [*composer_command(), "serve", "--server-worker", "--json", *arguments]
        self._ending = False
        self._running = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        try:
            for process in self._running:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line or not json.loads(line)["ready"]:
                    raise OutputError("a process of the server did not start; see above")
        except BaseException:
            self.close()
            raise
        self.pids = [process.pid for process in self._running]
        for process in self._running:
            threading.Thread(
                target=self._watch, args=(process,), name="composer worker", daemon=True
            ).start()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        process.wait()
        if not self._ending:
            logger.error("process %s of the server ended; the others go on", process.pid)

    def close(self) -> None:
        """End them, and wait until they have."""
        self._ending = True
        for process in self._running:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def at_end_of_input(act: Callable[[], None]) -> None:
    """Call something when standard input ends."""

    def wait() -> None:
        sys.stdin.buffer.read()
        act()

    threading.Thread(target=wait, name="composer server", daemon=True).start()
