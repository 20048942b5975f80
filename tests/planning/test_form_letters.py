"""Form letters: A is what was heard, other letters are new and then come back."""

from __future__ import annotations

import pytest

from composer.errors import SettingError
from composer.music.plan import LOOSE, NEAR, NONE, Plan, PlannedBar
from composer.planning.form_letters import (
    Section,
    form_sections,
    least_bars,
    read_form,
    sections_of,
)


def test_letters_divide_the_bars_evenly() -> None:
    sections = form_sections("AABA", 32)
    assert [(one.name, one.start, one.bars) for one in sections] == [
        ("A", 0, 8), ("A", 8, 8), ("B", 16, 8), ("A", 24, 8),
    ]  # fmt: skip
    assert [one.bars for one in form_sections("ABA", 16)] == [5, 6, 5]


def test_bars_may_be_written_behind_every_letter() -> None:
    assert [(one.name, one.bars) for one in form_sections("A8 B4 A'4", 16)] == [
        ("A", 8), ("B", 4), ("A'", 4),
    ]  # fmt: skip


def test_a_takes_up_the_seed_and_b_its_own_first_time() -> None:
    """A seed of four bars, then A B B of two each: bars 4 5, 6 7, 8 9."""
    bars = read_form("ABB", 6, heard=4).bars
    assert [bar.reference for bar in bars] == [0, 1, None, None, 6, 7]


def test_new_material_takes_up_nothing_from_before_it() -> None:
    bars = read_form("AB", 8, heard=4).bars
    assert [bar.since for bar in bars] == [None] * 4 + [8] * 4


def test_a_short_seed_comes_as_often_as_it_must() -> None:
    assert [bar.reference for bar in read_form("A", 5, heard=2).bars] == [0, 1, 0, 1, 0]


def test_a_longer_return_goes_on_by_itself() -> None:
    bars = read_form("B2 B4", 6, heard=4).bars
    assert [bar.reference for bar in bars] == [None, None, 4, 5, None, None]


def test_a_prime_is_a_varied_return() -> None:
    bars = read_form("AA'", 4, heard=4).bars
    assert [bar.nearness for bar in bars] == [None, None, LOOSE, LOOSE]


def test_sections_end_their_phrases() -> None:
    bars = read_form("A8 B6 C3", 17, heard=8).bars
    assert [bar.phrase for bar in bars] == [
        4, 3, 2, 1, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1, 3, 2, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("AAbA", "must be letters"),
        ("", "must be letters"),
        ("A8B", "behind every letter, or behind none"),
        ("AA8 B8", "behind every letter, or behind none"),
        ("A8B0", "a section has no bars"),
        ("A8 B8", "has 16 bars, but 4 are to be written: give --bars 16"),
        ("AABAC", "has 5 sections, but only 4 bars are to be written: give --bars 20"),
    ],
)
def test_a_form_that_does_not_fit_is_one_line(form: str, line: str) -> None:
    with pytest.raises(SettingError) as told:
        read_form(form, 4, heard=8)
    assert line in str(told.value)


def plan(*bars: tuple[int, int, int]) -> Plan:
    """Bars as (reference, nearness, bars to the phrase's end)."""
    return Plan(tuple(PlannedBar(ref, 0, near, phrase=left) for ref, near, left in bars))


def test_a_phrase_that_takes_up_another_has_its_letter() -> None:
    """Two bars, two others, the first two again, then one of them varied."""
    sections = sections_of(
        plan(
            (NONE, 0, 2), (NONE, 0, 1),
            (NONE, 0, 2), (NONE, 0, 1),
            (0, 3, 2), (1, 3, 1),
            (2, 3, 2), (3, NEAR, 1),
        )
    )  # fmt: skip
    assert [(one.name, one.start, one.bars) for one in sections] == [
        ("A", 0, 2), ("B", 2, 2), ("A", 4, 2), ("B'", 6, 2),
    ]  # fmt: skip


def test_half_of_a_phrase_that_comes_back_is_enough_for_its_letter() -> None:
    def second(*references: int) -> str:
        bars = [(NONE, 0, 4 - bar) for bar in range(4)]
        bars += [(taken, 3 * (taken != NONE), 4 - bar) for bar, taken in enumerate(references)]
        return sections_of(plan(*bars))[1].name

    assert second(0, 1, NONE, NONE) == "A'"
    assert second(0, NONE, NONE, NONE) == "B"


def test_a_phrase_that_goes_on_repeating_has_the_same_letter() -> None:
    """A groove: every bar takes up the one before it."""
    bars = [(NONE, 0, 4), *((bar, 3, 4 - (bar + 1) % 4) for bar in range(7))]
    assert [one.name for one in sections_of(plan(*bars))] == ["A", "A"]


def test_a_phrase_that_only_repeats_itself_is_new() -> None:
    sections = sections_of(plan((NONE, 0, 2), (0, 3, 1), (NONE, 0, 2), (2, 3, 1)))
    assert [one.name for one in sections] == ["A", "B"]


def long_plan(sections: int) -> Plan:
    """So many new sections of a bar each, then the last of them again."""
    new = [(NONE, 0, 1)] * sections
    return plan(*new, (sections - 1, NEAR, 1))


def test_behind_z_letters_are_doubled() -> None:
    names = [one.name for one in sections_of(long_plan(54))]
    assert names[24:28] == ["Y", "Z", "AA", "BB"]
    assert names[51:] == ["ZZ", "AAA", "BBB", "BBB'"]
    assert len(set(names)) == len(names)


def test_a_form_of_many_sections_is_read_as_it_is_written() -> None:
    written = sections_of(long_plan(54))
    text = " ".join(f"{one.name}{one.bars}" for one in written)
    assert form_sections(text, 55) == written
    assert form_sections(text.replace(" ", ""), 55) == written


def test_without_bars_every_letter_is_a_section() -> None:
    assert [one.name for one in form_sections("ZAAB", 4)] == ["Z", "A", "A", "B"]


def test_a_plan_without_phrases_is_one_section() -> None:
    assert [one.bars for one in sections_of(plan((NONE, 0, 0), (NONE, 0, 0)))] == [2]


@pytest.mark.parametrize(
    ("text", "bars", "exact"), [("AABA", 4, False), ("A4 B2 A'4", 10, True), ("A", 1, False)]
)
def test_how_many_bars_a_form_has_at_least(text: str, bars: int, exact: bool) -> None:
    assert least_bars(text) == (bars, exact)


def test_letters_are_numbered_as_they_come() -> None:
    names = ["A", "B", "Z", "AA", "BB", "AAA"]
    assert [Section(0, 4, name).letter_number for name in names] == [0, 1, 25, 26, 27, 52]
    assert Section(0, 4, "B", varied=True).letter_number == 1
