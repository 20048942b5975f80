"""A taste in words: no more is told than is known."""

from __future__ import annotations

import numpy as np

from composer.taste.preference import Preference
from composer.taste.traits import TRAITS
from composer.taste.words import told

NAMES = [trait.name for trait in TRAITS]


class Known(Preference):
    """A taste that counts so many standard deviations of some traits."""

    def __init__(self, **strengths: float) -> None:
        super().__init__(count=20)
        self._strengths = np.array([strengths.get(name, 0.0) for name in NAMES])

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        return self._strengths, np.ones(len(NAMES))


def test_what_is_sure_and_what_is_perhaps_are_two_sentences() -> None:
    assert told(Known(register=-3.0, density=1.5, loudness=0.9)) == [
        "From 20 marks: you like replies that are low.",
        "Perhaps you like replies that are dense.",
    ]


def test_four_traits_are_told_and_the_surest_of_them() -> None:
    [sentence] = told(Known(register=2.0, density=6.0, loudness=5.0, chords=4.0, length=-3.0))
    assert sentence == "From 20 marks: you like replies that are dense, loud, in chords and short."


def test_what_is_hardly_known_is_not_told() -> None:
    assert told(Known(register=0.9)) == ["From 20 marks, no taste can be told yet."]
