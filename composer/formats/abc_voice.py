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


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken rhythm of which the second note is still to come.

    Attributes:
        group: Its first note, made longer or shorter already.
        length: That note's length before.
        first: Times which it was made as long; both together last as long as before.
    """

    group: Group
    length: Fraction
    first: Fraction


@dataclass(slots=True)
class Voice:
    """One voice while it is read.

    Attributes:
        uneven: Whether broken rhythm was met between notes of unlike lengths, where it means
            nothing (section 4.4), as in abc2midi.
    """

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
    broken: Broken | None = None
    uneven: bool = False
    last_turns: frozenset[int] = frozenset()
    tuplet: tuple[Fraction, int] = (Fraction(1), 0)
    overlay_end: Fraction | None = None

    @property
    def repeats(self) -> int:
        """How many of its bars bear signs of repeats."""
        return sum(1 for signs in self.signs if signs.times or signs.endings)

    def add(self, group: Group) -> None:
        """Put what came before in its place; the group waits, for its length may change."""
        self.expect(group.length)
        self.flush()
        scale, left = self.tuplet
        self.tuplet = (scale, max(left - 1, 0))
        factor = scale if left else Fraction(1)
        if self.broken is not None:
            factor, self.broken = factor * (2 - self.broken.first), None
        stretch(group, factor)
        self.pending = group

    def expect(self, length: Fraction) -> None:
        """The written length of what comes next: a broken rhythm holds between equals only."""
        broken, (scale, left) = self.broken, self.tuplet
        if broken is None or broken.length == length * (scale if left else 1):
            return
        self.broken, self.uneven = None, True
        if broken.group is self.pending:
            stretch(broken.group, 1 / broken.first)

    def break_rhythm(self, first: Fraction) -> None:
        """Make the last note so many times as long, at the cost of the next, if it is its like."""
        if self.pending is not None and self.broken is None:
            self.broken = Broken(self.pending, self.pending.length, first)
            stretch(self.pending, first)

    def tie(self) -> None:
        """Tie the waiting notes to the next ones: the sign stands apart from them."""
        if self.pending is not None:
            self.pending.notes = [(*note[:3], True) for note in self.pending.notes]

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

    def begin_ending(self, turns: frozenset[int]) -> None:
        """What follows is played in these turns of a repeat only."""
        if self.now > self.bar_start or self.pending is not None:
            self.close_bar()
        signs = self.next_signs
        self.next_signs = Signs(signs.start, signs.section, turns)
        self.last_turns = turns

    def close_bar(self, times: int = 0) -> None:
        """End the bar under way; a bar line right after another adds its signs to it."""
        self.flush()
        if self.overlay_end is not None:
            self.now, self.overlay_end = max(self.now, self.overlay_end), None
        self.accidentals.clear()
        self.tuplet = (Fraction(1), 0)
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
