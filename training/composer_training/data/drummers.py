"""Drummers: what people played on drums, laid under the sections of a song bar by bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer_training.data.dataset import FINE_PER_BEAT, Notes, Record
from composer_training.data.patterns import Style
from composer_training.data.players import Passage

BAR = 4 * FINE_PER_BEAT
KICKS, SNARES, TOMS, CRASH = (35, 36), (37, 38, 40), (41, 43, 45, 47, 48, 50), 49
FEWEST = 4
"""Notes of a bar that is played, not begun."""
TRIES = 8
"""Places at which a section's groove may begin, of which the steadiest is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Drummer:
    """Somebody's take.

    Attributes:
        name: Of the take.
        bars: Notes of each bar, times from its bar line (a little under 0 for one that is early).
        backbeat: Share of the second beat and the fourth that have the snare, float [bars].
        toms: Share of notes on toms, float [bars].
    """

    name: str
    bars: tuple[Notes, ...]
    backbeat: NDArray[np.float64]
    toms: NDArray[np.float64]

    @classmethod
    def of(cls, record: Record, notes: Notes) -> Drummer | None:
        """Of a take in 4/4; None where it has no two bars."""
        # A note just before the bar line belongs to the bar that it leads into.
        number = (notes[:, 0] + FINE_PER_BEAT // 8) // BAR
        bars = []
        for index in range(int(number.max()) + 1):
            own = notes[number == index].copy()
            own[:, 0] -= index * BAR
            if len(own) >= FEWEST:
                bars.append(own)
        if len(bars) < 2:
            return None
        toms = np.array([np.isin(bar[:, 2], TOMS).mean() for bar in bars])
        return cls(record.name, tuple(bars), np.array([backbeat_of(bar) for bar in bars]), toms)

    def groove(self, length: int, style: Style, rng: np.random.Generator) -> list[int]:
        """Numbers of so many bars in a row: of some places the one with the most backbeat."""
        length = min(length, len(self.bars))
        starts = rng.integers(0, len(self.bars) - length + 1, TRIES if style.backbeat else 1)
        best = max(starts.tolist(), key=lambda start: self.backbeat[start : start + length].mean())
        return list(range(best, best + length))

    def fill(self, rng: np.random.Generator) -> int | None:
        """Number of a bar with many toms; None if nobody plays any."""
        fills = np.flatnonzero(self.toms > 0.25)
        return int(rng.choice(fills)) if len(fills) else None


def backbeat_of(bar: Notes) -> float:
    """Share of the second beat and the fourth of a bar on which there is the snare."""
    snares = bar[np.isin(bar[:, 2], SNARES), 0]
    near = [
        bool((np.abs(snares - beat * FINE_PER_BEAT) <= FINE_PER_BEAT // 8).any()) for beat in (1, 3)
    ]
    return sum(near) / 2


def choose(drummers: Sequence[Drummer], style: Style, rng: np.random.Generator) -> Drummer:
    """One whose take has a name of the style, the longer the likelier; else anybody."""
    suited = [d for d in drummers if any(name in d.name for name in style.drummers)]
    pool = suited or list(drummers)
    if style.backbeat:
        steady = [d for d in pool if d.backbeat.mean() > 0.6]
        pool = steady or [d for d in drummers if d.backbeat.mean() > 0.6] or pool
    weights = np.array([min(len(d.bars), 32) for d in pool], dtype=float)
    return pool[int(rng.choice(len(pool), p=weights / weights.sum()))]


def under(
    passages: Sequence[Passage],
    playing: Sequence[bool],
    drummer: Drummer,
    style: Style,
    rng: np.random.Generator,
) -> Notes:
    """A drummer's part: one groove to each kind of section, fills at their ends.

    Args:
        passages: Of the song.
        playing: Whether there are drums in each.
        drummer: Whose bars they are.
        style: With a backbeat or without.
        rng: Source of all randomness.
    """
    loop = int(rng.choice((1, 2, 2, 4, 4, 8)))
    often = rng.uniform(0.3, 0.9)
    grooves: dict[str, list[int]] = {}
    rows: list[Notes] = []
    for passage, plays in zip(passages, playing, strict=True):
        if not plays:
            continue
        kind = passage.section.kind
        if kind not in grooves:
            grooves[kind] = drummer.groove(loop, style, rng)
        own = grooves[kind]
        for number, (start, beats) in enumerate(passage.bars):
            chosen = own[number % len(own)]
            if number == len(passage.bars) - 1 >= 3 and rng.random() < often:
                fill = drummer.fill(rng)
                chosen = chosen if fill is None else fill
            for begin in range(0, beats, 4):
                bar = drummer.bars[chosen]
                bar = bar[bar[:, 0] < (beats - begin) * FINE_PER_BEAT].copy()
                bar[:, 0] += start + begin * FINE_PER_BEAT
                rows.append(bar)
        if kind in ("chorus", "solo") and rng.random() < 0.8:
            rows.append(np.array([[passage.start, 0, CRASH, FINE_PER_BEAT, 110]], dtype=np.int32))
    if not rows:
        return np.empty((0, 5), dtype=np.int32)
    table = np.concatenate(rows)
    table = table[table[:, 0] >= 0]
    table = table[np.lexsort((-table[:, 4], table[:, 2], table[:, 0]))]
    _, first = np.unique(table[:, [0, 2]], axis=0, return_index=True)
    return table[np.sort(first)]
