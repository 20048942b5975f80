"""Baselines: Performance RNN's events by hand, its likelihoods, and the table of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_model
from composer_training.baselines import performance_rnn
from composer_training.baselines import table as baselines
from composer_training.baselines.performance_events import EDGE, UP, VELOCITY, WAIT, to_tokens
from composer_training.data.dataset import Record, load
from composer_training.data.heldout import is_dataset, read_split
from composer_training.settings import FitSettings

from composer import models
from composer.encoding.events import FIELDS, SIZES
from composer.music.beat_grid import FREE
from composer.music.timing import DEFAULT_TEMPO


def record(kind: str = "beats") -> Record:
    return Record("a", "tunes", "train", kind, (0,), ((0, 4, 4),), ((0, DEFAULT_TEMPO),), True)


def test_two_notes_as_a_pianist_would_play_them() -> None:
    # At 120 beats a minute: C for a beat (0.5 s), and after 1.5 s E for 10 ms, louder.
    notes = np.array([[0, 0, 60, 480, 64], [1440, 0, 64, 10, 80]], dtype=np.int32)
    assert to_tokens(record(), notes).tolist() == [
        EDGE, VELOCITY + 16, 60, WAIT + 49, UP + 60, WAIT + 99, VELOCITY + 20, 64, WAIT + 0,
        UP + 64, EDGE,
    ]  # fmt: skip


def test_a_key_comes_up_before_it_goes_down_again() -> None:
    notes = np.array([[0, 0, 60, 500, 64], [500, 0, 60, 500, 64]], dtype=np.int32)
    tokens = to_tokens(record(FREE), notes).tolist()
    assert tokens == [EDGE, VELOCITY + 16, 60, WAIT + 49, UP + 60, 60, WAIT + 49, UP + 60, EDGE]


@pytest.fixture(scope="module")
def rival(prepared: Path) -> performance_rnn.PerformanceRNN:
    settings = FitSettings(
        batch_size=2, steps=16, updates=6, warm_up=1, precision="float32", learning_rate=0.02
    )
    told: list[float] = []
    network, about = performance_rnn.begin(settings, layers=2, units=8)
    assert about == {}
    performance_rnn.fit(load([prepared]), settings, network, report=lambda u, n, d: told.append(n))
    assert len(told) == 6
    assert told[-1] < told[0]
    return network


def test_an_event_moves_a_new_network() -> None:
    network = performance_rnn.build(units=64)
    events = np.array([[[60], [EDGE]], [[UP + 60], [EDGE]]], dtype=np.int32)
    _, state = network(events, performance_rnn.NO_PARTS, network.zero_state(2))
    first, _, top = np.asarray(state)[:, 0]
    assert np.abs(first[0] - first[1]).max() > 0.1  # 0.04 with weights as Keras draws them
    assert np.abs(top[0] - top[1]).max() > 0.002


def test_nats_of_a_piece_do_not_depend_on_how_it_is_cut(
    rival: performance_rnn.PerformanceRNN, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load([prepared])
    tokens = performance_rnn.tokens_of(dataset, dataset.records[:3])
    long = dict(performance_rnn.event_nats(rival, tokens))
    monkeypatch.setattr(performance_rnn, "SCORE_STEPS", 7)
    short = dict(performance_rnn.event_nats(rival, tokens))
    for index in range(3):
        assert len(long[index]) == len(tokens[index]) - 1
        assert long[index] == pytest.approx(short[index], rel=1e-4)


def test_a_trained_rival_is_read_back(
    rival: performance_rnn.PerformanceRNN, prepared: Path, tmp_path: Path
) -> None:
    performance_rnn.save(rival, tmp_path / "rival.npz", {"minutes": 2.0})
    again, about = performance_rnn.load(tmp_path / "rival.npz")
    assert about == {"minutes": 2.0}
    tokens = performance_rnn.tokens_of(load([prepared]), load([prepared]).records[:1])
    (_, read), (_, kept) = (
        next(performance_rnn.event_nats(network, tokens)) for network in (again, rival)
    )
    assert read == pytest.approx(kept)


@pytest.mark.slow
def test_a_rival_goes_on_from_its_file_and_says_how_long_it_learnt(
    rival: performance_rnn.PerformanceRNN, prepared: Path, tmp_path: Path
) -> None:
    path = tmp_path / "rival.npz"
    performance_rnn.save(rival, path, {"minutes": 2.0, "events_heard": 192, "curve": [[192, 5.9]],
                                       "sittings": 1})  # fmt: skip
    told: list[str] = []
    _, about = baselines.train_rival(load([prepared]), path, 1e-6, told.append)
    assert about["sittings"] == 2
    assert about["events_heard"] == 192 + 32 * 128  # one update
    assert about["minutes"] >= 2.0
    assert len(about["curve"]) == len(told) + 1 == 2
    assert performance_rnn.load(path)[1] == about


@pytest.mark.slow
def test_all_of_them_in_one_table(
    rival: performance_rnn.PerformanceRNN,
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    performance_rnn.save(rival, tmp_path / "rival.npz", {})
    document = baselines.measure(load([prepared]), "tiny", rnn=tmp_path / "rival.npz")
    rows = document["rows"]
    assert list(rows) == ["model", "Markov", "Markov with memory", "uniform", "Performance RNN"]
    (corpus,) = rows["model"]
    # Counting a few pieces like it beats a network that has learnt nothing, and chance.
    assert rows["Markov"][corpus]["nats_per_note"] < rows["uniform"][corpus]["nats_per_note"]
    assert rows["uniform"][corpus]["fields"]["pitch"] == pytest.approx(np.log(128))
    assert set(rows["model"][corpus]["fields"]) == set(FIELDS)
    text = "\n".join(baselines.lines(document))
    assert "Markov with memory" in text
    assert len(SIZES) == len(FIELDS)


def test_a_dataset_gives_its_validation_pieces(prepared: Path, music: Path) -> None:
    assert is_dataset(prepared)
    assert not is_dataset(music)
    found = read_split(load([prepared]))
    wanted = [record.name for record in load([prepared]).records if record.split == "valid"]
    assert [piece.name for piece in found] == [f"tiny/{name}" for name in wanted]
    assert all(piece.piece.note_count == len(piece.events.rows) for piece in found)
