"""`composer train`: a tiny network, a few real steps, through the command itself."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from composer_training import settings as run_settings
from composer_training.settings import FitSettings, learning_rate_at, share_done

from composer.cli.main import verbs
from composer.errors import SettingError

ROOT = Path(__file__).parents[2]
TINY = (
    *("--layers", "2", "--units", "12", "--head-units", "8", "--batch-size", "3", "--steps", "9"),
    *("--updates", "12", "--warm-up", "4", "--validate-every", "4", "--precision", "float32"),
    *("--learning-rate", "0.02"),
)


def composer(*args: str | Path) -> Result:
    return CliRunner().invoke(verbs, [*map(str, args)])


def train(*args: str | Path) -> Result:
    return composer("train", *TINY, *args)


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def meta(path: Path) -> dict[str, Any]:
    return json.loads(arrays(path)["meta"].tobytes())


@pytest.fixture(scope="module")
def straight(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run from the first update to the last."""
    folder = tmp_path_factory.mktemp("runs") / "straight"
    result = train(prepared, "--out", folder, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["end"] == "done" and summary["updates"] == 12
    assert summary["model"] == str(folder / "model")
    return folder


def test_a_run_leaves_checkpoints_curves_and_a_model(straight: Path) -> None:
    assert {path.name for path in straight.iterdir()} == {
        "run.json", "last.npz", "best.npz", "history.jsonl", "logs", "model",
    }  # fmt: skip
    assert {path.name for path in (straight / "model").iterdir()} == {
        "trunk.tflite", "weights.npz", "config.json",
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


KILLED = """
import os, signal, sys
from composer.cli.main import main
import composer_training.fit as fit

step = fit.Fitter.step
def until(self):
    if self.update == 10:  # two updates after the last checkpoint
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self)
fit.Fitter.step = until
sys.argv[0] = "composer"
main()
"""


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_as_if_nothing_had_happened(
    straight: Path, prepared: Path, tmp_path: Path
) -> None:
    """Bit for bit: weights, optimiser, generators, position in the data."""
    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, "train", *TINY, prepared, "--out", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert meta(tmp_path / "last.npz")["update"] == 8
    result = composer("train", "--resume", "--out", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    assert "Going on after update 8 of 12." in result.stderr
    one, other = arrays(straight / "last.npz"), arrays(tmp_path / "last.npz")
    assert set(one) == set(other)
    for name in set(one) - {"meta"}:
        assert np.array_equal(one[name], other[name]), name
    times = {"elapsed"}
    assert {k: v for k, v in meta(straight / "last.npz").items() if k not in times} == {
        k: v for k, v in meta(tmp_path / "last.npz").items() if k not in times
    }
    assert (tmp_path / "history.jsonl").read_text() == (straight / "history.jsonl").read_text()
    assert len(list((tmp_path / "logs").iterdir())) == 2


@pytest.mark.slow
def test_ctrl_c_ends_after_the_update_at_hand(
    prepared: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import composer_training.fit as fit

    step = fit.Fitter.step

    def interrupted(self: fit.Fitter) -> Any:
        if self.update == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self)

    monkeypatch.setattr(fit.Fitter, "step", interrupted)
    result = train(prepared, "--out", tmp_path / "r")
    assert result.exit_code == 130, result.output
    assert "Interrupted after 6 updates" in result.stdout
    assert f"composer train --resume --out {tmp_path / 'r'}" in result.stdout
    monkeypatch.undo()
    assert meta(tmp_path / "r" / "last.npz")["update"] == 6
    assert composer("train", "--resume", "--out", tmp_path / "r").exit_code == 0
    one, other = arrays(straight / "last.npz"), arrays(tmp_path / "r" / "last.npz")
    assert all(np.array_equal(one[name], other[name]) for name in one if name[:2] == "w:")


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_keeps_the_checkpoint_before(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import composer_training.fit as fit

    real, calls = np.savez, []

    def savez(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*args, **kwargs)

    monkeypatch.setattr(fit.np, "savez", savez)
    result = train(prepared, "--out", tmp_path / "r")
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert ".npz cannot be written: the disk is full" in last and "--resume" in last
    assert meta(tmp_path / "r" / "last.npz")["update"] == 0
    assert not list((tmp_path / "r").glob(".composer*"))


@pytest.mark.slow
def test_memory_that_runs_out_is_one_line(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import composer_training.fit as fit

    class ResourceExhaustedError(Exception):
        pass

    def step(self: fit.Fitter) -> Any:
        raise ResourceExhaustedError("OOM when allocating tensor with shape[...]")

    monkeypatch.setattr(fit.Fitter, "step", step)
    result = train(prepared, "--out", tmp_path / "r")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: memory has run out: give a smaller --batch-size")


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_run(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import composer_training.fit as fit

    monkeypatch.setattr(fit.Fitter, "step", lambda self: (np.full(5, np.nan, np.float32), 10))
    result = train(prepared, "--out", tmp_path / "r")
    assert result.exit_code == 1 and "--learning-rate" in result.stderr


def test_a_run_is_not_replaced_unasked(straight: Path, prepared: Path) -> None:
    before = (straight / "last.npz").read_bytes()
    result = train(prepared, "--out", straight)
    assert result.exit_code == 1
    assert "give --resume to go on, --force to replace" in result.stderr
    assert (straight / "last.npz").read_bytes() == before


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
def test_patience_ends_a_run_early(prepared: Path, tmp_path: Path) -> None:
    """With a learning rate that only does harm, nothing gets better after a while."""
    result = train(
        prepared, "--out", tmp_path / "r", "--updates", "400", "--validate-every", "2",
        "--patience", "2", "--learning-rate", "3", "--warm-up", "0", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["end"] == "stopped early" and summary["updates"] < 400
    assert (tmp_path / "r" / "model" / "config.json").exists()


@pytest.mark.slow
def test_minutes_end_a_run(prepared: Path, tmp_path: Path) -> None:
    result = train(
        prepared, "--out", tmp_path / "r", "--updates", "1000000", "--minutes", "0.01", "--json"
    )
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["end"] == "done" and 0 < summary["updates"] < 1_000_000


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


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_other_backends_train_and_resume(
    backend: str, straight: Path, prepared: Path, tmp_path: Path
) -> None:
    """From the same weights they come to what TensorFlow comes to, but for rounding."""
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    same = (
        *(prepared, "--from", straight / "model", "--dropout", "0", "--precision", "float32"),
        *("--batch-size", "4", "--steps", "24", "--warm-up", "0", "--validate-every", "4"),
        *("--learning-rate", "0.02", "--updates", "8"),
    )

    def history(folder: Path) -> list[float]:
        lines = (folder / "history.jsonl").read_text().splitlines()
        return [json.loads(line)["validation"]["all"]["total"] for line in lines]

    assert composer("train", *same, "--out", tmp_path / "tf").exit_code == 0

    def run(code: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, "train", *args, "--backend", backend],
            env=os.environ | {"KERAS_BACKEND": backend},  # KILLED imports Keras by itself
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    out = ("--out", tmp_path / "other")
    killed = run(KILLED.replace("self.update == 10", "self.update == 6"), *same, *out)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    again = run("from composer.cli.main import main; main()", "--resume", *out)
    assert again.returncode == 0, again.stderr[-3000:]
    assert history(tmp_path / "other") == pytest.approx(history(tmp_path / "tf"), abs=2e-4)


# Settings ---------------------------------------------------------------------------------


def test_the_learning_rate_rises_and_falls() -> None:
    plan = FitSettings(updates=1100, warm_up=100, learning_rate=1.0)
    assert learning_rate_at(0, plan) == pytest.approx(0.01)
    assert learning_rate_at(99, plan) == pytest.approx(1.0)
    assert learning_rate_at(600, plan) == pytest.approx(0.51)
    assert learning_rate_at(1100, plan) == pytest.approx(0.02)


def test_with_minutes_the_learning_rate_falls_with_the_clock() -> None:
    plan = FitSettings(updates=10**9, warm_up=0, learning_rate=1.0, minutes=10)
    assert learning_rate_at(50, plan, 0) == pytest.approx(1.0)
    assert learning_rate_at(50, plan, 300) == pytest.approx(0.51)
    assert share_done(plan, 50, 300) == pytest.approx(0.5)
    assert share_done(plan, 50, 600) == 1.0


def test_settings_survive_json() -> None:
    plan = FitSettings(shares={"a": 0.5}, minutes=3.0, seed=9)
    assert FitSettings.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan


@pytest.mark.parametrize(
    "make",
    [
        lambda: FitSettings(batch_size=0),
        lambda: FitSettings(learning_rate=float("nan")),
        lambda: FitSettings(precision="float8"),
        lambda: FitSettings(shares={"a": -1.0}),
        lambda: FitSettings(minutes=-1.0),
    ],
)
def test_settings_are_valid_from_birth(make: Callable[[], FitSettings]) -> None:
    with pytest.raises(SettingError):
        make()


def test_precisions_are_those_keras_knows() -> None:
    assert run_settings.PRECISIONS == ("mixed_bfloat16", "float32")
