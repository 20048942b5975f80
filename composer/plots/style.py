"""Style: how composer's pictures look, and how they are written. PNG, by matplotlib.

Conventions:
    160 dots per inch. What was handed in is blue, what composer made of it is orange
    (Okabe and Ito, Color Universal Design, 2008: the pair that all kinds of colour vision
    tell apart).
"""

from __future__ import annotations

import io
import os
from typing import Any

from composer.errors import DependencyError
from composer.files import write

DPI = 160
SEED_SHADES = ("#0b3c6f", "#0072b2", "#56a0d8", "#9cc9ea")
NEW_SHADES = ("#8f3b00", "#d55e00", "#f08a2c", "#f9bf7a")
INK, FAINT = "#30343b", "#d9dce1"


def pyplot() -> Any:
    """The plotting module of matplotlib, drawing into memory and never on a screen.

    Raises:
        DependencyError: It is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise DependencyError("drawing needs matplotlib; run: pip install matplotlib") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def png(figure: Any) -> bytes:
    """A figure as a PNG file's bytes; lets go of the figure."""
    data = io.BytesIO()
    # No date or version in the file: the same music gives the same bytes.
    figure.savefig(data, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    pyplot().close(figure)
    return data.getvalue()


def save(figure: Any, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a figure as PNG, whole or not at all, and let go of it.

    Raises:
        OutputError: The file exists and `force` is not set, or it cannot be written.
    """
    write(png(figure), path, force=force)


def plain(axis: Any) -> None:
    """Only what is needed around the music."""
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(FAINT)
    axis.tick_params(length=0, labelsize=8.5, labelcolor=INK)
