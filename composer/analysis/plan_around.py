"""Plan around given notes: the plan of a piece of which only some notes are known.

What stands says much of what does not. Its own bars have references, chords and phrases as
those of any piece (`composer.analysis.form`). A bar that is hidden whole is found by what stands
around it: if the bars before the gap, and those behind it, return to others a certain number of
bars away, the hidden ones most likely return to the bars in between; these may come later, as
far as they stand. A bar of which some parts stand returns where these do.

Conventions:
    N bars, counted from 0. Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from composer.analysis.bar_similarity import LEAST, nearness, similarities
from composer.analysis.form import plan_of_notes
from composer.encoding.events import PART, PITCH, SHIFT, TICKS_PER_BEAT, BarNote, Events
from composer.encoding.features import places_in_bars
from composer.encoding.given import Given
from composer.music.beat_grid import FREE
from composer.music.chords import NO_CHORD
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import NEAR, NONE, Plan

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CONTEXT = 4
"""Bars on either side of a gap that are asked where they return to."""
_SIXTEENTH = TICKS_PER_BEAT // 4


def plan_around(events: Events, given: Given, bars: int, *, closes: bool = True) -> Plan | None:
    """The plan that given notes tell of.

    Args:
        events: For programs, metres and kind; its notes are not looked at.
        given: The notes that stand, and where others are written.
        bars: Bars of the whole piece.
        closes: Whether it ends with the last of them.

    Returns:
        None in free time, where there are no bars.
    """
    if events.kind == FREE:
        return None
    notes = given.notes
    plan = plan_of_notes(notes, events, bars=bars, closes=closes)
    numbers, inside, _ = places_in_bars(notes[:, SHIFT], events.kind, events.metres).T
    count = len(plan)
    drums = np.array(events.programs)[notes[:, PART]] == DRUM_PROGRAM
    places = (inside + 2) // _SIXTEENTH
    similar = similarities(numbers, places, notes[:, PITCH], drums, count)
    lengths, hidden = _bars(events, given, count)
    planned = list(plan.bars)
    for first, behind in _runs(hidden):
        away, likeness = _distance(similar, hidden, lengths, first, behind)
        for number in range(first, behind):
            bar = planned[number]._replace(reference=NONE, nearness=0, chords=(NO_CHORD, NO_CHORD))
            if away:
                chords = plan.bar(number + away).chords
                close = nearness(likeness)
                bar = bar._replace(reference=number + away, nearness=close)
                if close >= NEAR:
                    bar = bar._replace(chords=chords)
            planned[number] = bar
    return Plan(tuple(planned))


def notes_ahead(events: Events, given: Given) -> Mapping[int, Sequence[BarNote]]:
    """The given notes bar by bar, as `Events.ahead` has them; none in free time."""
    if events.kind == FREE:
        return {}
    found: dict[int, list[BarNote]] = {}
    places = places_in_bars(given.notes[:, SHIFT], events.kind, events.metres)
    for (number, inside, _), row in zip(places.tolist(), given.notes.tolist(), strict=True):
        found.setdefault(number, []).append((inside, *row[PART:]))
    return found


def _bars(events: Events, given: Given, count: int) -> tuple[NDArray[np.int64], Bools]:
    """Length of each bar, and whether all of its parts are written from its line on, [N]."""
    lengths, tick, lines = [], 0, []
    for _ in range(count):
        length = events.metres.position(tick, TICKS_PER_BEAT).length
        lines.append(tick)
        lengths.append(length)
        tick += length
    onsets = np.array(lines, dtype=np.int64)
    parts = len(events.programs)
    hidden = given.open_parts(onsets)[:, :parts].all(axis=1)
    halfway = given.open_parts(onsets + np.array(lengths) // 2)[:, :parts].all(axis=1)
    return np.array(lengths, dtype=np.int64), hidden & halfway


def _runs(hidden: Bools) -> list[tuple[int, int]]:
    """(first, behind the last) of each run of hidden bars."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hidden, [False]]).astype(np.int8)))
    return [(int(first), int(behind)) for first, behind in edges.reshape(-1, 2)]


def _distance(
    similar: Floats, hidden: Bools, lengths: NDArray[np.int64], first: int, behind: int
) -> tuple[int, float]:
    """How many bars away the bars of a gap most likely stand already, and how nearly.

    Returns:
        (0, 0.0) where that cannot be told.
    """
    count = len(hidden)
    around = [
        bar
        for bar in (*range(first - CONTEXT, first), *range(behind, behind + CONTEXT))
        if 0 <= bar < count and not hidden[bar]
    ]
    best, found = 0.0, 0
    for away in range(-first, count - behind + 1):
        there = slice(first + away, behind + away)
        if not away or hidden[there].any() or (lengths[there] != lengths[first:behind]).any():
            continue
        asked = [bar for bar in around if 0 <= bar + away < count and not hidden[bar + away]]
        if 2 * len(asked) <= len(around):
            continue
        likeness = float(np.mean([similar[bar, bar + away] for bar in asked]))
        if likeness > best:
            best, found = likeness, away
    return (found, best) if best >= LEAST else (0, 0.0)
