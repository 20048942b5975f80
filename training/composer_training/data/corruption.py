"""Detours: bars in which something else is played, and the music that goes on regardless.

A network that only ever hears what people wrote does not know what to do after a bar of its
own that nobody would have written: it takes the slip for the style and stays there. Here a
few bars of a piece are spoilt, as a network spoils them, and not counted; what follows is as
it was written and counted, so that it is learnt to find back. (The trouble is known as
exposure bias; scheduled sampling, Bengio et al. 2015, treats it by playing the network's own
notes to it, which takes a pass of the network for each note. This takes none.)
"""

from __future__ import annotations

from collections.abc import Callable

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
Spoil = Callable[[Table, Table, bool, np.random.Generator], Table]
"""(the part's notes in the span, its notes elsewhere moved here, drums?, chance) -> notes."""

_LONGEST_GAP = 84
"""Rests longer than this are shortened (`composer.encoding.events.quantise`): no detour makes
one."""
_EARLIEST = 2
"""Bars at the beginning of a piece that stay as they are."""


def take_detours(
    events: Events, share: float, rng: np.random.Generator
) -> tuple[Events, NDArray[np.bool_]]:
    """The same piece, some bars of it spoilt.

    Args:
        events: A piece.
        share: Of its bars, on average, at which a detour of one to three bars begins.
        rng: Chance.

    Returns:
        The piece, and which of its notes lie in a detour, bool [notes].
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
        table = _spoil(table, events.programs, start, end, bar, rng)
    spoilt = quantise(
        table[:, 0].astype(np.float64),
        table[:, DURATION].astype(np.float64),
        table[:, PART],
        table[:, PITCH],
        table[:, VELOCITY] * 4 + 2,
        events.programs,
        events.kind,
        events.metres,
    )
    aside = np.zeros(len(spoilt.rows), dtype=bool)
    for start, end in spans:
        aside |= (spoilt.onsets >= start) & (spoilt.onsets < end)
    return spoilt, aside


def _bar(events: Events) -> int:
    """Ticks of the piece's first bar; in free time, of two seconds."""
    if events.kind != BEATS:
        return 2 * TICKS_PER_SECOND
    _, numerator, denominator = events.metres.changes[0]
    return int(bar_ticks(numerator, denominator, TICKS_PER_BEAT))


def _spoil(
    table: Table,
    programs: tuple[int, ...],
    start: int,
    end: int,
    bar: int,
    rng: np.random.Generator,
) -> Table:
    """The table with one detour; unchanged where that would leave too long a rest."""
    inside = (table[:, 0] >= start) & (table[:, 0] < end)
    parts = np.unique(table[inside, PART])
    if not len(parts):
        return table
    chosen = parts[rng.random(len(parts)) < 0.6]
    if not len(chosen):
        chosen = rng.choice(parts, 1)
    # Something heard before in its place: a whole number of bars earlier.
    back = bar * int(rng.integers(1, max(start // bar, 1) + 1))
    elsewhere = table[(table[:, 0] >= start - back) & (table[:, 0] < end - back)].copy()
    elsewhere[:, 0] += back
    pieces = [table[~inside], table[inside & ~np.isin(table[:, PART], chosen)]]
    for part in chosen.tolist():
        spoil = _WAYS[int(rng.choice(len(_WAYS), p=_CHANCES))]
        made = spoil(
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


_WAYS: tuple[Spoil, ...] = (
    _silence,
    _earlier,
    _wrong_notes,
    _wrong_times,
    _stuck,
    _thick,
    _thin,
    _elsewhere_in_pitch,
)
_CHANCES = (0.14, 0.1, 0.18, 0.16, 0.14, 0.1, 0.1, 0.08)
