"""Habits: what drummers are used to, by hand, and in what is made of their music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from composer import models
from composer.encoding.events import SHIFT_TICKS, SLOTS, UNLIMITED
from composer.encoding.running_features import Context
from composer.formats import midi
from composer.generation import habits
from composer.generation.generate import continue_seed
from composer.generation.habits import (
    LEAST,
    PASSING,
    WEIGHT,
    Drummers,
    against_passing,
    for_strokes,
    habits_of,
    places_of,
)
from composer.generation.seed_analysis import analyse_seed
from composer.generation.settings import Settings
from composer.music.notes import DRUM_PROGRAM, Piece
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"

BAR = 96
KICK, SNARE, STICK = range(3)


def drummer(
    bars: int, strokes: dict[int, int], slot: int = 1, late: int = 0, first: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Each bar the same, {tick in the bar: key}, and a tune in slot 0."""
    rows = [
        (bar * BAR + tick + late, slot, key, 6, 20)
        for bar in range(first, first + bars)
        for tick, key in strokes.items()
    ]
    rows += [(bar * BAR, 0, 38, 24, 20) for bar in range(first, first + bars)]
    table = np.array(sorted(rows), dtype=np.int64)
    return table[:, 0], table


BACKBEAT = {0: 36, 24: 38, 48: 36, 72: 40, 84: 42}


@pytest.mark.parametrize("late", [0, 2, -2])
def test_a_backbeat_is_likely_where_it_was_whether_played_early_or_late(late: int) -> None:
    found = habits_of(*drummer(8, BACKBEAT, late=late, first=1), (0, DRUM_PROGRAM), BAR, 9 * BAR)
    assert np.flatnonzero(found[1, :, SNARE] > 1).tolist() == [4, 12]
    assert np.flatnonzero(found[1, :, KICK] > 1).tolist() == [0, 8]
    assert set(found[1, 1:4, SNARE].tolist()) == {LEAST}
    assert not found[1, :, STICK].any()  # it has none
    assert not np.delete(found, 1, axis=0).any()  # a tune on the snare's number is no snare


def test_half_of_the_bars_say_nothing_and_all_say_their_log_odds() -> None:
    onsets, rows = drummer(8, BACKBEAT)
    half = (rows[:, 2] != 40) | (onsets % (2 * BAR) > BAR)
    found = habits_of(onsets[half], rows[half], (0, DRUM_PROGRAM), BAR, 8 * BAR)
    assert found[1, 12, SNARE] == pytest.approx(0, abs=1e-6)
    assert found[1, 4, SNARE] == pytest.approx(WEIGHT * np.log(1.03 / 0.03), rel=1e-5)


def test_the_last_bars_count_and_a_few_are_no_habit() -> None:
    before, now = drummer(16, {24: 38}), drummer(16, {48: 38}, first=16)
    both = [np.concatenate(pair) for pair in zip(before, now, strict=True)]
    found = habits_of(*both, (0, DRUM_PROGRAM), BAR, 32 * BAR)
    assert np.flatnonzero(found[1, :, SNARE] > 0).tolist() == [8]
    assert not habits_of(*drummer(3, BACKBEAT), (0, DRUM_PROGRAM), BAR, 3 * BAR).any()
    assert habits_of(*drummer(3, BACKBEAT), (0, DRUM_PROGRAM), BAR, 3 * BAR).shape[0] == SLOTS


def test_a_place_is_the_nearest_sixteenth() -> None:
    ticks = np.array([0, 2, 3, 24, 26, 22, 95])
    assert places_of(ticks, BAR).tolist() == [0, 0, 1, 4, 4, 4, 0]
    assert places_of(np.array([36]), np.array([72])).tolist() == [8]


def test_what_has_just_been_struck_is_not_struck_again_because_it_is_usual() -> None:
    usual = np.float32([2, 1, -1, 0])
    kick, before, hat = (for_strokes(usual, struck) for struck in (36, -1, 42))
    assert [bias[36] for bias in (kick, before, hat)] == [0, 2, 2]
    for bias in (kick, before, hat):
        assert bias[[38, 40, 37, 39]].tolist() == [1, 1, -1, -1]
        assert not bias[[42, 49, 60]].any()
    assert usual.tolist() == [2, 1, -1, 0]


def test_every_kind_has_keys_of_its_own() -> None:
    keys = [key for kind in habits.KINDS for key in kind]
    assert len(keys) == len(set(keys))


def passing(since: int, inside: int, usual: dict[int, float], bar: int = BAR) -> dict[int, float]:
    """What speaks against shifts from a place in the bar, by ticks up to a bar, where it does."""
    found = np.zeros((1, habits.PLACES, habits.COUNT), np.float32)
    for place, nats in usual.items():
        found[0, place, SNARE] = nats
    found[0, :, KICK] = LEAST
    bias = against_passing(found, [since], inside, bar)
    assert bias.shape == (len(SHIFT_TICKS) + 1,)
    return {tick: nats for tick, nats in enumerate(bias[: bar + 1].tolist()) if nats}


def test_a_shift_may_lead_to_a_place_of_the_backbeat_but_not_over_it() -> None:
    """From the second beat's last eighth; the fourth place of the next beat begins at tick 45."""
    found = passing(since=36, inside=36, usual={8: 2.0, 12: 3.0})
    assert min(found) == 48 - 36 + 3  # 51 is nearer to the next sixteenth than to the third beat
    assert {found[tick] for tick in range(15, 36)} == {-2 * PASSING}
    assert {found[tick] for tick in range(72 - 36 + 3, BAR + 1)} == {-3 * PASSING}


def test_others_who_have_played_there_leave_it_to_the_drummer() -> None:
    assert min(passing(since=24, inside=24, usual={4: 2.0})) == 3
    # Who has struck may go on; a bar later the place comes again.
    assert min(passing(since=0, inside=24, usual={4: 2.0}), default=None) is None
    assert min(passing(since=1, inside=25, usual={4: 2.0, 6: 1.0})) == 36 + 3 - 25


def test_who_has_rested_for_a_bar_may_rest_on() -> None:
    assert passing(since=BAR, inside=0, usual={8: 2.0})
    assert not passing(since=BAR + 1, inside=0, usual={8: 2.0})
    assert not passing(since=UNLIMITED, inside=0, usual={8: 2.0})


def test_bars_of_any_length_have_sixteen_places() -> None:
    assert min(passing(since=9, inside=0, usual={8: 2.0}, bar=72)) == 39  # 38.25 and later


def test_a_shaker_has_habits_though_it_is_of_no_kind_and_a_hi_hat_in_a_kit_has_none() -> None:
    shaker = habits_of(*drummer(8, {0: 70, 48: 70}), (0, DRUM_PROGRAM), BAR, 8 * BAR)
    assert np.flatnonzero(shaker[1].max(axis=-1) > 0).tolist() == [0, 8]
    assert not shaker[1, :, KICK : STICK + 1].any()
    kit = habits_of(*drummer(8, BACKBEAT), (0, DRUM_PROGRAM), BAR, 8 * BAR)
    assert np.flatnonzero(kit[1].max(axis=-1) > 0).tolist() == [0, 4, 8, 12]  # none at 14


def test_drummers_side_by_side_keep_to_their_own_habits() -> None:
    grooves = (BACKBEAT, {0: 38, 48: 36}, BACKBEAT)
    tables = [habits_of(*drummer(8, g), (0, DRUM_PROGRAM), BAR, 8 * BAR) for g in grooves]
    contexts = [Context.start((0, DRUM_PROGRAM), "beats", (4, 4)) for _ in grooves]
    for context in contexts:
        context.heard[0, 1] = 0  # all of them struck where the clock stands
    part, onset = np.array([1]), np.array([24])
    alone = [Drummers(table[None]) for table in tables]
    shifts = [one.against_passing(each)[0] for one, each in zip(alone, contexts, strict=True)]
    keys = []
    for one, each in zip(alone, contexts, strict=True):
        strokes = one.strokes(each, part, onset)
        assert strokes is not None
        keys.append(strokes[0])
    assert (shifts[0] != shifts[1]).any() and (keys[0] != keys[1]).any()
    together, context = Drummers(np.stack(tables)), Context.join(contexts)
    for _ in range(2):  # as found, and as kept
        assert (together.against_passing(context) == shifts).all()
        found = together.strokes(context, part.repeat(3), onset.repeat(3))
        assert found is not None and (found == keys).all()


def test_a_drummer_goes_on_with_the_snare_where_it_was() -> None:
    """The shipped groove, as it comes: in nearly all bars, where without habits it is in half."""
    analysis = analyse_seed(midi.read(SEEDS / "drums.mid"))
    predictor, beat = Predictor.load(models.find(), threads=1), analysis.piece.ticks_per_beat

    def snares(piece: Piece, start: int) -> np.ndarray:
        struck = np.zeros((8, 16), dtype=bool)
        for note in piece.parts[0].notes:
            place = round((note.onset - start) / (beat / 4))
            if note.pitch in (38, 40) and 0 <= place < struck.size:
                struck[place // 16, place % 16] = True
        return struck

    join = analysis.tick(analysis.join)
    usual = snares(analysis.piece, join - 32 * beat).mean(axis=0) > 0.8
    assert usual.sum() >= 2
    settings = Settings(bars=8, takes=1, rng_seed=1)
    for made in continue_seed(analysis, predictor, settings, range(3)):
        assert snares(made.piece, join)[:, usual].mean() > 0.93
