"""Export: a checkpoint as a model folder that plays without TensorFlow.

A model folder holds:

    trunk.tflite    LSTM layers and the heads' first matrix for one step; weights int8 with
                    one scale to an output unit, activations quantised as they come
                    (LiteRT's dynamic range), state float32
    weights.npz     every weight as float16 by its Keras path: embeddings and heads, which the
                    runtime plays in NumPy, and the rest, from which training goes on
    config.json     sizes, event format, and what the model was trained on
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer import files
from composer.encoding.events import FIELDS
from composer.encoding.features import INPUTS
from composer.network import weights_file
from composer.network.config import EMBEDDING_SIZES, NetworkConfig

Weights = Mapping[str, NDArray[Any]]


def read_checkpoint(
    path: Path,
) -> tuple[NetworkConfig, dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Network configuration, weights by path, and the run's own record.

    Raises:
        ModelError: Missing, damaged, or not a checkpoint of `composer train`.
    """
    with weights_file.opened(path, "give a checkpoint of 'composer train'") as stored:
        meta = json.loads(stored["meta"].tobytes())
        weights = {key[2:]: stored[key] for key in stored if key.startswith("w:")}
        return NetworkConfig(**meta["network"]), weights, meta


def convert_trunk(config: NetworkConfig, weights: Weights, *, quantise: bool = True) -> bytes:
    """The trunk's one step as a LiteRT flatbuffer with any number of streams.

    It takes float32 [B, sum of embedding sizes], the embedded columns of `INPUTS` one
    behind the other, and the state, [B, L * 2 * H], as `LiteRTTrunk` feeds it.

    Args:
        config: Of the network.
        weights: As in a checkpoint.
        quantise: int8 weights; False keeps float32 (for comparison).
    """
    import tensorflow as tf

    def constant(name: str) -> Any:
        return tf.constant(weights[name], tf.float32)

    lstm = [
        (
            # One matrix for what comes in and what comes back: one product instead of two.
            tf.concat([constant(f"{cell}/kernel"), constant(f"{cell}/recurrent_kernel")], axis=0),
            constant(f"{cell}/bias"),
        )
        for cell in (f"lstm_{layer}/lstm_cell" for layer in range(config.layers))
    ]
    kernel = tf.concat([constant(f"head_{field}/from_trunk/kernel") for field in FIELDS], axis=1)
    bias = tf.concat([constant(f"head_{field}/from_trunk/bias") for field in FIELDS], axis=0)
    width = sum(EMBEDDING_SIZES[name] for name in INPUTS)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, width], tf.float32, name="embedded"),
            tf.TensorSpec([None, config.layers * 2 * config.units], tf.float32, name="recurrent"),
        ]
    )
    def step(embedded: Any, recurrent: Any) -> Any:
        x, after = embedded, []
        states = tf.split(recurrent, config.layers, axis=1)
        for layer, ((weight, b), state) in enumerate(zip(lstm, states, strict=True)):
            h, c = tf.split(state, 2, axis=1)
            z = tf.matmul(tf.concat([x, h], axis=1), weight) + b  # [B, 4H]
            i, f, g, o = tf.split(z, 4, axis=1)  # input, forget, candidate, output
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            x = h if layer == 0 else x + h
            after += [h, c]
        return {"hidden": tf.matmul(x, kernel) + bias, "recurrent": tf.concat(after, axis=1)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([step.get_concrete_function()])
    if quantise:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def export(checkpoint: Path, folder: Path, *, name: str, about: Mapping[str, Any]) -> None:
    """Write a model folder from a checkpoint; the folder's other files are left alone.

    Args:
        checkpoint: Written by `composer_training.fit`.
        folder: Made if missing.
        name: What the model is called.
        about: What config.json says of it beside the sizes (corpora, licence, figures).

    Raises:
        ModelError: Not a checkpoint.
        OSError: The folder cannot be made.
        OutputError: A file cannot be written.
    """
    config, weights, meta = read_checkpoint(checkpoint)
    graph = convert_trunk(config, weights)
    folder.mkdir(parents=True, exist_ok=True)
    halves = {key: value.astype(np.float16) for key, value in weights.items()}
    document = {
        "name": name,
        "network": config.as_dict(),
        "updates": meta["update"],
        **about,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # All three are written before the first gets its name.
    with (
        files.whole(folder / "config.json", force=True) as sizes,
        files.whole(folder / "trunk.tflite", force=True) as trunk,
        files.whole(folder / "weights.npz", force=True) as stored,
    ):
        sizes.write(text.encode())
        trunk.write(graph)
        np.savez(stored, **halves)  # type: ignore[arg-type]
