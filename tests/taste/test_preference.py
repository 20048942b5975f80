"""A taste is learnt from a few marks, forgiven its errors, and given up when it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from composer.taste.preference import SEEN, Preference
from composer.taste.traits import TRAITS
from composer.taste.words import told

K = len(TRAITS)
NAMES = [trait.name for trait in TRAITS]
TAKES = 6


@dataclass
class Listener:
    """Likes half of all replies: those above the middle of a weighted sum of traits.

    Attributes:
        weights: Of each trait.
        errs: Share of marks that are the other one.
    """

    weights: np.ndarray
    errs: float = 0.0

    @classmethod
    def of(cls, errs: float = 0.0, **likes: float) -> Listener:
        return cls(np.array([likes.get(name, 0.0) for name in NAMES]), errs)

    def likes(self, traits: np.ndarray) -> bool:
        return bool(traits @ self.weights > 0)


def listen(preference: Preference, listener: Listener, replies: int, seed: int) -> list[bool]:
    """Whether each reply is liked; takes of a reply are as unlike as those of a network."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(replies):
        phrase = 0.35 * rng.standard_normal(K)
        takes = phrase + 0.6 * rng.standard_normal((TAKES, K))
        take = max(takes, key=preference.varied(rng))
        preference.played(take)
        found.append(listener.likes(take))
        preference.mark(take, found[-1] != (rng.random() < listener.errs))
    return found


def after_twenty(listener: Listener, jams: int = 12) -> float:
    """Share of replies that are liked behind the first twenty marks.

    By choice among takes alone, as nothing here leans; its deviation is about 0.03 for twelve jams.
    """
    heard = [listen(Preference(), listener, 45, seed)[20:] for seed in range(jams)]
    return float(np.mean(heard))


@pytest.mark.parametrize(
    "likes",
    [
        {"register": 1.0},
        {"density": 1.0},
        {"articulation": 1.0},
        {"syncopation": 1.0},
        {"closeness": 1.0},
        {"drums": 1.0},
        {"register": -1.0, "density": 1.0, "chords": 1.0},
    ],
    ids=lambda likes: "+".join(likes),
)
def test_most_replies_are_liked_after_twenty_marks(likes: dict[str, float]) -> None:
    assert after_twenty(Listener.of(**likes)) >= 0.74


def test_one_who_errs_is_understood_too() -> None:
    assert after_twenty(Listener.of(errs=0.2, density=1.0), jams=24) >= 0.67


def test_a_change_of_mind_is_followed() -> None:
    later = []
    for seed in range(8):
        preference = Preference()
        listen(preference, Listener.of(register=1.0), 30, seed)
        later += listen(preference, Listener.of(register=-1.0), 50, 100 + seed)[30:]
    assert np.mean(later) >= 0.78


def test_without_marks_nothing_is_preferred_and_every_take_may_come() -> None:
    rng = np.random.default_rng(0)
    takes = rng.standard_normal((4, K))
    worths = [Preference().varied(rng) for _ in range(60)]
    chosen = {max(range(4), key=lambda take: worth(takes[take])) for worth in worths}
    assert chosen == set(range(4))
    assert Preference().expected(takes[0]) == 0


def test_what_was_learnt_is_gone_by_unless_what_was_liked_is_liked_no_more() -> None:
    def sure(*likes: bool) -> float:
        preference = Preference()
        for number, liked in enumerate(likes):
            preference.mark(np.full(K, 0.1 * number), liked)
        return preference.sure

    assert sure(*[True] * 10, *[False] * 6) == 0
    assert sure(*[True, False] * 5, *[False] * 6) == 1  # never was more than half of it liked
    assert sure(*[True] * 16) == 1


def test_means_are_of_the_last_replies() -> None:
    preference = Preference()
    for number in range(SEEN + 3):
        preference.played(np.full(K, float(number)))
    assert [reply[0] for reply in preference.replies] == list(range(3, SEEN + 3))


def test_a_trait_that_is_not_there_says_nothing() -> None:
    preference = Preference()
    high = np.zeros(K)
    high[0] = 1.0
    for sign in (1.0, -1.0) * 6:
        preference.mark(sign * high, sign > 0)
    unknown = np.full(K, np.nan)
    assert preference.expected(unknown) == pytest.approx(0, abs=0.2)
    assert preference.expected(high) > 1 > -1 > preference.expected(-high)


def test_it_says_in_words_what_it_has_learnt() -> None:
    preference = Preference()
    assert told(preference) == [
        "Nothing is known of your taste yet: like or dislike a few replies."
    ]
    rng = np.random.default_rng(1)
    for _ in range(30):
        traits = 0.6 * rng.standard_normal(K)
        preference.mark(traits, bool(traits[NAMES.index("density")] < 0))
    assert told(preference)[0].startswith("From 30 marks: you like replies that are sparse")
    preference.reset()
    assert told(preference)[0].startswith("Nothing is known")
