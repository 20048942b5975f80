"""Wheel and sdist: what is in them, and that the wheel works where names could collide."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    find_spec("hatchling") is None, reason="hatchling, which builds packages, is not installed"
)

NEEDED_BY_TESTS = (
    ".ci/run", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "benchmarks/batch.py",
    "clients/python/jam.py", "composer/py.typed", "docs/api.md", "docs/roll.png",
    "midi_data/catalogue.json", "pyproject.toml", "tests/conftest.py",
    "tools/example_seeds/make_seeds.py", "training/composer_training/fit.py",
)  # fmt: skip


def build(kind: str, folder: Path) -> Path:
    """A wheel or an sdist of the checkout."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as an installer lays it out, in a folder of its own."""
    wheel = build("wheel", tmp_path_factory.mktemp("wheel"))
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, work: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`python -m composer` of the wheel, in a working folder, which Python looks into first."""
    return subprocess.run(
        [sys.executable, "-m", "composer", *args],
        cwd=work, env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working folder with packages in it that are called like folders of the project."""
    for name in ("training", "midi_data", "tests", "tools"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported by mistake')")
    shutil.copy(ROOT / "midi_data" / "waltz.mid", tmp_path)
    return tmp_path


def test_a_wheel_brings_two_packages_and_nothing_loose(installed: Path) -> None:
    inside = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert inside == {"composer", "composer_training"}
    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*")}
    assert {"composer/py.typed", "composer/midi_data/catalogue.json"} <= names
    assert {"composer/models/default/trunk.tflite", "composer/midi_data/waltz.mid"} <= names
    assert not [name for name in names if "test" in Path(name).name and name.endswith(".py")]
    assert not [name for name in names if "example_seeds" in name]


def test_an_sdist_has_all_that_the_tests_need(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(NEEDED_BY_TESTS) <= names
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}
    assert here <= names


@pytest.mark.parametrize("verb", [(), ("train",), ("prepare",), ("serve",), ("compare",)])
def test_help_works_beside_folders_of_the_same_names(
    installed: Path, work: Path, verb: tuple[str, ...]
) -> None:
    result = run(installed, work, *verb, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Usage: ")


def test_a_seed_is_continued_from_the_wheel(installed: Path, work: Path) -> None:
    result = run(
        installed, work, "generate", "--seed", "waltz.mid", "--bars", "1", "--takes", "1",
        "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (work / json.loads(result.stdout)["out"][0]).exists()


def test_corpora_and_training_are_found_in_the_wheel(installed: Path, work: Path) -> None:
    assert "pop909: " in run(installed, work, "corpora", "list").stdout
    result = run(installed, work, "prepare", "one=.", "--out", "dataset", "--workers", "1")
    assert result.returncode == 0, result.stderr
    assert (work / "dataset").is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="--processes is for Linux")
def test_a_server_of_the_wheel_starts_with_its_worker_process(installed: Path, work: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "composer", "serve", "--osc-port", "0", "--no-midi", "--no-log",
         "--json", "--reply-source", "--processes", "2"],
        cwd=work, env=os.environ | {"PYTHONPATH": str(installed)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] and len(ready["pids"]) == 2
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert "mistake" not in told
