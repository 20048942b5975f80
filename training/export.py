"""Export: a checkpoint as a model folder that plays without TensorFlow.

A model folder holds:

    trunk.tflite    embeddings, LSTM layers and the heads' first matrix for one step;
                    weights int8 with one scale to an output unit, activations quantised
                    as they come (LiteRT's dynamic range), state float32
    weights.npz     every weight as float16 by its Keras path: the heads, which the runtime
                    plays in NumPy, and the rest, from which training goes on
    config.json     sizes, event format, and what the model was trained on
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer import files, npz
from composer.architecture import NetworkConfig
from composer.errors import ComposerError, ModelError
from composer.events import FIELDS
from composer.features import COLUMNS

Weights = Mapping[str, NDArray[Any]]


def read_checkpoint(
    path: Path,
) -> tuple[NetworkConfig, dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Network configuration, weights by path, and the run's own record.

    Raises:
        ModelError: Missing, damaged, or not a checkpoint of `composer train`.
    """
    try:
        arrays = npz.read(path)
        meta = json.loads(arrays["meta"].tobytes())
        weights = {key[2:]: array for key, array in arrays.items() if key.startswith("w:")}
        return NetworkConfig(**meta["network"]), weights, meta
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, ComposerError) as error:
        raise ModelError(f"{path} is no whole checkpoint of 'composer train' ({error})") from error


def convert_trunk(config: NetworkConfig, weights: Weights, *, quantise: bool = True) -> bytes:
    """The trunk's one step as a LiteRT flatbuffer with any number of streams.

    Args:
        config: Of the network.
        weights: As in a checkpoint.
        quantise: int8 weights; False keeps float32 (for comparison).
    """
    import tensorflow as tf

    def constant(name: str) -> Any:
        return tf.constant(weights[name], tf.float32)

    embeddings = [constant(f"in_{name}/embeddings") for name in COLUMNS]
    lstm = [
        tuple(constant(f"lstm_{layer}/lstm_cell/{part}") for part in
              ("kernel", "recurrent_kernel", "bias"))
        for layer in range(config.layers)
    ]  # fmt: skip
    kernel = tf.concat([constant(f"head_{field}/from_trunk/kernel") for field in FIELDS], axis=1)
    bias = tf.concat([constant(f"head_{field}/from_trunk/bias") for field in FIELDS], axis=0)
    units = config.units

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, len(COLUMNS)], tf.int32, name="steps"),
            tf.TensorSpec([config.layers, 2, None, units], tf.float32, name="recurrent"),
        ]
    )
    def step(steps: Any, recurrent: Any) -> Any:
        x = tf.concat(
            [tf.gather(table, steps[:, index]) for index, table in enumerate(embeddings)], axis=1
        )  # [B, sum of embedding sizes]
        states = []
        for layer, (w, u, b) in enumerate(lstm):
            h, c = recurrent[layer, 0], recurrent[layer, 1]
            z = tf.matmul(x, w) + tf.matmul(h, u) + b  # [B, 4H]: input, forget, candidate, output
            c = tf.sigmoid(z[:, units : 2 * units]) * c + tf.sigmoid(z[:, :units]) * tf.tanh(
                z[:, 2 * units : 3 * units]
            )
            h = tf.sigmoid(z[:, 3 * units :]) * tf.tanh(c)
            x = h if layer == 0 else x + h
            states.append(tf.stack([h, c]))
        return {"hidden": tf.matmul(x, kernel) + bias, "recurrent": tf.stack(states)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([step.get_concrete_function()])
    if quantise:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def export(checkpoint: Path, folder: Path, *, name: str, about: Mapping[str, Any]) -> None:
    """Write a model folder from a checkpoint; the folder's other files are left alone.

    Args:
        checkpoint: Written by `training.fit`.
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
