"""docs/train.md: its commands run as they stand there, with a few small settings behind them."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from composer.cli.main import verbs

GUIDE = Path(__file__).parents[2] / "docs" / "train.md"
SEED = Path(__file__).parents[2] / "midi_data" / "waltz.mid"

SHORT = "--updates 2 --batch-size 2 --steps 8 --warm-up 1 --validate-every 2 --limit 1"
SMALL = f"{SHORT} --layers 1 --units 8 --head-units 8"
MORE = {
    "prepare mine=": "--workers 1",
    "finetune": SHORT,
    "generate": "--bars 1",
    "evaluate": "--limit 1",
    "train datasets/pop909": SMALL,
    "train --resume": "",
}
"""Beginning of a command -> what a test adds to it."""

ELSEWHERE = (
    "corpora list", "corpora get", "prepare pop909=", "prepare corpora/", "prepare maestro=",
)  # fmt: skip
"""Beginnings of commands that go to the network, or work on what came from there."""


def blocks(kind: str = "") -> list[str]:
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """The lines that call composer, without its name."""
    lines = [line for block in blocks() for line in block.splitlines()]
    return [line.removeprefix("composer ") for line in lines if line.startswith("composer ")]


def test_the_first_three_commands_are_the_promised_ones() -> None:
    assert GUIDE.read_text(encoding="utf-8").startswith("# Your own music in three commands\n")
    assert [line.split()[0] for line in commands()[:3]] == ["prepare", "finetune", "generate"]


@pytest.mark.slow
def test_every_command_and_the_python_run(
    music: Path, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # what ~ is on Windows
    shutil.copytree(music, tmp_path / "midi")
    for name in ("pop909", "maestro"):
        shutil.copytree(prepared, tmp_path / "datasets" / name)
    shutil.copy(SEED, "phrase.mid")
    ran = set()
    for command in commands():
        if command.startswith(ELSEWHERE):
            continue
        begin = next(begin for begin in MORE if command.startswith(begin))
        ran.add(begin)
        result = CliRunner().invoke(verbs, shlex.split(f"--debug {command} {MORE[begin]}"))
        assert result.exit_code == 0, f"{command}: {result.output}"
    assert ran == set(MORE)
    assert Path("phrase-continued.mid").exists()

    (python,) = blocks("python")
    small = python.replace("units=256", "layers=1, units=8, head_units=8")
    small = small.replace("updates=500", "updates=2, batch_size=2, steps=8")
    assert small.count("8") > python.count("8")
    exec(compile(small, str(GUIDE), "exec"), {})
    assert Path("runs/small/model/trunk.tflite").exists()
