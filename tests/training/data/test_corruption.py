"""Detours: what is spoilt is named, and all else is as it was written."""

from __future__ import annotations

import numpy as np
import pytest
from composer_training.data.corruption import take_detours

from composer.encoding.events import TICKS_PER_SECOND, Events, quantise
from composer.music.beat_grid import BEATS, FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import MetreMap


def waltz(bars: int = 40, kind: str = BEATS) -> Events:
    """Bass and two chords a bar, a tune above, a drum on each bar line."""
    notes = []
    for bar in range(bars):
        for beat in range(3):
            onset = bar * 72 + beat * 24
            left = [40 + bar % 5] if beat == 0 else [55, 60]
            notes += [(onset, 12, 1, pitch, 60) for pitch in left]
            notes.append((onset + 12, 12, 0, 72 + (bar * 3 + beat) % 12, 90))
        notes.append((bar * 72, 6, 2, 36, 100))
    starts, lengths, slots, pitches, loud = np.array(notes).T
    return quantise(
        starts.astype(float),
        lengths.astype(float),
        slots,
        pitches,
        loud,
        (0, 0, DRUM_PROGRAM),
        kind,
        MetreMap(((0, 3, 4),)) if kind == BEATS else MetreMap(),
    )


def noted(events: Events) -> set[tuple[int, ...]]:
    return {
        (onset, *row[1:])
        for onset, row in zip(events.onsets.tolist(), events.rows.tolist(), strict=True)
    }


@pytest.mark.parametrize("kind", [BEATS, FREE])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_not_aside_is_as_it_was(kind: str, seed: int):
    events = waltz(kind=kind)
    spoilt, aside = take_detours(events, 0.15, np.random.default_rng(seed))
    kept = {
        (onset, *row[1:])
        for onset, row, out in zip(
            spoilt.onsets.tolist(), spoilt.rows.tolist(), aside.tolist(), strict=True
        )
        if not out
    }
    assert kept <= noted(events)
    bar = 72 if kind == BEATS else 2 * TICKS_PER_SECOND
    # What is missing or different all lies in bars that begin a detour or follow one.
    bars = {onset // bar for onset in spoilt.onsets[aside].tolist()}
    changed = {note[0] // bar for note in noted(events) ^ noted(spoilt)}
    assert changed <= {number + more for number in bars for more in (-2, -1, 0, 1, 2)}
    assert all(number >= 2 for number in bars)


def test_there_are_detours_and_they_are_short():
    changed = 0
    for seed in range(20):
        spoilt, aside = take_detours(waltz(), 0.1, np.random.default_rng(seed))
        assert aside.mean() < 0.6
        changed += noted(spoilt) != noted(waltz())
    assert changed > 15


def test_no_share_no_detour():
    spoilt, aside = take_detours(waltz(), 0.0, np.random.default_rng(0))
    assert spoilt == waltz() and not aside.any()


def test_the_same_chance_takes_the_same_detours():
    one, other = (take_detours(waltz(), 0.2, np.random.default_rng(5))[0] for _ in "ab")
    assert one == other
