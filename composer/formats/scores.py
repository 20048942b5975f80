"""Scores in: MusicXML, ABC and kern as a Piece. Only this and `score_streams` know music21."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import stat
import warnings
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from composer.errors import SeedError
from composer.formats.score_streams import to_piece
from composer.formats.suffixes import SCORE_FORMATS, SCORE_SUFFIXES
from composer.music.notes import Piece

logger = logging.getLogger(__name__)

_LARGEST_FILE: Final = 32 << 20
"""Bytes, unpacked: music21 takes minutes and gigabytes over more."""


def read_score(path: str | os.PathLike[str]) -> Piece:
    """Read the first piece of a score file that has notes.

    Raises:
        SeedError: It is missing, not a score, damaged, or without notes; one line.
    """
    return next(iter(read_scores(path)))


def read_scores(path: str | os.PathLike[str]) -> list[Piece]:
    """Read all pieces of a score file: ABC tune books hold many, other files one.

    Raises:
        SeedError: As `read_score`.
    """
    target = Path(path)
    shown = _one_line(target)
    _check(target, shown)
    # music21 reports oddities of a file on standard error; they are not the user's.
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            streams, programs = _parse(target)
        # The broad excepts here: music21's parsers meet damaged input with whatever
        # exception the next line happens to raise, IndexError to RecursionError.
        except Exception as error:
            raise SeedError(f"{shown} cannot be read as a score: {_one_line(error)}") from error
        pieces = []
        reason = ""
        for stream in streams:
            try:
                piece = to_piece(stream, programs)
            except Exception as error:
                reason = f": {_one_line(error)}"
                logger.debug("a piece of %s is left out%s", shown, reason)
                continue
            if piece.title.lower().endswith(SCORE_SUFFIXES):
                piece = replace(piece, title="")  # music21 names a nameless piece by its file
            if piece.note_count:
                pieces.append(piece)
    if not pieces:
        raise SeedError(f"{shown} has no notes{reason}; take a score with some music in it")
    return pieces


def _check(path: Path, shown: str) -> None:
    """Refuse what is certainly not a score of reasonable size, before music21 sees it."""
    if path.suffix.lower() not in SCORE_FORMATS:
        raise SeedError(f"{shown} is not a score: its name must end in {', '.join(SCORE_SUFFIXES)}")
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SeedError(f"{shown} is a folder; name a score in it")
        if not stat.S_ISREG(status.st_mode):
            raise SeedError(f"{shown} is not a file")
        size = status.st_size
        if size and path.suffix.lower() == ".mxl":
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        with open(path, "rb"):
            pass
    except FileNotFoundError:
        raise SeedError(f"{shown} does not exist; check the name and the folder") from None
    except zipfile.BadZipFile:
        raise SeedError(f"{shown} is damaged: not a compressed MusicXML file") from None
    except (OSError, ValueError) as error:  # ValueError: a zero character in the path
        reason = getattr(error, "strerror", None) or error
        raise SeedError(f"{shown} cannot be read: {_one_line(reason)}") from error
    if size == 0:
        raise SeedError(f"{shown} is empty; get a whole copy of the file")
    if size > _LARGEST_FILE:
        raise SeedError(f"{shown} is larger than {_LARGEST_FILE >> 20} MB; take a part of it")


def _parse(path: Path) -> tuple[list[Any], dict[str, int]]:
    """(the scores in a file, the MIDI program of each part that names one).

    Never through music21's own file reading: that unpickles a cache in a shared folder
    and leaves files open after an error.
    """
    from music21 import converter

    kind = SCORE_FORMATS[path.suffix.lower()]
    programs: dict[str, int] = {}
    if kind == "musicxml":
        root = ET.fromstring(_xml(path))
        programs = _programs(root)
        _name_drum_keys(root)
        text = ET.tostring(root, "unicode")
    else:
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    reader: Any = converter.Converter()
    reader.parseData(text, format=kind)
    stream = reader.stream
    return list(stream.scores) if "Opus" in stream.classes else [stream], programs


def _xml(path: Path) -> bytes:
    """The MusicXML in a file, unpacked if it is compressed."""
    if path.suffix.lower() != ".mxl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.startswith("META-INF")]
        scores = [name for name in names if name.lower().endswith(("xml",))]
        return archive.read(scores[0])


def _programs(root: ET.Element) -> dict[str, int]:
    """Part id -> program. music21 keeps the family: of two electric pianos, a piano."""
    found = {}
    for part in root.iter("score-part"):
        number = part.findtext("midi-instrument/midi-program")
        if number is not None and 1 <= int(number) <= 128:
            found[part.get("id", "")] = int(number) - 1
    return found


def _name_drum_keys(root: ET.Element) -> None:
    """Turn drum notes into pitches, their MIDI keys.

    music21 knows one instrument per part and forgets which drum a note was.
    """
    keys = {
        midi.get("id"): int(midi.findtext("midi-unpitched") or 1) - 1
        for midi in root.iter("midi-instrument")
        if midi.find("midi-unpitched") is not None
    }
    for note in root.iter("note") if keys else ():
        head, instrument = note.find("unpitched"), note.find("instrument")
        key = keys.get(instrument.get("id")) if instrument is not None else None
        if head is None or key is None:
            continue
        head.clear()
        head.tag = "pitch"
        octave, pitch_class = divmod(key, 12)
        name = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")[pitch_class]
        ET.SubElement(head, "step").text = name[0]
        ET.SubElement(head, "alter").text = str(len(name) - 1)
        ET.SubElement(head, "octave").text = str(octave - 1)


def _one_line(value: object) -> str:
    """Text on one line of reasonable length, whatever is in it."""
    line = " ".join(str(value).split()) or type(value).__name__
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= 200 else line[:197] + "..."
