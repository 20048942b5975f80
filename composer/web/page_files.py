"""Page files: what the page is made of, read once, so that a name is looked up and no path.

Conventions:
    Names are relative to the folder `page`, with slashes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Suffixes of files that are served."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file.

    Attributes:
        data: Its bytes.
        kind: Its media type.
        tag: What changes when it does.
    """

    data: bytes
    kind: str
    tag: str


def folder() -> Path:
    """Where the page's files lie."""
    return Path(str(files(__package__))) / "page"


def page_files() -> dict[str, PageFile]:
    """All files of the page, by name."""
    home, found = folder(), {}
    for path in sorted(home.rglob("*")):
        kind = TYPES.get(path.suffix)
        if kind is not None:
            data = path.read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            found[path.relative_to(home).as_posix()] = PageFile(data, kind, tag)
    return found
