"""The two ends of the network in NumPy: embeddings before the trunk, heads after it.

They are small, and the heads' inputs are chosen one after another while a note is being
drawn, so they run here and not in the trunk's graph.

Conventions:
    B streams, K units of each head, F = 5 fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS
from composer.encoding.features import COLUMN_SIZES, COLUMNS
from composer.network import weights_file
from composer.network.config import ADVICE, GAIN_UNIT, HEAD_CONTEXT, NetworkConfig
from composer.network.trunk import Floats, Ints

ROW_BLOCK = 2
"""Rows of one matrix product in a head. Always the same, so that what a stream gets does
not depend on how many others run beside it (BLAS chooses its summation order by shape)."""


class Embeddings:
    """The vectors that the columns of a step stand for, one behind the other."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Put the tables into one.

        Args:
            weights: By path, as a model's weights.npz has them.

        Raises:
            KeyError: A table is missing.
            ValueError: One has not as many rows as its column has classes.
        """
        tables = [weights[f"in_{name}/embeddings"].astype(np.float32) for name in COLUMNS]
        if [len(table) for table in tables] != list(COLUMN_SIZES):
            raise ValueError("the embeddings are of other features")
        widths = [table.shape[1] for table in tables]
        # Rows are filled up to the widest, so that all columns are looked up in one call.
        widest = max(widths)
        self._rows = np.zeros((sum(COLUMN_SIZES), widest), dtype=np.float32)
        self._first = np.concatenate([[0], np.cumsum(COLUMN_SIZES)[:-1]]).astype(np.int64)
        for first, table in zip(self._first, tables, strict=True):
            self._rows[first : first + len(table), : table.shape[1]] = table
        used = np.arange(widest) < np.array(widths)[:, None]
        self._used = used.reshape(-1).nonzero()[0]
        self.width = sum(widths)

    def __call__(self, steps: NDArray[np.integer]) -> Floats:
        """Steps [B, 25] -> float32 [B, sum of the widths]."""
        found = self._rows.take(steps + self._first, axis=0)
        return found.reshape(len(steps), -1).take(self._used, axis=1)


class Heads:
    """The five heads in NumPy: logits of a field from the trunk and the fields chosen.

    A head's hidden layer sees each known column through an embedding and a matrix; the
    two are multiplied out once, so that a column costs one row of a table.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], head_units: int) -> None:
        """Multiply out.

        Args:
            weights: By path, as a model's weights.npz has them.
            head_units: Hidden units of each head.

        Raises:
            KeyError: A weight is missing.
            ValueError: Sizes do not fit one another.
        """
        self._units = head_units
        self._tables: list[Floats] = []
        self._columns: list[Ints] = []
        self._offsets: list[Ints] = []
        self._advice: list[tuple[Ints, Ints, Ints, Floats]] = []
        self._out: list[tuple[Floats, Floats]] = []
        for field in FIELDS:
            names = HEAD_CONTEXT[field]
            tables, start = [], 0
            for name in names:
                embedding = weights[f"known_{name}/embeddings"].astype(np.float32)
                width = embedding.shape[1]
                kernel = weights[f"head_{field}/from_context/kernel"].astype(np.float32)
                tables.append(embedding @ kernel[start : start + width])
                start += width
            sizes = [COLUMN_SIZES[COLUMNS.index(name)] for name in names]
            self._columns.append(np.array([COLUMNS.index(name) for name in names], dtype=np.int64))
            self._offsets.append(np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64))
            self._tables.append(np.concatenate(tables))
            gains = [
                (GAIN_UNIT * weights[f"head_{field}/{name}/embeddings"][:, 0]).astype(np.float32)
                for name in ADVICE
            ]
            starts = np.cumsum([0, *(len(gain) for gain in gains[:-1])])
            self._advice.append(
                (
                    np.array([COLUMNS.index(f"{prefix}_{field}") for _, prefix in ADVICE.values()]),
                    np.array([COLUMNS.index(trust) for trust, _ in ADVICE.values()]),
                    starts,
                    np.concatenate(gains),
                )
            )
            if len(weights[f"head_{field}/logits/kernel"]) != head_units:
                raise ValueError(f"head_{field} does not have {head_units} units")
            kernel = weights[f"head_{field}/logits/kernel"].astype(np.float32)
            bias = weights[f"head_{field}/logits/bias"].astype(np.float32)
            # One class more than there are, for advice that names none.
            self._out.append((np.pad(kernel, ((0, 0), (0, 1))), np.pad(bias, (0, 1))))

    def __call__(self, field: int, hidden: Floats, columns: Ints) -> Floats:
        """Logits of one field.

        Args:
            field: Index in `FIELDS`.
            hidden: float32 [B, F * K] from the trunk.
            columns: int [B, 25]; only what the field may see is looked at.

        Returns:
            float32 [B, classes of the field].
        """
        units, count = self._units, len(columns)
        rows = columns.take(self._columns[field], axis=1)
        rows += self._offsets[field]
        known = self._tables[field].take(rows, axis=0)  # [B, columns seen, K]
        x = np.add.reduce(known, axis=1)
        x += hidden[:, field * units : (field + 1) * units]
        kernel, bias = self._out[field]
        blocks = np.zeros((-(-count // ROW_BLOCK), ROW_BLOCK, units), dtype=np.float32)
        np.maximum(x, 0.0, out=blocks.reshape(-1, units)[:count])
        width = len(bias)
        logits: Floats = np.matmul(blocks, kernel).reshape(-1, width)[:count]
        logits += bias
        flat, first = logits.reshape(-1), np.arange(0, count * width, width)
        named, trusts, starts, gains = self._advice[field]
        advised = first[:, None] + columns.take(named, axis=1)
        # Two that name the same class both count, so this cannot be an indexed addition.
        np.add.at(flat, advised, gains.take(columns.take(trusts, axis=1) + starts))
        return logits[:, :-1]


def load_ends(folder: Path, config: NetworkConfig) -> tuple[Embeddings, Heads]:
    """What comes before a model's trunk and after it.

    Raises:
        ModelError: Its weights are missing, damaged, or do not fit the configuration.
    """
    with weights_file.opened(folder / "weights.npz") as stored:
        # Members are read one by one: the trunk's, most of it all, are not needed to play.
        weights = {n: stored[n] for n in stored if n.startswith(("in_", "head_", "known_"))}
        return Embeddings(weights), Heads(weights, config.head_units)
