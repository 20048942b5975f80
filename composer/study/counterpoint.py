"""Counterpoint: what voices do to one another: parallels, crossings, ranges, spacing.

Only where there are voices: parts with tones that play one note at a time. What is counted is
certain; whether it is a fault is a question of style, and the rules are those of chorales
(W. Piston, Harmony, 1941). Parallel and hidden fifths and octaves are judged by music21's
`VoiceLeadingQuartet`, which knows the cases.

Conventions:
    Voices are numbered from the highest part. A *moment* is an onset of any voice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.music.keys import Key
from composer.study.instruments import CHOIR, RANGES, VOICES
from composer.study.music import Music
from composer.study.numerals import pitch_name

Ints = NDArray[np.int64]

_ALONE: Final = 0.95
"""Share of a part's onsets at which a voice plays one note only."""
_LEAST: Final = 8
"""Notes of a voice at least."""
_MOST_VOICES: Final = 6
_DOUBLING: Final = 0.5
"""Share of common steps in octaves from which on two voices double each other."""
_OCTAVE: Final = 12
COUNTED: Final = "counted from the notes"
JUDGED: Final = "music21 (VoiceLeadingQuartet)"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that voices do.

    Attributes:
        kind: "parallel fifths", "crossing", "range" and so on.
        tick: Where.
        voices: Slots of the parts.
        notes: Indices of the notes.
        text: A sentence.
        source: What found it.
    """

    kind: str
    tick: int
    voices: tuple[int, ...]
    notes: tuple[int, ...]
    text: str
    source: str


def voices_of(music: Music) -> list[int]:
    """Slots of the parts that are voices, from the highest; none where fewer than two are."""
    found = []
    for slot in range(len(music.names)):
        own = (music.parts == slot) & ~music.drums
        notes = int(own.sum())
        if notes < _LEAST:
            continue
        onsets = music.onsets[own]
        alone = len(np.unique(onsets)) / notes
        overlap = np.mean(music.ends[own][:-1] > onsets[1:] + 6) if notes > 1 else 0.0
        if alone >= _ALONE and overlap <= 1 - _ALONE:
            found.append(slot)
    return found[:_MOST_VOICES] if len(found) > 1 else []


def remarks_of(music: Music, key: Key | None) -> list[Remark]:
    """What the voices of a piece do that a teacher would mark, in order of time."""
    voices = voices_of(music)
    if not voices:
        return []
    table = _moments(music, voices)
    found = _parallels(music, voices, table, key)
    found += _crossings(music, voices, table)
    if _is_choir(music, voices):
        found += _spacing(music, voices, table, key)
    found += _ranges(music, voices, key)
    return sorted(found, key=lambda remark: remark.tick)


def _is_choir(music: Music, voices: list[int]) -> bool:
    sung = all(music.events.programs[slot] in CHOIR for slot in voices)
    return len(voices) == len(VOICES) and sung


def _moments(music: Music, voices: list[int]) -> Ints:
    """Index of the note that each voice sounds at each moment, -1 for none, [moments, voices]."""
    moments = np.unique(np.concatenate([music.onsets[music.parts == slot] for slot in voices]))
    table = np.full((len(moments), len(voices)), -1, dtype=np.int64)
    for column, slot in enumerate(voices):
        own = np.flatnonzero(music.parts == slot)
        at = np.searchsorted(music.onsets[own], moments, side="right") - 1
        sounding = (at >= 0) & (music.ends[own[at.clip(0)]] > moments)
        table[:, column] = np.where(sounding, own[at.clip(0)], -1)
    return table


def _parallels(music: Music, voices: list[int], table: Ints, key: Key | None) -> list[Remark]:
    found: list[Remark] = []
    for upper in range(len(voices)):
        for lower in range(upper + 1, len(voices)):
            steps = _common_steps(table[:, [upper, lower]], music)
            own: list[Remark] = []
            octaves = 0
            for before, after in steps:
                kind = _judged(music.pitches[list(before)], music.pitches[list(after)])
                octaves += kind in ("parallel octaves", "parallel unisons")
                outer = upper == 0 and lower == len(voices) - 1
                if kind is None or (kind.startswith("hidden") and not outer):
                    continue
                own.append(
                    _parallel(music, kind, (voices[upper], voices[lower]), before, after, key)
                )
            if steps and octaves > 4 and octaves >= _DOUBLING * len(steps):
                found.append(_doubling(music, voices[upper], voices[lower], octaves, len(steps)))
            else:
                found += own
    return found


def _common_steps(pair: Ints, music: Music) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where both of two voices go on to another note at once: the notes before and after."""
    found = []
    for before, after in zip(pair[:-1].tolist(), pair[1:].tolist(), strict=True):
        if min(*before, *after) < 0 or before[0] == after[0] or before[1] == after[1]:
            continue
        a, b = music.pitches[before], music.pitches[after]
        if a[0] != b[0] and a[1] != b[1]:
            found.append(((before[0], before[1]), (after[0], after[1])))
    return found


def _judged(before: Ints, after: Ints) -> str | None:
    """What two voices do from one pair of pitches to the next, upper voice first."""
    interval = abs(int(after[0] - after[1])) % _OCTAVE
    if interval not in (0, 7) or np.sign(after - before).sum() == 0:
        return None  # music21 is slow; only what ends in a fifth or an octave can be a fault
    from music21.note import Note
    from music21.voiceLeading import VoiceLeadingQuartet

    one, two = (Note(int(pitch)) for pitch in (before[0], after[0]))
    low, low_two = (Note(int(pitch)) for pitch in (before[1], after[1]))
    quartet = VoiceLeadingQuartet(one, two, low, low_two)
    if quartet.parallelFifth():
        return "parallel fifths"
    if quartet.parallelUnison():
        return "parallel unisons"
    if quartet.parallelOctave():
        return "parallel octaves"
    if abs(int(after[0] - before[0])) > 2:  # the upper voice leaps
        if quartet.hiddenFifth():
            return "hidden fifths"
        if quartet.hiddenOctave():
            return "hidden octaves"
    return None


def _parallel(
    music: Music,
    kind: str,
    pair: tuple[int, int],
    before: tuple[int, int],
    after: tuple[int, int],
    key: Key | None,
) -> Remark:
    tick = int(music.onsets[list(after)].max())
    names = [pitch_name(int(music.pitches[note]), key) for note in (*before, *after)]
    text = (
        f"{music.place(tick)}: {kind} between {music.names[pair[0]]} ({names[0]} {names[2]})"
        f" and {music.names[pair[1]]} ({names[1]} {names[3]})."
    )
    return Remark(kind, tick, pair, (*before, *after), _sentence(text), JUDGED)


def _doubling(music: Music, upper: int, lower: int, octaves: int, steps: int) -> Remark:
    text = (
        f"{music.names[upper]} and {music.names[lower]} double each other: {octaves} of the"
        f" {steps} steps that they take together are in octaves or unisons."
    )
    return Remark("doubling", 0, (upper, lower), (), _sentence(text), JUDGED)


def _crossings(music: Music, voices: list[int], table: Ints) -> list[Remark]:
    found = []
    for upper in range(len(voices) - 1):
        both = (table[:, upper] >= 0) & (table[:, upper + 1] >= 0)
        a = music.pitches[table[:, upper].clip(0)]
        b = music.pitches[table[:, upper + 1].clip(0)]
        crossed = np.flatnonzero(both & (a < b))
        # A run of moments is one crossing.
        starts = crossed[np.diff(crossed, prepend=-2) > 1]
        for moment in starts.tolist():
            notes = (int(table[moment, upper]), int(table[moment, upper + 1]))
            tick = int(music.onsets[list(notes)].max())
            text = (
                f"{music.place(tick)}: {music.names[voices[upper]]} goes below"
                f" {music.names[voices[upper + 1]]}."
            )
            pair = (voices[upper], voices[upper + 1])
            found.append(Remark("crossing", tick, pair, notes, _sentence(text), COUNTED))
    return found


def _spacing(music: Music, voices: list[int], table: Ints, key: Key | None) -> list[Remark]:
    """Upper voices of a choir that lie more than an octave apart."""
    found = []
    for upper in range(2):
        both = (table[:, upper] >= 0) & (table[:, upper + 1] >= 0)
        apart = music.pitches[table[:, upper].clip(0)] - music.pitches[table[:, upper + 1].clip(0)]
        wide = np.flatnonzero(both & (apart > _OCTAVE))
        for moment in wide[np.diff(wide, prepend=-2) > 1].tolist():
            notes = (int(table[moment, upper]), int(table[moment, upper + 1]))
            tick = int(music.onsets[list(notes)].max())
            names = [pitch_name(int(music.pitches[note]), key) for note in notes]
            text = (
                f"{music.place(tick)}: {music.names[voices[upper]]} ({names[0]}) lies more than an"
                f" octave above {music.names[voices[upper + 1]]} ({names[1]})."
            )
            pair = (voices[upper], voices[upper + 1])
            found.append(Remark("spacing", tick, pair, notes, _sentence(text), COUNTED))
    return found


def _ranges(music: Music, voices: list[int], key: Key | None) -> list[Remark]:
    """Voices that leave what their instrument, or a choir's voice, can sing or play."""
    found = []
    choir = _is_choir(music, voices)
    for index, slot in enumerate(voices):
        program = music.events.programs[slot]
        limits = list(VOICES.values())[index] if choir else RANGES.get(program)
        if limits is None:
            continue
        what = f"a {list(VOICES)[index]}" if choir else "the instrument"
        own = np.flatnonzero(music.parts == slot)
        for outside, side in (
            (own[music.pitches[own] > limits[1]], "above"),
            (own[music.pitches[own] < limits[0]], "below"),
        ):
            if not len(outside):
                continue
            count = Counter(music.pitches[outside].tolist())
            named = ", ".join(pitch_name(pitch, key) for pitch in sorted(count))
            tick = int(music.onsets[outside[0]])
            text = (
                f"{music.place(tick)}: {music.names[slot]} goes {side} what {what} has:"
                f" {named} ({len(outside)} notes)."
            )
            notes = tuple(outside[:20].tolist())
            found.append(Remark("range", tick, (slot,), notes, _sentence(text), COUNTED))
    return found


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
