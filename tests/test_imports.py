"""The order of packages: who may import whom, as pyproject.toml's contracts say."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_no_import_runs_upwards_or_in_a_circle(capsys: pytest.CaptureFixture[str]) -> None:
    cli = pytest.importorskip("importlinter.cli")
    broken = cli.lint_imports(str(PROJECT), no_cache=True, no_logo=True)
    assert not broken, capsys.readouterr().out
