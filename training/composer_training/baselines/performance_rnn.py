"""Performance RNN: a baseline from the literature, an LSTM of 3 x 512 over 388 events.

The network of Oore et al. (2018): events one-hot, three LSTM layers of 512 units, a softmax
over the events. It learns from the same pieces, varied in the same way, and carries its
state through them as ours does. Its likelihoods are of another encoding on a time grid of
10 ms (`composer_training.baselines.performance_events`) and have no fields. Only nats for a piece,
or for a note of it, can be compared with ours, and the grids differ even then.

Conventions:
    B streams, T events, L layers, H units; otherwise as in `composer_training.steps`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer.network import weights_file
from composer.network.hoisted_lstm import HoistedLSTM, on_gpu
from composer_training.baselines.performance_events import CLASSES, EDGE, Tokens, to_tokens
from composer_training.data.augment import augment
from composer_training.data.dataset import Dataset, Record
from composer_training.data.streams import Dealer
from composer_training.settings import FitSettings, learning_rate_at, share_done
from composer_training.steps import make_steps

BATCH_SIZE = 32
"""Pieces side by side when they are scored."""
SCORE_STEPS = 256
NO_PARTS = np.zeros((1, 1), dtype=np.int32)


class PerformanceRNN(keras.Model):
    """Events in, logits of the next event out."""

    def __init__(self, layers: int = 3, units: int = 512) -> None:
        super().__init__(name="performance_rnn")
        self.autocast = False
        self.depth, self.units = layers, units
        lstm = keras.layers.LSTM if on_gpu() else HoistedLSTM
        self.recurrent = [
            lstm(
                units,
                return_sequences=True,
                return_state=True,
                # Keras's own is so small that one event of 388 hardly moves the first layer,
                # and nothing the third: it then learns for hours how frequent events are.
                kernel_initializer=keras.initializers.RandomNormal(
                    stddev=0.5 if index == 0 else 0.06
                ),
                name=f"lstm_{index}",
            )
            for index in range(layers)
        ]
        self.out = keras.layers.Dense(CLASSES, name="logits")

    def zero_state(self, streams: int) -> NDArray[np.float32]:
        """The state before the first event, float32 [L, 2, B, H]."""
        return np.zeros((self.depth, 2, streams, self.units), dtype=np.float32)

    def call(self, features: Any, parts: Any, state: Any, training: bool = False) -> Any:
        """Int [B, T + 1, 1], float32 [L, 2, B, H] -> [float32 [B, T, 389]], new state.

        Its events know no parts: what `composer_training.steps` has of them is left alone.
        """
        del parts, training
        x = ops.one_hot(features[:, :-1, 0], CLASSES, dtype=self.compute_dtype)
        states = []
        for index, layer in enumerate(self.recurrent):
            x, h, c = layer(x, initial_state=[state[index, 0], state[index, 1]])
            states.append(ops.stack([ops.cast(h, "float32"), ops.cast(c, "float32")]))
        return [ops.cast(self.out(x), "float32")], ops.stack(states)

    @cached_property
    def score(self) -> Callable[..., Any]:
        """As `call`, with the nats of each event that was told, [B, T], for the logits."""

        def score(tokens: Any, state: Any) -> tuple[Any, Any]:
            logits, state = self(tokens, NO_PARTS, state)
            log_p = ops.log_softmax(logits[0], axis=-1)
            chosen = ops.take_along_axis(log_p, tokens[:, 1:], axis=-1)[..., 0]
            return -chosen, state

        return compiled(score)


def build(layers: int = 3, units: int = 512, seed: int = 0) -> PerformanceRNN:
    """A network with its weights drawn from `seed`."""
    keras.utils.set_random_seed(seed)
    network = PerformanceRNN(layers, units)
    network(np.full((1, 2, 1), EDGE, dtype=np.int32), NO_PARTS, network.zero_state(1))
    return network


@dataclass(slots=True)
class _Stream:
    tokens: Tokens
    at: int = 0


class TokenStreams:
    """Endless batches of (events [B, T + 1, 1], weights [B, T, 1], keep [B])."""

    def __init__(self, dataset: Dataset, settings: FitSettings) -> None:
        self._dataset, self._settings = dataset, settings
        self._dealer = Dealer(dataset.corpora("train"), settings.shares, settings.seed)
        self._streams: list[_Stream | None] = [None] * settings.batch_size

    def _open(self) -> _Stream:
        serial, record = self._dealer.next()
        rng = np.random.default_rng((self._settings.seed, 2, serial))
        varied, notes = augment(
            record, self._dataset.notes(record), self._settings.augmentation, rng
        )
        return _Stream(to_tokens(varied, notes))

    def next(self) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """The next chunk of every stream."""
        batch_size, steps = self._settings.batch_size, self._settings.steps
        batch = np.full((batch_size, steps + 1, 1), EDGE, dtype=np.int32)
        weights = np.zeros((batch_size, steps, 1), dtype=np.float32)
        keep = np.ones(batch_size, dtype=np.float32)
        for index in range(batch_size):
            stream = self._streams[index]
            if stream is None:
                stream = self._streams[index] = self._open()
                keep[index] = 0.0
            chunk = stream.tokens[stream.at : stream.at + steps + 1]
            batch[index, : len(chunk), 0] = chunk
            weights[index, : len(chunk) - 1] = 1.0
            stream.at += steps
            if stream.at >= len(stream.tokens) - 1:
                self._streams[index] = None
        return batch, weights, keep


def begin(
    settings: FitSettings, path: Path | None = None, *, layers: int = 3, units: int = 512
) -> tuple[PerformanceRNN, dict[str, Any]]:
    """A network to train and what is said of it: from a file that exists, or a new one.

    Raises:
        ModelError: The file is damaged.
    """
    keras.mixed_precision.set_global_policy(settings.precision)
    if path is not None and path.exists():
        return load(path)
    return build(layers, units, settings.seed), {}


def fit(
    dataset: Dataset,
    settings: FitSettings,
    network: PerformanceRNN,
    *,
    report: Callable[[int, float, float], None] = lambda update, nats, done: None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Train a network.

    Args:
        dataset: With pieces in its "train" split.
        settings: Of the run; its end is `updates` or `minutes`, whichever is nearer.
        network: From `begin`.
        report: Called after every update with its number, nats per event, share done.
        clock: Seconds.
    """
    optimizer = keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip)
    optimizer.build(network.trainable_variables)
    train, _ = make_steps(network, optimizer)
    streams = TokenStreams(dataset, settings)
    state: Any = network.zero_state(settings.batch_size)
    began, update = clock(), 0
    while (done := share_done(settings, update, clock() - began)) < 1.0:
        optimizer.learning_rate.assign(learning_rate_at(update, settings, clock() - began))
        batch, weights, keep = streams.next()
        sums, state = train(batch, NO_PARTS, weights, keep, state)
        update += 1
        nats = float(ops.convert_to_numpy(sums)[0]) / max(float(weights.sum()), 1.0)
        report(update, nats, done)


def event_nats(
    network: PerformanceRNN,
    pieces: Sequence[Tokens],
    states: Sequence[NDArray[np.float32]] | None = None,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Score pieces, the state carried through each of them.

    Args:
        network: Trained.
        pieces: The first event of each is heard and not scored.
        states: float32 [L, 2, H] of each before its first event; nothing heard if not given.

    Yields:
        (index of the piece, nats of its second event and of those after it), as pieces end;
        not of one with no second event.
    """
    # The longest first, so that none is left to run alone at the end.
    waiting = sorted(
        (index for index, piece in enumerate(pieces) if len(piece) > 1),
        key=lambda index: len(pieces[index]),
    )
    count = min(BATCH_SIZE, len(waiting))
    streams: list[tuple[int, list[NDArray[Any]]] | None] = [None] * count  # piece, its nats so far
    state = np.array(network.zero_state(count))
    while waiting or any(streams):
        tokens = np.full((count, SCORE_STEPS + 1, 1), EDGE, dtype=np.int32)
        for place, playing in enumerate(streams):
            if playing is None and waiting:
                index = waiting.pop()
                playing = streams[place] = (index, [])
                state[:, :, place] = 0.0 if states is None else states[index]
            if playing is not None:
                index, paid = playing
                chunk = pieces[index][SCORE_STEPS * len(paid) :][: SCORE_STEPS + 1]
                tokens[place, : len(chunk), 0] = chunk
        values, after = network.score(tokens, state)
        table, state = ops.convert_to_numpy(values), np.array(ops.convert_to_numpy(after))
        for place, playing in enumerate(streams):
            if playing is None:
                continue
            index, paid = playing
            left = len(pieces[index]) - 1 - SCORE_STEPS * len(paid)
            paid.append(table[place, :left])
            if left <= SCORE_STEPS:
                yield index, np.concatenate(paid, dtype=np.float64)
                streams[place] = None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """As a graph on TensorFlow, where a loop over time would take minutes otherwise."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    compiled: Callable[..., Any] = tf.function(function, reduce_retracing=True)
    return compiled


def save(network: PerformanceRNN, path: Path, about: Mapping[str, Any]) -> None:
    """Write the weights and what is said of them, plain values; the file is whole or absent."""
    arrays = {
        f"w:{index}": ops.convert_to_numpy(variable.value)
        for index, variable in enumerate(network.trainable_variables)
    }
    sizes = np.array([network.depth, network.units])
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as stream:
        np.savez(stream, sizes=sizes, about=np.array(json.dumps(about)), **arrays)
    beside.replace(path)


def load(path: Path) -> tuple[PerformanceRNN, dict[str, Any]]:
    """The inverse of `save`.

    Raises:
        ModelError: It is missing or damaged.
    """
    advice = "give one that 'python -m composer_training.baselines.table' has written"
    with weights_file.opened(path, advice) as stored:
        network = build(*(int(size) for size in stored["sizes"]))
        for index, variable in enumerate(network.trainable_variables):
            variable.assign(stored[f"w:{index}"])
        about: dict[str, Any] = json.loads(str(stored["about"]))
    return network, about


def tokens_of(dataset: Dataset, records: Sequence[Record]) -> list[Tokens]:
    """The events of pieces as they are, for scoring."""
    return [to_tokens(record, dataset.notes(record)) for record in records]
