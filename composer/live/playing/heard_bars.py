"""Heard bars: the last bars of a jam as a seed, for what plans the bars to come.

Conventions:
    Ticks are event ticks of the session. Bars have the numbers that the network counts
    (`composer.encoding.running_features.Context.number`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from composer.encoding.events import TICKS_PER_BEAT, Events, quantise
from composer.live.core.player_taste import Span
from composer.live.playing.history import PlayerHistory
from composer.music.beat_grid import BEATS
from composer.music.timing import MetreMap

REMEMBERED = 16
"""Bars before an answer that its planner hears."""
_SIXTEENTH = TICKS_PER_BEAT // 4


@dataclass(frozen=True, slots=True)
class HeardBars:
    """Some bars on end.

    Attributes:
        events: What was played in them.
        first: Number of the first.
        phrase: Number of the bar in which the phrase that is answered begins.
        join: Number of the bar in which the answer begins, the one after the last of them.
        into: Ticks from that bar's line to the answer.
        liked: Numbers of the bars of the answer that was liked last, as far as they are known.
    """

    events: Events
    first: int
    phrase: int
    join: int
    into: int
    liked: tuple[int, ...] = ()


def heard_bars(
    history: PlayerHistory,
    programs: tuple[int, ...],
    phrase: int,
    join: int,
    liked: Span | None = None,
) -> HeardBars | None:
    """The bars before an answer. The bar in which it begins is the answer's.

    Args:
        history: All of it heard.
        programs: Of its slots.
        phrase: Tick at which the phrase begins that is answered.
        join: Tick at which the answer begins.
        liked: Where the answer lies that was liked last.

    Returns:
        None where there is no whole bar, and where bars are not counted.
    """
    notes, bar = history.notes, history.bar
    if not notes or history.behind or not history.keeps_bars:
        return None
    places = history.places()
    end = places[-1] + history.heard_step(max(join - notes[-1].onset, 0))[0]
    count = end // bar
    # By how much the numbers of the network's bars are greater than these.
    ahead = int(history.state.context.number[0]) - places[-1] // bar
    window = max(count - REMEMBERED, 0)
    inside = [
        (place, note)
        for place, note in zip(places, notes, strict=True)
        if window <= place // bar < count
    ]
    if not inside:
        return None
    first = inside[0][0] // bar
    began = next((at for at, note in zip(places, notes, strict=True) if note.onset >= phrase), end)
    table = np.array(
        [(at, note.duration, note.slot, note.pitch, 4 * note.loudness) for at, note in inside],
        dtype=np.int64,
    )
    starts, lengths, slots, pitches, velocities = table.T
    metre = (0, max(bar // _SIXTEENTH, 1), 16)
    events = quantise(
        # Where rests are rounded, no note comes to lie in the answer's bar.
        np.minimum(starts - first * bar, (count - first) * bar - _SIXTEENTH - 1).astype(np.float64),
        lengths.astype(np.float64),
        slots,
        pitches,
        velocities,
        programs,
        BEATS,
        MetreMap((metre,)),
    )
    phrase_bar = max(began // bar, first)
    begin, over = liked or (0, 0)
    favourite = {
        ahead + place // bar
        for place, note in zip(places, notes, strict=True)
        if note.own and begin <= note.onset < over and place // bar < count
    }
    return HeardBars(
        events,
        ahead + first,
        ahead + phrase_bar,
        ahead + count,
        end % bar,
        tuple(sorted(favourite)),
    )
