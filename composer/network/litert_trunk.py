"""The trunk as an int8 LiteRT graph, run by XNNPACK on a CPU. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import FIELDS
from composer.errors import ModelError
from composer.native_stderr import without_lines
from composer.network.config import NetworkConfig
from composer.network.heads import Embeddings
from composer.network.trunk import Floats

SMALL_TALK = b"INFO: Created TensorFlow Lite XNNPACK delegate"


class LiteRTTrunk:
    """The trunk as a LiteRT graph; one interpreter for each number of streams in use.

    LiteRT runs it with XNNPACK, its default, which takes a half to a quarter of the time
    of LiteRT's own kernels. The graph has nothing in it that XNNPACK leaves to LiteRT:
    where the two take turns, the threads of a step are put to sleep and woken each time.
    """

    def __init__(self, graph: Path, embeddings: Embeddings, threads: int = 2) -> None:
        """Read the graph.

        Args:
            graph: A trunk.tflite written by `composer_training.export`.
            embeddings: Of the same network.
            threads: Threads of a step.

        Raises:
            ModelError: The file is missing or damaged.
        """
        try:
            self._content = graph.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read the model's {graph}: {error.strerror}") from error
        self._path, self._embeddings, self._threads = graph, embeddings, threads
        self._interpreters: dict[int, Any] = {}

    def _interpreter(self, streams: int) -> Any:
        if streams not in self._interpreters:
            from ai_edge_litert.interpreter import Interpreter

            try:
                with without_lines(SMALL_TALK):
                    made = Interpreter(model_content=self._content, num_threads=self._threads)
                    step, state = (_named(made, name) for name in ("embedded", "recurrent"))
                    for item in (step, state):
                        made.resize_tensor_input(item["index"], [streams, item["shape"][1]])
                    made.allocate_tensors()
                # By name: hidden, recurrent.
                hidden, after = sorted(made.get_output_details(), key=lambda item: item["name"])
            except (ValueError, RuntimeError, IndexError) as error:
                raise ModelError(
                    f"{self._path} is damaged ({error}); install the model again"
                ) from error
            places = (step["index"], state["index"], hidden["index"], after["index"])
            self._interpreters[streams] = (made, places)
        return self._interpreters[streams]

    def fits(self, config: NetworkConfig) -> bool:
        """Whether it is of a network of these sizes.

        Raises:
            ModelError: The graph is damaged.
        """
        interpreter, places = self._interpreter(1)
        embedded, state, hidden, _ = (interpreter.get_tensor(place).shape[1] for place in places)
        return (embedded, state, hidden) == (
            self._embeddings.width,
            config.layers * 2 * config.units,
            len(FIELDS) * config.head_units,
        )

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """See `Trunk`."""
        interpreter, (step, state, hidden, after) = self._interpreter(len(steps))
        interpreter.set_tensor(step, self._embeddings(steps))
        interpreter.set_tensor(state, recurrent.reshape(len(steps), -1))
        interpreter.invoke()
        return (
            interpreter.get_tensor(hidden),
            interpreter.get_tensor(after).reshape(recurrent.shape),
        )


def _named(interpreter: Any, name: str) -> Any:
    """The details of an input whose name has this in it.

    Raises:
        ValueError: There is none.
    """
    found = [item for item in interpreter.get_input_details() if name in item["name"]]
    if not found or len(found[0]["shape"]) != 2:
        raise ValueError(f"no input {name} of two dimensions: written by an older composer?")
    return found[0]
