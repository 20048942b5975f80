"""Distribution: the name that people are told is the one that pyproject.toml builds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from composer.distribution import DISTRIBUTION, install_extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = [
    path
    for folder in ("composer", "training", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".md")
]


def test_the_name_is_that_of_the_project() -> None:
    assert PROJECT["name"] == DISTRIBUTION == "composer-lstm"


def test_the_command_survives_every_shell() -> None:
    assert install_extra("midi") == 'pip install "composer-lstm[midi]"'


def test_advice_names_this_project_and_extras_that_exist() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"pip install ['\"]?composer\b(?!-)", text), path
        named = re.findall(r"install_extra\(['\"](\w+)", text)
        for group in re.findall(r"composer-lstm\[([\w,]+)\]", text):
            named += group.split(",")
        assert set(named) <= set(PROJECT["optional-dependencies"]), path


def test_the_documents_say_what_each_dependency_is_for() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in [requirement for group in groups for requirement in group]:
        name = re.match(r"[\w-]+", requirement)
        assert name is not None
        if name[0] != DISTRIBUTION:
            assert f"`{name[0]}`" in text, name[0]
    for extra in PROJECT["optional-dependencies"]:
        assert f"| `{extra}` |" in text, extra
