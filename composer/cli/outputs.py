"""Outputs: the files that a verb writes, seen to be free before any work is done."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from composer.errors import OutputError
from composer.formats.suffixes import SCORE_SUFFIXES

_OTHER_FORMATS: Final = frozenset({*SCORE_SUFFIXES, ".json", ".png", ".wav"})
"""Suffixes of files that are no MIDI files."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files of a verb that writes music, one of each kind for each variation.

    Attributes:
        midi: The music.
        plots: Pictures of it; none if not asked for.
        sounds: What it sounds like; none if not asked for.
    """

    midi: list[Path]
    plots: list[Path]
    sounds: list[Path]

    @classmethod
    def of(
        cls, midi: Path, plot: str | None, wav: str | None, variations: int, *, force: bool
    ) -> Outputs:
        """The names for so many variations, which are free.

        Raises:
            OutputError: They are not, or a suffix is that of another kind of file.
        """
        if midi.suffix.lower() in _OTHER_FORMATS:
            raise OutputError(
                f"{midi}: what is written is MIDI; let --out end in .mid"
                " ('composer batch' has other formats)"
            )
        for option, name, suffix in (("--plot", plot, ".png"), ("--wav", wav, ".wav")):
            if name is not None:
                check_suffix(option, Path(name), suffix)
        found = cls(
            _numbered(midi, variations),
            _numbered(Path(plot), variations) if plot else [],
            _numbered(Path(wav), variations) if wav else [],
        )
        check_free([*found.midi, *found.plots, *found.sounds], force)
        return found


def check_suffix(option: str, path: Path, suffix: str) -> None:
    """Refuse a name that says that a file is of another kind.

    Raises:
        OutputError: It does.
    """
    if path.suffix and path.suffix.lower() != suffix:
        raise OutputError(
            f"{path}: what {option} writes is no {path.suffix}; let it end in {suffix}"
        )


def check_free(paths: Sequence[Path], force: bool) -> None:
    """Refuse early what writing would refuse after the work is done.

    Raises:
        OutputError: A path is taken, named twice, or its folder is not there.
    """
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file")
        if path.exists() and not force:
            raise OutputError(f"{path} exists; give another name, or --force to replace it")
        if not path.parent.is_dir():
            raise OutputError(f"there is no folder {path.parent}; make it first")
    for name, times in Counter(map(os.path.abspath, paths)).items():
        if times > 1:
            raise OutputError(f"{name} is to be two files at once; give them different names")


def _numbered(path: Path, variations: int) -> list[Path]:
    """The path itself for one variation, else with -1, -2, ... before its suffix."""
    if variations == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number + 1}") for number in range(variations)]
