"""Given music: what a request over HTTP brings to be played on from, read like any file.

Conventions:
    Music comes as `file` (base64, with its `name`), as `seed` (the name of one of the seeds
    that ship with composer), or as `notes` (`composer.web.notes_json`).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from composer.errors import ComposerError, SeedError
from composer.formats.music_file import read_music
from composer.formats.suffixes import MUSIC_SUFFIXES, is_music, split_tune
from composer.generation.seed_files import Seed
from composer.web.notes_json import MOST_NOTES, file_of, piece_of


@contextlib.contextmanager
def given_music(content: Mapping[str, Any], seeds: Path) -> Iterator[Seed]:
    """The music of a request, whose file is there as long as the request is done.

    Args:
        content: The request.
        seeds: Folder of the seeds that ship with composer.

    Raises:
        SeedError: There is none, or it cannot be read; the line has the name that was given,
            and so have lines of errors that come of it.
    """
    given = [name for name in ("file", "seed", "notes") if content.get(name)]
    # Alone, an empty one is what was meant, and is refused as such.
    given = given or [name for name in ("file", "notes") if content.get(name) is not None]
    if len(given) != 1:
        raise SeedError("give the music once: as file, as seed, or as notes")
    name = name_of(content)
    if given == ["notes"]:
        piece = piece_of(content)
        yield Seed(Path(name), file_of(piece), piece)
    elif given == ["seed"]:
        names = seed_names(seeds)
        if content["seed"] not in names:
            raise SeedError(f"there is no such seed; there are {', '.join(names)}")
        yield from _read(seeds / name, name)
    else:
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
            yield from _read(file, name, tune)


def name_of(content: Mapping[str, Any]) -> str:
    """What the music of a request is called: a file's name, without folders."""
    if content.get("notes"):
        return "notes"
    given = content.get("seed") or content.get("name") or "music.mid"
    return Path(str(given).replace("\\", "/")).name[:120]


def seed_names(folder: Path) -> list[str]:
    """The seeds that ship with composer."""
    return sorted(path.name for path in folder.glob("*") if is_music(path))


def _read(path: Path, name: str, tune: str | None = None) -> Iterator[Seed]:
    try:
        read = read_music(f"{path}#{tune}" if tune else path)
        if read.piece.note_count > MOST_NOTES:
            raise SeedError(f"{name} has {read.piece.note_count} notes, {MOST_NOTES} are the most")
        yield Seed(path, read.file, read.piece, read.remarks)
    except ComposerError as error:
        raise type(error)(str(error).replace(str(path), name)) from None
