"""The manifest of a batch: a JSON line for every continuation, and for every failure.

A run adds lines at the end, in the order in which continuations finish. At its end it sorts them,
so that the file depends on nothing but what was made. A torn last line, which a crash leaves, is
dropped. Of several lines about one continuation the last one counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from composer.errors import OutputError

NAME = "manifest.jsonl"

Record = dict[str, Any]
"""The content of a line."""

_CLOSED = -1
"""In place of a file's number."""


class Manifest:
    """A manifest on disk, open for adding.

    Memory holds the place of each line only, some hundred bytes a continuation.

    Args:
        path: The file; made if it is not there.
        write: Whether it may be changed; if not, the file must be there.

    Raises:
        OutputError: It cannot be read or written, or is not a manifest.
    """

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self.path, self._write = path, write
        self._places: dict[str, dict[int, tuple[int, int]]] = {}
        try:
            mode = os.O_RDWR | os.O_CREAT if write else os.O_RDONLY
            self._file = _open(path, mode)
            self._end = self._read()
        except OSError as error:
            raise OutputError(f"{path} cannot be opened: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        if self._file != _CLOSED:
            # Forgotten first: its number may be another file's as soon as it is free.
            file, self._file = self._file, _CLOSED
            os.close(file)

    def _read(self) -> int:
        """Find the lines there are, and cut off what a crash left of the last one."""
        end = number = 0
        with open(self._file, "rb", closefd=False) as lines:
            for line in lines:
                number += 1
                record = _parsed(line) if line.endswith(b"\n") else None
                if record is None:
                    # A power cut may leave a torn or blank end. Anything else is no manifest.
                    if line.endswith(b"\n") and line.strip(b"\0\n") and lines.read(1):
                        raise OutputError(
                            f"line {number} of {self.path} is not of a manifest;"
                            " give another folder"
                        )
                    break
                self._note(record, end, len(line))
                end += len(line)
        if self._write:
            os.ftruncate(self._file, end)
        return end

    def _note(self, record: Record, start: int, length: int) -> None:
        seed, variation = key_of(record)
        places = self._places.setdefault(seed, {})
        places[variation] = (start, length)

    def add(self, record: Record) -> None:
        """Add a line. When this returns, the system has all of it.

        Raises:
            OSError: The disk is full or failed; the manifest is as it was.
        """
        line = line_of(record)
        try:
            os.lseek(self._file, self._end, os.SEEK_SET)
            left = memoryview(line)
            while left:  # the system may take a part only, and say why at the next
                left = left[os.write(self._file, left) :]
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._note(record, self._end, len(line))
        self._end += len(line)

    def sync(self) -> None:
        """Flush to the disk what was added, so that it survives a power cut."""
        os.fsync(self._file)

    def of(self, seed: str) -> list[Record]:
        """The lines about one seed."""
        return [self._at(*place) for _, place in sorted(self._places.get(seed, {}).items())]

    def forget(self, seed: str, variations: set[int]) -> None:
        """Leave out lines of some variations from now on."""
        for variation in variations:
            self._places.get(seed, {}).pop(variation, None)

    def records(self) -> Iterator[Record]:
        """All lines that count, by seed and variation."""
        for seed in sorted(self._places):
            yield from self.of(seed)

    def _at(self, start: int, length: int) -> Record:
        os.lseek(self._file, start, os.SEEK_SET)
        record: Record = json.loads(os.read(self._file, length))
        return record

    def settle(self) -> None:
        """Sort the file and leave out lines that no longer count, all at once.

        Raises:
            OSError: It cannot be written; the old file stays.
        """
        beside = self.path.with_name(f".{NAME}.tmp")
        try:
            with open(beside, "wb") as new:
                for record in self.records():
                    new.write(line_of(record))
                new.flush()
                os.fsync(new.fileno())
            self.close()  # Windows replaces no open file
            try:
                os.replace(beside, self.path)
            finally:
                self._file = _open(self.path, os.O_RDWR)
        finally:
            beside.unlink(missing_ok=True)
        self._places.clear()
        self._end = self._read()


def read(path: Path) -> Iterator[Record]:
    """Yield the lines of a manifest without changing it, sorted if its run is done.

    Raises:
        OutputError: It cannot be read.
    """
    try:
        with open(path, "rb") as lines:
            for line in lines:
                record = _parsed(line)
                if record is not None:
                    yield record
    except OSError as error:
        raise OutputError(
            f"{path} cannot be read: {error.strerror}; give the output folder of a batch"
        ) from error


def key_of(record: Record) -> tuple[str, int]:
    """The seed and variation of a line; variation 0 is a failure of the whole seed."""
    return record["seed"], record.get("variation") or 0


def line_of(record: Record) -> bytes:
    """A record as a line."""
    return (json.dumps(record, separators=(",", ":")) + "\n").encode()


def _open(path: Path, mode: int) -> int:
    return os.open(path, mode | getattr(os, "O_BINARY", 0), 0o666)


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("seed"), str) else None
