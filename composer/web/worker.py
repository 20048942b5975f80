"""Worker: the web process's hold on the process that does requests.

One request is done at a time, and others wait in line. A request that takes too long, or that
nobody waits for any more, is ended with its process; the next one gets a new process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

from composer.errors import ComposerError
from composer.web.worker_process import LENGTH, framed

PATIENCE: Final = 120.0
"""Seconds that a request may take."""
MOST_WAITING: Final = 8
"""Requests in line."""
MOST_ANSWER: Final = 64 << 20
"""Bytes of an answer."""


class Busy(ComposerError):
    """Too many requests wait already."""


class Refused(ComposerError):
    """A request that cannot be done; the line says why.

    Attributes:
        kind: The name of the error's class in the worker; "Defect" for what is no fault of
            whoever asked, "Timeout" for what took too long.
    """

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.kind = kind


class Worker:
    """The process, begun when it is first needed.

    Attributes:
        waiting: Requests in line, with the one that is done.
        done: Requests that were done.
        patience: Seconds that a request may take.
    """

    def __init__(self, model: str, patience: float = PATIENCE) -> None:
        """No process yet.

        Args:
            model: Name or folder.
            patience: Seconds that a request may take.
        """
        self.waiting = self.done = 0
        self.patience = patience
        self._model = model
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process's number; None if there is none."""
        return None if self._process is None else self._process.pid

    async def load(self) -> None:
        """Have the network loaded, so that the first request need not wait for it."""
        with contextlib.suppress(ComposerError):
            await self.run("load", {})

    async def run(
        self, name: str, content: Any, progress: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """Have a request done.

        Args:
            name: Of `composer.web.requests.REQUESTS`.
            content: The request.
            progress: Told the share done, 0..1.

        Raises:
            Busy: Too many wait already.
            Refused: It cannot be done.
        """
        if self.waiting >= MOST_WAITING:
            raise Busy(f"{MOST_WAITING} requests wait already; try again later")
        self.waiting += 1
        try:
            async with self._turn:
                found = await self._timely({"do": name, "content": content}, progress)
        finally:
            self.waiting -= 1
        if "error" in found:
            raise Refused(found["error"], found["kind"])
        self.done += 1
        result = found["result"]
        assert isinstance(result, dict)
        return result

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _timely(
        self, asked: dict[str, Any], progress: Callable[[float], None] | None
    ) -> dict[str, Any]:
        whole = False
        try:
            async with asyncio.timeout(self.patience):
                found = await self._do(asked, progress)
            whole = True
        except TimeoutError:
            text = f"this took longer than {self.patience:g} s and was ended; ask for less"
            raise Refused(text, "Timeout") from None
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            raise Refused("composer could not do this: its process ended", "Defect") from None
        finally:
            if not whole:  # what is under way is of no use to anyone
                await self.close()
        return found

    async def _do(
        self, asked: dict[str, Any], progress: Callable[[float], None] | None
    ) -> dict[str, Any]:
        process = await self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(framed(asked))
        await process.stdin.drain()
        while True:
            (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            if length > MOST_ANSWER:
                raise ValueError("an answer is too long")
            message = json.loads(await process.stdout.readexactly(length))
            assert isinstance(message, dict)
            if "progress" not in message:
                return message
            if progress is not None:
                progress(message["progress"])

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        command = [sys.executable, "-P", "-m", "composer.web.worker_process", self._model]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        return self._process
