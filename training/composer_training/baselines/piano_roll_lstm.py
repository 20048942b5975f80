"""Piano-roll LSTM: the benchmark of the literature on polyphonic music, by its own protocol.

Chorales as frames of 88 keys. A network hears x[:-1] and is scored on x[1:]: nats per
frame, summed over keys, pooled over all frames of all pieces. Two networks:

    keys    each key on its own given the LSTM's state, as in the papers' plain LSTMs
    chord   the keys of a frame one after another from the lowest, each given the state and
            the keys below it: the same exact likelihood, without that independence (what
            RNN-NADE does for the RNN)

In `chord` the next sounding key above the last one is drawn at once from the keys that are
left, which is the product of the decisions over every key between. It sees the frame before
and the frame so far both as keys and as intervals from the last key, and scores keys both as
such and as intervals above it: what a third is need not be learnt at every height again.

    python -m composer_training.baselines.piano_roll_lstm jsb-chorales-quarter.json
    python -m composer_training.baselines.piano_roll_lstm jsb-chorales-quarter.json --frame chord
    python -m composer_training.baselines.piano_roll_lstm train.json --test test.json

Files are those of `composer_training.baselines.piano_rolls`. The protocol fixes what is heard and
scored, not how a network learns; most papers do not transpose, so a figure from a network
that learnt from transposed pieces is to be named as such.

Sources: Boulanger-Lewandowski, Bengio and Vincent (2012) for data, protocol and RNN-NADE;
Bai, Kolter and Koltun (2018) for the LSTM to compare with; Polyak and Juditsky (1992) for
averaging weights.

Conventions:
    B pieces, T frames, K notes of a frame at most. Keys are 0..87, pitch 21 the lowest.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer.errors import ComposerError, SeedError, SettingError
from composer_training.baselines.piano_rolls import (
    KEYS,
    STOP,
    Roll,
    RollBatch,
    read,
    read_test,
    transposed,
)

REACH = 24
"""Semitones either way of a frame's last key in which the network sees intervals."""
KINDS = ("keys", "chord")


@dataclass(frozen=True, slots=True)
class RollSettings:
    """One training run; the defaults are those of "keys", `PRESETS` has those of "chord".

    Attributes:
        frame: "keys" or "chord".
        units: Of the LSTM.
        layers: Of it.
        hidden: Units between the state and a frame's keys ("chord" only).
        dropout: Of what the LSTM gives, and of what is between.
        input_dropout: Of the keys of the frame that the network hears.
        learning_rate: Of Adam at its peak.
        weight_decay: On matrices.
        pieces: In a batch.
        epochs: At most.
        patience: Epochs without improvement before training ends.
        average: Momentum of the averaged weights that are scored.
        semitones: Pieces are transposed by up to so many either way; 0: not at all.
        seed: Of everything drawn.
    """

    frame: str = "keys"
    units: int = 300
    layers: int = 1
    hidden: int = 256
    dropout: float = 0.3
    input_dropout: float = 0.05
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4
    pieces: int = 8
    epochs: int = 60
    patience: int = 12
    average: float = 0.98
    semitones: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.frame not in KINDS:
            raise SettingError(f"frame is {self.frame!r}, must be one of {', '.join(KINDS)}")
        for name in ("units", "layers", "hidden", "pieces", "epochs", "patience"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)}, must be at least 1")
        for name in ("weight_decay", "semitones", "seed"):
            if not getattr(self, name) >= 0:
                raise SettingError(f"{name} is {getattr(self, name)}, must be at least 0")
        for name in ("dropout", "input_dropout", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)}, must be 0 to less than 1")
        if not 0 < self.learning_rate < math.inf:
            raise SettingError(f"learning_rate is {self.learning_rate}, must be more than 0")


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "keys": {},
    "chord": {"units": 256, "dropout": 0.5, "epochs": 30},
}
"""What did best on the chorales for each kind of frame, where the defaults did not."""


class RollNetwork(keras.Model):
    """(heard, chords) -> nats of every frame, float32 [B, T]."""

    def __init__(self, settings: RollSettings) -> None:
        super().__init__(name="pianoroll")
        self.kind = settings.frame
        self.input_dropout = keras.layers.Dropout(settings.input_dropout, seed=1)
        self.recurrent = [
            keras.layers.LSTM(settings.units, return_sequences=True) for _ in range(settings.layers)
        ]
        self.drop = keras.layers.Dropout(settings.dropout, seed=2)
        if self.kind == "chord":
            self.from_state = keras.layers.Dense(settings.hidden)
            self.from_frame = keras.layers.Dense(settings.hidden, use_bias=False)
            self.from_around = keras.layers.Dense(settings.hidden, use_bias=False)
            self.below = keras.layers.Embedding(KEYS + 1, settings.hidden)
            self.interval = keras.layers.Dense(KEYS)
            self.drop_hidden = keras.layers.Dropout(settings.dropout, seed=3)
        self.out = keras.layers.Dense(KEYS + (self.kind == "chord"))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """See the class."""
        heard, chords = inputs
        x = self.input_dropout(heard, training=training)
        for index, layer in enumerate(self.recurrent):
            out = self.drop(layer(x), training=training)
            x = out if index == 0 else x + out
        if self.kind == "keys":
            return self._keys(x, chords)
        return self._chord(x, heard, chords, training)

    def _keys(self, state: Any, chords: Any) -> Any:
        """[B, T, H], [B, T, K + 1] -> [B, T]."""
        logits = ops.cast(self.out(state), "float32")
        # One-hot of -1 and of STOP is no key.
        sounding = ops.sum(ops.one_hot(chords, KEYS), axis=2)
        return ops.sum(ops.softplus(logits) - logits * sounding, axis=-1)

    def _around(self, keys: Any, last: Any) -> Any:
        """[B, T, (K + 1), 88], [B, T, K + 1] -> keys REACH below `last` to REACH above it."""
        if len(keys.shape) == 3:
            keys = ops.repeat(keys[:, :, None], last.shape[2], axis=2)
        keys = ops.pad(keys, ((0, 0), (0, 0), (0, 0), (REACH + 1, REACH)))
        places = last[..., None] + ops.arange(2 * REACH + 1)[None, None, None] + 1
        return ops.take_along_axis(keys, places, axis=-1)

    def _chord(self, state: Any, heard: Any, chords: Any, training: bool) -> Any:
        """[B, T, H], [B, T, K + 1] -> [B, T]."""
        keys = ops.one_hot(chords, KEYS)  # [B, T, K + 1, 88]
        known = ops.cumsum(keys, axis=2) - keys  # the keys below each
        last = ops.concatenate([ops.full_like(chords[..., :1], -1), chords[..., :-1]], axis=-1)
        last = ops.where(last < STOP, last, -1)
        hidden = self.from_state(state)[:, :, None] + self.from_frame(known)
        hidden = hidden + self.below(last + 1)
        around = ops.concatenate([self._around(heard, last), self._around(known, last)], axis=-1)
        hidden = hidden + self.from_around(around)
        hidden = self.drop_hidden(ops.relu(hidden), training=training)
        logits = ops.cast(self.out(hidden), "float32")  # [B, T, K + 1, 89]
        above = ops.arange(KEYS)[None, None, None] - last[..., None] - 1
        intervals = ops.cast(self.interval(hidden), "float32")
        intervals = ops.take_along_axis(intervals, ops.maximum(above, 0), axis=-1)
        logits = logits + ops.pad(intervals, ((0, 0), (0, 0), (0, 0), (0, 1)))
        left = ops.arange(KEYS + 1)[None, None, None] > last[..., None]
        log_p = ops.log_softmax(ops.where(left, logits, -1e9), axis=-1)
        target = ops.maximum(chords, 0)
        chosen = ops.take_along_axis(log_p, target[..., None], axis=-1)[..., 0]
        return -ops.sum(ops.where(chords >= 0, chosen, 0.0), axis=-1)


def per_frame(scored: Any, nats: Any) -> Any:
    """Nats per frame of a batch: the loss."""
    return ops.sum(nats * scored) / ops.maximum(ops.sum(scored), 1.0)


def score(network: RollNetwork, rolls: Sequence[Roll], pieces: int = 16) -> float:
    """Nats per frame, pooled over all frames of all pieces."""
    nats = frames = 0.0
    for batch in _batches(rolls, pieces, range(len(rolls))):
        found = network.predict_on_batch((batch.heard, batch.chords))
        nats += float((found * batch.scored).sum())
        frames += float(batch.scored.sum())
    return nats / frames


def _batches(rolls: Sequence[Roll], pieces: int, order: Sequence[int]) -> Iterator[RollBatch]:
    """Batches of pieces of like length; within a length, in the order given."""
    most = max(int(roll.sum(axis=1).max()) for roll in rolls)
    by_length = sorted(order, key=lambda index: -(-(len(rolls[index]) - 1) // 16))
    for first in range(0, len(by_length), pieces):
        yield RollBatch.of([rolls[index] for index in by_length[first : first + pieces]], most)


@dataclass(frozen=True, slots=True)
class RollOutcome:
    """A trained network and how it did.

    Attributes:
        network: With its best averaged weights.
        train: Nats per frame on the training pieces as they are.
        valid: On the validation pieces.
        epoch: The best one, from 1.
    """

    network: RollNetwork
    train: float
    valid: float
    epoch: int


def fit(
    splits: Mapping[str, Sequence[Roll]],
    settings: RollSettings,
    report: Callable[[int, float, float], None] = lambda epoch, train, valid: None,
) -> RollOutcome:
    """Train on "train", stop by "valid".

    Args:
        splits: From `read`.
        settings: Of the run.
        report: Called after every epoch with its number, loss, and nats on "valid".
    """
    keras.utils.set_random_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    train, valid = splits["train"], splits["valid"]
    network = RollNetwork(settings)
    first = next(_batches(train, settings.pieces, range(len(train))))
    network((first.heard, first.chords))
    optimizer = keras.optimizers.AdamW(
        settings.learning_rate, weight_decay=settings.weight_decay, global_clipnorm=1.0
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "embeddings"])
    network.compile(optimizer=optimizer, loss=per_frame, jit_compile=False)
    averaged = _values(network)
    best, best_weights, best_epoch = math.inf, averaged, 0
    for epoch in range(1, settings.epochs + 1):
        optimizer.learning_rate.assign(_rate(epoch, settings))
        varied = [
            transposed(roll, int(rng.integers(-settings.semitones, settings.semitones + 1)))
            for roll in train
        ]
        losses = []
        order = list(_batches(varied, settings.pieces, rng.permutation(len(varied)).tolist()))
        for index in rng.permutation(len(order)):
            batch = order[int(index)]
            losses.append(float(network.train_on_batch((batch.heard, batch.chords), batch.scored)))
            share = min(settings.average, 1 - 1 / (1 + 0.1 * len(order) * epoch))
            for mean, value in zip(averaged, _values(network), strict=True):
                mean += (1 - share) * (value - mean)
        found = _with(network, averaged, lambda: score(network, valid))
        if found < best:
            best, best_epoch = found, epoch
            best_weights = [mean.copy() for mean in averaged]
        report(epoch, float(np.mean(losses)), found)
        if epoch - best_epoch >= settings.patience:
            break
    for variable, value in zip(network.trainable_variables, best_weights, strict=True):
        variable.assign(value)
    return RollOutcome(network, score(network, train), best, best_epoch)


def _rate(epoch: int, settings: RollSettings) -> float:
    """Two epochs of warm-up, then a half cosine down to a fiftieth."""
    warm = min(epoch / 2, 1.0)
    done = epoch / settings.epochs
    return settings.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def _values(network: RollNetwork) -> list[NDArray[np.float32]]:
    return [np.array(ops.convert_to_numpy(v.value)) for v in network.trainable_variables]


def _with(
    network: RollNetwork, weights: Sequence[NDArray[np.float32]], act: Callable[[], float]
) -> float:
    """Do something while the network has other weights."""
    own = _values(network)
    for variable, value in zip(network.trainable_variables, weights, strict=True):
        variable.assign(value)
    result = act()
    for variable, value in zip(network.trainable_variables, own, strict=True):
        variable.assign(value)
    return result


def figures_of(outcome: RollOutcome, test: Sequence[Roll]) -> dict[str, float]:
    """Nats per frame by split; "test" only if there are pieces."""
    figures = {"train": outcome.train, "valid": outcome.valid}
    if test:
        figures["test"] = score(outcome.network, test)
    return {name: round(value, 4) for name, value in figures.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="JSON with splits train and valid")
    parser.add_argument("--test", type=Path, help="JSON with a split test, or a list of pieces")
    parser.add_argument("--frame", choices=KINDS, default="keys", help="see above; default: keys")
    for name, value in asdict(RollSettings()).items():
        if name != "frame":
            shown = f"default: {value}"
            if name in PRESETS["chord"]:
                shown += f", {PRESETS['chord'][name]} for chord"
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), help=shown)
    parser.add_argument("--quiet", action="store_true", help="no line for each epoch")
    return parser


def main() -> None:
    """Train and print figures as JSON."""
    given = vars(_parser().parse_args())
    path, test, quiet = given.pop("file"), given.pop("test"), given.pop("quiet")
    asked = {name: value for name, value in given.items() if value is not None}

    def say(epoch: int, train: float, valid: float) -> None:
        if not quiet:
            print(f"epoch {epoch}: train {train:.3f}, valid {valid:.3f}", flush=True)

    try:
        settings = RollSettings(**{**PRESETS[given["frame"]], **asked})
        splits = read(path)
        for split in ("train", "valid"):
            if not splits.get(split):
                raise SeedError(f'{path} has no pieces under "{split}"')
        held_out = read_test(test) if test is not None else splits.get("test", [])
    except ComposerError as error:
        raise SystemExit(f"error: {error}") from error
    outcome = fit(splits, settings, say)
    document = {
        "nats_per_frame": figures_of(outcome, held_out),
        "best_epoch": outcome.epoch,
        "weights": int(outcome.network.count_params()),
        "settings": asdict(settings),
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
