"""The encoder's two LSTM layers as an int8 LiteRT graph, run by XNNPACK on a CPU. No TensorFlow.

One step of the graph reads one token forwards and one backwards, so a piece of M tokens takes M
steps, in which both directions go through it from their own end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from composer import models
from composer.errors import ModelError
from composer.native_stderr import without_lines
from composer.network import weights_file
from composer.network.config import NetworkConfig
from composer.network.encoder import UNITS, WIDTH, Encoder, Floats
from composer.network.litert_trunk import SMALL_TALK

WEIGHTS, GRAPH = models.ENCODER


class LiteRTReader:
    """A `composer.network.encoder.Reader` that plays a graph.

    Args:
        graph: An encoder.tflite written by `composer_training.export`.

    Raises:
        ModelError: The file is missing or damaged.
    """

    def __init__(self, graph: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            content = graph.read_bytes()
        except OSError as error:
            raise ModelError(
                f"cannot read the model's {graph} ({error.strerror}); install the model again"
            ) from error
        try:
            with without_lines(SMALL_TALK):
                self._graph: Any = Interpreter(model_content=content, num_threads=1)
                self._graph.allocate_tensors()
            inputs = {item["name"]: item for item in self._graph.get_input_details()}
            self._tokens, self._state = (
                next(item for name, item in inputs.items() if part in name)["index"]
                for part in ("tokens", "state")
            )
            # By name: read, state.
            outputs = sorted(self._graph.get_output_details(), key=lambda item: str(item["name"]))
            shapes = [tuple(item["shape"]) for item in (*inputs.values(), *outputs)]
            if sorted(shapes) != sorted([(2, WIDTH), (2, 2 * UNITS), (2, UNITS), (2, 2 * UNITS)]):
                raise ValueError("of another encoder")
            self._read, self._after = (item["index"] for item in outputs)
        except (ValueError, RuntimeError, StopIteration) as error:
            raise ModelError(f"{graph} is damaged ({error}); install the model again") from error

    def __call__(self, embedded: Floats) -> Floats:
        """See `composer.network.encoder.Reader`."""
        count = len(embedded)
        pairs = np.stack([embedded, embedded[::-1]], axis=1)  # [M, 2, WIDTH]
        state = np.zeros((2, 2 * UNITS), dtype=np.float32)
        read = np.empty((count, 2, UNITS), dtype=np.float32)
        graph = self._graph
        for index in range(count):
            graph.set_tensor(self._tokens, pairs[index])
            graph.set_tensor(self._state, state)
            graph.invoke()
            read[index] = graph.get_tensor(self._read)
            state = graph.get_tensor(self._after)
        return np.concatenate([read[:, 0], read[::-1, 1]], axis=1)


def load(folder: Path, config: NetworkConfig) -> Encoder | None:
    """A model's encoder, or None if it has none.

    Raises:
        ModelError: It is damaged, or of another model.
    """
    path = folder / WEIGHTS
    if not path.exists():
        return None
    with weights_file.opened(path) as weights:
        return Encoder(weights, config, LiteRTReader(folder / GRAPH))
