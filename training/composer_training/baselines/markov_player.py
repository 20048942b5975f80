"""Markov player: a Markov model in the network's place, under the same constraints and draws.

It is a `composer.network.predictor.NoteModel`, so that a baseline's continuations are drawn like
the model's: with the same constraints, temperature, top-p, min-p and limits on repetition.

Conventions:
    B streams. `recurrent` is an array of objects, [B, 1, 1, 1], each of which holds what a stream
    has heard and is changed by a step. So unlike a network's state it can be stepped once only; any
    number of streams may go on from one state if they take that step together.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS, SIZES, Events
from composer.encoding.features import features
from composer.encoding.running_features import Context
from composer.network.state import State
from composer.network.trunk import Floats, Ints
from composer_training.baselines.markov import DEEPEST, Markov, bucket
from composer_training.baselines.markov_contexts import (
    CENTRE,
    CHAINS,
    SYMBOLS,
    Chain,
    History,
    hashes_of_one,
)

Table = dict[tuple[str, int, int, int], dict[int, int]]


class _Stream:
    """What one stream has heard: its last notes, and counts of all of them."""

    def __init__(self, parts: int) -> None:
        self.history = History(parts)
        self.table: Table = {}

    def copy(self) -> _Stream:
        """Another one that has heard the same."""
        made = _Stream(0)
        made.history = copy.deepcopy(self.history)
        made.table = {place: counts.copy() for place, counts in self.table.items()}
        return made

    def hear(self, columns: NDArray[np.int64]) -> None:
        """One more note, [13]."""
        names = self.history.next(columns.tolist())
        for field in FIELDS:
            for number, chain in enumerate(CHAINS[field]):
                symbol = names[field]
                if chain.anchor:
                    symbol += CENTRE - names[chain.anchor]
                for level, context in enumerate(hashes_of_one(chain, names)):
                    counts = self.table.setdefault((field, number, level, context), {})
                    counts[symbol] = counts.get(symbol, 0) + 1
        self.history.add(columns[: len(FIELDS)].tolist(), names["place"])


class MarkovPlayer:
    """See the module's docstring."""

    def __init__(self, model: Markov) -> None:
        self._model = model

    def prime(self, events: Events, memory: int | None = None) -> State:
        """One stream that has heard some events."""
        stream = _Stream(len(events.programs))
        notes = features(events)[len(events.programs) :].astype(np.int64)
        for columns in notes if memory is None else notes[-memory:]:
            stream.hear(columns)
        return State(_held([stream]), np.zeros((1, 0), dtype=np.float32), Context.after(events))

    def step(self, rows: Ints, state: State, columns: Ints | None = None) -> State:
        """Every stream hears one more note, rows [B, 5]."""
        if columns is None:
            columns = state.context.columns(rows)
        seen: set[int] = set()
        streams = []
        for stream in _of(state):
            streams.append(stream.copy() if id(stream) in seen else stream)
            seen.add(id(stream))
        for stream, heard in zip(streams, columns, strict=True):
            stream.hear(heard)
        return State(_held(streams), state.hidden, state.context.advance(rows))

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """Log p of one field of the next note, float32 [B, classes]."""
        made = [
            self.shares(FIELDS[field], stream, chosen)
            for stream, chosen in zip(_of(state), columns, strict=True)
        ]
        return np.log(np.array(made) + 1e-30).astype(np.float32)

    def shares(self, field: str, stream: _Stream, columns: Ints) -> NDArray[np.float64]:
        """Probability of every class of a field for one stream, [classes]."""
        names = stream.history.next(columns.tolist())
        long, short, depths = [], [], []
        for number, (chain, levels) in enumerate(
            zip(CHAINS[field], self._model.counts[field], strict=True)
        ):
            contexts = hashes_of_one(chain, names)
            anchor = names[chain.anchor] if chain.anchor else CENTRE
            size, found, own, deep = SIZES[FIELDS.index(field)], [], [], 0
            for level, context in enumerate(contexts):
                counts = levels[level]
                at = int(counts.find(np.array([context], dtype=np.uint64))[0])
                if at >= 0:
                    part = slice(int(counts.starts[at]), int(counts.starts[at + 1]))
                    found.append((counts.keys[part] % SYMBOLS, counts.counts[part]))
                heard = stream.table.get((field, number, level, context))
                if heard:
                    deep += 1
                    own.append((np.array(list(heard.keys())), np.array(list(heard.values()))))
            long.append(_blend(found, size, anchor, chain))
            short.append(_blend(own, size, anchor, chain))
            depths.append(np.array([deep]))
        row = int(bucket(depths)[0])
        assert row < DEEPEST * DEEPEST
        return np.asarray(self._model.weights[field][row] @ np.array(long + short))


def _held(streams: Sequence[_Stream]) -> Floats:
    """Streams where a network has numbers: arrays of objects are joined and taken alike."""
    held: Any = np.empty((len(streams), 1, 1, 1), dtype=object)
    held[:, 0, 0, 0] = streams
    return cast(Floats, held)


def _of(state: State) -> list[_Stream]:
    return list(cast(Any, state.recurrent)[:, 0, 0, 0])


def _blend(
    levels: Sequence[tuple[NDArray[Any], NDArray[Any]]],
    size: int,
    anchor: int,
    chain: Chain,
) -> NDArray[np.float64]:
    """Interpolate the levels of a chain over all classes, as `markov` does."""
    p = np.full(size, 1.0 / size)
    for symbols, counts in levels:
        kinds, total = len(symbols), int(counts.sum())
        p *= kinds / (total + kinds)
        classes = symbols + anchor - CENTRE if chain.anchor else symbols
        inside = (classes >= 0) & (classes < size)  # an anchor may carry them off the keyboard
        p[classes[inside]] += counts[inside] / (total + kinds)
    return p
