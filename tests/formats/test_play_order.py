"""The order of bars: repeats, endings and jumps, of which some are real scores' own."""

from __future__ import annotations

from typing import Any

import pytest

from composer.formats.play_order import CAPO, SEGNO, Signs, play_order


def order(count: int, **signs: dict[str, Any]) -> str:
    """The bars as they are played, as letters; signs by the letter of their bar."""
    letters = "abcdefghijklmnop"[:count]
    return "".join(letters[at] for at in play_order([Signs(**signs.get(x, {})) for x in letters]))


def ending(*turns: int, bars: int = 1, times: int = 0) -> dict[str, Any]:
    return {"endings": frozenset(turns), "ending_bars": bars, "times": times}


BACK = {"times": 2}
START = {"start": True}


@pytest.mark.parametrize(
    ("signs", "played"),
    [
        ({"b": BACK}, "ababcd"),
        ({"b": START, "c": BACK}, "abcbcd"),
        ({"b": BACK, "d": BACK}, "ababcdcd"),
        ({"b": {"section": True}, "c": BACK}, "abcbcd"),
        ({"a": START, "b": {"section": True}, "c": BACK}, "abcabcd"),
        ({"b": {"times": 4}}, "ababababcd"),
        ({"b": ending(1, times=2), "c": ending(2)}, "abacd"),
        ({"b": ending(1, 2, times=2), "c": ending(3)}, "abab" + "acd"),
        ({"b": ending(1, 3, times=2), "c": ending(2, 4, times=2)}, "abacabacd"),
        ({"b": ending(1, times=2)}, "abacd"),
        ({"b": ending(1), "c": ending(2)}, "abcd"),
    ],
)
def test_repeats_and_endings(signs: dict[str, dict[str, Any]], played: str) -> None:
    assert order(4, **signs) == played


def test_a_bar_between_an_ending_and_its_repeat_sign_is_played_each_time() -> None:
    """The bracket is drawn a bar short, as in many lead sheets."""
    signs = {"a": START, "c": ending(1), "d": BACK, "e": ending(2)}
    assert order(6, **signs) == "abcd" + "abd" + "ef"


def test_an_ending_with_a_number_too_high_is_the_next_one() -> None:
    signs = {"b": {**START}, "d": ending(1, times=2), "e": ending(3, bars=2)}
    assert order(6, **signs) == "abcd" + "bc" + "ef"


def test_an_ending_that_no_turn_is_for_is_left_out() -> None:
    signs = {"b": {**START}, "c": ending(1, times=2), "d": ending(2), "e": ending(3)}
    assert order(6, **signs) == "abc" + "bd" + "f"


def test_after_a_jump_nothing_is_repeated_and_the_last_ending_is_played() -> None:
    signs = {"b": ending(1, times=2), "c": ending(2), "d": {"jump": CAPO}}
    assert order(5, **signs) == "ab" + "acd" + "acde"


def test_dal_segno_al_fine() -> None:
    signs = {"b": {"segno": True}, "c": {"fine": True}, "e": {"jump": SEGNO}}
    assert order(5, **signs) == "abcde" + "bc"


def test_a_jump_from_a_first_ending_leads_to_the_second() -> None:
    signs = {
        "a": START,
        "b": {"segno": True, **BACK},
        "d": {**ending(1), "jump": SEGNO},
        "e": {**ending(2), "fine": True},
    }
    assert order(6, **signs) == "abab" + "cd" + "bce"


def test_da_capo_al_coda() -> None:
    signs = {"b": {"to_coda": True}, "c": {"jump": CAPO}, "d": {"coda": True}}
    assert order(5, **signs) == "abc" + "ab" + "de"


def test_a_jump_waits_for_the_last_time() -> None:
    assert order(3, b={"times": 2, "jump": CAPO}) == "abab" + "abc"


def test_repeats_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match="4 bars are repeated more than 20 times"):
        order(4, d={"times": 99})
