"""Expectation: the nats are the likelihood's, and the choices what the heads believe."""

from __future__ import annotations

import numpy as np
import pytest
from studied import chorale, music

from composer import models
from composer.encoding.events import PITCH
from composer.network.likelihood import note_nats
from composer.network.numpy_trunk import FloatTrunk, load_float
from composer.network.predictor import Predictor
from composer.study.expectation import Hearing, hear, length_text, surprises_of
from composer.study.music import Music

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
PIECE = music([(beat, 1, (SCALE * 4)[beat] if beat != 21 else 61) for beat in range(32)])
"""A scale again and again, with one wrong note in its third bar but two."""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_float(models.find())


@pytest.fixture(scope="module")
def hearing(predictor: Predictor) -> Hearing:
    assert isinstance(predictor.trunk, FloatTrunk)
    return hear(PIECE.events, predictor.trunk, predictor.heads)


def test_nats_are_those_of_the_likelihood(predictor: Predictor, hearing: Hearing) -> None:
    [(_, expected)] = list(note_nats(predictor, [PIECE.events]))
    assert hearing.nats == pytest.approx(expected[:-1], abs=2e-3)
    assert PIECE.events.plan is None and PIECE.plan is not None


def test_a_wrong_note_surprises_and_the_right_one_was_expected(
    predictor: Predictor, hearing: Hearing
) -> None:
    found = {one.note: one for one in surprises_of(PIECE, hearing, predictor.heads)}
    wrong = found[21]
    assert wrong.field == "pitch" and wrong.nats == pytest.approx(hearing.surprise[21])
    assert wrong.pitches[0].value == 69 and wrong.pitches[0].probability > 0.5
    assert [c.probability for c in wrong.pitches] == sorted(
        (c.probability for c in wrong.pitches), reverse=True
    )
    assert wrong.times[0].value == 24 and wrong.times[0].text == "at bar 6, beat 2"
    assert wrong.lengths[0].text == "a quarter"
    # The head's own probability of what came is what the nats say.
    odds = np.exp(-hearing.nats[21, PITCH])
    assert all(c.probability >= odds for c in wrong.pitches if c.value != 61)


def test_the_first_note_surprises_nobody(predictor: Predictor) -> None:
    piece: Music = music(*chorale((72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55)))
    assert isinstance(predictor.trunk, FloatTrunk)
    heard = hear(piece.events, predictor.trunk, predictor.heads)
    assert all(one.note > 0 for one in surprises_of(piece, heard, predictor.heads))


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (24, "a quarter"),
        (23, "a quarter"),
        (48, "a half"),
        (30, "1.2 quarters"),
        (8, "an eighth triplet"),
    ],
)
def test_lengths_have_the_names_of_note_values(ticks: int, text: str) -> None:
    assert length_text(PIECE, ticks) == text
