"""Resting: a phrase that comes back comes back with its players."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import TICKS_PER_BEAT, Events
from composer.generation.resting import LEAVING, MOST_BARS, resting
from composer.generation.seed_analysis import SeedAnalysis, analyse_seed
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.plan import NONE, Plan, PlannedBar

BEAT = TICKS_PER_BEAT
BAR = 4 * BEAT
PIANO, STRINGS, FLUTE = 0, 1, 2


class AllLeave:
    """Chance by which everybody leaves who may."""

    def random(self, count: int) -> NDArray[np.float64]:
        return np.zeros(count)


ALL_LEAVE = AllLeave()


def part(bars: list[int], pitch: int, program: int) -> Part:
    """A note on the first beat of some bars, and one on the third."""
    notes = [Note(bar * BAR + half * BAR // 2, pitch, BEAT, 80) for bar in bars for half in (0, 1)]
    return Part(tuple(notes), program)


def seed() -> SeedAnalysis:
    """Eight bars: piano throughout, strings in the second four, a flute in the first four."""
    parts = (part(list(range(8)), 60, 0), part([4, 5, 6, 7], 50, 48), part([0, 1, 2, 3], 84, 73))
    return analyse_seed(Piece(parts, BEAT), grid="beats")


def phrase(*references: int) -> list[PlannedBar]:
    """Bars of one phrase that take up others."""
    left = range(len(references), 0, -1)
    return [
        PlannedBar(reference, nearness=2 if reference != NONE else 0, phrase=bars)
        for reference, bars in zip(references, left, strict=True)
    ]


def who_rests(
    *bars: PlannedBar,
    playing: tuple[int, ...] = (0, 1, 2),
    analysis: SeedAnalysis | None = None,
    rng_seed: int | None = None,
) -> list[list[int]]:
    """Of each bar planned, the parts that rest, counted as in `seed`."""
    analysis = analysis or seed()
    slot_of = {index: slot for slot, index in enumerate(analysis.placement.slots)}
    index_of = {slot: index for index, slot in slot_of.items()}
    events: Events = analysis.events
    assert events.plan is not None and len(events.plan) == 8
    plan = Plan((*events.plan.bars, *bars))
    slots = [slot_of[index] for index in playing]
    chance = ALL_LEAVE if rng_seed is None else np.random.default_rng(rng_seed)
    found = resting(events, plan, slots, cast(np.random.Generator, chance))
    assert found.shape == (MOST_BARS, 32) and not found[len(bars) :].any()
    return [
        sorted(index_of[slot] for slot in np.flatnonzero(row).tolist())
        for row in found[: len(bars)]
    ]


def test_who_was_silent_where_a_phrase_comes_from_is_silent_in_it() -> None:
    assert who_rests(*phrase(0, 1, 2, 3), *phrase(4, 5, 6, 7)) == [[STRINGS]] * 4 + [[FLUTE]] * 4


def test_who_played_in_one_of_its_bars_may_play() -> None:
    assert who_rests(*phrase(0, 1, 2, 4)) == [[]] * 4


def test_a_phrase_that_is_mostly_new_is_everybodys() -> None:
    assert who_rests(*phrase(0, NONE, NONE, 3)) == [[]] * 4
    assert who_rests(*phrase(0, 1, NONE, 3)) == [[STRINGS]] * 4


def test_two_bars_are_no_phrase_to_rest_in() -> None:
    assert who_rests(*phrase(0, 1), *phrase(0, 1, 2)) == [[]] * 2 + [[STRINGS]] * 3


def test_what_was_planned_comes_back_as_it_was_planned() -> None:
    assert who_rests(*phrase(0, 1, 2, 3), *phrase(8, 9, 10, 11)) == [[STRINGS]] * 8


def test_who_has_played_up_to_a_phrase_leaves_with_it_or_not() -> None:
    """The strings played in bars 4 to 7, the flute has been silent since bar 3."""
    leaves = [who_rests(*phrase(0, 1, 2, 3), rng_seed=number)[0] for number in range(200)]
    assert {tuple(some) for some in leaves} == {(), (STRINGS,)}
    assert abs(np.mean([STRINGS in some for some in leaves]) - LEAVING) < 0.15
    stay = [who_rests(*phrase(4, 5, 6, 7), rng_seed=number)[0] for number in range(20)]
    assert stay == [[FLUTE]] * 20


def test_who_has_left_is_back_after_eight_bars_and_who_rested_before_need_not_be() -> None:
    verses = [*phrase(0, 1, 2, 3), *phrase(0, 1, 2, 3), *phrase(0, 1, 2, 3)]
    assert who_rests(*verses) == [[STRINGS]] * 8 + [[]] * 4
    choruses = [*phrase(4, 5, 6, 7), *phrase(4, 5, 6, 7), *phrase(4, 5, 6, 7)]
    assert who_rests(*choruses) == [[FLUTE]] * 12


def test_drummers_stay() -> None:
    piece = seed().piece
    kit = replace(piece.parts[STRINGS], program=DRUM_PROGRAM)
    band = piece.with_parts((piece.parts[PIANO], kit, piece.parts[FLUTE]))
    assert who_rests(*phrase(0, 1, 2, 3), analysis=analyse_seed(band, grid="beats")) == [[]] * 4


def test_a_phrase_that_is_cut_off_by_the_end_counts() -> None:
    cut = [bar._replace(phrase=bar.phrase + 4) for bar in phrase(0, 1, 2, 3)]
    assert who_rests(*cut) == [[STRINGS]] * 4


def test_somebody_plays() -> None:
    assert who_rests(*phrase(0, 1, 2, 3), playing=(STRINGS,)) == [[]] * 4


def holding(ticks: int) -> SeedAnalysis:
    """The seed, with the flute's last note, begun in the middle of bar 3, held so long."""
    piece = seed().piece
    *others, last = piece.parts[FLUTE].notes
    flute = replace(piece.parts[FLUTE], notes=(*others, replace(last, duration=ticks)))
    return analyse_seed(piece.with_parts((*piece.parts[:FLUTE], flute)), grid="beats")


def test_who_sounds_on_does_not_rest_and_what_hangs_over_is_no_sound() -> None:
    assert who_rests(*phrase(4, 5, 6, 7), analysis=holding(BAR)) == [[]] * 4
    hung = holding(BAR // 2 + BAR // 8)
    assert who_rests(*phrase(4, 5, 6, 7), analysis=hung) == [[FLUTE]] * 4
