"""Songs: what chords, sections and tune a piece on a beat grid has, as a chart of it.

Chords are the best of a few kinds for each half bar, by how long their tones sound and what
the lowest note is. Sections are eight bars each, the same where their roots are mostly
the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.keys import fitting_key, sounding_time
from composer.music.notes import DRUM_PROGRAM
from composer_training.data.charts import Bar, Chart, Section
from composer_training.data.chords import Chord
from composer_training.data.dataset import FINE_PER_BEAT, Notes, Record

HALF = 2
"""Beats for which a chord lasts at least."""
SECTION = 8
"""Bars to the section."""
ALIKE = 0.6
"""Share of half bars with the same root from which on two sections have the same letter."""
KINDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7), (0, 3, 6))
_BONUS = (0.03, 0.03, 0.0, 0.0, 0.0, -0.05, -0.03)
"""What each kind is preferred by, as a share of what sounds: plain ones are likelier."""
_BASS = 0.25
"""What a chord is preferred by whose root is the lowest note."""


def sounding(notes: Notes, halves: int) -> NDArray[np.float64]:
    """How long each pitch class sounds in each half bar, in beats, float [halves, 12]."""
    heard = np.zeros((halves, 12))
    start = notes[:, 0] / FINE_PER_BEAT
    end = start + np.minimum(notes[:, 3] / FINE_PER_BEAT, 16)
    for half in range(halves):
        inside = np.minimum(end, HALF * (half + 1)) - np.maximum(start, HALF * half)
        here = inside > 0
        np.add.at(heard[half], notes[here, 2] % 12, inside[here])
    return heard


def chords_of(notes: Notes, halves: int) -> list[Chord | None]:
    """The chord of each half bar; None where next to nothing sounds."""
    heard = sounding(notes, halves)
    templates = np.zeros((12 * len(KINDS), 12))
    for number, kind in enumerate(KINDS):
        for root in range(12):
            templates[number * 12 + root, [(root + step) % 12 for step in kind]] = 1
    found: list[Chord | None] = []
    start, end = notes[:, 0] / FINE_PER_BEAT, (notes[:, 0] + notes[:, 3]) / FINE_PER_BEAT
    for half, lengths in enumerate(heard):
        total = lengths.sum()
        if total < HALF / 2:
            found.append(None)
            continue
        here = (start < HALF * half + 0.9) & (end > HALF * half + 0.1)
        bass = int(notes[here, 2].min()) % 12 if here.any() else -1
        shares = lengths / total
        # Tones of the chord count for it, the others against it, tones not heard a little too.
        missing = (templates * (shares < 0.04)).sum(axis=1)
        score = templates @ shares - 0.12 * missing + np.repeat(_BONUS, 12)
        if bass >= 0:
            score[bass::12] += _BASS
        best = int(score.argmax())
        root = best % 12
        chord = Chord(root, KINDS[best // 12], root)
        if bass >= 0 and bass in chord.tones:
            chord = Chord(root, KINDS[best // 12], bass)
        found.append(chord)
    return found


def melody_slot(record: Record, notes: Notes) -> int | None:
    """The part that sings: one note at a time, and the highest of such; None without one."""
    best, height = None, 0.0
    for slot, program in enumerate(record.programs):
        own = notes[notes[:, 1] == slot]
        if program == DRUM_PROGRAM or len(own) < 32:
            continue
        alone = len(np.unique(own[:, 0])) / len(own)
        if alone > 0.95 and len(own) > height:
            best, height = slot, float(len(own))
    return best


def chart_of(record: Record, notes: Notes) -> Chart | None:
    """A song's chart; None of one that is not all in 4/4, or has no part that sings.

    Args:
        record: Of a piece on a beat grid without drums.
        notes: Its notes.
    """
    slot = melody_slot(record, notes)
    if slot is None or any(metre[1:] != (4, 4) for metre in record.metres):
        return None
    bars = int(notes[:, 0].max()) // (4 * FINE_PER_BEAT) + 1
    others = notes[notes[:, 1] != slot]
    chords = chords_of(others if len(others) else notes, 2 * bars)
    sung = notes[notes[:, 1] == slot]
    melody = tuple(
        (onset / FINE_PER_BEAT, pitch, length / FINE_PER_BEAT)
        for onset, pitch, length in sung[:, [0, 2, 3]].tolist()
        if onset >= 0
    )
    key = fitting_key(
        sounding_time(notes[:, 2].astype(np.int64), notes[:, 3].astype(np.int64), FINE_PER_BEAT)
    )
    if key is None or not any(chords):
        return None
    quarter = record.tempos[0][1] if len(record.tempos) < 2 else record.tempos[1][1]
    bpm = float(np.clip(60e6 / quarter, 40, 240))
    return Chart(record.name, bpm, key.tonic, False, _sections(chords, sung, bars), melody)


def _sections(chords: list[Chord | None], sung: Notes, bars: int) -> tuple[Section, ...]:
    per_bar = np.bincount(sung[:, 0].clip(0) // (4 * FINE_PER_BEAT), minlength=bars)
    blocks: list[list[Chord | None]] = []
    letters: list[int] = []
    sings: list[bool] = []
    heights: list[float] = []
    # The first section is what comes before the tune, if there is so much.
    before = int(per_bar.argmax() if not per_bar.any() else np.flatnonzero(per_bar)[0]) % SECTION
    starts = [0, *range(before or SECTION, bars, SECTION)]
    ends = [*starts[1:], bars]
    for start, end in zip(starts, ends, strict=True):
        own = chords[2 * start : 2 * end]
        # Two sections that are sung or not and have the same chords are the same.
        voice = bool(per_bar[start:end].mean() >= 1)
        like = [
            letter
            for letter, block, also in zip(letters, blocks, sings, strict=True)
            if also == voice and len(block) == len(own)
            and _same(block, own) >= ALIKE
        ]  # fmt: skip
        letters.append(like[0] if like else len(set(letters)))
        blocks.append(own)
        sings.append(voice)
        bar = sung[:, 0] // (4 * FINE_PER_BEAT)
        inside = sung[(bar >= start) & (bar < end), 2]
        heights.append(float(inside.mean()) if len(inside) else 0.0)
    chorus = _chorus(letters, sings, heights)
    made = []
    for number, (letter, voice) in enumerate(zip(letters, sings, strict=True)):
        # Of a song that has no chorus, every other pair of sections is as full as one.
        full = number % 4 >= 2 if chorus is None else letter == chorus
        kind = "chorus" if full else "verse"
        if not voice:
            last = number == len(letters) - 1
            kind = "intro" if number == 0 else "outro" if last else "interlude"
        played = tuple(
            Bar(4, _changes(chords[2 * bar : 2 * bar + 2]))
            for bar in range(starts[number], ends[number])
        )
        made.append(Section(chr(ord("A") + min(letter, 25)), kind, played))
    return tuple(made)


def _chorus(letters: list[int], sings: list[bool], heights: list[float]) -> int | None:
    """The letter that comes back most of what is sung, of equals the highest; None without one."""
    totals: dict[int, tuple[int, float]] = {}
    for letter, voice, height in zip(letters, sings, heights, strict=True):
        if voice:
            times, highest = totals.get(letter, (0, 0.0))
            totals[letter] = times + 1, max(highest, height)
    if len(totals) < 2 or max(totals.values())[0] < 2:
        return None
    return max(totals, key=lambda letter: totals[letter])


def _same(one: list[Chord | None], other: list[Chord | None]) -> float:
    """Share of half bars with the same root."""
    pairs = zip(one, other, strict=True)
    return float(np.mean([(a and a.root) == (b and b.root) for a, b in pairs]))


def _changes(halves: list[Chord | None]) -> tuple[tuple[float, Chord | None], ...]:
    first, second = halves[0], halves[-1]
    return ((0.0, first),) if first == second else ((0.0, first), (2.0, second))
