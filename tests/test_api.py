"""The Python interface: what `import composer` offers, and every example of it that is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from guides import ROOT, python_blocks

import composer
from composer.formats import midi
from composer.generation.seed_files import continued
from composer.live.core.scheduler import Play

SEEDS = ROOT / "midi_data"
SLOW = ("tensorflow", "keras", "music21", "matplotlib", "numpy", "mido", "rich")


@pytest.fixture
def waltz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the waltz in it."""
    shutil.copy(SEEDS / "waltz.mid", tmp_path)
    (tmp_path / "midi_data").mkdir()
    shutil.copy(SEEDS / "waltz.mid", tmp_path / "midi_data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guides_examples_run_one_after_another(
    waltz: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope: dict[str, object] = {}
    for block in python_blocks("docs/api.md"):
        exec(compile(block, "docs/api.md", "exec"), scope)
    assert sorted(path.name for path in waltz.glob("*.mid")) == [
        "arranged.mid", "ending-1.mid", "ending-2.mid", "ending-3.mid", "filled.mid", "varied.mid",
        "waltz-continued.mid", "waltz.mid",
    ]  # fmt: skip
    read = {name: midi.read(waltz / f"{name}.mid") for name in ("waltz", "filled", "arranged")}
    assert len(read["arranged"].parts) == len(read["waltz"].parts) + 1
    behind = 10 * 3 * read["waltz"].ticks_per_beat  # bars 9 and 10 of three quarters
    stands, there = (
        [note for part in read[name].parts for note in part.notes if note.onset >= behind]
        for name in ("waltz", "filled")
    )
    assert stands == there
    out = capsys.readouterr().out
    assert "Play(pitch=" in out
    assert out.endswith("no-such-file.mid does not exist; check the name and the folder\n")


def test_the_readmes_lines_run(waltz: Path) -> None:
    blocks = python_blocks("README.md")
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert midi.read(waltz / "waltz-continued.mid").note_count > 100


def test_each_public_name_is_there_and_documented() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name in composer.__all__:
        assert getattr(composer, name) is not None
        assert getattr(composer, name).__doc__, name
        assert re.search(rf"`{name}\b", text), name
    assert set(composer.__all__) <= set(dir(composer))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'continue_sead'"):
        composer.continue_sead  # noqa: B018


def test_importing_composer_imports_nothing_else() -> None:
    code = (
        "import sys, composer\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])\n"
        "composer.Settings, composer.open_seed, composer.open_session\n"
        "print([name for name in ('tensorflow', 'keras', 'music21', 'matplotlib')"
        " if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n[]\n"


def test_a_file_is_the_seed_with_the_new_music_behind_it(waltz: Path) -> None:
    seed = composer.open_seed("waltz.mid")
    predictor = composer.open_predictor()
    [made] = composer.continue_seed(seed, predictor, composer.Settings(bars=1, rng_seed=3))
    composer.write_midi("made.mid", seed, made)
    assert midi.load("made.mid").tracks == continued(seed, made).tracks
    with pytest.raises(composer.ComposerError, match="exists"):
        composer.write_midi("made.mid", seed, made)
    composer.write_midi("made.mid", seed, made, continuation_only=True, force=True)
    assert midi.read("made.mid").note_count == made.piece.note_count


def test_a_session_answers_a_phrase_and_ends_every_note() -> None:
    session = composer.open_session(bpm=120, bars=2)
    for beat, pitch in enumerate((60, 64, 67, 72)):
        session.note_on(0.5 * beat, pitch)
        session.note_off(0.5 * beat + 0.4, pitch)
    before = [output for _, output in session.until(1.9) if isinstance(output, Play)]
    assert before == []
    played = [(at, output) for at, output in session.until(30.0) if isinstance(output, Play)]
    assert played
    # At 120 beats a minute two bars of 4/4 last four seconds.
    assert played[-1][0] - played[0][0] <= 4.0
    sounding: list[tuple[int, int]] = []
    for _, output in played:
        key = (output.channel, output.pitch)
        sounding.append(key) if output.velocity else sounding.remove(key)
    assert sounding == []
    assert session.until(31.0) == []


def test_moments_of_a_session_do_not_run_backwards() -> None:
    session = composer.open_session()
    session.note_on(1.0, 60)
    with pytest.raises(ValueError, match=r"0\.5 lies before 1\.0"):
        session.note_off(0.5, 60)


def test_parameters_are_those_of_the_server() -> None:
    with pytest.raises(composer.ComposerError):
        composer.open_session(no_such_parameter=1)
    session = composer.open_session()
    session.set(0.0, "bars", 2)
    assert session.session.values.number("bars") == 2
