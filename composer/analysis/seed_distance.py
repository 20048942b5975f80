"""Seed distance: how far what goes on lies from what went before, in one number.

All descriptors (`composer.analysis.descriptors`) are counted in the last bars of the seed and in
those of the continuation so far. Each distance is taken in units of how far the halves of one
piece usually lie apart in that descriptor. What lies nearer than most halves do is near enough:
only what is beyond `NEAR_ENOUGH` or `MOVING` counts, else the take is kept that moves least, and
people's music moves. The misfit is the mean of the squares, so that one descriptor far off is
worse than several a little.

The distances are those by which `composer compare` holds continuations against the halves
that people wrote, except that density and polyphony are compared by their ratio: half a note
a beat too many is nothing in a toccata, and twice as many in a hymn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.analysis.descriptors import DESCRIPTORS, descriptors_of, distance
from composer.analysis.segment import Segment

BARS = 32
"""Last bars that are looked at: of a seed they are nearer to what follows than all of it, and
than its last 16, in most descriptors."""
USUAL = {
    "pitch classes": 0.12,
    "intervals": 0.11,
    "density": 0.21,
    "onsets": 0.083,
    "groove": 0.045,
    "polyphony": 0.12,
    "range": 4.6,
    "velocity": 0.24,
    "self-similarity": 0.2,
    "parts": 0.084,
    "lengths": 0.155,
    "register": 9.4,
    "figure": 1.6,
    "heights": 58.0,
}
"""How far the last `BARS` bars of first halves lie from second halves, on average over 321
pieces of six corpora; of density and polyphony the logarithm of the ratio, to base 2."""
WEIGHTS = {
    "pitch classes": 2.0,
    "density": 2.0,
    "onsets": 1.5,
    "velocity": 2.25,
    "lengths": 1.5,
    "figure": 3.0,
    "heights": 3.0,
}
"""What a descriptor counts, if not 1: more where continuations go astray most."""
NEAR_ENOUGH = 0.6
"""Times the usual that are free."""
MOVING = 0.9
"""The same of where music lies and who plays it, in which people move more than in its rhythm."""
MOVES = frozenset({"pitch classes", "range", "parts", "register", "heights"})
RATIOS = ("density", "polyphony")
MOST = 10.0
"""Times the usual that a distance counts for at most."""

assert USUAL.keys() == DESCRIPTORS.keys()


class SeedDistance:
    """A seed to be held against what goes on from it."""

    def __init__(self, seed: Segment) -> None:
        self._seed = descriptors_of(last_bars(seed, BARS))

    def misfit(self, made: Segment) -> float:
        """See the module's docstring; the square of `MOST` for no notes.

        Rounded, so that no choice hangs on the last bit of a sum.
        """
        if not len(made.rows):
            return MOST**2
        found = descriptors_of(last_bars(made, BARS))
        total = weights = 0.0
        for name, usual in USUAL.items():
            apart = apart_in(name, self._seed[name], found[name]) / usual
            if not np.isnan(apart):
                weight, free = WEIGHTS.get(name, 1.0), MOVING if name in MOVES else NEAR_ENOUGH
                total += weight * max(min(apart, MOST) - free, 0.0) ** 2
                weights += weight
        return round(total / weights, 6) if weights else 0.0


def apart_in(name: str, a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """How far two segments lie apart in a descriptor; NaN if one of them does not have it."""
    if name in RATIOS:
        least = 1e-3
        return float(np.abs(np.log2((a[0] + least) / (b[0] + least))))
    return distance(a, b)


def last_bars(segment: Segment, bars: int) -> Segment:
    """The last bars of a segment, as many as are asked for."""
    start = max(-(-segment.length // segment.bar) - bars, 0) * segment.bar
    if not start:
        return segment
    kept = segment.onsets >= start
    if not kept.any():
        return segment
    return Segment(
        segment.rows[kept],
        segment.onsets[kept] - start,
        segment.programs,
        segment.bar,
        segment.free,
        segment.length - start,
    )
