"""The order of packages: who may import whom, as pyproject.toml's contracts say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from guides import ROOT

CHECK = "from importlinter import cli; raise SystemExit(cli.lint_imports(no_cache=True))"


def test_no_import_runs_upwards_or_in_a_circle() -> None:
    pytest.importorskip("importlinter")
    path = os.pathsep.join(filter(None, sys.path))
    # In a process of its own: import-linter prints to the standard output it met first.
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
