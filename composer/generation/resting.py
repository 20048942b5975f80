"""Resting: who is silent in the bars to come, because the bars that they bring back did without.

A verse that comes back comes back with its players: of people's phrases that take up others, those
who were silent in all of these are silent in most (docs/experiments.md). A plan tells which
bars a phrase takes up, and what was heard tells who played there.

Conventions:
    Bars are counted as `composer.music.plan` does, from the seed's first. Slots are the network's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from composer.encoding.events import DURATION, DURATION_TICKS, PART, SLOTS, Events
from composer.encoding.features import places_in_bars
from composer.encoding.running_features import Context
from composer.encoding.struct_rows import Table
from composer.generation.limits import Bools, Ints
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import NONE, Plan

MOST_BARS: Final = 256
"""Bars to come that are told of; behind them nobody rests because a plan says so."""
_FEWEST: Final = 3
"""Bars of a phrase at least in which somebody rests."""
_TAKEN_UP: Final = 0.75
"""Share of the bars of such a phrase that take up others, at least."""
_BEFORE: Final = 4
"""Bars before a phrase in which who has not played rests on with it."""
LEAVING: Final = 0.5
"""Chance that anybody else but a drummer leaves with it (people's do in 0.52 of 82 cases)."""
_LONGEST: Final = 8
"""Bars for which those who left stay away at most: who has played throughout does not vanish."""
_HANGS_OVER: Final = 8
"""What reaches no farther into a bar than this fraction of it does not sound there."""


def resting(events: Events, plan: Plan, playing: Sequence[int], rng: np.random.Generator) -> Bools:
    """Who rests in each of the bars to come, bool [`MOST_BARS`, slots].

    Args:
        events: The seed on a beat grid, with the plan of its bars.
        plan: Of these and of the bars to come.
        playing: Slots that are to play in these; somebody always does.
        rng: Who has played up to a phrase leaves with it by chance.
    """
    heard = len(events.plan or ())
    count = min(len(plan) - heard, MOST_BARS)
    found = np.zeros((MOST_BARS, SLOTS), dtype=bool)
    silent = np.zeros((heard + count, SLOTS), dtype=bool)
    silent[:heard] = ~_sounding(events, heard)
    never = silent[:heard].all(axis=0)  # who has not played has nothing to rest from
    drums = np.array([*events.programs, *[0] * SLOTS][:SLOTS]) == DRUM_PROGRAM
    away = np.zeros(SLOTS, dtype=np.int64)  # bars for which those who left have rested
    start = heard
    for bar in range(heard, heard + count):
        if plan.bar(bar).phrase != 1 and bar + 1 < heard + count:
            continue
        references = [plan.bar(each).reference for each in range(start, bar + 1)]
        models = [reference for reference in references if reference != NONE]
        leaving = (rng.random(SLOTS) < LEAVING) & ~drums & (away + len(references) <= _LONGEST)
        left = np.zeros(SLOTS, dtype=bool)
        if len(references) >= _FEWEST and len(models) >= _TAKEN_UP * len(references):
            rests_on = silent[max(start - _BEFORE, 0) : start].all(axis=0) & (away == 0)
            rests = silent[models].all(axis=0) & ~never & (rests_on | leaving)
            if rests[list(playing)].all():
                rests[:] = False
            left = rests & ~rests_on
            found[start - heard : bar + 1 - heard] = silent[start : bar + 1] = rests
        away = np.where(left, away + len(references), 0)
        start = bar + 1
    return found


def _sounding(events: Events, bars: int) -> Bools:
    """Who sounds in each of the first bars, bool [bars, slots]."""
    numbers, inside, lengths = places_in_bars(events.onsets, events.kind, events.metres).T
    found = np.zeros((bars, SLOTS), dtype=bool)
    ends: Ints = inside + DURATION_TICKS[events.rows[:, DURATION]] - lengths // _HANGS_OVER
    last = np.maximum(numbers + (ends - 1) // lengths, numbers)
    slots = events.rows[:, PART].tolist()
    for slot, first, to in zip(slots, numbers.tolist(), last.tolist(), strict=True):
        found[first : to + 1, slot] = True
    return found


class Rest(NamedTuple):
    """Who rests in a bar of each of B streams.

    Attributes:
        somebody: Whether anybody does.
        resting: Parts that do, bool [B, slots].
        playing: Parts that may play, bool [B, slots].
        last: The last of them, [B].
    """

    somebody: bool
    resting: Bools
    playing: Bools
    last: Ints


class Rests:
    """Who rests in the bars of B streams; what was asked once is kept."""

    __slots__ = ("_known", "_table")

    def __init__(self, table: Table) -> None:
        """Take a table of `composer.generation.limit_table`, [B]."""
        self._table = table
        self._known: dict[tuple[int, ...], Rest] = {}

    @classmethod
    def of(cls, table: Table) -> Rests | None:
        """Those of a table; None if nobody ever rests."""
        return cls(table) if table["resting"].any() else None

    def at(self, context: Context, onset: Ints, later: int = 0) -> Rest:
        """In the bar of an onset of each stream, or so many bars later.

        Args:
            context: Of the streams.
            onset: Tick, [B].
            later: Bars.
        """
        places = zip(
            context.number.tolist(),
            context.inside.tolist(),
            onset.tolist(),
            context.clock.tolist(),
            context.bar.tolist(),
            strict=True,
        )
        key = tuple(
            number + (inside + at - clock) // bar + later
            for number, inside, at, clock, bar in places
        )
        if (rest := self._known.get(key)) is None:
            ahead = np.array(key) - self._table["bars_before"]
            told = (ahead >= 0) & (ahead < MOST_BARS)
            rows = self._table["resting"][np.arange(len(ahead)), ahead.clip(0, MOST_BARS - 1)]
            resting = rows & told[:, None]
            playing = self._table["parts"] & ~resting
            last = SLOTS - 1 - np.argmax(playing[:, ::-1], axis=1)
            rest = self._known[key] = Rest(bool(resting.any()), resting, playing, last)
        return rest
