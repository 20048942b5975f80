"""Returning: a bar that the plan brings back as it was sounds as it did; others are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bars_of_music import BEAT, events, quarters
from fixed_model import FixedModel

from composer.analysis.repetition import RepetitionLimits
from composer.encoding.columns import COLUMNS, RETURN_PITCH, RETURNING
from composer.encoding.events import DURATION, PART, PITCH, SHIFT, SLOTS, UNLIMITED, VELOCITY
from composer.encoding.return_lookback import RETURNINGS
from composer.generation.constraints import Constraints
from composer.generation.decoder import BatchDecoder
from composer.generation.limits import Density, PartLimits, Span
from composer.generation.returning import Returning
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.music.plan import EXACT, LOOSE, NEAR, Plan, PlannedBar

THEME = [60, 64, 67, 65]
ELSEWHERE = 72


def played(nearness: int, lead: float, bars: int = 1, transposition: int = 0) -> list[int]:
    """Pitches of bars that are to take up the theme before them, if a model prefers another pitch.

    Args:
        nearness: Of the return.
        lead: Logits by which the model prefers `ELSEWHERE`, and an eighth to a quarter.
        bars: To be played.
        transposition: Of the return.
    """
    model = FixedModel(
        {
            SHIFT: {BEAT: 9.0, BEAT // 2: 9.0 + lead},
            PART: {0: 9.0},
            PITCH: {ELSEWHERE: lead},
            DURATION: {24: 9.0},
            VELOCITY: {16: 9.0},
        }
    )
    coming = (PlannedBar(0, transposition, nearness),) * bars
    theme = replace(
        events(quarters(THEME, THEME), (0,)),
        plan=Plan((PlannedBar(), PlannedBar(0, 0, EXACT), *coming)),
    )
    one = Stream(
        state=model.prime(theme),
        last_note=theme.rows[-1].astype(np.int64),
        constraints=Constraints.of(
            Span(earliest=0, latest_first=UNLIMITED, end=UNLIMITED, longest=96),
            Density(per_bar=1000),
            replace(PartLimits.none(), parts=np.arange(SLOTS) == 0),
        ),
        settings=Settings(temperature=0.0, recall=0),
        limits=RepetitionLimits(8, 8),
        variation=0,
        max_notes=4 * bars,
    )
    decoder = BatchDecoder(model)
    decoder.add([one])
    while decoder.streams:
        decoder.step()
    return [row[PITCH] for row in one.rows]


def test_what_comes_back_literally_is_played_where_the_network_is_half_sure() -> None:
    assert played(EXACT, 0.8) == THEME
    assert played(EXACT, 0.8, bars=2) == THEME * 2


def test_it_is_played_where_it_was_moved_to() -> None:
    assert played(EXACT, 0.8, transposition=3) == [pitch + 3 for pitch in THEME]


@pytest.mark.parametrize("nearness", [LOOSE, NEAR])
def test_what_comes_back_varied_is_the_networks(nearness: int) -> None:
    # The first note is reached from the bar before, which came back literally.
    assert played(nearness, 0.8)[1:] == [ELSEWHERE] * 3


def test_a_network_that_is_sure_of_something_else_plays_that() -> None:
    assert played(EXACT, 3.0) == [ELSEWHERE] * 4


def test_a_stream_that_is_stuck_is_let_go_and_no_other() -> None:
    """Of two streams in a bar that comes back, the one that repeats itself goes free."""
    columns = np.zeros((2, len(COLUMNS)), dtype=np.int64)
    columns[:, RETURNING] = RETURNINGS - 1
    columns[:, RETURN_PITCH] = 60
    both = Returning.of(columns, [False, False])
    one = Returning.of(columns, [True, False])
    assert both is not None and both.literal == [0, 1]
    assert one is not None and one.literal == [1]
    assert one.cooling == (1.0, both.cooling[1])
    logits = one.following(PITCH, np.zeros((2, 128), dtype=np.float32), columns)
    assert logits[0, 60] == 0 and logits[1, 60] > 0
    assert Returning.of(columns, [True, True]) is None
