"""Predictor: one event in, state and logits out. NumPy and LiteRT, no TensorFlow.

The trunk's LSTM layers run as an int8 LiteRT graph for one step of B streams. What comes
before them, looking up embeddings, and the heads after them, a few small matrices each,
run in NumPy: the heads' inputs are chosen one after another while a note is being drawn.

Conventions:
    B streams, L layers, H units, K units of each head, F = 5 fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from composer.encoding.events import DURATION, FIELDS, PART, Events
from composer.encoding.features import features
from composer.encoding.running_features import Context
from composer.errors import ModelError
from composer.music.timing import MetreMap
from composer.network.config import NetworkConfig
from composer.network.heads import Heads, load_ends, with_ends
from composer.network.litert_trunk import LiteRTTrunk
from composer.network.padded_trunk import SIZES, PaddedTrunk
from composer.network.state import State
from composer.network.trunk import Floats, Ints, Trunk


class NoteModel(Protocol):
    """A model of the next note, from which continuations are drawn field by field."""

    def prime(self, events: Events, memory: int | None = None) -> State:
        """One stream that has heard some events.

        Args:
            events: All of the piece.
            memory: Hear only so many of its last notes, for speed; None for all.
        """
        ...

    def step(self, rows: Ints, state: State, columns: Ints | None = None) -> State:
        """Every stream hears one more note.

        Args:
            rows: int [B, 5], without END.
            state: Of the streams before it.
            columns: int [B, 39] of the note, where they are known already.
        """
        ...

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """Logits of one field of the next note, float32 [B, classes].

        Args:
            field: Index in `FIELDS`.
            state: From `prime` or `step`.
            columns: int [B, 39] of the next note, filled in as far as it is chosen.
        """
        ...


class Predictor:
    """The network: a `NoteModel` of a trunk and heads.

    Args:
        config: Sizes of the network.
        trunk: Its recurrent part.
        heads: What makes logits of the trunk's output.
        folder: That it was loaded from, if any.
    """

    def __init__(
        self, config: NetworkConfig, trunk: Trunk, heads: Heads, folder: Path | None = None
    ) -> None:
        self.config = config
        self.trunk = trunk
        self.heads = heads
        self.folder = folder

    @classmethod
    def load(cls, folder: Path, threads: int = 2, sizes: Sequence[int] = SIZES) -> Predictor:
        """From a model's folder.

        Args:
            folder: With config.json, trunk.tflite and weights.npz.
            threads: Threads of a step.
            sizes: Numbers of streams for which LiteRT is set up; see `PaddedTrunk`.

        Raises:
            ModelError: A file is missing, damaged, or of another version.
        """
        config = NetworkConfig.load(folder / "config.json")
        embeddings, heads = load_ends(folder, config)
        trunk = LiteRTTrunk(folder / "trunk.tflite", embeddings, threads)
        if not trunk.fits(config):
            raise ModelError(
                f"{folder / 'trunk.tflite'} and {folder / 'config.json'} do not belong together; "
                "install the model again"
            )
        return cls(config, PaddedTrunk(trunk, sizes), heads, folder)

    def zero(self, streams: int) -> Floats:
        """The recurrent state before the first step, float32 [B, L, 2, H]."""
        shape = (streams, self.config.layers, 2, self.config.units)
        return np.zeros(shape, dtype=np.float32)

    def start(self, programs: Sequence[int], kind: str, metre: tuple[int, int] = (4, 4)) -> State:
        """One stream that has heard who plays, and nothing else."""
        rows = np.zeros((0, len(FIELDS)), dtype=np.int16)
        return self.prime(Events(rows, tuple(programs), kind, MetreMap(((0, *metre),))))

    def prime(self, events: Events, memory: int | None = None) -> State:
        """See `NoteModel`."""
        steps = features(events).astype(np.int32)
        if memory is not None and len(events.rows) > memory:
            steps = np.concatenate([steps[: len(events.programs)], steps[-memory:]])
        recurrent = self.zero(1)
        hidden = np.zeros((1, len(FIELDS) * self.config.head_units), dtype=np.float32)
        for index in range(len(steps)):
            hidden, recurrent = self.trunk(steps[index : index + 1], recurrent)
        return State(recurrent, hidden, Context.after(events))

    def step(self, rows: Ints, state: State, columns: Ints | None = None) -> State:
        """See `NoteModel`."""
        if columns is None:
            columns = state.context.columns(rows)
        hidden, recurrent = self.trunk(columns, state.recurrent)
        return State(recurrent, hidden, state.context.advance(rows))

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """See `NoteModel`."""
        if field == DURATION:
            logits = self.heads(field, state.hidden, columns)
            lengths = state.context.lengths(columns)
            return logits if lengths is None else with_ends(logits, lengths)
        if field != PART:
            return self.heads(field, state.hidden, columns)
        told = state.context.parts(columns)
        ranks = state.context.table["ranks"][:, : told.shape[1]]
        return self.heads.part(state.hidden, columns, told, ranks)
