"""Compressed MusicXML (.mxl): the score that the archive's container.xml names.

After https://www.w3.org/2021/06/musicxml40/tutorial/compressed-mxl-files/.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

_CONTAINER: Final = "META-INF/container.xml"
_NO_SCORE: Final = frozenset(("META-INF", "__MACOSX"))
_SUFFIXES: Final = (".musicxml", ".xml")


def read_mxl(path: Path) -> bytes:
    """The MusicXML document in an archive.

    The first root file of container.xml is the score; others are pictures or sound of it.
    Without a container that can be read it is the score that lies least deep.

    Raises:
        ValueError: There is no score in it, or it cannot be unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = _root_file(archive) or _likely_score(archive)
            if name is None:
                raise ValueError("there is no score in the archive")
            return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError("the archive cannot be unpacked") from error


def _root_file(archive: zipfile.ZipFile) -> str | None:
    """The entry that container.xml names, if it is there."""
    names = {_plain(name): name for name in archive.namelist()}
    try:
        root = ET.fromstring(archive.read(_CONTAINER))
    except (KeyError, ET.ParseError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag.rpartition("}")[2] != "rootfile":
            continue
        kind = element.get("media-type", "")
        if not kind or "musicxml" in kind:
            found = names.get(_plain(element.get("full-path", "")))
            if found is not None:
                return found
    return None


def _plain(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./").lstrip("/")


def _likely_score(archive: zipfile.ZipFile) -> str | None:
    paths = [PurePosixPath(_plain(name)) for name in archive.namelist()]
    named = dict(zip(paths, archive.namelist(), strict=True))
    scores = [
        path
        for path in named
        if path.suffix.lower() in _SUFFIXES
        and not path.name.startswith(".")
        and not _NO_SCORE.intersection(path.parts)
    ]
    scores.sort(key=lambda path: len(path.parts))
    return named[scores[0]] if scores else None
