"""Plug-in build: runs `clients/plugin/build.py`, where what it needs is here."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from composer.clients.client_files import client_folder
from composer.clients.hosts import Places, plugin_folder
from composer.errors import DependencyError


@contextmanager
def built(formats: Sequence[str]) -> Iterator[Path]:
    """The folder of a plug-in that was built for this computer, while it is wanted.

    Raises:
        DependencyError: Something is missing; the line says what, and how to get it.
    """
    script = client_folder() / "plugin" / "build.py"
    with tempfile.TemporaryDirectory(prefix="composer-plugin-") as folder:
        command = [sys.executable, str(script), "--out", folder]
        for format in formats:
            command += ["--format", format]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            [first, *_] = done.stderr.strip().splitlines() or ["it says nothing"]
            raise DependencyError(
                f"the plug-in cannot be built: {first.removeprefix('build.py: ')}"
            )
        yield Path(folder)


def contents(folder: Path, formats: Sequence[str], places: Places) -> dict[Path, bytes]:
    """What was built, by where it goes."""
    found = {}
    for format in formats:
        for path in sorted((folder / f"composer.{format}").rglob("*")) or [
            folder / f"composer.{format}"
        ]:
            if path.is_file():
                found[plugin_folder(format, places) / path.relative_to(folder)] = path.read_bytes()
    return found
