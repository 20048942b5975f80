"""Tracks of mido messages made from a Piece: a fresh file, or a seed that goes on.

Conventions:
    Times are absolute ticks until the last step turns them into delta times. A *line*
    is a MIDI port and channel in one number (port * 16 + channel): two parts on one
    line share program, pedal and keys, whatever their tracks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import mido

from composer.errors import OutputError
from composer.midi_timeline import DRUM_CHANNEL, Leftovers, end_tick, timeline
from composer.notes import Note, Part, Piece
from composer.smf import LONGEST_TICKS, encode, encode_text

_LARGEST_DIVISION = 0x7FFF  # a set top bit would mean SMPTE time
_PORTS = 256

# What comes first among our own messages on one tick.
_MARKER, _OFF, _CONTROL, _PROGRAM, _ON = range(5)


def from_piece(piece: Piece) -> mido.MidiFile:
    """A fresh type 1 file: a conductor track (title, tempo, metre), then a track per part.

    Parts keep their channels where those are free, drums go to channel 10 (index 9) and
    nothing else does; from the sixteenth melodic part on a second MIDI port is used. Of
    notes that overlap on one key the earlier ends where the later begins.

    Raises:
        OutputError: The piece has more parts or a finer resolution than a file can hold.
    """
    if piece.ticks_per_beat > _LARGEST_DIVISION:
        raise OutputError(
            f"a MIDI file can hold {_LARGEST_DIVISION} ticks per beat at most,"
            f" the piece has {piece.ticks_per_beat}"
        )
    conductor = [_Entry(tick, _CONTROL, _tempo(tempo)) for tick, tempo in piece.tempos.changes]
    conductor += [
        _Entry(tick, _OFF, _metre(numerator, denominator))
        for tick, numerator, denominator in piece.metres.changes
    ]
    if piece.title:
        conductor.append(_Entry(0, _MARKER, _name(piece.title)))

    lines = _assign_lines(piece.parts)
    entries: list[list[_Entry]] = [conductor]
    for part, line in zip(piece.parts, lines, strict=True):
        port, channel = divmod(line, 16)
        head = [_name(part.name)] if part.name else []
        if port:
            head.append(_port(port))
        if not part.is_drums:
            head.append(_program(part.program, channel))
        entries.append([_Entry(0, _MARKER, message) for message in head])
    voices = [
        _Voice(note, index, line)
        for index, (part, line) in enumerate(zip(piece.parts, lines, strict=True), start=1)
        for note in part.notes
    ]
    _add_notes(entries, _untangle(voices))
    return mido.MidiFile(
        type=1,
        ticks_per_beat=piece.ticks_per_beat,
        tracks=[_weave((), rows) for rows in entries],
    )


def extend(
    seed: mido.MidiFile, continuation: Piece, join: int, marker: str = "composer"
) -> mido.MidiFile:
    """The seed with new notes appended to its own tracks.

    Every message of the seed stays as it is and where it is, except that end_of_track
    moves to the last event. At the join a marker is set, and what the seed left open is
    silenced first: notes never ended, pedals left down, bends left bent. A part whose
    program is not the one in force there gets a program change.

    Args:
        seed: A file as `load` gives it; it is not changed.
        continuation: Parts whose `track` and `channel` say where their notes go; ticks
            count from the beginning of the seed. Its tempos and metres are not written.
        join: The absolute tick at which the new begins, best not before `end_tick(seed)`.
        marker: Text of the marker.

    Returns:
        A new file that shares no message with the seed.

    Raises:
        ValueError: Resolutions differ, a part names a track that the seed has not, or a
            note begins before the join.
    """
    events, ports = timeline(seed)
    left = Leftovers.at(join, events)
    entries, voices = _additions(seed, continuation, join, marker, left, ports)
    _add_notes(entries, voices)
    return mido.MidiFile(
        type=seed.type,
        ticks_per_beat=seed.ticks_per_beat,
        tracks=[_weave(track, rows) for track, rows in zip(seed.tracks, entries, strict=True)],
    )


class Extender:
    """A seed's file, prepared for many continuations: gives bytes where `extend` gives messages.

    The seed's own messages are encoded once, and new notes go straight to bytes, which is
    some ten times as fast as copying every message for each continuation.
    """

    def __init__(self, seed: mido.MidiFile) -> None:
        self._seed = seed
        self._events, self._ports = timeline(seed)
        self.end = end_tick(seed)
        self._left: tuple[int, Leftovers] | None = None
        self._begun: list[_Begun] = []
        for track in seed.tracks:
            messages = [message for message in track if message.type != "end_of_track"]
            alone = mido.MidiFile(type=1, ticks_per_beat=seed.ticks_per_beat)
            alone.tracks.append(mido.MidiTrack(messages))
            # After the header (14 bytes) and the chunk's (8); before delta 0 and FF 2F 00.
            data = encode(alone)[22:-4]
            tick = sum(message.time for message in messages)
            closed = sum(message.time for message in track)
            last = messages[-1] if messages else None
            running = 0
            if last is not None and not last.is_meta and last.type != "sysex":
                status = last.bytes()[0]
                running = status if status < 0xF0 else 0
            self._begun.append(_Begun(data, tick, closed, running))

    def encode(self, continuation: Piece, join: int, marker: str = "composer") -> bytes:
        """The bytes of `extend(seed, continuation, join, marker)`.

        Args:
            continuation: As `extend` takes it.
            join: Not before `end`.
            marker: Text of the marker.

        Raises:
            ValueError: As `extend`, or the join comes before the end of the seed.
            OutputError: A rest is longer than a MIDI file can hold.
        """
        if join < self.end:
            raise ValueError(f"join is {join}, must be at least the seed's end, {self.end}")
        if self._left is None or self._left[0] != join:
            self._left = (join, Leftovers.at(join, self._events))
        left = self._left[1]
        fresh = replace(left, programs=dict(left.programs))
        entries, voices = _additions(self._seed, continuation, join, marker, fresh, self._ports)
        tracks: list[list[tuple[int, int, bytes]]] = [
            [(entry.tick, entry.rank, bytes(entry.message.bytes())) for entry in rows]
            for rows in entries
        ]
        for note, index, line in voices:
            channel = line % 16
            rows = tracks[index]
            rows.append((note.onset, _ON, bytes((0x90 | channel, note.pitch, note.velocity))))
            rows.append((note.end, _OFF, bytes((0x80 | channel, note.pitch, 0))))
        chunks = [begun.finish(rows) for begun, rows in zip(self._begun, tracks, strict=True)]
        seed = self._seed
        head = struct.pack(">4sLHHH", b"MThd", 6, seed.type, len(seed.tracks), seed.ticks_per_beat)
        return head + b"".join(chunks)


class _Begun(NamedTuple):
    """The bytes of a track up to its seed's last message.

    Attributes:
        data: Without the end_of_track.
        tick: Of the last message.
        closed: Of the end_of_track.
        running: Status byte that the next message may leave out, 0 for none.
    """

    data: bytes
    tick: int
    closed: int
    running: int

    def finish(self, rows: list[tuple[int, int, bytes]]) -> bytes:
        """The track's chunk with further (tick, rank, message), in any order."""
        rows.sort(key=_when)
        data = bytearray(self.data)
        now, running = self.tick, self.running
        for tick, _, message in rows:
            data += _delta(tick - now)
            status = message[0]
            # Running status as mido writes it: a meta event, a sysex or a system message ends it.
            data += message[1:] if status == running else message
            running = status if status < 0xF0 else 0
            now = tick
        data += _delta(max(self.closed - now, 0)) + b"\xff\x2f\x00"
        return struct.pack(">4sL", b"MTrk", len(data)) + bytes(data)


def _when(row: tuple[int, int, bytes]) -> tuple[int, int]:
    return row[:2]


def _delta(ticks: int) -> bytes:
    """A delta time as a variable-length quantity (Standard MIDI Files 1.0)."""
    if ticks < 0x80:
        return bytes((ticks,))
    if ticks > LONGEST_TICKS:
        raise OutputError(f"a rest of {ticks} ticks: a MIDI file can hold {LONGEST_TICKS} at most")
    digits = [ticks & 0x7F]
    while ticks := ticks >> 7:
        digits.append(ticks & 0x7F | 0x80)
    return bytes(reversed(digits))


def _additions(
    seed: mido.MidiFile,
    continuation: Piece,
    join: int,
    marker: str,
    left: Leftovers,
    ports: Sequence[int],
) -> tuple[list[list[_Entry]], list[_Voice]]:
    """What a continuation adds to a seed: entries by track, and the notes apart.

    Args:
        seed: See `extend`, as the next three.
        continuation: Its notes.
        join: Where they begin.
        marker: Text there.
        left: What the seed has left open at the join; its programs are brought up to date.
        ports: In force at the end of each track.
    """
    if continuation.ticks_per_beat != seed.ticks_per_beat:
        raise ValueError(
            f"continuation has {continuation.ticks_per_beat} ticks per beat,"
            f" must be the seed's {seed.ticks_per_beat}"
        )
    for part in continuation.parts:
        if not 0 <= part.track < len(seed.tracks):
            raise ValueError(f"track is {part.track}, must be 0..{len(seed.tracks) - 1}")
        if part.notes and part.notes[0].onset < join:
            raise ValueError(f"onset is {part.notes[0].onset}, must be at least the join's {join}")

    parts = [part for part in continuation.parts if part.notes]
    lines = [ports[part.track] * 16 + part.channel for part in parts]
    homes: dict[int, int] = {}
    for part, line in zip(parts, lines, strict=True):
        homes[line] = min(part.track, homes.get(line, part.track))

    entries: list[list[_Entry]] = [[] for _ in seed.tracks]
    entries[0].append(_Entry(join, _MARKER, mido.MetaMessage("marker", text=encode_text(marker))))
    for track, line, rank, message in _silencing(left, homes):
        port = line // 16
        if port != ports[track]:  # a track that went on to another port: there and back
            entries[track].append(_Entry(join, rank, _port(port)))
        entries[track].append(_Entry(join, rank, message))
        if port != ports[track]:
            entries[track].append(_Entry(join, rank, _port(ports[track])))
    for part, line in zip(parts, lines, strict=True):
        if not part.is_drums and left.programs.get(line, 0) != part.program:
            left.programs[line] = part.program
            entries[part.track].append(_Entry(join, _PROGRAM, _program(part.program, part.channel)))
    voices = [
        _Voice(note, part.track, line)
        for part, line in zip(parts, lines, strict=True)
        for note in part.notes
    ]
    return entries, _untangle(voices, left.latest_tracks(), join)


class _Entry(NamedTuple):
    """A message of ours, to be woven into a track at an absolute tick."""

    tick: int
    rank: int
    message: Any


class _Voice(NamedTuple):
    """A note on its way to a track."""

    note: Note
    track: int
    line: int


def _silencing(left: Leftovers, homes: dict[int, int]) -> Iterable[tuple[int, int, int, Any]]:
    """Yield (track, line, rank, message) that end all that a seed left open.

    Args:
        left: What that is.
        homes: Line -> first track that plays on it after the join. Pedal and bend
            are put right there, if not in an earlier track, so that a player who
            takes the tracks in turn has it done before the first new note.
    """
    for line, struck in sorted(left.keys.items()):
        for track, pitch in sorted(struck.elements()):
            yield track, line, _OFF, _note_off(pitch, line % 16)
    for (line, control), track in sorted(left.pedals.items()):
        message = mido.Message("control_change", channel=line % 16, control=control, value=0)
        yield min(track, homes.get(line, track)), line, _CONTROL, message
    for line, track in sorted(left.bends.items()):
        message = mido.Message("pitchwheel", channel=line % 16, pitch=0)
        yield min(track, homes.get(line, track)), line, _CONTROL, message


def _untangle(
    voices: Iterable[_Voice], struck: dict[tuple[int, int], int] | None = None, join: int = 0
) -> list[_Voice]:
    """Make sure that no note is cut by the end of another one on its key.

    A MIDI key has one state: an off ends whatever sounds on it. So the earlier of two
    overlapping notes ends where the later begins, and one tick before that if its track
    comes later, because its off would come after the new on. Of notes that begin
    together on one key the longest stays.

    Args:
        voices: In any order.
        struck: (line, pitch) that the seed has left struck -> the track that ends it at
            `join`; a new note there in an earlier track begins one tick later.
        join: See `struck`.
    """
    kept: list[_Voice] = []
    by_key = sorted(voices, key=lambda v: (v.line, v.note.pitch, v.note.onset, v.note.end))
    for voice in by_key:
        line, note = voice.line, voice.note
        if struck and note.onset == join and struck.get((line, note.pitch), -1) > voice.track:
            if note.duration == 1:
                continue
            note = Note(join + 1, note.pitch, note.duration - 1, note.velocity)
            voice = voice._replace(note=note)
        if kept and kept[-1].line == line and kept[-1].note.pitch == note.pitch:
            earlier = kept[-1]
            onset = earlier.note.onset
            stop = note.onset - (earlier.track > voice.track)
            if stop >= earlier.note.end:
                kept.append(voice)
                continue
            kept.pop()
            if stop > onset:
                shorter = Note(onset, note.pitch, stop - onset, earlier.note.velocity)
                kept.append(earlier._replace(note=shorter))
        kept.append(voice)
    return kept


def _add_notes(entries: Sequence[list[_Entry]], voices: Iterable[_Voice]) -> None:
    """Append the ons and offs of `voices` to the entries of their tracks."""
    for note, track, line in voices:
        channel = line % 16
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        entries[track].append(_Entry(note.onset, _ON, on))
        entries[track].append(_Entry(note.end, _OFF, _note_off(note.pitch, channel)))


def _weave(track: Iterable[Any], entries: Iterable[_Entry]) -> mido.MidiTrack:
    """A track with our entries among copies of its messages, the track's own first.

    Its end_of_track goes to where it was or to the last entry, whichever is later.
    """
    rows: list[tuple[int, Any]] = []
    tick = 0
    for message in track:
        tick += message.time
        if message.type != "end_of_track":
            rows.append((tick, message))
    ours = sorted(entries, key=lambda entry: (entry.tick, entry.rank))
    rows.extend((entry.tick, entry.message) for entry in ours)
    rows.sort(key=lambda row: row[0])  # stable, and no work where the track comes first
    woven = mido.MidiTrack()
    now = 0
    for when, message in rows:
        delta = when - now
        same = delta == message.time
        woven.append(message.copy() if same else message.copy(time=delta))
        now = when
    woven.append(mido.MetaMessage("end_of_track", time=max(tick - now, 0)))
    return woven


def _assign_lines(parts: Sequence[Part]) -> list[int]:
    """A line for each part: its own channel if no earlier part has it, else a free one."""
    taken: set[int] = set()
    lines: list[int | None] = []
    for part in parts:
        line: int | None = DRUM_CHANNEL if part.is_drums else part.channel
        if not part.is_drums and (line == DRUM_CHANNEL or line in taken):
            line = None
        else:
            taken.add(DRUM_CHANNEL if part.is_drums else part.channel)
        lines.append(line)
    free = iter(
        line for line in range(16 * _PORTS) if line % 16 != DRUM_CHANNEL and line not in taken
    )
    try:
        return [next(free) if line is None else line for line in lines]
    except StopIteration:
        raise OutputError(f"a MIDI file cannot hold {len(parts)} parts") from None


def _tempo(tempo: int) -> Any:
    return mido.MetaMessage("set_tempo", tempo=tempo)


def _metre(numerator: int, denominator: int) -> Any:
    return mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)


def _name(text: str) -> Any:
    return mido.MetaMessage("track_name", name=encode_text(text))


def _port(port: int) -> Any:
    return mido.MetaMessage("midi_port", port=port)


def _program(program: int, channel: int) -> Any:
    return mido.Message("program_change", channel=channel, program=program)


def _note_off(pitch: int, channel: int) -> Any:
    return mido.Message("note_off", channel=channel, note=pitch, velocity=0)
