"""Voice leading: how often voices move in parallel fifths and octaves, and cross.

A *parallel* is counted where two voices stand a fifth, or an octave or unison (or any number of
octaves more), apart, both move to other pitches in the same direction, and stand the same
distance apart again (Fux; as counted in chorales).

Conventions:
    Ticks are those of the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from composer.music.notes import Note

FIFTH, OCTAVE = 7, 0


def voice_leading(voices: Sequence[Sequence[Note]]) -> dict[str, int]:
    """Moments, parallel fifths and octaves, and crossings of voices.

    Args:
        voices: Notes of each, from the highest voice to the lowest, one after another.

    Returns:
        "moments" (times at which at least one voice begins a note and two sound), "parallel
        fifths", "parallel octaves", "crossings" (moments at which a voice lies under a lower one).
    """
    moments = sorted({note.onset for voice in voices for note in voice})
    sounding = [_at(voice, moments) for voice in voices]
    counted = {"moments": 0, "parallel fifths": 0, "parallel octaves": 0, "crossings": 0}
    for index in range(len(moments)):
        here = [pitch for voice in sounding if (pitch := voice[index]) is not None]
        counted["moments"] += len(here) > 1
        counted["crossings"] += any(upper < lower for upper, lower in pairwise(here))
    for upper, lower in combinations(sounding, 2):
        for before, after in pairwise(zip(upper, lower, strict=True)):
            a, b, c, d = *before, *after
            if a is None or b is None or c is None or d is None:
                continue
            same = abs(a - b) % 12 == abs(c - d) % 12
            if same and (c - a) * (d - b) > 0:
                counted["parallel fifths"] += abs(a - b) % 12 == FIFTH
                counted["parallel octaves"] += abs(a - b) % 12 == OCTAVE
    return counted


def _at(voice: Sequence[Note], moments: Sequence[int]) -> list[int | None]:
    """The pitch that a voice sounds at each moment, None for none."""
    found: list[int | None] = []
    notes, index = sorted(voice), -1
    for moment in moments:
        while index + 1 < len(notes) and notes[index + 1].onset <= moment:
            index += 1
        sounds = index >= 0 and notes[index].end > moment
        found.append(notes[index].pitch if sounds else None)
    return found
