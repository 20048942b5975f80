"""Bar similarity: how much two bars have in common, and which earlier bar each one takes up.

Two bars have as much in common as they have notes of the same pitch at the same place (a
sixteenth), by Dice's coefficient. Most bars that people write are returns of earlier ones, and
returns come in runs: the bar after a returning bar mostly returns to the bar after. So the
references of a piece are found together, by dynamic programming with a bonus for runs.

A bar may also be like another one that is moved up or down: sequences, and second themes that
come again in the first one's key. Where a piece is heard from its beginning, what is moved is not
looked for: in songs few bars return in this way alone (one in forty; in quartets more than one in
six), and the planner names none.

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
_PITCHES, _FURTHEST = 128, 12
MOVES = tuple(sorted(range(-_FURTHEST, _FURTHEST + 1), key=abs))
"""Semitones by which bars may be moved, the least first."""


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
    return _mixed(tones, beats, pitched, pitched)


def moved_similarities(
    bars: Ints, places: Ints, pitches: Ints, drums: NDArray[np.bool_], asked: Ints, count: int
) -> Floats:
    """How much some bars have in common with every bar that is moved up or down.

    Args:
        bars: Number of the bar of each note, [notes].
        places: Sixteenth of the bar in which it begins.
        pitches: Its pitch.
        drums: Whether it is a drum's; a kit is not moved.
        asked: The bars that are compared with the others, [A].
        count: Bars in all, N.

    Returns:
        [moves, A, N], the moves as in `MOVES`; 0 for a bar without notes.
    """
    own = ~drums
    used, columns = np.unique(np.minimum(places[own], _PLACES - 1), return_inverse=True)
    heights = pitches[own] - pitches[own].min(initial=_PITCHES) + _FURTHEST
    shape = count, len(used), int(heights.max(initial=0)) + _FURTHEST + 1
    tones = np.zeros(shape, dtype=np.float32)
    tones[bars[own], columns, heights] = 1
    sizes = tones.sum(axis=(1, 2))
    # To move the others up is to move these down.
    moved = np.stack([np.roll(tones[asked], -semitones, axis=2) for semitones in MOVES])
    width = shape[1] * shape[2]
    shared = moved.reshape(len(MOVES) * len(asked), width) @ tones.reshape(count, width).T
    found: Floats = shared.reshape(len(MOVES), len(asked), count).astype(np.float64)
    found *= 2 / np.maximum(sizes[asked, None] + sizes, 1)
    if not drums.any():
        return found
    beats = _dice(bars[drums], places[drums], pitches[drums], count)[asked]
    return np.stack([_mixed(moves, beats, sizes[asked] > 0, sizes > 0) for moves in found])


def _mixed(
    tones: Floats, beats: Floats, own: NDArray[np.bool_], other: NDArray[np.bool_]
) -> Floats:
    """Similarities of pitched parts and of drums in one; own and other say who has pitches."""
    both, either = own[:, None] & other, own[:, None] | other
    mixed: Floats = np.where(both, _TONES * tones + (1 - _TONES) * beats, beats)
    mixed[either & ~both] *= 1 - _TONES
    return mixed


def _dice(bars: Ints, places: Ints, pitches: Ints, count: int) -> Floats:
    keys = np.minimum(places, _PLACES - 1) * _PITCHES + pitches
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
