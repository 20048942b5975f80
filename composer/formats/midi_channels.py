"""What the channels of a MIDI file stand for: instruments, drum kits, the voices of one MPE player.

Channel 10 plays drums (General MIDI). Any other does so where a bank of the XG or GM2
standard or a message of the GS or XG standard makes it, where its track's name says so,
or where it plays what nothing but a drum kit plays. The channels of an MPE player, a note
to each, are one instrument: told by RPN 6 (MIDI Polyphonic Expression, MMA 2018), or by
how notes go round them with bends of their own.

Conventions:
    *Line*: see `composer.formats.midi_timeline`. A bank is (MSB << 7 | LSB).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from composer.formats.midi_timeline import DRUM_CHANNEL, Event

Place = tuple[int, int]
"""(track, line) of a part."""

BANK_MSB, BANK_LSB, DATA_MSB, TIMBRE, RPN_LSB, RPN_MSB = 0, 32, 6, 74, 100, 101

_DRUM_BANKS: Final = {
    120: "its bank is GM2's for rhythm",
    126: "its bank is XG's for effects kits",
    127: "its bank is XG's for drum kits",
}
_MELODIC_BANK: Final = 121
"""GM2: even channel 10 plays tones in this bank."""

_KITS: Final = frozenset((0, 1, 8, 16, 24, 25, 26, 32, 40, 48, 56))
"""Programs that stand for kits on a drum channel; 0 is also what stands there unasked."""

_DRUM_NAME: Final = re.compile(
    r"\b(drums?|drum ?(kit|set|loop)s?|kit|percussion|perc|cymbals?|hi-?hats?|hats|snares?"
    r"|kicks?|toms|claps?|schlagzeug|schlagwerk|batterie|bater[ií]a|batteria|trommeln?"
    r"|slagverk|perkusja|perkusja)\b|ドラム|パーカッション|打楽器|鼓组|鼓組",
    re.IGNORECASE,
)
_TUNED_NAME: Final = re.compile(
    r"\b(steel|hang|tongue|kettle|melodic|tuned|pitched|bass line|synth bass)\b", re.IGNORECASE
)
"""Drums that play tones."""

_KICK, _SNARE = (35, 36), (37, 38, 39, 40)
_METAL = (22, 26, 42, 44, 46, 49, 51, 52, 53, 55, 57, 59)
"""General MIDI keys, and the edges of Roland's hi-hat (22, 26)."""
_CORE = frozenset(range(35, 60)) | {
    22,
    26,
    27,
    28,
    31,
    54,
    56,
    60,
    61,
    62,
    63,
    64,
    69,
    70,
    75,
    76,
    77,
}
"""General MIDI drum keys: what a kit and its player's usual percussion sound on."""

_FEWEST_HITS: Final = 12


@dataclass(slots=True)
class Instruments:
    """Programs, banks and drum modes of all lines in time.

    Attributes:
        changes: Line -> (tick, program, bank) in force from there on; bank None if not told.
        modes: Line -> whether a GS or XG message makes it a drum part, the last one.
        expressive: (track, line) -> messages of its own bend, timbre and pressure.
        zones: Line of a zone's manager channel -> how many member channels it has.
    """

    changes: dict[int, list[tuple[int, int, int | None]]] = field(default_factory=dict)
    modes: dict[int, bool] = field(default_factory=dict)
    expressive: dict[Place, int] = field(default_factory=dict)
    zones: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Instruments:
        """Follow the events of a file."""
        found = cls()
        controls: dict[Place, int] = {}
        for tick, track, line, message in events:
            kind = message.type
            if kind == "control_change":
                controls[line, message.control] = message.value
                found._control(tick, track, line, message.control, controls)
            elif kind == "program_change":
                bank = _bank(line, controls)
                found.changes.setdefault(line, []).append((tick, message.program, bank))
            elif kind in ("pitchwheel", "aftertouch"):
                found.expressive[track, line] = found.expressive.get((track, line), 0) + 1
            elif kind == "sysex":
                mode = _part_mode(message.data)
                if mode is not None:
                    found.modes[line + mode[0]] = mode[1]
        return found

    def at(self, line: int, tick: int) -> tuple[int, int | None]:
        """(program, bank) of a line at `tick`; a change on that very tick counts."""
        changes = self.changes.get(line, ())
        index = bisect_right(changes, tick, key=lambda change: change[0])
        return changes[index - 1][1:] if index else (0, None)

    def _control(
        self, tick: int, track: int, line: int, control: int, controls: Mapping[Place, int]
    ) -> None:
        if control == TIMBRE:
            self.expressive[track, line] = self.expressive.get((track, line), 0) + 1
        elif control == BANK_MSB and line not in self.changes:
            # A bank without a program: a kit is told so by programs that want no other.
            self.changes.setdefault(line, []).append((tick, 0, _bank(line, controls)))
        elif control == DATA_MSB and line % 16 in (0, 15):
            number = controls.get((line, RPN_MSB)), controls.get((line, RPN_LSB))
            if number == (0, 6):
                self.zones[line] = min(controls[line, DATA_MSB], 15)


def _bank(line: int, controls: Mapping[Place, int]) -> int | None:
    if (line, BANK_MSB) not in controls and (line, BANK_LSB) not in controls:
        return None
    return controls.get((line, BANK_MSB), 0) << 7 | controls.get((line, BANK_LSB), 0)


def _part_mode(data: Sequence[int]) -> tuple[int, bool] | None:
    """(channel, whether it plays drums) of a sysex that sets a part's mode, else None."""
    # Roland GS: "use for rhythm part"; block 0 is channel 10, 1..9 the first nine.
    if len(data) == 9 and data[0] == 0x41 and tuple(data[2:5]) == (0x42, 0x12, 0x40):
        if data[5] & 0xF0 == 0x10 and data[6] == 0x15:
            block = data[5] & 0x0F
            channel = DRUM_CHANNEL if block == 0 else block - 1 if block < 10 else block
            return channel, data[7] > 0
    # Yamaha XG: multi part, part mode; 0 is normal.
    elif (
        len(data) == 7
        and data[0] == 0x43
        and tuple(data[2:4]) == (0x4C, 0x08)
        and data[5] == 0x07
        and data[4] < 16
    ):
        return data[4], data[6] > 0
    return None


def drum_reason(
    place: Place,
    name: str,
    rows: Sequence[tuple[int, int, int, int]],
    instruments: Instruments,
    ticks_per_beat: int,
) -> str | None:
    """Why a part plays drums, in a few words; "" on channel 10; None if it plays tones.

    Args:
        place: Track and line of the part.
        name: Its track's name.
        rows: (onset, pitch, duration, velocity) of its notes, at least one.
        instruments: Of the file.
        ticks_per_beat: Its resolution.
    """
    line = place[1]
    program, bank = instruments.at(line, max(rows)[0])
    if line in instruments.modes:
        told = "a GS or XG message makes it a drum part" if line % 16 != DRUM_CHANNEL else ""
        return told if instruments.modes[line] else None
    msb = -1 if bank is None else bank >> 7
    if line % 16 == DRUM_CHANNEL:
        return None if msb == _MELODIC_BANK else ""
    if msb in _DRUM_BANKS:
        return _DRUM_BANKS[msb]
    if msb == _MELODIC_BANK or program not in _KITS:
        return None
    pitches = np.array([row[1] for row in rows])
    keys = float(np.isin(pitches, list(_CORE)).mean())
    if _DRUM_NAME.search(name) and not _TUNED_NAME.search(name) and keys >= 0.8:
        return "its name says so"
    near = ticks_per_beat // 24
    return "it plays what a drum kit plays" if _is_kit(rows, pitches, keys, near) else None


def _is_kit(
    rows: Sequence[tuple[int, int, int, int]], pitches: np.ndarray, keys: float, near: int
) -> bool:
    """Whether notes are those of a kit: kick, snare and cymbals, struck together."""
    if len(rows) < _FEWEST_HITS or keys < 0.95:
        return False
    metal = np.isin(pitches, _METAL)
    kick, snare = np.isin(pitches, _KICK), np.isin(pitches, _SNARE)
    if metal.mean() < 0.2 or min(kick.mean(), snare.mean()) < 0.05:
        return False
    onsets = np.array([row[0] for row in rows])
    struck = kick | snare
    # Minor and major seconds, thirds and tritones in the deep bass: no tune is like that.
    apart = np.abs(onsets[struck][:, None] - np.unique(onsets[metal])).min(axis=1)
    together = (apart <= near).mean()
    low = np.isin(pitches, (*_KICK, *_SNARE, *_METAL)).mean()
    return bool(together >= 0.4 and low >= 0.7)


def one_player(
    rows: Mapping[Place, Sequence[tuple[int, int, int, int]]], instruments: Instruments
) -> dict[Place, Place]:
    """Parts that are voices of one MPE player -> the part they all belong to.

    Args:
        rows: (track, line) -> (onset, pitch, duration, velocity) of its notes.
        instruments: Of the file.
    """
    homes: dict[Place, Place] = {}
    for port in sorted({line // 16 for _, line in rows}):
        # Programs that write a track for each channel spread a zone over them.
        for zone in _zones(port, instruments):
            inside = [place for place in sorted(rows) if place[1] in zone]
            lines, tracks = {line for _, line in inside}, {track for track, _ in inside}
            programs = {instruments.at(line, 1 << 40) for line in lines}
            if len(lines) == len(inside) == len(tracks) > 1 == len(programs):
                homes |= dict.fromkeys(inside, _home(inside, zone[0]))
    for (track, port), places in _by_track(rows).items():
        for zone in _zones(port, instruments):
            inside = [place for place in places if place[1] in zone and place not in homes]
            if len(inside) > 1:
                homes |= dict.fromkeys(inside, _home(inside, zone[0]))
        others = [place for place in places if place not in homes]
        if not any(home[0] == track for home in homes.values()) and _takes_turns(
            others, rows, instruments
        ):
            homes |= dict.fromkeys(others, others[0])
    return homes


def _by_track(rows: Iterable[Place]) -> dict[Place, list[Place]]:
    """(track, port) -> its parts, in order."""
    found: dict[Place, list[Place]] = {}
    for track, line in sorted(rows):
        found.setdefault((track, line // 16), []).append((track, line))
    return found


def _zones(port: int, instruments: Instruments) -> list[list[int]]:
    """Lines of each zone of a port, its manager channel first."""
    first, last = port * 16, port * 16 + 15
    lower, upper = instruments.zones.get(first, 0), instruments.zones.get(last, 0)
    zones = [[first, *range(first + 1, first + 1 + lower)]] if lower else []
    return [*zones, [last, *range(last - 1, last - 1 - upper, -1)]] if upper else zones


def _home(places: Sequence[Place], manager: int) -> Place:
    """The part that the others join: a member channel, which has a bend of its own."""
    return min((place for place in places if place[1] != manager), default=places[0])


def _takes_turns(
    places: Sequence[Place],
    rows: Mapping[Place, Sequence[tuple[int, int, int, int]]],
    instruments: Instruments,
) -> bool:
    """Whether a track's notes go round its channels, each with bends of its own."""
    if len(places) < 3:
        return False
    programs = {instruments.at(line, 1 << 40) for _, line in places}
    bent = sum(instruments.expressive.get(place, 0) >= len(rows[place]) for place in places)
    if len(programs) > 1 or bent < 0.8 * len(places):
        return False
    notes = sorted((row, index) for index, place in enumerate(places) for row in rows[place])
    turns = np.diff([index for _, index in notes]) != 0
    overlaps = sum(
        after[0] < before[0] + before[2]
        for place in places
        for before, after in zip(sorted(rows[place]), sorted(rows[place])[1:], strict=False)
    )
    pitches = np.array([row[1] for row, _ in notes], dtype=np.float64)
    means = np.array([np.mean([row[1] for row in rows[places[index]]]) for _, index in notes])
    # The voices of a choir each keep to a range; those of one player go anywhere.
    apart = means.var() > 0.5 * pitches.var() and len(notes) > 2 * len(places)
    return bool(turns.mean() >= 0.8 and overlaps <= 0.05 * len(notes) and not apart)
