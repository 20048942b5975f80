"""Predictor: one event in, state and logits out. NumPy and LiteRT, no TensorFlow.

The trunk's LSTM layers run as an int8 LiteRT graph for one step of B streams. What comes
before them, looking up embeddings, and the heads after them, a few small matrices each,
run in NumPy: the heads' inputs are chosen one after another while a note is being drawn.

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

from composer.encoding.events import FIELDS, Events
from composer.encoding.features import COLUMN_SIZES, COLUMNS, features
from composer.encoding.running_features import Context
from composer.errors import ModelError
from composer.music.timing import MetreMap
from composer.native_stderr import without_lines
from composer.network.config import ADVICE, GAIN_UNIT, HEAD_CONTEXT, NetworkConfig

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

ROW_BLOCK = 2
"""Rows of one matrix product in a head. Always the same, so that what a stream gets does
not depend on how many others run beside it (BLAS chooses its summation order by shape)."""


class Trunk(Protocol):
    """Something that runs the recurrent part for one step of B streams."""

    def __call__(self, steps: NDArray[np.integer], recurrent: Floats) -> tuple[Floats, Floats]:
        """Steps [B, 25], float32 [B, L, 2, H] -> float32 [B, F * K], float32 [B, L, 2, H]."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """All there is to know of B streams between two notes.

    Attributes:
        recurrent: float32 [B, L, 2, H], of each layer the output h, then the cell c.
        hidden: float32 [B, F * K], what the heads have from the trunk.
        context: Where the streams stand in the bar, and what each part played last.
    """

    recurrent: Floats
    hidden: Floats
    context: Context

    def take(self, streams: Sequence[int] | Ints) -> State:
        """Some of the streams, in the order given (one may be taken several times)."""
        index = np.asarray(streams, dtype=np.int64)
        return State(self.recurrent[index], self.hidden[index], self.context.take(index))

    def split(self) -> list[State]:
        """Every stream by itself; none keeps the memory of the others."""
        return [
            State(recurrent.copy(), hidden.copy(), context)
            for recurrent, hidden, context in zip(
                self.recurrent[:, None], self.hidden[:, None], self.context.split(), strict=True
            )
        ]

    @staticmethod
    def join(states: Sequence[State]) -> State:
        """The streams of several states side by side."""
        if len(states) == 1:
            return states[0]
        return State(
            np.concatenate([state.recurrent for state in states]),
            np.concatenate([state.hidden for state in states]),
            Context.join([state.context for state in states]),
        )


# What NumPy and zipfile raise for files that are cut short, overwritten or not theirs.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, NotImplementedError,
           zipfile.BadZipFile, zlib.error)  # fmt: skip

_SMALL_TALK = b"INFO: Created TensorFlow Lite XNNPACK delegate"


class Embeddings:
    """The vectors that the columns of a step stand for, one behind the other."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Put the tables into one.

        Args:
            weights: By path, as a model's weights.npz has them.

        Raises:
            KeyError: A table is missing.
            ValueError: One has not as many rows as its column has classes.
        """
        tables = [weights[f"in_{name}/embeddings"].astype(np.float32) for name in COLUMNS]
        if [len(table) for table in tables] != list(COLUMN_SIZES):
            raise ValueError("the embeddings are of other features")
        widths = [table.shape[1] for table in tables]
        # Rows are filled up to the widest, so that all columns are looked up in one call.
        widest = max(widths)
        self._rows = np.zeros((sum(COLUMN_SIZES), widest), dtype=np.float32)
        self._first = np.concatenate([[0], np.cumsum(COLUMN_SIZES)[:-1]]).astype(np.int64)
        for first, table in zip(self._first, tables, strict=True):
            self._rows[first : first + len(table), : table.shape[1]] = table
        used = np.arange(widest) < np.array(widths)[:, None]
        self._used = used.reshape(-1).nonzero()[0]
        self.width = sum(widths)

    def __call__(self, steps: NDArray[np.integer]) -> Floats:
        """Steps [B, 25] -> float32 [B, sum of the widths]."""
        found = self._rows.take(steps + self._first, axis=0)
        return found.reshape(len(steps), -1).take(self._used, axis=1)


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
                with without_lines(_SMALL_TALK):
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


def load_ends(folder: Path, config: NetworkConfig) -> tuple[Embeddings, Heads]:
    """What comes before a model's trunk and after it.

    Raises:
        ModelError: Its weights are missing, damaged, or do not fit the configuration.
    """
    with reading_weights(folder) as stored:
        # Members are read one by one: the trunk's, most of it all, are not needed to play.
        wanted = [name for name in stored.files if name.startswith(("in_", "head_", "known_"))]
        weights = {name: stored[name] for name in wanted}
        return Embeddings(weights), Heads(weights, config.head_units)


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
        self._advice: list[tuple[Ints, Ints, Ints, Floats]] = []
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
            gains = [
                (GAIN_UNIT * weights[f"head_{field}/{name}/embeddings"][:, 0]).astype(np.float32)
                for name in ADVICE
            ]
            starts = np.cumsum([0, *(len(gain) for gain in gains[:-1])])
            self._advice.append(
                (
                    np.array([COLUMNS.index(f"{prefix}_{field}") for _, prefix in ADVICE.values()]),
                    np.array([COLUMNS.index(trust) for trust, _ in ADVICE.values()]),
                    starts,
                    np.concatenate(gains),
                )
            )
            if len(weights[f"head_{field}/logits/kernel"]) != head_units:
                raise ValueError(f"head_{field} does not have {head_units} units")
            kernel = weights[f"head_{field}/logits/kernel"].astype(np.float32)
            bias = weights[f"head_{field}/logits/bias"].astype(np.float32)
            # One class more than there are, for advice that names none.
            self._out.append((np.pad(kernel, ((0, 0), (0, 1))), np.pad(bias, (0, 1))))

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
        width = len(bias)
        logits: Floats = np.matmul(blocks, kernel).reshape(-1, width)[:count]
        logits += bias
        flat, first = logits.reshape(-1), np.arange(0, count * width, width)
        named, trusts, starts, gains = self._advice[field]
        advised = first[:, None] + columns.take(named, axis=1)
        # Two that name the same class both count, so this cannot be an indexed addition.
        np.add.at(flat, advised, gains.take(columns.take(trusts, axis=1) + starts))
        return logits[:, :-1]


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
        embeddings, heads = load_ends(folder, config)
        trunk = LiteRTTrunk(folder / "trunk.tflite", embeddings, threads)
        if not trunk.fits(config):
            raise ModelError(
                f"{folder / 'trunk.tflite'} and {folder / 'config.json'} do not belong together; "
                "install the model again"
            )
        return cls(config, trunk, heads)

    def zero(self, streams: int) -> Floats:
        """The recurrent state before the first step, float32 [B, L, 2, H]."""
        shape = (streams, self.config.layers, 2, self.config.units)
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
        hidden, recurrent = self.trunk(columns, state.recurrent)
        return State(recurrent, hidden, state.context.advance(rows))

    def logits(self, field: int, state: State, columns: Ints) -> Floats:
        """Logits of one field of the next note, float32 [B, classes].

        Args:
            field: Index in `FIELDS`.
            state: From `prime` or `step`.
            columns: int [B, 25] of the next note, filled in as far as it is chosen.
        """
        return self.heads(field, state.hidden, columns)
