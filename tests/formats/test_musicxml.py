"""Scores out: what a musician reads on the page, as the elements of the file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from composer.formats.musicxml import encode
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap

QUARTER = 480


def page(
    rows: Sequence[tuple[float, int, float]], program: int = 73, metre: tuple[int, int] = (4, 4)
) -> ET.Element:
    """(onset, pitch, length) in beats as a score of one part."""
    notes = tuple(
        Note(round(onset * QUARTER), pitch, round(length * QUARTER), 80)
        for onset, pitch, length in rows
    )
    part = Part(notes, program, "Part", 1, 9 if program == DRUM_PROGRAM else 0)
    return ET.fromstring(encode(Piece((part,), metres=MetreMap(((0, *metre),)))))


def written(score: ET.Element, voice: int = 1) -> list[str]:
    """The notes of a voice: "quarter C4", "eighth. rest", bar by bar."""
    found = []
    for note in score.iter("note"):
        if note.findtext("voice") != str(voice):
            continue
        kind = note.findtext("type") or "bar"
        sign = {1: "#", -1: "b"}.get(int(note.findtext("pitch/alter") or 0), "")
        name = f"{note.findtext('pitch/step')}{sign}{note.findtext('pitch/octave')}"
        if note.find("rest") is not None:
            name = "rest"
        triplet = "3" if note.find("time-modification") is not None else ""
        found.append(f"{kind}{'.' * len(note.findall('dot'))}{triplet} {name}")
    return found


def test_a_played_quarter_is_a_quarter() -> None:
    # A waltz's left hand, played a little short and once a little long.
    score = page(
        [(0, 45, 0.85), (1, 52, 0.8), (2, 52, 0.92), (3, 45, 1.02), (4, 52, 0.75), (5, 52, 0.85)],
        metre=(3, 4),
    )
    assert written(score) == [f"quarter {name}" for name in ("A2", "E3", "E3", "A2", "E3", "E3")]
    assert score.find(".//time-modification") is None


def test_note_ends_do_not_vote_for_triplets() -> None:
    score = page([(0, 60, 2 / 3), (1, 62, 2 / 3), (2, 64, 2 / 3), (3, 65, 2 / 3)])
    assert score.find(".//time-modification") is None


def test_triplets_stand_under_brackets() -> None:
    score = page([(beat / 3, 60 + 2 * beat, 1 / 3) for beat in range(3)] + [(1, 72, 3)])
    assert written(score) == ["eighth3 C4", "eighth3 D4", "eighth3 E4", "half. C5"]
    marks = [tuplet.get("type") for tuplet in score.iter("tuplet")]
    assert marks == ["start", "stop"]
    assert [beam.text for beam in score.iter("beam")] == ["begin", "continue", "end"]


def test_a_note_on_the_very_end_in_a_triplet_beat() -> None:
    last = [(3, 60, 1 / 3), (3 + 1 / 3, 62, 1 / 3), (3.99, 64, 0.01)]
    score = page(last)
    # The last third of the bar's last beat is the latest place to be written.
    assert written(score)[-3:] == ["eighth3 C4", "eighth3 D4", "eighth3 E4"]
    total = sum(int(note.findtext("duration") or 0) for note in score.iter("note"))
    assert total == 4 * 24


def test_every_bar_of_every_voice_adds_up() -> None:
    rows = [(k * 0.37, 40 + k * 7 % 50, 0.2 + k % 5 * 0.6) for k in range(60)]
    for metre in ((4, 4), (3, 4), (6, 8), (5, 8), (7, 16), (2, 2)):
        score = page(rows, program=0, metre=metre)
        length = Fraction(4 * metre[0], metre[1]) * 24
        for measure in score.iter("measure"):
            sums: Counter[str] = Counter()
            for child in measure:
                if child.tag in ("note", "forward") and child.find("chord") is None:
                    voice = child.findtext("voice") or ""
                    sums[voice] += int(child.findtext("duration") or 0)
            assert set(sums.values()) == {length}


def test_a_staff_has_four_voices_at_most_and_loses_no_note() -> None:
    # Seven notes begin one after the other and all last to the end of the bar.
    rows = [(index / 2, 84 - 2 * index, 4 - index / 2) for index in range(7)]
    score = page(rows)
    assert {note.findtext("voice") for note in score.iter("note")} == {"1", "2", "3", "4"}
    struck = [
        note
        for note in score.iter("note")
        if note.find("pitch") is not None
        and "stop" not in [t.get("type") for t in note.iter("tie")]
    ]
    assert len(struck) == 7


def test_a_piano_has_two_staves_and_a_flute_one() -> None:
    rows = [(beat, pitch, 1) for beat in range(4) for pitch in (43, 50, 72, 79)]
    piano = page(rows, program=0)
    assert piano.findtext(".//staves") == "2"
    assert [clef.findtext("sign") for clef in piano.iter("clef")] == ["G", "F"]
    assert Counter(note.findtext("staff") for note in piano.iter("note")) == {"1": 8, "2": 8}
    assert page(rows, program=73).find(".//staves") is None


def test_clefs_go_by_register_and_custom() -> None:
    def clef(pitch: int, program: int) -> tuple[str | None, str | None, str | None]:
        found = page([(0, pitch, 4)], program).find(".//clef")
        assert found is not None
        return tuple(found.findtext(tag) for tag in ("sign", "line", "clef-octave-change"))  # type: ignore[return-value]

    assert clef(72, 40) == ("G", "2", None)
    assert clef(48, 42) == ("F", "4", None)
    assert clef(62, 41) == ("C", "3", None)
    assert clef(55, 24) == ("G", "2", "-1")
    assert clef(31, 33) == ("F", "4", "-1")


def test_drums_can_be_told_apart() -> None:
    score = page([(0, 36, 1), (0, 42, 1), (1, 38, 1), (1, 46, 1)], program=DRUM_PROGRAM)
    heads = [
        (
            note.findtext("unpitched/display-step"),
            note.findtext("unpitched/display-octave"),
            note.findtext("notehead") or "normal",
        )
        for note in score.iter("note")
        if note.find("unpitched") is not None
    ]
    kick, hat = ("F", "4", "normal"), ("G", "5", "x")
    snare, open_hat = ("C", "5", "normal"), ("G", "5", "circle-x")
    assert heads == [kick, hat, snare, open_hat]
    names = [name.text for name in score.iter("instrument-name")]
    assert names == ["Bass Drum", "Snare", "Closed Hi-Hat", "Open Hi-Hat"]


def test_accidentals_are_shown_once_a_bar() -> None:
    # G major by its scale, with a C sharp struck twice in one bar and then natural.
    tune = [67, 69, 71, 72, 74, 76, 78, 79, 73, 73, 72, 79]
    score = page([(place, pitch, 1) for place, pitch in enumerate(tune)])
    assert score.findtext(".//fifths") == "1"
    assert [sign.text for sign in score.iter("accidental")] == ["sharp", "natural"]


def test_tempos_are_whole_numbers_on_the_page() -> None:
    # 434,783 microseconds are 137.99986 beats a minute.
    tempos = TempoMap(((0, 434_783), (1920, 431_655), (3840, 600_000)))
    part = Part(tuple(Note(480 * k, 60, 480, 80) for k in range(12)), 73, "", 1, 0)
    score = ET.fromstring(encode(Piece((part,), tempos=tempos)))
    assert [mark.text for mark in score.iter("per-minute")] == ["138", "100"]
    assert [sound.get("tempo") for sound in score.iter("sound")] == ["138", "139", "100"]


def test_a_key_that_is_struck_again_while_it_sounds_ends_first() -> None:
    score = page([(0, 60, 4), (2, 60, 2)])
    assert written(score) == ["half C4", "half C4"]
    assert score.find(".//tie") is None
