"""The trunk in Keras on a GPU, for large batches; TensorFlow is imported here when asked for.

One step is a function compiled by XLA for a fixed number of streams, to which `PaddedTrunk`
fills up fewer. So a stream's music does not depend on how many play beside it, and nothing is
compiled twice. It is float32 where LiteRT's is int8: the same settings give
other music on a GPU than on the CPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.distribution import install_extra
from composer.encoding.columns import COLUMNS
from composer.errors import DependencyError
from composer.native_stderr import TENSORFLOW_GREETINGS, without_lines
from composer.network import weights_file
from composer.network.config import NetworkConfig
from composer.network.heads import Heads
from composer.network.padded_trunk import PaddedTrunk
from composer.network.predictor import Predictor
from composer.network.trunk import Floats

STREAMS = 256
"""Streams that one compiled step takes."""


class KerasTrunk:
    """A `Trunk` compiled: embeddings, LSTM layers and the heads' first matrix.

    Args:
        config: Sizes of the network.
        weights: All of them, by path, as a model's weights.npz has them.
        streams: Streams of every step.
    """

    def __init__(
        self, config: NetworkConfig, weights: dict[str, NDArray[Any]], streams: int = STREAMS
    ) -> None:
        import tensorflow as tf

        from composer.network.keras_lstm import build, set_weights

        network = build(config)
        set_weights(network, weights)

        def step(steps: Any, recurrent: Any) -> tuple[Any, Any]:
            x = tf.concat(
                [
                    layer(steps[:, None, index])
                    for index, layer in zip(network.inputs_at, network.embeddings, strict=True)
                ],
                axis=-1,
            )  # [B, 1, sum of embedding sizes]
            states = []
            for index, layer in enumerate(network.recurrent):
                state = [recurrent[:, index, 0], recurrent[:, index, 1]]
                out, h, c = layer(x, initial_state=state)
                x = out if index == 0 else x + out
                states.append(tf.stack([tf.cast(h, tf.float32), tf.cast(c, tf.float32)], axis=1))
            hidden = tf.concat([head.from_trunk(x)[:, 0] for head in network.heads], axis=-1)
            return tf.cast(hidden, tf.float32), tf.stack(states, axis=1)

        shape = [streams, config.layers, 2, config.units]
        self._step = tf.function(
            step,
            input_signature=[
                tf.TensorSpec([streams, len(COLUMNS)], tf.int32),
                tf.TensorSpec(shape, tf.float32),
            ],
            jit_compile=True,
        )

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """See `composer.network.trunk.Trunk`."""
        hidden, after = self._step(steps.astype(np.int32), recurrent)
        return hidden.numpy(), after.numpy()


def load(folder: Path, *, required: bool = True, streams: int = STREAMS) -> Predictor:
    """A model on the GPU.

    Args:
        folder: The model's.
        required: Refuse to go on without a GPU; tests compile for the CPU.
        streams: See `KerasTrunk`.

    Raises:
        DependencyError: TensorFlow is not installed, or sees no GPU.
        ModelError: The model is missing or damaged.
    """
    try:
        # Where there is no GPU its libraries say so themselves, in ten lines before ours.
        with without_lines(*TENSORFLOW_GREETINGS):
            import tensorflow as tf

            gpus = tf.config.list_physical_devices("GPU")
    except ImportError:
        raise DependencyError(
            f"--device gpu needs TensorFlow; run: {install_extra('train')}"
        ) from None
    if required and not gpus:
        raise DependencyError("TensorFlow sees no GPU here; leave out --device gpu")
    for gpu in gpus:
        try:
            # Else TensorFlow takes all of the GPU's memory, from other programs too.
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:
            raise DependencyError(f"the GPU is in use by this process already: {error}") from error
    config = NetworkConfig.load(folder / "config.json")
    with weights_file.opened(folder / "weights.npz") as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored}
        trunk, heads = KerasTrunk(config, weights, streams), Heads(weights, config.head_units)
    return Predictor(config, PaddedTrunk(trunk, (streams,)), heads, folder)
