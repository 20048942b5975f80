"""The dataset: what is stored gives the same events as the piece itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from composer_training.data import dataset
from composer_training.data.dataset import DatasetError, load, save, to_events, to_record
from hypothesis import given
from hypothesis import strategies as st

from composer.encoding.placement import encode
from composer.errors import OutputError, SeedError
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap

NOTES = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 20_000),
        pitch=st.integers(0, 127),
        duration=st.integers(1, 3000),
        velocity=st.integers(1, 127),
    ),
    min_size=1,
    max_size=20,
)
PIECES = st.builds(
    lambda parts, beat, metres, tempo: Piece(
        tuple(Part(tuple(notes), program) for notes, program in parts),
        beat,
        TempoMap(((0, tempo), (999, 400_000))),
        MetreMap(((0, 3, 4), *metres)),
    ),
    st.lists(st.tuples(NOTES, st.integers(0, DRUM_PROGRAM)), min_size=1, max_size=3),
    st.sampled_from([24, 48, 96, 120, 240, 480]),  # what 480 is a multiple of: nothing is lost
    st.lists(
        st.tuples(st.integers(1, 15_000), st.integers(1, 9), st.sampled_from([4, 8])), max_size=3
    ),
    st.integers(200_000, 900_000),
)


@given(PIECES, st.integers(0, 30), st.integers(0, 2))
def test_a_record_gives_the_events_of_its_piece(piece: Piece, offset: int, beats: int) -> None:
    grid = Grid(BEATS, offset, beats * piece.ticks_per_beat)
    record, notes = to_record(piece, grid, "x", "c", "train")
    assert to_events(record, notes) == encode(piece, grid)[0]


def test_free_time_is_kept_to_the_millisecond() -> None:
    piece = Piece((Part((Note(100, 60, 31, 80), Note(331, 62, 9, 90))),), 500)  # 1 tick = 1 ms
    record, notes = to_record(piece, Grid(FREE), "x", "c", "train")
    assert notes.tolist() == [[0, 0, 60, 31, 80], [231, 0, 62, 9, 90]]
    assert (record.metres, record.tempos) == (((0, 4, 4),), ((0, 500_000),))


def test_bar_lines_move_with_the_downbeat_and_tempos_stay_with_the_notes() -> None:
    """Bars begin a beat later than the file says; the tempo changes on the second note."""
    piece = Piece(
        (Part((Note(24, 60, 24, 80), Note(48, 62, 24, 90))),),
        24,
        TempoMap(((0, 500_000), (48, 250_000))),
        MetreMap(((0, 4, 4), (96, 3, 4))),
    )
    record, notes = to_record(piece, Grid(BEATS, 0, 24), "x", "c", "train")
    assert notes[:, 0].tolist() == [0, 480]
    assert MetreMap(record.metres).changes == ((0, 4, 4), (4 * 480, 3, 4))
    assert TempoMap(record.tempos).changes == ((0, 500_000), (480, 250_000))


def test_two_velocities_are_no_dynamics() -> None:
    def dynamics(*velocities: int) -> bool:
        notes = tuple(Note(24 * k, 60, 12, velocity) for k, velocity in enumerate(velocities))
        record, _ = to_record(Piece((Part(notes),), 24), Grid(BEATS), "x", "c", "train")
        return record.dynamics

    assert not dynamics(80, 80, 80) and not dynamics(80, 64, 80) and dynamics(80, 64, 90)


def some(count: int, corpus: str = "c") -> list[tuple[dataset.Record, dataset.Notes]]:
    made = []
    for number in range(count):
        piece = Piece((Part(tuple(Note(24 * k, 60 + k, 12, 80) for k in range(number + 1))),), 24)
        record, notes = to_record(piece, Grid(BEATS), f"p{number}", corpus, "train")
        made.append((replace(record, sha256=f"{9 - number:064x}"), notes))
    return made


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    pieces = some(4)
    saved = save(tmp_path / "d", iter(pieces))
    again = load([tmp_path / "d"])
    assert again.records == saved.records
    assert np.array_equal(again.table, saved.table) and again.table.dtype == np.int32
    for (_, notes), record in zip(pieces, again.records, strict=True):
        assert np.array_equal(again.notes(record), notes)
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["notes.npy", "pieces.json"]


def test_of_pieces_without_a_split_the_lowest_checksum_goes_to_validation(tmp_path: Path) -> None:
    saved = save(tmp_path / "d", [*some(3), *some(1, "alone")])
    assert [(r.corpus, r.name) for r in saved.records if r.split == "valid"] == [("c", "p2")]


def test_folders_are_joined_and_names_stay_apart(tmp_path: Path) -> None:
    save(tmp_path / "a", some(2))
    save(tmp_path / "b", some(3))
    both = load([tmp_path / "a", tmp_path / "b"])
    assert [record.name for record in both.records] == ["p0", "p1", "p0 (2)", "p1 (2)", "p2"]
    assert np.array_equal(both.notes(both.records[4]), some(3)[2][1])


def test_nothing_is_left_of_a_dataset_that_failed(tmp_path: Path) -> None:
    def failing() -> object:
        yield some(1)[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="the disk is full"):
        save(tmp_path / "d", failing())  # type: ignore[arg-type]
    with pytest.raises(SeedError, match="no file"):
        save(tmp_path / "d", [])
    assert list((tmp_path / "d").iterdir()) == []


def test_damage_is_named(tmp_path: Path) -> None:
    def complaint() -> str:
        with pytest.raises(DatasetError) as caught:
            load([tmp_path / "d"])
        return str(caught.value)

    assert "composer prepare" in complaint()
    save(tmp_path / "d", some(2))
    document = json.loads((tmp_path / "d" / "pieces.json").read_text())
    for change, word in (
        ({"format": 99}, "format 99"),
        ({"pieces": document["pieces"][:1]}, "do not belong together"),
        ({"pieces": [{"name": "x"}]}, "not a prepared dataset"),
    ):
        (tmp_path / "d" / "pieces.json").write_text(json.dumps(document | change))
        assert word in complaint()
    (tmp_path / "d" / "pieces.json").write_text("{")
    assert "not a prepared dataset" in complaint()
