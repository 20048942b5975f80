"""Validation: nats per note by field on pieces that training never sees.

Whole pieces, untransposed and with their own plan, the state carried from the first step to
END. Nats are summed over
a corpus's pieces and divided by its notes; END's shift counts in the shift field but not
as a note. "all" is the plain mean over corpora, so that a big corpus does not hide the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import with_plan
from composer.encoding.columns import COLUMNS
from composer.encoding.events import FIELDS, NO_SHIFT, PART, SHIFT
from composer_training.data.dataset import Dataset, Record, to_events
from composer_training.data.streams import Batch, Steps, filled_up, learnt_notes


@dataclass(frozen=True, slots=True)
class Score:
    """Summed nats and counts of each field.

    Attributes:
        nats: float64 [5].
        counts: float64 [5], targets of each field.
        notes: Notes, without ENDs.
    """

    nats: NDArray[np.float64]
    counts: NDArray[np.float64]
    notes: float

    @classmethod
    def empty(cls) -> Score:
        """Nothing seen yet."""
        return cls(np.zeros(5), np.zeros(5), 0.0)

    def plus(self, nats: NDArray[np.float32], weights: NDArray[np.float32]) -> Score:
        """With one more batch, nats summed by field and its target weights [B, T, 5]."""
        counts = weights.sum(axis=(0, 1), dtype=np.float64)
        return Score(self.nats + nats, self.counts + counts, self.notes + counts[PART])

    @property
    def fields(self) -> dict[str, float]:
        """Nats per note of each field; a field without targets is 0."""
        per = np.where(self.counts > 0, self.nats / np.maximum(self.counts, 1), 0.0)
        per[SHIFT] = self.nats[SHIFT] / max(self.notes, 1)
        return dict(zip(FIELDS, per.tolist(), strict=True))

    @property
    def nats_per_note(self) -> float:
        """The sum over fields."""
        return sum(self.fields.values())


def mean(scores: dict[str, Score]) -> Score:
    """The mean over corpora, field by field."""
    per = np.array([list(score.fields.values()) for score in scores.values()])
    return Score(per.mean(axis=0), np.ones(5), 1.0)


def _steps(dataset: Dataset, record: Record) -> Steps:
    """A piece; of one that is to be played less it is scored what is to become unlikely."""
    notes = dataset.notes(record)
    steps = Steps.of(with_plan(to_events(record, notes)), record.dynamics)
    learnt_notes(steps, replace(record, weight=1.0), notes)
    return steps


def validation_batches(
    dataset: Dataset, steps: int, limit: int | None, batch_size: int = 32
) -> Iterator[tuple[str, Iterator[Batch]]]:
    """Yield (corpus, its batches). Pieces of like length share a batch.

    Args:
        dataset: With pieces in its "valid" split.
        steps: Steps in a batch.
        limit: Pieces per corpus at most; None: all.
        batch_size: Pieces side by side.
    """
    for corpus, records in dataset.corpora("valid").items():
        chosen = sorted(records[:limit], key=lambda record: record.count)

        def batches(chosen: list = chosen) -> Iterator[Batch]:  # type: ignore[type-arg]
            for first in range(0, len(chosen), batch_size):
                group = chosen[first : first + batch_size]
                pieces = [_steps(dataset, record) for record in group]
                longest = max(len(piece.table) for piece in pieces)
                for start in range(0, longest - 1, steps):
                    array = np.zeros((batch_size, steps + 1, len(COLUMNS)), dtype=np.int32)
                    array[..., SHIFT] = NO_SHIFT
                    weights = np.zeros((batch_size, steps, len(FIELDS)), dtype=np.float32)
                    parts = []
                    for row, piece in enumerate(pieces):
                        chunk = piece.table[start : start + steps + 1]
                        parts.append(piece.parts_that_may(start, steps, row * steps))
                        if len(chunk) > 1:
                            array[row, : len(chunk)] = chunk
                            weights[row, : len(chunk) - 1] = piece.weights[start + 1 :][:steps]
                    keep = np.full(batch_size, float(start > 0), dtype=np.float32)
                    yield Batch(array, filled_up(parts, batch_size * steps), weights, keep)

        yield corpus, batches()
