"""What tests of training share: small pieces, the dataset of them, one run on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_midi import write_midi
from tiny_run import train

from composer.cli.main import verbs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever reads the trained run may be the one who waits for it."""
    for item in items:
        if "straight" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


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


@pytest.fixture(scope="session")
def straight(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run from the first update to the last; training takes half a minute."""
    folder = tmp_path_factory.mktemp("runs") / "straight"
    result = train(prepared, "--out", folder, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["end"] == "done" and summary["updates"] == 12
    assert summary["model"] == str(folder / "model")
    return folder
