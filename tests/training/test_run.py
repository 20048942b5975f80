"""`composer train`: a tiny network, a few real steps, through the command itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_run import arrays, composer, meta, train


def test_a_run_leaves_checkpoints_curves_and_a_model(straight: Path) -> None:
    assert {path.name for path in straight.iterdir()} == {
        "run.json", "last.npz", "best.npz", "history.jsonl", "logs", "model",
    }  # fmt: skip
    assert {path.name for path in (straight / "model").iterdir()} == {
        "trunk.tflite", "weights.npz", "config.json", "planner.npz",
    }  # fmt: skip
    assert len(list((straight / "logs").iterdir())) == 1
    lines = [json.loads(line) for line in (straight / "history.jsonl").read_text().splitlines()]
    assert [line["update"] for line in lines] == [4, 8, 12]
    assert set(lines[0]["validation"]) == {"tiny", "all"}
    best = min(line["validation"]["all"]["total"] for line in lines)
    assert meta(straight / "last.npz")["best"] == pytest.approx(best, abs=1e-5)


def test_training_learns(straight: Path) -> None:
    lines = [json.loads(line) for line in (straight / "history.jsonl").read_text().splitlines()]
    totals = [line["validation"]["all"]["total"] for line in lines]
    assert totals[-1] < totals[0]


def test_a_checkpoint_holds_what_its_readers_expect(straight: Path) -> None:
    stored = arrays(straight / "last.npz")
    assert {name.partition(":")[0] for name in stored} == {"w", "o", "s", "state", "meta"}
    assert stored["state"].shape == (2, 2, 3, 12) and stored["state"].dtype == np.float32
    assert stored["w:lstm_1/lstm_cell/recurrent_kernel"].shape == (12, 48)
    about = meta(straight / "last.npz")
    assert about["update"] == 12
    assert about["network"]["units"] == 12
    assert about["settings"]["batch_size"] == 3
    assert set(about["streams"]) == {"dealt", "by_corpus", "streams"}


def test_a_run_is_not_replaced_unasked(straight: Path, prepared: Path) -> None:
    before = (straight / "last.npz").read_bytes()
    result = train(prepared, "--out", straight)
    assert result.exit_code == 1
    assert "give --resume to go on, --force to replace" in result.stderr
    assert (straight / "last.npz").read_bytes() == before


def test_a_run_is_not_laid_into_a_dataset(prepared: Path) -> None:
    before = sorted(prepared.iterdir())
    result = train(prepared, "--out", prepared, "--force")
    assert result.exit_code == 1 and "is a dataset" in result.stderr
    assert sorted(prepared.iterdir()) == before


@pytest.mark.slow
def test_force_begins_anew(prepared: Path, tmp_path: Path) -> None:
    for _ in range(2):
        result = train(prepared, "--out", tmp_path / "r", "--force", "--updates", "4")
        assert result.exit_code == 0, result.output
    assert len((tmp_path / "r" / "history.jsonl").read_text().splitlines()) == 1
    assert len(list((tmp_path / "r" / "logs").iterdir())) == 1


@pytest.mark.slow
def test_a_finished_run_can_be_made_longer(straight: Path, tmp_path: Path, prepared: Path) -> None:
    assert train(prepared, "--out", tmp_path / "r", "--updates", "4").exit_code == 0
    result = composer("train", "--resume", "--out", tmp_path / "r", "--updates", "6", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["updates"] == 6


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--out", "r"], "composer prepare"),
        (["--resume", "--out", "r", "--units", "9"], "--units cannot be changed"),
        (["--resume", "--out", "r", "."], "DATASET cannot be changed"),
        ([".", "--out", "r", "--share", "x"], "NAME=NUMBER"),
        ([".", "--out", "r", "--updates", "0"], "--updates"),
    ],
)
def test_wrong_usage_is_said_at_once(args: list[str], word: str) -> None:
    result = composer("train", *args)
    assert result.exit_code == 2 and word in result.stderr


def test_nothing_to_resume(tmp_path: Path) -> None:
    result = composer("train", "--resume", "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: there is no run to go on with")
    assert result.stderr.count("\n") == 1


def test_a_damaged_checkpoint_is_one_line(straight: Path, tmp_path: Path) -> None:
    for name in ("run.json", "last.npz"):
        (tmp_path / name).write_bytes((straight / name).read_bytes())
    content = (tmp_path / "last.npz").read_bytes()
    (tmp_path / "last.npz").write_bytes(content[: len(content) // 2])
    result = composer("train", "--resume", "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'last.npz'} is damaged (")
    assert result.stderr.count("\n") == 1


def test_a_dataset_that_changed_is_refused(straight: Path, prepared: Path, tmp_path: Path) -> None:
    document = json.loads((straight / "run.json").read_text())
    document["datasets"][0]["pieces"] = "0" * 64
    (tmp_path / "run.json").write_text(json.dumps(document))
    result = composer("train", "--resume", "--out", tmp_path)
    assert result.exit_code == 1 and "has changed since the run began" in result.stderr


@pytest.mark.slow
def test_finetuning_begins_with_the_models_weights(
    straight: Path, prepared: Path, tmp_path: Path
) -> None:
    """With next to no learning rate, what comes out is what went in."""
    result = composer(
        "finetune", prepared, "--from", straight / "model", "--out", tmp_path / "r",
        "--updates", "1", "--batch-size", "2", "--steps", "8", "--learning-rate", "1e-9", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    tuned, model = arrays(tmp_path / "r" / "last.npz"), arrays(straight / "model" / "weights.npz")
    for name, value in model.items():
        np.testing.assert_allclose(tuned[f"w:{name}"], value.astype(np.float32), atol=1e-6)
    config = json.loads((tmp_path / "r" / "model" / "config.json").read_text())
    assert config["network"]["units"] == 12


def test_sizes_of_a_model_cannot_be_changed(straight: Path, prepared: Path, tmp_path: Path) -> None:
    result = train(prepared, "--from", straight / "model", "--out", tmp_path / "r")
    assert result.exit_code == 2 and "keeps its layers and units" in result.stderr
