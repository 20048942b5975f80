"""One voice of an ABC tune while it is read: its place in time, bars, ties and accidentals.

Conventions:
    Positions and lengths are beats (quarter notes), exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from composer.formats.play_order import Signs
from composer.formats.score_bars import Bar, Row

VELOCITY: Final = 80
"""Before any dynamics are written."""


@dataclass(slots=True)
class Group:
    """Notes struck at once, or a rest, not yet put in its place."""

    length: Fraction
    notes: list[tuple[tuple[str, int], int, Fraction, bool]] = field(default_factory=list)
    """(letter and octave as written, pitch, length, whether it is tied to the next)"""


@dataclass(slots=True)
class Voice:
    """One voice while it is read."""

    unit: Fraction
    metre: tuple[int, int]
    key: dict[str, int]
    shifts: dict[str, int]
    program: int = 0
    drums: bool = False
    name: str = ""
    velocity: int = VELOCITY
    now: Fraction = Fraction(0)
    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    signs: list[Signs] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    bar_start: Fraction = Fraction(0)
    bar_metre: tuple[int, int] | None = None
    next_signs: Signs = field(default_factory=Signs)
    label: str = ""
    accidentals: dict[object, int] = field(default_factory=dict)
    held: dict[tuple[tuple[str, int], Fraction], int] = field(default_factory=dict)
    pending: Group | None = None
    scale_next: Fraction = Fraction(1)
    tuplet: tuple[Fraction, int] = (Fraction(1), 0)
    overlay_end: Fraction | None = None

    @property
    def repeats(self) -> int:
        """How many of its bars bear signs of repeats."""
        return sum(1 for signs in self.signs if signs.times or signs.endings)

    def add(self, group: Group) -> None:
        """Put what came before in its place; the group waits, for its length may change."""
        self.flush()
        scale, left = self.tuplet
        factor = self.scale_next * (scale if left else 1)
        self.tuplet = (scale, max(left - 1, 0))
        self.scale_next = Fraction(1)
        stretch(group, factor)
        self.pending = group

    def flush(self) -> None:
        """Put the waiting notes in their place, tied to those before."""
        group, self.pending = self.pending, None
        if group is None:
            return
        if self.bar_metre is None:
            self.bar_metre = self.metre
        for place, pitch, length, tied in group.notes:
            row = self.held.pop((place, self.now), None)
            if row is not None and self.rows[row][2] == pitch:
                onset = self.rows[row][0]
                self.rows[row] = (onset, self.now + length - onset, pitch, self.rows[row][3])
            else:
                row = len(self.rows)
                self.rows.append((self.now, length, pitch, self.velocity))
            if tied:
                self.held[(place, self.now + length)] = row
        self.now += group.length

    def tied_pitch(self, place: tuple[str, int]) -> int | None:
        """The pitch that a tie carries to a place of the staff now."""
        row = self.held.get((place, self.now))
        return None if row is None else self.rows[row][2]

    def close_bar(self, times: int = 0) -> None:
        """End the bar under way; a bar line right after another adds its signs to it."""
        self.flush()
        if self.overlay_end is not None:
            self.now, self.overlay_end = max(self.now, self.overlay_end), None
        self.accidentals.clear()
        self.scale_next, self.tuplet = Fraction(1), (Fraction(1), 0)
        if self.now > self.bar_start:
            metre = self.bar_metre or self.metre
            self.bars.append(Bar(self.bar_start, self.now - self.bar_start, metre))
            signs = self.next_signs
            self.signs.append(Signs(signs.start, signs.section, signs.endings, times))
            self.labels.append(self.label)
            self.next_signs = Signs()
            self.bar_start = self.now
        elif times and self.signs:
            last = self.signs[-1]
            self.signs[-1] = Signs(last.start, last.section, last.endings, max(times, last.times))
        self.bar_metre = None


def stretch(group: Group, factor: Fraction) -> None:
    """Make a group of notes longer or shorter."""
    group.length *= factor
    group.notes = [
        (place, pitch, length * factor, tied) for place, pitch, length, tied in group.notes
    ]
