"""Tunes: melodies for charts that have none, made of motifs over the chords, and voices to them.

A tune of this kind is poor beside a song's: it is there so that a singer's line, a solo and
the voices under them are heard in their places. It keeps a motif, answers it, and comes to
rest at the ends of phrases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer_training.data.players import STEP, Passage, Row, cut

IONIAN = (0, 2, 4, 5, 7, 9, 11)
AEOLIAN = (0, 2, 3, 5, 7, 8, 10)
PHRASE = 2
"""Bars to the motif."""


def _scale(passage: Passage, tick: int) -> np.ndarray:
    """Pitches of the key, with the chord's tones in place of their neighbours."""
    steps = AEOLIAN if passage.minor else IONIAN
    tones = {(passage.tonic + step) % 12 for step in steps}
    chord = passage.chord_at(tick)
    if chord is not None:
        strange = [tone for tone in chord.tones if tone not in tones]
        tones -= {(tone + side) % 12 for tone in strange for side in (-1, 1)} - set(chord.tones)
        tones |= set(chord.tones)
    return np.array([pitch for pitch in range(36, 108) if pitch % 12 in tones])


def motif(rng: np.random.Generator, busy: float) -> list[tuple[int, int, int]]:
    """(step from the motif's beginning, steps it lasts, steps of the scale up or down).

    Args:
        rng: Source of all randomness.
        busy: Mean share of eighths that begin a note, 0..1.
    """
    steps = 16 * PHRASE
    begins = int(rng.choice((0, 0, 2, 4, 6)))
    rests = int(rng.choice((4, 6, 8)))
    weights = [1.0 if step % 4 == 0 else 0.7 if step % 2 == 0 else 0.12 for step in range(steps)]
    onsets = [
        step
        for step in range(begins, steps - rests)
        if step == begins or rng.random() < busy * weights[step]
    ]
    found = []
    for onset, following in zip(onsets, [*onsets[1:], steps - rests + 2], strict=True):
        moves = rng.choice((-4, -3, -2, -1, -1, -1, 0, 0, 1, 1, 1, 2, 3, 4))
        found.append((onset, max(min(following - onset, 8), 1), int(moves)))
    return found


def tune(
    passage: Passage, around: float, busy: float, loud: int, rng: np.random.Generator
) -> list[Row]:
    """A melody over a passage: motif, motif, motif, answer."""
    first, answer = motif(rng, busy), motif(rng, busy * 0.8)
    rows: list[Row] = []
    pitch = around + float(rng.integers(-4, 5))
    # What was played at this place of the phrase, so that a motif comes back at its pitch.
    for begin in range(0, len(passage.bars), PHRASE):
        turn = begin // PHRASE % 4
        own = answer if turn == 3 else first
        if turn in (0, 2):
            pitch = around + (0 if turn == 0 else 2)
        for step, length, moves in own:
            bar, inside = begin + step // 16, step % 16
            if bar >= len(passage.bars) or inside >= 4 * passage.bars[bar][1]:
                continue
            start = passage.bars[bar][0]
            tick = start + inside * STEP
            chord = passage.chord_at(tick)
            if chord is None:
                continue
            scale = _scale(passage, tick)
            # Drawn back when far from the middle of its range.
            moves = moves if abs(pitch - around) < 8 else -abs(moves) * int(np.sign(pitch - around))
            index = int(np.clip(np.abs(scale - pitch).argmin() + moves, 0, len(scale) - 1))
            pitch = float(scale[index])
            if inside % 8 == 0 or length >= 4:
                tones = scale[np.isin(scale % 12, chord.tones)]
                pitch = float(tones[np.abs(tones - pitch).argmin()])
            at = passage.moment(start, inside)
            end = at + round(length * STEP * 0.95)
            rows.append((at, int(pitch), end - at, loud + (6 if inside % 4 == 0 else 0)))
    return cut(rows, passage.end)


def below(passage: Passage, melody: Sequence[Row], loud: int) -> list[Row]:
    """A second voice: a chord's or the key's tone a third or fourth under each longer note."""
    rows = []
    for onset, pitch, length, _ in melody:
        chord = passage.chord_at(onset)
        if chord is None or length < 2 * STEP:
            continue
        tones = [tone for tone in range(pitch - 6, pitch - 2) if tone % 12 in chord.tones]
        near = [tone for tone in _scale(passage, onset).tolist() if pitch - 5 <= tone <= pitch - 3]
        rows.append((onset, max(tones or near or [pitch - 12]), length, loud))
    return rows
