"""Bar similarity: how much two bars have in common, and which earlier bar each one takes up.

Two bars have as much in common as they have notes of the same pitch at the same place (a
sixteenth), by Dice's coefficient. Most bars that people write are returns of earlier ones, and
returns come in runs: the bar after a returning bar mostly returns to the bar after. So the
references of a piece are found together, by dynamic programming with a bonus for runs.

Conventions:
    N bars. Similarities are 0..1.
"""

from __future__ import annotations

from collections.abc import Hashable, Set

import numpy as np
from numpy.typing import NDArray

from composer.music.plan import EXACT, LOOSE, NEAR, NONE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 0.36
"""Similarity from which on a bar takes up another."""
_NEAR, _EXACT = 0.6, 0.85
_RUN = 0.08
"""What a reference to the bar after the last reference is worth."""
_TONES = 0.85
"""Weight of the pitched parts, where there are drums too."""
_PLACES = 48
"""Sixteenths of a bar that are told apart; longer bars are rare."""


def similarities(
    bars: Ints, places: Ints, pitches: Ints, drums: NDArray[np.bool_], count: int
) -> Floats:
    """How much each pair of bars has in common.

    Args:
        bars: Number of the bar of each note, [notes].
        places: Sixteenth of the bar in which it begins.
        pitches: Its pitch.
        drums: Whether it is a drum's.
        count: Bars in all, N.

    Returns:
        [N, N], symmetric; 0 for a bar without notes.
    """
    tones = _dice(bars[~drums], places[~drums], pitches[~drums], count)
    if not drums.any():
        return tones
    beats = _dice(bars[drums], places[drums], pitches[drums], count)
    pitched = np.bincount(bars[~drums], minlength=count)[:count] > 0
    both = pitched[:, None] & pitched
    either = pitched[:, None] | pitched
    mixed: Floats = np.where(both, _TONES * tones + (1 - _TONES) * beats, beats)
    mixed[either & ~both] *= 1 - _TONES
    return mixed


def _dice(bars: Ints, places: Ints, pitches: Ints, count: int) -> Floats:
    keys = np.minimum(places, _PLACES - 1) * 128 + pitches
    used, columns = np.unique(keys, return_inverse=True)
    there = np.zeros((count, len(used)), dtype=np.float32)
    there[bars, columns] = 1
    sizes = there.sum(axis=1)
    both = sizes[:, None] + sizes
    shared = (there @ there.T).astype(np.float64)
    found: Floats = 2 * shared / np.maximum(both, 1)
    return found


def dice(one: Set[Hashable], other: Set[Hashable]) -> float:
    """Dice's coefficient of two bars, each a set of notes; 0 for two without any."""
    return 2 * len(one & other) / max(len(one) + len(other), 1)


def references(similar: Floats, lengths: Ints) -> list[tuple[int, int]]:
    """Which earlier bar each bar takes up, and how nearly.

    Args:
        similar: From `similarities`, [N, N].
        lengths: Of each bar in ticks: only bars of one length are compared.

    Returns:
        (bar or `NONE`, nearness) of each.
    """
    count = len(similar)
    if not count:
        return []
    # Of each bar, a score for every earlier bar, and for none in the last column.
    score = np.full((count, count + 1), -np.inf)
    allowed = (similar >= LEAST) & (lengths[:, None] == lengths)
    score[:, :count] = np.where(np.tril(allowed, -1), similar - LEAST, -np.inf)
    score[:, count] = 0.0
    came_from = np.zeros((count, count + 1), dtype=np.int64)
    best = score[0]
    for index in range(1, count):
        other = int(best.argmax())
        run = np.full(count + 1, -np.inf)
        run[1:count] = best[: count - 1] + _RUN
        runs = run > best[other]
        came_from[index] = np.where(runs, np.arange(count + 1) - 1, other)
        best = np.where(runs, run, best[other]) + score[index]
    path = np.empty(count, dtype=np.int64)
    path[-1] = int(best.argmax())
    for index in range(count - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    found = []
    for bar, reference in enumerate(path.tolist()):
        if reference == count:
            found.append((NONE, 0))
        else:
            found.append((reference, nearness(float(similar[bar, reference]))))
    return found


def nearness(similarity: float) -> int:
    """How nearly a bar returns, 1..3."""
    return EXACT if similarity >= _EXACT else NEAR if similarity >= _NEAR else LOOSE
