"""A zip or gzipped tar file to a folder: whole or absent, and never outside of it.

An archive of music holds plain files in folders. An archive that holds anything else (a
name that leads out of the folder, a link, a device, more bytes than a corpus has) is not what
it seems, and nothing of it is kept.

The rules are the same for both formats and on every system. Python's own `filter="data"` knows
tar only; it renames an absolute path where this refuses it, and counts neither bytes nor files.
"""

from __future__ import annotations

import logging
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile
from pathlib import Path, PurePosixPath
from typing import IO

from composer.errors import DownloadError

logger = logging.getLogger(__name__)

LARGEST = 20 << 30
"""Bytes an archive may unpack to, whatever it says about itself."""

MOST = 1_000_000
"""Files an archive may hold."""

CHUNK = 1 << 16

_Member = tuple[str, Callable[[], IO[bytes]]]
"""(Name in the archive, opener of its bytes) of a file; folders make themselves."""

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
)
"""What the standard library raises at bytes that are no archive."""


def unpack(archive: Path, target: Path, *, largest: int = LARGEST, most: int = MOST) -> None:
    """Unpack into a hidden folder beside `target`, then give it that name.

    Of two members of one name the first is kept: on a file system that ignores case, a
    good archive can hold such a pair.

    Args:
        archive: A file whose name ends in `.zip` or `.tar.gz`.
        target: The folder to make; must not be there.
        largest: Bytes all files together may have.
        most: How many files there may be.

    Raises:
        DownloadError: The archive is damaged or holds what no archive of music needs.
        OSError: The files cannot be written.
    """
    members = _zip_members if archive.name.endswith(".zip") else _tar_members
    discard_unfinished(target)
    aside = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    try:
        # Made inside, because what mkdtemp makes is closed to every other user.
        whole = aside / target.name
        whole.mkdir()
        room = largest
        for count, (name, opened) in enumerate(members(archive), start=1):
            if count > most:
                raise DownloadError(f"{archive.name} holds more than {most} files")
            path = _place(whole, name, archive)
            if path is None:
                continue
            room -= _write(opened, path, room)
            if room < 0:
                raise DownloadError(f"{archive.name} unpacks to more than {largest} bytes")
        whole.rename(target)
    except _DAMAGED as error:
        raise DownloadError(f"{archive.name} is damaged: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def discard_unfinished(target: Path) -> None:
    """Delete what an `unpack` to `target` left behind that was killed half-way."""
    for stale in target.parent.glob(_prefix(target) + "*"):
        shutil.rmtree(stale, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name}.unpacking-"


def _write(opened: Callable[[], IO[bytes]], path: Path, room: int) -> int:
    """Write a member's bytes, at most one chunk more than `room`; how many there were."""
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sink = path.open("xb")
    except (FileExistsError, NotADirectoryError):
        logger.warning("%s is in the archive twice; the first is kept", path.name)
        return 0
    with sink, opened() as source:
        while written <= room and (chunk := source.read(CHUNK)):
            sink.write(chunk)
            written += len(chunk)
    return written


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            # The upper half of external_attr is the Unix mode, 0 from other systems.
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise DownloadError(f"{archive.name} holds a link or device: {info.filename!r}")
            if info.flag_bits & 1:
                raise DownloadError(f"{archive.name} is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DownloadError(f"{archive.name} is packed in an unusual way")
            if not info.is_dir():
                yield info.filename, lambda info=info: opened.open(info)  # type: ignore[misc]


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive, "r:gz") as opened:
        for info in opened:
            if not (info.isreg() or info.isdir()):
                raise DownloadError(f"{archive.name} holds a link or device: {info.name!r}")
            if info.isreg():
                yield info.name, lambda info=info: _tar_stream(opened, info)  # type: ignore[misc]


def _tar_stream(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = opened.extractfile(info)
    assert stream is not None, "a regular member always has bytes"
    return stream


def _place(folder: Path, name: str, archive: Path) -> Path | None:
    """Where a member goes in `folder`; None if nobody needs it.

    Raises:
        DownloadError: Its name leads out of the folder on one system or another: it is
            absolute, or has `..`, a drive, a backslash or a zero character in it.
    """
    parts = PurePosixPath(name).parts
    if (
        not parts
        or name.startswith("/")
        or ".." in parts
        or re.match(r"[A-Za-z]:", name)
        or re.search(r"[\\\0]", name)
    ):
        raise DownloadError(f"{archive.name} holds the unsafe name {name!r}")
    if parts[0] == "__MACOSX":
        # The Finder's shadow files: they are called .mid too, and are not music.
        return None
    return folder.joinpath(*parts)
