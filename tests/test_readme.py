"""README.md and .ci/run: the tests are run one way, and it is the way that is written down."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def ci_commands() -> str:
    """What .ci/run runs between its marks."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return script.split("# >>> README.md\n")[1].split("# <<< README.md")[0]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("\n## Tests\n")[1]
    block = re.search(r"```\w*\n(.*?)```", section, re.DOTALL)
    assert block is not None
    assert block[1] == ci_commands()


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_ci_script_is_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    for check in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        assert f"\n.venv/bin/{check}\n" in text


def test_links_of_the_readme_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", readme):
        assert (ROOT / target).exists(), target


PAGES = [
    page
    for pattern in ("*.md", "docs/**/*.md", "composer/**/*.md", "midi_data/*.md", "clients/**/*.md")
    for page in ROOT.glob(pattern)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_rows_of_tables_have_as_many_cells_as_their_heads(page: Path) -> None:
    cells = 0
    for line in page.read_text(encoding="utf-8").splitlines():
        found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert found in (0, cells) or not cells, line
        cells = found


def test_the_licence_is_what_the_package_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
