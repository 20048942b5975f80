"""Notation: music as a page can hold it, in bars, staves and voices of written lengths.

Conventions:
    A *step* is 1/24 beat. Notation is coarser than music. In each beat of a part the
    onsets, and only they, choose between sixteenths, thirty-seconds and triplets. Ends go
    where they make plain lengths: a gap shorter than a sixteenth before the next onset is
    the player's, not the composer's. A staff has four voices at most, since MuseScore
    plays no more; where more would overlap, the notes that end first are shortened.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from composer.errors import OutputError
from composer.music.notes import Part, Piece

BEAT: Final = 24
_MOST_BARS: Final = 10_000
_MOST_VOICES: Final = 4

_GRIDS: Final = ((6, 0.0), (8, 0.25), (3, 0.5), (4, 0.6))
"""(steps, what each onset pays for so fine a grid), the usual first."""

_KEYBOARDS: Final = frozenset((*range(8), *range(16, 24), 46))
"""General MIDI programs that are written on two staves: pianos, organs, harp."""

_ALTO: Final = frozenset((41,))
_OCTAVE_BELOW: Final = frozenset(range(24, 32))
"""Guitars are written in a treble clef an octave lower."""

_MIDDLE_C: Final = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its first tick and step, its length in steps, its metre and whether it is new."""

    tick: int
    start: int
    steps: int
    metre: tuple[int, int]
    new_metre: bool

    @property
    def stop(self) -> int:
        """The step at which it ends."""
        return self.start + self.steps


@dataclass(frozen=True, slots=True)
class Chord:
    """What one voice strikes at once: steps from the start of the piece."""

    start: int
    stop: int
    notes: tuple[tuple[int, int], ...]  # (pitch, velocity)


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef: sign, line of the staff, and octaves that it sounds away."""

    sign: str
    line: int | None
    octaves: int = 0


@dataclass(frozen=True, slots=True)
class Staff:
    """One staff of a part: its clef and its voices, each without overlap."""

    clef: Clef
    voices: tuple[tuple[Chord, ...], ...]


TREBLE: Final = Clef("G", 2)
BASS: Final = Clef("F", 4)


def bars_of(piece: Piece) -> list[Bar]:
    """The bars from the beginning to the end of the last note, at least one.

    Raises:
        OutputError: There are more than 10,000.
    """
    bars: list[Bar] = []
    tick = step = 0
    metre: tuple[int, int] | None = None
    end = max(piece.end, 1)
    while tick < end:
        position = piece.metres.position(tick, piece.ticks_per_beat)
        now = piece.metres.metre_at(tick)
        steps = max(3, round(position.length * BEAT / piece.ticks_per_beat / 3) * 3)
        bars.append(Bar(tick, step, steps, now, now != metre))
        tick, step, metre = position.start + position.length, step + steps, now
        if len(bars) > _MOST_BARS:
            raise OutputError(f"the piece is longer than {_MOST_BARS} bars, too long for a score")
    return bars


class StepMap:
    """Ticks to exact steps, bar by bar."""

    def __init__(self, bars: Sequence[Bar], ticks_per_beat: int) -> None:
        self._bars = bars
        self._ticks = [bar.tick for bar in bars]
        self._scale = BEAT / ticks_per_beat

    def exact(self, tick: int) -> float:
        """The step of a tick, with its fraction."""
        bar = self._bars[bisect_right(self._ticks, tick) - 1]
        return bar.start + min((tick - bar.tick) * self._scale, bar.steps)


def staves_of(part: Part, bars: Sequence[Bar], ticks_per_beat: int) -> list[Staff]:
    """A part on one staff or, for keyboards that reach both ways, on two."""
    placed = _placed(part, bars, StepMap(bars, ticks_per_beat))
    if part.is_drums:
        return [Staff(Clef("percussion", None), (_strokes(placed, bars),))]
    pitches = sorted(chord.notes[0][0] for chord in placed)
    if part.program in _KEYBOARDS and len(pitches) > 1:
        low, high = pitches[len(pitches) // 10], pitches[-1 - len(pitches) // 10]
        if low < 55 and high > 65:
            upper, lower = _hands(placed)
            return [Staff(TREBLE, _voices(upper)), Staff(BASS, _voices(lower))]
    return [Staff(_clef(part.program, pitches), _voices(placed))]


def _placed(part: Part, bars: Sequence[Bar], steps: StepMap) -> list[Chord]:
    """Every note with its written onset and end, a chord of its own."""
    exact = [(steps.exact(note.onset), steps.exact(note.end), note) for note in part.notes]
    grid = _Grid([onset for onset, _, _ in exact], bars)
    last = bars[-1].stop
    latest = last - grid.at(last - 1)[2]
    onsets = [min(grid.snapped(onset), latest) for onset, _, _ in exact]
    struck = sorted(set(onsets))
    merged: dict[tuple[int, int], Chord] = {}
    for start, (_, end, note) in zip(onsets, exact, strict=True):
        following = bisect_right(struck, start)
        after = struck[following] if following < len(struck) else last
        stop = min(grid.written_end(start, end, after), last)
        before = merged.get((start, note.pitch))
        loud = max(note.velocity, before.notes[0][1]) if before else note.velocity
        stop = max(stop, before.stop) if before else stop
        merged[start, note.pitch] = Chord(start, stop, ((note.pitch, loud),))
    return sorted(_struck_anew(merged.values()), key=lambda chord: (chord.start, chord.notes))


def _struck_anew(chords: Iterable[Chord]) -> Iterator[Chord]:
    """The chords of one note each, none lasting on when its pitch is struck again.

    A key can only sound once, and MuseScore plays one of two that overlap.
    """
    following: dict[int, int] = {}
    for chord in sorted(chords, key=lambda chord: -chord.start):
        pitch = chord.notes[0][0]
        again = following.get(pitch, chord.stop)
        yield replace(chord, stop=again) if again < chord.stop else chord
        following[pitch] = chord.start


class _Grid:
    """The grid of every beat of a part, by its onsets."""

    def __init__(self, onsets: Iterable[float], bars: Sequence[Bar]) -> None:
        self._firsts = [first for bar in bars for first in range(bar.start, bar.stop, BEAT)]
        self._beats = len(self._firsts)
        self._firsts.append(bars[-1].stop)
        places: dict[int, list[float]] = defaultdict(list)
        for onset in onsets:
            index = self._index(onset)
            places[index].append(onset - self._firsts[index])
        self._sizes = [6] * self._beats
        for index in range(self._beats):
            # Triplets need a whole beat of the bar.
            whole = self._firsts[index + 1] - self._firsts[index] == BEAT
            if not whole:
                self._sizes[index] = 3
            elif index in places:
                self._sizes[index] = _finest(tuple(places[index]))

    def _index(self, step: float) -> int:
        return bisect_right(self._firsts, step, 0, self._beats) - 1

    def at(self, step: float) -> tuple[int, int, int]:
        """(first step, end, grid) of the beat that a step lies in."""
        index = self._index(step)
        return self._firsts[index], self._firsts[index + 1], self._sizes[index]

    def snapped(self, step: float) -> int:
        """The place on the grid next to a step."""
        first, after, grid = self.at(step)
        return min(first + round((step - first) / grid) * grid, after)

    def written_end(self, start: int, end: float, after: int) -> int:
        """Where a note's written length ends, `after` being the next onset of its part."""
        first, beat_end, shortest = self.at(start)
        # A dotted eighth and a rest on the beat are a quarter; elsewhere a gap that is
        # shorter than a sixteenth is none.
        near = 6 if start == first and after - start == BEAT else 5.9
        if abs(end - after) < 3 or (
            end < after and after - end <= near and end - start > 0.5 * (after - start)
        ):
            return after
        first, line, grid = self.at(end)
        if grid == 3 and end - start >= 6:
            grid = 6
        below = int((end - first) // grid) * grid
        stop = first + below + (grid if end - first - below > 0.35 * grid else 0)
        return max(min(stop, line), min(start + shortest, beat_end))


@lru_cache(maxsize=4096)
def _finest(places: tuple[float, ...]) -> int:
    """The grid that fits the onsets in a beat best. Kept, since beats of one rhythm are many."""
    return min(_GRIDS, key=lambda grid: _cost(places, *grid))[0]


def _cost(places: Sequence[float], grid: int, price: float) -> float:
    """How badly onsets in a beat fit a grid, and what so fine a grid costs."""
    return sum(abs(place - round(place / grid) * grid) + price for place in places)


def _strokes(placed: Sequence[Chord], bars: Sequence[Bar]) -> tuple[Chord, ...]:
    """Drums in one voice: each stroke lasts to the next, or to the end of its beat."""
    by_start: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for chord in placed:
        by_start[chord.start].extend(chord.notes)
    lines = [line for bar in bars for line in range(bar.start, bar.stop, BEAT)] + [bars[-1].stop]
    starts = sorted(by_start)
    chords = []
    for start, after in zip(starts, [*starts[1:], lines[-1]], strict=True):
        line = lines[bisect_right(lines, start)]
        chords.append(Chord(start, min(after, line), tuple(sorted(by_start[start]))))
    return tuple(chords)


def _hands(placed: Sequence[Chord]) -> tuple[list[Chord], list[Chord]]:
    """(right hand, left hand): parted at the widest gap around middle C, a beat each way."""
    starts = [chord.start for chord in placed]
    upper: list[Chord] = []
    lower: list[Chord] = []
    split_at: dict[int, int] = {}
    for chord in placed:
        split = split_at.get(chord.start)
        if split is None:
            low = bisect_left(starts, chord.start - BEAT)
            high = bisect_right(starts, chord.start + BEAT)
            split = split_at[chord.start] = _split(
                {placed[i].notes[0][0] for i in range(low, high)}
            )
        (upper if chord.notes[0][0] >= split else lower).append(chord)
    return upper, lower


def _split(pitches: set[int]) -> int:
    """The lowest pitch of the right hand."""
    best, split = 4, _MIDDLE_C
    for below, above in pairwise(sorted(pitches)):
        if above - below > best and below <= 67 and above >= 52:
            best, split = above - below, above
    return split


def _clef(program: int, pitches: Sequence[int]) -> Clef:
    """One clef for a staff, by register and by custom."""
    middle = pitches[len(pitches) // 2] if pitches else _MIDDLE_C
    if program in _ALTO and 50 <= middle <= 74:
        return Clef("C", 3)
    if program in _OCTAVE_BELOW and 43 <= middle <= 71:
        return Clef("G", 2, -1)
    return min(
        (TREBLE, BASS, Clef("F", 4, -1), Clef("G", 2, 1)),
        key=lambda clef: _off_the_staff(clef, pitches),
    )


def _off_the_staff(clef: Clef, pitches: Iterable[int]) -> float:
    """How far notes lie above and below the five lines of a clef; octaves cost a little."""
    low = (64 if clef.sign == "G" else 43) + 12 * clef.octaves
    high = low + 13
    far = sum(max(low - pitch, pitch - high, 0) for pitch in pitches)
    return far * (2 if clef.octaves else 1)


def _voices(placed: Sequence[Chord]) -> tuple[tuple[Chord, ...], ...]:
    """Chords in voices without overlap, the upper first; at least one voice."""
    together: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for chord in placed:
        together[chord.start, chord.stop].extend(chord.notes)
    chords = [Chord(*span, tuple(sorted(notes))) for span, notes in together.items()]
    # Of chords that start together the highest goes to the first voice.
    chords.sort(key=lambda chord: (chord.start, -chord.notes[-1][0]))
    voices: list[list[Chord]] = [[]]
    for chord in chords:
        free = next((v for v in voices if not v or v[-1].stop <= chord.start), None)
        if free is None and len(voices) < _MOST_VOICES:
            free = []
            voices.append(free)
        if free is None:
            free = min(voices, key=lambda voice: (voice[-1].start == chord.start, voice[-1].stop))
            busy = free.pop()
            if busy.start == chord.start:
                notes = dict(busy.notes) | dict(chord.notes)
                chord = replace(busy, notes=tuple(sorted(notes.items())))
            else:
                free.append(replace(busy, stop=chord.start))
        free.append(chord)
    return tuple(tuple(voice) for voice in voices)
