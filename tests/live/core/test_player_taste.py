"""Marks name replies by their ids, of which the last many can still be marked."""

from __future__ import annotations

import numpy as np

from composer.live.core.player_taste import REMEMBERED, PlayerTaste
from composer.taste.traits import TRAITS


def traits(height: float) -> np.ndarray:
    found = np.zeros(len(TRAITS))
    found[0] = height
    return found


def test_a_reply_that_was_marked_is_learnt_from_once() -> None:
    taste = PlayerTaste()
    taste.heard(1, traits(1.0))
    assert taste.mark(1, True)
    assert not taste.mark(1, True)
    assert taste.preference.count == 1
    assert taste.mark(1, False)  # on second thoughts


def test_nothing_is_learnt_of_a_reply_that_nobody_heard() -> None:
    taste = PlayerTaste()
    taste.heard(1, None)
    assert not taste.mark(1, True)
    assert not taste.mark(7, True)
    assert taste.preference.count == 0


def test_old_replies_are_forgotten_and_what_was_learnt_of_them_stays() -> None:
    taste = PlayerTaste()
    for number in range(1, REMEMBERED + 3):
        taste.heard(number, traits(number % 2))
        assert taste.mark(number, number % 2 == 1)
    assert not taste.mark(1, False)
    assert taste.preference.expected(traits(1.0)) > 1.4
    assert "high" in taste.told()[0]
    taste.reset()
    assert taste.preference.expected(traits(1.0)) == 0


def test_the_reply_that_was_liked_last_is_known_by_its_place() -> None:
    taste = PlayerTaste()
    assert taste.favourite is None
    for number in (1, 2, 3):
        taste.heard(number, traits(float(number)), (100 * number, 100 * number + 96))
    taste.mark(2, True)
    taste.mark(3, False)
    assert taste.favourite == (200, 296)
    taste.mark(1, True)
    assert taste.favourite == (100, 196)
    taste.mark(1, False)  # on second thoughts
    assert taste.favourite is None
    taste.mark(3, True)
    taste.reset()
    assert taste.favourite is None
