"""composer.toml: options, parameters and presets, and what a person wrote left alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from composer.errors import OutputError, SettingError
from composer.live.config_file import delete, keep, presets, read

WRITTEN = """# How I play.
[serve]
tempo = 96  # a bit slow

[presets.mine]
density = 2

# Of Sundays.
[presets."slow waltz"]
metre = "3/4"
"""


def test_options_parameters_and_presets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "composer.toml"
    path.write_text(WRITTEN + '\n[parameters]\nkey = "C:minor"\n', encoding="utf-8")
    config = read(path)
    assert config.serve == {"tempo": 96}
    assert config.parameters == {"key": "C:minor"}
    assert config.presets == {"mine": {"density": 2.0}, "slow waltz": {"metre": "3/4"}}


def test_a_preset_that_is_kept_moves_its_own_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "composer.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    keep(path, "mine", {"temperature": 1.25, "bars": 4})
    text = path.read_text(encoding="utf-8")
    assert "# How I play." in text and "tempo = 96  # a bit slow" in text and '"3/4"' in text
    assert presets(path) == {
        "mine": {"temperature": 1.25, "bars": 4.0},
        "slow waltz": {"metre": "3/4"},
    }
    delete(path, "mine")
    assert list(presets(path)) == ["slow waltz"] and "[serve]" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["a", "a.b", 'say "x"', "[x]", "é 日", "a = 1", "\\", "#"])
def test_a_preset_of_any_name_comes_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new" / "composer.toml"
    keep(path, name, {"loudness": 0.5})
    keep(path, name, {"loudness": 0.75, "band": "bass drums"})
    assert presets(path) == {name: {"loudness": 0.75, "band": "bass drums"}}
    delete(path, name)
    assert presets(path) == {}


@pytest.mark.parametrize(
    ("name", "preset", "line"),
    [
        ("", {"density": 1}, "a preset's name has 1 to 40"),
        ("a\nb", {"density": 1}, "a preset's name has 1 to 40"),
        ("x" * 41, {"density": 1}, "a preset's name has 1 to 40"),
        ("x", {}, "a preset has a parameter at least"),
        ("x", [], "parameters are names and values"),
        ("x", {"colour": 1}, "no parameter 'colour'"),
        ("x", {"density": 1000}, "density is 1000, must be 0 to 100"),
    ],
)
def test_a_preset_that_is_none_is_refused(
    tmp_path: Path, name: str, preset: object, line: str
) -> None:
    with pytest.raises(SettingError, match=line):
        keep(tmp_path / "composer.toml", name, preset)
    assert not (tmp_path / "composer.toml").exists()


def test_a_file_written_in_another_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "composer.toml"
    path.write_text("presets = {mine = {density = 2}}\n", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot add to"):
        keep(path, "other", {"density": 3})
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"presets": {"mine": {"density": 2}}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[serve\n", "composer.toml: "),
        ("[sreve]\n", "no table 'sreve'"),
        ("serve = 1\n", "serve is no table"),
        ("[parameters]\nmood = 1\n", "no parameter 'mood'"),
        ("[serve]\ntempi = 1\n", "'composer serve' has no option 'tempi'"),
        ("[serve]\ntempo = 1000\n", "1000"),
    ],
)
def test_serve_refuses_a_config_file_in_a_line(tmp_path: Path, text: str, line: str) -> None:
    from composer.cli.main import verbs

    path = tmp_path / "composer.toml"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(verbs, ["serve", "--config", str(path)])
    assert done.exit_code in (1, 2) and line in done.output


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("density", "is not NAME=VALUE"),
        ("mood=1", "no parameter 'mood'"),
        ("density=1000", "must be 0 to 100"),
    ],
)
def test_a_parameter_that_is_none_is_refused_at_the_start(given: str, line: str) -> None:
    from composer.cli.main import verbs

    done = CliRunner().invoke(verbs, ["serve", "--set", given])
    assert done.exit_code in (1, 2) and line in done.output
