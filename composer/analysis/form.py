"""Form: the plan of a piece that is there, found from its notes.

Which earlier bar each bar takes up, and how nearly (`composer.analysis.bar_similarity`), the
chord of each half bar (`composer.analysis.harmony`), and where phrases end
(`composer.analysis.phrases`).

Conventions:
    N bars, H = 2 N half bars. Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.bar_similarity import references, similarities
from composer.analysis.harmony import half_bar_chords
from composer.analysis.phrases import bars_left, phrase_starts
from composer.analysis.segment import Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    SHIFT,
    TICKS_PER_BEAT,
    Events,
)
from composer.encoding.features import places_in_bars
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import FAR, Plan, PlannedBar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SIXTEENTH = TICKS_PER_BEAT // 4
_HALVES = 8
"""Half bars that a note may sound through; what is longer counts as that long."""


def plan_of(events: Events, *, bars: int | None = None, closes: bool = True) -> Plan | None:
    """The plan of a piece.

    Args:
        events: Its notes.
        bars: How many bars it has; None: up to its last onset.
        closes: Whether the piece ends there; a seed does not.

    Returns:
        None in free time, where there are no bars.
    """
    if events.kind == FREE or not len(events.rows):
        return None
    rows = events.rows.astype(np.int64)
    rows[:, SHIFT] = events.onsets
    return plan_of_notes(rows, events, bars=bars, closes=closes)


def plan_of_notes(notes: Ints, events: Events, *, bars: int | None, closes: bool) -> Plan:
    """The plan of some of the notes of a piece.

    Args:
        notes: int64 [notes, 5], in order: onset in ticks, then the other fields as in events.
        events: For programs and metres; not in free time.
        bars: How many bars there are; None: up to the last onset.
        closes: Whether the piece ends there.
    """
    onsets = notes[:, SHIFT]
    numbers, inside, lengths_at = places_in_bars(onsets, events.kind, events.metres).T
    count = max(int(numbers.max(initial=-1)) + 1, bars or 0)
    lengths = np.zeros(count, dtype=np.int64)
    lengths[numbers] = lengths_at
    drums = np.array(events.programs)[notes[:, PART]] == DRUM_PROGRAM
    places = (inside + 2) // _SIXTEENTH
    similar = similarities(numbers, places, notes[:, PITCH], drums, count)
    found = references(similar, lengths)
    chords = _chords(numbers, inside, lengths_at, notes, ~drums, count)
    starts = phrase_starts(
        _gaps(notes, numbers, drums, count),
        [r for r, _ in found],
        upbeat=bool(len(onsets) and 2 * onsets[0] >= lengths[0]),
    )
    phrase = bars_left(starts, count, FAR)
    return Plan(
        tuple(
            PlannedBar(
                reference,
                0,
                nearness,
                (chords[2 * bar], chords[2 * bar + 1]),
                phrase[bar],
                min(count - bar, FAR) if closes else 0,
            )
            for bar, (reference, nearness) in enumerate(found)
        )
    )


def with_plan(events: Events) -> Events:
    """A whole piece with its own plan."""
    return replace(events, plan=plan_of(events))


def chords_of(segment: Segment) -> list[int]:
    """The chord of each half bar of some bars."""
    numbers, inside = np.divmod(segment.onsets, segment.bar)
    drums = np.array(segment.programs)[segment.rows[:, PART]] == DRUM_PROGRAM
    count = max(-(-segment.length // segment.bar), int(numbers.max(initial=0)) + 1)
    lengths = np.full(len(numbers), segment.bar)
    return _chords(numbers, inside, lengths, segment.rows, ~drums, count)


def half_bars_of(notes: Ints, events: Events, bars: int) -> tuple[Floats, Floats]:
    """Ticks that each pitch class sounds in each half bar, and in its lowest voice, [2 N, 12].

    Args:
        notes: As for `plan_of_notes`.
        events: For programs and metres; not in free time.
        bars: How many bars there are.
    """
    drums = np.array(events.programs)[notes[:, PART]] == DRUM_PROGRAM
    own = notes[~drums]
    numbers, inside, lengths = places_in_bars(own[:, SHIFT], events.kind, events.metres).T
    halves = _halves(numbers, inside, lengths)
    return _sounding(*halves, DURATION_TICKS[own[:, DURATION]], own[:, PITCH], 2 * bars)


def _halves(numbers: Ints, inside: Ints, lengths: Ints) -> tuple[Ints, Ints, Ints]:
    """The half bar of each note, how far into it the note begins, and how long it is."""
    late = 2 * inside >= lengths
    return (
        2 * numbers + late,
        np.where(late, inside - lengths // 2, inside),
        np.maximum(lengths // 2, 1),
    )


def _chords(
    numbers: Ints, inside: Ints, lengths: Ints, rows: Ints, tones: NDArray[np.bool_], count: int
) -> list[int]:
    """Codes of the half bars of so many bars, [2 N]."""
    found: list[int] = half_bar_chords(
        *_sounding(
            *_halves(numbers[tones], inside[tones], lengths[tones]),
            DURATION_TICKS[rows[tones, DURATION]],
            rows[tones, PITCH],
            2 * count,
        )
    ).tolist()
    return found


def _sounding(
    halves: Ints, into: Ints, half: Ints, durations: Ints, pitches: Ints, count: int
) -> tuple[Floats, Floats]:
    """Sounding time of each pitch class, and of the lowest voice, in each half bar, [H, 12]."""
    sounding, bass = np.zeros((count, 12)), np.zeros((count, 12))
    lowest = np.full(count, 128, dtype=np.int64)
    spans = []
    left, start = durations.astype(np.int64), into
    for ahead in range(_HALVES):
        time = np.minimum(left, half - start)
        # What only hangs over from the half bar before says little of this one.
        live = (time > 0) & (halves + ahead < count) & ((ahead == 0) | (time * 4 >= half))
        if not live.any():
            break
        at = halves[live] + ahead
        spans.append((at, pitches[live], time[live]))
        np.minimum.at(lowest, at, pitches[live])
        left, start = left - time, np.zeros_like(start)
    for at, pitch, time in spans:
        np.add.at(sounding, (at, pitch % 12), time)
        low = pitch <= lowest[at] + 2
        np.add.at(bass, (at[low], pitch[low] % 12), time[low])
    return sounding, bass


def _gaps(notes: Ints, numbers: Ints, drums: NDArray[np.bool_], count: int) -> Floats:
    """How long the melody waits across each bar line, 0..1, [N].

    The melody is the highest pitched part, or all parts where that one rests for most of the
    piece; its last onset in the bar before and its next one are compared with what it mostly
    has from onset to onset.
    """
    gaps = np.zeros(count)
    tones = np.flatnonzero(~drums)
    if not len(tones):
        return gaps
    parts = notes[tones, PART]
    own = tones[parts == parts.min()]
    if len(np.unique(numbers[own])) < count / 2:
        own = tones
    times, places = np.unique(notes[own, SHIFT], return_index=True)
    if len(times) < 2:
        return gaps
    steps = np.diff(times)
    usual = float(np.median(steps))
    bars = numbers[own][places]
    for index in np.flatnonzero(bars[1:] > bars[:-1]).tolist():
        gaps[bars[index] + 1 : bars[index + 1] + 1] = min(steps[index] / (6 * usual), 1.0)
    return gaps
