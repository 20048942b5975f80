"""Return lookback: a theme is at hand in the bar that takes it up, told as a note is chosen."""

from __future__ import annotations

import pytest

from composer.encoding.earlier_bar import NO_NOTE
from composer.encoding.events import NO_SHIFT
from composer.encoding.match_model import NO_PART
from composer.encoding.return_lookback import RETURNINGS, ReturnLookback
from composer.music.chords import NO_CHORD, parse_chord
from composer.music.plan import EXACT, LOOSE, NEAR, UNPLANNED, Plan, PlannedBar

BAR = 96
AM, F, C, G = (parse_chord(name) for name in ("Am", "F", "C", "G"))
# (shift, part, pitch, duration, velocity): two bars of a tune in quarters over a low note.
THEME = [(0, 0, 76, 23, 20), (0, 1, 45, 40, 15), (24, 0, 74, 23, 20), (24, 0, 72, 23, 20),
         (24, 0, 71, 23, 20)]  # fmt: skip
OTHER = [(24, 0, 69, 23, 20), (0, 1, 41, 40, 15), (48, 0, 67, 23, 20)]
DRUM = 2


def plan(*bars: PlannedBar) -> Plan:
    """Two bars that are new, then these."""
    return Plan((PlannedBar(chords=(AM, AM)), PlannedBar(chords=(F, F)), *bars))


def after(rows: list[tuple[int, ...]], form: Plan | None, bar: int = BAR) -> ReturnLookback:
    returns = ReturnLookback.start(form, frozenset({DRUM}), bar)
    clock = 0
    for row in rows:
        clock += row[0]
        returns = returns.hear(row, clock // bar if bar else 0, clock % bar if bar else 0, bar)
    return returns


AGAIN = plan(PlannedBar(0, 0, EXACT, (C, G), 2, 2), PlannedBar(1, 0, NEAR, (AM, AM), 1, 1))


def test_the_bar_that_returns_says_when_who_and_what() -> None:
    """The last note heard is on three of the second bar; two beats on, the theme begins again."""
    returns = after([*THEME, *OTHER], AGAIN)
    assert returns.returning_and_shift() == (1, 48)  # in the next bar something returns
    part, chord, following, phrase, ending = returns.place_after(48)
    assert (part, chord, following, phrase, ending) == (0, C, G, 2, 2)
    assert returns.note_after(48, 0) == (76, 23, 20)
    assert returns.note_after(48, 1) == (45, 40, 15)
    assert returns.note_after(24, 0) == NO_NOTE  # the second bar itself takes nothing up


def test_the_rest_of_a_chord_and_what_follows_it() -> None:
    returns = after([*THEME, *OTHER, (48, 0, 76, 23, 20)], AGAIN)
    assert returns.returning_and_shift()[1] == 0
    assert returns.parts_after(0) == [1]
    assert returns.note_after(0, 1) == (45, 40, 15)
    both = returns.hear((0, 1, 45, 40, 15), 2, 0, BAR)
    assert both.returning_and_shift()[1] == 24
    assert both.note_after(24, 0) == (74, 23, 20)


def test_the_last_note_of_a_bar_leads_to_the_next_bars_return() -> None:
    returns = after([*THEME, *OTHER, (48, 0, 76, 23, 20), *THEME[1:]], AGAIN)
    assert returns.returning_and_shift()[1] == 24
    assert returns.note_after(24, 0) == (69, 23, 20)
    assert returns.place_after(24)[1:] == (AM, AM, 1, 1)


def test_a_return_on_another_step_moves_all_but_the_drums() -> None:
    form = plan(PlannedBar(0, 5, NEAR))
    drums = [(0, DRUM, 38, 5, 20)]
    returns = after([*THEME[:2], *drums, *THEME[2:], *OTHER], form)
    assert returns.note_after(48, 0) == (81, 23, 20)
    assert returns.note_after(48, DRUM) == (38, 5, 20)


def test_it_is_counted_how_much_has_come_back() -> None:
    theme = [(48, *THEME[0][1:]), *THEME[1:]]
    played = after([*THEME, *OTHER, *theme], AGAIN).returning_and_shift()[0]
    wrong = [(row[0], row[1], row[2] + 1, *row[3:]) for row in theme]
    moved = after([*THEME, *OTHER, *wrong], AGAIN).returning_and_shift()[0]
    late = after([*THEME, *OTHER, *((row[0] and 24, *row[1:]) for row in theme)], AGAIN)
    # Five of the last eight notes are as they were; then only their times are.
    assert played == 2 + 12 * (EXACT - 1) + 3 * 1 + 1
    assert moved == 2 + 12 * (EXACT - 1) + 3 * 1
    assert late.returning_and_shift()[0] < played


def test_nearness_is_told() -> None:
    first = [*THEME, *OTHER, (48, *THEME[0][1:])]
    for nearness in (LOOSE, NEAR, EXACT):
        told = after(first, plan(PlannedBar(0, 0, nearness))).returning_and_shift()[0]
        assert 2 + 12 * (nearness - 1) <= told < 2 + 12 * nearness <= RETURNINGS


def test_a_player_may_be_a_little_late() -> None:
    returns = after([*THEME, *OTHER, (50, 0, 76, 23, 20)], AGAIN)
    assert returns.parts_after(0) == [1]
    assert returns.note_after(21, 0) == (74, 23, 20)


@pytest.mark.parametrize(("form", "bar"), [(None, BAR), (AGAIN, 0)])
def test_without_a_plan_and_in_free_time_nothing_is_told(form: Plan | None, bar: int) -> None:
    returns = after([*THEME, *OTHER], form, bar)
    assert returns.returning_and_shift() == (0, NO_SHIFT)
    assert returns.place_after(48) == (NO_PART, NO_CHORD, NO_CHORD, 0, 0)
    assert returns.note_after(48, 0) == NO_NOTE


def test_behind_the_plan_nothing_is_told() -> None:
    returns = after([*THEME, *OTHER], plan())
    assert returns.returning_and_shift() == (0, NO_SHIFT)
    assert returns.place_after(48)[1:] == (NO_CHORD, NO_CHORD, 0, 0)


def test_phrases_begin_behind_the_end_of_others_and_else_every_four_bars() -> None:
    planned = after([], plan(PlannedBar(phrase=2), PlannedBar(phrase=1), PlannedBar(phrase=4)))
    assert [number for number in range(12) if planned.begins_phrase(number)] == [0, 4, 8]
    shorter = after([], plan(PlannedBar(phrase=1), PlannedBar(phrase=5)))
    # Of bars 0 and 1 nothing is known, nor of those behind the plan.
    assert [number for number in range(9) if shorter.begins_phrase(number)] == [0, 3, 8]
    assert [number for number in range(9) if after([], None).begins_phrase(number)] == [0, 4, 8]


def test_a_bar_of_rest_counts_as_a_bar() -> None:
    form = plan(UNPLANNED, PlannedBar(2, 0, EXACT), PlannedBar(1, 0, EXACT))
    returns = after([*THEME, *OTHER], form).moved(3, 0, BAR)
    assert returns.returning_and_shift()[1] == 96  # the rest returns, and then the second bar
    assert returns.note_after(96, 0) == (69, 23, 20)


def test_another_plan_for_what_is_to_come() -> None:
    returns = after([*THEME, *OTHER], plan()).planned(AGAIN)
    assert returns.note_after(48, 0) == (76, 23, 20)
    assert returns.planned(None).returning_and_shift() == (0, NO_SHIFT)


def test_a_lookback_is_a_value() -> None:
    returns = after([*THEME, *OTHER], AGAIN)
    returns.hear((48, 0, 50, 3, 3), 2, 0, BAR)
    assert returns.returning_and_shift() == (1, 48)
    assert returns.note_after(48, 0) == (76, 23, 20)


def test_bars_that_are_no_longer_kept_are_told_no_more() -> None:
    """Of one bar kept, the second bar is at hand in the third, and the first is not."""
    both = plan(PlannedBar(0, 0, EXACT), PlannedBar(1, 0, EXACT))
    for kept, told in ((2, (76, 23, 20)), (1, NO_NOTE)):
        returns = ReturnLookback.start(both, frozenset(), BAR, kept=kept)
        clock = 0
        for row in [*THEME, *OTHER, (24, 0, 60, 10, 20)]:
            clock += row[0]
            returns = returns.hear(row, clock // BAR, clock % BAR, BAR)
        returns = returns.moved(2, 0, BAR)
        assert returns.note_after(0, 0) == told
