"""Jobs: what takes long is run on a thread of its own, and its result handed back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

PATIENCE = 10.0
"""Seconds in which what was asked for is finished at the end."""


class Jobs:
    """One thread that does one thing after another."""

    def __init__(self, post: Callable[[Callable[[float], None]], None]) -> None:
        """Nothing to do yet.

        Args:
            post: Has the server's thread call something, with the moment.
        """
        self._post = post
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Any], then: Callable[[Any, float], None]) -> None:
        """Run something, and hand its result, or its error, to `then` with the moment."""

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # handed on to `then`
                result = error
            self._post(lambda now: then(result, now))

        self._waiting.put(job)

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._work, name="composer files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish what was asked for, and end."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            job()
