"""Accompaniment: composer plays other parts under the player, and stops when the player does.

Conventions:
    Moments are seconds on the session's clock, ticks event ticks of its timeline.
"""

from __future__ import annotations

import math

from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.live.core.improviser import BAND
from composer.live.core.output import Control
from composer.live.core.parameters import Values
from composer.live.core.parts import DRUM_CHANNEL
from composer.live.core.phrases import PhraseTracker
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.timeline import Timeline
from composer.live.core.turns import PlayerState, ReplyState
from composer.music.beat_grid import BEATS

ALONE = 4.0
"""Seconds of silence after which the accompaniment stops too."""
BEATS_AHEAD = 4
"""Beats to which the accompaniment is generated ahead."""


class Accompaniment:
    """A `composer.live.core.strategy.Strategy` for the mode accompany."""

    def __init__(
        self, values: Values, timeline: Timeline, phrases: PhraseTracker, player: ReplyPlayer
    ) -> None:
        """The arguments are the session's own."""
        self._values, self._timeline = values, timeline
        self._phrases, self._player = phrases, player

    def strike(self, now: float) -> None:
        """See `Strategy`: what is played goes on."""

    def struck(self, now: float) -> None:
        """See `Strategy`: begin, or generate anew what comes after the next beat."""
        timeline, player = self._timeline, self._player
        tick = round(timeline.tick(now))
        beat = TICKS_PER_BEAT if timeline.kind == BEATS else TICKS_PER_SECOND // 2
        cut = (tick // beat + 1) * beat if timeline.kind == BEATS else tick + beat // 2
        band = self._values.band
        slots = frozenset(range(BAND, BAND + len(band)))
        if player.state is ReplyState.COMMITTED and player.reply is not None:
            if tick - player.reply.asked >= beat:
                player.request_anew(cut, cut + beat, slots, BEATS_AHEAD * beat, tick)
            return
        player.withdraw(cut)
        reply = player.request(
            self._values, cut, None, slots, first_by=cut + beat, ahead=BEATS_AHEAD * beat
        )
        reply.asked, reply.postponable = tick, False
        player.commit(now)
        for slot, program in zip(sorted(slots), band, strict=True):
            if player.channel(slot) != DRUM_CHANNEL:
                player.out.append(Control(-1, program, player.channel(slot)))

    def deadline(self) -> float:
        """See `Strategy`."""
        quiet = self._phrases.quiet_since
        if self._phrases.state is not PlayerState.RESTING or quiet is None:
            return math.inf
        return quiet + ALONE

    def rest(self, now: float) -> None:
        """See `Strategy`: the player has stopped, and so does the band."""
        if now >= self.deadline():
            self._phrases.take()
            self._player.wind_down(now)
