"""An hour of jamming with a player who does whatever comes to improviser, in fake time.

COMPOSER_JAM_SECONDS makes it longer or shorter; COMPOSER_JAM_SEED takes another player.
"""

from __future__ import annotations

import pytest
from live.players import SECONDS, SEED, Players
from live.scripted import Echo

from composer.live.core.scheduler import LATE


def test_an_hour_of_jamming_leaves_nothing_sounding() -> None:
    players = Players(Echo, None, SEED)
    players.jam(SECONDS)
    assert players.latest <= LATE
    assert players.sent > SECONDS  # it was not silence that was tested
    assert players.refused < SECONDS  # most of what they do is understood


@pytest.mark.parametrize("seed", range(3))
def test_so_do_other_players(seed: int) -> None:
    players = Players(Echo, None, 100 + seed)
    players.jam(min(SECONDS, 300))
    assert players.latest <= LATE
    assert players.sent > 100  # it was not silence that was tested
