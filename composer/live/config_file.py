"""Config file: `composer.toml`, how `composer serve` begins, and presets of parameters.

    [serve]                 options of `composer serve`, with underscores for hyphens
    tempo = 110

    [parameters]            parameters of docs/osc.md with which every session begins
    density = 4

    [presets."slow waltz"]  parameters that a page sets together
    metre = "3/4"

What a person wrote stays as it is: a preset that is kept or deleted moves its own lines only.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import platformdirs

from composer import files
from composer.errors import ComposerError, OutputError, SettingError
from composer.live.core.parameters import PARAMETERS, Value, find
from composer.user_folders import NAME as OWN

FILE: Final = "composer.toml"
LARGEST: Final = 1 << 18
"""Bytes of a config file."""
MOST_PRESETS: Final = 200
LONGEST_NAME: Final = 40
NOT_KEPT: Final = frozenset({"mirror", "play", "phrases", "sync", "channel_in", "channel_out"})
"""Parameters that say how a client is connected, not how it plays."""

Preset = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Config:
    """What stands in a config file.

    Attributes:
        serve: Options of `composer serve` and their values.
        parameters: Parameters with which every session begins.
        presets: Parameters by the preset's name.
    """

    serve: dict[str, Any] = field(default_factory=dict)
    parameters: Preset = field(default_factory=dict)
    presets: dict[str, Preset] = field(default_factory=dict)


def usual_path() -> Path:
    """Where it lies if no other file is named."""
    return platformdirs.user_config_path(OWN, appauthor=False) / FILE


def read(path: Path) -> Config:
    """Read a config file.

    Raises:
        SettingError: It is not there, no TOML, or has what cannot be set.
    """
    text = _text(path)
    shown = files.shown(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{shown}: {error}") from None
    odd = set(content) - {"serve", "parameters", "presets"}
    if odd:
        raise SettingError(f"{shown}: no table {min(odd)!r}; there are serve, parameters, presets")
    for name, value in content.items():
        if not isinstance(value, dict):
            raise SettingError(f"{shown}: {name} is no table; write [{name}]")
    try:
        presets = {name: check(rows) for name, rows in content.get("presets", {}).items()}
        return Config(content.get("serve", {}), check(content.get("parameters", {})), presets)
    except SettingError as error:
        raise SettingError(f"{shown}: {error}") from None


def presets(path: Path) -> dict[str, Preset]:
    """The presets of a config file; none if it is not there.

    Raises:
        SettingError: It cannot be read.
    """
    return read(path).presets if path.exists() else {}


def check(rows: object) -> Preset:
    """Parameters and values that can be set.

    Raises:
        SettingError: One of them cannot.
    """
    if not isinstance(rows, Mapping):
        raise SettingError("parameters are names and values")
    if len(rows) > len(PARAMETERS):
        raise SettingError(f"there are {len(PARAMETERS)} parameters, {len(rows)} are too many")
    made: Preset = {}
    for name, value in rows.items():
        parameter = find(name)
        made[parameter.name] = parameter.check(value)
    return made


def keep(path: Path, name: str, preset: object) -> Preset:
    """Write a preset into a config file, which is made if there is none.

    Raises:
        SettingError: The name or a value is none, or the file cannot be read.
        OutputError: It cannot be written.
    """
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name.strip()) <= LONGEST_NAME):
        raise SettingError(f"a preset's name has 1 to {LONGEST_NAME} characters")
    rows = {key: value for key, value in check(preset).items() if key not in NOT_KEPT}
    if not rows:
        raise SettingError("a preset has a parameter at least")
    known = presets(path)
    if name not in known and len(known) >= MOST_PRESETS:
        raise SettingError(f"{MOST_PRESETS} presets are kept at most; delete one")
    text = _without(_text(path) if path.exists() else "", name)
    lines = [f"{key} = {_toml(value)}" for key, value in rows.items()]
    table = "\n".join([f"[presets.{_toml(name)}]", *lines, ""])
    _write(path, f"{text.rstrip()}\n\n{table}".lstrip(), {**known, name: rows})
    return rows


def delete(path: Path, name: str) -> None:
    """Take a preset out of a config file.

    Raises:
        SettingError: There is none of that name, or the file cannot be read.
        OutputError: It cannot be written.
    """
    known = presets(path)
    if name not in known:
        raise SettingError(f"there is no preset {name[:LONGEST_NAME]!r}")
    left = {key: value for key, value in known.items() if key != name}
    _write(path, _without(_text(path), name).rstrip() + "\n", left)


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise SettingError(f"{files.shown(path)} is larger than {LARGEST >> 10} KB")
        return data.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = files.reason(error)
        raise SettingError(f"{files.shown(path)} cannot be read: {reason}") from None


def _write(path: Path, text: str, expected: dict[str, Preset]) -> None:
    """Write the file, if it says then what it is to say."""
    try:
        says = {n: check(r) for n, r in tomllib.loads(text).get("presets", {}).items()}
    except (tomllib.TOMLDecodeError, ComposerError):
        says = {}
    if says != expected:
        shown = files.shown(path)
        raise OutputError(f"{shown} is written in a way that composer cannot add to; edit it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = files.reason(error)
        raise OutputError(f"{files.shown(path.parent)} cannot be made: {reason}") from None
    files.write(text.encode(), path, force=True)


def _without(text: str, name: str) -> str:
    """A config file's text without the lines of a preset."""
    kept, inside = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("["):
            inside = _named(line) == name
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def _named(line: str) -> str | None:
    """The preset whose table a line begins, None if it is none."""
    if re.match(r"\s*\[presets\.", line) is None:
        return None
    try:
        [name] = tomllib.loads(line)["presets"]
    except (tomllib.TOMLDecodeError, ValueError, KeyError):
        return None
    return str(name)


def _toml(value: Value) -> str:
    """A text or a number as TOML writes it: a text as JSON does."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(int(value)) if float(value).is_integer() else repr(float(value))
