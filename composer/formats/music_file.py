"""Music files of every kind composer reads: the one door to them.

`generate`, `batch`, `prepare`, `evaluate` and the server's seeds all come in here, so that a
file is the same music whoever reads it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import mido

from composer.errors import SeedError
from composer.files import shown
from composer.formats import midi
from composer.formats.remarks import Remark, to_log
from composer.formats.suffixes import is_score
from composer.music.notes import Piece


@dataclass(frozen=True, slots=True)
class MusicFile:
    """A file of music, read.

    Attributes:
        path: Where it was read from.
        file: Its messages; for a score, those that play it.
        piece: The music.
        remarks: What composer could not make sense of or had to decide, a line each.
    """

    path: Path
    file: mido.MidiFile
    piece: Piece
    remarks: tuple[str, ...] = ()


def read_music(path: str | os.PathLike[str]) -> MusicFile:
    """Read a MIDI file or a score; of a tune book the first tune, or X:3 for `book.abc#3`.

    Raises:
        SeedError: It cannot be read, or has no notes. The line names the file.
    """
    remarks: list[str] = []
    if is_score(os.fspath(path)):
        from composer.formats.scores import read_score

        file = midi.from_piece(read_score(path, remarks.append))
        # Read back, so that parts know the tracks and channels they were given.
        return MusicFile(Path(path), file, midi.to_piece(file), tuple(remarks))
    file = midi.load(path, remarks.append)
    try:
        piece = midi.to_piece(file, remarks.append)
    except SeedError as error:
        raise SeedError(f"{shown(path)} {error}") from None
    return MusicFile(Path(path), file, piece, tuple(remarks))


def read_pieces(path: str | os.PathLike[str], remark: Remark = to_log) -> list[Piece]:
    """All pieces in a MIDI file or a score: a tune book holds many.

    Args:
        path: Of the file.
        remark: Told what composer could not make sense of or had to decide, a line each.

    Raises:
        SeedError: As `read_music`.
    """
    if is_score(os.fspath(path)):
        from composer.formats.scores import read_scores

        return read_scores(path, remark)
    read = read_music(path)
    for line in read.remarks:
        remark(line)
    return [read.piece]
