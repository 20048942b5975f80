"""The order in which bars are played: repeat signs and numbered endings followed.

The rules are those of the abc notation standard 2.1, section 4.8 and 4.9: an end of repeat
without a beginning goes back to the last double bar, end of repeat, or the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands at the two lines of one bar.

    Attributes:
        start: A repeat begins before the bar.
        section: A double bar line stands before it.
        endings: The passes in which the bar and its followers are played; empty for all.
        times: How often what ends here is played; 0 where no repeat ends.
    """

    start: bool = False
    section: bool = False
    endings: frozenset[int] = frozenset()
    times: int = 0


def play_order(bars: Sequence[Signs]) -> list[int]:
    """Indices of the bars as they are played."""
    order: list[int] = []
    at = back = 0  # the bar to play; the bar that the next end of repeat goes back to
    turn = 1
    marked = False  # whether `back` is the beginning of a repeat not yet over
    last_stop = -1  # where the last ending of the group under way stops
    last_turn = 0  # the highest turn of that group, 0 outside one
    while at < len(bars):
        signs = bars[at]
        over = at == last_stop
        if over or (at != back and (signs.start or (signs.section and not marked))):
            back, turn, marked, last_stop, last_turn = at, 1, False, -1, 0
        if at == back:
            marked = marked or signs.start
        if signs.endings:
            stop, last_turn = _ending_stop(bars, at), max(last_turn, _last_turn(bars, at))
            if turn not in signs.endings:
                at = stop
                if at < len(bars) and not bars[at].endings:
                    back, turn, marked, last_turn = at, 1, False, 0
                continue
            if turn == last_turn:
                last_stop = stop
        order.append(at)
        if signs.times and turn < (last_turn or signs.times):
            turn += 1
            at = back
            continue
        at += 1
        if signs.times:
            back, turn, marked, last_stop, last_turn = at, 1, False, -1, 0
    return order


def _ending_stop(bars: Sequence[Signs], at: int) -> int:
    """The bar after the ending that begins at a bar."""
    while at < len(bars):
        if bars[at].times:
            return at + 1
        at += 1
        if at < len(bars) and (bars[at].endings or bars[at].start or bars[at].section):
            break
    return at


def _last_turn(bars: Sequence[Signs], at: int) -> int:
    """The highest number among an ending and those that follow right after it."""
    highest = 0
    while at < len(bars) and bars[at].endings:
        highest = max(highest, *bars[at].endings)
        at = _ending_stop(bars, at)
    return highest
