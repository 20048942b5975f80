"""Jobs: what a batch is to make, the tasks it is divided into, and their results.

These are values of plain data, so that they can be sent to another process or machine.

Conventions:
    Names of seeds and outputs are relative to their folders, with "/" between parts.
    Variations are numbered from 0 as in `composer.generation.generate`; in file names and in the
    manifest they are numbered from 1.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from composer.errors import SettingError
from composer.generation.settings import Settings
from composer.inside.writing import Writing

FORMATS = ("mid", "musicxml", "json", "png", "wav")
"""Kinds of file a continuation can be written as; "json" holds its events."""
FIELDS = ("stem", "variation", "key", "bpm", "seed")
"""What a pattern may name."""
PATTERN = "{stem}-{variation}.mid"
BATCH_SIZE = 128
"""Streams in one step of the network by default: 64 are a tenth slower on a CPU, and more are
no faster."""
TASK_VARIATIONS = 64
"""Variations of one seed in one task at most, where they need not be compared."""

CONTINUING = Writing()
"""What a batch writes unless it is told otherwise."""

_SPEC = re.compile(r"0?\d?")


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """What every task of a batch has in common.

    Attributes:
        variations: Continuations of each seed; candidates, if the best are selected.
        best: How many of them are kept; None keeps all without comparing them.
        pattern: Names of the outputs; its suffix is the first format.
        also: Further formats.
        continuation_only: Leave the seed out of the files.
        batch_size: Streams in one step of the network.
        soundfont: SoundFont file for WAV; None looks where packages install one.
        model: Name and sha256 of the model, for the manifest.
        device: "cpu" or "gpu", which the network runs on and which differ in the music they make.

    Raises:
        SettingError: A value is out of range, or names would not be unique.
    """

    variations: int = 1
    best: int | None = None
    pattern: str = PATTERN
    also: tuple[str, ...] = ()
    continuation_only: bool = False
    batch_size: int = BATCH_SIZE
    soundfont: str | None = None
    model: tuple[str, str] = ("", "")
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 1 <= self.variations <= 100_000:
            raise SettingError(f"variations is {self.variations}, must be 1 to 100000")
        if self.best is not None and not 1 <= self.best <= self.variations:
            raise SettingError(
                f"best is {self.best}, must be 1 to the number of variations, {self.variations}"
            )
        if not 1 <= self.batch_size <= 4096:
            raise SettingError(f"batch size is {self.batch_size}, must be 1 to 4096")
        check_pattern(self.pattern, many=self.variations > 1)
        for name in self.also:
            if name not in FORMATS:
                raise SettingError(f"format is {name!r}, must be one of {', '.join(FORMATS)}")

    @property
    def formats(self) -> tuple[str, ...]:
        """All formats, the pattern's first."""
        first = PurePosixPath(self.pattern).suffix[1:].lower()
        return (first, *dict.fromkeys(name for name in self.also if name != first))

    @property
    def kept(self) -> int:
        """Most continuations that are written for one seed."""
        return self.best or self.variations

    def mark(self, settings: Settings, writing: Writing = CONTINUING) -> str:
        """A short digest of everything that outputs depend on besides the seed.

        Two runs with the same mark write the same files from the same seed. (The number of
        variations matters only where they are compared.)
        """
        compared = (self.variations, self.best) if self.best is not None else None
        facts = [settings.as_dict(), self.model[1], self.device, self.pattern, self.formats,
                self.continuation_only, self.soundfont, compared]  # fmt: skip
        if writing != CONTINUING:
            facts.append(asdict(writing))
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Task:
    """Some continuations of one seed.

    Attributes:
        seed: Name of the seed.
        path: Of its file.
        stem: Value of `{stem}` in the pattern.
        settings: Of this seed.
        variations: Their numbers; all candidates, if the best are selected.
        data: Bytes of the file, for a machine that cannot open `path`.
        writing: What is to be written.
    """

    seed: str
    path: str
    stem: str
    settings: Settings
    variations: tuple[int, ...]
    data: bytes | None = None
    writing: Writing = CONTINUING


@dataclass(frozen=True, slots=True)
class Result:
    """One continuation, or a failure.

    Attributes:
        task: Number of its task.
        record: Its line in the manifest.
        files: (name of an output, its bytes); the first belongs to the record's
            "output". Empty for a failure.
        last: Whether it is the last result of its task.
    """

    task: int
    record: dict[str, Any]
    files: tuple[tuple[str, bytes], ...] = ()
    last: bool = False


def check_pattern(pattern: str, *, many: bool) -> None:
    """Refuse a pattern under which two outputs could get one name.

    Args:
        pattern: For example "{stem}-{variation:03}.mid".
        many: Whether seeds have more than one variation.

    Raises:
        SettingError: It is not a relative path with a known suffix, names an unknown
            field, misses one that is needed, or sets two without anything between them.
    """

    def refuse(reason: str) -> SettingError:
        return SettingError(f"pattern {pattern!r} {reason}")

    try:
        pieces = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise refuse(f"cannot be read: {error}") from None
    names = [name for _, name, _, _ in pieces if name is not None]
    for literal, name, spec, conversion in pieces:
        if name is None:
            continue
        if name not in FIELDS:
            raise refuse(f"names {{{name}}}; it may name {', '.join(FIELDS)}")
        numeric = name in ("variation", "bpm", "seed")
        if conversion or (spec and not (numeric and _SPEC.fullmatch(spec))):
            raise refuse(f"has a format at {{{name}}} other than a width such as :03")
        if name != names[0] and (not literal or literal[-1].isalnum()):
            raise refuse(f"needs a sign such as - before {{{name}}}, or names would run together")
    if "stem" not in names:
        raise refuse("needs {stem}, or seeds would get one name")
    if many and "variation" not in names:
        raise refuse("needs {variation}, or variations would get one name")
    if len(set(names)) < len(names):
        raise refuse("names a field twice")
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern or "\0" in pattern:
        raise refuse("must stay inside the output folder")
    if path.suffix[1:].lower() not in FORMATS:
        raise refuse(f"must end in one of .{', .'.join(FORMATS)}")
