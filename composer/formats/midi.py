"""MIDI file <-> Piece, message for message: the only reader and writer of seeds and results.

Conventions:
    A part is one (track, channel) pair with at least one note. What MIDI leaves open is
    decided so: on one key the first on gets the first off; a note never ended lasts to
    the file's last message; a note of no length lasts one tick; a note let go under the
    pedal lasts until the pedal comes up or its key is struck again. Notes are paired
    within their track, while pedal and program belong to the channel, whichever track
    they stand in. The program of a part is the one in force at its last note: that is
    what goes on.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

import mido

from composer import files
from composer.errors import SeedError
from composer.formats import smf
from composer.formats.midi_text import decode_text
from composer.formats.midi_timeline import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    DRUM_CHANNEL,
    RESET_CONTROLLERS,
    Event,
    end_tick,
    timeline,
)
from composer.formats.midi_writer import extend, from_piece
from composer.formats.remarks import Remark, to_log
from composer.formats.smpte import UnmeasuredFile
from composer.music.notes import DRUM_PROGRAM, HEARD, UNKNOWN, WRITTEN, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap

__all__ = ["end_tick", "extend", "from_piece", "load", "read", "save", "to_piece"]

_LARGEST_FILE = 32 << 20
"""Bytes; a note takes up some 500 times its bytes in memory once it is read."""

_SUSTAIN = 64
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

    Raises:
        SeedError: There are no notes in it. The line does not name the file.
    """
    events, _ = timeline(file)
    keys = _Keys()
    tempos: list[tuple[int, int]] = []
    metres: list[tuple[int, int, int]] = []
    for event in events:
        message = event.message
        if not message.is_meta:
            keys.follow(event)
        elif message.type == "set_tempo":
            if message.tempo > 0:
                tempos.append((event.tick, message.tempo))
        elif message.numerator > 0 and message.denominator <= _LARGEST_DENOMINATOR:
            metres.append((event.tick, message.numerator, message.denominator))
    keys.end_all(end_tick(file))
    if not keys.notes:
        raise SeedError("has no notes; take a file with some music in it")

    names = [decode_text(track.name) for track in file.tracks]
    parts = [
        Part(
            notes=tuple(Note(*row) for row in sorted(rows)),
            program=keys.program(track, line, max(rows)[0]),
            name=names[track],
            track=track,
            channel=line % 16,
        )
        for (track, line), rows in sorted(keys.notes.items())
    ]
    return Piece(
        parts=tuple(parts),
        ticks_per_beat=file.ticks_per_beat,
        tempos=TempoMap(tuple(tempos)),
        metres=MetreMap(tuple(metres)),
        title=names[0],
        pulse=_pulse(file),
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


@dataclass(slots=True)
class _Keys:
    """The keys of all channels as the file goes by, and the notes they give.

    A row is a note's fields in the order of `Note`. Ports and channels are numbered
    together, as lines (see `composer.formats.midi_timeline`).

    Attributes:
        notes: (track, line) -> rows of finished notes.
        programs: Line -> (tick, program) in time.
        held: Line -> (track, pitch) -> (onset, velocity) of keys that are down.
        ringing: Line -> pitch -> (track, onset, velocity) of keys that only the pedal holds.
        pedals: Lines whose pedal is down.
    """

    notes: dict[tuple[int, int], list[tuple[int, int, int, int]]] = field(default_factory=dict)
    programs: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    held: dict[int, dict[tuple[int, int], deque[tuple[int, int]]]] = field(default_factory=dict)
    ringing: dict[int, dict[int, list[tuple[int, int, int]]]] = field(default_factory=dict)
    pedals: set[int] = field(default_factory=set)

    def follow(self, event: Event) -> None:
        """Take in the next channel message."""
        tick, track, line, message = event
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            pitch = message.note
            if line in self.ringing:
                self._damp(line, pitch, tick)
            keys = self.held.setdefault(line, {})
            keys.setdefault((track, pitch), deque()).append((tick, message.velocity))
        elif kind == "note_on" or kind == "note_off":
            down = self.held.get(line, {}).get((track, message.note))
            if down:
                self._release(track, line, message.note, *down.popleft(), tick)
        elif kind == "program_change":
            self.programs.setdefault(line, []).append((tick, message.program))
        elif kind == "control_change":
            self._control(line, message.control, message.value, tick)

    def end_all(self, tick: int) -> None:
        """End whatever still sounds."""
        for line in list(self.held):
            self._control(line, ALL_SOUND_OFF, 0, tick)
        for line in list(self.ringing):
            self._control(line, ALL_SOUND_OFF, 0, tick)

    def program(self, track: int, line: int, tick: int) -> int:
        """The program of a line at `tick`; a change on that very tick counts."""
        if line % 16 == DRUM_CHANNEL:
            return DRUM_PROGRAM
        changes = self.programs.get(line, [])
        index = bisect_right(changes, tick, key=lambda change: change[0])
        return changes[index - 1][1] if index else 0

    def _control(self, line: int, control: int, value: int, tick: int) -> None:
        if control == _SUSTAIN and value >= 64:
            if line % 16 != DRUM_CHANNEL:
                self.pedals.add(line)
        elif control in (_SUSTAIN, RESET_CONTROLLERS):
            self.pedals.discard(line)
            self._damp_all(line, tick)
        elif control == ALL_SOUND_OFF or control in ALL_NOTES_OFF:
            for (track, pitch), down in self.held.pop(line, {}).items():
                for onset, velocity in down:
                    self._release(track, line, pitch, onset, velocity, tick)
            if control == ALL_SOUND_OFF:  # the others leave notes to the pedal
                self._damp_all(line, tick)

    def _release(
        self, track: int, line: int, pitch: int, onset: int, velocity: int, tick: int
    ) -> None:
        """A key comes up: its note ends, or rings on under the pedal."""
        if line in self.pedals:
            ringing = self.ringing.setdefault(line, {})
            ringing.setdefault(pitch, []).append((track, onset, velocity))
        else:
            self._end(track, line, pitch, onset, velocity, tick)

    def _damp(self, line: int, pitch: int, tick: int) -> None:
        for track, onset, velocity in self.ringing[line].pop(pitch, ()):
            self._end(track, line, pitch, onset, velocity, tick)

    def _damp_all(self, line: int, tick: int) -> None:
        for pitch in list(self.ringing.get(line, ())):
            self._damp(line, pitch, tick)
        self.ringing.pop(line, None)

    def _end(self, track: int, line: int, pitch: int, onset: int, velocity: int, tick: int) -> None:
        rows = self.notes.setdefault((track, line), [])
        rows.append((onset, pitch, max(tick - onset, 1), velocity))
