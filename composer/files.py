"""Files that are whole or absent: written beside their place, then given their name."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from composer.errors import OutputError

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Error numbers by which a system says that there is no room left."""

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


def write(data: bytes, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a file, whole or not at all.

    Raises:
        OutputError: As `whole`.
    """
    with whole(path, force=force) as stream:
        stream.write(data)


@contextmanager
def whole(path: str | os.PathLike[str], *, force: bool = False) -> Iterator[IO[bytes]]:
    """A file to be written, which gets its name when the block ends well, else is gone.

    Args:
        path: Where to.
        force: Replace what is there.

    Raises:
        OutputError: Something is there and `force` is not set, the folder is missing or
            may not be written to, or the disk is full; one line that names the file.
            Errors of the system that the block itself raises are told the same way.
    """
    target, name = Path(path), shown(path)
    try:
        if target.is_dir():
            raise OutputError(f"{name} is a folder; give the file a name")
        if not target.parent.is_dir():
            raise OutputError(f"the folder {shown(target.parent)} does not exist; make it first")
        if not force and os.path.lexists(target):
            raise FileExistsError
        # A short name of its own, because the target's may be as long as names can be.
        beside = target.with_name(f".composer-{secrets.token_hex(6)}.tmp")
        try:
            with open(beside, "xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if force:
                os.replace(beside, target)
            else:
                _move_to_free_name(beside, target)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    except FileExistsError:
        raise OutputError(f"{name} exists; choose another name or use --force") from None
    except PermissionError:
        raise OutputError(f"{name} may not be written; check the folder's permissions") from None
    except OSError as error:
        if error.errno in FULL:
            raise OutputError(
                f"{name} cannot be written: the disk is full; make room or choose another place"
            ) from error
        raise OutputError(f"{name} cannot be written: {reason(error)}") from error
    except ValueError as error:
        if "\0" not in os.fspath(path):  # what Python says of such a path is a ValueError
            raise
        raise OutputError(f"{name} cannot be written: {reason(error)}") from error


def shown(path: str | os.PathLike[str]) -> str:
    """A path on one line: control characters and undecodable bytes escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in os.fspath(path)
    )


def reason(error: Exception) -> str:
    """What the system says is wrong, on one line, without the path that is named already."""
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__


def _move_to_free_name(beside: Path, target: Path) -> None:
    """Give a file a name that must not be taken, even by someone who is just as quick."""
    try:
        os.link(beside, target)  # fails if there is one, unlike rename
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links (FAT, some network shares): take the name with an
        # empty file, then replace that.
        with open(target, "xb"):
            pass
        try:
            os.replace(beside, target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
