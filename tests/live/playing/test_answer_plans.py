"""What an answer takes up: the phrase bar by bar, and now and then how a liked answer ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from composer.generation.settings import Settings
from composer.live.playing.answer_plan import ending_as_liked, given_of
from composer.live.playing.heard_bars import HeardBars
from composer.music.plan import EXACT, NEAR, NONE, PlannedBar

EVENTS: Any = None
"""What was played in the bars, which nothing here looks into."""


class Always:
    """Chance that falls on the answer that ends as a liked one did."""

    def random(self) -> float:
        return 0.0


def test_an_answer_takes_up_the_phrase_and_its_last_bar_is_free_to_close() -> None:
    assert [bar.reference for bar in given_of(Settings(), 2, 4).bars] == [0, 1, 0]
    assert [bar.reference for bar in given_of(Settings(), 2, 1).bars] == [0]
    assert given_of(Settings(), 0, 4).bars == ()


def test_half_of_an_answer_at_most_ends_as_the_liked_one_did() -> None:
    """Four bars were heard, the liked answer in 0 to 3; four are planned."""
    heard = HeardBars(EVENTS, 0, 0, 4, 0, (0, 1, 2, 3))
    bars = [PlannedBar(NONE, chords=(n, n)) for n in range(4)]
    bars += [PlannedBar(n, nearness=EXACT, chords=(7, 7)) for n in range(4)]
    rng: Any = Always()
    ending = ending_as_liked(list(bars), heard, Settings(), rng)
    assert ending[:6] == bars[:6]
    assert [(bar.reference, bar.nearness, bar.chords) for bar in ending[6:]] == [
        (2, NEAR, (2, 2)), (3, NEAR, (3, 3)),
    ]  # fmt: skip
    assert ending_as_liked(list(bars), heard, Settings(form="AB"), rng) == bars
    assert ending_as_liked(list(bars), heard, Settings(), np.random.default_rng(0)) == bars
