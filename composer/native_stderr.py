"""Native standard error: keep a library's small talk off standard error, and nothing else.

Libraries in C++ write to file descriptor 2 past `sys.stderr`, so a line of theirs can only
be caught there.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator

TENSORFLOW_GREETINGS = (
    *(f"{letter}{digit}".encode() for letter in "IWE" for digit in range(10)),  # I0000 00:00:17
    b"20",  # 2026-11-26 19:40:57.1: I tensorflow/core
    b"WARNING: All log messages before absl::InitializeLog()",
    b"To enable the following instructions",
)
"""How lines begin that TensorFlow's libraries write when they are loaded and look for a GPU."""

_lock = threading.Lock()


@contextlib.contextmanager
def without_lines(*beginnings: bytes) -> Iterator[None]:
    """Leave out lines on file descriptor 2 that begin so; the rest comes when this ends.

    For short calls: what other threads write meanwhile is held back until then, too.

    Args:
        beginnings: Of the lines to be left out.

    Raises:
        ValueError: One is empty, so that all lines would begin with it.
    """
    if b"" in beginnings:
        raise ValueError("every line begins with b''; say which lines are to be left out")
    with _lock, contextlib.ExitStack() as stack:
        try:
            caught = stack.enter_context(tempfile.TemporaryFile())
            error = os.dup(2)
        except OSError:  # no standard error (a windowed program), or no place for a file
            yield
            return
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(error, 2)
            os.close(error)
            caught.seek(0)
            rest = b"".join(line for line in caught if not line.startswith(beginnings))
            with contextlib.suppress(OSError):
                os.write(2, rest)
