"""Messages and files of MIDI in few words, and what is heard of them."""

from __future__ import annotations

from mido import Message, MetaMessage, MidiFile, MidiTrack

from composer.formats import midi


def on(pitch: int, time: int = 0, velocity: int = 64, channel: int = 0) -> Message:
    return Message("note_on", note=pitch, velocity=velocity, time=time, channel=channel)


def off(pitch: int, time: int = 0, channel: int = 0) -> Message:
    return Message("note_off", note=pitch, velocity=0, time=time, channel=channel)


def control(number: int, value: int, time: int = 0, channel: int = 0) -> Message:
    return Message("control_change", control=number, value=value, time=time, channel=channel)


def pedal(value: int, time: int = 0, channel: int = 0) -> Message:
    return control(64, value, time, channel)


def program(number: int, time: int = 0, channel: int = 0) -> Message:
    return Message("program_change", program=number, time=time, channel=channel)


def a_file(*tracks: list[Message | MetaMessage], kind: int = 1) -> MidiFile:
    return MidiFile(type=kind, ticks_per_beat=96, tracks=[MidiTrack(track) for track in tracks])


def heard(file: MidiFile, part: int = 0) -> list[tuple[int, int, int]]:
    """(onset, end, pitch) of one part's notes."""
    return [(n.onset, n.end, n.pitch) for n in midi.to_piece(file).parts[part].notes]


def timed(track: MidiTrack) -> list[tuple[int, str]]:
    """(absolute tick, message without its time) of a track."""
    tick, rows = 0, []
    for message in track:
        tick += message.time
        rows.append((tick, str(message.copy(time=0)).removesuffix(" time=0")))
    return rows
