"""Corruption: corrupted notes are marked, and all others are as they were written."""

from __future__ import annotations

import numpy as np
import pytest
from composer_training.data.corruption import corrupt

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
def test_what_is_not_corrupted_is_as_it_was(kind: str, seed: int):
    events = waltz(kind=kind)
    changed, corrupted = corrupt(events, 0.15, np.random.default_rng(seed))
    kept = {
        (onset, *row[1:])
        for onset, row, out in zip(
            changed.onsets.tolist(),
            changed.rows.tolist(),
            corrupted.tolist(),
            strict=True,
        )
        if not out
    }
    assert kept <= noted(events)
    bar = 72 if kind == BEATS else 2 * TICKS_PER_SECOND
    # What is missing or different all lies in bars that begin a corrupted span or follow one.
    bars = {onset // bar for onset in changed.onsets[corrupted].tolist()}
    differing = {note[0] // bar for note in noted(events) ^ noted(changed)}
    assert differing <= {number + more for number in bars for more in (-2, -1, 0, 1, 2)}
    assert all(number >= 2 for number in bars)


def test_corrupted_spans_occur_and_are_short():
    count = 0
    for seed in range(20):
        changed, corrupted = corrupt(waltz(), 0.1, np.random.default_rng(seed))
        assert corrupted.mean() < 0.6
        count += noted(changed) != noted(waltz())
    assert count > 15


def test_no_share_corrupts_nothing():
    changed, corrupted = corrupt(waltz(), 0.0, np.random.default_rng(0))
    assert changed == waltz() and not corrupted.any()


def test_the_same_seed_corrupts_the_same_bars():
    one, other = (corrupt(waltz(), 0.2, np.random.default_rng(5))[0] for _ in "ab")
    assert one == other
