"""Comparison: continuations of unseen pieces beside the halves that really follow.

A piece is cut at a bar line near its middle. The first half is the seed, and what a source makes
of it is compared with the true second half: the distance between them in each descriptor, beside
that of random pairs of pieces of one corpus; their keys; the figures of form; whether a listener
can tell them apart; the longest copies from the seed and from the training music; and how many
outputs loop, fall silent or end early.

Conventions:
    Descriptors, distances and intervals as in `composer.analysis.descriptors` and
    `composer.evaluation.overlap`. Sources as in `composer.evaluation.sources`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.analysis.descriptors import descriptors_of, distance, krumhansl_key
from composer.analysis.segment import Segment
from composer.evaluation.copying import BarIndex, Copy, bars_of_segment
from composer.evaluation.form_comparison import form_of, heard
from composer.evaluation.listener import Verdict
from composer.evaluation.overlap import NOTHING, Estimate, distances, mean
from composer.evaluation.overlap import compare as overlap
from composer.evaluation.split_piece import SecondHalf, SplitPiece

LOOP_BARS = 8
"""Bars in a row that each repeat one of the four before; more is a loop."""
SILENT_BARS = 4
"""Bars of silence; more is a fault."""
SURPRISE = "surprise"
"""Nats per note of a second half under another model, a descriptor if there is such a model."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one source came to.

    Attributes:
        outputs: How many second halves it made.
        apart: Descriptor -> mean distance to the true second half.
        each: Descriptor -> distance of each piece to its true second half, NaN for none, in the
            order of the pieces.
        area: Descriptor -> overlapping area with the true second halves.
        divergence: Descriptor -> Kullback-Leibler divergence from them, in nats.
        keys: Share of outputs in the true second half's key, by music21.
        degenerate: Share of outputs that loop, are silent or all but empty.
        faults: How many of each kind.
        surprise: Nats per note under another model; NaN if there is none.
        from_seed: Each output's longest copy from its seed.
        from_training: Each output's longest copy from the music trained on; empty if that
            was not looked at.
        form: Figure of form -> its mean, as in `composer.evaluation.form_comparison`.
        heard: What a listener made of it beside the true second halves.
    """

    outputs: int
    apart: Mapping[str, Estimate]
    each: Mapping[str, Sequence[float]]
    area: Mapping[str, Estimate]
    divergence: Mapping[str, Estimate]
    keys: Estimate
    degenerate: Estimate
    faults: Mapping[str, int]
    surprise: Estimate
    from_seed: Sequence[Copy]
    from_training: Sequence[Copy]
    form: Mapping[str, Estimate]
    heard: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""

        def plain(table: Mapping[str, Estimate]) -> dict[str, Any]:
            return {name: value.as_dict() for name, value in table.items()}

        def longest(copies: Sequence[Copy]) -> dict[str, Any]:
            if not copies:
                return {}
            most = max(copies, key=lambda copy: (copy.bars, copy.notes))
            lengths = mean([float(copy.bars) for copy in copies])
            return {
                "bars": most.bars, "notes": most.notes, "source": most.source,
                "mean_bars": lengths.as_dict(),
                "over_4_bars": sum(copy.bars > 4 for copy in copies),
            }  # fmt: skip

        return {
            "outputs": self.outputs,
            "distance": plain(self.apart),
            "overlapping_area": plain(self.area),
            "divergence": plain(self.divergence),
            "key_agreement": self.keys.as_dict(),
            "degenerate": self.degenerate.as_dict(),
            "faults": dict(self.faults),
            "surprise": self.surprise.as_dict(),
            "longest_copy_from_seed": longest(self.from_seed),
            "longest_copy_from_training": longest(self.from_training),
            "form": plain(self.form),
            "listener": self.heard.as_dict(),
        }


def measure(
    pieces: Sequence[SplitPiece],
    made: Sequence[SecondHalf],
    index: BarIndex | None = None,
    surprise: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Figures:
    """Measure one source.

    Args:
        halves: The pieces.
        made: At least one second half each of some of them; of several of one piece the
            first stands for it in overlapping areas.
        index: Bars of the music trained on.
        surprise: Of what was made and of the true second halves, if someone was asked.
    """
    true = [descriptors_of(piece.second_half, dynamics=piece.dynamics) for piece in pieces]
    own = [descriptors_of(item.segment, dynamics=pieces[item.index].dynamics) for item in made]
    if surprise is not None:
        for tables, values in zip((own, true), surprise, strict=True):
            for each, value in zip(tables, values, strict=True):
                each[SURPRISE] = np.array([value])
    first: dict[int, int] = {}
    for number, item in enumerate(made):
        first.setdefault(item.index, number)
    apart, by_piece, area, divergence = {}, {}, {}, {}
    for name in true[0]:
        far = [
            distance(mine[name], true[item.index][name])
            for mine, item in zip(own, made, strict=True)
        ]
        groups = _groups(far, made)
        by_piece[name] = [groups.get(index, float("nan")) for index in range(len(pieces))]
        apart[name] = mean(by_piece[name])
        ours = [own[number][name] for number in first.values()]
        theirs = [true[piece][name] for piece in first]
        within = distances(theirs, theirs)
        area[name], divergence[name] = overlap(within, distances(ours, theirs))
    keys = [krumhansl_key(piece.second_half) for piece in pieces]
    faults = [fault(pieces[item.index], item.segment) for item in made]
    return Figures(
        outputs=len(made),
        apart=apart,
        each=by_piece,
        area=area,
        divergence=divergence,
        keys=_by_piece(
            [float("nan") if keys[item.index] is None
             else float(krumhansl_key(item.segment) == keys[item.index]) for item in made],
            made,
        ),
        degenerate=_by_piece([float(bool(name)) for name in faults], made),
        faults={name: faults.count(name) for name in ("loop", "silence", "empty")},
        surprise=NOTHING if surprise is None else _by_piece(surprise[0], made),
        from_seed=[
            BarIndex([("seed", bars_of_segment(pieces[item.index].seed))]).longest(
                bars_of_segment(item.segment)
            )
            for item in made
        ],
        from_training=[]
        if index is None
        else [index.longest(bars_of_segment(item.segment)) for item in made],
        form=form_of(pieces, made),
        heard=heard(pieces, made),
    )  # fmt: skip


def random_pairs(
    pieces: Sequence[SplitPiece], surprise: Sequence[float] | None = None
) -> tuple[dict[str, Estimate], Estimate]:
    """Distances of true second halves to those of other pieces of their corpora; their keys.

    Args:
        halves: The pieces.
        surprise: Of their true second halves, if someone was asked.

    Returns:
        (descriptor -> mean distance, share of pairs in one key). Each piece meets every other
        one of its corpus.
    """
    tables = [descriptors_of(piece.second_half, dynamics=piece.dynamics) for piece in pieces]
    for each, value in zip(tables, surprise or (), strict=surprise is not None):
        each[SURPRISE] = np.array([value])
    keys = [krumhansl_key(piece.second_half) for piece in pieces]
    groups: dict[str, list[int]] = {}
    for number, piece in enumerate(pieces):
        groups.setdefault(piece.corpus, []).append(number)
    apart: dict[str, list[float]] = {name: [] for name in tables[0]}
    same: list[float] = []
    for group in groups.values():
        if len(group) < 2:
            continue
        for name, values in apart.items():
            table = distances(*[[tables[number][name] for number in group]] * 2)
            np.fill_diagonal(table, np.nan)
            values += [_nanmean(row) for row in table]
        for number in group:
            others = [keys[other] == keys[number] for other in group if other != number]
            same.append(float("nan") if keys[number] is None else float(np.mean(others)))
    if not same:
        return dict.fromkeys(apart, NOTHING), NOTHING
    return {name: mean(values) for name, values in apart.items()}, mean(same)


def fault(piece: SplitPiece, segment: Segment) -> str:
    """What is wrong with a second half: "loop", "silence", "empty", or "" for nothing.

    What the seed does itself is not held against it.
    """
    if len(segment.rows) < 2:
        return "empty"
    if segment.silence > max(piece.seed.silence, SILENT_BARS * segment.bar):
        return "silence"
    return "loop" if segment.repeats > max(piece.seed.repeats, LOOP_BARS) else ""


def nearer(ours: Figures, theirs: Figures) -> dict[str, Estimate]:
    """Descriptor -> by how much one source lies nearer to the truth than another, piece by piece.

    Of the same pieces, what is easy or hard for both falls out, so this is known more exactly
    than the two means are. Under 0 it is farther.
    """
    return {
        name: mean(np.asarray(theirs.each[name]) - np.asarray(ours.each[name]))
        for name in ours.each
    }


def _by_piece(values: Sequence[float], made: Sequence[SecondHalf]) -> Estimate:
    """The mean over pieces; several outputs of one piece are one witness."""
    return mean(list(_groups(values, made).values()))


def _groups(values: Sequence[float], made: Sequence[SecondHalf]) -> dict[int, float]:
    """The mean of each piece's values."""
    groups: dict[int, list[float]] = {}
    for value, item in zip(values, made, strict=True):
        groups.setdefault(item.index, []).append(value)
    return {index: _nanmean(group) for index, group in groups.items()}


def _nanmean(values: Any) -> float:
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
