"""Seeds as files: parts that are told to be drums, and what a musician is told of a file."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from composer.errors import SettingError
from composer.formats import midi
from composer.generation.seed_files import Seed, open_seed
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import TempoMap

BEAT = 480


def tune(count: int = 16, start: int = 60) -> tuple[Note, ...]:
    return tuple(Note(BEAT * i, start + i % 8, BEAT, 80) for i in range(count))


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    """A lead on channel 1, a kit on channel 10, and "Loop" on channel 3, program 25."""
    parts = (
        Part(tune(), 40, "Lead", channel=0),
        Part(tune(16, 36), DRUM_PROGRAM, "Beat", channel=9, kit=8),
        Part(tune(16, 36), 25, "Loop", channel=2),
    )
    midi.save(midi.from_piece(Piece(parts, BEAT)), tmp_path / "a.mid")
    return open_seed(tmp_path / "a.mid")


def test_a_part_is_told_to_be_drums_and_another_not(seed: Seed) -> None:
    told = seed.with_drums(["loop"], ["2"])
    assert [part.is_drums for part in told.piece.parts] == [False, False, True]
    # The program that the file had becomes the kit, and the other way round: nothing is lost.
    assert (told.piece.parts[2].kit, told.piece.parts[1].program) == (25, 8)
    assert [part.notes for part in told.piece.parts] == [part.notes for part in seed.piece.parts]
    back = told.with_drums(["Beat"], ["Loop"])
    assert back.piece == seed.piece


def test_what_is_already_so_stays_so(seed: Seed) -> None:
    assert seed.with_drums(["Beat"], ["Lead", "3"]).piece == seed.piece
    assert seed.with_drums() == seed


def test_a_part_that_is_not_there_is_named_with_those_that_are(seed: Seed) -> None:
    with pytest.raises(SettingError, match=r"'4'.*1 Lead, 2 Beat, 3 Loop"):
        seed.with_drums(["4"])
    with pytest.raises(SettingError, match="'violin'"):
        seed.with_drums([], ["violin"])


def test_a_plain_file_has_no_remarks(seed: Seed) -> None:
    assert seed.remarks_on(seed.analysis()) == []


def test_silence_at_the_end_is_told_in_beats(tmp_path: Path) -> None:
    """A controller 100 beats behind the last note, which ends on beat 16."""
    file = midi.from_piece(Piece((Part(tune()),), BEAT))
    late = mido.Message("control_change", control=123, time=100 * BEAT)
    file.tracks[1].insert(len(file.tracks[1]) - 1, late)
    file.save(tmp_path / "late.mid")
    seed = open_seed(tmp_path / "late.mid")
    assert seed.remarks_on(seed.analysis()) == [
        "nothing sounds in the last 100 beats of the file; the music goes on where the last"
        " note ended"
    ]
    assert seed.analysis().tick(seed.analysis().join) == 16 * BEAT


def test_the_tempo_that_the_music_goes_on_in_is_told(tmp_path: Path) -> None:
    slower = TempoMap(((0, 500_000), (14 * BEAT, 750_000)))
    midi.save(midi.from_piece(Piece((Part(tune()),), BEAT, slower)), tmp_path / "rit.mid")
    seed = open_seed(tmp_path / "rit.mid")
    (line,) = seed.remarks_on(seed.analysis())
    assert "goes on at 120 beats per minute" in line and "--tempo seed-end: 80" in line
    assert seed.remarks_on(seed.analysis(tempo="seed-end")) == []


def test_remarks_of_the_file_come_first(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|!D.C.!|]\n")
    seed = open_seed(tmp_path / "a.abc")
    assert seed.remarks_on(seed.analysis()) == ["passed over: !D.C.!"]
