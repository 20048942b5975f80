"""NumPy's npz files: all arrays of one, or a reason why not."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DAMAGE = (
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
"""What NumPy and zipfile raise for bytes that were cut short, overwritten or are not theirs."""


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name, all in memory. Nothing in it is unpickled.

    Raises:
        OSError: It is missing or cannot be opened.
        ValueError: It is damaged or no npz file; the reason, on one line.
    """
    # Opened here: of a damaged file, np.load leaves its own handle open.
    with path.open("rb") as stream:
        try:
            with np.load(stream) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(reason) from error
