"""docs/design.md lists every module that exists, and documents name none that does not.

COMPOSER_WRITE_DOCS=1 writes the list anew, in the words of the modules' docstrings.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from guides import ROOT

DESIGN = ROOT / "docs" / "design.md"
PACKAGES = (ROOT / "composer", ROOT / "training" / "composer_training")
BEGIN, END = "<!-- modules: written by tests/test_design.py -->\n", "<!-- end of modules -->"

FILES = {
    *("composer.pd", "composer.scd", "composer.rb", "composer.toml", "composer.txt"),
    *("composer.lv2", "composer.vst3", "composer.clap"),
}
"""What documents call so is a client's file."""


def summary(path: Path) -> str:
    """The first sentence of a module's docstring, without the module's name in front."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    return re.sub(r"^(\w+[ -]?){1,3}: ", "", first).replace("|", r"\|")


def modules() -> list[Path]:
    return sorted(
        path
        for package in PACKAGES
        for path in package.rglob("*.py")
        if path.name != "__init__.py" and "__pycache__" not in path.parts
    )


def tables() -> str:
    """A table to each package, the packages in the order of their names."""
    lines: list[str] = []
    for folder in sorted({path.parent for path in modules()}):
        root = next(package for package in PACKAGES if folder.is_relative_to(package))
        name = ".".join((root.name, *folder.relative_to(root).parts))
        lines += [
            f"\n**`{name}`** {summary(folder / '__init__.py')}\n",
            "| module | |",
            "|---|---|",
        ]
        lines += [f"| `{p.stem}` | {summary(p)} |" for p in modules() if p.parent == folder]
    return "\n".join(lines) + "\n\n"


def test_the_design_lists_every_module_that_exists() -> None:
    text = DESIGN.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get("COMPOSER_WRITE_DOCS"):
        DESIGN.write_text(before + BEGIN + tables() + END + after, encoding="utf-8", newline="\n")
        return
    names = re.compile(r"^\*\*`[\w.]+`|^\| `\w+`", re.MULTILINE)
    assert names.findall(written) == names.findall(tables()), (
        "COMPOSER_WRITE_DOCS=1 pytest tests/test_design.py writes it anew"
    )


def test_every_module_says_what_it_is() -> None:
    assert not [path for path in modules() if not summary(path)]


@pytest.mark.parametrize("document", sorted(ROOT.glob("docs/**/*.md")), ids=lambda p: p.name)
def test_modules_that_documents_name_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name in set(re.findall(r"`((?:composer|composer_training)(?:\.\w+)+)`", text)) - FILES:
        where = ROOT / "training" if name.startswith("composer_training") else ROOT
        parts = name.split(".")
        found = any(
            (where.joinpath(*parts[:end]).with_suffix(".py")).exists()
            or (end == len(parts) and where.joinpath(*parts, "__init__.py").exists())
            for end in (len(parts), len(parts) - 1)
        )
        assert found, name
