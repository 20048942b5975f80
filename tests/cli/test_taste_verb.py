"""A taste is taught by rated takes, shown in words, and chooses among takes."""

from __future__ import annotations

import csv
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner

from composer.cli.main import verbs

SEED = Path(__file__).parents[2] / "midi_data" / "waltz.mid"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COMPOSER_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(verbs, words)
        assert (result.exit_code != 0) == fails, result.output
        return result.stderr.strip() if fails else result.output

    return run


def rate(path: Path, likes: str) -> None:
    """Like the half of the takes that has more of a trait."""
    with path.open() as stream:
        lines = list(csv.DictReader(stream))
    middle = sorted(float(line[likes]) for line in lines)[len(lines) // 2]
    for line in lines:
        line["rating"] = "like" if float(line[likes]) >= middle else "dislike"
    with path.open("w") as stream:
        table = csv.DictWriter(stream, list(lines[0]))
        table.writeheader()
        table.writerows(lines)


def mean_pitch(path: Path) -> float:
    notes = [m.note for m in mido.MidiFile(path) if m.type == "note_on" and m.velocity]
    return sum(notes) / len(notes)


def test_takes_are_rated_and_the_next_ones_are_chosen_by_it(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "waltz.mid").write_bytes(SEED.read_bytes())
    batch = ("batch", "seeds", "out", "--variations", "24", "--bars", "2", "--rng-seed", "1")
    run(*batch, "--rate")
    rate(tmp_path / "out" / "ratings.csv", "register")
    assert "high" in run("taste", "learn", "mine", "out/ratings.csv")
    assert "high" in run("taste", "show", "mine")
    assert '"liked": true' in run("taste", "show", "mine", "--json")
    # New music, as what a plan brings back stays what it was.
    how = ("generate", "--seed", str(SEED), "--bars", "6", "--form", "BCD", "--rng-seed", "5")
    run(*how, "--continuation-only", "--out", "plain.mid")
    run(*how, "--continuation-only", "--out", "liked.mid", "--profile", "mine")
    assert mean_pitch(tmp_path / "liked.mid") > mean_pitch(tmp_path / "plain.mid") + 1
    run("taste", "reset", "mine")
    assert "Nothing is known" in run("taste", "show", "mine")


def test_a_profile_that_is_not_there_is_one_line(run) -> None:  # type: ignore[no-untyped-def]
    error = run("generate", "--seed", str(SEED), "--profile", "nobody", fails=True)
    assert error == "Error: there is no taste profile 'nobody'; there is none yet"
    assert not list(Path().glob("*.mid"))
