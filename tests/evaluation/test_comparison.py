"""Comparing continuations with what really follows: halves, faults, figures, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from click.testing import CliRunner
from duet import found, song

from composer import models
from composer.analysis.descriptors import DESCRIPTORS
from composer.analysis.segment import Segment
from composer.cli.main import verbs
from composer.encoding.events import PART, PITCH
from composer.encoding.placement import encode
from composer.evaluation.comparison import fault, measure, nearer, random_pairs
from composer.evaluation.comparison_page import page
from composer.evaluation.evaluate import EncodedPiece
from composer.evaluation.form_comparison import closing, form_of, heard
from composer.evaluation.sources import continuations, seed_again, true_halves, with_notes
from composer.evaluation.split_piece import SplitPiece, split_piece
from composer.formats import midi
from composer.generation.settings import Settings
from composer.music.beat_grid import BEATS, Grid
from composer.music.keys import find_key
from composer.music.notes import Note, Part, Piece
from composer.music.timing import TempoMap


@pytest.fixture(scope="module")
def pieces() -> list[SplitPiece]:
    made = [split_piece(found(seed)) for seed in range(3)]
    return [piece for piece in made if piece is not None]


def test_a_piece_is_cut_at_the_bar_line_in_its_middle():
    whole = found(1)
    piece = split_piece(whole)
    assert piece is not None
    assert piece.bars == 8
    assert piece.analysis.join == 8 * 96
    # Seed and truth together are the piece.
    count = len(piece.seed.rows)
    assert np.array_equal(piece.seed.rows, whole.events.rows[:count])
    assert np.array_equal(piece.second_half.rows, whole.events.rows[count:])
    assert piece.second_half.onsets[0] == 0


def test_the_second_half_can_be_kept_short():
    piece = split_piece(found(1), most_bars=4)
    assert piece is not None
    assert piece.bars == 4
    assert piece.second_half.onsets.max() < 4 * 96


def test_halves_of_two_bars_are_too_short():
    assert split_piece(found(1, bars=4)) is None


def test_a_part_that_enters_later_is_not_in_the_seed():
    late = Part(tuple(Note(24 * n, 90, 24, 70) for n in range(40, 64)), 73, track=2, channel=2)
    piece = song(1)
    piece = Piece((late, *piece.parts), 24)
    events, placement = encode(piece, Grid(BEATS, share=1.0))
    piece = split_piece(EncodedPiece("late", "songs", events, True, piece, placement))
    assert piece is not None
    assert piece.analysis.events.programs == (0, 33)
    # In the truth it stands behind the seed's, which keep their slots.
    assert piece.second_half.programs == (0, 33, 73)


def test_continuations_are_as_long_as_the_truth_and_the_same_every_time(
    pieces: list[SplitPiece],
):
    predictor = tiny_model.predictor()
    made = continuations(predictor, pieces, Settings(), 5)
    again = continuations(predictor, pieces, Settings(), 5)
    assert [item.index for item in made] == [0, 1, 2, 0, 1]
    for one, other in zip(made, again, strict=True):
        assert one.segment.length == pieces[one.index].second_half.length
        assert np.array_equal(one.segment.rows, other.segment.rows)
    # The second of a piece is another variation of it.
    assert not np.array_equal(made[0].segment.rows, made[3].segment.rows)


def test_a_model_alone_keeps_to_the_seeds_parts_and_the_length_and_to_nothing_else(
    pieces: list[SplitPiece],
):
    predictor = tiny_model.predictor()
    unguided = continuations(predictor, pieces, Settings(), 3, unguided=True)
    guided = continuations(predictor, pieces, Settings(takes=2), 3)
    for some, other, piece in zip(unguided, guided, pieces, strict=True):
        assert some.segment.length == piece.second_half.length
        assert some.segment.onsets.max() < piece.second_half.length
        assert set(some.segment.rows[:, PART]) <= {0, 1}
        # The seed's bass and melody lie between 36 and 79, and its notes on the eighths.
        assert np.ptp(some.segment.rows[:, PITCH]) > 64 > np.ptp(other.segment.rows[:, PITCH])
        assert (some.segment.onsets % 12 > 0).any()
        assert not (other.segment.onsets % 12 > 0).any()


def test_someone_elses_surprise_is_one_more_trait(pieces: list[SplitPiece]):
    true, own = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0]
    made = measure(pieces, seed_again(pieces), surprise=(own, true))
    assert made.surprise.value == pytest.approx(6.5 / 3)
    assert made.each["surprise"] == [0.5, 0.0, 1.0]
    truth = measure(pieces, true_halves(pieces), surprise=(true, true))
    assert nearer(truth, made)["surprise"].value == pytest.approx(0.5)
    apart, _ = random_pairs(pieces, true)
    assert apart["surprise"].value == pytest.approx((1 + 3 + 2) / 3)


def test_a_tempo_that_changes_gives_each_tick_its_second():
    # 120 beats a minute for eight bars, then 60: a tick is 1/48 s, then 1/24 s.
    piece = split_piece(found(1, tempos=TempoMap(((0, 500_000), (768, 1_000_000)))))
    assert piece is not None
    assert piece.cut == 768
    assert piece.seconds(np.array([-96, 0, 96])).tolist() == [-2.0, 0.0, 4.0]
    assert piece.ticks(np.array([-2.0, 0.0, 4.0])).tolist() == [-96, 0, 96]


def test_the_truth_is_at_no_distance_from_itself(pieces: list[SplitPiece]):
    figures = measure(pieces, true_halves(pieces))
    assert all(figures.apart[name].value == 0 for name in DESCRIPTORS)
    assert figures.keys.value == 1.0
    assert figures.degenerate.value == 0.0
    apart, _ = random_pairs(pieces)
    assert apart["pitch classes"].value > 0


def test_how_much_nearer_is_counted_piece_by_piece(pieces: list[SplitPiece]):
    again = measure(pieces, seed_again(pieces))
    truth = measure(pieces, true_halves(pieces))
    ahead = nearer(truth, again)
    assert ahead["pitch classes"].value == pytest.approx(again.apart["pitch classes"].value)
    assert nearer(again, truth)["pitch classes"].value == -ahead["pitch classes"].value
    assert nearer(again, again)["density"].high == 0


def test_the_seed_again_is_a_copy_of_the_seed(pieces: list[SplitPiece]):
    figures = measure(pieces, seed_again(pieces))
    assert [copy.bars for copy in figures.from_seed] == [8, 8, 8]


def test_what_is_wrong_with_an_output(pieces: list[SplitPiece]):
    piece = pieces[0]
    bar = [(beat * 24, 60) for beat in range(4)]

    def output(notes: list[tuple[int, int]], bars: int = 12) -> Segment:
        onsets = np.array([tick for tick, _ in notes], dtype=np.int64)
        rows = np.zeros((len(notes), 5), dtype=np.int64)
        rows[:, 2] = [pitch for _, pitch in notes]
        rows[:, 3] = 23
        return with_notes(
            Segment(rows, onsets, (0,), 96, False, bars * 96), rows, onsets, bars * 96
        )

    stuck = [(96 * n + tick, pitch) for n in range(12) for tick, pitch in bar]
    assert fault(piece, output(stuck)) == "loop"
    moving = [(96 * n + tick, pitch + n) for n in range(12) for tick, pitch in bar]
    assert fault(piece, output(moving)) == ""
    assert fault(piece, output(moving[:12])) == "silence"
    assert fault(piece, output(moving[:1])) == "empty"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "songs"
    folder.mkdir()
    for seed in range(3):
        midi.save(midi.from_piece(song(seed)), folder / f"{seed}.mid")
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    html = tmp_path / "page.html"
    arguments = [
        "compare", str(folder), "--bars", "4", "--seed-bars", "4", "--takes", "2",
        "--page", str(html), "--json",
    ]  # fmt: skip
    result = CliRunner().invoke(verbs, arguments)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["pieces"] == 3
    # Nothing was learnt from, so there is no Markov model.
    sources = {"model", "model, one take", "model, alone", "uniform", "seed again", "truth"}
    assert set(document["sources"]) == sources
    assert set(document["model_nearer_than"]) == sources - {"model", "truth"}
    assert document["sources"]["truth"]["key_agreement"]["value"] == 1.0
    assert document["sources"]["seed again"]["form"]["melody_returns"]["value"] == 1.0
    assert document["sources"]["model"]["listener"]["area"]["value"] is None  # of three pieces
    assert document["settings"]["seed_bars"] == 4
    assert page(document) == html.read_text(encoding="utf-8")
    again = CliRunner().invoke(verbs, arguments)
    assert again.exit_code == 1
    assert "exists" in again.output


def test_the_model_without_baselines_and_as_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for seed in range(2):
        midi.save(midi.from_piece(song(seed)), tmp_path / f"{seed}.mid")
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    files = ["compare", *map(str, sorted(tmp_path.iterdir())), "--bars", "4", "--no-baselines"]
    result = CliRunner().invoke(verbs, files)
    assert result.exit_code == 0, result.output
    assert "melodic figures that the seed had" in result.stdout
    assert "listener: area under the curve" in result.stdout
    assert "uniform" not in result.stdout and "alone" not in result.stdout
    wrong = CliRunner().invoke(verbs, [*files, "--corpus", "polkas"])
    assert wrong.exit_code == 1
    assert "--corpus polkas: there are only pieces of" in wrong.output


def test_one_piece_is_no_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    midi.save(midi.from_piece(song(1)), tmp_path / "one.mid")
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    result = CliRunner().invoke(verbs, ["compare", str(tmp_path / "one.mid")])
    assert result.exit_code == 1
    assert "give more music" in result.output


def test_the_seed_can_be_its_last_bars_only() -> None:
    whole = found(1)
    long, short = split_piece(whole), split_piece(whole, seed_bars=4)
    assert long is not None and short is not None
    assert (len(long.analysis.events.plan or ()), len(short.analysis.events.plan or ())) == (8, 4)
    assert short.analysis.join == short.seed.length == 4 * 96
    # They are the notes just before the cut, and the truth is the same.
    count = len(short.seed.rows)
    assert np.array_equal(short.seed.onsets, long.seed.onsets[-count:] - 4 * 96)
    assert np.array_equal(short.seed.rows[1:, PITCH], long.seed.rows[1 - count :, PITCH])
    assert np.array_equal(short.second_half.rows, long.second_half.rows)


def test_a_part_has_one_slot_in_seed_and_truth_though_the_higher_one_changes() -> None:
    # Two flutes: in the seed the first is the higher one, and afterwards they change places.
    def flute(heights: tuple[int, int], track: int) -> Part:
        pitches = [heights[0] + n % 5 for n in range(32)] + [heights[1] + n % 5 for n in range(64)]
        notes = tuple(Note(24 * n, pitch, 24, 70) for n, pitch in enumerate(pitches))
        return Part(notes, 72 + track, track=track, channel=track)

    piece = Piece((flute((80, 50), 0), flute((60, 90), 1)), 24)
    events, placement = encode(piece, Grid(BEATS, share=1.0))
    split = split_piece(EncodedPiece("flutes", "songs", events, True, piece, placement))
    assert split is not None
    assert split.second_half.programs == split.seed.programs == split.analysis.events.programs
    assert events.programs != split.seed.programs


def test_form_of_the_seed_again_and_of_the_truth(pieces: list[SplitPiece]) -> None:
    again = form_of(pieces, seed_again(pieces))
    assert again["melody_returns"].value == again["nearest_bar"].value == 1
    assert again["longest_copy"].value == again["longest_copy_95"].value == 64
    truth = form_of(pieces, true_halves(pieces))
    assert truth["melody_returns"].value < 0.2
    # Dice end where they end.
    bass = [int(whole.events.rows[-1, PITCH]) for whole in map(found, range(3))]
    ends = [low % 12 == find_key(song(n)).tonic for n, low in enumerate(bass)]
    assert closing(pieces).value == np.mean(ends)


@pytest.mark.slow
def test_a_listener_knows_the_seed_again_from_music(pieces: list[SplitPiece]) -> None:
    many = [piece for n in range(12) if (piece := split_piece(found(n))) is not None]
    assert heard(many, seed_again(many)).area.value == 1
    assert heard(many, true_halves(many)).area.value == 0.5
    assert heard(pieces, true_halves(pieces)).tells == ()
