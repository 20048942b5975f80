"""MIDI file <-> Piece, message for message: the only reader and writer of seeds and results.

Conventions:
    A part is one (track, channel) pair with at least one note, or all channels of an MPE
    player on one track. How notes end says `composer.formats.midi_notes`, which parts are
    drums `composer.formats.midi_channels`. Notes are paired within their track, while
    pedal and program belong to the channel, whichever track they stand in. The program of
    a part is the one in force at its last note: that is what goes on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

import mido

from composer import files
from composer.errors import SeedError
from composer.formats import smf
from composer.formats.midi_channels import Instruments, Place, drum_reason, one_player
from composer.formats.midi_notes import Row, read_notes
from composer.formats.midi_text import decode_text
from composer.formats.midi_timeline import DRUM_CHANNEL, Event, end_tick, timeline
from composer.formats.midi_writer import extend, from_piece
from composer.formats.remarks import Remark, to_log
from composer.formats.smpte import UnmeasuredFile
from composer.music.notes import DRUM_PROGRAM, HEARD, UNKNOWN, WRITTEN, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap

__all__ = ["end_tick", "extend", "from_piece", "load", "read", "save", "to_piece"]

_LARGEST_FILE = 32 << 20
"""Bytes; a note takes up some 500 times its bytes in memory once it is read."""

_LARGEST_DENOMINATOR = 64


def load(path: str | os.PathLike[str], remark: Remark = to_log) -> mido.MidiFile:
    """Read a MIDI file into mido messages (see `composer.formats.smf.parse` for what is allowed).

    Raises:
        SeedError: There is no such file, it cannot be opened, or it is not a whole MIDI
            file of type 0 or 1. The line names the file.
    """
    shown = files.shown(path)
    try:
        # Asked before it is opened: opening a named pipe would wait for ever.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise SeedError(f"{shown} is a folder; name a MIDI file in it")
        if not stat.S_ISREG(mode):
            raise SeedError(f"{shown} is not a file")
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise SeedError(f"{shown} does not exist; check the name and the folder") from None
    except PermissionError:
        raise SeedError(f"{shown} may not be read; check its permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a zero character in the path
        raise SeedError(f"{shown} cannot be read: {files.reason(error)}") from error
    if not data:
        raise SeedError(f"{shown} is empty; get a whole copy of the file")
    if len(data) > _LARGEST_FILE:
        raise SeedError(f"{shown} is larger than {_LARGEST_FILE >> 20} MB; take a part of it")
    try:
        file = smf.parse(data, remark)
    except SeedError as error:
        raise SeedError(f"{shown} {error}") from None
    file.filename = os.fspath(path)
    return file


def read(path: str | os.PathLike[str]) -> Piece:
    """Read a MIDI file as a piece.

    Raises:
        SeedError: As `load`, or there are no notes in it.
    """
    file = load(path)
    try:
        return to_piece(file)
    except SeedError as error:
        raise SeedError(f"{files.shown(path)} {error}") from None


def to_piece(file: mido.MidiFile, remark: Remark = to_log) -> Piece:
    """The music in a file: notes with the pedal folded in, tempo, metre, names.

    Args:
        file: As `load` gives it.
        remark: Told, a line each, what the file leaves open and how it was taken.

    Raises:
        SeedError: There are no notes in it. The line does not name the file.
    """
    events, _ = timeline(file)
    instruments = Instruments.of(events)
    rows, endless = read_notes(
        events,
        end_tick(file),
        file.ticks_per_beat,
        lambda line: line % 16 != DRUM_CHANNEL,
    )
    if not rows:
        raise SeedError("has no notes; take a file with some music in it")
    if endless:
        remark(f"{endless} notes are never ended; each lasts to the next, or a beat or so")
    names = [decode_text(track.name) for track in file.tracks]
    tempos, metres = _tempos_and_metres(events)
    return Piece(
        parts=tuple(_parts(rows, instruments, names, file.ticks_per_beat, remark)),
        ticks_per_beat=file.ticks_per_beat,
        tempos=TempoMap(tuple(tempos)),
        metres=MetreMap(tuple(metres)),
        title=names[0],
        pulse=_pulse(file),
    )


def _tempos_and_metres(
    events: Iterable[Event],
) -> tuple[list[tuple[int, int]], list[tuple[int, int, int]]]:
    """(tick, tempo) and (tick, numerator, denominator) that can be, in time."""
    tempos, metres = [], []
    for event in events:
        message = event.message
        if message.type == "set_tempo" and message.tempo > 0:
            tempos.append((event.tick, message.tempo))
        elif message.type == "time_signature" and _can_be_counted(message):
            metres.append((event.tick, message.numerator, message.denominator))
    return tempos, metres


def _can_be_counted(metre: Any) -> bool:
    return bool(metre.numerator > 0 and metre.denominator <= _LARGEST_DENOMINATOR)


def _parts(
    rows: dict[Place, list[Row]],
    instruments: Instruments,
    names: list[str],
    beat: int,
    remark: Remark,
) -> Iterator[Part]:
    """The parts of a file, in the order of tracks and channels."""
    homes = one_player(rows, instruments)
    players: dict[Place, list[Row]] = {}
    for place in sorted(rows):
        players.setdefault(homes.get(place, place), []).extend(rows[place])
    for home in sorted(set(homes.values())):
        channels = sum(other == home for other in homes.values())
        remark(f"track {home[0] + 1} is one MPE player on {channels} channels: one part")
    for number, (place, notes) in enumerate(sorted(players.items()), start=1):
        track, line = place
        program, bank = instruments.at(line, max(notes)[0])
        why = None
        if place not in homes:
            why = drum_reason(place, names[track], notes, instruments, beat)
        if why:
            shown = f"part {number} ({names[track]})" if names[track] else f"part {number}"
            remark(f"{shown} is read as drums: {why} (--no-drums {number} if not)")
        yield Part(
            notes=tuple(Note(*row) for row in sorted(notes)),
            program=program if why is None else DRUM_PROGRAM,
            name=names[track],
            track=track,
            channel=line % 16,
            bank=bank,
            kit=program if why is not None else 0,
        )


def _pulse(file: mido.MidiFile) -> str:
    if isinstance(file, UnmeasuredFile):
        return HEARD if file.has_pulse else UNKNOWN
    return WRITTEN


def save(file: mido.MidiFile, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a file, whole or not at all: beside its place first, then under its name.

    Args:
        file: What to write.
        path: Where to.
        force: Replace what is there.

    Raises:
        OutputError: Something is there and `force` is not set, the folder is missing or
            may not be written to, the disk is full, or the music does not fit the format.
    """
    files.write(smf.encode(file), path, force=force)
