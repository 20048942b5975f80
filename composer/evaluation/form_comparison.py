"""Form comparison: figures of form of second halves by one source, and whether they give it away.

Conventions:
    What is in free time has no bars, and is left out. Several outputs of one piece are one
    witness: their figures are averaged, and the first of them stands for it before the listener.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from composer.evaluation.form_figures import FORM, FormFigures
from composer.evaluation.listener import Verdict, listen
from composer.evaluation.overlap import Estimate, mean, quantile
from composer.evaluation.split_piece import SecondHalf, SplitPiece
from composer.evaluation.traits import traits_of

LONG_COPIES = "longest_copy_95"
"""The 95th percentile of the longest copies."""
FORM_FIGURES: Mapping[str, str] = {**FORM, LONG_COPIES: "longest copy, 95th percentile over pieces"}
"""Figures by name, in words."""
_PERCENTILE = 0.95


def form_of(pieces: Sequence[SplitPiece], made: Sequence[SecondHalf]) -> dict[str, Estimate]:
    """The mean of each figure of form over pieces, and the 95th percentile of copies."""
    found: dict[int, list[FormFigures]] = {}
    for item in made:
        piece = pieces[item.index]
        if not item.segment.free:
            figures = FormFigures.of(piece.seed, item.segment, piece.analysis.key)
            found.setdefault(item.index, []).append(figures)
    table = {
        field.name: [_mean([getattr(one, field.name) for one in some]) for some in found.values()]
        for field in fields(FormFigures)
    }
    estimates = {name: mean(values) for name, values in table.items()}
    return {**estimates, LONG_COPIES: quantile(table["longest_copy"], _PERCENTILE)}


def closing(pieces: Sequence[SplitPiece]) -> Estimate:
    """The share of whole pieces that end on the tonic of their key."""
    return mean([piece.closes_on_tonic for piece in pieces])


def heard(pieces: Sequence[SplitPiece], made: Sequence[SecondHalf]) -> Verdict:
    """What a listener makes of one source, of which it hears one second half of each piece."""
    first: dict[int, SecondHalf] = {}
    for item in made:
        if not item.segment.free:
            first.setdefault(item.index, item)
    asked = [(pieces[index], item.segment) for index, item in first.items()]
    true = [traits_of(each.seed, each.second_half, each.analysis.key) for each, _ in asked]
    own = [traits_of(each.seed, segment, each.analysis.key) for each, segment in asked]
    return listen(true, own)


def _mean(values: Sequence[float]) -> float:
    known = np.array(values)[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
