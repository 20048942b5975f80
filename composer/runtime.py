"""Predictor: one event in, state and logits out. NumPy and LiteRT, no TensorFlow.

The trunk (embeddings and LSTM layers) runs as an int8 LiteRT graph for one step of B
streams; the heads, a few small matrices each, run in NumPy, because their inputs are
chosen one after another while a note is being drawn.

Conventions:
    B streams, L layers, H units, K head units, F = 5 fields. A `State` is a value: `step`
    returns a new one and the old one stays good, so going back is keeping the old one.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.architecture import ADVICE, GAIN_UNIT, HEAD_CONTEXT, NetworkConfig
from composer.context import Context
from composer.errors import ModelError
from composer.events import FIELDS, Events
from composer.features import COLUMN_SIZES, COLUMNS, features
from composer.quiet import without_lines
from composer.timing import MetreMap

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

ROW_BLOCK = 8
"""Rows of one matrix product in a head. Always the same, so that what a stream gets does
not depend on how many others run beside it (BLAS chooses its summation order by shape)."""


class Trunk(Protocol):
    """Something that runs the recurrent part for one step of B streams."""

    def __call__(self, steps: NDArray[np.int32], recurrent: Floats) -> tuple[Floats, Floats]:
        """int32 [B, 25], float32 [L, 2, B, H] -> float32 [B, F * K], float32 [L, 2, B, H]."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """All there is to know of B streams between two notes.

    Attributes:
        recurrent: float32 [L, 2, B, H].
        hidden: float32 [B, F * K], what the heads have from the trunk.
        context: Where the streams stand in the bar, and what each part played last.
    """

    recurrent: Floats
    hidden: Floats
    context: Context

    def take(self, streams: Sequence[int] | Ints) -> State:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        return State(self.recurrent[:, :, index], self.hidden[index], self.context.take(index))

    @staticmethod
    def join(states: Sequence[State]) -> State:
        """The streams of several states side by side."""
        return State(
            np.concatenate([state.recurrent for state in states], axis=2),
            np.concatenate([state.hidden for state in states]),
            Context.join([state.context for state in states]),
        )


MANY_STREAMS = 16
"""Streams from which a step is worth sharing between threads: one of a few streams takes
less time than waking them (2 x 512 on two cores, 1 stream: 0.068 ms on one thread, 0.074
on two; the threads that wait for work also keep a core busy)."""

# What NumPy and zipfile raise for files that are cut short, overwritten or not theirs.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, NotImplementedError,
           zipfile.BadZipFile, zlib.error)  # fmt: skip

_SMALL_TALK = b"INFO: Created TensorFlow Lite XNNPACK delegate"


class LiteRTTrunk:
    """The trunk as a LiteRT graph; one interpreter for each number of streams in use.

    LiteRT runs it with XNNPACK, its default, which takes a half to a quarter of the time
    of LiteRT's own kernels.
    """

    def __init__(self, graph: Path, threads: int = 2) -> None:
        """Read the graph.

        Args:
            graph: A trunk.tflite written by `training.export`.
            threads: Threads of one step of many streams.

        Raises:
            ModelError: The file is missing or damaged.
        """
        try:
            self._content = graph.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read the model's {graph}: {error.strerror}") from error
        self._path, self._threads = graph, threads
        self._interpreters: dict[int, Any] = {}

    def _interpreter(self, streams: int) -> Any:
        if streams not in self._interpreters:
            from ai_edge_litert.interpreter import Interpreter

            threads = self._threads if streams >= MANY_STREAMS else 1
            try:
                with without_lines(_SMALL_TALK):
                    made = Interpreter(model_content=self._content, num_threads=threads)
                    inputs = {item["name"]: item for item in made.get_input_details()}
                    step = next(v for k, v in inputs.items() if "steps" in k)
                    state = next(v for k, v in inputs.items() if "recurrent" in k)
                    layers, two, _, units = (int(n) for n in state["shape"])
                    made.resize_tensor_input(step["index"], [streams, len(COLUMNS)])
                    made.resize_tensor_input(state["index"], [layers, two, streams, units])
                    made.allocate_tensors()
                outputs = sorted(made.get_output_details(), key=lambda item: len(item["shape"]))
            except (ValueError, RuntimeError, StopIteration) as error:
                raise ModelError(
                    f"{self._path} is damaged ({error}); install the model again"
                ) from error
            places = (step["index"], state["index"], outputs[0]["index"], outputs[1]["index"])
            self._interpreters[streams] = (made, places)
        return self._interpreters[streams]

    def sizes(self) -> tuple[int, int]:
        """Layers, and units of each.

        Raises:
            ModelError: The graph is damaged.
        """
        interpreter, (_, state, *_) = self._interpreter(1)
        layers, _, _, units = interpreter.get_tensor(state).shape
        return int(layers), int(units)

    def __call__(self, steps: NDArray[np.int32], recurrent: Floats) -> tuple[Floats, Floats]:
        """See `Trunk`."""
        interpreter, (step, state, hidden, after) = self._interpreter(len(steps))
        interpreter.set_tensor(step, steps)
        interpreter.set_tensor(state, recurrent)
        interpreter.invoke()
        return interpreter.get_tensor(hidden), interpreter.get_tensor(after)


@contextlib.contextmanager
def reading_weights(folder: Path) -> Iterator[Any]:
    """The open weights.npz of a model's folder; what goes wrong inside is its damage.

    Raises:
        ModelError: It is missing, damaged, or holds weights of other sizes.
    """
    path = folder / "weights.npz"
    try:
        # Opened here, because NumPy leaves a damaged file open.
        with path.open("rb") as file, np.load(file) as stored:
            yield stored
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; install the model again") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(f"{path} is damaged ({reason}); install the model again") from error


def load_heads(folder: Path, config: NetworkConfig) -> Heads:
    """The heads of a model's folder.

    Raises:
        ModelError: Its weights are missing, damaged, or do not fit the configuration.
    """
    with reading_weights(folder) as stored:
        # Members are read one by one: only the heads' are needed to play.
        wanted = [name for name in stored.files if name.startswith(("head_", "known_"))]
        return Heads({name: stored[name] for name in wanted}, config.head_units)


class Heads:
    """The five heads in NumPy: logits of a field from the trunk and the fields chosen.

    A head's hidden layer sees each known column through an embedding and a matrix; the
    two are multiplied out once, so that a column costs one row of a table.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], head_units: int) -> None:
        """Multiply out.

        Args:
            weights: By path, as a model's weights.npz has them.
            head_units: Hidden units of each head.

        Raises:
            KeyError: A weight is missing.
            ValueError: Sizes do not fit one another.
        """
        self._units = head_units
        self._tables: list[Floats] = []
        self._columns: list[Ints] = []
        self._offsets: list[Ints] = []
        self._advice: list[list[tuple[int, int, NDArray[np.float64]]]] = []
        self._out: list[tuple[Floats, Floats]] = []
        for field in FIELDS:
            names = HEAD_CONTEXT[field]
            tables, start = [], 0
            for name in names:
                embedding = weights[f"known_{name}/embeddings"].astype(np.float32)
                width = embedding.shape[1]
                kernel = weights[f"head_{field}/from_context/kernel"].astype(np.float32)
                tables.append(embedding @ kernel[start : start + width])
                start += width
            sizes = [COLUMN_SIZES[COLUMNS.index(name)] for name in names]
            self._columns.append(np.array([COLUMNS.index(name) for name in names], dtype=np.int64))
            self._offsets.append(np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64))
            self._tables.append(np.concatenate(tables))
            self._advice.append(
                [
                    (
                        COLUMNS.index(trust),
                        COLUMNS.index(f"{prefix}_{field}"),
                        GAIN_UNIT * weights[f"head_{field}/{name}/embeddings"][:, 0].astype(float),
                    )
                    for name, (trust, prefix) in ADVICE.items()
                ]
            )
            if len(weights[f"head_{field}/logits/kernel"]) != head_units:
                raise ValueError(f"head_{field} does not have {head_units} units")
            self._out.append(
                (
                    np.ascontiguousarray(weights[f"head_{field}/logits/kernel"], np.float32),
                    np.ascontiguousarray(weights[f"head_{field}/logits/bias"], np.float32),
                )
            )

    def __call__(self, field: int, hidden: Floats, columns: Ints) -> Floats:
        """Logits of one field.

        Args:
            field: Index in `FIELDS`.
            hidden: float32 [B, F * K] from the trunk.
            columns: int [B, 25]; only what the field may see is looked at.

        Returns:
            float32 [B, classes of the field].
        """
        units, count = self._units, len(columns)
        rows = columns.take(self._columns[field], axis=1)
        rows += self._offsets[field]
        known = self._tables[field].take(rows, axis=0)  # [B, columns seen, K]
        x = np.add.reduce(known, axis=1)
        x += hidden[:, field * units : (field + 1) * units]
        kernel, bias = self._out[field]
        blocks = np.zeros((-(-count // ROW_BLOCK), ROW_BLOCK, units), dtype=np.float32)
        np.maximum(x, 0.0, out=blocks.reshape(-1, units)[:count])
        classes = len(bias)
        logits: Floats = np.matmul(blocks, kernel).reshape(-1, classes)[:count]
        logits += bias
        flat = logits.reshape(-1)
        for trust, named, gains in self._advice[field]:
            expected = columns[:, named]
            (sure,) = (expected < classes).nonzero()
            if len(sure):
                flat[sure * classes + expected[sure]] += gains[columns[sure, trust]]
        return logits


class Predictor:
    """The network as the rest of composer plays it."""

    def __init__(self, config: NetworkConfig, trunk: Trunk, heads: Heads) -> None:
        self.config = config
        self.trunk = trunk
        self.heads = heads

    @classmethod
    def load(cls, folder: Path, threads: int = 2) -> Predictor:
        """From a model's folder.

        Raises:
            ModelError: A file is missing, damaged, or of another version.
        """
        config = NetworkConfig.load(folder / "config.json")
        heads = load_heads(folder, config)
        trunk = LiteRTTrunk(folder / "trunk.tflite", threads)
        if trunk.sizes() != (config.layers, config.units):
            raise ModelError(
                f"{folder / 'trunk.tflite'} and {folder / 'config.json'} do not belong together; "
                "install the model again"
            )
        return cls(config, trunk, heads)

    def zero(self, streams: int) -> Floats:
        """The recurrent state before the first step, float32 [L, 2, B, H]."""
        shape = (self.config.layers, 2, streams, self.config.units)
        return np.zeros(shape, dtype=np.float32)

    def start(self, programs: Sequence[int], kind: str, metre: tuple[int, int] = (4, 4)) -> State:
        """One stream that has heard who plays, and nothing else."""
        rows = np.zeros((0, len(FIELDS)), dtype=np.int16)
        return self.prime(Events(rows, tuple(programs), kind, MetreMap(((0, *metre),))))

    def prime(self, events: Events, memory: int | None = None) -> State:
        """One stream that has heard some events.

        Args:
            events: All of the piece.
            memory: Hear only so many of its last notes, for speed; None for all.
        """
        steps = features(events).astype(np.int32)
        if memory is not None and len(events.rows) > memory:
            steps = np.concatenate([steps[: len(events.programs)], steps[-memory:]])
        recurrent = self.zero(1)
        hidden = np.zeros((1, len(FIELDS) * self.config.head_units), dtype=np.float32)
        for index in range(len(steps)):
            hidden, recurrent = self.trunk(steps[index : index + 1], recurrent)
        return State(recurrent, hidden, Context.after(events))

    def step(self, rows: Ints, state: State, columns: Ints | None = None) -> State:
        """Every stream hears one more note.

        Args:
            rows: int [B, 5], without END.
            state: Of the streams before it.
            columns: int [B, 25] of the note, where they are known already.
        """
        if columns is None:
            columns = state.context.columns(rows)
        hidden, recurrent = self.trunk(columns.astype(np.int32), state.recurrent)
        return State(recurrent, hidden, state.context.advance(rows))

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """Logits of one field of the next note, float32 [B, classes].

        Args:
            field: Index in `FIELDS`.
            state: From `prime` or `step`.
            columns: int [B, 25] of the next note, filled in as far as it is chosen.
        """
        return self.heads(field, state.hidden, columns)
