"""Part order: the slot of each part, from what it plays and not from where a file has it.

Files have their tracks in any order, and a network that is told a track's number learns the
habits of its corpora. Here a part's slot follows from its own notes: the highest part comes
first, drums come last. Parts in another order get the same slots, and whatever depends on a
slot (the order of notes on one onset, the order in which parts are declared) is the same.

A part's *rank* says the same in few classes, for any number of parts: alone, the upper or
lower of two, the second of four, the top, the bottom or somewhere inside of more, drums.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]

_SIGN = np.int64(np.iinfo(np.int64).min)
_FEW = 4
"""Up to so many pitched parts, each has a rank of its own."""
_MANY = 10
"""Rank of the highest of more than `_FEW`; the last of the six is the lowest's."""
_INNER = 4
DRUM_RANK = _MANY + 2 + _INNER
RANKS = DRUM_RANK + 1
"""Classes of rank."""
NO_RANK = RANKS
"""Class where no part is meant."""


def part_order(programs: Sequence[int], parts: Ints, notes: Ints) -> list[int]:
    """The parts that have notes, in the order of their slots.

    Args:
        programs: Of each part, `DRUM_PROGRAM` for drums.
        parts: Index of the part of each note, [notes].
        notes: Pitch in the first column, then whatever else is known of each, [notes, columns].

    Returns:
        Indices of parts: drums last, from high to low by mean pitch, then by program; parts
        that agree in all of these by their notes, and only parts that do not differ by chance.
    """

    def key(part: int) -> tuple[bool, float, int, bytes]:
        own = notes[parts == part]
        # As bytes, what is below 0 comes first only with its sign turned.
        ordered = (own[np.lexsort(own.T[::-1])] ^ _SIGN).astype(">i8")
        drums = programs[part] == DRUM_PROGRAM
        return drums, -int(own[:, 0].sum()) / len(own), programs[part], ordered.tobytes()

    return sorted(np.unique(parts).tolist(), key=key)


def ranks_of(programs: Sequence[int]) -> list[int]:
    """The rank of each slot, 0..16, for parts that stand in the order of `part_order`."""
    pitched = sum(program != DRUM_PROGRAM for program in programs)
    ranks, above = [], 0
    for program in programs:
        if program == DRUM_PROGRAM:
            ranks.append(DRUM_RANK)
            continue
        ranks.append(_rank(above, pitched))
        above += 1
    return ranks


def _rank(above: int, count: int) -> int:
    """Of the part that so many of `count` pitched parts lie above."""
    if count <= _FEW:
        return count * (count - 1) // 2 + above
    if above in (0, count - 1):
        return _MANY if above == 0 else DRUM_RANK - 1
    return _MANY + 1 + _INNER * (above - 1) // (count - 2)
