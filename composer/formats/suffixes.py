"""Suffixes: by which names of files music is known. The only table of them."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

MIDI_SUFFIXES: Final = (".mid", ".midi", ".rmi", ".kar")
"""Standard MIDI files; `.rmi` wraps one in RIFF, `.kar` is one with lyrics."""

SCORE_FORMATS: Final = {
    ".musicxml": "musicxml",
    ".xml": "musicxml",
    ".mxl": "musicxml",
    ".abc": "abc",
    ".krn": "humdrum",
}
"""Suffix of a score -> its format as music21 calls it."""

SCORE_SUFFIXES: Final = tuple(SCORE_FORMATS)
MUSICXML_SUFFIXES: Final = tuple(
    suffix for suffix, kind in SCORE_FORMATS.items() if kind == "musicxml"
)
MUSIC_SUFFIXES: Final = MIDI_SUFFIXES + SCORE_SUFFIXES


def is_music(name: str | PurePath) -> bool:
    """Whether a file's name is that of music composer reads."""
    return PurePath(name).suffix.lower() in MUSIC_SUFFIXES


def is_score(name: str | PurePath) -> bool:
    """Whether a file's name is that of a score."""
    return PurePath(split_tune(name)[0]).suffix.lower() in SCORE_SUFFIXES


def split_tune(name: str | PurePath) -> tuple[str, str | None]:
    """("book.abc", "3") of "book.abc#3", the tune X:3 of a tune book; others have no number."""
    match = re.fullmatch(r"(.*\.abc)#(\d{1,6})", str(name), re.IGNORECASE | re.DOTALL)
    return (match[1], match[2]) if match else (str(name), None)
