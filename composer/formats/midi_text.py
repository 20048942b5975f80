"""Text in MIDI files: bytes of no stated encoding <-> readable lines.

A MIDI file does not say how its text is encoded. Programs write UTF-8, the code page of
the computer they run on (Windows-1252 or Latin-1 in the west), or Shift-JIS (most
Japanese sequencers). `decode_text` takes what fits the bytes.

Conventions:
    mido keeps text as one Latin-1 character per byte, so that any bytes survive. Only
    what is shown and matched is decoded: a file's own bytes are never rewritten.
"""

from __future__ import annotations

import re
from typing import Final

_SHIFT_JIS: Final = re.compile(
    rb"(?:[\x81-\x9f\xe0-\xef][\x40-\x7e\x80-\xfc]|[\xa1-\xdf])+",
)
"""A run of Shift-JIS characters beyond ASCII (JIS X 0208, and half-width kana)."""


def decode_text(text: str) -> str:
    """Text as mido has it (a character per byte) as a readable line.

    UTF-8 where the bytes are that, else Shift-JIS where they make Japanese, else
    Windows-1252 or Latin-1; without control characters and white space around it.
    """
    raw = text.encode("latin-1", "replace")
    return "".join(character for character in _decoded(raw) if character.isprintable()).strip()


def encode_text(text: str) -> str:
    """The inverse of `decode_text`: any string as mido's text, in UTF-8."""
    return text.encode("utf-8", "replace").decode("latin-1")


def _decoded(raw: bytes) -> str:
    for codec in ("utf-8-sig", "cp932", "cp1252"):
        try:
            line = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec != "cp932" or _is_japanese(raw):
            return line
    return raw.decode("latin-1")


def _is_japanese(raw: bytes) -> bool:
    """Whether bytes that Shift-JIS can read are meant so.

    An accented letter of Latin-1 is one byte among ASCII letters, and with the letter
    behind it makes a single rare kanji; Japanese stands apart from western words.
    """
    runs = list(_SHIFT_JIS.finditer(raw))
    beyond = sum(byte >= 0x80 for byte in raw)
    if sum(byte >= 0x80 for run in runs for byte in run[0]) < beyond:
        return False  # user-defined characters, or none that JIS X 0208 has
    return any(_stands_apart(raw, run) for run in runs)


def _stands_apart(raw: bytes, run: re.Match[bytes]) -> bool:
    """Whether a run of characters is a word by itself rather than part of a western one."""
    around = raw[: run.start()][-1:] + raw[run.end() :][:1]
    kana = all(0xA1 <= byte <= 0xDF for byte in run[0])
    if kana:  # half-width: the same bytes are capitals and small letters of Latin-1
        return len(run[0]) > 2 and not around.isalpha()
    return len(run[0].decode("cp932")) > 1 or not any(
        chr(byte).isalpha() for byte in around if byte < 0x80
    )
