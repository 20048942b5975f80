"""Touch: which keys go down and for how long they sound: trills, articulation, the pedal.

Conventions:
    As in `composer_training.data.pianist`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer_training.data.dataset import Notes
from composer_training.data.pianist import Clock, Floats, Habits, Score, wander

SHORTEST = 0.02
"""Seconds that a key stays down at least."""


def ornamented(
    notes: Notes,
    left: NDArray[np.bool_],
    score: Score,
    clock: Clock,
    habits: Habits,
    rng: np.random.Generator,
) -> tuple[Notes, NDArray[np.bool_]]:
    """The notes with some trills and turns, and which of them are the left hand's.

    Of the two notes above one, the one is taken that the piece has more of.
    """
    seconds = clock(score.ends) - clock(score.onsets)
    able = score.top & ~left & (seconds > 0.3) & (seconds < 3) & (notes[:, 2] < 118)
    chosen = np.flatnonzero(able & (rng.random(len(notes)) < habits.trills))
    if not len(chosen):
        return notes, left
    heard = np.bincount(notes[:, 2] % 12, minlength=12)
    made: list[tuple[int, ...]] = []
    for index in chosen.tolist():
        onset, slot, pitch, length, loud = notes[index].tolist()
        upper = pitch + (1 if heard[(pitch + 1) % 12] > heard[(pitch + 2) % 12] else 2)
        quick = length * rng.uniform(0.06, 0.1) / float(seconds[index])
        count = int(length / quick) if rng.random() < 0.7 else 3  # a trill, or a turn
        count -= count % 2 == 0  # it ends on the note itself
        for number in range(count):
            at = round(number * quick)
            last = number == count - 1
            made.append((
                onset + at, slot, upper if number % 2 else pitch,
                max(length - at if last else round(quick), 1), loud,
            ))  # fmt: skip
    kept = np.delete(np.arange(len(notes)), chosen)
    played = np.concatenate([notes[kept], np.array(made, dtype=np.int32)])
    hands = np.concatenate([left[kept], np.zeros(len(made), dtype=bool)])
    order = np.lexsort((played[:, 2], played[:, 1], played[:, 0]))
    return played[order], hands[order]


def key_lengths(
    score: Score,
    written: Floats,
    left: NDArray[np.bool_],
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Seconds for which each key stays down, [notes]."""
    chords = len(score.when)
    mood = 0.3 * wander(chords, 24.0, rng)
    # Here and there staccato; the left hand, which accompanies, more than the right.
    crisp = wander(chords, 16.0, rng)
    mood -= np.where(crisp > habits.smooth, 0.9, 0)
    share = habits.legato * np.exp(mood[score.chord] - np.where(left, 0.15, 0))
    # A hand lets its keys go together, or nearly.
    together = rng.normal(0, 0.3, (chords, 2))
    share = share * np.exp(together[score.chord, left.astype(int)])
    share = np.where(score.top, share * 1.1, share)
    # Quick notes are slurred, long ones let go before their end or left to the pedal.
    share = np.where(written > 0.6, share * (0.6 / written) ** 0.35, share)
    lengths = written * np.minimum(share, 1.6) + rng.normal(0, 0.008, len(written))
    return np.asarray(np.maximum(lengths, SHORTEST))


def under_pedal(
    score: Score,
    starts: Floats,
    ends: Floats,
    clock: Clock,
    habits: Habits,
    rng: np.random.Generator,
) -> Floats:
    """Moments at which notes end, keys that go up under the pedal lasting until it does."""
    # It is changed where the bass is, or with the beat where nothing moves.
    last = float(score.ends.max())
    beat = float(clock(np.array([last]))[0]) / max(last, 1.0)
    every = 2.0 ** np.clip(np.round(np.log2(habits.change / beat)), -1, 3)
    places = np.arange(0, last + every, every)
    basses = score.onsets[score.bass & (rng.random(len(starts)) < 0.7)]
    changes = np.unique(np.round(np.concatenate([places, basses]), 3))
    changes = changes[np.diff(changes, prepend=-9) >= 0.6 * every]
    changes = changes[rng.random(len(changes)) < 0.9]
    if len(changes) < 2:
        return ends
    moments = clock(changes)
    lifts = moments[1:] + rng.gamma(2.2, 0.04, len(moments) - 1)
    presses = moments[:-1] + rng.gamma(4.0, 0.035, len(moments) - 1)
    presses[1:] = np.maximum(presses[1:], lifts[:-1] + 0.05)
    # Whole passages go without.
    wanted = wander(len(lifts), 8.0, rng) * 0.25 + 0.1 * rng.normal(0, 1, len(lifts))
    down = (wanted < habits.pedal - 0.4) & (lifts > presses)
    lifts, presses = lifts[down], presses[down]
    if not len(lifts):
        return ends
    at = np.searchsorted(presses, ends, side="right") - 1
    held = (at >= 0) & (ends < lifts[at])
    return np.where(held, lifts[at], ends)


def struck_again(notes: Notes, starts: Floats, ends: Floats) -> Floats:
    """Moments at which notes end, none later than its key goes down again."""
    order = np.lexsort((starts, notes[:, 2], notes[:, 1]))
    same = (notes[order[1:], 1:3] == notes[order[:-1], 1:3]).all(axis=1)
    ends = ends.copy()
    early, later = order[:-1][same], order[1:][same]
    ends[early] = np.minimum(ends[early], np.maximum(starts[later] - 0.002, starts[early]))
    return ends
