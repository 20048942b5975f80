"""Plan fit: a bar that comes back as planned, on the chords that were planned."""

from __future__ import annotations

from dataclasses import replace

from bars_of_music import BAR, quarters, segment

from composer.analysis.plan_fit import PlanFit
from composer.music.chords import parse_chord
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import EXACT, LOOSE, NEAR, UNPLANNED, Plan, PlannedBar

A, B = [76, 74, 72, 71], [69, 67, 65, 64]
SEED = segment(quarters(A, B), 2)


def fit(*bars: PlannedBar) -> PlanFit:
    """Of what is planned behind the seed's two bars."""
    return PlanFit(SEED, Plan((UNPLANNED, UNPLANNED, *bars)), 2)


def test_a_literal_return_fits_where_one_was_planned() -> None:
    exact, loose = fit(PlannedBar(0, 0, EXACT)), fit(PlannedBar(0, 0, LOOSE))
    again, other = segment(quarters(A), 1), segment(quarters([60, 62, 64, 65]), 1)
    half = segment(quarters([76, 74, 60, 62]), 1)
    assert exact.misfit(again) < exact.misfit(half) < exact.misfit(other)
    assert loose.misfit(half) < loose.misfit(again)
    assert loose.misfit(half) < loose.misfit(other)


def test_the_bar_referred_to_is_the_one_that_counts() -> None:
    assert fit(PlannedBar(1, 0, EXACT)).misfit(segment(quarters(B), 1)) < 0.5
    assert fit(PlannedBar(1, 0, EXACT)).misfit(segment(quarters(A), 1)) > 20


def test_a_bar_may_take_up_one_that_has_just_been_made() -> None:
    plan = fit(UNPLANNED, PlannedBar(2, 0, EXACT))
    new, other = [60, 62, 64, 65], [61, 63, 66, 68]
    assert plan.misfit(segment(quarters(new, new), 2)) < plan.misfit(
        segment(quarters(new, other), 2)
    )


def test_a_return_on_another_step_moves_the_tones_and_not_the_drums() -> None:
    programs = (0, DRUM_PROGRAM)
    kit = [0, 38, 0, 38]
    seed = segment([*quarters(A), *quarters(kit, part=1)], 1, programs)
    plan = PlanFit(seed, Plan((UNPLANNED, PlannedBar(0, 5, EXACT))), 1)
    up = [pitch + 5 for pitch in A]
    meant = segment([*quarters(up), *quarters(kit, part=1)], 1, programs)
    all_up = segment([*quarters(up), *quarters([0, 43, 0, 43], part=1)], 1, programs)
    assert plan.misfit(meant) < 0.5 < plan.misfit(all_up)


def test_a_theme_is_known_by_its_outer_lines() -> None:
    """Two bars with as much in common: one keeps the tune and the bass, one the chords between."""
    tune, bass, inner = A, [45, 45, 45, 45], [57, 57, 57, 57]
    whole = [*quarters(tune), *quarters(bass, part=1), *quarters(inner, part=1)]
    seed = segment([*whole, *quarters([60] * 4, part=1)], 1)
    plan = PlanFit(seed, Plan((UNPLANNED, PlannedBar(0, 0, NEAR))), 1)
    other_inner = [*quarters(tune), *quarters(bass, part=1), *quarters([53] * 4, part=1)]
    other_outer = [*quarters([79, 77, 81, 83]), *quarters([43] * 4, part=1)]
    kept = segment([*other_inner, *quarters([59] * 4, part=1)], 1)
    lost = segment([*other_outer, *quarters(inner, part=1), *quarters([60] * 4, part=1)], 1)
    assert plan.misfit(kept) < plan.misfit(lost)


def test_tones_of_the_chord_fit_and_others_do_not() -> None:
    am, f = parse_chord("Am"), parse_chord("F")
    plan = fit(PlannedBar(chords=(am, f)))
    assert plan.misfit(segment(quarters([69, 72, 65, 77]), 1)) == 0
    assert plan.misfit(segment(quarters([65, 77, 69, 76]), 1)) > 1
    drums = segment(quarters([38, 38, 38, 38]), 1, (DRUM_PROGRAM, 0))
    assert plan.misfit(drums) == 0


def test_a_bar_in_the_making_is_held_to_what_of_it_there_is() -> None:
    plan = fit(PlannedBar(0, 0, EXACT))
    begun = segment(quarters(A[:2]), 1)
    so_far = type(begun)(
        begun.rows, begun.onsets, begun.programs, BAR, False, int(begun.onsets[-1]) + 1
    )
    assert plan.misfit(so_far) < 0.5


def test_where_nothing_is_planned_all_fits() -> None:
    assert fit().misfit(segment(quarters(A), 1)) == 0
    assert fit(PlannedBar(0, 0, NEAR)).misfit(segment([], 0)) >= 0


def test_where_the_plan_closes_the_bass_ends_on_the_root_of_the_last_chord() -> None:
    c = parse_chord("C")
    closing = fit(PlannedBar(chords=(c, c), ending=1))
    going_on = fit(PlannedBar(chords=(c, c)))
    home, away = quarters([67, 64, 67, 60]), quarters([67, 60, 64, 64])
    assert closing.misfit(segment(home, 1)) < 0.5 < closing.misfit(segment(away, 1))
    assert going_on.misfit(segment(away, 1)) < 0.5
    # Whatever the upper voices do, it is the bass that counts.
    chord = [*away, (3.0, 1.0, 1, 36)]
    assert closing.misfit(segment(chord, 1)) < 0.5


def test_in_the_middle_of_the_last_bar_an_end_that_is_far_from_home_counts_less() -> None:
    c = parse_chord("C")
    closing = fit(PlannedBar(chords=(c, c), ending=1))

    def begun(*pitches: int) -> float:
        whole = segment(quarters(pitches), 1)
        length = int(whole.onsets[-1]) + 1
        return closing.misfit(replace(whole, length=length))

    assert begun(67, 60) < 0.5 < begun(60, 64) < closing.misfit(segment(quarters([60, 64]), 1))
