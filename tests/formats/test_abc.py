"""ABC in: what is written, as the notes that abc2midi plays.

`abc/*.abc` are the features of the abc notation standard 2.1, in tunes of a few bars and in
its sample tunes. `abc/notes.json` holds what abc2midi plays of them; the script
tests/helpers/abc2midi_values.py makes it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from composer.errors import SeedError
from composer.formats.music_file import read_music
from composer.formats.scores import read_score, read_scores
from composer.music.notes import DRUM_PROGRAM, Part, Piece
from composer.music.timing import TempoMap

FOLDER = Path(__file__).with_name("abc")
PLAYED: dict[str, list[tuple[int, float, float]]] = json.loads(
    (FOLDER / "notes.json").read_text(encoding="utf-8")
)
STRUM = 0.05
"""Beats: abc2midi spreads the notes of a chord a little, and ends notes a tick early."""

HEAD = "X:1\nM:4/4\nL:1/4\n"


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return tmp_path / "tune.abc"


def read(path: Path, text: str) -> Piece:
    path.write_text(text, encoding="utf-8")
    return read_score(path)


def rows(part: Part) -> list[tuple[float, int, float]]:
    """(onset, pitch, length) of each note in beats."""
    return [(note.onset / 480, note.pitch, note.duration / 480) for note in part.notes]


def pitches(piece: Piece) -> list[int]:
    return [note.pitch for _, note in piece.notes()]


@pytest.mark.parametrize("name", sorted(PLAYED))
def test_a_tune_is_what_abc2midi_plays(name: str) -> None:
    piece = read_score(FOLDER / f"{name}.abc")
    first = min(note.onset for _, note in piece.notes())
    read = sorted(
        (note.pitch, (note.onset - first) / 480, note.duration / 480) for _, note in piece.notes()
    )
    assert [row[0] for row in read] == [row[0] for row in PLAYED[name]]
    for (_, onset, length), (_, played, sounding) in zip(read, PLAYED[name], strict=True):
        assert onset == pytest.approx(played, abs=STRUM)
        assert length == pytest.approx(sounding, abs=STRUM)


def test_every_tune_has_its_notes() -> None:
    assert {path.stem for path in FOLDER.glob("*.abc")} == set(PLAYED)


def test_voices_written_system_by_system_are_parts(tune: Path) -> None:
    text = (
        "X:1\nM:3/4\nL:1/4\nK:C\n%%score 1 2\nV:1 name=Violin\nV:2 clef=bass\n%%MIDI program 42\n"
        "V:1\nc2 d|\nV:2\nC,3|\nV:1\ne3|]\nV:2\nC,3|]\n"
    )
    violin, cello = read(tune, text).parts
    assert (violin.name, violin.program, violin.channel) == ("Violin", 0, 0)
    assert rows(violin) == [(0, 72, 2), (2, 74, 1), (3, 76, 3)]
    assert rows(cello) == [(0, 48, 3), (3, 48, 3)]


def test_bars_of_rest_take_their_time(tune: Path) -> None:
    piece = read(tune, HEAD + "K:C\nC4|Z2|D4|X|E4|]\n")
    assert rows(piece.parts[0]) == [(0, 60, 4), (12, 62, 4), (20, 64, 4)]


def test_a_tempo_in_the_line_holds_from_there(tune: Path) -> None:
    piece = read(tune, "X:1\nM:3/4\nL:1/4\nQ:1/4=100\nK:C\nCDE|[Q:3/8=60]FGA|\nQ:60\nB3|\n")
    # 60 dotted quarters are 90 quarters a minute; 60 alone counts unit notes, here quarters.
    tempos = ((0, 600_000), (3 * 480, 666_667), (6 * 480, 1_000_000))
    assert piece.tempos == TempoMap(tempos)


def test_a_metre_in_the_line_moves_the_bar_lines(tune: Path) -> None:
    piece = read(tune, HEAD + "K:C\nC4|[M:3/4]D3|E3|\nM:2/4\nF2|\n")
    assert piece.metres.changes == ((0, 4, 4), (4 * 480, 3, 4), (10 * 480, 2, 4))


def test_dynamics_are_loudness(tune: Path) -> None:
    piece = read(tune, HEAD + "K:C\nC!p!D!ff!EF|\n")
    assert [note.velocity for note in piece.parts[0].notes] == [80, 44, 108, 108]


def test_channel_ten_is_drums(tune: Path) -> None:
    piece = read(tune, HEAD + "%%MIDI channel 10\nK:C\nC,, D,, C,, D,,|\n")
    assert (piece.parts[0].program, piece.parts[0].channel) == (DRUM_PROGRAM, 9)
    assert pitches(piece) == [36, 38, 36, 38]


def test_accidentals_may_be_told_to_hold_for_one_octave(tune: Path) -> None:
    text = HEAD + "%%propagate-accidentals octave\nK:C\n^c C c2|\n"
    assert pitches(read(tune, text)) == [73, 60, 73]


def test_three_colons_are_played_three_times(tune: Path) -> None:
    assert pitches(read(tune, HEAD + "K:C\n|::C4::|D4|]\n")) == [60, 60, 60, 62]


def test_repeats_need_no_beginning(tune: Path) -> None:
    text = HEAD + "K:C\nC4|1 D4:|2 E4|]\nF4|1 G4:|2 A4|]\nB4:|\n"
    assert pitches(read(tune, text)) == [60, 62, 60, 64, 65, 67, 65, 69, 71, 71]


def test_a_clef_without_an_octave_ends_one_with(tune: Path) -> None:
    text = HEAD + "K:C clef=treble-8\nC4|[K:C clef=treble]C4|\n"
    assert pitches(read(tune, text)) == [48, 60]


@pytest.mark.parametrize("names", [("1st", "2nd"), ("1.", "2."), ("first time", "last time")])
def test_endings_may_be_named_in_words(tune: Path, names: tuple[str, str]) -> None:
    text = HEAD + 'K:C\n|:C4|["{}" D4:|["{}" E4|]\n["C"CE]4|\n'
    assert pitches(read(tune, text.format(*names))) == [60, 62, 60, 64, 60, 64]


BOOK = (
    "% a book\nM:4/4\n\nfree text with | bars |\n\nX:1\nT:One\nL:1/4\nK:C\nCDEF|\n\n"
    "more text\n\nX:7\nT:Seven\nL:1/4\nK:G\nFGAB|\n\nX:8\nT:Eight\nL:1/4\nK:C\nG4|\n"
)


def test_of_a_book_the_first_tune_is_taken_and_said(tune: Path) -> None:
    tune.write_text(BOOK, encoding="utf-8")
    music = read_music(tune)
    assert pitches(music.piece) == [60, 62, 64, 65]
    assert music.remarks == ("of 3 tunes this is X:1 One; tune.abc#NUMBER takes another",)
    assert [piece.title for piece in read_scores(tune)] == ["One", "Seven", "Eight"]


def test_a_tune_of_a_book_is_taken_by_its_number(tune: Path) -> None:
    tune.write_text(BOOK, encoding="utf-8")
    music = read_music(f"{tune}#7")
    assert music.piece.title == "Seven"
    assert pitches(music.piece) == [66, 67, 69, 71]
    assert music.remarks == ()
    with pytest.raises(SeedError, match="has no tune X:3; it has 1, 7, 8"):
        read_music(f"{tune}#3")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("m:~n=n/o/n\nK:C\n~C4|\n", "macros"),
        ("K:C\n(&c4|d4&C4|D4&)|\n", "overlay of several bars"),
        ("%%abc-include other.abc\nK:C\nC4|\n", "another file"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tune: Path, text: str, named: str) -> None:
    with pytest.raises(SeedError, match=named) as caught:
        read(tune, HEAD + text)
    assert "\n" not in str(caught.value)


def test_what_is_passed_over_is_told(tune: Path) -> None:
    tune.write_text(HEAD + "K:C\nV:1\nC4|D<D2!D.C.!D|\nV:2\nE4|\n", encoding="utf-8")
    assert read_music(tune).remarks == (
        "passed over: !D.C.!, > and < between notes of unlike lengths",
        "its voices are of different lengths (4 and 8 beats)",
    )
