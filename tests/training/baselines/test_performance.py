"""Performance RNN as a player: its events read back, what it plays, what surprises it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from click.testing import CliRunner
from composer_training.baselines import performance_rnn
from composer_training.baselines.performance_events import CLASSES, EDGE, UP, WAIT, Reader, spell
from composer_training.baselines.performance_events import VELOCITY as LOUDNESS
from composer_training.baselines.performance_player import PerformancePlayer
from duet import found, song
from hypothesis import given
from hypothesis import strategies as st

from composer import models
from composer.cli.main import verbs
from composer.encoding.events import DURATION, DURATION_TICKS, PART, PITCH, VELOCITY
from composer.evaluation.comparison import fault
from composer.evaluation.sources import true_halves, with_notes
from composer.evaluation.split_piece import SecondHalf, SplitPiece, split_piece
from composer.formats import midi
from composer.generation.settings import Settings
from composer.music.timing import TempoMap

SLOW = TempoMap(((0, 625_000),))
"""96 beats a minute."""


@pytest.fixture(scope="module")
def pieces() -> list[SplitPiece]:
    made = [split_piece(found(seed, 8, SLOW)) for seed in range(3)]
    return [piece for piece in made if piece is not None]


@pytest.fixture(scope="module")
def player(pieces: list[SplitPiece]) -> PerformancePlayer:
    network = performance_rnn.build(layers=2, units=8)
    return PerformancePlayer(network, pieces)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 300), st.integers(60, 62), st.integers(0, 31)),
        max_size=30,
    ),
    st.integers(0, 900),
)
def test_notes_that_were_spelt_are_read_back(
    drawn: list[tuple[int, int, int, int]], cut: int
) -> None:
    # Each key comes up before it goes down again, as on a piano.
    clock, free, notes = 0, {}, []
    for gap, length, pitch, level in drawn:
        clock = max(clock + gap, free.get(pitch, 0))
        free[pitch] = clock + length
        notes.append((clock, clock + length, pitch, level))
    table = np.array(notes, dtype=np.int64).reshape(-1, 4)
    tokens, before = spell(table[:, :2].T, table[:, 2], table[:, 3], cut)
    reader = Reader()
    for token in tokens[:before].tolist():
        reader.hear(token)
    assert reader.clock < max(cut, 1)
    for token in tokens[before:].tolist():
        assert 0 <= token < EDGE
        reader.hear(token)
    assert sorted(reader.notes) == sorted(notes)
    assert reader.clock == max((note[1] for note in notes), default=0)


def test_keys_still_down_at_the_end_come_up() -> None:
    reader = Reader()
    for token in (LOUDNESS + 20, 60, WAIT + 9, 64, WAIT + 4, UP + 70):
        reader.hear(token)
    assert reader.notes == []
    reader.end()
    assert sorted(reader.notes) == [(0, 15, 60, 20), (10, 15, 64, 20)]


def test_it_goes_on_for_as_long_as_the_truth_and_the_same_every_time(
    player: PerformancePlayer, pieces: list[SplitPiece]
) -> None:
    made, again = (player.continuations(Settings(rng_seed=1)) for _ in range(2))
    other = player.continuations(Settings(rng_seed=2))
    for one, same, piece in zip(made, again, pieces, strict=True):
        assert np.array_equal(one.segment.rows, same.segment.rows)
        onsets, rows = one.segment.onsets, one.segment.rows
        assert onsets.min() >= 0
        assert (onsets + DURATION_TICKS[rows[:, DURATION]]).max() <= piece.second_half.length
        assert set(rows[:, PART]) <= {0, 1}
        # Low notes to the bass, high ones to the melody.
        assert (rows[rows[:, PITCH] < 48, PART] == 1).all()
        assert (rows[rows[:, PITCH] > 66, PART] == 0).all()
    assert not np.array_equal(made[0].segment.rows, other[0].segment.rows)


def test_a_network_that_knows_what_follows_plays_it(
    player: PerformancePlayer, pieces: list[SplitPiece], monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = pieces[1]
    seed, truth = piece.seed, piece.second_half
    rows = np.concatenate([seed.rows, truth.rows])
    onsets = np.concatenate([seed.onsets, truth.onsets + seed.length])
    seconds = np.stack([onsets, onsets + DURATION_TICKS[rows[:, DURATION]]]) * 0.625 / 24
    steps = np.round(seconds * 100).astype(np.int64)
    tokens, _ = spell(steps, rows[:, PITCH], rows[:, VELOCITY])
    script = [EDGE, *tokens.tolist(), WAIT]

    class Knows:
        """Says the script, whatever it hears."""

        at = 0

        def zero_state(self, streams: int) -> np.ndarray:
            return np.zeros((1, 2, streams, 1), dtype=np.float32)

        def __call__(
            self, features: np.ndarray, parts: object, state: np.ndarray
        ) -> tuple[list, np.ndarray]:
            self.at += 1
            logits = np.full((1, 1, CLASSES), -1e9, dtype=np.float32)
            logits[0, 0, script[self.at]] = 0.0
            assert features[0, 0, 0] == script[self.at - 1]
            return [logits], state

    monkeypatch.setattr(
        "composer_training.baselines.performance_player.compiled", lambda function: function
    )

    (made,) = PerformancePlayer(Knows(), [piece]).continuations(Settings())  # type: ignore[arg-type]
    assert np.array_equal(made.segment.rows[:, 1:], truth.rows[:, 1:])
    assert np.array_equal(made.segment.onsets, truth.onsets)


def test_who_plays_nothing_has_played_an_empty_half(
    pieces: list[SplitPiece], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waits:
        """For a second, and again."""

        def zero_state(self, streams: int) -> np.ndarray:
            return np.zeros((1, 2, streams, 1), dtype=np.float32)

        def __call__(
            self, features: np.ndarray, parts: object, state: np.ndarray
        ) -> tuple[list, np.ndarray]:
            logits = np.full((len(features), 1, CLASSES), -1e9, dtype=np.float32)
            logits[..., WAIT + 99] = 0.0
            return [logits], state

    monkeypatch.setattr(
        "composer_training.baselines.performance_player.compiled", lambda function: function
    )
    made = PerformancePlayer(Waits(), pieces).continuations(Settings())  # type: ignore[arg-type]
    assert [len(item.segment.rows) for item in made] == [0, 0, 0]
    assert fault(pieces[0], made[0].segment) == "empty"


@pytest.mark.slow
def test_surprise_is_what_the_whole_piece_costs_after_its_first_half(
    player: PerformancePlayer, pieces: list[SplitPiece]
) -> None:
    paid = player.surprise(true_halves(pieces))
    network = player.network
    for piece, value in zip(pieces, paid, strict=True):
        rows = np.concatenate([piece.seed.rows, piece.second_half.rows])
        onsets = np.concatenate([piece.seed.onsets, piece.second_half.onsets + piece.seed.length])
        seconds = np.stack([onsets, onsets + DURATION_TICKS[rows[:, DURATION]]]) * 0.625 / 24
        steps = np.round(seconds * 100).astype(np.int64)
        cut = round(piece.seed.length * 62.5 / 24)
        tokens, before = spell(steps, rows[:, PITCH], rows[:, VELOCITY], cut)
        ((_, nats),) = performance_rnn.event_nats(network, [np.array([EDGE, *tokens])])
        assert value == pytest.approx(nats[before:].sum() / len(piece.second_half.rows), rel=1e-4)
    silent = SecondHalf(0, with_notes(
        pieces[0].seed, pieces[0].seed.rows[:0], pieces[0].seed.onsets[:0], 96
    ))  # fmt: skip
    assert np.isnan(player.surprise([silent])[0])


@pytest.mark.slow
def test_it_plays_and_judges_in_the_command(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "songs").mkdir()
    for seed in range(2):
        midi.save(midi.from_piece(song(seed, 8)), tmp_path / "songs" / f"{seed}.mid")
    performance_rnn.save(performance_rnn.build(2, 8), tmp_path / "rival.npz", {})
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    arguments = [
        "compare", str(tmp_path / "songs"), "--train", str(prepared), "--bars", "4", "--takes", "1",
        "--rnn", str(tmp_path / "rival.npz"), "--page", str(tmp_path / "page.html"),
    ]  # fmt: skip
    result = CliRunner().invoke(verbs, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    sources = json.loads(result.stdout)["sources"]
    assert list(sources) == [
        "model", "model, alone", "Markov", "Markov, alone", "Performance RNN", "uniform",
        "seed again", "truth",
    ]  # fmt: skip
    assert all(figures["surprise"]["value"] > 0 for figures in sources.values())
    assert sources["truth"]["distance"]["surprise"]["value"] == 0
    assert (
        "under a Performance RNN that has heard the first half"
        in (tmp_path / "page.html").read_text()
    )
    result = CliRunner().invoke(verbs, [*arguments, "--force", "--no-markov"])
    assert "surprise, nats per note" in result.output
    (tmp_path / "rival.npz").write_bytes(b"not one")
    result = CliRunner().invoke(verbs, [*arguments, "--force"])
    assert result.exit_code == 1
    assert "rival.npz is damaged" in result.output
