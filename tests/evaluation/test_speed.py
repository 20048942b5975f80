"""Bench: figures of the right kind on a tiny network; how fast it is, is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_model
from click.testing import CliRunner

from composer.cli.main import verbs
from composer.distribution import install_extra
from composer.errors import SettingError
from composer.evaluation import speed as bench


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorflow")
    return tiny_model.write_folder(
        tmp_path_factory.mktemp("models") / "tiny", graph=tiny_model.graph()
    )


def test_timing_by_hand():
    timing = bench.Timing.of([0.001 * n for n in range(1, 102)])
    assert timing.as_dict() == {"median_ms": 51.0, "p99_ms": 100.0, "p5_ms": 6.0, "notes": 101}


def test_what_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "STREAM_NOTES", 5)
    monkeypatch.setattr(bench, "WARM_UP", 2)
    said: list[str] = []
    result = bench.bench(folder, notes=20, keras=False, cold_start=False, say=said.append)
    assert result["size"] == "2 x 16"
    for part in ("note", "network"):
        assert result[part]["notes"] >= 20
        assert 0 < result[part]["p5_ms"] <= result[part]["median_ms"] <= result[part]["p99_ms"]
    assert set(result["streams"]) == {"1", "8", "64"}
    assert all(figures["notes_per_second"] > 0 for figures in result["streams"].values())
    assert result["prime"]["notes_per_second"] > 0
    assert result["fill"]["times"] > 0 < result["fill"]["fill_s"]
    assert result["keras"] == {"skipped": "not asked for"}
    assert result["cold_start"] == {"skipped": "not asked for"}
    assert said
    assert json.loads(json.dumps(result)) == result
    assert any("skipped: not asked for" in line for line in bench.lines(result))


def test_lines_of_a_whole_run():
    times = {"median_ms": 0.5, "p99_ms": 1.0, "p5_ms": 0.4, "notes": 10}
    lines = bench.lines(
        {
            "size": "2 x 512", "processors": 2, "load": 0.1, "note": times, "network": times,
            "streams": {"64": {"notes_per_second": 20_000}}, "prime": {"notes_per_second": 9000},
            "fill": {"generate_s": 0.8, "fill_s": 0.9, "times": 1.13},
            "keras": times | {"times_slower": 90.0},
            "cold_start": {"generate_s": 0.5, "import_tensorflow_s": 4.0, "times_slower": 8.0},
        }
    )  # fmt: skip
    assert " 64 side by side       20,000 notes a second" in lines
    assert "filling 4 of 32 bars   0.90 s, 1.13 times as long as generating 4" in lines
    assert lines[-1] == "import tensorflow      4.00 s, 8 times that"


def test_without_keras_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "find_spec", lambda name: None)
    with bench.KerasTutorial(tiny_model.predictor(), wanted=True) as rival:
        assert rival.times(3) == []
        assert install_extra("train") in rival.reason


def test_too_few_notes(folder: Path):
    with pytest.raises(SettingError, match="at least 5"):
        bench.bench(folder, notes=1)


def test_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bench, "STREAM_NOTES", 3)
    monkeypatch.setattr(bench, "WARM_UP", 1)
    command = ["bench", "--model", str(folder), "--notes", "5", "--no-keras", "--no-cold-start"]
    shown = CliRunner().invoke(verbs, command)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("2 x 16 on ")
    as_json = CliRunner().invoke(verbs, [*command, "--json"])
    assert json.loads(as_json.stdout)["model"] == str(folder)


@pytest.mark.slow
def test_keras_draws_as_tutorials_do():
    pytest.importorskip("tensorflow")
    done = subprocess.run(
        [sys.executable, "-m", "composer.evaluation.speed_keras", "2", "8"],
        input="2\n1\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    lists = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(times) for times in lists] == [2, 1]
