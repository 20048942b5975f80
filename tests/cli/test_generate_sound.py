"""`composer generate --wav` and `--play`, with a FluidSynth that is a few lines of shell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from guides import ROOT

from composer.cli.main import verbs

WALTZ = str(ROOT / "midi_data" / "waltz.mid")
QUICK = ("--bars", "1", "--takes", "1", "--rng-seed", "1")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


def generate(*arguments: str) -> Result:
    given = ["generate", "--seed", WALTZ, *QUICK, *arguments]
    return CliRunner().invoke(verbs, given, prog_name="composer")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and nothing on the path but what a test puts into `bin`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.setattr("composer.formats.fluidsynth.PROGRAM", "fluidsynth-of-the-test")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def stand_in(folder: Path, script: str) -> Path:
    """A FluidSynth; returns a SoundFont for it."""
    program = folder.parent / "bin" / "fluidsynth-of-the-test"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    font = folder.parent / "font.sf2"
    font.write_bytes(b"font")
    return font


RENDER = 'while [ "$1" != "-F" ]; do shift; done; printf "RIFFsound" > "$2"'


def test_wav_writes_sound_beside_the_music(folder: Path) -> None:
    font = stand_in(folder, RENDER)
    done = generate("--wav", "waltz.wav", "--soundfont", str(font))
    assert done.exit_code == 0, done.output
    assert (folder / "waltz.wav").read_bytes() == b"RIFFsound"
    assert done.stdout.splitlines()[-1] == "waltz.wav"


def test_each_variation_has_its_sound(folder: Path) -> None:
    font = stand_in(folder, RENDER)
    generate("--wav", "w.wav", "--variations", "2", "--soundfont", str(font))
    assert sorted(path.name for path in folder.glob("*.wav")) == ["w-1.wav", "w-2.wav"]


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("exit 1", "fluidsynth wrote no sound"),
        (None, "sound needs the program fluidsynth; install it"),
    ],
)
def test_without_sound_nothing_is_written_at_all(
    folder: Path, script: str | None, line: str
) -> None:
    font = ["--soundfont", str(stand_in(folder, script))] if script else []
    done = generate("--wav", "waltz.wav", *font)
    assert done.exit_code == 1 and line in done.stderr.splitlines()[-1]
    assert list(folder.iterdir()) == []


def test_play_plays_what_was_written(folder: Path) -> None:
    font = stand_in(folder, f'for last; do :; done; cp "$last" "{folder}/played.mid"')
    done = generate("--play", "--soundfont", str(font))
    assert done.exit_code == 0, done.output
    written = (folder / "waltz-continued.mid").read_bytes()
    assert (folder / "played.mid").read_bytes() == written


def test_play_says_when_there_are_no_loudspeakers(folder: Path) -> None:
    font = stand_in(folder, 'echo "Failed to create the audio driver. Giving up." >&2; exit 255')
    done = generate("--play", "--soundfont", str(font))
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("Error: fluidsynth finds nothing to play on")


def test_play_without_fluidsynth_or_page_says_so_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = generate("--play")
    line = done.stderr.splitlines()[-1]
    assert done.exit_code == 1 and "fluidsynth" in line and "composer-lstm[web]" in line
    assert list(folder.iterdir()) == []
