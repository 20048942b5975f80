"""What a part may play: how much its own past counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from composer.formats import midi
from composer.generation.seed_analysis import analyse_seed
from composer.generation.seed_constraints import make_constraints
from composer.generation.settings import Settings

WALTZ = Path(__file__).parents[2] / "midi_data" / "waltz.mid"


def test_where_the_best_of_several_takes_is_chosen_the_velocities_used_are_leaned_on_less() -> None:
    """Three takes choose what is like the seed already: a third of the bias is enough."""
    analysis = analyse_seed(midi.read(WALTZ))
    alone, chosen = (
        make_constraints(analysis, Settings(takes=takes)).velocity_mask_and_bias(np.zeros(1, int))
        for takes in (1, 3)
    )
    assert np.ptp(alone[1]) > 0
    assert np.ptp(chosen[1]) / np.ptp(alone[1]) == pytest.approx(1 / 3, rel=1e-3)
