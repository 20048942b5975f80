"""How far an answer is from what people play after a phrase."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.answer_fit import AnswerFit, triad
from composer.music.keys import Key

BEAT = 24
PHRASE = (60, 62, 64, 65, 67, 64, 60)


def line(*pitches: int, step: int = BEAT, start: int = 0) -> np.ndarray:
    rows = [(start + step * at, 0, pitch, step, 20) for at, pitch in enumerate(pitches)]
    return np.array(rows, dtype=np.int64)


def fit(free: bool = False) -> AnswerFit:
    return AnswerFit(line(*PHRASE), frozenset(), BEAT, free)


def test_figures_come_back_on_other_notes_too() -> None:
    # Intervals of the phrase: 2 2 1 2 -3 -4; a fourth higher they are the same.
    assert fit().traits(line(*(pitch + 5 for pitch in PHRASE)))["intervals"] == 1.0
    # 2 2 1, 2 1 -5, 1 -5 -1: one of three figures is the phrase's.
    assert fit().traits(line(60, 62, 64, 65, 60, 59))["intervals"] == pytest.approx(1 / 3)


def test_lengths_are_counted_in_sixteenths() -> None:
    played = line(*PHRASE)
    played[:, 0] += (0, 1, -1, 1, 0, -1, 1)  # by hand: no sixteenth off
    assert fit().traits(played)["lengths"] == 1.0
    assert fit().traits(line(*PHRASE, step=BEAT // 2))["lengths"] == 0.0


def test_notes_beside_the_beat_and_more_of_them() -> None:
    found = fit().traits(line(*PHRASE, step=BEAT // 2))
    assert found["beats"] == pytest.approx(4 / 7 - 1)  # three of seven lie between beats
    assert found["density"] == pytest.approx(1.0)  # as many in half the time
    assert "beats" not in fit(free=True).traits(line(*PHRASE))


def test_an_answer_that_closes_fits_better() -> None:
    closes, hangs = line(67, 65, 64, 62, 60), line(67, 65, 64, 60, 62)
    assert fit().key == Key(0, "major")
    assert fit().misfit(closes) < fit().misfit(hangs)


def test_an_answer_in_another_key_fits_less() -> None:
    here = line(*PHRASE, start=192)
    there = line(*(pitch + 6 for pitch in PHRASE), start=192)
    assert fit().misfit(here) < fit().misfit(there)


def test_drums_have_rhythm_and_no_key() -> None:
    drums = AnswerFit(line(36, 42, 38, 42, 36, 42), frozenset({0}), BEAT, False)
    assert drums.key is None
    assert set(drums.traits(line(36, 42, 38, 42, 36, 42))) == {"lengths", "beats", "density"}


def test_silence_fits_nothing() -> None:
    assert fit().misfit(np.zeros((0, 5), dtype=np.int64)) == float("inf")


def test_the_triad_of_a_minor_key() -> None:
    assert triad(Key(9, "minor")) == {9, 0, 4}
