"""Export: a checkpoint as a model folder that plays without TensorFlow.

A model folder holds:

    trunk.tflite    LSTM layers and the heads' first matrix for one step; weights int8 with
                    one scale to an output unit, activations quantised as they come
                    (LiteRT's dynamic range), state float32
    weights.npz     every weight as float16 by its Keras path: embeddings and heads, which the
                    runtime plays in NumPy, and the rest, from which training goes on
    config.json     sizes, event format, and what the model was trained on

and, where it writes around given notes, the encoder (`composer.network.encoder`):

    encoder.tflite  its LSTM layers, one token in each direction at a step
    encoder.npz     all of its weights as float16
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer import files
from composer.encoding.columns import INPUTS
from composer.encoding.events import FIELDS
from composer.network import weights_file
from composer.network.config import EMBEDDING_SIZES, NetworkConfig
from composer.network.encoder import DIRECTIONS, UNITS, WIDTH

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


def convert_reader(weights: Weights, *, quantise: bool = True) -> bytes:
    """The encoder's LSTM layers as a LiteRT flatbuffer: one token forwards, one backwards.

    It takes float32 [2, embedded token] and the state, [2, 2 * U], the outputs h before the cells
    c, and gives h, [2, U], and the state after.

    Args:
        weights: As in `composer.network.encoder.shapes`.
        quantise: int8 weights; False keeps float32.
    """
    import tensorflow as tf

    layers = [
        (
            tf.constant(
                np.concatenate(
                    [weights[f"{direction}_kernel"], weights[f"{direction}_recurrent"]]
                ).astype(np.float32)
            ),
            tf.constant(weights[f"{direction}_bias"].astype(np.float32)),
        )
        for direction in DIRECTIONS
    ]

    @tf.function(
        input_signature=[
            tf.TensorSpec([len(layers), WIDTH], tf.float32, name="tokens"),
            tf.TensorSpec([len(layers), 2 * UNITS], tf.float32, name="state"),
        ]
    )
    def step(tokens: Any, state: Any) -> Any:
        read, after = [], []
        for row, (kernel, bias) in enumerate(layers):
            h, c = tf.split(state[row : row + 1], 2, axis=1)
            z = tf.matmul(tf.concat([tokens[row : row + 1], h], axis=1), kernel) + bias
            i, f, g, o = tf.split(z, 4, axis=1)  # input, forget, candidate, output
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            read.append(h)
            after.append(tf.concat([h, c], axis=1))
        return {"read": tf.concat(read, axis=0), "state": tf.concat(after, axis=0)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([step.get_concrete_function()])
    if quantise:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def export_encoder(weights: Weights, folder: Path) -> None:
    """Put an encoder into a model folder: encoder.npz and encoder.tflite.

    Args:
        weights: As in `composer.network.encoder.shapes`.
        folder: Of the model that the encoder was trained for.

    Raises:
        OutputError: A file cannot be written.
    """
    graph = convert_reader(weights)
    halves: dict[str, Any] = {key: value.astype(np.float16) for key, value in weights.items()}
    with (
        files.whole(folder / "encoder.npz", force=True) as stored,
        files.whole(folder / "encoder.tflite", force=True) as reader,
    ):
        np.savez(stored, **halves)
        reader.write(graph)


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
