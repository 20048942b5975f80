"""Log keeper: writes what sessions played to files, now and then and at their ends.

Conventions:
    Moments are seconds on the server's clock. A file is called DATE-TIME-SESSION-NUMBER.mid.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from composer.errors import OutputError
from composer.files import reason, shown
from composer.live.core.session_log import MOST, SessionLog
from composer.live.core.sessions import SessionKey
from composer.live.wire.session_files import save_log

logger = logging.getLogger(__name__)

SAVED_EVERY = 60.0
"""Seconds between two writings of a session's log."""
KEPT = 500
"""Files that are kept in the user's data folder; the oldest are deleted."""

Job = Callable[[Callable[[], Any], Callable[[Any, float], None]], None]
"""Runs its first argument elsewhere, and then its second with the result (or the error)
and the moment."""

_OURS = re.compile(r"\d{8}-\d{6}-.*-\d+\.mid")


class LogKeeper:
    """The logs of all sessions, on their way to files."""

    def __init__(self, folder: Path, job: Job, *, most: int | None = None) -> None:
        """Nothing written yet.

        Args:
            folder: Where files go; it is made with the first one.
            job: Runs the writing.
            most: Files that are kept, the newest; None for all.
        """
        self._folder, self._job, self._most = folder, job, most
        self._saved: dict[SessionKey, tuple[Path, float]] = {}
        self._count = 0

    def prepare(self) -> None:
        """Make the folder at once, to learn now and not after an hour that it cannot be written.

        Raises:
            OutputError: It cannot.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (probe := self._folder / f".composer-{secrets.token_hex(6)}.tmp").touch()
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"jams cannot be kept in {shown(self._folder)} ({reason(error)}): "
                "give another folder with --log, or --no-log"
            ) from error

    def keep(self, now: float, key: SessionKey, log: SessionLog) -> SessionLog:
        """Write a session's log if it is time to. Returns the log to go on with."""
        if not log.changed or not len(log):
            return log
        if key not in self._saved:
            self._saved[key] = (self._path(key), now)
            return log
        path, saved = self._saved[key]
        if len(log) >= MOST:
            self._save(log, path)
            del self._saved[key]
            return log.rotate()
        if now - saved >= SAVED_EVERY:
            log.changed = False
            self._save(log.copy(), path)
            self._saved[key] = (path, now)
        return log

    def end(self, key: SessionKey, log: SessionLog) -> None:
        """A session is over: write its log, if there is anything in it."""
        path, _ = self._saved.pop(key, (None, -math.inf))
        if len(log):
            self._save(log, path or self._path(key))

    def _path(self, key: SessionKey) -> Path:
        name = "".join(c if c.isalnum() or c in ".-" else "-" for c in str(key))[:40]
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self._count += 1
        return self._folder / f"{stamp}-{name}-{self._count}.mid"

    def _save(self, log: SessionLog, path: Path) -> None:
        def work() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_log(log, path, force=True)
            if self._most is not None:
                remove_oldest(path.parent, self._most)

        def saved(result: object, now: float) -> None:
            if isinstance(result, Exception):
                logger.error("the session could not be kept: %s", result)

        self._job(work, saved)


def remove_oldest(folder: Path, most: int) -> None:
    """Leave so many of the files that a log keeper made, the newest by name."""
    ours: Iterable[Path] = (p for p in folder.iterdir() if _OURS.fullmatch(p.name))
    for path in sorted(ours)[:-most]:
        with contextlib.suppress(OSError):
            path.unlink()
