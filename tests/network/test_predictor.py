"""Runtime: the engines that play, held to the equations; states as values; damaged models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference_lstm
import tiny_model

from composer.encoding.events import FIELDS, PART, Events
from composer.encoding.features import features
from composer.errors import ModelError
from composer.formats import midi
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import make_streams, seed_state
from composer.generation.seed_analysis import analyse_seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.network.config import NetworkConfig
from composer.network.numpy_trunk import load_float
from composer.network.predictor import Predictor
from composer.network.state import State

SEEDS = Path(__file__).parents[2] / "midi_data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder, its graph made by TensorFlow."""
    pytest.importorskip("tensorflow")
    return tiny_model.write_folder(
        tmp_path_factory.mktemp("models") / "tiny", graph=tiny_model.graph()
    )


def piece(notes: int = 30, seed: int = 0) -> Events:
    """Random canonical events of two parts."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((notes, len(FIELDS)), dtype=np.int16)
    rows[:, 0] = rng.integers(1, 40, notes)
    rows[:, 1] = rng.integers(0, 2, notes)
    rows[:, 2] = rng.integers(30, 90, notes)
    rows[:, 3] = rng.integers(0, 70, notes)
    rows[:, 4] = rng.integers(0, 32, notes)
    return Events(rows, (0, 33))


def all_logits(predictor: Predictor, state: State, columns: np.ndarray) -> list[np.ndarray]:
    return [predictor.logits(field, state, columns) for field in range(len(FIELDS))]


def same(left: State, right: State) -> bool:
    return (
        np.array_equal(left.recurrent, right.recurrent)
        and np.array_equal(left.hidden, right.hidden)
        and all(
            np.array_equal(getattr(left.context, name), getattr(right.context, name))
            for name in ("free", "clock", "inside", "bar", "programs", "slots", "last", "heard")
        )
    )


def copied(state: State) -> State:
    return state.take(np.arange(len(state.hidden)))


def test_numpy_gives_what_the_equations_give():
    events = piece()
    predictor = tiny_model.predictor()
    table = features(events)[None].astype(np.int64)
    start = np.zeros((2, 2, 1, 16))
    rows = reference_lstm.parts_of_notes(events, features(events))
    notes, parts = len(events.rows), len(events.programs)
    wanted, recurrent = reference_lstm.network(tiny_model.weights(), table, rows, start)
    for length in (1, 12, 29):
        state = predictor.prime(Events(events.rows[:length], events.programs))
        coming = table[:, len(events.programs) + length]
        for field, logits in enumerate(all_logits(predictor, state, coming)):
            there = wanted[field][:, len(events.programs) + length - 1] if field != PART else None
            if there is None:
                assert (logits[:, parts:] < -1e8).all()
                logits = logits[:, :parts]
                there = wanted[field].reshape(1, notes, parts)[:, length]
            assert logits == pytest.approx(there, abs=2e-4), FIELDS[field]
    state = predictor.prime(Events(events.rows[:29], events.programs))
    assert state.recurrent[0] == pytest.approx(recurrent[:, :, 0], abs=1e-4)


def test_litert_gives_what_numpy_gives(tmp_path: Path):
    pytest.importorskip("tensorflow")
    graph = tiny_model.graph(quantise=False)
    made = tiny_model.write_folder(tmp_path / "float", graph=graph)
    events = piece()
    ours, theirs = Predictor.load(made).prime(events), load_float(made).prime(events)
    assert ours.hidden == pytest.approx(theirs.hidden, abs=2e-4)
    assert ours.recurrent == pytest.approx(theirs.recurrent, abs=2e-4)


def test_int8_is_near(folder: Path):
    events = piece()
    ours, theirs = Predictor.load(folder).prime(events), load_float(folder).prime(events)
    assert np.abs(ours.hidden - theirs.hidden).mean() < 0.08 * np.abs(theirs.hidden).mean()


@pytest.mark.parametrize("engine", ["numpy", "litert"])
def test_priming_is_stepping(engine: str, request: pytest.FixtureRequest):
    predictor = (
        tiny_model.predictor()
        if engine == "numpy"
        else Predictor.load(request.getfixturevalue("folder"))
    )
    events = piece()
    state = predictor.start(events.programs, events.kind)
    for row in events.rows.astype(np.int64):
        state = predictor.step(row[None], state)
    assert same(state, predictor.prime(events))


def test_a_memory_hears_the_last_notes_and_who_plays():
    events = piece(50)
    predictor = tiny_model.predictor()
    assert same(predictor.prime(events, memory=50), predictor.prime(events))
    short = predictor.prime(events, memory=20)
    assert not np.array_equal(short.hidden, predictor.prime(events).hidden)
    assert short.context.clock[0] == events.onsets[-1]


def test_going_back_is_keeping_the_old_state():
    predictor = tiny_model.predictor()
    events = piece()
    before = predictor.prime(events)
    kept = copied(before)
    one = predictor.step(np.array([[10, 0, 60, 20, 16]]), before)
    again = predictor.step(np.array([[10, 0, 60, 40, 16]]), before)
    assert same(before, kept)
    assert not np.array_equal(one.hidden, again.hidden)
    assert same(one, predictor.step(np.array([[10, 0, 60, 20, 16]]), before))


def test_states_are_taken_and_joined():
    predictor = tiny_model.predictor()
    states = [predictor.prime(piece(10 + 5 * number, number)) for number in range(4)]
    together = State.join(states)
    assert together.hidden.shape[0] == together.recurrent.shape[0] == 4
    for number, state in enumerate(states):
        assert same(together.take([number]), state)
    assert same(together.take([2, 0]), State.join([states[2], states[0]]))
    twice = together.take([1, 1])
    assert same(twice.take([0]), twice.take([1]))


# Streams ---------------------------------------------------------------------------


def streams(predictor: Predictor, numbers: list[int], notes: int = 40) -> list[Stream]:
    analysis = analyse_seed(midi.read(SEEDS / "quartet.mid"))
    state = seed_state(analysis, predictor)
    return make_streams(analysis, state, Settings(notes=notes, rng_seed=3), numbers)


def play(predictor: Predictor, numbers: list[int]) -> list[list[list[int]]]:
    ensemble = BatchDecoder(predictor)
    made = streams(predictor, numbers)
    ensemble.add(made)
    while ensemble.streams:
        ensemble.step()
    return [stream.rows for stream in made]


def test_a_stream_plays_the_same_in_any_company(folder: Path):
    predictor = Predictor.load(folder)
    alone = play(predictor, [5])[0]
    assert len(alone) == 40
    assert play(predictor, [1, 5, 9])[1] == alone
    assert play(predictor, list(range(64)))[5] == alone

    ensemble = BatchDecoder(predictor)
    ensemble.add(streams(predictor, [1, 2, 3], notes=25))
    for _ in range(17):
        ensemble.step()
    (late,) = streams(predictor, [5])
    ensemble.add([late])
    while ensemble.streams:
        ensemble.step()
    assert late.rows == alone


def test_more_threads_play_the_same(folder: Path):
    numbers = list(range(20))
    assert play(Predictor.load(folder, threads=1), numbers) == play(
        Predictor.load(folder, threads=2), numbers
    )


GOLDEN = [
    [96, 3, 40, 28, 13],
    [84, 3, 40, 30, 13],
    [12, 3, 40, 31, 22],
    [96, 2, 52, 30, 15],
    [36, 3, 52, 24, 21],
    [84, 0, 78, 10, 21],
    [84, 0, 76, 30, 13],
    [84, 0, 78, 23, 13],
    [84, 0, 76, 30, 21],
    [84, 3, 40, 30, 13],
]
"""The first notes of variation 0 of the tiny network, after the quartet. Whoever changes
them changes what a number given with --rng-seed plays."""


def test_the_same_numbers_give_the_notes_they_always_gave():
    assert play(tiny_model.predictor(), [0])[0][: len(GOLDEN)] == GOLDEN


# Damage ----------------------------------------------------------------------------


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Predictor.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_nothing_there(tmp_path: Path):
    assert "config.json" in refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"network": {"layres": 2}}', b"\xff\xfe"])
def test_a_config_that_is_none(tmp_path: Path, content: bytes):
    folder = tiny_model.write_folder(tmp_path / "m")
    (folder / "config.json").write_bytes(content)
    assert "config.json" in refused(folder)


def test_another_version(tmp_path: Path):
    folder = tiny_model.write_folder(tmp_path / "m")
    document = json.loads((folder / "config.json").read_text())
    document["network"]["version"] = 99
    (folder / "config.json").write_text(json.dumps(document))
    assert "format 99" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", "half", "npy"])
def test_weights_that_are_damaged(tmp_path: Path, content: bytes | str):
    folder = tiny_model.write_folder(tmp_path / "m")
    path = folder / "weights.npz"
    if content == "half":
        content = path.read_bytes()[: path.stat().st_size // 2]
    if content == "npy":
        with path.open("wb") as stream:
            np.save(stream, np.zeros(3))
    else:
        assert isinstance(content, bytes)
        path.write_bytes(content)
    assert "damaged" in refused(folder)
    with pytest.raises(ModelError, match="damaged"):
        load_float(folder)


def test_weights_that_are_missing(tmp_path: Path):
    folder = tiny_model.write_folder(tmp_path / "m")
    (folder / "weights.npz").unlink()
    assert "missing" in refused(folder)


def test_weights_of_other_sizes(tmp_path: Path):
    folder = tiny_model.write_folder(tmp_path / "m")
    other = NetworkConfig(layers=2, units=16, head_units=12)
    document = {"network": other.as_dict()}
    (folder / "config.json").write_text(json.dumps(document))
    assert "12 units" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"not a graph" * 20])
def test_a_graph_that_is_none(tmp_path: Path, content: bytes):
    folder = tiny_model.write_folder(tmp_path / "m", graph=content)
    assert "trunk.tflite is damaged" in refused(folder)


def test_a_graph_cut_short(folder: Path, tmp_path: Path):
    content = (folder / "trunk.tflite").read_bytes()
    cut = tiny_model.write_folder(tmp_path / "m", graph=content[: len(content) // 2])
    assert "trunk.tflite is damaged" in refused(cut)


def test_a_graph_of_another_network(folder: Path, tmp_path: Path):
    other = NetworkConfig(layers=2, units=24, head_units=8)
    content = (folder / "trunk.tflite").read_bytes()
    mixed = tiny_model.write_folder(tmp_path / "m", other, graph=content)
    assert "do not belong together" in refused(mixed)


def test_nothing_is_said_on_standard_error(folder: Path):
    script = (
        "import sys; from pathlib import Path; from composer.network.predictor import Predictor; "
        "Predictor.load(Path(sys.argv[1])).start((0,), 'beats')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, check=True
    )
    assert done.stderr == b""
