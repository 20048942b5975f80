"""Evaluation plot: the figures of `composer evaluate` as one picture.

Nats per note by field, a row for each group, and where it was asked for a curve of nats by
how far a note stands from its piece's beginning, with its interval.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from composer.plots.style import FAINT, INK, NEW_SHADES, SEED_SHADES, plain, pyplot, save

_SHADES = (SEED_SHADES[0], SEED_SHADES[1], SEED_SHADES[2], NEW_SHADES[1], NEW_SHADES[2])


def evaluation(
    document: Mapping[str, Any], path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Draw what was measured.

    Args:
        document: As `composer evaluate --json` prints it.
        path: PNG file to write.
        force: Replace what is there.

    Raises:
        DependencyError: matplotlib is not installed.
        OutputError: The file exists and `force` is not set, or it cannot be written.
    """
    groups: dict[str, Mapping[str, Any]] = {}
    for name in ("by_corpus", "by_part"):
        groups |= document.get(name, {})
    groups["all"] = document
    curve = document.get("by_position")
    height = 1.5 + 0.36 * len(groups)
    rows = 2 if curve else 1
    figure, axes = pyplot().subplots(
        rows, 1, figsize=(7.6, height + (2.6 if curve else 0)), squeeze=False,
        layout="constrained", gridspec_kw={"height_ratios": [height, 2.6][:rows]},
    )  # fmt: skip
    _bars(axes[0, 0], groups)
    axes[0, 0].set_title(_title(document), loc="left", color=INK, fontsize=10)
    if curve:
        _curve(axes[1, 0], curve)
    figure.legend(
        loc="outside lower center", ncols=len(_SHADES), frameon=False, fontsize=8.5,
        labelcolor=INK, handlelength=1.0,
    )  # fmt: skip
    save(figure, path, force=force)


def _title(document: Mapping[str, Any]) -> str:
    text = f"{document['nats_per_note']:.3f} nats per note"
    if document.get("interval"):
        low, high = document["interval"]
        text += f" ({low:.3f} to {high:.3f})"
    return f"{text}, {document['notes']} notes of {document['pieces']} pieces"


def _bars(axis: Any, groups: Mapping[str, Mapping[str, Any]]) -> None:
    """Fields side by side along each group's bar."""
    names = list(groups)
    left = np.zeros(len(names))
    fields = list(groups["all"]["fields"])
    for field, shade in zip(fields, _SHADES, strict=True):
        values = np.array([groups[name]["fields"][field] for name in names])
        axis.barh(names, values, left=left, color=shade, height=0.62, label=field)
        left += values
    for row, name in enumerate(names):
        interval = groups[name].get("interval")
        if interval:
            axis.plot(interval, [row, row], color=INK, lw=1.2, solid_capstyle="butt")
        end = max(left[row], interval[1] if interval else 0.0)
        axis.annotate(
            f"{left[row]:.3f}", (end, row), xytext=(5, 0), textcoords="offset points",
            va="center", color=INK, fontsize=9,
        )  # fmt: skip
    axis.invert_yaxis()
    axis.margins(x=0.1)
    axis.set_xlabel("nats per note", color=INK)
    plain(axis)


def _curve(axis: Any, stretches: Mapping[str, Mapping[str, Any]]) -> None:
    names = list(stretches)
    means = [stretches[name]["nats_per_note"] for name in names]
    places = np.arange(len(names))
    known = [index for index, name in enumerate(names) if stretches[name]["interval"]]
    low = [stretches[names[index]]["interval"][0] for index in known]
    high = [stretches[names[index]]["interval"][1] for index in known]
    axis.fill_between(places[known], low, high, color=SEED_SHADES[3], alpha=0.5, lw=0)
    axis.plot(places, means, color=SEED_SHADES[1], marker="o", ms=4)
    axis.set_xticks(places, names, rotation=30, ha="right")
    axis.set_xlabel("notes from the piece's beginning", color=INK)
    axis.set_ylabel("nats per note", color=INK)
    axis.grid(axis="y", color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    plain(axis)
    axis.tick_params(labelsize=8.5)
