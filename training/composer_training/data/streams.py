"""Streams: a dataset as batches of step sequences whose state is carried through a piece.

B streams run in parallel; each plays a piece from its first step to its END in chunks of
T steps (truncated back-propagation through time), then takes the next piece. Which piece
a stream takes, and how it is varied, depends only on the seed and on how many pieces were dealt
before, so that a position in the data is a few integers and a resumed run sees the same steps in
the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.analysis.form import plan_of
from composer.encoding.columns import COLUMNS
from composer.encoding.events import END, FIELDS, NO_SHIFT, PART, SHIFT, Events
from composer.encoding.features import features, forget, parts_of
from composer.encoding.part_features import PART_FEATURES
from composer.encoding.part_order import ranks_of
from composer.errors import SettingError
from composer_training.data.augment import REPLIES, Augmentation, augment
from composer_training.data.corruption import corrupt
from composer_training.data.dataset import Dataset, Notes, Record, to_events
from composer_training.data.plan_noise import spoilt

PART_ROWS = 4096
"""Parts that may play come in multiples of so many rows, so that few sizes are compiled."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One chunk of every stream.

    Attributes:
        features: int32 [B, T + 1, 39]; steps 1..T are the targets of steps 0..T-1.
        parts: int32 [N, 17], a row for each part that may play at each step with a part to
            predict, see `parts_that_may`.
        weights: float32 [B, T, 5], 0 where a field has no target, under 0 where it is to become
            less likely.
        keep: float32 [B], 0 for a stream that begins a piece (its state starts at zero).
    """

    features: NDArray[np.int32]
    parts: NDArray[np.int32]
    weights: NDArray[np.float32]
    keep: NDArray[np.float32]

    @property
    def notes(self) -> int:
        """Notes (and ENDs) predicted in this batch."""
        return int(np.count_nonzero(self.weights[..., SHIFT]))


def target_weights(steps: NDArray[np.int16], dynamics: bool) -> NDArray[np.float32]:
    """Which fields of each step count, float32 [steps, 5].

    Declarations are given, not predicted. END has no fields after its shift. Velocities of
    music without dynamics are no targets.
    """
    shift = steps[:, SHIFT]
    weights = np.repeat((shift < END)[:, None], len(FIELDS), axis=1).astype(np.float32)
    weights[shift == END, SHIFT] = 1.0
    if not dynamics:
        weights[:, -1] = 0.0
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A piece as the network is taught it.

    Attributes:
        table: int16 [steps, 39], its `features`.
        weights: float32 [steps, 5], which fields of each step count.
        told: uint8 [notes, P, 14], its `parts_of`.
        ranks: Of its P parts.
    """

    table: NDArray[np.int16]
    weights: NDArray[np.float32]
    told: NDArray[np.uint8]
    ranks: NDArray[np.int64]

    @classmethod
    def of(cls, events: Events, dynamics: bool, forgetful: bool = False) -> Steps:
        """Of a piece; a forgetful one recalls nothing."""
        table = features(events, end=True)
        if forgetful:
            forget(table)
        ranks = np.array(ranks_of(events.programs), dtype=np.int64)
        return cls(table, target_weights(table, dynamics), parts_of(events, table), ranks)

    def parts_that_may(self, start: int, steps: int, first: int) -> NDArray[np.int32]:
        """Who may play at each of some targets: rows start + 1 to start + `steps`.

        Args:
            start: Step that goes in first.
            steps: Targets at most.
            first: Number of the first of these steps in its batch.

        Returns:
            int32 [N, 17]: number of the step in its batch, whether the part plays, its rank,
            and what is told of it. Where there is one part, there is nothing to choose.
        """
        parts = len(self.ranks)
        targets = np.arange(start + 1, min(start + steps + 1, len(self.table)))
        targets = targets[self.weights[targets, PART] > 0] if parts > 1 else targets[:0]
        made = np.empty((len(targets), parts, 3 + len(PART_FEATURES)), dtype=np.int32)
        made[..., 0] = (first + targets - start - 1)[:, None]
        made[..., 1] = self.table[targets, PART, None] == np.arange(parts)
        made[..., 2] = self.ranks
        made[..., 3:] = self.told[targets - parts]
        return made.reshape(-1, made.shape[-1])


def learnt_notes(steps: Steps, record: Record, notes: Notes) -> None:
    """Weigh the notes of a piece of which some are given, in place.

    Args:
        steps: Of the piece.
        record: Of the piece, as it is played.
        notes: Of the record.
    """
    if not record.context:
        return
    # Some of the given notes may have come to be one; a reply's end is no piece's end.
    given = len(to_events(record, notes[: record.context]).rows)
    steps.weights[: len(record.programs) + given] = 0.0
    steps.weights[-1] = 0.0
    steps.weights[:] *= record.weight


def filled_up(parts: Sequence[NDArray[np.int32]], steps: int) -> NDArray[np.int32]:
    """Rows of `Steps.parts_that_may` put together, in one of few sizes.

    Args:
        parts: Of each stream.
        steps: In the batch; the rows that fill up belong to the step behind the last.
    """
    rows = np.concatenate(parts)
    filled = np.zeros((-(-(len(rows) + 1) // PART_ROWS) * PART_ROWS, rows.shape[1]), np.int32)
    filled[: len(rows)] = rows
    filled[len(rows) :, 0] = steps
    return filled


class Dealer:
    """Deals pieces: draws a corpus by its weight, then takes the corpus's next piece.

    Each corpus is shuffled anew every time all of its pieces have been dealt.
    """

    def __init__(self, corpora: Mapping[str, list[Record]], shares: Mapping[str, float], seed: int):
        """A dealer that has dealt nothing yet.

        Args:
            corpora: Training records by corpus.
            shares: Wanted share of the notes of each corpus; missing ones get their own size.
            seed: Of everything drawn.

        Raises:
            SettingError: There is nothing to train on, or a share names no corpus.
        """
        if not corpora:
            raise SettingError("there are no pieces to train on in these datasets")
        for name in shares:
            if name not in corpora:
                raise SettingError(
                    f"there is no corpus {name!r} to give a share; there are {', '.join(corpora)}"
                )
        self.names = sorted(corpora)
        self.corpora = [corpora[name] for name in self.names]
        notes = np.array([sum(record.count for record in part) for part in self.corpora], float)
        wanted = np.array(
            [
                shares.get(name, size / notes.sum())
                for name, size in zip(self.names, notes, strict=True)
            ]
        )
        # Pieces of a corpus are drawn so often that its notes come to the wanted share.
        often = wanted / (notes / [len(part) for part in self.corpora])
        self.chances = often / often.sum()
        self.seed = seed
        self.dealt = 0
        self.by_corpus = [0] * len(self.names)

    def next(self) -> tuple[int, Record]:
        """(serial number, record) of the next piece."""
        rng = np.random.default_rng((self.seed, 0, self.dealt))
        corpus = int(rng.choice(len(self.names), p=self.chances))
        records = self.corpora[corpus]
        turn, index = divmod(self.by_corpus[corpus], len(records))
        order = np.random.default_rng((self.seed, 1, corpus, turn)).permutation(len(records))
        serial = self.dealt
        self.dealt += 1
        self.by_corpus[corpus] += 1
        return serial, records[int(order[index])]


class Streams:
    """Endless training batches; see the module's docstring."""

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        steps: int,
        shares: Mapping[str, float],
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self.dataset = dataset
        self.batch_size, self.steps = batch_size, steps
        self.augmentation = augmentation
        self.seed = seed
        self.dealer = Dealer(dataset.corpora("train"), shares, seed)
        self._names = {(record.corpus, record.name): record for record in dataset.records}
        self._open_streams: list[dict[str, Any] | None] = [None] * batch_size

    def _open(self, serial: int, record: Record, position: int = 0) -> dict[str, Any]:
        rng = np.random.default_rng((self.seed, 2, serial))
        settings = REPLIES if record.context else self.augmentation
        varied, notes = augment(record, self.dataset.notes(record), settings, rng)
        events = to_events(varied, notes)
        # The plan is of the music as it was meant.
        events = replace(events, plan=spoilt(plan_of(events), settings.plan_noise, rng))
        corrupted = np.zeros(len(events.rows), dtype=bool)
        if rng.random() < 0.5 and settings.corruption:
            events, corrupted = corrupt(events, settings.corruption, rng)
        forgetful = rng.random() < settings.forgetful
        steps = Steps.of(events, varied.dynamics, forgetful)
        steps.weights[len(events.programs) : -1][corrupted] = 0.0
        learnt_notes(steps, varied, notes)
        return {"serial": serial, "record": record, "position": position, "steps": steps}

    def next(self) -> Batch:
        """The next chunk of every stream."""
        shape = (self.batch_size, self.steps + 1, len(COLUMNS))
        batch = np.zeros(shape, dtype=np.int32)
        batch[..., SHIFT] = NO_SHIFT
        weights = np.zeros((self.batch_size, self.steps, len(FIELDS)), dtype=np.float32)
        keep = np.ones(self.batch_size, dtype=np.float32)
        parts = []
        for index in range(self.batch_size):
            stream = self._open_streams[index]
            if stream is None:
                stream = self._open_streams[index] = self._open(*self.dealer.next())
                keep[index] = 0.0
            elif stream["position"] == 0:
                keep[index] = 0.0
            start, piece = stream["position"], stream["steps"]
            chunk = piece.table[start : start + self.steps + 1]
            batch[index, : len(chunk)] = chunk
            weights[index, : len(chunk) - 1] = piece.weights[start + 1 : start + len(chunk)]
            parts.append(piece.parts_that_may(start, self.steps, index * self.steps))
            stream["position"] += self.steps
            if stream["position"] >= len(piece.table) - 1:
                self._open_streams[index] = None
        return Batch(batch, filled_up(parts, self.batch_size * self.steps), weights, keep)

    def state(self) -> dict[str, Any]:
        """Where in the data this stands, as plain JSON values."""
        return {
            "dealt": self.dealer.dealt,
            "by_corpus": list(self.dealer.by_corpus),
            "streams": [
                None
                if stream is None
                else [
                    stream["serial"],
                    stream["record"].corpus,
                    stream["record"].name,
                    stream["position"],
                ]
                for stream in self._open_streams
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to where `state` was taken, over the same dataset and settings."""
        self.dealer.dealt = state["dealt"]
        self.dealer.by_corpus = list(state["by_corpus"])
        self._open_streams = [
            None
            if stream is None
            else self._open(stream[0], self._names[(stream[1], stream[2])], stream[3])
            # Runs begun earlier call them "lanes".
            for stream in state.get("streams", state.get("lanes", ()))
        ]
