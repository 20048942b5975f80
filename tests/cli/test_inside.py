"""What the verbs that write inside a piece refuse, in one line and with nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from small_seeds import duet

from composer.cli.main import verbs
from composer.formats import midi


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mid"
    midi.save(duet(4).file, path)
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fill", "--bars", "two"], "must be two numbers such as 9-12"),
        (["fill", "--bars", "4-3"], "the lower must come first"),
        (["vary", "--strength", "2"], "strength"),
        (["arrange", "--add", " "], "add which parts"),
        (["fill", "--bars", "1-2", "--out", "a.wav"], "what is written is MIDI"),
        (["fill", "--bars", "1-2", "--key", "H"], "key"),
    ],
)
def test_wrong_arguments_are_refused(song: Path, arguments: list[str], said: str) -> None:
    before = sorted(song.parent.iterdir())
    verb, *others = arguments
    result = CliRunner().invoke(verbs, [verb, "--seed", str(song), *others])
    assert result.exit_code in (1, 2) and said in result.output
    assert "Traceback" not in result.output and sorted(song.parent.iterdir()) == before


def test_settings_of_what_follows_a_piece_are_none_of_these(song: Path) -> None:
    for name in ("--seconds", "--notes", "--form", "--tempo"):
        result = CliRunner().invoke(verbs, ["fill", "--seed", str(song), "--bars", "2", name, "1"])
        assert result.exit_code == 2 and "No such option" in result.output
