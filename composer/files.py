"""Files that are whole or absent: written beside their place, then given their name."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

from composer.errors import OutputError

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Error numbers by which a system says that there is no room left."""

Begin = Callable[[str | os.PathLike[str]], AbstractContextManager[IO[bytes]]]

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
    with together(force=force) as begin, begin(path) as stream:
        yield stream


@contextmanager
def together(*, force: bool = False) -> Iterator[Begin]:
    """Files that get their names when the block ends well, else are gone, all of them.

    Args:
        force: Replace what is there.

    Yields:
        What begins a file: called with its path, a context with the file to write to.

    Raises:
        OutputError: As `whole`.
    """
    written: list[tuple[Path, str | os.PathLike[str]]] = []
    named: list[tuple[Path, Path | None]] = []  # who has its name, and what had it before

    @contextmanager
    def begin(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
        with _told(path):
            _check(path, force)
            # A short name of its own, because the target's may be as long as names can be.
            beside = Path(path).with_name(f".composer-{secrets.token_hex(6)}.tmp")
            written.append((beside, path))
            with open(beside, "xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())

    try:
        yield begin
        for beside, path in written:
            with _told(path):
                before = _kept(Path(path)) if force else None
                if before is not None:
                    named.append((Path(path), before))
                if force:
                    os.replace(beside, path)
                else:
                    _move_to_free_name(beside, Path(path))
                if before is None:
                    named.append((Path(path), None))
    except BaseException:
        for target, before in reversed(named):
            with suppress(OSError):
                if before is None:
                    target.unlink()
                else:
                    os.replace(before, target)
        raise
    finally:
        for beside in [beside for beside, _ in written] + [old for _, old in named if old]:
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def _kept(target: Path) -> Path | None:
    """A second name for a file that is about to be replaced; None if there is no such file."""
    if not target.is_file():
        return None
    second = target.with_name(f".composer-{secrets.token_hex(6)}.tmp")
    try:
        os.link(target, second)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(target, second)
    return second


def _check(path: str | os.PathLike[str], force: bool) -> None:
    """See that a file may get this name.

    Raises:
        OutputError: It may not.
    """
    target, name = Path(path), shown(path)
    if target.is_dir():
        raise OutputError(f"{name} is a folder; give the file a name")
    if not target.parent.is_dir():
        raise OutputError(f"the folder {shown(target.parent)} does not exist; make it first")
    if os.path.lexists(target):
        if not force:
            raise FileExistsError
        if target.exists() and not target.is_file():  # a device, a pipe
            raise OutputError(f"{name} is not a file; choose another name")


@contextmanager
def _told(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever the system says of a file, in one line that names it.

    Raises:
        OutputError: The system said something.
    """
    name = shown(path)
    try:
        yield
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
