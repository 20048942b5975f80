"""Corruption: bars in which something else is played, and the music that goes on as written.

A network that only ever hears what people wrote does not recover from a bar of its own that
nobody would have written: it takes the mistake for the style and repeats it. Here a few bars
of a piece are corrupted in the ways in which a network goes wrong, and are not counted in the
loss. What follows them is unchanged and is counted, so the network learns to recover. (The
problem is known as exposure bias. Scheduled sampling, Bengio et al. 2015, treats it by feeding
the network its own notes, which takes a pass of the network for each note; this takes none.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    VELOCITY,
    Events,
    quantise,
)
from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import bar_ticks

Table = NDArray[np.int64]
"""[notes, 5]: onset and duration in event ticks and the rest, in the order of
`composer.encoding.events.FIELDS` with the onset for the shift and the duration's ticks for its
class."""
Corruption = Callable[[Table, Table, bool, np.random.Generator], Table]
"""(a part's notes in the span, its notes of some bars before moved into the span, whether it is
a drum kit, random generator) -> the part's new notes in the span."""

_LONGEST_GAP = 84
"""Ticks. Longer rests are shortened by `composer.encoding.events.quantise`, so no corruption may
make one."""
_EARLIEST = 2
"""Bars at the beginning of a piece that are never corrupted."""


def corrupt(
    events: Events, share: float, rng: np.random.Generator
) -> tuple[Events, NDArray[np.bool_]]:
    """The same piece with some of its bars corrupted.

    Args:
        events: A piece.
        share: Mean share of its bars at which a corrupted span of one to three bars begins, 0..1.
        rng: Source of all randomness.

    Returns:
        The piece, and a mask of its notes that lie in a corrupted span, bool [notes].
    """
    table = np.column_stack([events.onsets, events.rows[:, 1:]]).astype(np.int64)
    table[:, DURATION] = DURATION_TICKS[table[:, DURATION]]
    bar = _bar(events)
    bars = int(table[-1, 0] // bar) if len(table) else 0
    spans: list[tuple[int, int]] = []
    for number in np.flatnonzero(rng.random(max(bars, 0)) < share).tolist():
        start = number * bar
        if number >= _EARLIEST and (not spans or start >= spans[-1][1] + bar):
            spans.append((start, start + bar * int(rng.choice((1, 2, 3), p=(0.6, 0.3, 0.1)))))
    for start, end in spans:
        table = _corrupt_span(table, events.programs, start, end, bar, rng)
    changed = quantise(
        table[:, 0].astype(np.float64),
        table[:, DURATION].astype(np.float64),
        table[:, PART],
        table[:, PITCH],
        table[:, VELOCITY] * 4 + 2,
        events.programs,
        events.kind,
        events.metres,
    )
    corrupted = np.zeros(len(changed.rows), dtype=bool)
    for start, end in spans:
        corrupted |= (changed.onsets >= start) & (changed.onsets < end)
    return replace(changed, plan=events.plan), corrupted


def _bar(events: Events) -> int:
    """Ticks of the piece's first bar; in free time, of two seconds."""
    if events.kind != BEATS:
        return 2 * TICKS_PER_SECOND
    _, numerator, denominator = events.metres.changes[0]
    return int(bar_ticks(numerator, denominator, TICKS_PER_BEAT))


def _corrupt_span(
    table: Table,
    programs: tuple[int, ...],
    start: int,
    end: int,
    bar: int,
    rng: np.random.Generator,
) -> Table:
    """The table with one corrupted span; unchanged where that would leave too long a rest."""
    inside = (table[:, 0] >= start) & (table[:, 0] < end)
    parts = np.unique(table[inside, PART])
    if not len(parts):
        return table
    chosen = parts[rng.random(len(parts)) < 0.6]
    if not len(chosen):
        chosen = rng.choice(parts, 1)
    # Earlier music of the same part, moved here by a whole number of bars.
    back = bar * int(rng.integers(1, max(start // bar, 1) + 1))
    elsewhere = table[(table[:, 0] >= start - back) & (table[:, 0] < end - back)].copy()
    elsewhere[:, 0] += back
    pieces = [table[~inside], table[inside & ~np.isin(table[:, PART], chosen)]]
    for part in chosen.tolist():
        kind = _KINDS[int(rng.choice(len(_KINDS), p=_PROBABILITIES))]
        made = kind(
            table[inside & (table[:, PART] == part)].copy(),
            elsewhere[elsewhere[:, PART] == part],
            programs[part] == DRUM_PROGRAM,
            rng,
        )
        made[:, 0] = np.clip(made[:, 0], start, end - 1)
        made[:, PITCH] = np.clip(made[:, PITCH], 0, 127)
        made[:, DURATION] = np.maximum(made[:, DURATION], 1)
        pieces.append(made)
    changed = np.concatenate(pieces)
    changed = changed[np.argsort(changed[:, 0], kind="stable")]
    gaps = np.diff(changed[:, 0], prepend=0)
    return table if not len(changed) or gaps.max() > _LONGEST_GAP else changed


def _silence(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    return own[:0]


def _earlier(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    return elsewhere


def _wrong_notes(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    """Some pitches another one of its own, or a few semitones off."""
    wrong = rng.random(len(own)) < rng.uniform(0.2, 0.8)
    moved = rng.choice(own[:, PITCH], len(own)) if drums or rng.random() < 0.5 else None
    if moved is None:
        moved = own[:, PITCH] + rng.integers(-5, 6, len(own))
    own[wrong, PITCH] = moved[wrong]
    return own


def _wrong_times(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    """Some onsets off by parts of a beat."""
    wrong = rng.random(len(own)) < rng.uniform(0.2, 0.8)
    unit = int(rng.choice((1, 4, 6, 12, 24)))
    own[wrong, 0] += unit * rng.integers(-2, 3, int(wrong.sum()))
    return own


def _stuck(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    """One onset's notes, again and again."""
    onset = int(rng.choice(own[:, 0]))
    chord = own[own[:, 0] == onset]
    every = int(rng.choice((6, 12, 12, 24, 24, 48)))
    span = int(own[:, 0].max() - own[:, 0].min()) + 1
    times = [chord.copy() for _ in range(max(1, span // every))]
    for number, copied in enumerate(times):
        copied[:, 0] = own[:, 0].min() + number * every
        copied[:, DURATION] = max(1, round(every * rng.uniform(0.4, 1.0)))
    return np.concatenate(times)


def _thick(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    """Some notes doubled at an interval."""
    doubled = own[rng.random(len(own)) < rng.uniform(0.3, 1.0)].copy()
    steps = (-5, -2, 2, 4) if drums else (-12, -4, -3, 3, 4, 5, 7, 12)
    doubled[:, PITCH] += rng.choice(steps, len(doubled))
    return np.concatenate([own, doubled])


def _thin(own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator) -> Table:
    """Some notes left out, the others held."""
    kept = own[rng.random(len(own)) < rng.uniform(0.2, 0.7)].copy()
    if not drums:
        kept[:, DURATION] = kept[:, DURATION] * int(rng.choice((1, 2, 4)))
    return kept


def _elsewhere_in_pitch(
    own: Table, elsewhere: Table, drums: bool, rng: np.random.Generator
) -> Table:
    """The same a fifth or an octave away."""
    if not drums:
        own[:, PITCH] += int(rng.choice((-12, -7, -5, 5, 7, 12)))
    return own


_KINDS: tuple[Corruption, ...] = (
    _silence,
    _earlier,
    _wrong_notes,
    _wrong_times,
    _stuck,
    _thick,
    _thin,
    _elsewhere_in_pitch,
)
_PROBABILITIES = (0.14, 0.1, 0.18, 0.16, 0.14, 0.1, 0.1, 0.08)
