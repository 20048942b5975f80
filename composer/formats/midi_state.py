"""What a seed's channels are in at the join, and what the music that goes on should be in.

An ending leaves traces: a volume faded to nothing, a wheel turned up, a bank that the last
message resets. The new music is to sound as the old did before it ended, so each channel
is given back what had *settled* there: the last value that stood for a bar while notes
sounded; of a fade, what was before it.

Conventions:
    Times are absolute ticks, *lines* those of `composer.formats.midi_timeline`. Defaults
    are those of General MIDI and RP-015 (response to reset all controllers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from composer.formats.midi_timeline import PEDALS, RESET_CONTROLLERS, Event

BANKS: Final = (0, 32)
_FADED: Final = (7, 11)
"""Volume and expression, which endings fade."""

_DEFAULTS: Final[dict[int, int]] = {1: 0, 2: 127, 7: 100, 8: 64, 10: 64, 11: 127}
"""Controllers that have a value before a file says one. 65, 67 and 68 are switches."""
_DEFAULTS.update(dict.fromkeys((65, 67, 68, 92, 94, 95), 0))
_DEFAULTS.update(dict.fromkeys(range(71, 80), 64))

_KEPT: Final = frozenset(
    (1, 2, 4, 5, 7, 8, 10, 11, 12, 13, 65, 67, 68, *range(70, 80), *range(91, 96))
)
"""Controllers that are given back what had settled."""

BEND, PRESSURE = -1, -2
"""Pitch wheel and channel pressure, kept beside the controllers; both are 0 by default."""

_RESET: Final = (1, 11, 65, 67, 68, BEND, PRESSURE)
"""What "reset all controllers" resets, besides pedals."""

_FALLS: Final = 3
"""Steps down from which on a volume is fading."""


@dataclass(slots=True)
class JoinState:
    """What a seed has left sounding, and the state of its lines, at some tick.

    Attributes:
        keys: Line -> how often (track, pitch) is struck and not ended by an off of its
            own. "All notes off" does not count: many programs that read files pass over
            it, and where it was heard one more off does no harm.
        pedals: (line, controller) that is down and holds notes -> track that put it down.
        values: (line, controller) -> (tick, value) in time; also bend and pressure.
        programs: Line -> (tick, program, bank MSB, bank LSB) in time.
        onsets: Line -> (first, last) tick at which a note begins.
        stops: Line -> last tick at which one ends.
        tempo: Microseconds per beat in force, None if the file says none.
    """

    keys: dict[int, Counter[tuple[int, int]]] = field(default_factory=dict)
    pedals: dict[tuple[int, int], int] = field(default_factory=dict)
    values: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)
    programs: dict[int, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    onsets: dict[int, tuple[int, int]] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)
    tempo: int | None = None

    @classmethod
    def at(cls, tick: int, events: Iterable[Event]) -> JoinState:
        """The state after all events up to and on `tick`."""
        state = cls()
        for event in events:
            if event.tick > tick:
                break
            state._follow(event)
        return state

    def restored(self, line: int, beat: int) -> list[tuple[int, int]]:
        """(controller, value) to set for a line to be as it was before the ending.

        Args:
            line: One on which the music goes on.
            beat: Ticks of a quarter note.
        """
        found = []
        for (own, control), changes in sorted(self.values.items()):
            if own != line or (control not in _KEPT and control not in (BEND, PRESSURE)):
                continue
            wanted = self._settled(line, control, changes, 4 * beat)
            if wanted is not None and wanted != changes[-1][1]:
                found.append((control, wanted))
        return found

    def instrument(self, line: int) -> tuple[int, int, int]:
        """(program, bank MSB, bank LSB) of a line at its last onset; -1 for a bank not told."""
        last = self.onsets.get(line, (0, 1 << 40))[1]
        before = [change for change in self.programs.get(line, ()) if change[0] <= last]
        _, program, msb, lsb = before[-1] if before else (0, 0, -1, -1)
        return program, msb, lsb

    def instrument_now(self, line: int) -> tuple[int, int, int]:
        """The same, in force now."""
        changes = self.programs.get(line, ())
        program, msb, lsb = changes[-1][1:] if changes else (0, -1, -1)
        # A bank select waits for the next program change.
        now = [self.values.get((line, bank), [(0, old)])[-1][1] for bank, old in
               zip(BANKS, (msb, lsb), strict=True)]  # fmt: skip
        return program, now[0], now[1]

    def latest_tracks(self) -> dict[tuple[int, int], int]:
        """(line, pitch) still struck -> the last track that has to end it."""
        return {
            (line, pitch): track
            for line, struck in self.keys.items()
            for track, pitch in sorted(struck.elements())
        }

    def _settled(
        self, line: int, control: int, changes: Sequence[tuple[int, int]], bar: int
    ) -> int | None:
        """The value of a controller before the ending; None if it cannot be told."""
        if line not in self.onsets:
            return None
        first, stop = self.onsets[line][0], self.stops.get(line, self.onsets[line][1])
        default = _DEFAULTS.get(control, 0 if control < 0 else None)
        spans = _spans([(-1, default), *changes], first, stop)
        if not spans:
            return default
        if control in _FADED:
            values = [value for _, value in spans if value is not None]
            falls, rises = _run(values, -1), _run(values, 1)
            if falls >= _FALLS and 2 * values[-1] <= values[-1 - falls]:
                return values[-1 - falls]
            if rises >= _FALLS:
                return values[-1]
        enough = min(bar, (stop - first) / 2)
        long = [value for length, value in spans if length >= enough]
        if long:
            return long[-1]
        times: Counter[int | None] = Counter()
        for length, value in spans:
            times[value] += length
        return times.most_common(1)[0][0]

    def _follow(self, event: Event) -> None:
        tick, track, line, message = event
        kind = message.type
        if kind == "note_on" and message.velocity:
            self.keys.setdefault(line, Counter())[track, message.note] += 1
            self.onsets[line] = (self.onsets.get(line, (tick, tick))[0], tick)
        elif kind in ("note_on", "note_off"):
            struck = self.keys.get(line, Counter())
            if struck[track, message.note] > 0:
                struck[track, message.note] -= 1
                self.stops[line] = tick
        elif kind == "program_change":
            banks = (self.values.get((line, bank), [(0, -1)])[-1][1] for bank in BANKS)
            msb, lsb = banks
            self.programs.setdefault(line, []).append((tick, message.program, msb, lsb))
        elif kind == "pitchwheel":
            self._set(tick, line, BEND, message.pitch)
        elif kind == "aftertouch":
            self._set(tick, line, PRESSURE, message.value)
        elif kind == "control_change":
            self._control(tick, track, line, message.control, message.value)
        elif kind == "set_tempo":
            self.tempo = message.tempo
        elif kind == "sysex" and _resets_all(message.data):
            self._reset(tick)

    def _control(self, tick: int, track: int, line: int, control: int, value: int) -> None:
        if control in PEDALS:
            self.pedals.pop((line, control), None)
            if value >= 64:
                self.pedals[line, control] = track
        elif control == RESET_CONTROLLERS:
            for number in _RESET:
                if (line, number) in self.values:
                    self._set(tick, line, number, _DEFAULTS.get(number, 0))
            for pedal in PEDALS:
                self.pedals.pop((line, pedal), None)
        else:
            self._set(tick, line, control, value)

    def _set(self, tick: int, line: int, control: int, value: int) -> None:
        self.values.setdefault((line, control), []).append((tick, value))

    def _reset(self, tick: int) -> None:
        """All lines are as when the instrument was switched on."""
        for line, control in list(self.values):
            default = 0 if control < 0 or control in BANKS else _DEFAULTS.get(control)
            if default is not None:
                self._set(tick, line, control, default)
        for line in self.programs:
            self.programs[line].append((tick, 0, -1, -1))
        self.pedals.clear()


def _spans(
    changes: Sequence[tuple[int, int | None]], first: int, stop: int
) -> list[tuple[int, int | None]]:
    """(ticks, value) of each value that stood while notes sounded; alike ones are one."""
    spans: list[tuple[int, int | None]] = []
    ends = [tick for tick, _ in changes[1:]] + [stop]
    for (tick, value), end in zip(changes, ends, strict=True):
        length = min(end, stop) - max(tick, first)
        if length <= 0:
            continue
        if spans and spans[-1][1] == value:
            length += spans.pop()[0]
        spans.append((length, value))
    return spans


def _run(values: Sequence[int], way: int) -> int:
    """How many of the last steps all go one way: up for 1, down for -1."""
    count = 0
    while count < len(values) - 1 and (values[-1 - count] - values[-2 - count]) * way > 0:
        count += 1
    return count


def _resets_all(data: Sequence[int]) -> bool:
    """Whether a sysex switches General MIDI on, or resets GS or XG."""
    told: Any = tuple(data)
    return (
        (len(told) == 4 and told[0] == 0x7E and told[2:] in ((9, 1), (9, 3)))
        or (told[:1] == (0x41,) and told[2:8] == (0x42, 0x12, 0x40, 0x00, 0x7F, 0x00))
        or (told[:1] == (0x43,) and told[2:] == (0x4C, 0x00, 0x00, 0x7E, 0x00))
    )
