"""`composer plan` as a user types it: a plan to read, a file to edit, a picture to look at."""

from __future__ import annotations

import json
from pathlib import Path

import mido
from click.testing import CliRunner, Result

from composer.cli.main import verbs
from composer.planning import plan_file

SEEDS = Path(__file__).parents[2] / "midi_data"
SONG = str(SEEDS / "song.mid")
"""Sixteen bars of 2/4 in G major."""
FREE = str(SEEDS / "prelude.mid")


def plan(*arguments: str) -> Result:
    return CliRunner().invoke(verbs, ["plan", *arguments], prog_name="composer")


def one_line(result: Result) -> str:
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1 and not result.stdout
    return lines[0]


def test_seed_and_what_follows_are_printed_bar_by_bar() -> None:
    result = plan(SONG, "--bars", "8", "--rng-seed", "1")
    assert result.exit_code == 0, result.output
    heard, what_follows = result.stdout.split("what follows\n")
    assert heard.startswith(" 1  A   | G ")
    assert what_follows.startswith("17 ") and "What follows: " in what_follows
    assert result.stdout == plan(SONG, "--bars", "8", "--rng-seed", "1").stdout


def test_a_chart_is_the_harmony() -> None:
    result = plan(SONG, "--bars", "4", "--rng-seed", "1", "--chords", "C | F G7", "--json")
    bars = json.loads(result.stdout)["bars"][16:]
    assert [bar["chords"] for bar in bars] == [["C", "C"], ["F", "G7"]] * 2


def test_a_form_brings_the_seed_back() -> None:
    result = plan(SONG, "--bars", "8", "--rng-seed", "1", "--form", "BA", "--json")
    bars = json.loads(result.stdout)["bars"][16:]
    assert [bar["takes_up"] for bar in bars[4:]] == [1, 2, 3, 4]
    assert all(bar["takes_up"] is None or bar["takes_up"] > 16 for bar in bars[:4])


def test_what_is_printed_as_json_can_be_edited_and_handed_back(tmp_path: Path) -> None:
    printed = plan(SONG, "--bars", "4", "--rng-seed", "1", "--json").stdout
    told = json.loads(printed)
    told["bars"][17]["chords"] = "Eb"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    again = plan(SONG, "--bars", "4", "--rng-seed", "9", "--plan", str(path), "--json")
    found = json.loads(again.stdout)["bars"]
    assert found[17]["chords"] == ["Eb", "Eb"]
    assert found[16] == told["bars"][16] and found[19] == told["bars"][19]
    assert plan_file.parse(printed).heard == 16


def test_music_in_free_time_has_bars_where_it_is_told_to(tmp_path: Path) -> None:
    refused = one_line(plan(FREE))
    assert "no bars to plan" in refused and "--grid beats" in refused
    assert plan(FREE, "--bars", "2", "--grid", "beats").exit_code == 0


def test_a_key_is_asked_for_as_for_a_continuation() -> None:
    told = plan(SONG, "--bars", "8", "--rng-seed", "1").stdout
    assert plan(SONG, "--bars", "8", "--rng-seed", "1", "--key", "G:major").stdout == told
    assert plan(SONG, "--bars", "8", "--rng-seed", "1", "--key", "Eb:major").stdout != told
    assert "H:major" in one_line(plan(SONG, "--key", "H:major"))


def test_a_picture_is_written_once(tmp_path: Path) -> None:
    picture = tmp_path / "plan.png"
    assert plan(SONG, "--bars", "4", "--plot", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    result = plan(SONG, "--bars", "4", "--plot", str(picture))
    assert result.exit_code == 1 and "exists" in result.stderr


def test_the_seed_is_written_with_its_chords_as_markers(tmp_path: Path) -> None:
    path = tmp_path / "chords.mid"
    arguments = (SONG, "--bars", "2", "--chords", "C | D7", "--markers", str(path))
    assert plan(*arguments).exit_code == 0
    file, bar = mido.MidiFile(path), 2
    marks, tick = [], 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "marker":
            marks.append((tick / file.ticks_per_beat / bar, message.text))
    assert marks[0] == (0, "[A] G")
    assert [(at, text.split()[-1]) for at, text in marks if at >= 16] == [(16, "C"), (17, "D7")]


def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    assert "chords, bar 2: chord is 'H7'" in one_line(plan(SONG, "--chords", "C | H7"))
    assert "form is 'AXYZ?'" in one_line(plan(SONG, "--form", "AXYZ?"))
    assert "but only 2 bars" in one_line(plan(SONG, "--bars", "2", "--form", "AABA"))
    waltz = tmp_path / "waltz.json"
    printed = plan(str(SEEDS / "waltz.mid"), "--bars", "4", "--json").stdout
    waltz.write_text(printed, encoding="utf-8")
    assert "the plan is in 3/4, but the seed is in 2/4" in one_line(
        plan(SONG, "--bars", "4", "--plan", str(waltz))
    )
    assert "none.mid" in one_line(plan("none.mid"))
