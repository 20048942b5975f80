"""Console keys: single keys that are pressed at the terminal, without Enter.

Where standard input is no terminal, or one that belongs to another program at the moment, no key
is read.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator

EVERY = 0.1
"""Seconds between two looks at whether it is over."""
PATIENCE = 1.0


@contextlib.contextmanager
def keys_to(press: Callable[[str], None]) -> Iterator[bool]:
    """Hand every key that is pressed while this lasts to a function, on a thread of its own.

    Yields:
        Whether keys are read.
    """
    read = _windows_keys if sys.platform == "win32" else _terminal_keys
    ended = threading.Event()
    with contextlib.ExitStack() as stack:
        wait = stack.enter_context(read())
        if wait is None:
            yield False
            return

        def listen() -> None:
            while not ended.is_set():
                for key in wait(EVERY):
                    press(key)

        thread = threading.Thread(target=listen, name="composer keys", daemon=True)
        thread.start()
        try:
            yield True
        finally:
            ended.set()
            thread.join(timeout=PATIENCE)


Wait = Callable[[float], str]
"""Waits so many seconds at most for keys; "" for none."""
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-9;]*[A-Za-z~]?|O.)?")
"""What the arrows and the like send, which is no key of ours (ECMA-48, 5.4)."""


@contextlib.contextmanager
def _terminal_keys() -> Iterator[Wait | None]:
    """Of a terminal as POSIX has it, which is left as it was."""
    import select
    import termios
    import tty

    try:
        line = sys.stdin.fileno()
        ours = os.isatty(line) and os.tcgetpgrp(line) == os.getpgrp()
        before = termios.tcgetattr(line) if ours else None
    except (OSError, ValueError, termios.error):  # ValueError: closed, or no file at all
        before = None
    if before is None:
        yield None
        return

    def wait(seconds: float) -> str:
        ready, _, _ = select.select((line,), (), (), seconds)
        if not ready:
            return ""
        # Keys that were pressed quickly come together.
        return _SEQUENCE.sub(b"", os.read(line, 64)).decode("ascii", "ignore")

    tty.setcbreak(line, termios.TCSANOW)  # Ctrl-C still ends the server
    try:
        yield wait
    finally:
        termios.tcsetattr(line, termios.TCSANOW, before)


@contextlib.contextmanager
def _windows_keys() -> Iterator[Wait | None]:
    """Of a console window."""
    if sys.platform != "win32" or not sys.stdin.isatty():
        yield None
        return
    import msvcrt
    import time

    def wait(seconds: float) -> str:
        if not msvcrt.kbhit():
            time.sleep(seconds)
            return ""
        key = msvcrt.getwch()
        if key in ("\0", "\xe0"):  # the first half of an arrow
            msvcrt.getwch()
            return ""
        return key

    yield wait
