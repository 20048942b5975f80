"""A network of a few numbers, so that tests of the live path need no model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMN_SIZES, COLUMNS
from composer.encoding.events import FIELDS, SIZES
from composer.encoding.lookback import LIKENESSES
from composer.encoding.match_model import CONFIDENCES
from composer.encoding.part_features import PART_FEATURE_SIZES, PART_FEATURES
from composer.encoding.part_order import RANKS
from composer.encoding.return_lookback import RETURNINGS
from composer.network.config import (
    CHORD_PLACES,
    EMBEDDING_SIZES,
    HEAD_CONTEXT,
    POINTER_UNITS,
    NetworkConfig,
    stored_name,
)
from composer.network.heads import Heads
from composer.network.predictor import Predictor
from composer.network.trunk import Floats

LAYERS, UNITS, HEAD = 1, 8, 6


class TinyTrunk:
    """Not an LSTM, but as forgetful as one, and every stream by itself."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.into = random.normal(0, 0.02, (len(COLUMNS), UNITS)).astype(np.float32)
        self.out = random.normal(0, 1.0, (UNITS, len(FIELDS) * HEAD)).astype(np.float32)
        self.sizes: list[int] = []

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        self.sizes.append(len(steps))
        after = recurrent.copy()
        for index, step in enumerate(steps):
            memory = np.tanh(0.7 * recurrent[index, 0, 0] + step.astype(np.float32) @ self.into)
            after[index, 0] = memory
        hidden = np.stack([after[index, 0, 0] @ self.out for index in range(len(steps))])
        return hidden, after


def tiny_predictor(belief: float | None = None) -> Predictor:
    """The network; with a belief, one that follows recall before anything else."""
    random = np.random.default_rng(1)
    weights: dict[str, NDArray[np.float32]] = {}
    for name, width in EMBEDDING_SIZES.items():
        size = COLUMN_SIZES[COLUMNS.index(name)]
        weights[f"known_{stored_name(name)}/embeddings"] = random.normal(0, 0.3, (size, width))
    for field, classes in zip(FIELDS, SIZES, strict=True):
        seen = sum(EMBEDDING_SIZES[name] for name in HEAD_CONTEXT[field])
        weights[f"head_{field}/from_context/kernel"] = random.normal(0, 0.3, (seen, HEAD))
        if field == "part":
            for name, size in (("ranks", RANKS), ("moment", POINTER_UNITS)):
                weights[f"head_part/{name}/kernel"] = random.normal(0, 0.5, (HEAD, size))
                weights[f"head_part/{name}/bias"] = random.normal(0, 0.5, size)
            weights["head_part/points/kernel"] = random.normal(0, 0.1, (POINTER_UNITS, 1))
            for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True):
                table = random.normal(0, 0.5, (size, POINTER_UNITS))
                weights[f"head_part/told_{stored_name(name)}/embeddings"] = table
                weights[f"head_part/gain_{stored_name(name)}/embeddings"] = random.normal(
                    0, 0.1, (size, 1)
                )
            if belief is not None:
                weights["head_part/gain_trust/embeddings"][1:] = belief
            continue
        weights[f"head_{field}/logits/kernel"] = random.normal(0, 0.5, (HEAD, classes))
        weights[f"head_{field}/logits/bias"] = random.normal(0, 0.5, classes)
        weights[f"head_{field}/gain/embeddings"] = random.normal(0, 0.5, (CONFIDENCES, 1))
        weights[f"head_{field}/gain_ago/embeddings"] = random.normal(0, 0.5, (LIKENESSES, 1))
        weights[f"head_{field}/gain_return/embeddings"] = np.zeros((RETURNINGS, 1))
        if belief is not None:
            weights[f"head_{field}/gain/embeddings"][1:] = belief
    weights["head_pitch/gain_chord/embeddings"] = np.zeros((CHORD_PLACES.max() + 1, 1))
    heads = Heads({name: w.astype(np.float32) for name, w in weights.items()}, HEAD)
    return Predictor(NetworkConfig(LAYERS, UNITS, HEAD), TinyTrunk(), heads)
