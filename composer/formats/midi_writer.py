"""Tracks of mido messages made from a Piece: a fresh file, or a seed that goes on.

Conventions:
    Times are absolute ticks until the last step turns them into delta times. A *line* is a
    MIDI port and channel in one number (port * 16 + channel): two parts on one line share
    program, pedal and keys, whatever their tracks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import mido

from composer.errors import OutputError
from composer.formats.midi_messages import (
    controller,
    marker_message,
    midi_port,
    note_off,
    program_change,
    set_tempo,
    time_signature,
    track_name,
)
from composer.formats.midi_state import BANKS, JoinState
from composer.formats.midi_timeline import DRUM_CHANNEL, Event, timeline
from composer.music.notes import Note, Part, Piece
from composer.music.timing import DEFAULT_TEMPO

_LARGEST_DIVISION = 0x7FFF  # a set top bit would mean SMPTE time
_PORTS = 256

# What comes first among our own messages on one tick.
MARKER, OFF, CONTROL, PROGRAM, ON = range(5)


class Entry(NamedTuple):
    """A message of ours, to be woven into a track at an absolute tick."""

    tick: int
    rank: int
    message: Any


class Voice(NamedTuple):
    """A note on its way to a track."""

    note: Note
    track: int
    line: int


def from_piece(piece: Piece, end: int = 0) -> mido.MidiFile:
    """A fresh type 1 file: a conductor track (title, tempo, metre), then a track per part.

    Parts keep their channels where those are free, drums go to channel 10 (index 9), each
    kit on a port of its own, and nothing else does; from the sixteenth melodic part on a
    second MIDI port is used. Of
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
    conductor = [Entry(tick, CONTROL, set_tempo(tempo)) for tick, tempo in piece.tempos.changes]
    conductor += [
        Entry(tick, OFF, time_signature(numerator, denominator))
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
        if part.bank is not None:
            head += [
                controller(BANKS[0], part.bank >> 7, channel),
                controller(BANKS[1], part.bank & 127, channel),
            ]
        if not part.is_drums or part.kit or part.bank is not None:
            head.append(program_change(part.kit if part.is_drums else part.program, channel))
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
    tempo: int | None = None,
) -> mido.MidiFile:
    """The seed with new notes appended to its own tracks.

    Every message of the seed stays as it is and where it is, except that end_of_track
    moves to the last event, and that whatever makes no sound and stands among the new
    notes (a controller minutes after the last note) moves to the join. There a marker is
    set; notes never ended and pedals left down are ended; and channels that go on are
    given what they were in before the ending (see `composer.formats.midi_state`).

    Args:
        seed: A file as `load` gives it; it is not changed.
        continuation: Parts whose `track` and `channel` say where their notes go; ticks
            count from the beginning of the seed. Its tempos and metres are not written.
        join: The absolute tick at which the new begins, not before the seed's last sound.
        marker: Text of the marker.
        end: Tick before which no track that goes on ends: the bar line after the new music.
        tempo: Microseconds per beat to go on in; None for what the seed ends in.

    Returns:
        A new file that shares no message with the seed.

    Raises:
        ValueError: Resolutions differ, a part names a track that the seed has not, or a
            note begins before the join.
    """
    events, ports = timeline(seed)
    until = max(continuation.end, end)
    state = JoinState.at(join, strays_to_join(events, join, until))
    entries, voices = additions(seed, continuation, join, marker, state, ports, tempo)
    _add_notes(entries, voices)
    return mido.MidiFile(
        type=seed.type,
        ticks_per_beat=seed.ticks_per_beat,
        tracks=[
            _weave(track, rows, end if rows else 0, join, until)
            for track, rows in zip(seed.tracks, entries, strict=True)
        ],
    )


def additions(
    seed: mido.MidiFile,
    continuation: Piece,
    join: int,
    marker: str,
    state: JoinState,
    ports: Sequence[int],
    tempo: int | None = None,
) -> tuple[list[list[Entry]], list[Voice]]:
    """What a continuation adds to a seed: entries by track, and the notes apart.

    Args:
        seed: See `extend`, as the next three.
        continuation: Its notes.
        join: Where they begin.
        marker: Text there.
        state: What the seed is in at the join.
        ports: In force at the end of each track.
        tempo: To go on in; None for the seed's.

    Raises:
        ValueError: As `extend`.
    """
    _check(seed, continuation, join)
    parts = [part for part in continuation.parts if part.notes]
    lines = [ports[part.track] * 16 + part.channel for part in parts]
    homes: dict[int, int] = {}
    for part, line in zip(parts, lines, strict=True):
        homes[line] = min(part.track, homes.get(line, part.track))

    entries: list[list[Entry]] = [[] for _ in seed.tracks]
    entries[0].append(Entry(join, MARKER, marker_message(marker)))
    if tempo is not None and tempo != (state.tempo or DEFAULT_TEMPO):
        entries[0].append(Entry(join, MARKER, set_tempo(tempo)))
    for track, line, rank, message in _silencing(state, homes):
        port = line // 16
        if port != ports[track]:  # a track that went on to another port: there and back
            entries[track].append(Entry(join, rank, midi_port(port)))
        entries[track].append(Entry(join, rank, message))
        if port != ports[track]:
            entries[track].append(Entry(join, rank, midi_port(ports[track])))
    for line, track in sorted(homes.items()):
        for control, value in state.restored(line, seed.ticks_per_beat):
            entries[track].append(Entry(join, CONTROL, controller(control, value, line % 16)))
    told: dict[int, tuple[int, int, int]] = {}
    for part, line in zip(parts, lines, strict=True):
        program, msb, lsb = state.instrument(line)
        wanted = (program if part.is_drums else part.program, msb, lsb)
        if told.setdefault(line, state.instrument_now(line)) != wanted:
            entries[part.track] += [
                Entry(join, PROGRAM, message)
                for message in _instrument(wanted, told[line], part.channel)
            ]
            told[line] = wanted
    voices = [
        Voice(note, part.track, line)
        for part, line in zip(parts, lines, strict=True)
        for note in part.notes
    ]
    return entries, untangle(voices, state.latest_tracks(), join)


def _check(seed: mido.MidiFile, continuation: Piece, join: int) -> None:
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


def _silencing(state: JoinState, homes: dict[int, int]) -> Iterable[tuple[int, int, int, Any]]:
    """Yield (track, line, rank, message) that end all that a seed left open.

    Args:
        state: What that is.
        homes: Line -> first track that plays on it after the join. A pedal is put right
            there, if not in an earlier track, so that a player who takes the tracks in
            turn has it done before the first new note.
    """
    for line, struck in sorted(state.keys.items()):
        for track, pitch in sorted(struck.elements()):
            yield track, line, OFF, note_off(pitch, line % 16)
    for (line, control), track in sorted(state.pedals.items()):
        message = controller(control, 0, line % 16)
        yield min(track, homes.get(line, track)), line, CONTROL, message


def _instrument(
    wanted: tuple[int, int, int], now: tuple[int, int, int], channel: int
) -> Iterable[Any]:
    """Bank and program for a channel; a bank where it is told and not in force."""
    for control, value, old in zip(BANKS, wanted[1:], now[1:], strict=True):
        if value != old and max(value, 0) != max(old, 0):
            yield controller(control, max(value, 0), channel)
    yield program_change(wanted[0], channel)


def strays_to_join(events: Iterable[Event], join: int, until: int) -> list[Event]:
    """A seed's events, with those among the new notes that make no sound put to the join.

    Args:
        events: In time.
        join: Where the new notes begin.
        until: Where they end.
    """
    moved = [
        event._replace(tick=join) if _is_stray(event.message, event.tick, join, until) else event
        for event in events
    ]
    return sorted(moved, key=lambda event: event.tick)


def _is_stray(message: Any, tick: int, join: int, until: int) -> bool:
    return join < tick < until and message.type not in ("note_on", "note_off", "time_signature")


def _add_notes(entries: Sequence[list[Entry]], voices: Iterable[Voice]) -> None:
    """Append the ons and offs of `voices` to the entries of their tracks."""
    for note, track, line in voices:
        channel = line % 16
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        entries[track].append(Entry(note.onset, ON, on))
        entries[track].append(Entry(note.end, OFF, note_off(note.pitch, channel)))


def _weave(
    track: Iterable[Any], entries: Iterable[Entry], end: int, join: int = 0, until: int = 0
) -> mido.MidiTrack:
    """A track with our entries among copies of its messages, the track's own first.

    Its end_of_track goes to where it was, to the last entry or to `end`, whichever is
    latest; for `join` and `until` see `strays_to_join`.
    """
    rows: list[tuple[int, Any]] = []
    tick = 0
    for message in track:
        tick += message.time
        if message.type != "end_of_track":
            rows.append((join if _is_stray(message, tick, join, until) else tick, message))
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
    kits: dict[tuple[int | None, int], int] = {}
    lines: list[int | None] = []
    for part in parts:
        line: int | None = part.channel
        if part.is_drums:
            line = kits.setdefault((part.bank, part.kit), DRUM_CHANNEL + 16 * len(kits))
            if line >= 16 * _PORTS:
                raise OutputError(f"a MIDI file cannot hold {len(kits)} drum kits")
        elif line == DRUM_CHANNEL or line in taken:
            line = None
        if line is not None:
            taken.add(line)
        lines.append(line)
    free = iter(
        line for line in range(16 * _PORTS) if line % 16 != DRUM_CHANNEL and line not in taken
    )
    try:
        return [next(free) if line is None else line for line in lines]
    except StopIteration:
        raise OutputError(f"a MIDI file cannot hold {len(parts)} parts") from None


def untangle(
    voices: Iterable[Voice], struck: dict[tuple[int, int], int] | None = None, join: int = 0
) -> list[Voice]:
    """Make sure that no note is cut by the end of another one on its key.

    A MIDI key has one state: an off ends whatever sounds on it. So the earlier of two
    overlapping notes ends where the later begins, and one tick before that if its track
    comes later, because its off would come after the new on. Of notes of one track that begin
    together on one key the longest stays; those of several tracks, which may be as many
    instruments, all stay and end with the longest.

    Args:
        voices: In any order.
        struck: (line, pitch) that the seed has left struck -> the track that ends it at
            `join`; a new note there in an earlier track begins one tick later.
        join: See `struck`.
    """
    kept: list[Voice] = []
    chord: dict[int, Voice] = {}  # what began last on the key at hand, by track
    by_key = sorted(voices, key=lambda v: (v.line, v.note.pitch, v.note.onset, v.note.end))
    for voice in by_key:
        line, note = voice.line, voice.note
        if struck and note.onset == join and struck.get((line, note.pitch), -1) > voice.track:
            if note.duration == 1:
                continue
            note = Note(join + 1, note.pitch, note.duration - 1, note.velocity)
            voice = voice._replace(note=note)
        last = next(iter(chord.values()), None)
        if last is None or (last.line, last.note.pitch) != (line, note.pitch):
            kept.extend(chord.values())
            chord = {}
        elif last.note.onset != note.onset:
            stop = note.onset - (max(chord) > voice.track)
            kept.extend(_ending(chord, stop) if stop < last.note.end else chord.values())
            chord = {}
        chord[voice.track] = voice
        chord = {other.track: other for other in _ending(chord, note.end)}
    kept.extend(chord.values())
    return kept


def _ending(chord: Mapping[int, Voice], stop: int) -> list[Voice]:
    """Notes that begin together, all ending at a tick; none if that is where they begin."""
    return [
        voice._replace(note=replace(voice.note, duration=stop - voice.note.onset))
        for voice in chord.values()
        if stop > voice.note.onset
    ]
