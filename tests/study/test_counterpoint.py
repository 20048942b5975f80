"""Counterpoint: what a teacher would mark, and nothing else."""

from __future__ import annotations

from studied import Row, chorale, music

from composer.music.keys import parse_key
from composer.study.counterpoint import remarks_of, voices_of

C_MAJOR = parse_key("C")
CHOIR = (52, 52, 52, 52)


def line(*pitches: int, beats: float = 1.0) -> list[Row]:
    return [(beats * at, beats, pitch) for at, pitch in enumerate(pitches)]


STILL = line(48, 47, 48, 47, 48, 47, 48, 47)
"""A lower voice that goes against most others."""


def kinds(*parts: list[Row], programs: tuple[int, ...] = ()) -> list[tuple[str, int]]:
    piece = music(*parts, programs=programs)
    return [(remark.kind, remark.tick) for remark in remarks_of(piece, C_MAJOR)]


def test_parallel_fifths_and_octaves_are_marked_where_they_arrive() -> None:
    upper = line(67, 69, 67, 72, 71, 72, 74, 76)
    fifths = line(60, 62, 64, 65, 67, 64, 62, 60)
    assert ("parallel fifths", 24) in kinds(upper, fifths)
    octaves = line(55, 57, 60, 65, 67, 64, 62, 60)
    assert ("parallel octaves", 24) in kinds(upper, octaves)
    assert not [kind for kind, _ in kinds(upper, STILL) if kind.startswith("parallel")]


def test_a_fifth_that_is_held_or_approached_from_the_other_side_is_none() -> None:
    held = kinds(line(67, 67, 67, 72, 71, 72, 71, 72), line(60, 60, 60, 55, 55, 57, 55, 57))
    contrary = kinds(line(67, 74, 67, 74, 67, 74, 67, 74), line(60, 55, 60, 55, 60, 55, 60, 55))
    assert not [kind for kind, _ in held + contrary if kind == "parallel fifths"]


def test_hidden_fifths_are_marked_between_outer_voices_with_a_leap() -> None:
    upper, lower = line(64, 69, 67, 65, 64, 65, 64, 65), line(60, 62, 60, 62, 60, 62, 60, 62)
    assert ("hidden fifths", 24) in kinds(upper, lower)
    stepwise = kinds(line(67, 69, 67, 65, 64, 65, 64, 65), line(64, 62, 60, 62, 60, 62, 60, 62))
    assert ("hidden fifths", 24) not in stepwise


def test_voices_that_double_each_other_are_told_once() -> None:
    tune = (60, 62, 64, 65, 67, 69, 71, 72)
    found = kinds(line(*(pitch + 12 for pitch in tune)), line(*tune))
    assert found == [("doubling", 0)]


def test_a_crossing_is_marked_where_it_begins() -> None:
    found = kinds(line(72, 64, 64, 72, 72, 72, 72, 72), line(67, 67, 67, 60, 62, 60, 62, 60))
    assert [tick for kind, tick in found if kind == "crossing"] == [24]


def test_what_a_choir_cannot_sing_and_what_lies_too_far_apart_is_marked() -> None:
    chords = [(72, 67, 60, 48)] * 7 + [(84, 67, 60, 36)]
    found = kinds(*chorale(*chords), programs=CHOIR)
    assert ("range", 168) in found and ("spacing", 168) in found
    assert [kind for kind, tick in found if tick == 168].count("range") == 2
    piece = music(*chorale(*chords), programs=CHOIR)
    assert any("C6" in remark.text for remark in remarks_of(piece, C_MAJOR))


def test_the_range_of_an_instrument_is_known() -> None:
    found = kinds(line(55, 57, 59, 60, 62, 60, 59, 54), STILL, programs=(40, 42))
    assert ("range", 168) in found
    fine = kinds(line(55, 57, 59, 60, 62, 60, 59, 55), STILL, programs=(40, 42))
    assert not [kind for kind, _ in fine if kind == "range"]


def test_a_part_that_plays_chords_is_no_voice() -> None:
    chords = [(beat, 1, pitch) for beat in range(8) for pitch in (60, 64, 67)]
    assert voices_of(music(chords, STILL)) == []
    assert voices_of(music(line(*range(60, 68)), STILL)) == [0, 1]
    assert voices_of(music(line(*range(60, 68)), line(*[36] * 8), programs=(0, 128))) == []
    assert kinds(chords, STILL) == []
