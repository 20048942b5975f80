"""The planner: what it writes keeps to the rules of a plan, to what is given, and to chance."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planned_songs import band, given_by, planned, random_weights

from composer.analysis.form import plan_of
from composer.encoding.events import Events
from composer.errors import ModelError
from composer.music.beat_grid import FREE
from composer.music.chords import chord_name, parse_chord
from composer.music.keys import Key
from composer.music.plan import FAR, NONE, Plan
from composer.planning.given import Given, GivenBar
from composer.planning.network import PlannerNetwork
from composer.planning.planner import Planner


def planner(seed: int = 0) -> Planner:
    return Planner(PlannerNetwork(random_weights(seed)))


def seed(bars: int = 8) -> Events:
    return replace(band(bars), plan=planned(" ".join(["C Am F G"] * (bars // 4))))


def propose(bars: int = 8, number: int = 0, heard: int = 8, **options: object) -> Plan:
    rng = np.random.default_rng(number)
    return planner().propose(seed(heard), bars, rng=rng, **options)  # type: ignore[arg-type]


def names(plan: Plan) -> list[str]:
    return [chord_name(bar.chords[0]) for bar in plan.bars]


def test_the_seed_stays_and_bars_follow() -> None:
    plan = propose(8)
    assert plan.bars[:8] == planned("C Am F G C Am F G").bars
    assert len(plan) == 16


def test_the_same_number_gives_the_same_plan_and_another_another() -> None:
    assert propose(16, 3) == propose(16, 3)
    assert propose(16, 3) != propose(16, 4)


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("bars", [1, 3, 16, 23])
def test_the_last_phrase_ends_with_the_piece(bars: int, number: int) -> None:
    plan = propose(bars, number)
    coming = plan.bars[8:]
    assert [bar.ending for bar in coming] == [min(bars - k, FAR) for k in range(bars)]
    assert coming[-1].phrase == 1
    for before, after in itertools.pairwise(coming):
        if 1 < before.phrase < FAR:
            assert after.phrase == before.phrase - 1
        if before.phrase == FAR:
            assert after.phrase in (FAR - 1, FAR)


def test_without_an_end_none_is_told() -> None:
    assert {bar.ending for bar in propose(8, closes=False).bars} == {0}


def test_every_reference_is_near_in_some_way_and_none_is_not() -> None:
    for number in range(8):
        for bar in propose(16, number).bars[8:]:
            assert (bar.nearness > 0) == (bar.reference != NONE)


def test_the_last_bar_closes_on_likelier_chords_than_others_have() -> None:
    def chords(closes: bool) -> int:
        """How many different ones the last bar has in forty plans."""
        return len({propose(2, number, closes=closes).bars[-1].chords for number in range(40)})

    assert 1.5 * chords(closes=True) < chords(closes=False)


def test_what_was_heard_is_taken_up_rather_than_what_was_just_planned() -> None:
    """A network that prefers no bar takes up each of the earlier ones as often."""
    taken = [
        (bar.reference, number)
        for draw in range(30)
        for number, bar in enumerate(propose(16, draw, heard=16).bars[16:], 16)
        if bar.reference != NONE
    ]
    heard = np.mean([reference < 16 for reference, _ in taken])
    evenly = np.mean([16 / number for _, number in taken])
    assert len(taken) > 200
    assert heard > evenly + 0.09
    assert heard < 0.95  # what was planned is taken up, too


def test_what_is_given_stands_and_the_rest_is_planned() -> None:
    chord = parse_chord("Ebmaj7")
    given = Given((GivenBar(reference=2), GivenBar(), GivenBar(chords=(chord, None))))
    plan = propose(4, given=given)
    assert plan.bars[8].reference == 2 and plan.bars[8].nearness > 0
    assert plan.bars[10].chords[0] == chord


def test_chords_that_are_given_lead_to_bars_on_these_chords() -> None:
    """Over a C, of a seed of C Am F G C Am F G mostly bars on C are taken up."""
    chord = parse_chord("C")
    given = Given((GivenBar(chords=(chord, chord)),))
    undecided = Planner(PlannerNetwork(random_weights(0, 0.01)))

    def on_c(given: Given | None) -> float:
        plans = [
            undecided.propose(seed(), 1, rng=np.random.default_rng(number), given=given)
            for number in range(60)
        ]
        taken = [plan.bars[8].reference for plan in plans if plan.bars[8].reference != NONE]
        return sum(reference in (0, 4) for reference in taken) / len(taken)

    assert on_c(given) > 0.8 and on_c(None) < 0.5


def test_a_whole_plan_given_is_the_plan() -> None:
    whole = planned("C Am F G C Am F G Dm G C C", [NONE] * 8 + [0, 1, 2, NONE])
    plan = propose(4, given=given_by(whole, 8), closes=False)
    assert plan.bars == whole.bars


def test_a_reference_to_a_later_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="bar 8 refers to bar 9, must be earlier"):
        propose(4, given=Given((GivenBar(reference=9),)))


def test_the_same_seed_in_another_key_has_the_same_plan_in_that_key() -> None:
    made = propose(16, 5)
    plan = planned("C Am F G C Am F G").transposed(3)
    told = replace(band(8), plan=plan)
    moved = planner().propose(told, 16, rng=np.random.default_rng(5))
    assert moved == made.transposed(3)


def test_chords_are_planned_from_the_tonic_of_the_key() -> None:
    own = propose(16, 5)
    assert propose(16, 5, key=Key(0, "major")) == own  # for which C Am F G speak
    assert propose(16, 5, key=Key(9, "minor")).bars[8:] != own.bars[8:]


def test_a_long_seed_is_remembered_in_part_and_counted_whole() -> None:
    plan = propose(8, heard=200)
    assert len(plan) == 208
    for number, bar in enumerate(plan.bars[200:], 200):
        assert bar.reference == NONE or 200 - 128 <= bar.reference < number
    early = propose(1, heard=200, given=Given((GivenBar(reference=3),)))
    assert early.bars[200].reference == 3 and early.bars[200].nearness > 0


def test_a_seed_without_a_plan_gets_its_own() -> None:
    events = band(8)
    plan = planner().propose(events, 4, rng=np.random.default_rng(0))
    own = plan_of(events, closes=False)
    assert own is not None and plan.bars[:8] == own.bars


def test_free_time_has_no_plan() -> None:
    events = replace(band(4), kind=FREE)
    with pytest.raises(ValueError, match="in free time there are no bars"):
        planner().propose(events, 4, rng=np.random.default_rng(0))


def test_weights_are_read_and_damage_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"planner\.npz is missing"):
        Planner.load(tmp_path)
    weights = random_weights(1)
    np.savez(tmp_path / "planner.npz", **weights)
    loaded = Planner.load(tmp_path)
    rng = np.random.default_rng
    assert loaded.propose(seed(), 4, rng=rng(0)) == planner(1).propose(seed(), 4, rng=rng(0))
    for name, bad in (("lstm_bias", np.zeros(3)), ("query_kernel", np.full((160, 32), np.nan))):
        np.savez(tmp_path / "planner.npz", **{**weights, name: bad})
        with pytest.raises(ModelError, match=name) as told:
            Planner.load(tmp_path)
        assert "\n" not in str(told.value)
    del weights["pair_out"]
    np.savez(tmp_path / "planner.npz", **weights)
    with pytest.raises(ModelError, match="pair_out"):
        Planner.load(tmp_path)
    (tmp_path / "planner.npz").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="damaged"):
        Planner.load(tmp_path)


def test_what_is_given_may_stand_behind_more_bars() -> None:
    bars = (GivenBar(reference=0), GivenBar(reference=NONE), GivenBar(since=2), GivenBar())
    moved = Given(bars).behind(5)
    assert [bar.reference for bar in moved.bars] == [5, NONE, None, None]
    assert [bar.since for bar in moved.bars] == [None, None, 7, None]
