"""Extender: a seed's file, continued many times over."""

from __future__ import annotations

import struct
from typing import NamedTuple

import mido

from composer.errors import OutputError
from composer.formats.midi_state import JoinState
from composer.formats.midi_timeline import end_tick, timeline
from composer.formats.midi_writer import OFF, ON, additions, extend
from composer.formats.smf import LONGEST_TICKS, encode, note_count
from composer.music.notes import Piece


class Extended(NamedTuple):
    """A seed's file with a continuation behind it.

    Attributes:
        data: Its bytes.
        notes: New notes in it: fewer than were given where several fell on one key.
    """

    data: bytes
    notes: int


class Extender:
    """A seed's file, prepared for many continuations: gives bytes where `extend` gives messages.

    The seed's own messages are encoded once, and new notes go straight to bytes, which is
    some ten times as fast as copying every message for each continuation.
    """

    def __init__(self, seed: mido.MidiFile) -> None:
        self._seed = seed
        self._events, self._ports = timeline(seed)
        self.end = end_tick(seed)
        self._state: tuple[int, JoinState] | None = None
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

    def encode(
        self,
        continuation: Piece,
        join: int,
        marker: str = "composer",
        end: int = 0,
        tempo: int | None = None,
    ) -> Extended:
        """The bytes of `extend(seed, continuation, join, marker, end, tempo)`.

        Args:
            continuation: As `extend` takes it.
            join: Best not before the seed's last message: then it is quick.
            marker: Text of the marker.
            end: Tick before which no track that goes on ends.
            tempo: Microseconds per beat to go on in; None for what the seed ends in.

        Raises:
            ValueError: As `extend`.
            OutputError: A rest is longer than a MIDI file can hold.
        """
        if join < self.end:
            file = extend(self._seed, continuation, join, marker, end, tempo)
            return Extended(encode(file), note_count(file) - note_count(self._seed))
        if self._state is None or self._state[0] != join:
            self._state = (join, JoinState.at(join, self._events))
        entries, voices = additions(
            self._seed, continuation, join, marker, self._state[1], self._ports, tempo
        )
        tracks: list[list[tuple[int, int, bytes]]] = [
            [(entry.tick, entry.rank, bytes(entry.message.bytes())) for entry in rows]
            for rows in entries
        ]
        for note, index, line in voices:
            channel = line % 16
            rows = tracks[index]
            rows.append((note.onset, ON, bytes((0x90 | channel, note.pitch, note.velocity))))
            rows.append((note.end, OFF, bytes((0x80 | channel, note.pitch, 0))))
        chunks = [begun.finish(rows, end) for begun, rows in zip(self._begun, tracks, strict=True)]
        seed = self._seed
        head = struct.pack(">4sLHHH", b"MThd", 6, seed.type, len(seed.tracks), seed.ticks_per_beat)
        return Extended(head + b"".join(chunks), len(voices))


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

    def finish(self, rows: list[tuple[int, int, bytes]], end: int) -> bytes:
        """The track's chunk with further (tick, rank, message), in any order.

        With any, it does not end before the tick `end`.
        """
        closed = max(self.closed, end) if rows else self.closed
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
        data += _delta(max(closed - now, 0)) + b"\xff\x2f\x00"
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
