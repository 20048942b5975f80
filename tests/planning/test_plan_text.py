"""A plan as a musician reads it."""

from __future__ import annotations

from planned_songs import planned

from composer.music.chords import parse_chord
from composer.music.plan import EXACT, LOOSE, NEAR, NONE, Plan, PlannedBar
from composer.planning.plan_text import bar_text, plan_lines

C, G = parse_chord("C"), parse_chord("G7")


def test_a_bar_is_its_chords_and_what_it_takes_up() -> None:
    assert bar_text(PlannedBar(chords=(C, C))) == "C"
    assert bar_text(PlannedBar(4, 0, EXACT, (C, G))) == "C G7 =5"
    assert bar_text(PlannedBar(4, 0, NEAR, (C, C))) == "C ~5"
    assert bar_text(PlannedBar(4, -2, LOOSE, (0, C))) == "N.C. C (5-2)"
    assert bar_text(PlannedBar()) == "-"


def test_a_phrase_has_a_line_and_the_seed_ends_at_a_line() -> None:
    plan = planned("C Am F G C Am F G", [NONE] * 4 + [0, 1, 2, NONE])
    assert plan_lines(plan, 4) == [
        "1  A   | C     | Am    | F     | G     ||",
        "------- what follows",
        "5  A'  | C =1  | Am =2 | F =3  | G     ||",
    ]


def test_a_phrase_that_the_seed_breaks_off_goes_on_behind_the_line() -> None:
    plan = planned("C Am F G C Am F G")
    lines = plan_lines(plan, 6)
    assert [line.split()[0] for line in lines] == ["1", "5", "-------", "7"]
    assert lines[-1].endswith("||") and not lines[1].endswith("||")


def test_nothing_planned_has_no_lines() -> None:
    assert plan_lines(Plan(()), 0) == []
