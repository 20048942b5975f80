"""Given music: what a request over HTTP brings to be played on from, read like any file.

Conventions:
    Music comes as `file` (base64, with its `name`), as `seed` (the name of one of the seeds
    that ship with composer), or as `notes` (`composer.web.notes_json`).
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.errors import SeedError
from composer.formats.music_file import read_music
from composer.formats.suffixes import MUSIC_SUFFIXES, split_tune
from composer.generation.seed_files import Seed
from composer.web.notes_json import MOST_NOTES, file_of, piece_of


def seed_of(content: Mapping[str, Any], seeds: Path) -> Seed:
    """The music of a request.

    Args:
        content: The request.
        seeds: Folder of the seeds that ship with composer.

    Raises:
        SeedError: There is none, or it cannot be read; the line has the name that was given.
    """
    given = [name for name in ("file", "seed", "notes") if content.get(name)]
    if len(given) != 1:
        raise SeedError("give the music once: as file, as seed, or as notes")
    if given == ["notes"]:
        piece = piece_of(content)
        return Seed(Path("notes"), file_of(piece), piece)
    if given == ["seed"]:
        names = seed_names(seeds)
        if content["seed"] not in names:
            raise SeedError(f"there is no such seed; there are {', '.join(names)}")
        return _read(seeds / str(content["seed"]), str(content["seed"]))
    name = Path(str(content.get("name") or "music.mid").replace("\\", "/")).name[:120]
    path, tune = split_tune(name)
    suffix = Path(path).suffix.lower()
    if suffix not in MUSIC_SUFFIXES:
        raise SeedError(f"{name} is no music file's name; end it in {' '.join(MUSIC_SUFFIXES)}")
    try:
        data = base64.b64decode(content["file"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise SeedError("file is not base64") from None
    # The readers read files. The name is composer's own, and the folder goes with the request.
    with tempfile.TemporaryDirectory(prefix="composer-") as folder:
        file = Path(folder) / f"music{suffix}"
        file.write_bytes(data)
        return _read(file, name, tune)


def seed_names(folder: Path) -> list[str]:
    """The seeds that ship with composer."""
    return sorted(path.name for path in folder.glob("*") if path.suffix in MUSIC_SUFFIXES)


def _read(path: Path, name: str, tune: str | None = None) -> Seed:
    try:
        read = read_music(f"{path}#{tune}" if tune else path)
    except SeedError as error:
        raise SeedError(str(error).replace(str(path), name)) from None
    if read.piece.note_count > MOST_NOTES:
        raise SeedError(f"{name} has {read.piece.note_count} notes, {MOST_NOTES} are the most")
    return Seed(Path(name), read.file, read.piece, read.remarks)
