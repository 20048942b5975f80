"""Settings as JSON: a request's settings, from the one table of parameters.

Conventions:
    Names are those of `composer.generation.parameters`; hyphens count as underscores.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Container, Mapping
from typing import Any, Final

from composer.errors import SettingError
from composer.generation.parameters import PARAMETERS, Parameter, pitch_range_in
from composer.generation.part_names import names_in
from composer.generation.settings import Settings

MOST: Final = {"bars": 128, "seconds": 300, "notes": 5000, "takes": 64}
"""What one request may ask for at most, where that is less than on the command line."""
LONGEST: Final = {"plan": 200_000, "chords": 5_000, "profile": 200_000}
"""Characters of a text, of those that may be longer than a name. They are a plan's, a chart's or a
profile's own text: over HTTP no name of a file is ever taken for the file."""
LONGEST_NAME: Final = 80
TAKES: Final = 8
"""How often each bar is tried if a request does not say."""


def settings_of(given: Mapping[str, Any], without: Container[str] = ()) -> Settings:
    """Settings from names and values.

    Args:
        given: What a request says.
        without: Names of settings that it cannot have.

    Raises:
        SettingError: A name or a value is none.
    """
    values: dict[str, Any] = {"takes": TAKES, "rng_seed": secrets.randbelow(1_000_000)}
    for name, value in given.items():
        parameter = PARAMETERS.get(str(name).replace("-", "_"))
        if parameter is None or parameter.name in without:
            known = ", ".join(one for one in PARAMETERS if one not in without)
            raise SettingError(f"no setting {str(name)[:40]!r}; there are {known}")
        if value is not None and value != "":
            values[parameter.name] = _value(parameter, value)
    for name, most in MOST.items():
        if (values.get(name) or 0) > most:
            raise SettingError(f"{name} is {values[name]}, a request may ask for {most} at most")
    return Settings(**values)


def schema() -> dict[str, Any]:
    """The settings as a JSON schema."""
    return {
        "type": "object",
        "properties": {name: _schema(parameter) for name, parameter in PARAMETERS.items()},
    }


def _value(parameter: Parameter, value: Any) -> Any:
    """A value as `Settings` has it; what is out of range is found there."""
    if parameter.name == "pitch_range":
        return pitch_range_in(value)
    if parameter.many or parameter.name == "parts":
        return tuple(name[:LONGEST_NAME] for name in names_in(value))[:64]
    if parameter.name in ("plan", "profile") and isinstance(value, dict):
        value = json.dumps(value)
    if parameter.kind is str:
        most = LONGEST.get(parameter.name, LONGEST_NAME)
        if not isinstance(value, str) or len(value) > most:
            raise SettingError(f"{parameter.label} is a text of {most} characters at most")
        return value
    if isinstance(value, bool):
        raise SettingError(f"{parameter.label} is {value}, must be a number")
    try:
        number = float(value)
        return int(number) if parameter.kind is int else number
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"{parameter.label} is {str(value)[:20]!r}, must be a number") from None


def _schema(parameter: Parameter) -> dict[str, Any]:
    content: dict[str, Any] = {"description": parameter.help}
    if parameter.kind is str:
        content["type"] = "string"
        if parameter.choices:
            content["enum"] = list(parameter.choices)
    else:
        content["type"] = "integer" if parameter.kind is int else "number"
        content["minimum"] = parameter.low
        content["maximum"] = min(parameter.high, MOST.get(parameter.name, parameter.high))
    if parameter.default is not None:
        content["default"] = TAKES if parameter.name == "takes" else parameter.default
    return content
