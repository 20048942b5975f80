"""The folder of seeds: which there are, in what order, and with which settings.

Beside the seeds, in any folder, a `settings.csv` or `settings.jsonl` may change settings
for single files:

    file,bars,temperature,key        {"file": "a.mid", "bars": 4}
    a.mid,4,,                        {"file": "drums/*.mid", "density": 2}
    drums/*.mid,,1.1,off

A column `task` says what is written of a file, if it is not to be continued: fill, arrange, vary
or loop, with `bars` such as 9-12, `add`, `strength`, `keep` and `crossing` where it takes them.

A name is relative to the folder of the table and may hold the signs * ? [ ]; later lines
win over earlier ones and deeper folders over shallower ones.

Conventions:
    Names of seeds are relative to the folder, with "/" between parts.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from composer import files, spreadsheet
from composer.batch.jobs import CONTINUING
from composer.errors import SeedError, SettingError
from composer.formats.suffixes import is_music
from composer.generation.parameters import pitch_range_in
from composer.generation.part_names import names_in
from composer.generation.settings import Settings
from composer.inside.writing import INSIDE, Writing, parse_bars

TABLES = ("settings.csv", "settings.jsonl")
_LENGTHS = ("bars", "seconds", "notes")
_WHOLE = ("bars", "notes", "recall", "rng_seed", "takes")
_REAL = ("seconds", "temperature", "top_p", "min_p", "density")
_NAMES = tuple(f.name for f in fields(Settings))
_WRITING = tuple(f.name for f in fields(Writing))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table of settings.

    Attributes:
        pattern: Of names of seeds, from the folder of all seeds.
        values: Settings it changes.
        writing: What it changes of what is written.
        bars: As it has them: how many, or, of what is written inside a piece, which; "" for none.
        place: Table and line, for messages.
        error: What is wrong with it: the seeds it names cannot be made.
    """

    pattern: str
    values: dict[str, Any]
    place: str
    error: str | None = None
    writing: dict[str, Any] = field(default_factory=dict)
    bars: str = ""


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A seed in the folder.

    Attributes:
        name: Relative to the folder.
        path: To open it.
        stem: Its name without the suffix; with it, where that alone tells it from others.
        rows: Lines of tables that are about it.
    """

    name: str
    path: str
    stem: str
    rows: tuple[Row, ...] = ()

    def settings(self, base: Settings, writing: Writing = CONTINUING) -> Settings:
        """Its own settings, from the run's.

        Args:
            base: The run's.
            writing: What is to be written of it.

        Raises:
            SettingError: A line about it is wrong.
        """
        settings = base
        for row in self.rows:
            if row.error is not None:
                raise SettingError(f"{row.place}: {row.error}")
            values = dict(row.values)
            if row.bars.isdecimal() and not writing.writes_inside:
                values["bars"] = int(row.bars)
            if any(name in values for name in _LENGTHS):
                values = dict.fromkeys(_LENGTHS) | values
            try:
                settings = replace(settings, **values)
            except (SettingError, TypeError, ValueError) as error:
                raise SettingError(f"{row.place}: {error}") from None
        return settings

    def writing(self, base: Writing) -> Writing:
        """What is to be written of it, from the run's.

        Raises:
            SettingError: A line about it is wrong.
        """
        values = {each.name: getattr(base, each.name) for each in fields(Writing)}
        place, bars = "", ""
        for row in self.rows:
            if "task" in row.writing:
                values, bars = {}, ""
            if row.writing or row.bars:
                values, place, bars = values | row.writing, row.place, row.bars or bars
        try:
            if bars and (values.get("task") in INSIDE or not bars.isdecimal()):
                values["bars"] = parse_bars(bars)
            return Writing(**values)
        except SettingError as error:
            raise SettingError(f"{place}: {error}" if place else str(error)) from None


@dataclass
class SeedFolder:
    """All seeds below a folder.

    Attributes:
        root: The folder.
        without: A folder in it that is passed over: the outputs may lie there.
        unused: Lines of tables that no seed was found for, after `walk` has ended.
    """

    root: Path
    without: Path | None = None
    unused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            what = "is not a folder" if self.root.exists() else "does not exist"
            raise SeedError(f"{self.root} {what}; give the folder that the seeds lie in")
        if self.without is not None and self.without.resolve() == self.root.resolve():
            raise SettingError(
                f"{self.root} is both seeds and output; give the output a folder of its own"
            )

    def walk(self) -> Iterator[SeedFile]:
        """Yield seeds one by one, in an order that depends on their names alone.

        Raises:
            SettingError: A table cannot be read.
            SeedError: A folder cannot be read.
        """
        self.unused.clear()
        yield from self._walk(self.root, "", (), ())

    def count(self) -> int:
        """How many seeds there are."""
        return sum(1 for _ in self.walk())

    def _walk(
        self, folder: Path, prefix: str, rows: tuple[Row, ...], above: tuple[Path, ...]
    ) -> Iterator[SeedFile]:
        above = (*above, folder.resolve())
        try:
            with os.scandir(folder) as listed:
                entries = sorted((entry.name, entry.is_dir()) for entry in listed)
        except OSError as error:
            raise SeedError(f"{folder} cannot be read: {error.strerror}") from error
        names = [name for name, _ in entries]
        own = tuple(row for t in TABLES if t in names for row in read_table(folder / t, prefix))
        rows += own
        used: set[str] = set()
        seeds = [name for name, deeper in entries if not deeper and is_seed(name)]
        # Names that differ in case alone are one on some systems, and outputs must not clash.
        stems = Counter(PurePosixPath(name).stem.casefold() for name in seeds)
        for name, deeper in entries:
            path = folder / name
            if deeper:
                # A link to a folder that it lies in would lead round for ever.
                if name.startswith(".") or self._is_without(path) or path.resolve() in above:
                    continue
                for found in self._walk(path, f"{prefix}{name}/", rows, above):
                    used.update(row.place for row in found.rows)
                    yield found
            elif is_seed(name):
                stem = PurePosixPath(name).stem
                if stems[stem.casefold()] > 1:
                    stem = name
                full = prefix + name
                about = tuple(row for row in rows if fnmatchcase(full, row.pattern))
                used.update(row.place for row in about)
                yield SeedFile(full, str(path), stem, about)
        self.unused += [row.place for row in own if row.place not in used]

    def _is_without(self, path: Path) -> bool:
        return self.without is not None and path.resolve() == self.without.resolve()


def is_seed(name: str) -> bool:
    """Whether a file's name is that of music."""
    return not name.startswith(".") and is_music(name)


def digest_of(path: str) -> str | None:
    """The sha256 of a file, None if it cannot be read."""
    try:
        if not os.path.isfile(path):  # opening a named pipe would wait for ever
            return None
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def read_table(path: Path, prefix: str = "") -> list[Row]:
    """Read a table of settings.

    Args:
        path: Of a .csv or .jsonl file.
        prefix: Name of its folder among the seeds, "" or ending in "/".

    Raises:
        SettingError: It cannot be read, or has a column that is no setting. What is wrong
            with single values stands in their rows.
    """
    shown = f"{prefix}{path.name}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingError(f"{shown} is not text in UTF-8; save it as 'CSV UTF-8'") from None
    except OSError as error:
        raise SettingError(f"{shown} cannot be read: {files.reason(error)}") from None
    return [
        _row(values, f"{shown} line {line}", prefix)
        for line, values in (_csv(text, shown) if path.suffix == ".csv" else _jsonl(text, shown))
    ]


def _csv(text: str, shown: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = spreadsheet.lines_of(text)
    try:
        for values in reader:
            if None in values:
                raise SettingError(f"{shown} line {reader.line_num} has more cells than the first")
            # An empty cell changes nothing.
            yield reader.line_num, {k: v.strip() for k, v in values.items() if v and v.strip()}
    except csv.Error as error:
        raise SettingError(f"{shown} line {reader.line_num}: {error}") from None


def _jsonl(text: str, shown: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            raise SettingError(f"{shown} line {number} is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise SettingError(f"{shown} line {number} is not a JSON object in braces")
        yield number, {name: value for name, value in values.items() if value is not None}


def _row(values: dict[str, Any], place: str, prefix: str) -> Row:
    values = {name.strip().replace("-", "_"): value for name, value in values.items()}
    pattern = values.pop("file", None)
    if not isinstance(pattern, str) or not pattern:
        raise SettingError(f"{place} names no file; the first column must be called file")
    known = (*_NAMES, *(name for name in _WRITING if name not in _NAMES))
    unknown = [name for name in values if name not in known]
    if unknown:
        raise SettingError(
            f"{place}: there is no setting {unknown[0]!r}; there are {', '.join(known)}"
        )
    pattern = prefix.replace("[", "[[]") + pattern
    try:
        bars = values.pop("bars", "")
        bars = f"{bars:g}" if isinstance(bars, float) else str(bars).strip()
        if bars:
            parse_bars(bars)
        inside = [name for name in values if name in _WRITING]
        return Row(
            pattern,
            {name: _value(name, v) for name, v in values.items() if name not in inside},
            place,
            writing={name: _writing_value(name, values[name]) for name in inside},
            bars=bars,
        )
    except (SettingError, ValueError, TypeError) as error:
        return Row(pattern, {}, place, str(error))


def _value(name: str, value: Any) -> Any:
    """A setting from what a table holds: text, or a value of JSON.

    Raises:
        ValueError: It is of another kind.
    """
    try:
        if name in _WHOLE:
            number = float(value)
            if number != int(number) or isinstance(value, bool):
                raise ValueError
            return int(value) if isinstance(value, str) else int(number)
        if name in _REAL:
            return spreadsheet.number_in(value) if isinstance(value, str) else float(value)
        if name in ("parts", "drums", "no_drums"):
            return names_in(value)
        if name == "pitch_range":
            return pitch_range_in(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{name} is {value!r}, which cannot be read") from None
    return str(value)


def _writing_value(name: str, value: Any) -> Any:
    """What is to be written from what a table holds.

    Raises:
        SettingError: It is of another kind.
    """
    if name == "add":
        return names_in(value)
    if name == "strength":
        try:
            return spreadsheet.number_in(value) if isinstance(value, str) else float(value)
        except (TypeError, ValueError):
            raise SettingError(f"strength is {value!r}, must be 0 to 1") from None
    if name == "crossing":
        return str(value).strip().lower() in ("1", "true", "yes")
    return str(value)
