"""Plan files: what is written is read back, and what cannot be is said in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planned_songs import given_by

from composer.errors import SettingError
from composer.music.chords import parse_chord
from composer.music.plan import EXACT, LOOSE, NEAR, NONE, Plan, PlannedBar
from composer.planning import plan_file

C, AM, G = parse_chord("C"), parse_chord("Am"), parse_chord("G7")
PLAN = Plan(
    (
        PlannedBar(NONE, 0, 0, (C, AM), 2, 0),
        PlannedBar(NONE, 0, 0, (G, G), 1, 0),
        PlannedBar(0, 0, EXACT, (C, AM), 2, 3),
        PlannedBar(1, -2, LOOSE, (G, C), 1, 2),
        PlannedBar(0, 0, NEAR, (C, C), 1, 1),
    )
)


def text(**changes: Any) -> str:
    return json.dumps(plan_file.document(PLAN, (3, 4), 2) | changes)


def bar(number: int, **fields: Any) -> str:
    """The file with fields of one bar changed."""
    told = plan_file.document(PLAN, (3, 4), 2)
    told["bars"][number - 1].update(fields)
    return json.dumps(told)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(plan_file.plan_bytes(PLAN, (3, 4), 2))
    found = plan_file.read(path)
    assert (found.metre, found.heard) == ((3, 4), 2)
    assert found.given((3, 4), 2, 3) == given_by(PLAN, 2)


def test_a_bar_of_the_file_is_a_line_that_a_person_reads() -> None:
    lines = plan_file.plan_bytes(PLAN, (3, 4), 2).decode().splitlines()
    assert '"takes_up": 2, "how": "partly", "transposed": -2, "chords": ["G7", "C"]' in lines[5]


def test_what_is_left_out_is_left_to_the_planner() -> None:
    told = {"format": "composer plan", "version": 1, "metre": "4/4", "seed_bars": 1}
    found = plan_file.parse(
        json.dumps(told | {"bars": [{}, {}, {"takes_up": None}, {"chords": "F"}, {"takes_up": 2}]})
    )
    first, new, chord, taken = found.given((4, 4), 1, 8).bars
    assert first.reference is None and first.chords == (None, None) and first.phrase is None
    assert new.reference == NONE
    assert chord.chords == (parse_chord("F"), parse_chord("F"))
    assert taken.reference == 1 and taken.nearness is None


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("{", "it is not JSON"),
        ("[1]", 'its "format" must be "composer plan"'),
        (text(version=2), "it has version 2, 1 is read here"),
        (text(metre="four"), 'its "metre" is \'four\', must be such as "4/4"'),
        (text(metre="3/5"), 'must be such as "4/4"'),
        (text(seed_bars=9), "seed_bars is 9, must be a whole number 0..5"),
        (text(bars=[]), 'its "bars" must be a list of bars'),
        (text(bars=[3, {}]), "bar 1 is 3, must be an object"),
        (bar(3, takes_up=3), "bar 3 takes up bar 3, must be an earlier bar"),
        (bar(3, takes_up=4), "bar 3 takes up bar 4, must be an earlier bar"),
        (bar(3, takes_up=0), "bar 3 takes up bar 0, must be an earlier bar"),
        (bar(3, takes_up="A"), "bar 3 takes up 'A', must be the number of a bar"),
        (bar(3, how="well"), "bar 3 comes back 'well', must be exactly, nearly, partly"),
        (bar(2, chords=["C", "H"]), "bar 2: chord is 'H', must be a root and a quality"),
        (bar(2, chords=["C", "C", "C"]), "bar 2 has chords"),
        (bar(2, chords=[5, "C"]), "bar 2 has a chord 5, must be text"),
        (bar(2, phrase=0), "bar 2: phrase is 0, must be a whole number 1..9"),
        (bar(2, transposed=True), "bar 2: transposed is True, must be a whole number"),
        (bar(2, colour="red"), "bar 2 says 'colour'"),
        (bar(2, bar=7), "bar 2 calls itself bar 7"),
    ],
)
def test_what_cannot_be_is_one_line(wrong: str, line: str) -> None:
    with pytest.raises(SettingError) as told:
        plan_file.parse(wrong)
    assert line in str(told.value) and "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.json cannot be read: No such file"):
        plan_file.read(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingError, match=r"bad\.json: it is no plan"):
        plan_file.read(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("metre", "heard", "bars", "line"),
    [
        ((4, 4), 2, 3, "the plan is in 3/4, but the seed is in 4/4"),
        ((3, 4), 4, 3, "the plan is for a seed of 2 bars, but this one has 4"),
        ((3, 4), 2, 2, "the plan has 3 bars to come, but 2 are to be written: give --bars 3"),
    ],
)
def test_a_plan_for_something_else_is_refused(
    metre: tuple[int, int], heard: int, bars: int, line: str
) -> None:
    with pytest.raises(SettingError) as told:
        plan_file.parse(text()).given(metre, heard, bars)
    assert line in str(told.value)
