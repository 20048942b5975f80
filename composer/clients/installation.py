"""Installation: files put where hosts look, remembered, and taken away again.

What was written is kept as a list with checksums in composer's state folder. Only what is on
it and still as it was written is ever overwritten or deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from composer import files
from composer.errors import OutputError

LIST = "installed-clients.json"
FOLDER = "folder"
"""Stands for the checksum of a folder that was made."""


class Installation:
    """The files that were written for hosts so far."""

    def __init__(self, state: Path) -> None:
        """Read the list.

        Args:
            state: Composer's state folder.

        Raises:
            OutputError: There is a list, and it cannot be read.
        """
        self._path = state / LIST
        self._sums: dict[str, str] = {}
        if self._path.exists():
            try:
                known = json.loads(self._path.read_text(encoding="utf-8"))
                self._sums = {str(path): str(known[path]) for path in known}
            except (OSError, ValueError, TypeError) as error:
                reason = files.reason(error)
                raise OutputError(f"{self._path} cannot be read: {reason}; delete it") from None

    @property
    def paths(self) -> list[Path]:
        """What was written, in order."""
        return [Path(path) for path in sorted(self._sums) if self._sums[path] != FOLDER]

    def write(self, contents: Mapping[Path, bytes]) -> None:
        """Write files, with their folders.

        Raises:
            OutputError: One is there that composer has not written, or cannot be written.
        """
        for path in contents:
            if path.exists() and self._changed(path) and path.read_bytes() != contents[path]:
                raise OutputError(
                    f"{path} is there and not as composer wrote it; move it away first"
                )
        for path, data in contents.items():
            self._make(path.parent)
            files.write(data, path, force=True)
            self._sums[str(path)] = _checksum(data)
            self._save()

    def remove(self, paths: Iterable[Path]) -> list[Path]:
        """Take files away that composer has written, and folders that it has made if empty then.

        Returns:
            Those that were changed since they were written, and are left.

        Raises:
            OutputError: One cannot be deleted.
        """
        kept = []
        for path in paths:
            if str(path) not in self._sums:
                continue
            if path.exists() and self._changed(path):
                kept.append(path)
                continue
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"{path} cannot be deleted: {files.reason(error)}") from None
            del self._sums[str(path)]
        for folder in sorted(self._sums, key=len, reverse=True):
            if self._sums[folder] == FOLDER:
                with contextlib.suppress(OSError):  # something is in it
                    Path(folder).rmdir()
                if not Path(folder).exists():
                    del self._sums[folder]
        self._save()
        return kept

    def _make(self, folder: Path) -> None:
        """Make a folder and those above it, and remember which were not there.

        Where the list itself is kept, the folder stays.
        """
        own = self._path.parents
        new = [one for one in (folder, *folder.parents) if not one.exists() and one not in own]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder} cannot be made: {files.reason(error)}") from None
        self._sums |= {str(one): FOLDER for one in new}

    def _changed(self, path: Path) -> bool:
        return self._sums.get(str(path)) != _checksum(path.read_bytes())

    def _save(self) -> None:
        if self._sums:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write(json.dumps(self._sums, indent=1).encode(), self._path, force=True)
        else:
            self._path.unlink(missing_ok=True)


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
