"""The two ends of the network in NumPy: embeddings before the trunk, heads after it.

They are small, and the heads' inputs are chosen one after another while a note is being
drawn, so they run here and not in the trunk's graph.

Conventions:
    B streams, K units of each head, F = 5 fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMN_SIZES, COLUMNS, INPUTS, PROGRAM
from composer.encoding.events import FIELDS, PART, SLOTS
from composer.encoding.part_features import PART_FEATURE_SIZES, PART_FEATURES
from composer.encoding.part_order import RANKS
from composer.music.chords import NO_CHORD
from composer.music.notes import DRUM_PROGRAM
from composer.network import weights_file
from composer.network.config import (
    ADVICE,
    CHORD_GAIN,
    CHORD_PLACES,
    GAIN_UNIT,
    HEAD_CONTEXT,
    NetworkConfig,
    stored_name,
)
from composer.network.trunk import Floats, Ints

ROW_BLOCK = 2
"""Rows of one matrix product in a head. Always the same, so that what a stream gets does
not depend on how many others run beside it (BLAS chooses its summation order by shape)."""

_CHORD = COLUMNS.index("chord")

UNHEARD_OF = np.float32(-1e9)
"""Logit of a slot that no part has."""


ENDS_WITH = np.array([0.0, 1.1, 1.8, 2.3, 2.5], dtype=np.float32)
"""What speaks, in nats, for a length with which a note ends together with none, one, two ... of
those that sound, in free time. These figures are not learnt with the weights, which are not told of
other notes' ends: they are the likeliest for scores that are rendered as performances."""


@cache
def _starts(count: int, width: int) -> Ints:
    """Where each of so many rows of a width begins, one behind the other, [count]."""
    return np.arange(0, count * width, width)


def with_ends(logits: Floats, lengths: Ints) -> Floats:
    """Logits of the duration with what the ends of notes that sound say of it.

    Args:
        logits: float32 [B, classes].
        lengths: From `composer.encoding.sounding`, [B, 16].
    """
    count, classes = logits.shape
    # One class more than there are, for those that have ended.
    places = lengths + _starts(count, classes + 1)[:, None]
    ending = np.bincount(places.reshape(-1), minlength=count * (classes + 1))
    gains: Floats = ENDS_WITH.take(ending, mode="clip")
    return np.asarray(logits + gains.reshape(count, classes + 1)[:, :-1])


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
        tables = [
            weights[f"in_{stored_name(name)}/embeddings"].astype(np.float32) for name in INPUTS
        ]
        sizes = [COLUMN_SIZES[COLUMNS.index(name)] for name in INPUTS]
        if [len(table) for table in tables] != sizes:
            raise ValueError("the embeddings are of other features")
        widths = [table.shape[1] for table in tables]
        # Rows are filled up to the widest, so that all columns are looked up in one call.
        widest = max(widths)
        self._rows = np.zeros((sum(sizes), widest), dtype=np.float32)
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        self._columns = np.array([COLUMNS.index(name) for name in INPUTS], dtype=np.int64)
        for first, table in zip(self._first, tables, strict=True):
            self._rows[first : first + len(table), : table.shape[1]] = table
        used = np.arange(widest) < np.array(widths)[:, None]
        self._used = used.reshape(-1).nonzero()[0]
        self.width = sum(widths)

    def __call__(self, steps: NDArray[np.integer]) -> Floats:
        """Steps [B, 39] -> float32 [B, sum of the widths]."""
        found = self._rows.take(steps.take(self._columns, axis=1) + self._first, axis=0)
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
        self._heads = [
            None if index == PART else _Head(field, weights, head_units)
            for index, field in enumerate(FIELDS)
        ]
        self._pointer = _Pointer(weights, head_units)

    def __call__(self, field: int, hidden: Floats, columns: Ints) -> Floats:
        """Logits of one field other than the part.

        Args:
            field: Index in `FIELDS`.
            hidden: float32 [B, F * K] from the trunk.
            columns: int [B, 39]; only what the field may see is looked at.

        Returns:
            float32 [B, classes of the field].
        """
        head = self._heads[field]
        assert head is not None
        return head(hidden, columns)

    def part(self, hidden: Floats, columns: Ints, told: Ints, ranks: Ints) -> Floats:
        """Logits of the part.

        Args:
            hidden: float32 [B, F * K] from the trunk.
            columns: int [B, 39], followed as far as the shift.
            told: int [B, P, 14], what is told of each part.
            ranks: int [B, P], `NO_RANK` for slots that no part has.

        Returns:
            float32 [B, 32], `UNHEARD_OF` for slots that no part has.
        """
        return self._pointer(hidden, columns, told, ranks)


class _Hidden:
    """The hidden layer of a head, multiplied out.

    Attributes:
        columns: Those that it sees, [n].
        offsets: Where the classes of each begin in its table, [n].
    """

    def __init__(self, field: str, weights: Mapping[str, NDArray[Any]], units: int) -> None:
        names = HEAD_CONTEXT[field]
        tables, start = [], 0
        kernel = weights[f"head_{field}/from_context/kernel"].astype(np.float32)
        for name in names:
            embedding = weights[f"known_{stored_name(name)}/embeddings"].astype(np.float32)
            width = embedding.shape[1]
            tables.append(embedding @ kernel[start : start + width])
            start += width
        sizes = [COLUMN_SIZES[COLUMNS.index(name)] for name in names]
        self.columns = np.array([COLUMNS.index(name) for name in names], dtype=np.int64)
        self.offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        self._table = np.concatenate(tables)
        self._mine = slice(FIELDS.index(field) * units, (FIELDS.index(field) + 1) * units)
        self._units = units

    def __call__(self, hidden: Floats, rows: Ints) -> Floats:
        """After its nonlinearity, in blocks: float32 [blocks, ROW_BLOCK, K].

        Args:
            hidden: float32 [B, F * K] from the trunk.
            rows: int [n, B], the columns it sees, with their offsets.
        """
        count = rows.shape[1]
        blocks = np.zeros((-(-count // ROW_BLOCK), ROW_BLOCK, self._units), dtype=np.float32)
        x = blocks.reshape(-1, self._units)[:count]
        # [n, B, K] is added up by whole rows; NumPy takes three times as long for [B, n, K].
        np.add.reduce(self._table.take(rows, axis=0), axis=0, out=x)
        x += hidden[:, self._mine]
        np.maximum(x, 0.0, out=x)
        return blocks


class _Head:
    """Logits of a field of fixed classes."""

    def __init__(self, field: str, weights: Mapping[str, NDArray[Any]], units: int) -> None:
        self._hidden = _Hidden(field, weights, units)
        gains = [
            (GAIN_UNIT * weights[f"head_{field}/{name}/embeddings"][:, 0]).astype(np.float32)
            for name in ADVICE
        ]
        named = [COLUMNS.index(f"{prefix}_{field}") for _, prefix in ADVICE.values()]
        certainties = [COLUMNS.index(certainty) for certainty, _ in ADVICE.values()]
        starts = np.cumsum([0, *(len(gain) for gain in gains[:-1])])
        # What the hidden layer sees, then the classes named, then how certain each is.
        self._columns = np.concatenate([self._hidden.columns, named, certainties])
        self._offsets = np.concatenate([self._hidden.offsets, [0] * len(named), starts])[:, None]
        self._seen, self._advised = len(self._hidden.columns), len(self._columns) - len(certainties)
        self._gains = np.concatenate(gains)
        kernel = weights[f"head_{field}/logits/kernel"].astype(np.float32)
        if len(kernel) != units:
            raise ValueError(f"head_{field} does not have {units} units")
        self._by_chord = _by_chord(weights) if field == "pitch" else None
        # One class more than there are, for advice that names none.
        self._kernel = np.pad(kernel, ((0, 0), (0, 1)))
        self._bias = np.pad(weights[f"head_{field}/logits/bias"].astype(np.float32), (0, 1))

    def __call__(self, hidden: Floats, columns: Ints) -> Floats:
        count, width = len(columns), len(self._bias)
        rows = columns.T.take(self._columns, axis=0)
        rows += self._offsets
        blocks = self._hidden(hidden, rows[: self._seen])
        logits: Floats = np.matmul(blocks, self._kernel).reshape(-1, width)[:count]
        logits += self._bias
        advised = rows[self._seen : self._advised]
        advised += _starts(count, width)
        # Two that name the same class both count, so this cannot be an indexed addition.
        np.add.at(logits.reshape(-1), advised, self._gains.take(rows[self._advised :]))
        if self._by_chord is not None:
            # A kit's keys have no place in a chord.
            chords = np.where(columns[:, PROGRAM] == DRUM_PROGRAM, NO_CHORD, columns[:, _CHORD])
            logits[:, :-1] += self._by_chord.take(chords, axis=0)
        return logits[:, :-1]


def _by_chord(weights: Mapping[str, NDArray[Any]]) -> Floats:
    """What is added to the logit of each pitch by the chord in force, float32 [chords, 128]."""
    gains = weights[f"head_pitch/{CHORD_GAIN}/embeddings"][:, 0].astype(np.float32)
    found: Floats = GAIN_UNIT * gains.take(CHORD_PLACES)
    return found


class _Pointer:
    """Logits of the parts that a piece has; see `composer.network.keras_lstm.Pointer`."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], units: int) -> None:
        def weight(name: str) -> Floats:
            return weights[f"head_part/{name}"].astype(np.float32)

        self._hidden = _Hidden("part", weights, units)
        self._kernel = np.concatenate([weight("ranks/kernel"), weight("moment/kernel")], axis=1)
        self._bias = np.concatenate([weight("ranks/bias"), weight("moment/bias")])
        self._points = weight("points/kernel")[:, 0]
        if self._kernel.shape != (units, RANKS + len(self._points)):
            raise ValueError(f"head_part does not have {units} units")
        told = [weight(f"told_{stored_name(name)}/embeddings") for name in PART_FEATURES]
        gains = [
            GAIN_UNIT * weight(f"gain_{stored_name(name)}/embeddings") for name in PART_FEATURES
        ]
        if [len(table) for table in told] != list(PART_FEATURE_SIZES):
            raise ValueError("head_part is of other features")
        # What each class tells, and behind it its gain, so that both are added up in one call.
        self._told = np.concatenate([np.concatenate(told), np.concatenate(gains)], axis=1)
        first = np.concatenate([[0], np.cumsum(PART_FEATURE_SIZES)[:-1]]).astype(np.int64)
        self._first = first[:, None, None]
        self._columns, self._offsets = self._hidden.columns, self._hidden.offsets[:, None]

    def __call__(self, hidden: Floats, columns: Ints, told: Ints, ranks: Ints) -> Floats:
        count, parts = ranks.shape
        rows = columns.T.take(self._columns, axis=0)
        rows += self._offsets
        out = np.matmul(self._hidden(hidden, rows), self._kernel)
        out = out.reshape(-1, len(self._bias))[:count]
        out += self._bias
        told = told.transpose(2, 0, 1) + self._first
        summed = np.add.reduce(self._told.take(told, axis=0), axis=0)  # [B, P, 48 + 1]
        x = summed[:, :, :-1] + out[:, None, RANKS:]
        np.maximum(x, 0.0, out=x)
        x *= self._points
        logits = np.empty((count, SLOTS), dtype=np.float32)
        logits[:, parts:] = UNHEARD_OF
        mine = logits[:, :parts]
        np.add.reduce(x, axis=2, out=mine)
        mine += summed[:, :, -1]
        out[:, RANKS] = UNHEARD_OF  # the moment is used up; this is what NO_RANK looks up
        mine += out.take(ranks + _starts(*out.shape)[:, None])
        return logits


def load_ends(folder: Path, config: NetworkConfig) -> tuple[Embeddings, Heads]:
    """What comes before a model's trunk and after it.

    Raises:
        ModelError: Its weights are missing, damaged, or do not fit the configuration.
    """
    with weights_file.opened(folder / "weights.npz") as stored:
        # Members are read one by one: the trunk's, most of it all, are not needed to play.
        weights = {n: stored[n] for n in stored if n.startswith(("in_", "head_", "known_"))}
        return Embeddings(weights), Heads(weights, config.head_units)
