"""Key presses, pedals and what ends them -> notes with a length.

Conventions:
    A row is a note's fields in the order of `Note`. On one key of a track the first on
    gets the first off, unless an off is missing in the end: then a new on ends the note
    before it. A note never ended is ended as a player would: by the next of its part, and
    after a bar of four beats at the latest. A note of no length lasts one tick; a note let
    go under the pedal lasts until the pedal comes up or its key is struck again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from composer.formats.midi_timeline import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    Event,
)

Row = tuple[int, int, int, int]
"""(onset, pitch, duration, velocity)."""

_SUSTAIN = 64
_LONGEST = 4
"""Beats that a note lasts at most which nothing in the file ends."""


def read_notes(
    events: Sequence[Event], end: int, ticks_per_beat: int, has_pedal: Callable[[int], bool]
) -> tuple[dict[tuple[int, int], list[Row]], int]:
    """The notes of each (track, line), and how many of them the file does not end.

    Args:
        events: Of the file, in time.
        end: Tick of the file's last message.
        ticks_per_beat: Its resolution.
        has_pedal: Whether a line's pedal holds notes: drums have none.
    """
    keys = _Keys(has_pedal)
    keys.follow_all(events)
    if any(keys.held.values()):
        missing = {(line, *key) for line, down in keys.held.items() for key in down if down[key]}
        keys = _Keys(has_pedal, restruck=missing)
        keys.follow_all(events)
    keys.stop(end, ticks_per_beat)
    return keys.notes, sum(map(len, keys.endless.values()))


@dataclass(slots=True)
class _Keys:
    """The keys of all lines as the file goes by, and the notes they give.

    Attributes:
        has_pedal: See `read_notes`.
        restruck: (line, track, pitch) on which a new on ends the note before it.
        notes: (track, line) -> finished notes.
        endless: (track, line) -> (onset, pitch, velocity, tick where it ends at the latest)
            of notes without an off.
        held: Line -> (track, pitch) -> (onset, velocity) of keys that are down.
        ringing: Line -> pitch -> (track, onset, velocity) of keys that only the pedal holds.
        pedals: Lines whose pedal is down.
    """

    has_pedal: Callable[[int], bool]
    restruck: set[tuple[int, int, int]] = field(default_factory=set)
    notes: dict[tuple[int, int], list[Row]] = field(default_factory=dict)
    endless: dict[tuple[int, int], list[Row]] = field(default_factory=dict)
    held: dict[int, dict[tuple[int, int], deque[tuple[int, int]]]] = field(default_factory=dict)
    ringing: dict[int, dict[int, list[tuple[int, int, int]]]] = field(default_factory=dict)
    pedals: set[int] = field(default_factory=set)

    def follow_all(self, events: Iterable[Event]) -> None:
        """Take in all channel messages."""
        for event in events:
            if not event.message.is_meta:
                self._follow(event)

    def _follow(self, event: Event) -> None:
        tick, track, line, message = event
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            pitch = message.note
            if line in self.ringing:
                self._damp(line, pitch, tick)
            keys = self.held.setdefault(line, {})
            down = keys.setdefault((track, pitch), deque())
            if down and (line, track, pitch) in self.restruck:
                onset, velocity = down.popleft()
                self._add_endless(track, line, onset, pitch, velocity, tick)
            down.append((tick, message.velocity))
        elif kind == "note_on" or kind == "note_off":
            waiting = self.held.get(line, {}).get((track, message.note))
            if waiting:
                self._release(track, line, message.note, *waiting.popleft(), tick)
        elif kind == "control_change":
            self._control(line, message.control, message.value, tick)

    def stop(self, end: int, ticks_per_beat: int) -> None:
        """End whatever still sounds when the file ends."""
        longest = _LONGEST * ticks_per_beat
        for line, keys in self.held.items():
            for (track, pitch), down in keys.items():
                for onset, velocity in down:
                    self._add_endless(track, line, onset, pitch, velocity, onset + longest)
        self.held.clear()
        last = max((row[0] + row[2] for rows in self.notes.values() for row in rows), default=0)
        for line in list(self.ringing):
            rows = [row for ringing in self.ringing[line].values() for row in ringing]
            last = max(last, *(onset for _, onset, _ in rows)) if rows else last
            self._damp_all(line, min(end, last + longest))
        for place, endless in self.endless.items():
            self.notes.setdefault(place, []).extend(
                _ended(endless, self.notes.get(place, []), ticks_per_beat)
            )

    def _add_endless(
        self, track: int, line: int, onset: int, pitch: int, velocity: int, latest: int
    ) -> None:
        self.endless.setdefault((track, line), []).append((onset, pitch, latest, velocity))

    def _control(self, line: int, control: int, value: int, tick: int) -> None:
        if control == _SUSTAIN and value >= 64:
            if self.has_pedal(line):
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


def _ended(endless: list[Row], ended: list[Row], ticks_per_beat: int) -> list[Row]:
    """Notes without an off, each ended by the next of its part.

    Args:
        endless: (onset, pitch, tick where it ends at the latest, velocity).
        ended: The part's other notes.
        ticks_per_beat: A note that begins within an eighth of a beat is of the same chord.
    """
    onsets = sorted({row[0] for row in (*endless, *ended)})
    rows, last = [], []
    for onset, pitch, latest, velocity in endless:
        index = bisect_left(onsets, onset + max(ticks_per_beat // 8, 1))
        if index < len(onsets):
            rows.append((onset, pitch, max(min(onsets[index], latest) - onset, 1), velocity))
        else:
            last.append((onset, pitch, latest, velocity))
    lengths = sorted(row[2] for row in (*rows, *ended))
    usual = lengths[len(lengths) // 2] if lengths else ticks_per_beat
    rows += [
        (onset, pitch, max(min(usual, latest - onset), 1), velocity)
        for onset, pitch, latest, velocity in last
    ]
    return rows
