"""`composer study` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from composer.cli.main import verbs

SEEDS = Path(__file__).parents[2] / "midi_data"
CHORALE = str(SEEDS / "chorale.mid")


def study(*arguments: str) -> Result:
    return CliRunner().invoke(verbs, ["study", *arguments], prog_name="composer")


def one_line(result: Result) -> str:
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1 and not result.stdout
    return lines[0]


def test_a_page_is_written_and_the_first_of_it_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = study(CHORALE, "--no-network")
    assert result.exit_code == 0, result.output
    assert "The piece is in D minor" in result.stdout and "[quite sure]" in result.stdout
    assert (tmp_path / "chorale-study.html").read_text(encoding="utf-8").startswith("<!doctype")
    assert "exists" in one_line(study(CHORALE, "--no-network"))
    assert study(CHORALE, "--no-network", "--force").exit_code == 0


@pytest.mark.slow
def test_json_alone_writes_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = study(CHORALE, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["format"] == "composer study" and told["version"] == 1
    assert told["surprise"]["notes"] and told["network"]["layers"]
    assert list(tmp_path.iterdir()) == []
    assert json.loads(study(CHORALE, "--json").stdout) == told


def test_two_pieces_are_compared(tmp_path: Path) -> None:
    page = tmp_path / "two.html"
    other = str(SEEDS / "ode.musicxml")
    arguments = ("--compare", CHORALE, other, "--out", str(page), "--json", "--no-network")
    result = study(*arguments)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [one["file"] for one in told["studies"]] == ["chorale.mid", "ode.musicxml"]
    assert 0 <= told["compared"]["progressions"]["of_a_in_b"] <= 1
    assert "Side by side" in page.read_text(encoding="utf-8")


def test_what_cannot_be_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mid"
    damaged.write_bytes((SEEDS / "chorale.mid").read_bytes()[:60])
    page = tmp_path / "page.html"
    assert "damaged.mid" in one_line(study(str(damaged), "--out", str(page)))
    assert "none.mid" in one_line(study("none.mid", "--out", str(page)))
    assert not page.exists()
    assert "nowhere" in one_line(study(CHORALE, "--out", str(tmp_path / "nowhere" / "page.html")))
    assert study().exit_code == 2 and study(CHORALE, "--compare", CHORALE, CHORALE).exit_code == 2
