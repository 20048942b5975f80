"""What `composer bench live` reckons and prints; how fast the server is, is not tested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from live.running import process

from composer.cli.main import verbs
from composer.live.bench import latency as bench
from composer.live.bench.load import Answers, crowd, quantiles


def test_answers_by_hand() -> None:
    answers = Answers()
    answers.asked.append(10.0)
    answers.begin(1)
    answers.note(1, 60, 0.0)
    answers.note(1, 64, 0.5)
    answers.note(1, 60, 1.0)
    answers.asked.append(12.0)  # lost on the way: the next answer has the next number
    answers.asked.append(14.0)
    # Played before it was announced, as what is due at once is.
    answers.play(62, 14.001)
    answers.begin(2)
    answers.note(2, 62, 0.0)
    answers.note(9, 62, 0.0)  # nobody asked for it
    answers.play(60, 10.002)
    answers.play(64, 10.51)
    first, later, lost, missed = answers.reckon()
    assert first == pytest.approx([0.002, 0.001])
    assert later == pytest.approx([0.01])
    assert (lost, missed) == (1, 1)


def test_quantiles_by_hand() -> None:
    found = quantiles([0.001 * n for n in range(1, 102)])
    assert found == {"median": 51.0, "p99": 100.0, "max": 101.0, "count": 101}
    assert quantiles([])["count"] == 0


def test_a_small_crowd_is_answered(tmp_path: Path) -> None:
    with process(tmp_path / "state") as (serving, port):
        figures = crowd(port, [serving.pid], 3, 4.3)
    assert figures["phrases"] >= 3
    assert figures["lost"] == 0
    assert figures["first_note"]["count"] == figures["phrases"]
    # A machine that stands still for a tenth of a second makes notes too late to be played.
    assert figures["all_notes"]["count"] > figures["not_played"]


def test_a_band_plays_under_each_of_a_small_crowd(tmp_path: Path) -> None:
    with process(tmp_path / "state") as (serving, port):
        figures = crowd(port, [serving.pid], 2, 5.0, "accompany")
    assert figures["without_a_band"] == 0
    assert figures["all_notes"]["count"] > 10
    assert figures["late_99_ms"] >= figures["late_median_ms"] >= 0
    lines = list(bench.lines({"crowds": [figures]}))
    assert lines[0].startswith("2 sessions, four notes a second each, a band under each, for 5 s: ")
    assert any("notes left out" in line for line in lines)


def test_lines_of_a_whole_run() -> None:
    some = {"median": 0.5, "p99": 1.0, "max": 2.0, "count": 7}
    lines = list(
        bench.lines(
            {
                "answers": dict.fromkeys(bench.WAYS, some),
                "grid": some | {"seconds": 60.0, "drift_ms": -0.01},
                "crowds": [
                    {
                        "sessions": 500, "processes": 2, "seconds": 30.0, "phrases": 100,
                        "lost": 2, "datagrams_dropped": 0, "not_played": 3,
                        "first_note": some, "all_notes": some,
                        "client_late": some, "server_cores": 0.8,
                        "memory_mb": [200.0, 210.0, 210.4],
                    }
                ],
            }
        )
    )  # fmt: skip
    text = "\n".join(lines)
    assert "0.4 s of silence" in text
    assert "drift from the first tenth to the last: -0.010 ms" in text
    assert "500 sessions" in text
    assert "100 phrases, 2 not answered" in text
    assert "processes 2, cores taken 0.80, MB after each third 200, 210, 210" in text


def test_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def fake(model: str, **given: object) -> dict[str, object]:
        asked.append((model, given["phrases"], given["seconds"], given["sessions"]))
        return {"model": model, "crowds": []}

    monkeypatch.setattr(bench, "bench", fake)
    command = ["bench", "live", "--phrases", "3", "--seconds", "0", "--sessions", "10, 20,0"]
    assert CliRunner().invoke(verbs, command).exit_code == 0
    assert CliRunner().invoke(verbs, ["bench", "live", "--json"]).output.startswith("{")
    assert asked == [("default", 3, 0.0, (10, 20)), ("default", 100, 60.0, (500,))]
    wrong = CliRunner().invoke(verbs, ["bench", "live", "--sessions", "many"])
    assert wrong.exit_code == 2
    assert os.linesep.join(wrong.output.splitlines()).endswith("with commas between them")
