"""Settings of a training run, and what follows from them alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from composer.errors import SettingError
from composer_training.data.augment import Augmentation

PRECISIONS = ("mixed_bfloat16", "float32")

_RENAMED = {"lanes": "batch_size", "detours": "corruption"}
"""Names in the files of runs that began before these settings had their present names."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """One training run.

    Attributes:
        batch_size: Pieces side by side in a batch.
        steps: Steps of truncated back-propagation through time.
        updates: Optimiser steps in all; the learning rate falls to its end over them.
        learning_rate: At its peak, reached after `warm_up` updates.
        warm_up: Updates.
        clip: Bound on the norm of the gradient.
        weight_decay: Of AdamW, on matrices only.
        validate_every: Updates between validations and checkpoints.
        patience: Validations without improvement before training stops early; 0: never.
        precision: "mixed_bfloat16" or "float32".
        shares: Wanted share of the notes of each corpus.
        augmentation: How pieces are varied.
        seed: Of weights, dropout and data.
        minutes: End after so long if `updates` have not been reached; the learning rate
            then falls with the time. 0: no limit. With one, two runs are not the same.

    Raises:
        SettingError: A value is out of range; the message names it.
    """

    batch_size: int = 128
    steps: int = 96
    updates: int = 3000
    learning_rate: float = 2e-3
    warm_up: int = 100
    clip: float = 1.0
    weight_decay: float = 0.01
    validate_every: int = 200
    patience: int = 0
    precision: str = "mixed_bfloat16"
    shares: Mapping[str, float] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 1
    minutes: float = 0.0

    def __post_init__(self) -> None:
        for name in ("batch_size", "steps", "updates", "validate_every"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)}, must be at least 1")
        for name in ("warm_up", "weight_decay", "patience", "seed", "minutes"):
            value = getattr(self, name)
            if not value >= 0 or not math.isfinite(value):
                raise SettingError(f"{name} is {value}, must be at least 0")
        for name in ("learning_rate", "clip"):
            value = getattr(self, name)
            if not value > 0 or not math.isfinite(value):
                raise SettingError(f"{name} is {value}, must be more than 0")
        if self.precision not in PRECISIONS:
            raise SettingError(
                f"precision is {self.precision!r}, must be one of {', '.join(PRECISIONS)}"
            )
        for name, share in self.shares.items():
            if not share > 0 or not math.isfinite(share):
                raise SettingError(f"the share of {name} is {share}, must be more than 0")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"shares": dict(self.shares)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FitSettings:
        """The inverse of `as_dict`."""
        own = {_RENAMED.get(name, name): value for name, value in values.items()}
        varied = own.get("augmentation", {})
        varied = {_RENAMED.get(name, name): value for name, value in varied.items()}
        return cls(**{**own, "augmentation": Augmentation(**varied)})


def share_done(settings: FitSettings, update: int, elapsed: float) -> float:
    """How much of the run lies behind, 0..1: by updates, or by time if that is nearer its end.

    Args:
        settings: Of the run.
        update: Updates done.
        elapsed: Seconds spent, over all the sittings of the run.
    """
    by_update = update / settings.updates
    by_time = elapsed / (60 * settings.minutes) if settings.minutes else 0.0
    return max(by_update, by_time)


def learning_rate_at(update: int, settings: FitSettings, elapsed: float = 0.0) -> float:
    """Linear warm-up, then a half cosine down to 2 % of the peak.

    Args:
        update: Updates done.
        settings: Of the run.
        elapsed: Seconds spent; only looked at when the run has a limit in minutes.
    """
    if update < settings.warm_up:
        return settings.learning_rate * (update + 1) / settings.warm_up
    span = max(settings.updates - settings.warm_up, 1)
    done = (update - settings.warm_up) / span
    if settings.minutes:
        done = max(done, elapsed / (60 * settings.minutes))
    return settings.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
