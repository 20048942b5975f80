"""Performance: a score as a pianist plays it, in seconds, under the pedal, without a click.

What a player does is drawn for each piece anew, around figures that were measured on recordings
(docs/train.md has them, beside those of what is rendered here): a tempo that breathes with the
phrase, chords that are spread and led by the melody, two hands that are not together to the
millisecond, keys let go early or late, a pedal that is changed just after the harmony is,
and a melody over its accompaniment. No note of a recording is in here.

Conventions:
    As in `composer_training.data.pianist`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.placement import seconds_of
from composer.music.beat_grid import FREE
from composer.music.timing import TempoMap
from composer_training.data.dataset import FINE_PER_BEAT, FINE_PER_SECOND, Notes, Record
from composer_training.data.pianist import Clock, Floats, Habits, Integers, Score, wander
from composer_training.data.touch import (
    SHORTEST,
    key_lengths,
    ornamented,
    struck_again,
    under_pedal,
)

PIANOS = range(8)
"""Programs of pianos and the keyboards that are played like them."""
ALONE = 0.85
"""Share of pieces that one pianist plays alone, whatever they were written for."""
DENSITY = 11.0
"""Notes a second towards which tempos are drawn: recordings have 11."""
STEPS = 4
"""Points of the tempo curve to the beat."""


def perform(record: Record, notes: Notes, rng: np.random.Generator) -> tuple[Record, Notes]:
    """A score played in free time.

    Args:
        record: Of a piece on a beat grid, without drums.
        notes: Its notes, int32 [notes, 5]; velocities count if the record has dynamics.
        rng: Source of all randomness.

    Returns:
        The record of a piece in free time, with dynamics, and its notes in milliseconds. A
        note struck again at once by another part is one note where one pianist plays both;
        one that is trilled is many.
    """
    hand = notes[:, 1] > 0 if len(record.programs) == 2 else notes[:, 2] < 60
    record, notes, kept = _at_the_piano(record, notes, rng)
    left = hand[kept]
    habits = Habits.drawn(rng)
    score = Score.of(record, notes)
    clock = _clock(record, score, habits, rng)
    notes, left = ornamented(notes, left, score, clock, habits, rng)
    score = Score.of(record, notes)
    starts = clock(score.onsets)
    starts += _asynchrony(score, starts, left, habits, rng)
    # No note comes before one that is written well before it.
    starts = np.maximum(starts, np.maximum.accumulate(starts) - 0.09)
    keys = np.maximum(clock(score.ends) - clock(score.onsets), SHORTEST)
    ends = starts + key_lengths(score, keys, left, habits, rng)
    ends = under_pedal(score, starts, ends, clock, habits, rng)
    ends = struck_again(notes, starts, ends)
    played = notes.copy()
    played[:, 0] = np.round((starts - starts.min()) * FINE_PER_SECOND)
    played[:, 3] = np.round(np.maximum(ends - starts, SHORTEST) * FINE_PER_SECOND)
    played[:, 4] = _loudness(record, notes, score, habits, rng)
    played = played[np.lexsort((played[:, 2], played[:, 1], played[:, 0]))]
    record = replace(record, kind=FREE, metres=((0, 4, 4),), tempos=((0, 500_000),), dynamics=True)
    return record, played


def _at_the_piano(
    record: Record, notes: Notes, rng: np.random.Generator
) -> tuple[Record, Notes, Integers]:
    """All parts on one piano, or all pianos on one; and which notes are left, int64 [left]."""
    programs = np.array(record.programs)
    pianos = np.isin(programs, PIANOS)
    joined = np.ones(len(programs), dtype=bool) if rng.random() < ALONE else pianos
    if joined.sum() <= 1 and not joined.all():
        return record, notes, np.arange(len(notes))
    own = int(programs[pianos][0]) if pianos.any() else 0
    head = int(np.flatnonzero(joined)[0])
    stays = np.flatnonzero(~joined | (np.arange(len(programs)) == head))
    place = np.zeros(len(programs), dtype=np.int64)
    place[stays] = np.arange(len(stays))
    place[joined] = place[head]
    programs[head] = own
    moved = notes.copy()
    moved[:, 1] = place[notes[:, 1]]
    # The longest of notes struck twice, in the order of the table.
    order = np.lexsort((-moved[:, 3], moved[:, 2], moved[:, 1], moved[:, 0]))
    same = (moved[order[1:], :3] == moved[order[:-1], :3]).all(axis=1)
    kept = order[np.concatenate([[True], ~same])]
    return replace(record, programs=tuple(int(p) for p in programs[stays])), moved[kept], kept


def _clock(record: Record, score: Score, habits: Habits, rng: np.random.Generator) -> Clock:
    """The tempo: the score's, made easier or brisker, with the player's rubato on top."""
    first = min(np.floor(score.onsets.min()), 0.0)
    count = int((score.ends.max() - first) * STEPS) + 2
    beats = first + np.arange(count) / STEPS
    tempos = TempoMap(record.tempos)
    seconds = seconds_of(tempos, np.maximum(beats, 0) * FINE_PER_BEAT, FINE_PER_BEAT)
    pace = np.maximum(np.diff(seconds, append=2 * seconds[-1] - seconds[-2]), 1e-3)
    # Of many scores the tempo is nobody's, and music to be performed has more notes.
    dense = len(score.onsets) / max(float(pace.sum()), 1.0)
    wanted = DENSITY * 2 ** rng.normal(0, 0.5)
    pace = pace * np.clip((dense / wanted) ** 0.85, 0.35, 1.6)
    bars = beats / score.bar
    inside = (bars + rng.integers(habits.phrase)) / habits.phrase % 1.0
    # Phrases begin a little slow, go on, and end slower (after Todd's parabola, 1985).
    deep = habits.rubato * rng.gamma(4, 0.25, int(bars.max() / habits.phrase) + 3)
    number = ((bars + habits.phrase) / habits.phrase).astype(int).clip(0, len(deep) - 1)
    slower = deep[number] * (0.35 * (1 - inside) ** 4 + inside**8)
    wave = habits.drift * (
        0.7 * wander(count, 6.0 * STEPS, rng) + 0.7 * wander(count, 0.7 * STEPS, rng)
    )
    sections = 0.08 * wander(count, 60.0 * STEPS, rng)
    last = np.clip((beats - beats[-1]) / (1.5 * score.bar) + 1, 0, 1)
    slower = slower + rng.uniform(0.1, 1.0) * last**1.5
    pace = pace * np.exp(np.log1p(slower) + wave + sections)
    # A breath after some phrases.
    ends = np.flatnonzero(np.diff(inside) < 0)
    pace[ends] += np.where(rng.random(len(ends)) < 0.25, rng.gamma(2, 0.08, len(ends)), 0)
    return Clock(beats, np.concatenate([[0.0], np.cumsum(pace)[:-1]]))


def _asynchrony(
    score: Score,
    starts: Floats,
    left: NDArray[np.bool_],
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Seconds by which each note is late, [notes]."""
    chords = len(score.when)
    late = rng.normal(0, habits.uneven, chords)[score.chord]
    late += rng.normal(0, habits.spread, len(starts))
    apart = habits.hands * (0.6 * wander(chords, 12.0, rng) + 0.8 * rng.normal(0, 1, chords))
    late += np.where(left, apart[score.chord], 0)
    led = score.top & (score.size > 1)
    late -= np.where(led, habits.lead, 0)
    # A chord that is broken: from the bass up, one key after the other.
    wide = np.zeros(chords)
    np.maximum.at(wide, score.chord, score.pitch)
    low = np.full(chords, 127.0)
    np.minimum.at(low, score.chord, score.pitch)
    room = np.diff(score.when, append=score.when[-1] + 2)
    broken = (wide - low > 11) & (room >= 0.5) & (rng.random(chords) < habits.rolled)
    order = np.lexsort((score.pitch, score.chord))
    begin = np.flatnonzero(np.diff(score.chord[order], prepend=-1))
    rank = np.empty(len(starts))
    rank[order] = np.arange(len(starts)) - np.repeat(begin, np.diff(begin, append=len(starts)))
    gap = rng.uniform(0.015, 0.07, chords)
    late += np.where(broken[score.chord], (rank - score.size / 2) * gap[score.chord], 0)
    return late


def _loudness(
    record: Record, notes: Notes, score: Score, habits: Habits, rng: np.random.Generator
) -> Integers:
    """MIDI velocity of each note, int64 [notes]."""
    chords = len(score.when)
    phrases = score.when / score.bar / habits.phrase
    arc = habits.arc * (np.sin(np.pi * (phrases % 1.0)) - 0.6)
    level = rng.normal(0, 7, int(max(phrases.max(), 0)) + 2)
    loud = arc + level[np.maximum(phrases, 0).astype(int)]
    loud += habits.waves * (0.6 * wander(chords, 8.0, rng) + 0.6 * wander(chords, 50.0, rng))
    # What is around: the mean pitch of the last notes and the next.
    width = min(17, len(notes) // 2 * 2 - 1)
    around = score.pitch
    if width > 1:
        padded = np.pad(score.pitch, width // 2, mode="edge")
        around = np.convolve(padded, np.ones(width) / width, "valid")
    velocity = habits.level + loud[score.chord]
    velocity += habits.slope * (score.pitch - around)
    velocity += np.where(score.top, habits.top * 0.7, 0) - 4
    velocity += 2.5 * np.log2(score.size)  # full chords and quick passages are louder
    room = np.diff(score.when, append=score.when[-1] + 1)
    velocity -= 1.5 * np.log2(room / np.median(room)).clip(-2, 2)[score.chord]
    velocity -= np.where(score.bass & (score.size > 2), 1, 0)
    velocity += rng.uniform(0, 6) * (np.abs(score.onsets / score.bar % 1) < 1e-6)
    velocity += rng.normal(0, habits.touch, len(notes))
    if record.dynamics:
        written = notes[:, 4].astype(np.float64)
        velocity += (written - written.mean()) * min(0.6, 8 / max(float(written.std()), 1.0))
    return np.asarray(np.clip(np.round(velocity), 8, 124).astype(np.int64))
