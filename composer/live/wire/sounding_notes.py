"""Sounding notes: which notes sound now, written where the record outlives the process.

A file of bits in shared memory: one for every key of every destination. Writing one costs
less than a microsecond, and the system keeps the file even if the process is killed. The
next `composer serve`, or `composer panic`, ends what an earlier one left behind.

Conventions:
    A destination is a text, "osc ADDRESS PORT" or "midi PORT NAME". A record of the file
    holds it, and then 16 x 128 bits. A file is locked while its process lives.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from composer.user_folders import state_folder

TEXT, BITS = 256, 16 * 128 // 8
RECORD = TEXT + BITS
RECORDS = 4096
"""Destinations at once; what is beyond is not remembered."""
MOST_FILES = 64
"""Files of one process number that may be there at once."""

Keys = list[tuple[int, int]]


class SoundingFile:
    """The keys that sound now, for a process that comes after this one."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make the file; without a place for one, nothing is remembered.

        Args:
            folder: Where; None for the user's.
        """
        self._map: mmap.mmap | None = None
        self._records: dict[str, int] = {}
        self._free = list(range(RECORDS - 1, -1, -1))
        folder = folder or state_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._path, self._file = _own_file(folder)
            self._file.truncate(RECORD * RECORDS)
            self._map = mmap.mmap(self._file.fileno(), RECORD * RECORDS)
        except OSError:
            self._map = None

    def set(self, destination: str, channel: int, pitch: int, on: bool) -> None:
        """A key sounds from now on, or does not."""
        if self._map is None:
            return
        record = self._records.get(destination)
        if record is None:
            if not on:
                return
            name = destination.encode()[: TEXT - 1]
            if not self._free:
                return
            record = self._records[destination] = self._free.pop()
            start = record * RECORD
            self._map[start : start + RECORD] = name + bytes(RECORD - len(name))
        place = record * RECORD + TEXT + channel * 16 + pitch // 8
        bit = 1 << pitch % 8
        byte = self._map[place]
        self._map[place] = byte | bit if on else byte & ~bit

    def forget(self, destination: str) -> None:
        """A destination is gone, or silent."""
        record = self._records.pop(destination, None)
        if record is not None and self._map is not None:
            start = record * RECORD
            self._map[start : start + RECORD] = bytes(RECORD)
            self._free.append(record)

    def close(self) -> None:
        """Everything was silenced: leave nothing behind."""
        if self._map is not None:
            self._map.close()
            self._map = None
            self._file.close()
            self._path.unlink(missing_ok=True)


def _own_file(folder: Path) -> tuple[Path, IO[bytes]]:
    """A file that no other process has, locked and empty.

    Another process may have the same number: in a container that shares the folder.

    Raises:
        OSError: There is no place for one.
    """
    for number in range(MOST_FILES):
        path = folder / f"sounding-{os.getpid()}{f'-{number}' if number else ''}"
        file = open(path, "a+b")  # noqa: SIM115  # kept open
        try:
            _lock(file)
            # Another process may have locked and removed it in between.
            if os.stat(path).st_ino == os.fstat(file.fileno()).st_ino:
                file.truncate(0)
                return path, file
        except OSError:
            pass
        file.close()
    raise OSError(f"{folder} has no place for another file")


def left_behind(folder: Path | None = None) -> Iterator[tuple[str, Keys]]:
    """What processes that are no more left sounding; their files are removed.

    Args:
        folder: Where to look; None for the user's.

    Yields:
        A destination, and the (channel, pitch) of the keys that sound there.
    """
    folder = folder or state_folder()
    for path in sorted(folder.glob("sounding-*")):
        try:
            with open(path, "r+b") as file:
                _lock(file)
                data = file.read()
            path.unlink()
        except OSError:  # its process lives, or another was quicker
            continue
        for start in range(0, len(data) - RECORD + 1, RECORD):
            name = data[start : start + TEXT].rstrip(b"\0").decode("utf-8", "replace")
            bits = data[start + TEXT : start + RECORD]
            if name and any(bits):
                yield (
                    name,
                    [
                        divmod(index * 8 + bit, 128)
                        for index, byte in enumerate(bits)
                        for bit in range(8)
                        if byte >> bit & 1
                    ],
                )


def _lock(file: IO[bytes]) -> None:
    """Take a file for this process. Raises OSError if another has it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(RECORD * RECORDS)  # beyond the data: others may read that
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
