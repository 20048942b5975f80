"""A MIDI file's tracks as one stream in time.

Conventions:
    Times are absolute ticks. A *line* is a MIDI port and channel in one number
    (port * 16 + channel): tracks on one line share program, pedal and bend.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import mido

DRUM_CHANNEL = 9
"""The channel that General MIDI gives to drums: "channel 10", counted from 0."""

PEDALS = (64, 66, 69)
"""Controllers that hold notes: sustain, sostenuto, hold 2."""

ALL_SOUND_OFF, RESET_CONTROLLERS = 120, 121
ALL_NOTES_OFF = (123, 124, 125, 126, 127)
"""All notes off, and the mode changes that imply it (MIDI 1.0, table 3a)."""

_TIMELINE = frozenset(
    {"note_on", "note_off", "control_change", "program_change", "pitchwheel", "aftertouch"}
    | {"sysex"}
    | {"set_tempo", "time_signature"}
)


class Event(NamedTuple):
    """A message of a file at its place in time.

    Attributes:
        tick: Absolute tick.
        track: Index of its track.
        line: Port * 16 + channel; for a meta message or sysex the port's first.
        message: The mido message.
    """

    tick: int
    track: int
    line: int
    message: Any


def timeline(file: mido.MidiFile) -> tuple[list[Event], list[int]]:
    """What sounds, and what changes how: all tracks in time, without texts.

    Returns:
        Events by tick, those on one tick in the order of their tracks; and the port in
        force at the end of each track.
    """
    events: list[Event] = []
    ports: list[int] = []
    for index, track in enumerate(file.tracks):
        tick = line = 0
        for message in track:
            tick += message.time
            kind = message.type
            if kind in _TIMELINE:
                channel = 0 if message.is_meta or kind == "sysex" else message.channel
                events.append(Event(tick, index, line + channel, message))
            elif kind == "midi_port":
                line = message.port * 16
        ports.append(line // 16)
    if len(file.tracks) > 1:
        events.sort(key=lambda event: event.tick)
    return events, ports


def end_tick(file: mido.MidiFile) -> int:
    """The absolute tick of the last message in any track, end_of_track not counted."""
    last = 0
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if tick > last and message.type != "end_of_track":
                last = tick
    return last
