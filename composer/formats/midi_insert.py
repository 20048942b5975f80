"""MIDI files in which some notes are replaced by others, or to which parts are added.

Every message stays as it is and where it is, except those that begin and end the notes that are
taken out, and what moves only these: where all notes of a channel are taken out for a while, its
pedal and bend rest for that while, and are afterwards what they would have been.

Conventions:
    Times are absolute ticks; a *line* is as in `composer.formats.midi_timeline`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import mido

from composer.errors import OutputError
from composer.formats.midi_channels import Instruments, one_player
from composer.formats.midi_messages import midi_port, note_off, program_change, track_name
from composer.formats.midi_notes import read_notes
from composer.formats.midi_timeline import DRUM_CHANNEL, PEDALS, Event, end_tick, timeline
from composer.formats.midi_writer import Voice, untangle
from composer.music.notes import Note, Part, Piece

_SUSTAIN = PEDALS[0]
_EARLY, _OWN, _LATE = range(3)
"""Among the messages of one tick: our ends of notes, the file's own messages, our new notes."""


class Span(NamedTuple):
    """Ticks in which notes are replaced.

    Attributes:
        start: First tick.
        end: Tick behind the last.
    """

    start: int
    end: int


@dataclass(slots=True)
class _Track:
    """What becomes of one track.

    Attributes:
        dropped: Indices of its messages that go.
        added: (tick, rank, message) that come.
    """

    dropped: set[int] = field(default_factory=set)
    added: list[tuple[int, int, Any]] = field(default_factory=list)


def inserted(
    file: mido.MidiFile,
    new: Piece,
    removed: Iterable[tuple[int, Note]] = (),
    span: Span | None = None,
    added: Sequence[int] = (),
) -> mido.MidiFile:
    """A file with other notes in it.

    Args:
        file: As `composer.formats.midi.load` gives it; it is not changed.
        new: Its parts, with the new notes only, then those that are added.
        removed: (part, note) of the notes of the file that go.
        span: Where notes are replaced; None where none are.
        added: Indices of the parts that the file does not have yet.

    Returns:
        A new file that shares no message with the old one.

    Raises:
        OutputError: There is no channel left for a part.
    """
    events, ports = timeline(file)
    lines, homes = _lines(file, events, new, added)
    tracks = [_Track() for _ in file.tracks]
    gone = {(index, note.onset, note.pitch) for index, note in removed}
    kept = _take_out(file, homes, gone, tracks)
    if span is not None and gone:
        _rest(file, span, homes, {index for index, _, _ in gone}, kept, tracks)
    voices = []
    for index, part in enumerate(new.parts):
        if index in added and file.type == 1:
            tracks.append(_Track())
            voices += [Voice(note, len(tracks) - 1, lines[index]) for note in part.notes]
        else:
            voices += [Voice(note, _track_of(part, index, added), lines[index])
                       for note in part.notes]  # fmt: skip
    for index in added:
        _begin(new.parts[index], lines[index], tracks, _home(file, index, added))
    for note, track, line in untangle(_fitting(voices, kept)):
        on = mido.Message("note_on", channel=line % 16, note=note.pitch, velocity=note.velocity)
        wrapped = _on_port(line, ports[track] if track < len(ports) else line // 16)
        for message in wrapped(on):
            tracks[track].added.append((note.onset, _LATE, message))
        for message in wrapped(note_off(note.pitch, line % 16)):
            tracks[track].added.append((note.end, _EARLY, message))
    empty = [mido.MidiTrack() for _ in range(len(tracks) - len(file.tracks))]
    last = max(end_tick(file), new.end)
    return mido.MidiFile(
        type=file.type,
        ticks_per_beat=file.ticks_per_beat,
        tracks=[
            _woven(own, track, last if number >= len(file.tracks) else 0)
            for number, (own, track) in enumerate(zip([*file.tracks, *empty], tracks, strict=True))
        ],
    )


def _track_of(part: Part, index: int, added: Sequence[int]) -> int:
    return 0 if index in added else part.track


def _home(file: mido.MidiFile, index: int, added: Sequence[int]) -> int:
    """The track of an added part."""
    return 0 if file.type == 0 else len(file.tracks) + list(added).index(index)


def _lines(
    file: mido.MidiFile, events: Sequence[Event], new: Piece, added: Sequence[int]
) -> tuple[list[int], dict[tuple[int, int], int]]:
    """The line of each part, and the part of each (track, line) of the file."""
    rows, _ = read_notes(
        events, end_tick(file), file.ticks_per_beat, lambda line: line % 16 != DRUM_CHANNEL
    )
    players = one_player(rows, Instruments.of(events))
    order = sorted({players.get(place, place) for place in rows})
    homes = {place: order.index(players.get(place, place)) for place in rows}
    lines = [line for _, line in order]
    used = {event.line for event in events if not event.message.is_meta}
    free = iter(
        line
        for line in range(16 if file.type == 0 else 256)
        if line not in used and line % 16 != DRUM_CHANNEL
    )
    for index in added:
        if new.parts[index].is_drums:
            lines.append(DRUM_CHANNEL)
            continue
        line = next(free, None)
        if line is None:
            raise OutputError("all channels of the file are taken: there is none for a new part")
        lines.append(line)
    return lines, homes


def _take_out(
    file: mido.MidiFile,
    homes: dict[tuple[int, int], int],
    gone: set[tuple[int, int, int]],
    tracks: list[_Track],
) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Drop the messages of notes that go.

    On a key of a track the first on has the first off, as `composer.formats.midi_notes` has it.

    Returns:
        (on, off) in ticks of the notes that stay, by (line, pitch).
    """
    kept: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, track in enumerate(file.tracks):
        tick = port = 0
        waiting: dict[tuple[int, int], deque[tuple[int, bool]]] = {}
        for position, message in enumerate(track):
            tick += message.time
            if message.type == "midi_port":
                port = message.port
            if message.type not in ("note_on", "note_off"):
                continue
            line = port * 16 + message.channel
            key = line, message.note
            if message.type == "note_on" and message.velocity:
                part = homes.get((number, line), -1)
                goes = (part, tick, message.note) in gone
                waiting.setdefault(key, deque()).append((tick, goes))
                if goes:
                    tracks[number].dropped.add(position)
            elif waiting.get(key):
                begun, goes = waiting[key].popleft()
                if goes:
                    tracks[number].dropped.add(position)
                else:
                    kept.setdefault(key, []).append((begun, tick))
        for key, begun_here in waiting.items():
            kept.setdefault(key, []).extend(
                (begun, begun + 4 * file.ticks_per_beat) for begun, goes in begun_here if not goes
            )
    return kept


def _rest(
    file: mido.MidiFile,
    span: Span,
    homes: dict[tuple[int, int], int],
    parts: set[int],
    kept: dict[tuple[int, int], list[tuple[int, int]]],
    tracks: list[_Track],
) -> None:
    """Let pedals and bends of channels rest where all their notes are replaced."""
    busy = {
        line
        for (line, _), notes in kept.items()
        if any(span.start <= begun < span.end for begun, _ in notes)
    }
    lines = {line for (_, line), part in homes.items() if part in parts} - busy
    held: Counter[tuple[int, int]] = Counter()  # last value of (line, controller)
    dropped: dict[tuple[int, int], tuple[int, Any]] = {}  # the last message that was
    ups: set[tuple[int, int]] = set()
    for number, track in enumerate(file.tracks):
        tick = port = 0
        for position, message in enumerate(track):
            tick += message.time
            if message.type == "midi_port":
                port = message.port
            if message.type == "control_change" and message.control == _SUSTAIN:
                name, value = _SUSTAIN, int(message.value >= 64)
            elif message.type == "pitchwheel":
                name, value = -1, message.pitch
            else:
                continue
            key = port * 16 + message.channel, name
            if key[0] not in lines or tick >= span.end:
                continue
            if tick < span.start:
                held[key] = value
            elif name == _SUSTAIN and held[key] and key not in ups and not value:
                ups.add(key)  # what rings from before is let go as it was
                dropped.pop(key, None)
            else:
                tracks[number].dropped.add(position)
                dropped[key] = number, message
    for (_, name), (number, message) in dropped.items():
        value = message.value >= 64 if name == _SUSTAIN else message.pitch
        if value or name == -1:
            tracks[number].added.append((span.end, _EARLY, message.copy(time=0)))


def _fitting(
    voices: Iterable[Voice], kept: dict[tuple[int, int], list[tuple[int, int]]]
) -> list[Voice]:
    """New notes that neither fall on a key that is held nor hold one that is struck."""
    found = []
    for voice in voices:
        note, standing = voice.note, kept.get((voice.line, voice.note.pitch), ())
        if any(begun <= note.onset < ended for begun, ended in standing):
            continue
        stop = min((begun for begun, _ in standing if begun > note.onset), default=note.end)
        length = min(note.end, stop) - note.onset
        found.append(voice._replace(note=Note(note.onset, note.pitch, length, note.velocity)))
    return found


def _begin(part: Part, line: int, tracks: list[_Track], track: int) -> None:
    """Name and program of an added part."""
    head = []
    if part.name and track:
        head.append(track_name(part.name))
    if line >= 16:
        head.append(midi_port(line // 16))
    if not part.is_drums:
        head.append(program_change(part.program, line % 16))
    tracks[track].added[:0] = [(0, _EARLY, message) for message in head]


def _on_port(line: int, port: int) -> Any:
    """What wraps a message for a track that went on to another port: there and back."""
    if line // 16 == port:
        return lambda message: (message,)
    return lambda message: (midi_port(line // 16), message, midi_port(port))


def _woven(track: Iterable[Any], changes: _Track, end: int) -> mido.MidiTrack:
    """A track without what goes, with what comes; its end stays, or is at least at `end`."""
    rows: list[tuple[int, int, Any]] = []
    tick = 0
    for position, message in enumerate(track):
        tick += message.time
        if message.type != "end_of_track" and position not in changes.dropped:
            rows.append((tick, _OWN, message))
    rows += changes.added
    rows.sort(key=lambda row: row[:2])
    woven = mido.MidiTrack()
    now = 0
    for when, _, message in rows:
        woven.append(message.copy(time=when - now))
        now = when
    woven.append(mido.MetaMessage("end_of_track", time=max(tick, end, now) - now))
    return woven
