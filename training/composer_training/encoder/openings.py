"""Openings: which notes of a piece are hidden in training, to be written around the others.

What people ask for is drawn: some bars of all parts or of some, whole parts, both at once, all
but the highest voice, everything behind a point but one part, or all notes, with nothing given
but the plan.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.encoding.events import FREE_BAR, PART, TICKS_PER_BEAT, Events
from composer.encoding.given import Opening
from composer.music.beat_grid import FREE

SPANS, SPANS_OF_PARTS, PARTS, ALL_BUT_ONE, BEHIND, EVERYTHING = range(6)
CHANCES = (0.36, 0.14, 0.2, 0.14, 0.1, 0.06)
"""Of each way to hide notes, in a piece of several parts; one part alone has spans only."""
_SPAN_BARS = (1, 2, 3, 4, 6, 8)
_SPAN_CHANCES = (0.12, 0.22, 0.08, 0.36, 0.07, 0.15)
_KEPT_BARS = (2, 7)


def bar_lines(events: Events) -> list[int]:
    """The tick of each bar line, and the one behind the last bar; in free time, two seconds."""
    last = int(events.onsets[-1]) if len(events.rows) else 0
    lines = [0]
    while lines[-1] <= last:
        free = events.kind == FREE
        length = FREE_BAR if free else events.metres.position(lines[-1], TICKS_PER_BEAT).length
        lines.append(lines[-1] + length)
    return lines


def draw_openings(events: Events, rng: np.random.Generator) -> tuple[Opening, ...]:
    """Where notes of a piece are hidden.

    Args:
        events: With at least one note.
        rng: Source of all randomness.
    """
    lines = bar_lines(events)
    players = np.unique(events.rows[:, PART]).tolist()
    everybody = frozenset(range(len(events.programs)))
    way = int(rng.choice(len(CHANCES), p=CHANCES)) if len(players) > 1 else SPANS
    if way in (SPANS, SPANS_OF_PARTS):
        parts = everybody if way == SPANS else _some(players, rng)
        return tuple(Opening(start, end, parts) for start, end in _spans(lines, rng))
    start = 0
    if way == EVERYTHING:
        parts = everybody
    elif way == ALL_BUT_ONE:
        # Mostly the melody stands, which is the highest part.
        kept = players[0] if rng.random() < 0.6 else int(rng.choice(players))
        parts = everybody - {kept}
    else:
        parts = _some(players, rng)
    if way == BEHIND or (way == PARTS and rng.random() < 0.3):
        start = lines[int(rng.integers(len(lines) // 4, len(lines) // 2 + 1))]
    return (Opening(start, lines[-1], parts),)


def every_fourth_span(events: Events, bars: int = 4, kept: int = 12) -> tuple[Opening, ...]:
    """The same bars of every piece, of all parts: `bars` behind every `kept`, for validation."""
    lines = bar_lines(events)
    everybody = frozenset(range(len(events.programs)))
    return tuple(
        Opening(lines[first], lines[first + bars], everybody)
        for first in range(kept, len(lines) - bars - 1, kept + bars)
    )


def all_but_the_melody(events: Events) -> tuple[Opening, ...]:
    """All parts but the highest, from beginning to end, for validation; none for one part."""
    players = np.unique(events.rows[:, PART]).tolist()
    if len(players) < 2:
        return ()
    return (Opening(0, bar_lines(events)[-1], frozenset(players[1:])),)


def _some(players: Sequence[int], rng: np.random.Generator) -> frozenset[int]:
    """Some of the parts, not all."""
    count = int(rng.integers(1, len(players)))
    return frozenset(int(part) for part in rng.choice(players, size=count, replace=False))


def _spans(lines: Sequence[int], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Some bars, a few kept, some bars again, to the end; (start, end) of each."""
    bars = len(lines) - 1
    found = []
    at = int(rng.integers(0, min(bars, 9)))
    while at < bars:
        length = int(rng.choice(_SPAN_BARS, p=_SPAN_CHANCES))
        end = min(at + length, bars)
        found.append((lines[at], lines[end]))
        at = end + int(rng.integers(*_KEPT_BARS))
    return found
