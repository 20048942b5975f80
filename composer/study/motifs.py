"""Motifs: short figures that come back, and how: as they were, moved, turned over, stretched.

Of each part the highest note of every onset is a line. A motif is a figure of some notes, the same
steps in the same rhythm, that comes at least twice on other notes or at other places; those are
taken first that explain most notes. Then all lines are searched for its variants.

Conventions:
    Steps are semitones, *degrees* are steps of the scale as notes are spelt. Rhythms are ticks from
    onset to onset; in free time they are left out.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from composer.music.keys import Key
from composer.study.music import Music
from composer.study.numerals import pitch_name

_LONGEST, _SHORTEST, _SHORTEST_FREE = 9, 4, 5
"""Notes of a motif."""
_MOST: Final = 5
"""Motifs that are told."""
_LETTERS: Final = "CDEFGAB"
_KINDS: Final = {
    "as it was": 1.0,
    "moved": 1.0,
    "moved within the scale": 0.9,
    "turned over": 0.8,
    "twice as slow": 0.9,
    "twice as fast": 0.9,
    "same rhythm, other steps": 0.55,
}
"""How a motif comes back, and how likely a listener takes it for the same. What is the same note
for note is counted; the others are estimates."""


@dataclass(frozen=True, slots=True)
class Line:
    """The top line of a part.

    Attributes:
        part: Its slot.
        notes: Index of each note in the piece.
        pitches: Of each.
        degrees: Step of the scale of each, octaves counted.
        gaps: Ticks from each to the next, one fewer; 0 in free time.
    """

    part: int
    notes: tuple[int, ...]
    pitches: tuple[int, ...]
    degrees: tuple[int, ...]
    gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a motif comes.

    Attributes:
        how: Key of `_KINDS`.
        part: Slot of the part that plays it.
        notes: Indices of its notes.
        moved: Semitones above where it first came.
        sure: How likely a listener takes it for the same.
    """

    how: str
    part: int
    notes: tuple[int, ...]
    moved: int
    sure: float


@dataclass(frozen=True, slots=True)
class Motif:
    """A figure and where it comes, in order of time.

    Attributes:
        name: "motif a", in the order in which motifs are found.
        occurrences: At least two.
    """

    name: str
    occurrences: tuple[Occurrence, ...]


def lines_of(music: Music, key: Key | None) -> list[Line]:
    """The top line of every part with tones that has as many as a motif."""
    lines = []
    for part in sorted(set(music.parts[~music.drums].tolist())):
        tops: dict[int, int] = {}
        for index in np.flatnonzero((music.parts == part) & ~music.drums).tolist():
            tops[int(music.onsets[index])] = index  # sorted by pitch: the last is the highest
        notes = tuple(tops.values())
        if len(notes) < _SHORTEST:
            continue
        pitches = tuple(int(music.pitches[index]) for index in notes)
        degrees = tuple(_degree(pitch, key) for pitch in pitches)
        onsets = list(tops)
        gaps = tuple(0 if music.free else b - a for a, b in itertools.pairwise(onsets))
        lines.append(Line(part, notes, pitches, degrees, gaps))
    return lines


def _degree(pitch: int, key: Key | None) -> int:
    name = pitch_name(pitch, key)
    octave = int(name.lstrip("ABCDEFG").lstrip("#b"))
    return 7 * octave + _LETTERS.index(name[0])


def motifs_of(music: Music, key: Key | None) -> list[Motif]:
    """The motifs of a piece, the most telling first."""
    lines = lines_of(music, key)
    longest_gap = 2 * int(np.diff(music.lines).max())
    covered: set[int] = set()
    found: list[Motif] = []
    while len(found) < _MOST:
        best = _best(lines, covered, longest_gap, _SHORTEST_FREE if music.free else _SHORTEST)
        if best is None:
            break
        line, start, length = best
        occurrences = sorted(
            _occurrences(lines, line, start, length),
            key=lambda one: (int(music.onsets[one.notes[0]]), one.notes),
        )
        for occurrence in occurrences:
            covered.update(occurrence.notes)
        found.append(Motif(f"motif {'abcdefgh'[len(found)]}", tuple(occurrences)))
    return found


def _best(
    lines: list[Line], covered: set[int], longest_gap: int, shortest: int
) -> tuple[Line, int, int] | None:
    """The figure that explains most notes that are not explained yet: line, start, length."""
    best, most = None, 0.0
    for length in range(_LONGEST, shortest - 1, -1):
        places: dict[tuple[int, ...], list[tuple[Line, int]]] = defaultdict(list)
        for line in lines:
            for start in range(len(line.notes) - length + 1):
                gaps = line.gaps[start : start + length - 1]
                if max(gaps) > longest_gap:
                    continue
                steps = np.diff(line.pitches[start : start + length]).tolist()
                if len(set(steps)) < 2 or not any(steps):
                    continue
                places[(*steps, *gaps)].append((line, start))
        for figure, where in places.items():
            count = _apart(where, length, covered)
            if count < 2:
                continue
            # Long ones that come seldom and short ones that come often weigh alike; a figure of
            # many different steps says more than a scale.
            variety = len(set(figure[: length - 1])) / (length - 1)
            weight = (count - 1) * (length - shortest + 2) ** 0.7 * (0.5 + variety)
            if weight > most:
                line, start = next(
                    (one, at)
                    for one, at in where
                    if not covered.intersection(one.notes[at : at + length])
                )
                best, most = (line, start, length), weight
    return best


def _apart(where: list[tuple[Line, int]], length: int, covered: set[int]) -> int:
    """How often a figure comes without sharing notes, in places that are not explained."""
    count, last, part = 0, 0, -1
    for line, start in where:
        if line.part == part and start < last:
            continue
        if covered.intersection(line.notes[start : start + length]):
            continue
        count, last, part = count + 1, start + length, line.part
    return count


def _occurrences(lines: list[Line], model: Line, at: int, length: int) -> list[Occurrence]:
    """All places where a figure or a variant of it comes; of overlapping ones the surest."""
    pitches = np.array(model.pitches[at : at + length])
    steps, degrees = np.diff(pitches), np.diff(model.degrees[at : at + length])
    gaps = np.array(model.gaps[at : at + length - 1])
    found: list[Occurrence] = []
    for line in lines:
        for start in range(len(line.notes) - length + 1):
            own = np.array(line.pitches[start : start + length])
            how = _how(
                np.diff(own),
                np.diff(line.degrees[start : start + length]),
                np.array(line.gaps[start : start + length - 1]),
                steps,
                degrees,
                gaps,
            )
            if how is None:
                continue
            moved = int(own[0] - pitches[0])
            if how == "moved" and moved == 0:
                how = "as it was"
            notes = line.notes[start : start + length]
            found.append(Occurrence(how, line.part, notes, moved, _KINDS[how]))
    taken: set[int] = set()
    kept = []
    for occurrence in sorted(found, key=lambda one: (-one.sure, one.notes)):
        if not taken.intersection(occurrence.notes):
            taken.update(occurrence.notes)
            kept.append(occurrence)
    return kept


def _how(
    own_steps: np.ndarray,
    own_degrees: np.ndarray,
    own_gaps: np.ndarray,
    steps: np.ndarray,
    degrees: np.ndarray,
    gaps: np.ndarray,
) -> str | None:
    """How one figure is like another; None if it is not."""
    if np.array_equal(own_gaps, gaps):
        if np.array_equal(own_steps, steps):
            return "moved"
        if np.array_equal(own_degrees, degrees):
            return "moved within the scale"
        if np.array_equal(own_degrees, -degrees) and degrees.any():
            return "turned over"
        near = np.abs(own_degrees - degrees)
        # A rhythm of equal notes says nothing by itself.
        if gaps.any() and len(set(gaps.tolist())) > 1 and near.max() <= 2 and near.sum() <= 3:
            return "same rhythm, other steps"
        return None
    if np.array_equal(own_degrees, degrees):
        if np.array_equal(own_gaps, 2 * gaps):
            return "twice as slow"
        if np.array_equal(2 * own_gaps, gaps):
            return "twice as fast"
    return None
