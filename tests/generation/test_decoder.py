"""The decoder with a model whose logits are known: what it adds to them, and its randomness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixed_model import FixedModel

from composer.analysis.repetition import RepetitionLimits
from composer.encoding.events import (
    DURATION,
    PART,
    PITCH,
    SHIFT,
    SLOTS,
    UNLIMITED,
    VELOCITY,
    Events,
)
from composer.errors import ModelError
from composer.generation.constraints import Constraints
from composer.generation.decoder import BatchDecoder, loosened
from composer.generation.limits import Density, PartLimits, Span
from composer.generation.sampling import SamplingParams
from composer.generation.settings import Settings
from composer.generation.stream import Stream

ONE_NOTE = Events(np.array([[0, 0, 67, 3, 20]], dtype=np.int16), (0,))
FOUR_TICKS = {SHIFT: {4: 9.0}, PART: {0: 9.0}, DURATION: {3: 9.0}, VELOCITY: {20: 9.0}}


def open_constraints() -> Constraints:
    """All that one part can play."""
    return Constraints.of(
        Span(earliest=0, latest_first=UNLIMITED, end=UNLIMITED, longest=96),
        Density(per_bar=1000),
        replace(PartLimits.none(), parts=np.arange(SLOTS) == 0),
    )


def stream(model: FixedModel, notes: int = 1, **settings: float) -> Stream:
    return Stream(
        state=model.prime(ONE_NOTE),
        last_note=ONE_NOTE.rows[-1].astype(np.int64),
        constraints=open_constraints(),
        settings=Settings(**{"temperature": 0.0, "recall": 0, **settings}),  # type: ignore[arg-type]
        limits=RepetitionLimits(0, 0),
        variation=0,
        max_notes=notes,
    )


def drawn_pitches(model: FixedModel, notes: int) -> list[int]:
    one, decoder = stream(model, notes), BatchDecoder(model)
    decoder.add([one])
    while decoder.streams:
        decoder.step()
    return [row[PITCH] for row in one.rows]


def test_a_key_struck_too_often_in_a_row_gives_way_to_the_next_likely_one() -> None:
    # Each strike in a row beyond 12 takes 0.5 from a lead of 1.75: after 16 there is none left.
    model = FixedModel(FOUR_TICKS | {PITCH: {60: 1.75}})
    pitches = drawn_pitches(model, 18)
    assert pitches[:16] == [60] * 16
    assert pitches[16] != 60
    assert pitches[17] == 60


def test_a_key_far_likelier_than_the_others_is_struck_on() -> None:
    assert drawn_pitches(FixedModel(FOUR_TICKS | {PITCH: {60: 9.0}}), 20) == [60] * 20


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_a_model_without_numbers_is_damaged_and_plays_nothing(damage: float) -> None:
    model = FixedModel(FOUR_TICKS | {PITCH: {60: damage}})
    one, decoder = stream(model), BatchDecoder(model)
    decoder.add([one])
    with pytest.raises(ModelError, match="damaged"):
        decoder.step()
    assert one.rows == []


def numbers(rng_seed: int, variation: int, take: tuple[int, int] | None = None) -> list[float]:
    one = stream(FixedModel({}), rng_seed=rng_seed)
    again = replace(one, variation=variation, take=take)
    return again.random(1)[0].tolist()


def test_large_rng_seeds_are_those_of_no_other_stream() -> None:
    assert numbers(1 + (2 << 32), 5) != numbers(1, 2, (5, 0))
    assert numbers((1 << 63) - 1, 1) != numbers((1 << 63) - 1, 2)
    assert numbers(1 << 32, 0) != numbers(1 << 33, 0) != numbers(0, 0)


def test_rng_seeds_give_the_numbers_they_always_gave() -> None:
    # NumPy's PCG64 seeded with SeedSequence((7, 2)) and ((7, 2, 1, 3)).
    assert numbers(7, 2)[0] == np.random.default_rng((7, 2)).random()
    assert numbers(7, 2, (1, 3))[0] == np.random.default_rng((7, 2, 1, 3)).random()


def test_each_repeat_too_many_loosens_the_draw_and_after_two_nothing_is_cut() -> None:
    usual = SamplingParams(*(np.full(5, value) for value in (0.2, 0.9, 0.1)))
    looser = loosened(usual, np.array([-1.0, 0.0, 1.0, 2.0, 3.0]))
    assert looser.temperature == pytest.approx([0.2, 0.2, 0.85, 1.0, 1.15])
    assert looser.top_p == pytest.approx([0.9, 0.9, 0.9, 0.9, 1.0])
    assert looser.min_p == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.0])
