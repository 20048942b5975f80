"""`composer clip` as a script in a DAW calls it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from composer.cli.main import verbs

SCALE = "".join(f"note {pitch} {beat} 1 90 1\n" for beat, pitch in enumerate((60, 62, 64, 65) * 2))


def clip(folder: Path, action: str, text: str) -> tuple[Result, Path]:
    given, answer = folder / "clip.txt", folder / "answer.txt"
    given.write_text(text, encoding="utf-8")
    arguments = ["clip", action, str(given), str(answer)]
    return CliRunner().invoke(verbs, arguments, prog_name="composer"), answer


def test_a_clip_goes_on_behind_its_bars(tmp_path: Path) -> None:
    settings = "setting bars 1\nsetting takes 1\nsetting rng_seed 3\n"
    result, answer = clip(tmp_path, "continue", f"bpm 100\nmetre 4 4\n{settings}{SCALE}")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in answer.read_text(encoding="utf-8").splitlines()]
    starts = [float(words[2]) for words in lines if words[0] == "note"]
    assert starts and min(starts) >= 8 and max(starts) < 12
    assert ["end", "12.000000"] in lines
    assert not [words for words in lines if words[0] == "clear"]


def test_bars_of_a_clip_are_written_anew_between_what_stands(tmp_path: Path) -> None:
    notes = "".join(f"note {60 + beat % 5} {beat} 1 90 1\n" for beat in range(16))
    text = f"bpm 100\nmetre 4 4\nlength 16\nselection 4 8\nsetting takes 1\n{notes}"
    result, answer = clip(tmp_path, "fill", text)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in answer.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == ["clear", "4.000000", "8.000000"]
    starts = [float(words[2]) for words in lines if words[0] == "note"]
    assert starts and min(starts) >= 4 and max(starts) < 8
    assert ["end", "16.000000"] in lines


def test_bars_of_a_clip_are_varied_and_their_rhythm_kept(tmp_path: Path) -> None:
    notes = "".join(f"note {60 + beat % 5} {beat} 1 90 1\n" for beat in range(16))
    settings = "setting takes 1\nsetting rng_seed 2\nsetting keep rhythm\n"
    text = f"bpm 100\nmetre 4 4\nlength 16\nselection 4 8\n{settings}{notes}"
    result, answer = clip(tmp_path, "vary", text)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in answer.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == ["clear", "4.000000", "8.000000"]
    new = [(float(words[2]), int(words[1])) for words in lines if words[0] == "note"]
    assert [start for start, _ in new] == [4, 5, 6, 7]
    pitches = [pitch for _, pitch in new]
    before = [64, 60, 61, 62]
    # What stays is sent again: the span is cleared of it.
    assert 0 < sum(map(int.__eq__, pitches, before)) < 4


def test_what_cannot_be_done_is_said_in_a_line_and_leaves_no_answer(tmp_path: Path) -> None:
    result, answer = clip(tmp_path, "continue", "bpm 100\n")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["Error: the clip has no notes"]
    assert not answer.exists()


def test_an_action_that_there_is_not_is_named_with_those_there_are(tmp_path: Path) -> None:
    result, answer = clip(tmp_path, "evaluate", SCALE)
    assert result.exit_code == 2
    assert "'evaluate' is not one of 'continue', 'fill', 'vary'" in result.stderr
    assert not answer.exists()


def test_a_clip_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    missing = tmp_path / "clip.txt"
    result = CliRunner().invoke(verbs, ["clip", "fill", str(missing), str(tmp_path / "answer")])
    assert result.stderr.splitlines() == [
        f"Error: {missing} cannot be read: No such file or directory"
    ]
