"""Bars as written and as played, by hand arithmetic."""

from __future__ import annotations

from fractions import Fraction

from composer.formats.score_bars import Bar, Run, metre_map, played_runs
from composer.music.timing import MetreMap


def bars(*lengths: int, metre: tuple[int, int] = (4, 4)) -> list[Bar]:
    """Bars of so many beats, one after the other."""
    return [Bar(Fraction(sum(lengths[:i])), Fraction(n), metre) for i, n in enumerate(lengths)]


def test_played_through_there_is_one_run() -> None:
    assert played_runs(bars(4, 4), [0, 1]) == [Run(Fraction(0), None, Fraction(0))]
    assert played_runs([], []) == [Run(Fraction(0), None, Fraction(0))]


def test_first_and_second_ending_are_three_runs() -> None:
    # Bars 1 2, 1 3: the second time the first ending is passed over.
    assert played_runs(bars(4, 4, 4), [0, 1, 0, 2]) == [
        Run(Fraction(0), Fraction(8), Fraction(0)),
        Run(Fraction(0), Fraction(4), Fraction(8)),
        Run(Fraction(8), Fraction(12), Fraction(12)),
    ]


def test_a_note_is_cut_at_the_jump() -> None:
    run = Run(Fraction(4), Fraction(8), Fraction(20))
    assert run.spans(Fraction(6), Fraction(10)) == (22, 2)
    assert run.spans(Fraction(4), Fraction(5)) == (20, 1)
    assert run.spans(Fraction(8), Fraction(9)) is None


def test_an_upbeat_starts_that_far_into_bar_one() -> None:
    assert metre_map(bars(1, 4, 4), [0, 1, 2], 480) == (3, MetreMap(((0, 4, 4),)))


def test_an_upbeat_and_the_short_last_bar_make_one() -> None:
    order = [0, 1, 2, 0, 1, 2]
    assert metre_map(bars(1, 4, 3), order, 480) == (3, MetreMap(((0, 4, 4),)))


def test_a_short_bar_moves_the_lines_after_it() -> None:
    expected = MetreMap(((0, 4, 4), (6 * 480, 4, 4)))
    assert metre_map(bars(4, 2, 4, 4), [0, 1, 2, 3], 480) == (0, expected)


def test_a_metre_that_cannot_be_counted_is_left_out() -> None:
    odd = [*bars(4), Bar(Fraction(4), Fraction(4), (4, 3))]
    assert metre_map(odd, [0, 1], 480) == (0, MetreMap(((0, 4, 4),)))
