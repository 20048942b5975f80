"""Scores in: MusicXML, ABC and kern as a Piece.

ABC is read by `composer.formats.abc`; MusicXML, once reduced to what sounds, and kern by
music21, which only this module and `score_streams` know.
"""

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
from functools import partial
from pathlib import Path
from typing import Any, Final

from composer.errors import SeedError
from composer.formats import abc, abc_text, musicxml_reading
from composer.formats.musicxml_container import read_mxl
from composer.formats.remarks import Remark, to_log
from composer.formats.score_streams import to_piece
from composer.formats.suffixes import SCORE_FORMATS, SCORE_SUFFIXES, split_tune
from composer.music.notes import Piece

logger = logging.getLogger(__name__)

_LARGEST_FILE: Final = 32 << 20
"""Bytes, unpacked: music21 takes minutes and gigabytes over more."""


def read_score(path: str | os.PathLike[str], remark: Remark = to_log) -> Piece:
    """Read the first piece of a score file that has notes.

    Args:
        path: Of the file; `book.abc#3` is the tune X:3 of a tune book.
        remark: Told what was passed over and which tune of several was taken.

    Raises:
        SeedError: It is missing, not a score, damaged, or without notes; one line.
    """
    file, number = split_tune(os.fspath(path))
    target = Path(path) if number is None or Path(path).exists() else Path(file)
    if target.suffix.lower() == ".abc":
        return _one_tune(target, number, remark)
    return read_scores(target, remark)[0]


def read_scores(path: str | os.PathLike[str], remark: Remark = to_log) -> list[Piece]:
    """Read all pieces of a score file: ABC tune books hold many, other files one.

    Raises:
        SeedError: As `read_score`.
    """
    target = Path(path)
    shown = _one_line(target)
    _check(target, shown)
    kind = SCORE_FORMATS[target.suffix.lower()]
    if kind == "abc":
        found, reason = _all_tunes(target, remark)
    else:
        found, reason = _parsed(target, kind, shown, remark)
    pieces = [piece for piece in found if piece.note_count]
    if not pieces:
        raise SeedError(f"{shown} has no notes{reason}; take a score with some music in it")
    return pieces


def _one_tune(path: Path, number: str | None, remark: Remark) -> Piece:
    """The tune with a number, or the first one that has notes; says which of several."""
    shown = _one_line(path)
    _check(path, shown)
    tunes = abc_text.tunes_of(_text(path))
    if number is not None:
        numbers = [tune.number for tune in tunes]
        if number not in numbers:
            known = ", ".join(numbers[:20]) + (", ..." if len(numbers) > 20 else "")
            raise SeedError(f"{shown} has no tune X:{number}; it has {known or 'none'}")
        tunes = [tunes[numbers.index(number)]]
    reason = ""
    for tune in tunes:
        heard: list[str] = []
        try:
            piece = abc.to_piece(tune, heard.append)
        except ValueError as error:
            reason = reason or f": {_one_line(error)}"
            if len(tunes) > 1:
                remark(f"tune X:{tune.number} is left out: {_one_line(error)}")
            continue
        if piece.note_count:
            if len(tunes) > 1:
                name = f"X:{tune.number} {piece.title}".strip()
                remark(f"of {len(tunes)} tunes this is {name}; {path.name}#NUMBER takes another")
            for line in heard:
                remark(line)
            return piece
    if reason:
        raise SeedError(f"{shown} cannot be read{reason}")
    raise SeedError(f"{shown} has no notes; take a score with some music in it")


def _all_tunes(path: Path, remark: Remark) -> tuple[list[Piece], str]:
    """(every tune of a book that can be read, why the last one of the others cannot)."""
    pieces, reason = [], ""
    tunes = abc_text.tunes_of(_text(path))
    for tune in tunes:
        told = partial(_told_of_tune, remark, tune.number) if len(tunes) > 1 else remark
        try:
            pieces.append(abc.to_piece(tune, told))
        except ValueError as error:
            reason = f": {_one_line(error)}"
            told(f"left out: {_one_line(error)}")
    return pieces, reason


def _told_of_tune(remark: Remark, number: str, line: str) -> None:
    remark(f"tune X:{number}: {line}")


def _parsed(path: Path, kind: str, shown: str, remark: Remark) -> tuple[list[Piece], str]:
    """MusicXML and kern by music21."""
    programs: dict[str, int] = {}
    try:
        if kind == "musicxml":
            packed = path.suffix.lower() == ".mxl"
            document = read_mxl(path) if packed else path.read_bytes()
            root, programs = musicxml_reading.sounding(document, remark)
    except ValueError as error:
        raise SeedError(f"{shown} cannot be read as a score: {_one_line(error)}") from error
    # music21 reports oddities of a file on standard error; they are not the user's.
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            stream = _stream_of_xml(root) if kind == "musicxml" else _stream_of_text(path, kind)
            streams = list(stream.scores) if "Opus" in stream.classes else [stream]
            pieces = [to_piece(each, programs, remark) for each in streams]
        # Broad, since music21 meets damaged input with whatever exception the next line
        # happens to raise, IndexError to RecursionError; its text would tell nobody anything.
        except Exception as error:
            logger.debug("%s: music21 raised %r", shown, error)
            raise SeedError(
                f"{shown} cannot be read as a score: music21 makes no music of it"
            ) from error
    # music21 names a nameless piece by its file.
    return [
        replace(piece, title="") if piece.title.lower().endswith(SCORE_SUFFIXES) else piece
        for piece in pieces
    ], ""


def _stream_of_xml(root: ET.Element) -> Any:
    from music21.musicxml.xmlToM21 import MusicXMLImporter

    importer: Any = MusicXMLImporter()
    importer.xmlRootToScore(root, importer.stream)
    return importer.stream


def _stream_of_text(path: Path, kind: str) -> Any:
    """Never through music21's own file reading.

    That unpickles a cache in a shared folder and leaves files open after an error.
    """
    from music21 import converter

    reader: Any = converter.Converter()
    reader.parseData(_text(path), format=kind)
    return reader.stream


def _text(path: Path) -> str:
    """A file's text, in UTF-8 or else in Latin-1."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


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


def _one_line(value: object) -> str:
    """Text on one line of reasonable length, whatever is in it."""
    line = " ".join(str(value).split()) or type(value).__name__
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= 200 else line[:197] + "..."
