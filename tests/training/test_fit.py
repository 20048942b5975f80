"""How a run ends: whole, killed, interrupted, out of space, memory or time, or none the better."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from composer_training import fit
from tiny_run import KILLED, TINY, arrays, composer, meta, train

ROOT = Path(__file__).parents[2]


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
    monkeypatch.setattr(fit.Fitter, "step", lambda self: (np.full(5, np.nan, np.float32), 10))
    result = train(prepared, "--out", tmp_path / "r")
    assert result.exit_code == 1 and "--learning-rate" in result.stderr


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
