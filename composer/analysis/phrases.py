"""Phrases: where they end, from long notes and rests, returns, and how long phrases mostly are.

A phrase ends where the melody rests or holds a note, and begins where something heard before
begins again; most phrases have four or eight bars (F. Lerdahl and R. Jackendoff, A Generative
Theory of Tonal Music, 1983, grouping rules 2, 4 and 6). Each bar line gets a strength, each
length of a phrase a price, and the cheapest way through the piece is found by dynamic
programming (D. Temperley, The Cognition of Basic Musical Structures, 2001, chapter 3).

Conventions:
    N bars. A phrase is given by the bar that it begins with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.plan import NONE

Floats = NDArray[np.float64]

_LONGEST = 16
_PRICES = np.array(
    [9.0, 2.6, 1.6, 1.6, 0.0, 1.5, 1.3, 1.7, 0.4, 2.2, 2.0, 2.4, 1.6, 2.6, 2.4, 2.8, 1.8]
)
"""Of a phrase of so many bars."""
_GAP, _RETURN = 1.0, 1.1
"""What a gap in the melody, and a return that begins, are worth."""


def phrase_starts(gaps: Floats, references: list[int], *, upbeat: bool = False) -> list[int]:
    """The bar that each phrase begins with.

    Args:
        gaps: How long the melody waits across each bar line, beside how long it mostly does
            from note to note, 0..1, [N]; the first is the beginning's.
        references: The bar that each bar takes up, `NONE` for none.
        upbeat: Whether the first bar holds an upbeat only, which its phrase does not count.
    """
    count = len(references)
    strength = _GAP * gaps
    for bar in range(1, count):
        before, now = references[bar - 1], references[bar]
        if now != NONE and (before == NONE or now != before + 1):
            strength[bar] += _RETURN
        elif now == NONE and before != NONE:
            strength[bar] += _RETURN / 2
    cost = np.full(count + 1, np.inf)
    cost[0] = 0.0
    came_from = [0] * (count + 1)
    for end in range(1, count + 1):
        for length in range(1, min(_LONGEST, end) + 1):
            start = end - length
            counted = length - 1 if upbeat and not start and length > 1 else length
            total = cost[start] + _PRICES[counted] - (strength[end] if end < count else 0.0)
            if total < cost[end]:
                cost[end], came_from[end] = total, start
    starts = []
    end = count
    while end > 0:
        end = came_from[end]
        starts.append(end)
    return starts[::-1]


def bars_left(starts: list[int], count: int, most: int) -> list[int]:
    """Bars to the end of the phrase of each bar, itself counted, up to `most`."""
    ends = [*starts[1:], count]
    return [
        min(end - bar, most)
        for start, end in zip(starts, ends, strict=True)
        for bar in range(start, end)
    ]
