"""Engraving: music as notation can write it, in bars, voices and note values.

Conventions:
    A *step* is 1/24 beat. Notation is coarser than music: in each beat all onsets and ends
    go to thirty-seconds or to triplet sixteenths, whichever is nearer, and what overlaps
    in a part goes to further voices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from composer.errors import OutputError
from composer.music.notes import Part, Piece

BEAT: Final = 24
BINARY: Final = 3
_TERNARY: Final = 4
_MOST_BARS: Final = 10_000

_VALUES: Final = (
    (144, "whole", 1), (96, "whole", 0), (72, "half", 1), (48, "half", 0), (36, "quarter", 1),
    (24, "quarter", 0), (18, "eighth", 1), (12, "eighth", 0), (9, "16th", 1), (6, "16th", 0),
    (3, "32nd", 0),
)  # fmt: skip
"""(steps, note type, dots), longest first: any multiple of 3 steps is a sum of these."""

_TRIPLETS: Final = ((16, "quarter", 0), (8, "eighth", 0), (4, "16th", 0))
"""The same three in the time of two."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it starts, in ticks, its length in steps, and its new metre if any."""

    start: int
    steps: int
    metre: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Chord:
    """What one voice strikes at once: steps from the start of the piece."""

    start: int
    stop: int
    notes: tuple[tuple[int, int], ...]  # (pitch, velocity)


def bars_of(piece: Piece) -> list[Bar]:
    """The bars from the beginning to the end of the last note, at least one."""
    bars: list[Bar] = []
    tick, metre = 0, None
    while tick < max(piece.end, 1):
        position = piece.metres.position(tick, piece.ticks_per_beat)
        now = piece.metres.metre_at(tick)
        steps = max(BINARY, round(position.length * BEAT / piece.ticks_per_beat / 3) * 3)
        bars.append(Bar(tick, steps, now if now != metre else None))
        tick, metre = position.start + position.length, now
        if len(bars) > _MOST_BARS:
            raise OutputError(f"the piece is longer than {_MOST_BARS} bars, too long for a score")
    return bars


class Steps:
    """Ticks to steps: each beat of each bar on the grid that is nearer to its notes."""

    def __init__(self, piece: Piece, bars: list[Bar]) -> None:
        self._bars = bars
        self._scale = BEAT / piece.ticks_per_beat
        self.starts = [0]
        for bar in bars:
            self.starts.append(self.starts[-1] + bar.steps)
        errors: dict[tuple[int, int], list[float]] = {}
        self._ternary: set[tuple[int, int]] = set()
        for _, note in piece.notes():
            for tick in (note.onset, note.end):
                index, exact = self._place(tick)
                beat = (index, int(exact // BEAT))
                binary, ternary = errors.setdefault(beat, [0.0, 0.0])
                binary += abs(exact - round(exact / BINARY) * BINARY)
                ternary += abs(exact - round(exact / _TERNARY) * _TERNARY)
                errors[beat] = [binary, ternary]
        for beat, (binary, ternary) in errors.items():
            # Triplets need a whole beat of the bar, and a reason.
            if ternary < binary - 1e-6 and (beat[1] + 1) * BEAT <= bars[beat[0]].steps:
                self._ternary.add(beat)

    def _place(self, tick: int) -> tuple[int, float]:
        """(index of the bar, steps into it)."""
        low, high = 0, len(self._bars)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._bars[middle].start <= tick else (low, middle)
        return low, (tick - self._bars[low].start) * self._scale

    def step(self, tick: int) -> int:
        """The step nearest to a tick that its beat can write."""
        index, exact = self._place(tick)
        grid = _TERNARY if (index, int(exact // BEAT)) in self._ternary else BINARY
        return self.starts[index] + min(round(exact / grid) * grid, self._bars[index].steps)

    def shortest(self, step: int) -> int:
        """The shortest length that can be written at a step."""
        for index, bar in enumerate(self._bars):
            into = step - self.starts[index]
            if into < bar.steps:
                return _TERNARY if (index, into // BEAT) in self._ternary else BINARY
        return BINARY


def voices_of(part: Part, steps: Steps) -> list[list[Chord]]:
    """The part's notes in voices without overlap; at least one voice."""
    last = steps.starts[-1]
    struck: dict[tuple[int, int], dict[int, int]] = {}
    for note in part.notes:
        start = steps.step(note.onset)
        if start >= last:
            start = last - BINARY
        stop = min(max(steps.step(note.end), start + steps.shortest(start)), last)
        pitches = struck.setdefault((start, stop), {})
        pitches[note.pitch] = max(note.velocity, pitches.get(note.pitch, 0))
    voices: list[list[Chord]] = [[]]
    for (start, stop), pitches in sorted(struck.items(), key=lambda at: (at[0][0], -at[0][1])):
        free = (voice for voice in voices if not voice or voice[-1].stop <= start)
        voice = next(free, None)
        if voice is None:
            voice = []
            voices.append(voice)
        voice.append(Chord(start, stop, tuple(sorted(pitches.items()))))
    return voices


def note_values(start: int, stop: int) -> Iterator[tuple[int, str, int, bool]]:
    """Cut a span inside a bar into note values: (steps, type, dots, whether a triplet)."""
    while start < stop:
        end = stop
        line = start // BEAT * BEAT + BEAT
        # A triplet stays within its beat.
        if start % 3 and end > line:
            end = line
        elif end % 3 and end // BEAT * BEAT > start:
            end = end // BEAT * BEAT
        length = end - start
        triplet = length % 3 != 0
        for steps, kind, dots in _TRIPLETS if triplet else _VALUES:
            if steps <= length:
                yield steps, kind, dots, triplet
                start += steps
                break
        else:
            raise AssertionError(f"no note value for {length} steps")
