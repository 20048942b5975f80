"""Entries: the messages that new notes need, at their absolute ticks, track by track.

Conventions:
    A *line* is a MIDI port and channel in one number (port * 16 + channel): two parts on
    one line share program, pedal and keys, whatever their tracks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import mido

from composer.formats.midi_text import encode_text
from composer.formats.midi_timeline import Leftovers
from composer.music.notes import Note, Piece

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


def additions(
    seed: mido.MidiFile,
    continuation: Piece,
    join: int,
    marker: str,
    left: Leftovers,
    ports: Sequence[int],
) -> tuple[list[list[Entry]], list[Voice]]:
    """What a continuation adds to a seed: entries by track, and the notes apart.

    Args:
        seed: See `composer.formats.midi_writer.extend`, as the next three.
        continuation: Its notes.
        join: Where they begin.
        marker: Text there.
        left: What the seed has left open at the join; its programs are brought up to date.
        ports: In force at the end of each track.

    Raises:
        ValueError: As `composer.formats.midi_writer.extend`.
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

    entries: list[list[Entry]] = [[] for _ in seed.tracks]
    entries[0].append(Entry(join, MARKER, mido.MetaMessage("marker", text=encode_text(marker))))
    for track, line, rank, message in _silencing(left, homes):
        port = line // 16
        if port != ports[track]:  # a track that went on to another port: there and back
            entries[track].append(Entry(join, rank, midi_port(port)))
        entries[track].append(Entry(join, rank, message))
        if port != ports[track]:
            entries[track].append(Entry(join, rank, midi_port(ports[track])))
    for part, line in zip(parts, lines, strict=True):
        if not part.is_drums and left.programs.get(line, 0) != part.program:
            left.programs[line] = part.program
            entries[part.track].append(
                Entry(join, PROGRAM, program_change(part.program, part.channel))
            )
    voices = [
        Voice(note, part.track, line)
        for part, line in zip(parts, lines, strict=True)
        for note in part.notes
    ]
    return entries, untangle(voices, left.latest_tracks(), join)


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
            yield track, line, OFF, note_off(pitch, line % 16)
    for (line, control), track in sorted(left.pedals.items()):
        message = mido.Message("control_change", channel=line % 16, control=control, value=0)
        yield min(track, homes.get(line, track)), line, CONTROL, message
    for line, track in sorted(left.bends.items()):
        message = mido.Message("pitchwheel", channel=line % 16, pitch=0)
        yield min(track, homes.get(line, track)), line, CONTROL, message


def untangle(
    voices: Iterable[Voice], struck: dict[tuple[int, int], int] | None = None, join: int = 0
) -> list[Voice]:
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
    kept: list[Voice] = []
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


def track_name(text: str) -> Any:
    """What a track is called."""
    return mido.MetaMessage("track_name", name=encode_text(text))


def midi_port(port: int) -> Any:
    """The port for the messages that follow in a track."""
    return mido.MetaMessage("midi_port", port=port)


def program_change(program: int, channel: int) -> Any:
    """An instrument for a channel."""
    return mido.Message("program_change", channel=channel, program=program)


def note_off(pitch: int, channel: int) -> Any:
    """The end of a note."""
    return mido.Message("note_off", channel=channel, note=pitch, velocity=0)
