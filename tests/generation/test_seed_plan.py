"""Seed plan: what is planned for the bars that go on from a seed, and that it is heard."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_model
from bars_of_music import quarters

from composer.encoding.events import Events
from composer.errors import SettingError
from composer.generation.generate import continue_seed, make_streams, seed_state
from composer.generation.seed_analysis import SeedAnalysis, analyse_seed
from composer.generation.seed_constraints import make_constraints
from composer.generation.seed_plan import bars_to_come, plan_ahead
from composer.generation.settings import Settings
from composer.music.chords import chord_name
from composer.music.keys import Key
from composer.music.notes import Note, Part, Piece
from composer.music.plan import EXACT, LOOSE, NONE, Plan, PlannedBar
from composer.planning import plan_file
from composer.planning.choice import TRIES
from composer.planning.given import Given

A, B, C = [76, 74, 72, 71], [69, 67, 65, 64], [79, 77, 81, 83]


def seed(*bars: list[int]) -> SeedAnalysis:
    notes = tuple(Note(round(beat * 480), pitch, 480, 80) for beat, _, _, pitch in quarters(*bars))
    return analyse_seed(Piece((Part(notes, program=0),), 480), grid="beats")


class Again:
    """Plans that every bar to come takes up the seed's first one."""

    def __init__(self, nearness: int = EXACT) -> None:
        self.nearness = nearness
        self.asked: list[tuple[int, bool, float]] = []
        self.given: Given | None = None
        self.key: Key | None = None

    def propose(
        self,
        events: Events,
        bars: int,
        *,
        closes: bool,
        rng: np.random.Generator,
        given: Given | None = None,
        key: Key | None = None,
    ) -> Plan:
        self.given, self.key = given, key
        self.asked.append((bars, closes, float(rng.random())))
        assert events.plan is not None
        return events.plan.followed_by(PlannedBar(0, 0, self.nearness) for _ in range(bars))


def test_a_seed_comes_with_the_plan_of_its_bars() -> None:
    plan = seed(A, B, C, A).events.plan
    assert plan is not None
    assert [bar.reference for bar in plan.bars] == [NONE, NONE, NONE, 0]
    assert {bar.ending for bar in plan.bars} == {0}  # a seed is no whole piece


def test_rests_at_the_end_of_a_seed_are_bars_of_it() -> None:
    notes = (Note(0, 60, 480, 80), Note(480, 62, 480 * 9, 80))
    plan = analyse_seed(Piece((Part(notes, program=0),), 480), grid="beats").events.plan
    assert plan is not None and len(plan) == 3


@pytest.mark.parametrize(
    ("length", "bars", "closes"),
    [
        ({"bars": 6}, 6, True),
        ({}, 8, True),
        ({"seconds": 8.0}, 4, True),
        ({"notes": 16}, 12, False),
    ],
)
def test_as_many_bars_are_planned_as_are_to_come(
    length: dict[str, float], bars: int, closes: bool
) -> None:
    planner, settings = Again(), Settings(**length)  # type: ignore[arg-type]
    analysis = seed(A, B, C, A)
    plan = plan_ahead(analysis, settings, 0, planner)
    assert plan is not None and len(plan) == 4 + bars
    assert planner.asked[0][:2] == (bars, closes)
    assert bars_to_come(analysis, settings) == bars


def test_each_variation_has_a_plan_of_its_own_and_always_the_same() -> None:
    planner = Again()
    for variation in (0, 1, 0):
        plan_ahead(seed(A, B), Settings(rng_seed=7), variation, planner)
    first, other, again = (
        [number for *_, number in planner.asked[TRIES * call : TRIES * (call + 1)]]
        for call in range(3)
    )
    assert first == again and len({*first, *other}) == 2 * TRIES


def test_plans_are_made_in_the_key_of_the_seed_or_in_the_one_that_is_wanted() -> None:
    planner, analysis = Again(), seed(A, B, C, A)
    plan_ahead(analysis, Settings(), 0, planner)
    assert planner.key == analysis.key is not None
    plan_ahead(analysis, Settings(key="E minor"), 0, planner)
    assert planner.key == Key(4, "minor")


@pytest.mark.parametrize(("key", "away"), [("D major", 2), ("A major", -3), ("F# major", -6 + 12)])
def test_in_another_key_the_theme_comes_back_in_that(key: str, away: int) -> None:
    """The seed, in C, is planned in C; what takes up its bars is moved."""
    analysis, planner = seed(A, B, C, A), Again()
    assert analysis.key == Key(0, "major")
    plan = plan_ahead(analysis, Settings(bars=2, key=key), 0, planner)
    assert planner.key == analysis.key
    assert plan is not None and analysis.events.plan is not None
    assert plan.cut(4) == analysis.events.plan
    assert [bar.transposition for bar in plan.bars[4:]] == [away, away]


def test_of_several_plans_the_most_usual_is_taken() -> None:
    """Of plans of which one brings nothing back, that one is not taken."""

    class Either(Again):
        def propose(
            self,
            events: Events,
            bars: int,
            *,
            closes: bool,
            rng: np.random.Generator,
            given: Given | None = None,
            key: Key | None = None,
        ) -> Plan:
            plan = super().propose(events, bars, closes=closes, rng=rng, given=given, key=key)
            if len(self.asked) == 2:
                return plan
            return plan.cut(len(plan) - bars).followed_by([PlannedBar()] * bars)

    planner = Either()
    plan = plan_ahead(seed(A, B, C, A), Settings(bars=4), 0, planner)
    assert plan is not None and [bar.reference for bar in plan.bars[4:]] == [0, 0, 0, 0]


def test_nothing_is_planned_where_that_is_wished_or_in_free_time() -> None:
    planner = Again()
    assert plan_ahead(seed(A, B), Settings(plan="off"), 0, planner) is None
    assert plan_ahead(seed(A, B), Settings(), 0, None) is None
    free = analyse_seed(seed(A, B).piece, grid="free")
    assert plan_ahead(free, Settings(), 0, planner) is None
    assert not planner.asked


def test_what_is_drawn_follows_the_plan() -> None:
    """Believed without reserve, a plan of literal returns makes them."""
    weights = tiny_model.weights()
    for field in ("shift", "pitch", "duration", "velocity"):
        weights[f"head_{field}/gain_return/embeddings"][2:] = 10.0
    predictor = tiny_model.of(weights)
    analysis = seed(A, B, C, B)
    (made,) = continue_seed(
        analysis, predictor, Settings(bars=3, recall=0, key="off"), planner=Again()
    )
    notes = made.piece.parts[0].notes
    assert [note.pitch for note in notes] == A * 3
    assert [note.onset - made.join for note in notes] == [480 * beat for beat in range(12)]


def test_a_bar_that_returns_as_it_was_is_less_a_matter_of_chance() -> None:
    """Believed alike, a literal return brings more of the bar back than a loose one."""
    weights = tiny_model.weights()
    for field in ("shift", "pitch", "duration", "velocity"):
        weights[f"head_{field}/gain_return/embeddings"][2:] = 0.4
    predictor, analysis = tiny_model.of(weights), seed(A, B, C, B)

    def returned(nearness: int) -> int:
        made = continue_seed(
            analysis,
            predictor,
            Settings(bars=8, recall=0, key="off", temperature=1.0, top_p=1.0, min_p=0.0),
            range(8),
            planner=Again(nearness),
        )
        return sum(
            note.pitch == A[(note.onset - one.join) // 480 % 4]
            for one in made
            for note in one.piece.parts[0].notes
            if (note.onset - one.join) % 480 == 0
        )

    assert returned(EXACT) > 1.2 * returned(LOOSE)


def test_streams_keep_their_plan() -> None:
    analysis, planner = seed(A, B, C, A), Again()
    predictor = tiny_model.predictor()
    (stream,) = make_streams(
        analysis, seed_state(analysis, predictor), Settings(bars=2), [0], planner
    )
    assert stream.plan is not None and len(stream.plan) == 6
    (plain,) = make_streams(analysis, seed_state(analysis, predictor), Settings(bars=2), [0])
    assert plain.plan is None


def test_a_form_and_chords_that_are_asked_for_are_given_to_the_planner() -> None:
    planner = Again()
    plan_ahead(seed(A, B, C, A), Settings(bars=4, form="BA", chords="Am F | C G"), 0, planner)
    assert planner.given is not None
    first, second, third, fourth = planner.given.bars
    assert (first.reference, third.reference, fourth.reference) == (None, 0, 1)
    assert [chord_name(code) for code in (*first.chords, *second.chords)] == ["Am", "F", "C", "G"]
    assert third.chords == first.chords  # a chart begins again
    plan_ahead(seed(A, B), Settings(bars=4), 0, planner)
    assert planner.given is None


def test_a_plan_that_was_written_down_holds() -> None:
    analysis = seed(A, B, C, A)
    assert analysis.events.plan is not None
    whole = analysis.events.plan.followed_by([PlannedBar(1, 0, EXACT), PlannedBar(2, 0, EXACT)])
    text = plan_file.plan_bytes(whole, (4, 4), 4).decode()
    planner = Again()
    plan_ahead(analysis, Settings(bars=2, plan=text), 0, planner)
    assert planner.given is not None
    assert [bar.reference for bar in planner.given.bars] == [1, 2]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"chords": "Am H"}, "chord"),
        ({"chords": "C | C | C"}, "3 bars"),
        ({"form": "A9"}, "bars"),
        ({"form": "4"}, "form"),
        ({"plan": "{}"}, "plan"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_clear_line(wish: dict[str, str], told: str) -> None:
    with pytest.raises(SettingError, match=told) as refused:
        plan_ahead(seed(A, B), Settings(bars=2, **wish), 0, Again())  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_wishes_need_bars_a_planner_and_one_plan() -> None:
    free = analyse_seed(seed(A, B).piece, grid="free")
    with pytest.raises(SettingError, match="--grid beats"):
        plan_ahead(free, Settings(chords="C"), 0, Again())
    with pytest.raises(SettingError, match="no planner"):
        plan_ahead(seed(A, B), Settings(form="AA"), 0, None)
    with pytest.raises(SettingError, match="leave out --plan"):
        Settings(plan="off", chords="C")


def test_chords_outside_a_key_may_be_played_where_they_are_asked_for() -> None:
    analysis = seed([60, 62, 64, 65], [67, 69, 71, 72])
    strict, asked = (
        make_constraints(analysis, Settings(bars=2, key="C:major", chords=chords)).table
        for chords in (None, "Ab")
    )
    assert not strict["pitches"][0, 0, 68] and not strict["coloured"].any()
    assert not asked["pitches"][0, 0, 68] and asked["coloured"][0, 0, [63, 68]].all()
