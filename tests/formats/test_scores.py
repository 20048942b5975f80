"""Scores in and out: what is written in ABC, kern and MusicXML, as notes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from composer.corpora.music21_corpus import FOLDERS, CorpusFile, corpus
from composer.errors import OutputError, SeedError, SettingError
from composer.formats.musicxml import encode
from composer.formats.scores import read_score, read_scores
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap

UPBEAT_ABC = """X:1
T:Upbeat
M:3/4
L:1/4
Q:1/4=90
K:G
|:D|G A B-|[GB]2:|
"""

DUET_KRN = """**kern\t**kern
*Icello\t*Iflt
*M3/4\t*M3/4
*k[b-]\t*k[b-]
*MM96\t*MM96
4C\t4c
=1\t=1
2F\t2f 2a
4r\t4g
=2\t=2
2.A\t2.a
==\t==
*-\t*-
"""

Save = Callable[[str, str], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a text under a name, and say where."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def rows(part: Part) -> list[tuple[int, int, int]]:
    """(onset, pitch, duration) of each note."""
    return [(note.onset, note.pitch, note.duration) for note in part.notes]


def musicxml(body: str, instrument: str = "", name: str = "Piano") -> str:
    """A score of one part in divisions of a quarter note."""
    return f"""<score-partwise version="4.0"><part-list><score-part id="P1">
      <part-name>{name}</part-name>{instrument}</score-part></part-list>
      <part id="P1">{body}</part></score-partwise>"""


def xml_note(pitch: str, duration: int = 1, inside: str = "", before: str = "") -> str:
    return (
        f"<note>{before}<pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>"
        f"<duration>{duration}</duration>{inside}<voice>1</voice></note>"
    )


START = """<attributes><divisions>1</divisions>
  <time><beats>4</beats><beat-type>4</beat-type></time></attributes>"""


def test_abc_with_upbeat_tie_and_repeat(save: Save) -> None:
    piece = read_score(save("upbeat.abc", UPBEAT_ABC))
    # The upbeat is the third beat of bar 1; the B is tied; all is played twice.
    once = [(960, 62, 480), (1440, 67, 480), (1920, 69, 480), (2400, 71, 1440), (2880, 67, 960)]
    again = [(onset + 2880, pitch, duration) for onset, pitch, duration in once]
    assert rows(piece.parts[0]) == once + again
    assert piece.metres == MetreMap(((0, 3, 4),))
    assert piece.tempos == TempoMap(((0, 666_667),))
    assert piece.title == "Upbeat"
    assert {note.velocity for note in piece.parts[0].notes} == {80}


def test_a_tune_book_has_several_pieces(save: Save) -> None:
    other = "\nX:2\nT:Other\nM:4/4\nL:1/4\nK:C\nC D E F|\n"
    path = save("book.abc", UPBEAT_ABC + other)
    assert [piece.title for piece in read_scores(path)] == ["Upbeat", "Other"]
    assert read_score(path).title == "Upbeat"


def test_kern_with_two_instruments(save: Save) -> None:
    piece = read_score(save("duet.krn", DUET_KRN))
    flute, cello = piece.parts
    assert (flute.program, flute.track, flute.channel) == (73, 1, 0)
    assert (cello.program, cello.track, cello.channel) == (42, 2, 1)
    assert rows(flute) == [
        (960, 60, 480), (1440, 65, 960), (1440, 69, 960), (2400, 67, 480), (2880, 69, 1440)
    ]  # fmt: skip
    assert rows(cello) == [(960, 48, 480), (1440, 53, 960), (2880, 57, 1440)]


def test_musicxml_dynamics_graces_and_metre_changes(save: Save) -> None:
    piano = "<direction><direction-type><dynamics><p/></dynamics></direction-type></direction>"
    grace = "<note><grace/><pitch><step>D</step><octave>5</octave></pitch><voice>1</voice></note>"
    three = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    text = musicxml(
        f'<measure number="1">{START}{xml_note("C4", 4)}</measure>'
        f'<measure number="2">{three}{piano}{grace}{xml_note("E4", 3)}</measure>'
    )
    piece = read_score(save("piece.musicxml", text))
    assert rows(piece.parts[0]) == [(0, 60, 1920), (1920, 64, 1440)]
    assert [note.velocity for note in piece.parts[0].notes] == [80, 44]
    assert piece.metres == MetreMap(((0, 4, 4), (1920, 3, 4)))


def test_a_bar_split_by_a_repeat_sign_is_one_bar(save: Save) -> None:
    lengths = (4, 3, 1, 4, 2, 4)
    bars = "".join(
        f'<measure number="{number}">{START if number == 0 else ""}'
        f"{xml_note('C4', length)}</measure>"
        for number, length in enumerate(lengths)
    )
    piece = read_score(save("split.xml", musicxml(bars)))
    # The bar of two beats is one of its own: the next begins where it ends.
    assert piece.metres == MetreMap(((0, 4, 4), (14 * 480, 4, 4)))


def test_first_and_second_ending(save: Save) -> None:
    text = "X:1\nM:2/4\nL:1/4\nK:C\n|:C D|1 E F:|2 G A|c2|]\n"
    piece = read_score(save("endings.abc", text))
    assert [note.pitch for note in piece.parts[0].notes] == [60, 62, 64, 65, 60, 62, 67, 69, 72]
    assert [note.onset for note in piece.parts[0].notes][-2:] == [7 * 480, 8 * 480]


def test_da_capo_goes_back_to_the_first_tempo(save: Save) -> None:
    def tempo(number: int) -> str:
        return (
            "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
            f"<per-minute>{number}</per-minute></metronome></direction-type></direction>"
        )

    fine = "<direction><direction-type><words>Fine</words></direction-type></direction>"
    back = "<direction><direction-type><words>D.C. al Fine</words></direction-type></direction>"
    text = musicxml(
        f'<measure number="1">{START}{tempo(60)}{xml_note("C4", 4)}{fine}</measure>'
        f'<measure number="2">{tempo(120)}{xml_note("E4", 4)}{back}</measure>'
    )
    piece = read_score(save("capo.musicxml", text))
    assert rows(piece.parts[0]) == [(0, 60, 1920), (1920, 64, 1920), (3840, 60, 1920)]
    assert piece.tempos == TempoMap(((0, 1_000_000), (1920, 500_000), (3840, 1_000_000)))


def test_repeats_without_end_are_played_once(save: Save) -> None:
    sign = '<barline location="right"><repeat direction="backward" times="99"/></barline>'
    text = musicxml(
        f'<measure number="1">{START}{xml_note("C4", 4)}{sign}</measure>'
        f'<measure number="2">{xml_note("E4", 4)}</measure>'
    )
    piece = read_score(save("endless.musicxml", text))
    assert rows(piece.parts[0]) == [(0, 60, 1920), (1920, 64, 1920)]


def test_two_voices_may_tie_the_same_pitch(save: Save) -> None:
    tie, tied = '<tie type="start"/>', '<tie type="stop"/>'
    backup = "<backup><duration>4</duration></backup>"
    second = xml_note("C4", 2) + xml_note("C4", 2)
    text = musicxml(
        f'<measure number="1">{START}{xml_note("C4", 4, tie)}{backup}'
        f"{second.replace('<voice>1', '<voice>2')}</measure>"
        f'<measure number="2">{xml_note("C4", 4, tied)}</measure>'
    )
    piece = read_score(save("voices.musicxml", text))
    assert rows(piece.parts[0]) == [(0, 60, 960), (0, 60, 3840), (960, 60, 960)]


def test_transposing_instruments_sound_as_they_sound(save: Save) -> None:
    down = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>"
    bar = f'<measure number="1">{START.replace("</attributes>", down)}{xml_note("C4", 4)}</measure>'
    assert rows(read_score(save("clarinet.musicxml", musicxml(bar))).parts[0]) == [(0, 58, 1920)]


def drum_kit() -> Piece:
    keys = (36, 42, 38, 42, 36, 49, 70, 42)
    notes = tuple(Note(240 * step, key, 240, 90) for step, key in enumerate(keys))
    return Piece((Part(notes, DRUM_PROGRAM, "Drums", 1, 9),))


def test_drums_keep_their_keys(tmp_path: Path) -> None:
    (tmp_path / "drums.musicxml").write_bytes(encode(drum_kit()))
    assert read_score(tmp_path / "drums.musicxml") == drum_kit()


def test_drums_without_instruments_go_by_their_place_on_the_staff(save: Save) -> None:
    def drum(place: str) -> str:
        return xml_note(place).replace("pitch", "unpitched").replace("<step", "<display-step")

    body = "".join(
        drum(place).replace("</step", "</display-step").replace("octave", "display-octave")
        for place in ("F4", "G5", "C5", "G5")
    )
    piece = read_score(
        save("kit.musicxml", musicxml(f'<measure number="1">{START}{body}</measure>'))
    )
    assert [note.pitch for note in piece.parts[0].notes] == [36, 42, 38, 42]
    assert (piece.parts[0].program, piece.parts[0].channel) == (DRUM_PROGRAM, 9)


def test_compressed_musicxml(tmp_path: Path) -> None:
    container = (
        '<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>'
    )
    for piece in (drum_kit(), Piece((Part((Note(0, 60, 480, 80),), 4, "E-Piano", 1, 0),))):
        path = tmp_path / "score.mxl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("META-INF/container.xml", container)
            archive.writestr("score.musicxml", encode(piece))
        assert read_score(path) == piece


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.abc", b"", "is empty"),
        ("seed.txt", b"X:1\nK:C\nCDE|", "must end in .musicxml"),
        ("noise.mxl", b"PK\x03\x04 not a zip", "not a compressed"),
        ("noise.musicxml", b"<score-partwise><part", "cannot be read as a score"),
        ("page.xml", b"<html><body>hello</body></html>", ""),
        ("rests.abc", b"X:1\nM:4/4\nL:1/4\nK:C\nz4|\n", "no notes"),
        ("noise.krn", b"\x00\xff\xfe\x01" * 40, ""),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SeedError) as caught:
        read_score(path)
    assert reason in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_places_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.abc").mkdir()
    with pytest.raises(SeedError, match="is a folder"):
        read_score(tmp_path / "folder.abc")
    with pytest.raises(SeedError, match="does not exist"):
        read_score(tmp_path / "missing.abc")
    with pytest.raises(SeedError, match="cannot be read"):
        read_score("zero\0.abc")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_damaged_scores_fail_cleanly_or_not_at_all(tmp_path: Path, data: st.DataObject) -> None:
    name, text = data.draw(
        st.sampled_from(
            [
                ("a.abc", UPBEAT_ABC.encode()),
                ("a.krn", DUET_KRN.encode()),
                ("a.musicxml", encode(drum_kit())),
            ]
        )
    )
    damaged = bytearray(text)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
        if not damaged:
            break
    (tmp_path / name).write_bytes(damaged)
    try:
        assert read_score(tmp_path / name).note_count > 0
    except SeedError as error:
        assert "\n" not in str(error)


@st.composite
def written_pieces(draw: st.DrawFn) -> Piece:
    """Pieces that notation can hold: all sixteenths, or all eighth triplets."""
    parts = []
    unit = draw(st.sampled_from([120, 160]))
    for index in range(draw(st.integers(1, 3))):
        found = draw(
            st.lists(
                st.tuples(st.integers(0, 40), st.integers(40, 84), st.integers(1, 12)),
                min_size=1,
                max_size=4,  # more could overlap than one staff has voices
                unique_by=lambda row: row[1],
            )
        )
        notes = tuple(
            Note(beat * 480 + (beat % 3) * unit, pitch, length * 480 - (beat % 3) * unit, 72)
            for beat, pitch, length in found
        )
        parts.append(Part(notes, draw(st.integers(0, 112)), f"Part {index + 1}", index + 1, index))
    metre = draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 2)]))
    return Piece(tuple(parts), metres=MetreMap(((0, *metre),)), title="Études & <more>")


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # music21 is too slow to shrink with
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(written_pieces())
def test_what_is_written_is_read(tmp_path: Path, piece: Piece) -> None:
    (tmp_path / "piece.musicxml").write_bytes(encode(piece))
    back = read_score(tmp_path / "piece.musicxml")
    assert back.metres == piece.metres
    assert back.title == piece.title
    # A keyboard that reaches both ways is written on two staves, and read as two parts.
    for part in piece.parts:
        staves = [again for again in back.parts if again.name == part.name]
        assert {again.program for again in staves} == {part.program}
        assert sorted(row for again in staves for row in rows(again)) == rows(part)


def test_the_same_piece_gives_the_same_bytes() -> None:
    assert encode(drum_kit()) == encode(drum_kit())


def test_a_piece_of_ten_thousand_bars_is_too_long_for_a_score() -> None:
    endless = Piece((Part((Note(10**9, 60, 1, 80),)),))
    with pytest.raises(OutputError, match="too long for a score"):
        encode(endless)


def test_the_corpus_leaves_out_what_may_not_be_sold() -> None:
    files = list(corpus())
    used = {file.name.split("/")[0] for file in files}
    assert "bach" in used
    assert used.isdisjoint({"essenFolksong", "palestrina", "josquin", "trecento"})
    assert len({file.name for file in files}) == len(files)
    # The kern files of Bach reserve their rights; the others do not.
    assert not [
        file for file in files if file.name.startswith("bach/") and file.path.suffix == ".krn"
    ]


def test_every_folder_of_the_corpus_is_decided() -> None:
    root = next(corpus(["bach"])).path
    while root.name != "corpus":
        root = root.parent
    folders = {entry.name for entry in root.iterdir() if entry.is_dir() and entry.name[0] != "_"}
    assert folders <= set(FOLDERS)


def test_a_chorale_loads() -> None:
    file = next(file for file in corpus(["bach"]) if file.name.endswith("bwv66.6.mxl"))
    assert isinstance(file, CorpusFile)
    (piece,) = file.load()
    assert len(piece.parts) == 4
    assert piece.note_count > 100


def test_a_forbidden_folder_is_refused() -> None:
    with pytest.raises(SettingError, match="non-commercial"):
        corpus(["essenFolksong"]).__next__()
    with pytest.raises(SettingError, match="not known"):
        corpus(["elvis"]).__next__()
