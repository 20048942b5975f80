"""Tracks of mido messages made from a Piece: a fresh file, or a seed that goes on.

Times are absolute ticks until the last step turns them into delta times. For *lines* see
`composer.formats.midi_entries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import mido

from composer.errors import OutputError
from composer.formats.midi_entries import (
    CONTROL,
    MARKER,
    OFF,
    ON,
    Entry,
    Voice,
    additions,
    midi_port,
    note_off,
    program_change,
    track_name,
    untangle,
)
from composer.formats.midi_timeline import DRUM_CHANNEL, Leftovers, timeline
from composer.music.notes import Part, Piece

_LARGEST_DIVISION = 0x7FFF  # a set top bit would mean SMPTE time
_PORTS = 256


def from_piece(piece: Piece, end: int = 0) -> mido.MidiFile:
    """A fresh type 1 file: a conductor track (title, tempo, metre), then a track per part.

    Parts keep their channels where those are free, drums go to channel 10 (index 9) and
    nothing else does; from the sixteenth melodic part on a second MIDI port is used. Of
    notes that overlap on one key the earlier ends where the later begins.

    Args:
        piece: The music.
        end: Tick before which no track ends.

    Raises:
        OutputError: The piece has more parts or a finer resolution than a file can hold.
    """
    if piece.ticks_per_beat > _LARGEST_DIVISION:
        raise OutputError(
            f"a MIDI file can hold {_LARGEST_DIVISION} ticks per beat at most,"
            f" the piece has {piece.ticks_per_beat}"
        )
    conductor = [Entry(tick, CONTROL, _tempo(tempo)) for tick, tempo in piece.tempos.changes]
    conductor += [
        Entry(tick, OFF, _metre(numerator, denominator))
        for tick, numerator, denominator in piece.metres.changes
    ]
    if piece.title:
        conductor.append(Entry(0, MARKER, track_name(piece.title)))

    lines = _assign_lines(piece.parts)
    entries: list[list[Entry]] = [conductor]
    for part, line in zip(piece.parts, lines, strict=True):
        port, channel = divmod(line, 16)
        head = [track_name(part.name)] if part.name else []
        if port:
            head.append(midi_port(port))
        if not part.is_drums:
            head.append(program_change(part.program, channel))
        entries.append([Entry(0, MARKER, message) for message in head])
    voices = [
        Voice(note, index, line)
        for index, (part, line) in enumerate(zip(piece.parts, lines, strict=True), start=1)
        for note in part.notes
    ]
    _add_notes(entries, untangle(voices))
    return mido.MidiFile(
        type=1,
        ticks_per_beat=piece.ticks_per_beat,
        tracks=[_weave((), rows, end) for rows in entries],
    )


def extend(
    seed: mido.MidiFile,
    continuation: Piece,
    join: int,
    marker: str = "composer",
    end: int = 0,
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
        end: Tick before which no track that goes on ends: the bar line after the new music.

    Returns:
        A new file that shares no message with the seed.

    Raises:
        ValueError: Resolutions differ, a part names a track that the seed has not, or a
            note begins before the join.
    """
    events, ports = timeline(seed)
    left = Leftovers.at(join, events)
    entries, voices = additions(seed, continuation, join, marker, left, ports)
    _add_notes(entries, voices)
    return mido.MidiFile(
        type=seed.type,
        ticks_per_beat=seed.ticks_per_beat,
        tracks=[
            _weave(track, rows, end if rows else 0)
            for track, rows in zip(seed.tracks, entries, strict=True)
        ],
    )


def _add_notes(entries: Sequence[list[Entry]], voices: Iterable[Voice]) -> None:
    """Append the ons and offs of `voices` to the entries of their tracks."""
    for note, track, line in voices:
        channel = line % 16
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        entries[track].append(Entry(note.onset, ON, on))
        entries[track].append(Entry(note.end, OFF, note_off(note.pitch, channel)))


def _weave(track: Iterable[Any], entries: Iterable[Entry], end: int) -> mido.MidiTrack:
    """A track with our entries among copies of its messages, the track's own first.

    Its end_of_track goes to where it was, to the last entry or to `end`, whichever is latest.
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
    woven.append(mido.MetaMessage("end_of_track", time=max(tick, end, now) - now))
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
