"""Nats by position, part and crop: sums by hand, and what a crop of a piece is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from click.testing import CliRunner

from composer import models
from composer.cli.main import verbs
from composer.encoding.events import SHIFT
from composer.encoding.placement import encode
from composer.evaluation import breakdown
from composer.evaluation.breakdown import NoteScores
from composer.formats import midi
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap
from composer.network.likelihood import note_nats


def song(notes: int = 40) -> Piece:
    """A piano in eighths from the second beat on, and a drum on every beat."""
    piano = tuple(Note(24 + 12 * n, 60 + n % 7, 12, 60 + n % 30) for n in range(notes))
    drum = tuple(Note(24 * n, 36, 6, 90) for n in range(notes // 2))
    return Piece((Part(piano, 0), Part(drum, DRUM_PROGRAM, track=1, channel=9)), 24)


def told(notes: int, nats: float) -> NoteScores:
    """A piece whose every field of every note costs the same."""
    events = encode(song(notes), Grid(BEATS, share=1.0))[0]
    table = np.full((len(events.rows) + 1, 5), nats, dtype=np.float32)
    return NoteScores(events, table, "songs")


def test_notes_are_counted_from_their_pieces_beginning():
    piece = told(40, 1.0)
    piece.nats[:8] = 2.0
    piece.nats[-1] = 100.0  # END is no note
    found = breakdown.by_position([piece, piece])
    assert list(found) == ["1 to 8", "9 to 16", "17 to 32", "33 to 64"]
    assert found["1 to 8"]["nats_per_note"] == pytest.approx(10.0)
    assert found["9 to 16"]["nats_per_note"] == pytest.approx(5.0)
    assert [stretch["notes"] for stretch in found.values()] == [16, 16, 32, 56]
    assert found["1 to 8"]["interval"] == pytest.approx([10.0, 10.0])


def test_notes_are_counted_by_who_plays_them():
    piece = told(40, 1.0)
    piece.nats[:-1][piece.events.rows[:, 1] == 1] = 0.5
    found = breakdown.by_part([piece])
    assert {name: figures["notes"] for name, figures in found.items()} == {
        "1 piano": 40,
        "2 drums": 20,
    }
    assert found["1 piano"]["nats_per_note"] == pytest.approx(5.0)
    assert found["2 drums"]["nats_per_note"] == pytest.approx(2.5)
    assert found["1 piano"]["interval"] is None  # one piece is no witness of others


def test_a_crop_begins_where_it_was_in_the_bar():
    piece = song()
    piece = Piece(piece.parts, 24, metres=MetreMap(((0, 3, 4), (72, 4, 4))))
    events = encode(piece, Grid(BEATS, share=1.0))[0]
    start = 20
    crop = breakdown.crop(events, start, 10)
    assert np.array_equal(crop.rows[:, 1:], events.rows[start : start + 10, 1:])
    assert np.array_equal(crop.rows[1:, SHIFT], events.rows[start + 1 : start + 10, SHIFT])
    for index in range(10):
        here = crop.metres.position(int(crop.onsets[index]), 24)
        there = events.metres.position(int(events.onsets[start + index]), 24)
        assert (here.tick, here.length) == (there.tick, there.length)


def test_crops_are_scored_without_what_came_before():
    predictor = tiny_model.predictor()
    events = encode(song(), Grid(BEATS, share=1.0))[0]
    ((_, nats),) = note_nats(predictor, [events])
    found = breakdown.against_crops(predictor, [NoteScores(events, nats)], 16)
    assert found["length"] == 16
    assert found["notes"] == 3 * 15  # three whole crops in 60 notes, less the first note of each
    first = nats[1:16].sum() + nats[17:32].sum() + nats[33:48].sum()
    assert found["whole"] == pytest.approx(first / 45, abs=1e-4)
    alone = dict(note_nats(predictor, [breakdown.crop(events, 16, 16)]))[0]
    assert alone[1:-1].sum() != pytest.approx(nats[17:32].sum(), abs=1e-3)
    assert found["difference"] == pytest.approx(found["cropped"] - found["whole"])


def test_no_piece_is_long_enough_to_crop():
    events = encode(song(10), Grid(BEATS, share=1.0))[0]
    ((_, nats),) = note_nats(tiny_model.predictor(), [events])
    found = breakdown.against_crops(tiny_model.predictor(), [NoteScores(events, nats)], 500)
    assert found == {"length": 500, "notes": 0}


def test_the_command_shows_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for index in range(2):
        midi.save(midi.from_piece(song(30 + index)), tmp_path / f"{index}.mid")
    monkeypatch.setattr(models, "find", lambda name: tmp_path)
    monkeypatch.setattr(
        "composer.network.predictor.Predictor.load",
        lambda folder: tiny_model.predictor(),
    )
    monkeypatch.setattr(
        "composer.network.numpy_trunk.load_float",
        lambda folder: tiny_model.predictor(),
    )
    picture = tmp_path / "nats.png"
    arguments = [
        "evaluate", str(tmp_path), "--by", "part", "--by", "position", "--by", "corpus",
        "--crops", "16", "--both", "--plot", str(picture),
    ]  # fmt: skip
    result = CliRunner().invoke(verbs, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert set(document["by_part"]) == {"1 piano", "2 drums"}
    assert document["crops"]["notes"] > 0
    assert document["engines"]["difference"]["value"] == 0.0
    assert document["by_corpus"][tmp_path.name]["interval"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = CliRunner().invoke(verbs, [*arguments, "--force"])
    assert "in crops of 16 notes" in text.stdout
    assert "notes 1 to 8" in text.stdout


def test_one_engine_or_both():
    result = CliRunner().invoke(verbs, ["evaluate", "x.mid", "--both", "--float"])
    assert result.exit_code == 1
    assert "--float or --both" in result.output
