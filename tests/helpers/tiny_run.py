"""Training runs of a tiny network through the command itself, and what they leave behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from composer.cli.main import verbs

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
"""A run that is killed two updates after its second checkpoint."""
