"""Motifs: figures that come back, and in which way."""

from __future__ import annotations

from studied import Row, music

from composer.music.keys import parse_key
from composer.study.motifs import motifs_of

C_MAJOR = parse_key("C")
RHYTHM = (1.0, 0.5, 0.5, 1.0)
FIGURE = (60, 64, 62, 67)


def figure(start: float, pitches: tuple[int, ...] = FIGURE, speed: float = 1.0) -> list[Row]:
    rows, at = [], start
    for pitch, beats in zip(pitches, RHYTHM, strict=True):
        rows.append((at, speed * beats, pitch))
        at += speed * beats
    return rows


def ways(*figures: list[Row]) -> dict[float, str]:
    """How the first motif comes, by the beat on which it does."""
    piece = music([row for rows in figures for row in rows])
    motif = motifs_of(piece, C_MAJOR)[0]
    return {piece.onsets[one.notes[0]] / 24: one.how for one in motif.occurrences}


def test_a_figure_comes_back_as_it_was_and_moved() -> None:
    moved = tuple(pitch + 5 for pitch in FIGURE)
    found = ways(figure(0), figure(8), figure(16, moved))
    assert found == {0: "moved", 8: "moved", 16: "moved"} or found == {
        0: "as it was",
        8: "as it was",
        16: "moved",
    }


def test_variants_are_told_by_what_was_done() -> None:
    found = ways(
        figure(0),
        figure(8),
        figure(16, (62, 65, 64, 69)),  # within the scale
        figure(24, (67, 64, 65, 60)),  # turned over
        figure(32, FIGURE, 2.0),
        figure(48, FIGURE, 0.5),
        figure(56, (60, 64, 64, 69)),
    )
    assert found[16] == "moved within the scale"
    assert found[24] == "turned over"
    assert found[32] == "twice as slow"
    assert found[48] == "twice as fast"
    assert found[56] == "same rhythm, other steps"


def test_a_figure_in_another_part_is_found_and_named() -> None:
    upper = figure(0) + figure(16)
    lower = figure(8, tuple(pitch - 24 for pitch in FIGURE))
    piece = music(upper, [*lower, *[(20.0 + at, 1.0, 40) for at in range(4)]])
    motif = motifs_of(piece, C_MAJOR)[0]
    assert [one.part for one in motif.occurrences] == [0, 1, 0]
    assert motif.occurrences[1].moved == -24


def test_one_note_again_and_again_is_no_motif() -> None:
    assert motifs_of(music([(beat, 1, 60) for beat in range(32)]), C_MAJOR) == []
    assert motifs_of(music([(beat, 1, 36) for beat in range(32)], programs=(128,)), None) == []
