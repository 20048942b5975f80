"""A few small pieces as files, made here, and the dataset of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_midi import write_midi

from composer.cli.main import verbs


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of eleven MIDI files, one text that claims to be one, and a test folder."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(9):
        write_midi(folder / f"piece{seed}.mid", seed, drums=seed % 2 == 0)
    (folder / "again").mkdir()
    (folder / "again" / "copy.mid").write_bytes((folder / "piece0.mid").read_bytes())
    (folder / "test").mkdir()
    write_midi(folder / "test" / "kept.mid", 77)
    (folder / "broken.mid").write_text("this is no MIDI file")
    (folder / "notes.txt").write_text("not music")
    return folder


@pytest.fixture(scope="session")
def prepared(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of `music`, made by the command."""
    out = tmp_path_factory.mktemp("datasets") / "tiny"
    result = CliRunner().invoke(
        verbs, ["--debug", "prepare", f"tiny={music}", "--out", str(out), "--workers", "1"]
    )
    assert result.exit_code == 0, result.output
    return out
