"""The tempo before a last ritardando: what music that goes on after an ending goes on in."""

from __future__ import annotations

from typing import Final

from composer.music.timing import TempoMap

_STANDS: Final = 4
"""Beats from which on a slower tempo is a section of its own and no ritardando."""

_SLOWER: Final = 1.06
"""Times that the last tempo is slower at least: less is a player's wandering."""


def tempo_before_ritardando(tempos: TempoMap, end: int, ticks_per_beat: int) -> int:
    """Microseconds per beat before the tempos that get slower and slower up to the end.

    Without such an ending, the tempo in force at `end`.

    Args:
        tempos: Of the piece.
        end: Tick at which its last sound ends.
        ticks_per_beat: Its resolution.
    """
    changes = [change for change in tempos.changes if change[0] < end]
    last = tempos.tempo_at(end)
    slowest = before = changes[-1][1] if changes else last
    stop = end
    while len(changes) > 1:
        tick, tempo = changes[-1]
        if stop - tick >= _STANDS * ticks_per_beat or changes[-2][1] >= tempo:
            break
        before, stop = changes[-2][1], tick
        changes.pop()
    # A tempo that the end sets after its last sound is what someone wants to go on in,
    # unless it is slower still.
    if last < slowest:
        return last
    return before if slowest >= _SLOWER * before else last
