"""A MIDI file's tracks as one stream in time, and what it has left sounding.

Conventions:
    Times are absolute ticks. A *line* is a MIDI port and channel in one number
    (port * 16 + channel): tracks on one line share program, pedal and bend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
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
    {"note_on", "note_off", "control_change", "program_change", "pitchwheel"}
    | {"set_tempo", "time_signature"}
)


class Event(NamedTuple):
    """A message of a file at its place in time.

    Attributes:
        tick: Absolute tick.
        track: Index of its track.
        line: Port * 16 + channel; for a meta message the port's first.
        message: The mido message.
    """

    tick: int
    track: int
    line: int
    message: Any


def timeline(file: mido.MidiFile) -> tuple[list[Event], list[int]]:
    """The notes, controls, programs, bends, tempos and metres of all tracks in time.

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
                channel = 0 if message.is_meta else message.channel
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


@dataclass(slots=True)
class Leftovers:
    """What a seed has left sounding, held or bent on its lines at some tick.

    Attributes:
        keys: Line -> how often (track, pitch) is struck and not ended by an off of its
            own. "All notes off" does not count: many programs that read files pass over
            it, and where it was heard one more off does no harm.
        pedals: (line, controller) that is down -> track that put it down.
        bends: Line that is bent -> track that bent it.
        programs: Line -> program in force.
    """

    keys: dict[int, Counter[tuple[int, int]]] = field(default_factory=dict)
    pedals: dict[tuple[int, int], int] = field(default_factory=dict)
    bends: dict[int, int] = field(default_factory=dict)
    programs: dict[int, int] = field(default_factory=dict)

    @classmethod
    def at(cls, tick: int, events: Iterable[Event]) -> Leftovers:
        """The state after all events up to and on `tick`."""
        left = cls()
        for event in events:
            if event.tick > tick:
                break
            left._follow(event)
        return left

    def _follow(self, event: Event) -> None:
        _, track, line, message = event
        kind = message.type
        if kind == "note_on" and message.velocity:
            self.keys.setdefault(line, Counter())[track, message.note] += 1
        elif kind in ("note_on", "note_off"):
            struck = self.keys.get(line, Counter())
            if struck[track, message.note] > 0:
                struck[track, message.note] -= 1
        elif kind == "program_change":
            self.programs[line] = message.program
        elif kind == "pitchwheel":
            self.bends.pop(line, None)
            if message.pitch:
                self.bends[line] = track
        elif kind == "control_change":
            control = message.control
            if control in PEDALS:
                self.pedals.pop((line, control), None)
                if message.value >= 64:
                    self.pedals[line, control] = track
            elif control == RESET_CONTROLLERS:
                self.bends.pop(line, None)
                for pedal in PEDALS:
                    self.pedals.pop((line, pedal), None)

    def latest_tracks(self) -> dict[tuple[int, int], int]:
        """(line, pitch) still struck -> the last track that has to end it."""
        return {
            (line, pitch): track
            for line, struck in self.keys.items()
            for track, pitch in sorted(struck.elements())
        }
