"""MusicXML in: odd documents are read around, and what is written sounds as MuseScore plays it."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from composer.errors import SeedError
from composer.formats.music_file import MusicFile, read_music
from composer.music.timing import TempoMap

Read = Callable[[str], MusicFile]

START = (
    "<attributes><divisions>2</divisions><key><fifths>1</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time>"
    "<clef><sign>G</sign><line>2</line></clef></attributes>"
)


def note(pitch: str, duration: object = 2, more: str = "", before: str = "") -> str:
    """One note, by default a quarter."""
    return (
        f"<note>{before}<pitch><step>{pitch[0]}</step><octave>{pitch[1:]}</octave></pitch>"
        f"<duration>{duration}</duration><voice>1</voice>{more}</note>"
    )


def bars(*bodies: str) -> str:
    """The bars of a part, the first with divisions and metre."""
    return "".join(
        f'<measure number="{number}">{START if number == 1 else ""}{body}</measure>'
        for number, body in enumerate(bodies, start=1)
    )


def document(body: str, listed: str = "") -> str:
    return (
        '<score-partwise version="4.0"><part-list><score-part id="P1">'
        f"<part-name>A</part-name>{listed}</score-part></part-list>"
        f'<part id="P1">{body}</part></score-partwise>'
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a MusicXML text."""

    def reader(text: str) -> MusicFile:
        path = tmp_path / "score.musicxml"
        path.write_text(text, encoding="utf-8")
        return read_music(path)

    return reader


def rows(music: MusicFile) -> list[tuple[float, int, float]]:
    """(onset, pitch, length) in beats."""
    scale = music.piece.ticks_per_beat
    return [
        (note.onset / scale, note.pitch, note.duration / scale) for _, note in music.piece.notes()
    ]


FOUR = note("C4") + note("D4") + note("E4") + note("F4")
WRITTEN = [(0, 60, 1), (1, 62, 1), (2, 64, 1), (3, 65, 1)]


def test_cue_notes_take_their_time_in_silence(read: Read) -> None:
    cue = note("C6", 8, before="<cue/>")
    music = read(document(bars(FOUR, cue, note("G4", 8))))
    assert rows(music) == [*WRITTEN, (8, 67, 4)]


def test_measure_repeats_play_the_bars_before(read: Read) -> None:
    def sign(kind: str, count: int) -> str:
        style = f'<measure-repeat type="{kind}">{count}</measure-repeat>'
        return f"<attributes><measure-style>{style}</measure-style></attributes>"

    rest = '<note><rest measure="yes"/><duration>8</duration><voice>1</voice></note>'
    one = read(document(bars(FOUR, sign("start", 1) + rest, rest, sign("stop", 1) + FOUR)))
    assert [row[1] for row in rows(one)] == [60, 62, 64, 65] * 4
    two = read(document(bars(note("C4", 8), note("D4", 8), sign("start", 2) + rest, rest)))
    assert rows(two) == [(0, 60, 4), (4, 62, 4), (8, 60, 4), (12, 62, 4)]


@pytest.mark.parametrize(
    ("mark", "quarters"),
    [
        ('<direction-type><words>Lively</words></direction-type><sound tempo="96"/>', 96),
        ("<direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>c. 96"
         "</per-minute></metronome></direction-type>", 96),
        ("<direction-type><metronome><beat-unit>eighth</beat-unit><beat-unit-dot/><per-minute>"
         "80-90</per-minute></metronome></direction-type>", 60),
        ("<direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>88</per-minute>"
         '</metronome></direction-type><sound tempo="75"/>', 75),
        ("<direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90</per-minute>"
         '</metronome></direction-type><sound tempo="0"/>', 90),
    ],
)  # fmt: skip
def test_the_tempo_is_what_playback_is_told_or_else_what_is_printed(
    read: Read,
    mark: str,
    quarters: float,
) -> None:
    music = read(document(bars(f"<direction>{mark}</direction>{FOUR}")))
    assert music.piece.tempos == TempoMap(((0, round(60e6 / quarters)),))


def test_a_sound_outside_a_direction_sets_the_tempo(read: Read) -> None:
    music = read(document(bars(FOUR, '<sound tempo="150"/>' + FOUR)))
    assert music.piece.tempos == TempoMap(((0, 500_000), (1920, 400_000)))


def test_instruments_an_octave_away_sound_there(read: Read) -> None:
    octave = "<transpose><chromatic>0</chromatic><octave-change>1</octave-change></transpose>"
    music = read(document(bars(f"<attributes>{octave}</attributes>{FOUR}")))
    assert [row[1] for row in rows(music)] == [72, 74, 76, 77]


def test_a_length_that_is_no_number_is_taken_from_the_type(read: Read) -> None:
    odd = note("D4", "x", "<type>quarter</type>")
    music = read(document(bars(note("C4") + odd + note("E4") + note("F4"))))
    assert rows(music) == WRITTEN
    assert music.remarks == ("<duration> that is no number, its <type> taken instead, passed over",)


def test_a_note_without_a_pitch_is_a_rest_and_told(read: Read) -> None:
    music = read(document(bars(note("C4") + note("H4") + note("E4") + note("F4"))))
    assert rows(music) == [WRITTEN[0], *WRITTEN[2:]]
    assert music.remarks == ("note without a pitch passed over",)


def test_bars_of_parts_may_stand_outside(read: Read) -> None:
    text = (
        '<score-timewise><part-list><score-part id="P1"><part-name>A</part-name></score-part>'
        '<score-part id="P2"><part-name>B</part-name></score-part></part-list>'
        f'<measure number="1"><part id="P1">{START}{FOUR}</part>'
        f'<part id="P2">{START}{note("C3", 8)}</part></measure></score-timewise>'
    )
    upper, lower = read(text).piece.parts
    assert [each.pitch for each in upper.notes] == [60, 62, 64, 65]
    assert [(each.pitch, each.duration) for each in lower.notes] == [(48, 1920)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<score-partwise><part", "not well-formed XML (line 1"),
        ("<html><body>hello</body></html>", "its root is <html>"),
        ("", "is empty"),
    ],
)
def test_what_is_no_score_is_refused_in_plain_words(
    read: Read,
    text: str,
    reason: str,
) -> None:
    with pytest.raises(SeedError) as caught:
        read(text)
    assert reason in str(caught.value)


def packed(path: Path, container: str | None, **scores: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        if container is not None:
            archive.writestr("META-INF/container.xml", container)
        for name, body in scores.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), body)
    return path


def container(path: str) -> str:
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'


FLUTE = document(bars(note("A5", 8)))
FULL = document(bars(FOUR))


@pytest.mark.parametrize("named", [container("full/score.xml"), container("./full/score.xml")])
def test_the_score_is_what_the_container_names(tmp_path: Path, named: str) -> None:
    path = packed(tmp_path / "two.mxl", named, Parts__flute_xml=FLUTE, full__score_xml=FULL)
    assert rows(read_music(path)) == WRITTEN


@pytest.mark.parametrize("named", [None, "<container", container("gone.xml")])
def test_without_a_container_the_score_is_found(tmp_path: Path, named: str | None) -> None:
    path = tmp_path / "mac.mxl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._score.xml", b"\0\5\26\7")
        archive.writestr("._score.xml", b"\0\5\26\7")
        if named is not None:
            archive.writestr("META-INF/container.xml", named)
        archive.writestr("Parts/flute.xml", FLUTE)
        archive.writestr("score.xml", FULL)
    assert rows(read_music(path)) == WRITTEN


def test_an_archive_without_a_score_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="no score in the archive"):
        read_music(packed(tmp_path / "none.mxl", container("gone.xml")))


# One element of a score dropped, emptied or spoilt ------------------------------------

RICH = document(
    bars(
        '<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90'
        '</per-minute></metronome></direction-type><staff>1</staff><sound tempo="90"/></direction>'
        "<direction><direction-type><dynamics><p/></dynamics></direction-type></direction>"
        '<barline location="left"><repeat direction="forward"/></barline>'
        + note("C4", 3, "<type>quarter</type><dot/><staff>1</staff>")
        + note("E4", 1, "<type>eighth</type><staff>1</staff>")
        + note("G4", 4, '<type>half</type><staff>1</staff><notations><slur type="start"/>'
               "</notations><lyric><text>la</text></lyric>", "<chord/>")
        + note("G4", 4, '<type>half</type><staff>1</staff>').replace(
            "<voice>", '<tie type="start"/><voice>'
        )
        + "<backup><duration>8</duration></backup>"
        + note("C3", 8, "<type>whole</type><staff>2</staff>"),
        '<barline location="left"><ending number="1" type="start"/></barline>'
        + note("G4", 8).replace("<voice>", '<tie type="stop"/><voice>')
        + '<barline location="right"><ending number="1" type="stop"/>'
        '<repeat direction="backward"/></barline>',
        '<barline location="left"><ending number="2" type="start"/></barline>'
        "<attributes><time><beats>3</beats><beat-type>4</beat-type></time>"
        "<transpose><chromatic>-2</chromatic></transpose></attributes>"
        "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
        "<note><grace/><pitch><step>D</step><octave>5</octave></pitch><voice>1</voice></note>"
        + note("D4", 2, "<time-modification><actual-notes>3</actual-notes><normal-notes>2"
               "</normal-notes></time-modification>")
        + "<forward><duration>2</duration></forward>"
        + "<note><unpitched><display-step>C</display-step><display-octave>5</display-octave>"
        '</unpitched><duration>2</duration><instrument id="P1-I2"/><voice>1</voice></note>'
        '<barline location="right"><ending number="2" type="discontinue"/></barline>',
    ),
    '<score-instrument id="P1-I1"><instrument-name>Piano</instrument-name></score-instrument>'
    '<midi-instrument id="P1-I1"><midi-channel>1</midi-channel><midi-program>1</midi-program>'
    '</midi-instrument><midi-instrument id="P1-I2"><midi-unpitched>39</midi-unpitched>'
    "</midi-instrument>",
)  # fmt: skip


def spoilt(text: str, index: int, how: str) -> str | None:
    """The document with one element other than the root dropped, emptied or spoilt."""
    root = ET.fromstring(text)
    parents = {child: parent for parent in root.iter() for child in parent}
    element = list(root.iter())[index]
    if element not in parents:
        return None
    if how == "drop":
        parents[element].remove(element)
    elif how == "empty":
        element.clear()
    elif how == "rename":
        element.tag = "strange"
    elif len(element):
        return None
    else:
        element.text = how
    return ET.tostring(root, "unicode")


SLOW = [pytest.param(how, marks=pytest.mark.slow) for how in ("drop", "empty", "x")]


@pytest.mark.parametrize("how", [*SLOW, "", "rename", "-1", "1e999", "99999999", "ü"])
def test_one_odd_element_never_refuses_a_score(read: Read, how: str) -> None:
    count = len(list(ET.fromstring(RICH).iter()))
    indices = list(range(1, count))
    if how not in ("drop", "empty", "x"):
        indices = sorted(random.Random(how).sample(indices, count // 4))
    for index in indices:
        text = spoilt(RICH, index, how)
        if text is None:
            continue
        element = list(ET.fromstring(RICH).iter())[index]
        if element.tag == "part" and how != "x":
            continue  # without the only part there is no music
        assert read(text).piece.note_count >= 3, (how, element.tag)


@pytest.mark.parametrize(
    ("listed", "program"),
    [
        ("", 73),
        ('<midi-instrument id="P1-I1"><midi-program>0</midi-program></midi-instrument>', 73),
        ('<midi-instrument id="P1-I1"><midi-program>129</midi-program></midi-instrument>', 73),
        ('<midi-instrument id="P1-I1"><midi-program>1</midi-program></midi-instrument>', 0),
    ],
)
def test_without_a_program_that_can_be_the_parts_name_tells_its_instrument(
    read: Read, listed: str, program: int
) -> None:
    text = document(bars(FOUR), listed).replace("<part-name>A<", "<part-name>Flute<")
    assert read(text).piece.parts[0].program == program


def test_a_repeat_that_does_not_add_up_is_played(read: Read) -> None:
    """The first ending is drawn a bar short; music21's own expansion gives up on it."""

    def line(inside: str, side: str) -> str:
        return f'<barline location="{side}">{inside}</barline>'

    music = read(
        document(
            bars(
                line('<repeat direction="forward"/>', "left") + note("C4", 8),
                line('<ending number="1" type="start"/>', "left")
                + note("D4", 8)
                + line('<ending number="1" type="stop"/>', "right"),
                note("E4", 8) + line('<repeat direction="backward"/>', "right"),
                line('<ending number="2" type="start"/>', "left") + note("F4", 8),
            )
        )
    )
    assert [row[1] for row in rows(music)] == [60, 62, 64, 60, 64, 65]


@pytest.mark.parametrize(
    ("words", "played"),
    [("D.C. al Fine", [60, 62, 64, 60, 62]), ("D.S. al Fine", [60, 62, 64, 62])],
)
def test_jumps_are_followed(read: Read, words: str, played: list[int]) -> None:
    def direction(inside: str) -> str:
        return f"<direction><direction-type>{inside}</direction-type></direction>"

    music = read(
        document(
            bars(
                note("C4", 8),
                direction("<segno/>") + note("D4", 8) + direction("<words>Fine</words>"),
                note("E4", 8) + direction(f"<words>{words}</words>"),
            )
        )
    )
    assert [row[1] for row in rows(music)] == played
