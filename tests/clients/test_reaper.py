"""The actions in REAPER, run by Lua against a stand-in for its API."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from clip_actions import installed, stand_in

LUA = next((path for name in ("lua5.3", "lua5.4", "lua") if (path := shutil.which(name))), None)
STUB = Path(__file__).with_name("reaper_stub.lua")

pytestmark = pytest.mark.skipif(LUA is None, reason="Lua is not installed")

NOTES = ["60:0:960:0", "62:3840:4800:0", "64:7680:8640:1"]
"""On beats 0, 4 and 8 of an item of sixteen beats; the last one on channel 2."""


def act(folder: Path, verb: str, answer: str, **environment: str) -> list[str]:
    script = installed("reaper/composer.lua", verb, folder, stand_in(folder, answer))
    done = subprocess.run(
        [str(LUA), str(STUB), str(script), *NOTES], capture_output=True, text=True, timeout=60,
        env=os.environ | environment,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


def test_an_item_goes_on_in_one_undo_step(tmp_path: Path) -> None:
    lines = act(tmp_path, "continue", "note 72 16.5 1 70 2\nend 32\nremark none\n")
    assert lines == [
        "note 60 0 960 0 90",
        "note 62 3840 4800 0 90",
        "note 64 7680 8640 1 90",
        "note 72 15840 16800 1 70",
        "length 16.000",
        "undo composer: continue",
    ]
    assert (tmp_path / "action.txt").read_text() == "continue"
    assert (tmp_path / "given.txt").read_text().splitlines() == [
        "bpm 120.000000",
        "metre 4 4",
        "length 16.000000",
        "setting bars 4",
        "note 60 0.000000 1.000000 90 1",
        "note 62 4.000000 1.000000 90 1",
        "note 64 8.000000 1.000000 90 2",
    ]


@pytest.mark.parametrize("verb", ["fill", "vary"])
def test_what_is_selected_is_replaced_and_nothing_else(tmp_path: Path, verb: str) -> None:
    answer = "clear 4 8\nnote 65 4 0.5 80 1\nnote 67 6 2 81 1\nend 16\n"
    lines = act(tmp_path, verb, answer, RANGE_FROM="4", RANGE_TO="6")
    assert lines == [
        "note 60 0 960 0 90",
        "note 65 3840 4320 0 80",
        "note 67 5760 7680 0 81",
        "note 64 7680 8640 1 90",
        "length 8.000",
        f"undo composer: {verb}",
    ]
    given = (tmp_path / "given.txt").read_text().splitlines()
    assert given[3] == "selection 4.000000 8.000000"


def test_without_a_time_selection_it_is_the_whole_item(tmp_path: Path) -> None:
    act(tmp_path, "vary", "clear 0 16\nend 16\n")
    assert "selection" not in (tmp_path / "given.txt").read_text()


def test_what_composer_says_is_shown_and_nothing_is_changed(tmp_path: Path) -> None:
    lines = act(tmp_path, "continue", "")
    assert lines[:4] == [
        "note 60 0 960 0 90", "note 62 3840 4800 0 90", "note 64 7680 8640 1 90", "length 8.000",
    ]  # fmt: skip
    assert [line.strip() for line in lines[4:] if line] == ["said Error: the clip has no notes"]
