"""Networks of a few units with weights drawn from a seed, as model folders and predictors."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from composer.encoding.columns import COLUMN_SIZES, COLUMNS, INPUTS
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
from composer.network.numpy_trunk import FloatTrunk
from composer.network.predictor import Predictor

CONFIG = NetworkConfig(layers=2, units=16, head_units=8)


def weights(config: NetworkConfig = CONFIG, seed: int = 0) -> dict[str, np.ndarray]:
    """Every weight by its path, large enough that fields depend on one another."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}

    def draw(name: str, *shape: int) -> None:
        scale = 1.5 / np.sqrt(shape[0]) if len(shape) > 1 else 0.3
        # In half floats, as model folders have them, so that both forms are the same network.
        made[name] = (scale * rng.standard_normal(shape)).astype(np.float16).astype(np.float32)

    sizes = dict(zip(COLUMNS, COLUMN_SIZES, strict=True))
    for name in INPUTS:
        made[f"in_{stored_name(name)}/embeddings"] = (
            rng.standard_normal((sizes[name], EMBEDDING_SIZES[name]))
            .astype(np.float16)
            .astype(np.float32)
        )
    for name in sorted({name for seen in HEAD_CONTEXT.values() for name in seen}, key=stored_name):
        made[f"known_{stored_name(name)}/embeddings"] = (
            rng.standard_normal((sizes[name], EMBEDDING_SIZES[name]))
            .astype(np.float16)
            .astype(np.float32)
        )
    width = sum(EMBEDDING_SIZES[name] for name in INPUTS)
    for layer in range(config.layers):
        cell = f"lstm_{layer}/lstm_cell"
        draw(f"{cell}/kernel", width if layer == 0 else config.units, 4 * config.units)
        draw(f"{cell}/recurrent_kernel", config.units, 4 * config.units)
        draw(f"{cell}/bias", 4 * config.units)
    for field, size in zip(FIELDS, SIZES, strict=True):
        draw(f"head_{field}/from_trunk/kernel", config.units, config.head_units)
        draw(f"head_{field}/from_trunk/bias", config.head_units)
        seen = sum(EMBEDDING_SIZES[name] for name in HEAD_CONTEXT[field])
        draw(f"head_{field}/from_context/kernel", seen, config.head_units)
        if field == "part":
            continue
        draw(f"head_{field}/gain/embeddings", CONFIDENCES, 1)
        draw(f"head_{field}/gain_ago/embeddings", LIKENESSES, 1)
        draw(f"head_{field}/gain_return/embeddings", RETURNINGS, 1)
        draw(f"head_{field}/logits/kernel", config.head_units, size)
        draw(f"head_{field}/logits/bias", size)
    draw("head_pitch/gain_chord/embeddings", int(CHORD_PLACES.max()) + 1, 1)
    for name, size in (("ranks", RANKS), ("moment", POINTER_UNITS)):
        draw(f"head_part/{name}/kernel", config.head_units, size)
        draw(f"head_part/{name}/bias", size)
    draw("head_part/points/kernel", POINTER_UNITS, 1)
    for name, size in zip(PART_FEATURES, PART_FEATURE_SIZES, strict=True):
        draw(f"head_part/told_{stored_name(name)}/embeddings", size, POINTER_UNITS)
        draw(f"head_part/gain_{stored_name(name)}/embeddings", size, 1)
        made[f"head_part/gain_{stored_name(name)}/embeddings"] /= 16
    return made


def predictor(config: NetworkConfig = CONFIG, seed: int = 0) -> Predictor:
    """In NumPy, so that it needs no TensorFlow to be made."""
    return of(weights(config, seed), config)


def of(drawn: dict[str, np.ndarray], config: NetworkConfig = CONFIG) -> Predictor:
    """A predictor of given weights."""
    return Predictor(config, FloatTrunk(config, drawn), Heads(drawn, config.head_units))


def write_folder(
    folder: Path, config: NetworkConfig = CONFIG, seed: int = 0, graph: bytes = b""
) -> Path:
    """A model folder; the graph is whatever is given."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.astype(np.float16) for name, value in weights(config, seed).items()}
    np.savez(folder / "weights.npz", **halves)
    (folder / "trunk.tflite").write_bytes(graph)
    document = {"name": "tiny", "network": config.as_dict()}
    (folder / "config.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


@cache
def graph(config: NetworkConfig = CONFIG, seed: int = 0, quantise: bool = True) -> bytes:
    """The trunk as a LiteRT graph, by TensorFlow."""
    from composer_training.export import convert_trunk

    return convert_trunk(config, weights(config, seed), quantise=quantise)
