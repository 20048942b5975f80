"""Chords that go under a melody."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.harmonisation import harmonised
from composer.music.chords import chord_name
from composer.music.keys import parse_key

BEAT = 24


def sounding(*halves: tuple[int, ...]) -> np.ndarray:
    """Half bars of two beats, shared by some pitch classes."""
    made = np.zeros((len(halves), 12))
    for row, tones in zip(made, halves, strict=True):
        for tone in tones:
            row[tone] += 2 * BEAT / len(tones)
    return made


def names(halves: np.ndarray, key: str) -> list[str]:
    return [chord_name(code) for code in harmonised(halves, parse_key(key))]


CADENCE = ((0, 4), (0, 7), (5, 9), (5, 0), (7, 11), (7, 2), (0, 4), (0,))


def test_a_cadence_in_any_key() -> None:
    assert names(sounding(*CADENCE), "C:major") == ["C", "C", "F", "F", "G", "G", "C", "C"]
    up = [tuple((tone + 2) % 12 for tone in tones) for tones in CADENCE]
    assert names(sounding(*up), "D:major") == ["D", "D", "G", "G", "A", "A", "D", "D"]


def test_in_minor_the_chords_are_those_of_minor() -> None:
    found = names(sounding((9, 0), (9, 4), (2, 5), (2, 9), (4, 11), (4, 8), (9, 0), (9,)), "Am")
    assert found[0] == found[-1] == "Am" and found[2:4] == ["Dm", "Dm"]
    assert set(found) <= {"Am", "Dm", "E", "Em", "C", "F", "G"}


@pytest.mark.parametrize("key", ["C:major", "A:minor"])
def test_where_the_melody_rests_a_common_chord_stands(key: str) -> None:
    found = names(sounding((0, 4), (), (), (), (), (), (0, 9), (9,)), key)
    assert len(found) == 8 and set(found) <= {"C", "Am", "F", "G", "Dm", "Em"}


def test_nothing_at_all() -> None:
    assert harmonised(np.zeros((0, 12)), parse_key("C")) == []
