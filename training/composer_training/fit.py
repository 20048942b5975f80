"""Fit: the training loop, with checkpoints from which a killed run goes on.

A checkpoint is one npz file that holds the whole run:

    w:PATH   float32, a weight of the network by its path
    o:N      the optimiser's variables, in order
    s:N      the states of the random generators (dropout), in order
    state    float32 [L, 2, B, H], what the LSTM carries from one batch to the next
    meta     JSON in UTF-8: updates done, settings, sizes, position in the data
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer import files
from composer.errors import ComposerError, OutputError
from composer.network import weights_file
from composer.network.config import NetworkConfig
from composer.network.keras_lstm import Network, build, set_weights, weights_of
from composer_training.data.dataset import Dataset
from composer_training.data.streams import Batch, Streams
from composer_training.settings import FitSettings, learning_rate_at, share_done
from composer_training.steps import make_steps
from composer_training.validate import Score, mean, validation_batches

SAVE_SECONDS = 300.0
"""A run that validates seldom is saved at least so often."""

DONE = "done"
EARLY = "stopped early"
INTERRUPTED = "interrupted"


def mean_nats(scores: Mapping[str, Score]) -> float:
    """Nats per note in validation, the mean over corpora."""
    return scores["all"].nats_per_note


class TrainingError(ComposerError):
    """A run cannot go on: its loss is not a number, or its checkpoint is damaged."""


class Fitter:
    """Network, optimiser and position in the data of one run.

    Attributes:
        update: Updates done.
        elapsed: Seconds spent on them, over all sittings.
        judge: What makes of the scores of a validation a number that is to be low.
        best: The lowest so far.
        since_best: Validations since then.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: NetworkConfig,
        settings: FitSettings,
        folder: Path,
        weights: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """A run before its first update.

        Args:
            dataset: With pieces in its "train" split.
            config: Of the network.
            settings: Of the run.
            folder: Where checkpoints go.
            weights: To begin with, by path; None: drawn from the settings' seed.

        Raises:
            ModelError: The weights do not fit.
            SettingError: A share names no corpus, or there is nothing to train on.
        """
        self.settings, self.folder, self.config = settings, folder, config
        self.dataset = dataset
        self.streams = Streams(
            dataset,
            batch_size=settings.batch_size,
            steps=settings.steps,
            shares=settings.shares,
            augmentation=settings.augmentation,
            seed=settings.seed,
        )
        keras.mixed_precision.set_global_policy(settings.precision)
        self.network: Network = build(config, settings.seed)
        if weights is not None:
            set_weights(self.network, dict(weights))
        self.optimizer = keras.optimizers.AdamW(
            settings.learning_rate,
            weight_decay=settings.weight_decay,
            global_clipnorm=settings.clip,
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "embeddings"])
        self.optimizer.build(self.network.trainable_variables)
        self.state: Any = self._zero_state(settings.batch_size)
        self.update = 0
        self.elapsed = 0.0
        self.judge: Callable[[Mapping[str, Score]], float] = mean_nats
        self.best = math.inf
        self.since_best = 0
        self._train_step, self._score_step = make_steps(self.network, self.optimizer)

    def _zero_state(self, streams: int) -> NDArray[np.float32]:
        """float32 [L, 2, B, H]."""
        return np.zeros((self.config.layers, 2, streams, self.config.units), np.float32)

    @property
    def learning_rate(self) -> float:
        """Of the next update."""
        return learning_rate_at(self.update, self.settings, self.elapsed)

    @property
    def done(self) -> float:
        """How much of the run lies behind, 0..1."""
        return share_done(self.settings, self.update, self.elapsed)

    def step(self) -> tuple[NDArray[np.float32], int]:
        """One update. Returns (nats by field summed [5], notes)."""
        batch = self.streams.next()
        self.optimizer.learning_rate.assign(self.learning_rate)
        sums, self.state = self._train_step(*_inputs(batch, self.state))
        self.update += 1
        return np.asarray(ops.convert_to_numpy(sums), dtype=np.float32), batch.notes

    def validate(self, limit: int | None = None) -> dict[str, Score]:
        """Nats per note and field on the validation pieces, by corpus and "all".

        Args:
            limit: Pieces of each corpus at most; None: all.

        Returns:
            Nothing if there are no validation pieces.
        """
        scores: dict[str, Score] = {}
        for corpus, batches in validation_batches(self.dataset, self.settings.steps, limit):
            score = Score.empty()
            state: Any = None
            for batch in batches:
                if state is None:
                    state = self._zero_state(len(batch.keep))
                sums, state = self._score_step(*_inputs(batch, state))
                score = score.plus(ops.convert_to_numpy(sums), batch.weights)
            scores[corpus] = score
        return scores | {"all": mean(scores)} if scores else {}

    # Checkpoints ---------------------------------------------------------------------

    def save(self, name: str) -> None:
        """Write everything the run consists of, whole or not at all.

        Raises:
            OutputError: It cannot be written; an older one of that name is still whole.
        """
        arrays: dict[str, NDArray[Any]] = {
            f"w:{key}": value for key, value in weights_of(self.network).items()
        }
        for letter, variables in self._other_variables():
            for index, variable in enumerate(variables):
                arrays[f"{letter}:{index}"] = np.asarray(ops.convert_to_numpy(variable.value))
        arrays["state"] = np.asarray(ops.convert_to_numpy(self.state))
        meta = {
            "update": self.update,
            "elapsed": self.elapsed,
            "best": self.best,
            "since_best": self.since_best,
            "network": self.config.as_dict(),
            "settings": self.settings.as_dict(),
            "streams": self.streams.state(),
        }
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with files.whole(self.folder / f"{name}.npz", force=True) as stream:
                np.savez(stream, **arrays)  # type: ignore[arg-type]
        except OSError as error:  # from making the folder
            raise OutputError(f"{self.folder} cannot be made: {files.reason(error)}") from error
        except OutputError as error:
            if not (self.folder / "last.npz").exists():
                raise
            raise OutputError(f"{error}; --resume goes on from last.npz") from error

    def restore(self, name: str) -> None:
        """Go back to a checkpoint written by `save` with the same settings.

        Raises:
            ModelError: It is missing or damaged.
        """
        path = self.folder / f"{name}.npz"
        with weights_file.opened(path, "go on with another run") as arrays:
            meta = json.loads(arrays["meta"].tobytes())
            set_weights(self.network, {key[2:]: arrays[key] for key in arrays if key[:2] == "w:"})
            for letter, variables in self._other_variables():
                for index, variable in enumerate(variables):
                    variable.assign(arrays[f"{letter}:{index}"])
            self.state = arrays["state"]
            self.update, self.elapsed = meta["update"], meta.get("elapsed", 0.0)
            self.best, self.since_best = meta["best"], meta["since_best"]
            self.streams.restore(meta["streams"])

    def _other_variables(self) -> tuple[tuple[str, list[Any]], ...]:
        return ("o", self.optimizer.variables), ("s", self.network.non_trainable_variables)


def _inputs(batch: Batch, state: Any) -> tuple[Any, ...]:
    return batch.features, batch.parts, batch.weights, batch.keep, state


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a run reports after every update.

    Attributes:
        update: Updates done.
        updates: Updates in all, at most.
        done: How much of the run lies behind, 0..1.
        nats: Nats per note in training, of this update.
        fields: The same by field, [5].
        notes_per_second: Of this update.
        learning_rate: In force.
        scores: Validation by corpus, when this update was followed by one.
        improved: Whether that validation is the best so far.
    """

    update: int
    updates: int
    done: float
    nats: float
    fields: NDArray[np.float32]
    notes_per_second: float
    learning_rate: float
    scores: dict[str, Score] | None = None
    improved: bool = False


def fit(
    fitter: Fitter,
    report: Callable[[UpdateReport], None],
    limit: int | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Train until the last update, the time limit, an early stop, or a request to stop.

    Args:
        fitter: Fresh, or restored from a checkpoint.
        report: Called after every update.
        limit: Validation pieces per corpus; None: all.
        stop: Asked after every update; True leaves a checkpoint and ends. (An exception
            in the middle of an update would leave half of one behind.)
        clock: Seconds.

    Returns:
        `DONE`, `EARLY` or `INTERRUPTED`.

    Raises:
        TrainingError: The loss is not a number.
        OutputError: A checkpoint cannot be written.
    """
    settings = fitter.settings
    saved = clock()
    while fitter.done < 1.0:
        began = clock()
        rate = fitter.learning_rate
        sums, notes = fitter.step()
        took = max(clock() - began, 1e-9)
        nats = float(sums.sum()) / max(notes, 1)
        if not math.isfinite(nats):
            raise TrainingError(
                f"the loss is {nats} at update {fitter.update}; --resume with a lower learning "
                "rate is not the same run: start again with a lower --learning-rate"
            )
        fitter.elapsed += took
        scores, improved = None, False
        last = fitter.done >= 1.0
        if fitter.update % settings.validate_every == 0 or last:
            scores = fitter.validate(limit)
            # Without pieces to validate on, the latest is all there is to go by.
            total = fitter.judge(scores) if scores else -math.inf
            improved = not scores or total < fitter.best
            fitter.since_best = 0 if improved else fitter.since_best + 1
            fitter.elapsed += clock() - began - took
            if improved:
                fitter.best = total if scores else fitter.best
                fitter.save("best")
            fitter.save("last")
            saved = clock()
        elif clock() - saved > SAVE_SECONDS:
            fitter.save("last")
            saved = clock()
        report(
            UpdateReport(
                fitter.update,
                settings.updates,
                fitter.done,
                nats,
                (sums / max(notes, 1)).astype(np.float32),
                notes / took,
                rate,
                scores,
                improved,
            )
        )
        if settings.patience and fitter.since_best >= settings.patience:
            return EARLY
        if stop() and not last:
            fitter.save("last")
            return INTERRUPTED
    return DONE
