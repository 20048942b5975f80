"""Form and texture: phrases, returns, likeness of bars, and how parts go together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from piece_of_rows import piece as piece_of
from studied import I_, IV, Row, V, chorale, music

from composer.generation.seed_analysis import analyse_seed
from composer.study import texture
from composer.study.form import lettered_sections, phrases_of, returns_of, self_similarity
from composer.study.music import Music, music_of

TUNE = (60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 72, 71, 67, 65, 62)


def bars(*tunes: tuple[int, ...]) -> list[Row]:
    return [
        (16.0 * number + at, 1.0, pitch)
        for number, tune in enumerate(tunes)
        for at, pitch in enumerate(tune)
    ]


OTHER = tuple(pitch + 7 for pitch in reversed(TUNE))
ABA = music(bars(TUNE, OTHER, TUNE))


def test_what_comes_back_has_its_letter_and_is_told() -> None:
    assert [section.letter for section in lettered_sections(ABA)] == ["A", "B", "A"]
    assert [(one.bar, one.of, one.how) for one in returns_of(ABA)][-4:] == [
        (8, 0, "exactly"),
        (9, 1, "exactly"),
        (10, 2, "exactly"),
        (11, 3, "exactly"),
    ]
    phrases = phrases_of(ABA)
    assert [phrase.start for phrase in phrases] == [0, 384, 768]
    assert phrases[2].why == "bar 1 begins again" and phrases[2].sure > phrases[1].sure


def test_bars_are_compared_with_themselves_and_with_another_piece() -> None:
    own = self_similarity(ABA)
    assert own.shape == (12, 12)
    assert np.array_equal(own[8:, :4].diagonal(), np.ones(4))
    cross = self_similarity(ABA, music(bars(TUNE)))
    assert cross.shape == (12, 4)
    assert np.array_equal(cross[:4].diagonal(), np.ones(4))
    assert np.array_equal(cross[4:8], own[4:8, :4])


def free(*phrases: int) -> Music:
    """Runs of notes a fifth of a second apart, with breaths of two seconds between them."""
    rows, at = [], 0
    for notes in phrases:
        for step in range(notes):
            rows.append((at + 200 * step + 17 * (step % 3), 60 + step % 12, 150, 80))
        at += 200 * notes + 2000
    made = piece_of(rows, ticks_per_beat=500)
    return music_of(analyse_seed(made, grid="free"), Path("free.mid"))


def test_in_free_time_phrases_end_at_breaths() -> None:
    found = phrases_of(free(20, 25))
    assert [round(phrase.start / 100) for phrase in found] == [0, 6]
    assert "breath" in found[1].why
    assert lettered_sections(free(20)) == [] and returns_of(free(20)) == []
    matrix = self_similarity(free(20, 25))
    assert matrix.shape[0] == matrix.shape[1] and matrix.max() <= 1 + 1e-9


def kind(*parts: list[Row], programs: tuple[int, ...] = ()) -> str:
    cells = texture.cells_of(music(*parts, programs=programs))
    return cells[0].kind


def test_textures_are_told_apart() -> None:
    line = [(beat / 2, 0.5, 60 + beat % 5) for beat in range(16)]
    assert kind(line) == texture.SINGLE
    assert kind(*chorale(I_, IV, V, I_, I_, IV, V, I_)) == texture.CHORDAL
    against = [(0.25 + beat / 2, 0.5, 48 + beat % 5) for beat in range(16)]
    assert kind(line, against) == texture.VOICES
    chords = [(beat, 4, pitch) for beat in (0, 4) for pitch in (48, 52, 55)]
    assert kind(line, chords) == texture.MELODY
    assert kind([(beat, 1, 36) for beat in range(8)], programs=(128,)) == texture.DRUMS


def test_density_register_and_runs_of_a_texture() -> None:
    cells = texture.cells_of(music([(0, 1, 60), (1, 1, 72), (8, 4, 64)]))
    assert (cells[0].notes, cells[0].density, cells[0].low, cells[0].high) == (2, 0.5, 60, 72)
    assert cells[0].mean == 66 and cells[0].sounding == 1
    assert cells[1].kind == texture.SILENCE and cells[1].low is None
    spans = texture.spans_of(cells)
    # One empty bar between others of a kind is passed over.
    assert [(span.start, span.stop, span.kind) for span in spans] == [(0, 3, texture.SINGLE)]
