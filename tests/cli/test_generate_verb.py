"""`composer generate` as a user types it: what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner, Result

import composer
from composer.cli.main import verbs
from composer.errors import OutputError
from composer.generation.parameters import TAKES

SEEDS = Path(__file__).parents[2] / "midi_data"
WALTZ = str(SEEDS / "waltz.mid")


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(verbs, ["generate", *arguments], prog_name="composer")


def one_line(result: Result) -> str:
    """The error, held to what every error must be."""
    assert result.exit_code == 1, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert "defect" not in lines[0]
    return lines[0]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_first_command(tmp_path: Path) -> None:
    result = generate("--seed", WALTZ)
    assert result.exit_code == 0, result.output
    file = mido.MidiFile(tmp_path / "waltz-continued.mid")
    assert "waltz-continued.mid" in result.stdout
    assert "--rng-seed" in result.stderr
    assert file.length > mido.MidiFile(WALTZ).length + 10
    marks = [message.text for message in file.tracks[0] if message.type == "marker"]
    assert marks[-1] == "composer"


def test_how_freely_it_draws_depends_on_how_often_it_tries() -> None:
    def settings(*more: str) -> tuple[int, float, float, float]:
        result = generate("--seed", WALTZ, "--bars", "1", "--force", "--json", *more)
        told = json.loads(result.stdout)["settings"]
        return told["takes"], told["temperature"], told["top_p"], told["min_p"]

    assert settings() == (TAKES, 1.0, 0.99, 0.01)
    assert settings("--takes", "1") == (1, 0.95, 0.97, 0.02)
    assert settings("--takes", "3", "--top-p", "0.5") == (3, 1.0, 0.5, 0.01)


def test_same_number_same_bytes(tmp_path: Path) -> None:
    for out, number in (("a", "1"), ("b", "1"), ("c", "2")):
        generate("--seed", WALTZ, "--bars", "8", "--rng-seed", number, "--out", f"{out}.mid")
    a, b, c = (Path(f"{name}.mid").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_variations_are_numbered_and_json_says_where() -> None:
    result = generate(
        "--seed", WALTZ, "--variations", "3", "--bars", "2", "--rng-seed", "4", "--json"
    )
    made = json.loads(result.stdout)
    assert made["out"] == [f"waltz-continued-{n}.mid" for n in (1, 2, 3)]
    assert all(Path(path).exists() for path in made["out"])
    assert made["settings"]["rng_seed"] == 4
    assert made["grid"] == "beats"


def test_continuation_only() -> None:
    generate("--seed", WALTZ, "--bars", "4", "--continuation-only", "--out", "new.mid")
    assert mido.MidiFile("new.mid").length < mido.MidiFile(WALTZ).length


def test_nothing_is_overwritten_unless_asked() -> None:
    Path("mine.mid").write_text("precious")
    error = one_line(generate("--seed", WALTZ, "--out", "mine.mid"))
    assert "mine.mid exists" in error
    assert "--force" in error
    assert Path("mine.mid").read_text() == "precious"
    assert generate("--seed", WALTZ, "--out", "mine.mid", "--force", "--bars", "2").exit_code == 0


def test_a_picture_that_cannot_be_written_takes_the_music_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("matplotlib")

    def full(*_: object, **__: object) -> bytes:
        raise OutputError("roll.png cannot be written: the disk is full")

    monkeypatch.setattr("composer.plots.piano_roll.piano_roll_png", full)
    assert "full" in one_line(generate("--seed", WALTZ, "--bars", "2", "--plot", "roll.png"))
    assert os.listdir() == []


def test_two_files_of_one_name() -> None:
    error = one_line(generate("--seed", WALTZ, "--out", "a", "--plot", "./a"))
    assert "different names" in error
    assert os.listdir() == []


@pytest.mark.parametrize("picture", [("--plot", "roll.jpg", ".png"), ("--wav", "a.mp3", ".wav")])
def test_a_picture_is_not_called_what_it_is_not(picture: tuple[str, str, str]) -> None:
    option, name, suffix = picture
    assert one_line(generate("--seed", WALTZ, option, name)) == (
        f"Error: {name}: what {option} writes is no {Path(name).suffix}; let it end in {suffix}"
    )
    assert os.listdir() == []


def no_notes(path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500000)]))
    file.save(path)


BAD_SEEDS = {
    "truncated.mid": lambda path: path.write_bytes(Path(WALTZ).read_bytes()[:200]),
    "empty.mid": lambda path: path.write_bytes(b""),
    "text.mid": lambda path: path.write_text("this is not music\n"),
    "silent.mid": no_notes,
    "folder.mid": lambda path: path.mkdir(),
    "missing.mid": lambda path: None,
    "empty.musicxml": lambda path: path.write_bytes(b""),
    "text.abc": lambda path: path.write_text("no tune here"),
    "broken.mxl": lambda path: path.write_bytes(b"PK\x03\x04 not a zip"),
}


@pytest.mark.parametrize("name", BAD_SEEDS)
def test_a_bad_seed_is_one_line_and_no_file(name: str, tmp_path: Path) -> None:
    BAD_SEEDS[name](tmp_path / name)
    error = one_line(generate("--seed", name, "--out", "out.mid"))
    assert name in error or "note" in error
    assert not Path("out.mid").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--temperature", "-1"), "temperature is -1.0"),
        (("--takes", "0"), "takes is 0"),
        (("--top-p", "0"), "top-p is 0"),
        (("--min-p", "1"), "min-p is 1"),
        (("--bars", "0"), "bars is 0"),
        (("--bars", "4", "--seconds", "3"), "give one length"),
        (("--key", "H:major"), "key is 'H:major'"),
        (("--parts", "trombone"), "no part is called 'trombone'"),
        (("--parts", "\N{SUPERSCRIPT TWO}"), "no part is called '\N{SUPERSCRIPT TWO}'"),
        (("--pitch-range", "80-20"), "pitch range is 80..20"),
        (("--density", "0"), "density is 0"),
        (("--model", "nope"), "no model 'nope'"),
        (("--out", "no/such/folder.mid"), "no folder no/such"),
        (("--rng-seed", "-5"), "rng-seed is -5"),
    ],
)
def test_a_bad_setting_is_one_line_and_no_file(arguments: tuple[str, ...], says: str) -> None:
    assert says in one_line(generate("--seed", WALTZ, *arguments))
    assert not list(Path().glob("*.mid"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    one_line(generate("--seed", WALTZ, "--out", str(locked / "out.mid")))
    assert not list(locked.iterdir())


def test_a_wrong_option_is_wrong_usage() -> None:
    for no_range in ("high", "60", "60-", "1-2-3", "\N{SUPERSCRIPT TWO}-60"):
        result = generate("--seed", WALTZ, "--pitch-range", no_range)
        assert result.exit_code == 2 and "must be like 48-72" in result.stderr
    assert generate().exit_code == 2


def test_playing_loads_no_training_package() -> None:
    script = (
        "import sys; from composer.cli.main import main\n"
        f"sys.argv = ['composer', 'generate', '--seed', {WALTZ!r}, '--bars', '1']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "slow = {'tensorflow', 'keras', 'music21', 'matplotlib', 'torch', 'jax'}\n"
        "slow &= set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    home = str(Path(composer.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"PYTHONPATH": home},
    )
    assert done.returncode == 0, done.stderr


def test_a_piano_roll() -> None:
    pytest.importorskip("matplotlib")
    result = generate("--seed", WALTZ, "--bars", "2", "--plot", "roll.png")
    assert result.exit_code == 0, result.output
    assert Path("roll.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("alone", [False, True])
def test_the_file_ends_on_the_bar_line_though_its_last_note_ends_before(alone: bool) -> None:
    drums = str(SEEDS / "drums.mid")
    generate(
        "--seed", drums, "--bars", "3", "--density", "0.5", "--rng-seed", "1", "--out", "a.mid",
        *(["--continuation-only"] if alone else []),
    )  # fmt: skip
    file = mido.MidiFile("a.mid")
    ends = {sum(message.time for message in track) for track in file.tracks}
    bar = 4 * file.ticks_per_beat
    assert ends == {3 * bar if alone else 11 * bar}


def test_a_name_that_promises_another_format_is_refused() -> None:
    assert "is MIDI" in one_line(generate("--seed", WALTZ, "--out", "score.musicxml"))
    assert os.listdir() == []


def test_what_a_seed_had_passed_over_is_said(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(
        "X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:C\ncBAG|FEDC|\n",
        encoding="ascii",
    )
    shared = ("--takes", "1", "--bars", "1", "--rng-seed", "1")
    first = generate("--seed", str(book), "--out", "one.mid", *shared)
    assert "of 2 tunes this is X:1 One; book.abc#NUMBER takes another" in first.stderr
    second = generate("--seed", f"{book}#2", "--out", "two.mid", *shared)
    assert "tunes" not in second.stderr
