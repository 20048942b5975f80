"""NumPy's npz files, in which weights and checkpoints lie: their arrays, or one error.

Nothing in such a file is unpickled. What is wrong with it is told in one line, the same
wherever it is read: it is missing, cannot be read, or is damaged, and what to do about it.
"""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import ModelError

DAMAGE = (
    AttributeError,
    EOFError,
    KeyError,
    MemoryError,  # a header that asks for more than there is
    OSError,  # a place before the file's beginning
    OverflowError,
    RuntimeError,  # a flag that says "encrypted", an unknown compression
    SyntaxError,
    TypeError,  # a single array where an archive is expected
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy and zipfile raise for bytes that were cut short, overwritten or are not theirs,
and what using arrays raises that are not the ones expected."""

INSTALL_AGAIN = "install the model again"


@contextmanager
def opened(path: Path, advice: str = INSTALL_AGAIN) -> Iterator[Mapping[str, NDArray[Any]]]:
    """The arrays of a file by name, read from it when they are asked for.

    Whatever of `DAMAGE` is raised inside the block counts as the file's damage, too: arrays
    that are not there, or have other sizes than whoever uses them needs.

    Args:
        path: Of the file.
        advice: What a user may do if it cannot be used.

    Raises:
        ModelError: It is missing, cannot be read or is damaged; one line with the reason.
    """
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; {advice}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path} cannot be read ({reason}); {advice}") from error
    # Opened here: of a damaged file, np.load leaves its own handle open.
    with stream:
        try:
            with np.load(stream) as arrays:
                yield arrays
        except DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ModelError(f"{path} is damaged ({reason}); {advice}") from error


def read(path: Path, advice: str = INSTALL_AGAIN) -> dict[str, NDArray[Any]]:
    """All arrays of a file by name, in memory.

    Raises:
        ModelError: As `opened`.
    """
    with opened(path, advice) as arrays:
        return dict(arrays)
