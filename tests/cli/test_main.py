"""The command line as a whole: help, exit codes, one-line errors, and what help imports."""

from __future__ import annotations

import errno
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from composer import __version__
from composer.cli.main import verbs
from composer.errors import SettingError

ROOT = Path(__file__).parents[2]
SLOW = ("tensorflow", "keras", "music21", "matplotlib", "torch", "jax")


def composer(*args: str) -> Result:
    return CliRunner().invoke(verbs, args)


def commands(
    group: click.Group = verbs, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb and its sub-verbs, by the words that call it."""
    for name, command in group.commands.items():
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


ALL = [pytest.param(words, command, id=" ".join(words)) for words, command in commands()]


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_command_has_help_with_an_example(
    words: tuple[str, ...], command: click.Command
) -> None:
    result = composer(*words, "--help")
    assert result.exit_code == 0
    _, *examples = re.split(r"\bExamples?:\n", result.stdout)
    assert examples and f"composer {' '.join(words)}" in examples[0]
    summary = command.get_short_help_str(200)
    assert summary and len(summary) <= 90


def parse(line: str) -> None:
    """Read a command line as composer would, and do nothing; files in it need not be there."""
    called: click.Command = verbs
    context, rest = click.Context(verbs, info_name="composer"), shlex.split(line, comments=True)
    while isinstance(called, click.Group) and rest and rest[0] in called.commands:
        called = called.commands[rest.pop(0)]
    if isinstance(called, click.Group):
        assert not rest or rest[0].startswith("-"), f"no verb {rest[0]}"
    try:
        called.make_context(called.name, rest, context)
    except click.NoSuchOption:
        raise
    except click.BadParameter as error:
        assert "does not exist" in error.message


@pytest.mark.parametrize(("words", "command"), ALL)
def test_examples_in_help_are_commands(words: tuple[str, ...], command: click.Command) -> None:
    examples = re.findall(r"^ +composer ([^>\n]*)", command.help or "", re.MULTILINE)
    for example in examples:
        parse(example)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: page.stem
)
def test_command_lines_in_the_docs_are_commands(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fenced = "".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"^(?:\.venv/bin/)?composer ([^>\n]*)", fenced, re.MULTILINE)
    lines += re.findall(r"^ {4}composer ([^>\n\[]*)$", text, re.MULTILINE)
    for line in lines:
        parse(line)


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_option_says_what_it_does(words: tuple[str, ...], command: click.Command) -> None:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"composer {' '.join(words)} {parameter.opts[0]}"


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_command_has_a_line_in_the_readme(
    words: tuple[str, ...], command: click.Command
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"composer {words[0]}" in readme


def test_the_version_is_the_packages() -> None:
    assert composer("--version").stdout == f"composer, version {__version__}\n"


@pytest.mark.parametrize("args", [["--help"], ["generate", "--help"], ["train", "--help"]])
def test_help_imports_nothing_slow(args: list[str]) -> None:
    code = (
        "import sys\nfrom composer.cli.main import verbs\n"
        f"try: verbs({args!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Usage:" in run.stdout
    assert run.stderr == "[]\n"


def test_as_a_module_it_is_the_same_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "composer", "no-such-verb"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.startswith("Usage: composer ") and "no-such-verb" in run.stderr


# Errors -----------------------------------------------------------------------------------


def failing(error: BaseException, *before: str) -> Result:
    """Run a verb that fails in this way."""

    @click.command()
    def fail() -> None:
        raise error

    verbs.add_command(fail, "fail")
    try:
        return composer(*before, "fail")
    finally:
        del verbs.commands["fail"]


def test_an_error_made_on_purpose_is_one_line() -> None:
    result = failing(SettingError("bars is 0, must be 1 to 10000"))
    assert result.exit_code == 1
    assert (result.stdout, result.stderr) == ("", "Error: bars is 0, must be 1 to 10000\n")


def test_a_defect_is_one_line_that_says_so() -> None:
    result = failing(ZeroDivisionError("division\nby zero"))
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: this is a defect in composer (ZeroDivisionError: division by zero); "
        "run 'composer --debug ...' for the traceback and report it\n"
    )


def test_debug_lets_the_traceback_through() -> None:
    for error in (ZeroDivisionError("x"), SettingError("x")):
        assert failing(error, "--debug").exception is error


def test_interruption_is_one_line_and_its_own_exit_code() -> None:
    result = failing(KeyboardInterrupt())
    assert result.exit_code == 130
    assert result.stderr == "Interrupted.\n"


def test_what_the_system_refuses_is_told_without_blaming_composer() -> None:
    result = failing(OSError(errno.EACCES, "Permission denied", "/music/x.mid"))
    assert result.exit_code == 1
    assert result.stderr == "Error: /music/x.mid: Permission denied\n"
    assert "not enough memory" in failing(MemoryError()).stderr


def test_usage_errors_exit_with_2() -> None:
    assert composer("generate").exit_code == 2
    assert composer("train", "--no-such-option").exit_code == 2


# What there is ----------------------------------------------------------------------------


def test_corpora_are_listed() -> None:
    result = composer("corpora", "list")
    assert result.exit_code == 0 and "pop909: " in result.stdout
    listed = json.loads(composer("corpora", "list", "--json").stdout)
    assert {"name", "licence", "url", "sha256"} <= set(listed[0])


def test_a_corpus_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = composer("corpora", "get", "pop99", "--to", str(tmp_path))
    assert result.exit_code == 1
    assert "did you mean pop909" in result.stderr and result.stderr.count("\n") == 1


def test_getting_a_corpus_prints_where_its_music_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from composer.corpora import catalogue as corpora

    monkeypatch.setattr(corpora, "get", lambda corpus, folder, progress: folder / corpus.name)
    result = composer("corpora", "get", "pop909", "--to", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    inside = corpora.find("pop909").inside
    assert result.stdout == f"{tmp_path / 'pop909' / inside}\n"


def test_models_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    from composer import models

    info = models.ModelInfo("tiny", Path("/m/tiny"), "2 x 16", 0.3, {"jsb": 6.5}, "Apache-2.0")
    monkeypatch.setattr(models, "installed", lambda: [info])
    assert composer("models").stdout.startswith("tiny: 2 x 16, 0.3 MB, Apache-2.0\n")
    listed = json.loads(composer("models", "--json").stdout)
    assert listed[0]["name"] == "tiny" and listed[0]["nats_per_note"] == {"jsb": 6.5}
