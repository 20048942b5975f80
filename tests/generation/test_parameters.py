"""One table of parameters: command line, Settings, jams and documents say the same.

COMPOSER_WRITE_DOCS=1 writes the table in docs/generate.md anew.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import fields

import pytest
from click.testing import CliRunner
from guides import ROOT

from composer.cli.generate import generate
from composer.errors import SettingError
from composer.generation.parameters import PARAMETERS, Parameter
from composer.generation.settings import Settings
from composer.live.core import parameters as live
from composer.music.beat_grid import KINDS

GUIDE = ROOT / "docs" / "generate.md"
NUMBERS = [parameter for parameter in PARAMETERS.values() if parameter.kind is not str]
SHARED = [parameter for parameter in PARAMETERS.values() if parameter.live]


UNSAID = {
    "seconds": "none",
    "notes": "none",
    "rng_seed": "none",
    "profile": "none",
    "parts": "all",
    "form": "as planned",
    "chords": "as planned",
}
"""What holds where nothing is given; of all others it is what the seed has."""


def row(parameter: Parameter) -> str:
    default = parameter.default_text or UNSAID.get(parameter.name, "the seed's")
    cells = (f"`--{parameter.label}`", parameter.values, default, parameter.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def test_the_guide_has_the_table() -> None:
    rows = "".join(row(parameter) + "\n" for parameter in PARAMETERS.values())
    text = GUIDE.read_text(encoding="utf-8")
    if os.environ.get("COMPOSER_WRITE_DOCS"):
        text = re.sub(r"(?<=\|---\|---\|---\|---\|\n)(\|.*\n)*", lambda _: rows, text)
        GUIDE.write_text(text, encoding="utf-8", newline="\n")
    assert rows in text


def test_settings_are_the_parameters() -> None:
    assert {field.name for field in fields(Settings)} == set(PARAMETERS)
    assert PARAMETERS["grid"].choices == KINDS


def test_every_parameter_is_an_option_and_its_help_is_shown() -> None:
    shown = " ".join(CliRunner().invoke(generate, ["--help"]).output.split())
    options = {name for option in generate.params for name in option.opts}
    for parameter in PARAMETERS.values():
        assert f"--{parameter.label}" in options
        assert parameter.help.split(";")[0] in shown


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda parameter: parameter.name)
def test_a_number_is_taken_up_to_the_ends_of_its_range(parameter: Parameter) -> None:
    for value in (parameter.low, parameter.high):
        Settings(**{parameter.name: value})  # type: ignore[arg-type]
    below, beyond = math.nextafter(parameter.low, -1), parameter.high * 1.001 + 1
    for value in (below - (parameter.kind is int), beyond, math.nan, True):
        with pytest.raises(SettingError, match=rf"^{parameter.label} is .*, must be "):
            Settings(**{parameter.name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("parameter", SHARED, ids=lambda parameter: parameter.name)
def test_a_jam_takes_what_files_take(parameter: Parameter) -> None:
    jam = live.PARAMETERS[parameter.name]
    assert jam.text.startswith(parameter.help)
    if parameter.kind is str:
        assert jam.check(parameter.default) == parameter.default
        return
    for value in (parameter.low, parameter.high):
        values = live.Values()
        values.set(parameter.name, value)
        assert values.number(parameter.name) == value
        values.settings()
    with pytest.raises(SettingError):
        jam.check(parameter.high * 1.001 + 1)


def test_a_fader_covers_the_useful_part_of_a_range() -> None:
    temperature, recall = live.PARAMETERS["temperature"], live.PARAMETERS["recall"]
    assert [temperature.from_fader(share) for share in (0, 0.5, 1)] == [0.0, 1.0, 2.0]
    assert recall.from_fader(0.5) == 32
    assert live.PARAMETERS["bars"].from_fader(1) == 64


def test_one_take_is_drawn_with_more_care() -> None:
    assert Settings(takes=1).draw == (0.95, 0.97, 0.02)
    assert Settings(takes=2).draw == (1.0, 0.99, 0.01)
    assert Settings(takes=1, temperature=0.5).draw == (0.5, 0.97, 0.02)
