"""Call and response: composer answers each phrase, or goes on from it until the player plays.

Conventions:
    Moments are seconds on the session's clock, ticks event ticks of its timeline.
"""

from __future__ import annotations

import math

from composer.generation.settings import OFF
from composer.live.core.improviser import Improviser
from composer.live.core.parameters import CONTINUE, Values
from composer.live.core.parts import Parts
from composer.live.core.phrases import PhraseTracker
from composer.live.core.reply import join_tick, reply_ticks
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.timeline import Timeline
from composer.live.core.turns import PlayerState, ReplyState
from composer.music.beat_grid import BEATS, FREE

NOTICED = 0.05
"""Seconds after the end of a phrase up to which it is answered as if noticed at once."""
GIVE_WAY = 1.0
"""Seconds after the beginning of a reply within which a player who goes on was only breathing:
the reply stops and was never heard, and the phrase goes on."""
SOON, HALF_WAY = 0.05, 0.5
"""Share of the silence that ends a phrase after which a reply is prepared: where there is
capacity, and where others want to be heard too. Between any two notes that do not overlap
there is silence: most replies prepared so soon are never wanted."""


class CallAndResponse:
    """A `composer.live.core.strategy.Strategy` for the modes call and continue."""

    def __init__(
        self,
        values: Values,
        timeline: Timeline,
        parts: Parts,
        improviser: Improviser,
        phrases: PhraseTracker,
        player: ReplyPlayer,
    ) -> None:
        """The arguments are the session's own."""
        self._values, self._timeline, self._parts = values, timeline, parts
        self._improviser, self._phrases, self._player = improviser, phrases, player
        self._guessed = 0  # id of the last reply that silence asked for, not the player

    def strike(self, now: float) -> None:
        """See `Strategy`: a prepared reply is withdrawn, one that is played is broken off."""
        player = self._player
        if player.state is ReplyState.PREPARED:
            player.withdraw()
        elif player.on_turn and self._values.on("interrupt"):
            if self._answered_a_breath(now):
                player.retract(now)
                self._phrases.resume()
            else:
                player.silence(now)

    def struck(self, now: float) -> None:
        """See `Strategy`."""

    def _answered_a_breath(self, now: float) -> bool:
        """Whether the reply had just begun when the player went on: the phrase was not over."""
        player = self._player
        return player.playing == self._guessed and now - player.answered < GIVE_WAY

    def deadline(self) -> float:
        """See `Strategy`."""
        over_at = self._over_at()
        if self._may_prepare(over_at):
            return min(over_at, self._prepare_at(over_at))
        return over_at

    def rest(self, now: float) -> None:
        """See `Strategy`: answer, if the phrase is over, or prepare to."""
        over_at = self._over_at()
        if now >= over_at:
            # What was noticed late is not answered in the past.
            self.commit(over_at if now - over_at < NOTICED else now)
            self._guessed = self._player.playing
        elif self._may_prepare(over_at) and now >= self._prepare_at(over_at):
            self.request(over_at, self._values)

    def request(self, moment: float, values: Values) -> None:
        """Ask for a reply that begins at a moment, or at the next beat or bar after it."""
        timeline, phrases = self._timeline, self._phrases
        join = join_tick(timeline, moment, values.text("start"))
        slots = frozenset(self._parts.programs)
        if self._values.text("mode") == CONTINUE and values is self._values:
            self._player.request(values, join, None, slots, ahead=2 * timeline.bar)
            return
        quiet = phrases.quiet_since if phrases.quiet_since is not None else moment
        end = join + reply_ticks(timeline, max(quiet - phrases.began, 0.0), values)
        self._player.request(values, join, end, slots)

    def commit(self, now: float, number: int | None = None) -> None:
        """The phrase is over: it is composer's turn.

        Args:
            now: The moment.
            number: Id of the reply; None for the next one.
        """
        player, timeline = self._player, self._timeline
        reply = player.reply
        start = (reply.values if reply is not None else self._values).text("start")
        join = join_tick(timeline, now, start)
        if reply is None:
            self.request(now, self._values)
        elif reply.join != join and timeline.kind == FREE:
            self._improviser.shift(join - reply.join)
            reply.shift(join - reply.join)
        elif reply.join != join:
            self.request(now, reply.values)
        self._phrases.take()
        if player.reply is not None and timeline.kind == FREE:
            player.reply.offset = timeline.tick(now) - join
        player.commit(now, number)

    def _over_at(self) -> float:
        """The moment at which the phrase is over; infinite while that is open."""
        phrases = self._phrases
        if phrases.state is not PlayerState.RESTING or self._player.on_turn:
            return math.inf
        if self._values.text("mode") == OFF:
            return math.inf
        assert phrases.quiet_since is not None
        wait = self._values.number("wait")
        if not wait:
            beat = 60 / self._timeline.bpm if self._timeline.kind == BEATS else None
            wait = phrases.wait(beat, self._improviser.closing() or 0.0)
        return phrases.quiet_since + wait

    def _may_prepare(self, over_at: float) -> bool:
        """Whether the improviser has heard all and could prepare a reply."""
        if over_at == math.inf or self._player.state is not ReplyState.LISTENING:
            return False
        return not self._improviser.catching_up

    def _prepare_at(self, over_at: float) -> float:
        """The moment at which a reply is prepared."""
        quiet = self._phrases.quiet_since
        if quiet is None:
            return over_at
        return quiet + (over_at - quiet) * (SOON if self._improviser.has_capacity else HALF_WAY)
