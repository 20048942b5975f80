"""Plan fit: how far music lies from its plan, in one number.

Each bar is held against the bar that its plan refers to, as `composer.analysis.bar_similarity`
compares them, its top line and its bass by themselves too, and its tones against the chords in
force; and where the plan closes, the bass is to end on the root of the last chord. The unit is
what is usual where people follow such a plan: 0 for no difference, about 1 for what is usual.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from composer.analysis.bar_similarity import dice
from composer.analysis.segment import Segment
from composer.encoding.events import DURATION, DURATION_TICKS, PART, PITCH, TICKS_PER_BEAT
from composer.music.chords import CHORDS, chord_tones, root_of
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import EXACT, LOOSE, NEAR, NONE, Plan

Bar = frozenset[tuple[int, int, int]]
"""(whether it is a drum's, sixteenth of the bar, pitch) of each note."""

MEANT = {LOOSE: 0.48, NEAR: 0.73, EXACT: 0.95}
"""How much in common people's bars have with the bar that they return to, by nearness: 0.47, 0.73
and 0.97 in POP909, Lieder and Freedoom, with a standard deviation of 0.05 to 0.08."""
_USUAL = 0.12
"""The unit of what lies off these figures."""
_LINE_USUAL = 0.2
"""The same of the top line and of the bass."""
_CHORD_SHARE, _CHORD_USUAL = 0.9, 0.15
"""Share of sounding time on the tones of the chord in force (0.91 there), and the unit of less."""
_OPEN_END = 6.0
"""What an end on another note than the root of the last chord counts."""
_SO_FAR = 0.3
"""The share of that in the middle of the last bar."""
_BARS = 4
"""Last bars that are looked at: what is chosen is the newest."""
_SIXTEENTH = TICKS_PER_BEAT // 4

_TONES = np.zeros((CHORDS, 12), dtype=bool)
for _code in range(1, CHORDS):
    _TONES[_code, list(chord_tones(_code))] = True


class PlanFit:
    """A plan to which what goes on from a seed is held.

    Args:
        seed: Whole bars.
        plan: Of the seed and of what is to come.
        first: Number of the first bar that is to come.
    """

    def __init__(self, seed: Segment, plan: Plan, first: int) -> None:
        self._plan, self._first = plan, first
        bars = _bars(seed)
        self._seed = dict(enumerate(bars, first - len(bars)))

    def misfit(self, made: Segment) -> float:
        """See the module's docstring; 0 where nothing is planned. Rounded, as distances are."""
        bars = _bars(made)
        known = self._seed | dict(enumerate(bars, self._first))
        apart: list[float] = []
        late = range(max(len(bars) - _BARS, 0), len(bars))
        for number in late:
            planned = self._plan.bar(self._first + number)
            if planned.reference == NONE:
                continue
            model = known.get(planned.reference, frozenset())
            if planned.transposition:
                model = _moved(model, planned.transposition)
            whole = number + 1 < len(bars) or made.length % made.bar == 0
            if not whole:
                reached = (made.length - number * made.bar) // _SIXTEENTH
                model = frozenset(note for note in model if note[1] <= reached)
            meant = MEANT[planned.nearness]
            apart.append(((dice(bars[number], model) - meant) / _USUAL) ** 2)
            # A theme is known by its outer lines: there, less than was meant is what counts.
            for outermost in (max, min):
                line, taken_up = (_outer(bar, outermost) for bar in (bars[number], model))
                if taken_up:
                    lacking = max(meant - dice(line, taken_up), 0.0)
                    apart.append((lacking / _LINE_USUAL) ** 2)
        share = self._on_chord(made, late.start)
        if share is not None:
            apart.append((max(_CHORD_SHARE - share, 0.0) / _CHORD_USUAL) ** 2)
        misfit = float(np.mean(apart)) if apart else 0.0
        return round(misfit + _OPEN_END * self._ends_elsewhere(made, len(bars)), 6)

    def _ends_elsewhere(self, made: Segment, bars: int) -> float:
        """1 if it is over, and its bass does not end on the root of the last chord, else 0.

        In the middle of the last bar, of which takes may end there, less than 1 if it would not.
        """
        last = self._plan.bar(self._first + bars - 1)
        root = next((root_of(code) for code in last.chords[::-1] if code), None)
        if last.ending != 1 or root is None:
            return 0.0
        tones = np.array(made.programs)[made.rows[:, PART]] != DRUM_PROGRAM
        rows, onsets = made.rows[tones], made.onsets[tones]
        if not len(rows):
            return 0.0
        ends = onsets + DURATION_TICKS[rows[:, DURATION]]
        lowest = int(rows[ends >= ends.max() - TICKS_PER_BEAT // 2, PITCH].min())
        return (lowest % 12 != root) * (_SO_FAR if made.length % made.bar else 1.0)

    def _on_chord(self, made: Segment, first: int) -> float | None:
        """Share of sounding time on the tones of the chords in force from a bar on."""
        pitched = np.array(made.programs)[made.rows[:, PART]] != DRUM_PROGRAM
        late = pitched & (made.onsets >= first * made.bar)
        numbers, inside = np.divmod(made.onsets[late], made.bar)
        chords = np.array(
            [
                self._plan.bar(self._first + number).chords[half]
                for number, half in zip(
                    numbers.tolist(), (2 * inside >= made.bar).tolist(), strict=True
                )
            ],
            dtype=np.int64,
        )
        rows = made.rows[late][chords > 0]
        if not len(rows):
            return None
        time = np.minimum(DURATION_TICKS[rows[:, DURATION]], 2 * TICKS_PER_BEAT)
        on = _TONES[chords[chords > 0], rows[:, PITCH] % 12]
        return float((time * on).sum() / time.sum())


def _bars(segment: Segment) -> list[Bar]:
    """What is played in each bar."""
    drums = np.array(segment.programs)[segment.rows[:, PART]] == DRUM_PROGRAM
    count = max(-(-segment.length // segment.bar), 1)
    bars: list[set[tuple[int, int, int]]] = [set() for _ in range(count)]
    places = zip(
        segment.onsets.tolist(), drums.tolist(), segment.rows[:, PITCH].tolist(), strict=True
    )
    for onset, drum, pitch in places:
        number, inside = divmod(onset, segment.bar)
        if number < count:
            bars[number].add((int(drum), (inside + 2) // _SIXTEENTH, pitch))
    return [frozenset(bar) for bar in bars]


def _moved(bar: Bar, semitones: int) -> Bar:
    return frozenset(
        (drum, place, pitch if drum else pitch + semitones) for drum, place, pitch in bar
    )


def _outer(bar: Bar, outermost: Callable[[int, int], int]) -> Bar:
    """The highest or the lowest pitch of each sixteenth, drums left out."""
    line: dict[int, int] = {}
    for drum, place, pitch in bar:
        if not drum:
            line[place] = outermost(line.get(place, pitch), pitch)
    return frozenset((0, place, pitch) for place, pitch in line.items())
