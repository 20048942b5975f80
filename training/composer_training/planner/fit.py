"""Fitting the planner: batches in, the weights of the best validation out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from composer.planning.bars import Bars
from composer_training.planner.batches import LONGEST, Batch, batch_of, draw, seed_and_rest
from composer_training.planner.corpus import Corpus
from composer_training.planner.keras_network import PlannerModel

Weights = dict[str, NDArray[np.float32]]

SHARES: Final = {
    "pop909": 0.30,
    "band": 0.05,
    "lieder": 0.24,
    "quartets": 0.05,
    "chopin": 0.07,
    "polish": 0.05,
    "chorales": 0.05,
    "leadsheets": 0.03,
    "fiddle": 0.06,
    "freedoom": 0.06,
    "orchestra": 0.03,
    "billboard": 0.15,
}
"""How much of what is heard comes from each corpus; 0.05 for one that is not named."""
HEADS: Final = ("phrase", "reference", "nearness", "first", "second")
END_WEIGHT: Final = 3.0
"""Of the last two bars of a piece in training: there are few of them."""
SEED_BARS, PLANNED_BARS = 16, 32
"""Of a validation row: bars that are heard, and bars behind them at most."""
_LONGEST_SHARES = (0.6, 0.4)
_PIECES = 40
"""Pieces of each corpus in a validation at most."""


@dataclass(frozen=True, slots=True)
class Score:
    """Validation after some updates.

    Attributes:
        update: How many.
        train: Mean nats per bar of the training batches since the last one.
        corpora: Nats per planned bar of each head, by corpus.
        seconds: Since training began.
    """

    update: int
    train: float
    corpora: Mapping[str, Mapping[str, float]]
    seconds: float

    @property
    def mean(self) -> float:
        """Mean over the corpora of all heads' sum, by their shares."""
        shares = {name: SHARES.get(name, 0.05) for name in self.corpora}
        total = sum(shares.values())
        return sum(sum(self.corpora[name].values()) * shares[name] for name in shares) / total


def fit(
    corpus: Corpus,
    *,
    updates: int = 3000,
    rows: int = 24,
    learning_rate: float = 2e-3,
    dropout: float = 0.15,
    validate_every: int = 250,
    seed: int = 0,
    start: Weights | None = None,
    report: Callable[[Score], None],
    keep: Callable[[Weights], None],
) -> None:
    """Train a planner.

    Args:
        corpus: Bars to train on and to validate with.
        updates: Batches.
        rows: Rows of a batch.
        learning_rate: At its highest; it falls along a cosine.
        dropout: Share of inputs and of states that are left out.
        validate_every: Updates from one validation to the next.
        seed: Of everything that is drawn.
        start: Weights to go on from.
        report: Called after every validation.
        keep: Given the weights, by name, after every validation that is the best so far.
    """
    keras.utils.set_random_seed(seed)
    model = PlannerModel(dropout, seed)
    checks = _validation(corpus, rows)
    drawn = _batches(corpus, rows, np.random.default_rng(seed))
    model(next(drawn))  # builds it
    if start is not None:
        model.take(start)
    rate = keras.optimizers.schedules.CosineDecay(
        learning_rate / 20,
        updates,
        alpha=0.02,
        warmup_target=learning_rate,
        warmup_steps=max(updates // 20, 1),
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01, clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    update_once, score_once = _steppers(model, optimizer)
    best = math.inf
    began, losses = time.perf_counter(), []
    for update in range(1, updates + 1):
        losses.append(float(update_once(next(drawn))))
        if update % validate_every and update != updates:
            continue
        scores = _scores(score_once, checks)
        score = Score(update, float(np.mean(losses)), scores, time.perf_counter() - began)
        losses.clear()
        report(score)
        if not checks or score.mean < best:
            best = score.mean if checks else best
            keep(model.weights_by_name())


def _steppers(
    model: PlannerModel, optimizer: keras.optimizers.Optimizer
) -> tuple[Callable[[Batch], Any], Callable[[Batch], Any]]:
    """An update, which returns the mean nats per bar, and nats per head and row, [heads, B]."""
    import tensorflow as tf

    @tf.function
    def update(batch: Batch) -> Any:
        with tf.GradientTape() as tape:
            nats = model(batch, training=True)
            bars = tf.reduce_sum(batch.here)
            loss = sum(tf.reduce_sum(value) for value in nats.values()) / bars
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    @tf.function
    def score(batch: Batch) -> Any:
        nats = model(batch)
        return tf.stack([tf.reduce_sum(nats[name], axis=1) for name in HEADS])

    def on_tensors(function: Callable[[Batch], Any]) -> Callable[[Batch], Any]:
        return lambda batch: function(Batch(*(tf.convert_to_tensor(array) for array in batch)))

    return on_tensors(update), on_tensors(score)


def _scores(
    score: Callable[[Batch], Any], checks: Sequence[tuple[list[str], Batch]]
) -> dict[str, dict[str, float]]:
    """Nats per planned bar by corpus and head."""
    nats: dict[str, NDArray[np.float64]] = {}
    bars: dict[str, float] = {}
    for names, batch in checks:
        found = np.asarray(score(batch), dtype=np.float64)
        counts = batch.here.sum(axis=1)
        for row, name in enumerate(names):
            nats[name] = nats.get(name, np.zeros(len(HEADS))) + found[:, row]
            bars[name] = bars.get(name, 0.0) + float(counts[row])
    return {
        name: dict(zip(HEADS, (nats[name] / bars[name]).tolist(), strict=True))
        for name in sorted(nats)
    }


def _batches(corpus: Corpus, rows: int, rng: np.random.Generator) -> Iterator[Batch]:
    by_name: dict[str, list[int]] = {}
    for piece in corpus.pieces("train"):
        by_name.setdefault(str(corpus.names[piece]), []).append(piece)
    names = sorted(by_name)
    shares = np.array([SHARES.get(name, 0.05) for name in names])
    lengths = {name: np.diff(corpus.starts)[by_name[name]].astype(float) for name in names}
    while True:
        drawn = []
        longest = int(rng.choice(LONGEST, p=_LONGEST_SHARES))
        for name in rng.choice(names, size=rows, p=shares / shares.sum()):
            weights = np.minimum(lengths[name], 200)
            piece = int(rng.choice(by_name[name], p=weights / weights.sum()))
            drawn.append(draw(corpus.bars(piece), longest, rng))
        yield batch_of(drawn, end_weight=END_WEIGHT, length=longest)


def _validation(corpus: Corpus, rows: int) -> list[tuple[list[str], Batch]]:
    """(corpus of each row, batch), all of one shape; the last is filled up by its first row."""
    named: list[tuple[str, Bars]] = []
    for piece in corpus.pieces("valid"):
        bars, name = corpus.bars(piece), str(corpus.names[piece])
        if len(bars) >= SEED_BARS + 8 and sum(own == name for own, _ in named) < _PIECES:
            part = bars.cut(0, SEED_BARS + PLANNED_BARS)
            named.append((name, seed_and_rest(part, SEED_BARS, closes=True)))
    found = []
    for start in range(0, len(named), rows):
        some = named[start : start + rows]
        filled = [*some, *some[:1] * (rows - len(some))]
        length = SEED_BARS + PLANNED_BARS
        batch = batch_of([bars for _, bars in filled], seed_weight=0.0, length=length)
        found.append(([name for name, _ in some], batch))
    return found
