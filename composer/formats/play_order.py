"""The order in which bars are played: repeat signs, numbered endings and jumps followed.

What the abc notation standard 2.1 says in sections 4.8 and 4.9, and what MuseScore plays: an
end of repeat without a beginning goes back to the last double bar, end of repeat, or the
start; of endings each is played in its turns, and where none of them is for a turn, the next
one; after a jump nothing is repeated, and of endings the last is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CAPO: Final = "capo"
SEGNO: Final = "segno"

_LONGEST: Final = 20
"""Times the written bars that the played ones may come to."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands at the two lines of one bar.

    Attributes:
        start: A repeat begins before the bar.
        section: A double bar line stands before it.
        endings: The turns in which an ending that begins with the bar is played; empty for none.
        times: How often what ends here is played; 0 where no repeat ends.
        ending_bars: How many bars that ending lasts; 0 up to the next sign of a repeat.
        jump: `CAPO` or `SEGNO`, where the music goes on after the bar; "" nowhere else.
        segno: Where "dal segno" jumps to.
        fine: Where the music ends after a jump.
        to_coda: Where it goes to the coda after a jump.
        coda: Where that begins.
    """

    start: bool = False
    section: bool = False
    endings: frozenset[int] = frozenset()
    times: int = 0
    ending_bars: int = 0
    jump: str = ""
    segno: bool = False
    fine: bool = False
    to_coda: bool = False
    coda: bool = False


@dataclass(frozen=True, slots=True)
class _Ending:
    """Bars from `first` up to `stop` that are played in some turns only."""

    first: int
    stop: int
    turns: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Group:
    """Endings of one repeat, in order."""

    endings: tuple[_Ending, ...]

    @property
    def first(self) -> int:
        return self.endings[0].first

    @property
    def stop(self) -> int:
        return self.endings[-1].stop

    @property
    def last_turn(self) -> int:
        return max(max(ending.turns) for ending in self.endings)

    def beginning(self, at: int) -> _Ending | None:
        """The ending that begins at a bar."""
        return next((ending for ending in self.endings if ending.first == at), None)

    def chosen(self, turn: int, jumped: bool) -> _Ending | None:
        """The ending to play: that of the turn, or the next one that there is, if there is one."""
        if jumped:
            return self.endings[-1]
        for ending in self.endings:
            if turn in ending.turns:
                return ending
        later = [ending for ending in self.endings if min(ending.turns) > turn]
        return min(later, key=lambda ending: min(ending.turns), default=None)


def play_order(bars: Sequence[Signs]) -> list[int]:
    """Indices of the bars as they are played.

    Raises:
        ValueError: They come to more than twenty times the bars written.
    """
    groups = {at: group for group in _groups(bars) for at in range(group.first, group.stop)}
    order: list[int] = []
    at = back = 0  # the bar to play; the bar that the next end of repeat goes back to
    turn = 1
    marked = False  # whether `back` is the beginning of a repeat not yet over
    jumped = False
    while at < len(bars):
        if len(order) > _LONGEST * len(bars):
            raise ValueError(f"{len(bars)} bars are repeated more than {_LONGEST} times")
        signs, group = bars[at], groups.get(at)
        if at != back and (signs.start or (signs.section and not marked and group is None)):
            back, turn, marked = at, 1, False
        marked = marked or signs.start
        ending = group.beginning(at) if group else None
        if group and ending and group.chosen(turn, jumped) != ending:
            at = ending.stop
        else:
            order.append(at)
            last_turn = max(signs.times, group.last_turn if group else 0)
            if signs.times and turn < last_turn and not jumped:
                turn, at = turn + 1, back
                continue
            if jumped and signs.fine:
                break
            if signs.jump and not jumped:
                jumped, at = True, _segno_before(bars, at) if signs.jump == SEGNO else 0
                back = at
                continue
            coda = [place for place, own in enumerate(bars) if own.coda]
            at = coda[-1] if coda and jumped and signs.to_coda else at + 1
            if group is None and signs.times:
                back, turn, marked = at, 1, False
        if group and at >= group.stop:
            back, turn, marked = at, 1, False
    return order


def _segno_before(bars: Sequence[Signs], at: int) -> int:
    """Where "dal segno" jumps to from a bar; to the beginning without one."""
    return max((place for place in range(at + 1) if bars[place].segno), default=0)


def _groups(bars: Sequence[Signs]) -> list[_Group]:
    """The endings, those of one repeat together; none that nothing comes back to."""
    found: list[list[_Ending]] = []
    for at, signs in enumerate(bars):
        if not signs.endings:
            continue
        stop = at + signs.ending_bars if signs.ending_bars else _ending_stop(bars, at)
        ending = _Ending(at, stop, signs.endings)
        if found and _goes_with(bars, found[-1], ending):
            found[-1].append(ending)
        else:
            found.append([ending])
    groups = [_Group(tuple(endings)) for endings in found]
    return [
        group
        for group in groups
        if any(own.times or own.jump for own in bars[group.first : group.stop])
    ]


def _goes_with(bars: Sequence[Signs], before: Sequence[_Ending], ending: _Ending) -> bool:
    """Whether an ending is one of those before it: right behind, or behind their repeat sign."""
    if any(ending.turns & other.turns for other in before):
        return False
    between = bars[before[-1].stop : ending.first]
    if any(signs.start for signs in bars[before[-1].stop : ending.first + 1]):
        return False
    return not between or (bool(between[-1].times) and not any(s.times for s in between[:-1]))


def _ending_stop(bars: Sequence[Signs], at: int) -> int:
    """The bar after the ending that begins at a bar and does not say how long it is."""
    while at < len(bars):
        if bars[at].times:
            return at + 1
        at += 1
        if at < len(bars) and (bars[at].endings or bars[at].start or bars[at].section):
            break
    return at
