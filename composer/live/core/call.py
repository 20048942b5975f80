"""Call and response: composer answers each phrase, or goes on from it until the player plays.

Conventions:
    Moments are seconds on the session's clock, ticks event ticks of its timeline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import SettingError
from composer.generation.leaning import Leaning
from composer.generation.settings import OFF
from composer.live.core.improviser import Improviser
from composer.live.core.parameters import CALL, CONTINUE, Values
from composer.live.core.parts import Parts
from composer.live.core.phrases import EXPECTED, PhraseTracker
from composer.live.core.player_taste import PlayerTaste
from composer.live.core.reply import join_tick, reply_ticks, start_of
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.timeline import Timeline
from composer.live.core.turns import PlayerState, ReplyState
from composer.music.beat_grid import BEATS, FREE

NOTICED = 0.05
"""Seconds after its beginning up to which a reply begins as if that had been noticed at once."""
ANNOUNCED = 0.1
"""Seconds before its first beat from which on a reply is composer's turn. Until then a player
who goes on was not answered, and nobody notices."""
HOST_AHEAD = 0.04
"""Seconds by which a host is told before a silence is long enough: what begins just then is to be
at its plug-in by its sample. A player who goes on in them is given way to, unheard."""
GIVE_WAY = 1.0
"""Seconds after the beginning of a reply within which a player who goes on was only breathing:
the reply stops and was never heard, and the phrase goes on."""
LONGEST_BREATH = 2.5
"""Seconds of silence up to which a player who plays over the answer had not wanted one."""
SOON, HALF_WAY = 0.05, 0.5
"""Share of the silence that ends a phrase after which a reply is prepared: where there is
capacity, and where others want to be heard too. Between any two notes that do not overlap
there is silence: most replies prepared so soon are never wanted."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for: parameters, where it begins, ticks, who plays, where the phrase began."""

    values: Values
    join: int
    length: int
    slots: frozenset[int]
    phrase: int


class CallAndResponse:
    """A `composer.live.core.strategy.Strategy` for the modes call and continue.

    Attributes:
        taste: What the player likes of the answers.
    """

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
        self._foreseen = -1  # beat in which an answer was foreseen last
        self._guessed = 0  # id of the last reply that silence asked for, not the player
        self.taste = PlayerTaste()
        self._asked: _Asked | None = None  # what is prepared
        self._answered: _Asked | None = None  # what was played last
        self._known = True  # whether the traits of that are

    def strike(self, now: float) -> None:
        """See `Strategy`: a prepared reply is withdrawn, one that is played is broken off."""
        player, phrases = self._player, self._phrases
        if not player.on_turn:
            self._remember()  # while there is time: an answer waits for nothing
        if player.state is ReplyState.PREPARED:
            player.withdraw()
        elif player.on_turn:
            guessed = player.playing == self._guessed
            breath = guessed and now < player.begins + GIVE_WAY
            if breath or (guessed and self._too_soon(now)):
                phrases.cut_in(now)
            if self._values.on("interrupt") and breath:
                player.retract(now)
                phrases.resume()
            elif self._values.on("interrupt"):
                player.silence(now)
            self._guessed = 0
        elif self._guessed and phrases.state is PlayerState.SILENT:
            phrases.satisfied()
            self._guessed = 0

    def struck(self, now: float) -> None:
        """See `Strategy`: once a beat, an answer is foreseen that would begin on the next one."""
        timeline = self._timeline
        beat = int(timeline.tick(now) // TICKS_PER_BEAT)
        if timeline.kind == FREE or beat == self._foreseen or self._values.text("mode") != CALL:
            return
        self._foreseen = beat
        join = join_tick(timeline, now, start_of(self._values))
        end = join + self._length(now - self._phrases.began, self._values)
        slots, began = frozenset(self._parts.programs), round(timeline.tick(self._phrases.began))
        self._player.foresee(join, end, slots, (), began, self._taste)

    def _too_soon(self, now: float) -> bool:
        """Whether the player, who plays over the answer to a short silence, had not wanted it."""
        quiet = self._phrases.quiet_since
        in_silence = quiet is not None and now - quiet < LONGEST_BREATH
        return in_silence and self._values.text("mode") == CALL

    def deadline(self) -> float:
        """See `Strategy`."""
        over_at = self._over_at()
        return min(self._turn_at(over_at), self._prepare_at(over_at))

    def rest(self, now: float) -> None:
        """See `Strategy`: answer, if the phrase is over, or prepare to."""
        over_at = self._over_at()
        if now >= self._turn_at(over_at):
            # What was noticed late is not answered in the past.
            self.commit(over_at if now - self._begins_at(over_at) < NOTICED else now)
            self._guessed = self._player.playing
        elif now >= self._prepare_at(over_at):
            self.request(over_at, self._values)

    def request(self, moment: float, values: Values) -> None:
        """Ask for a reply that begins at a moment, or at the next beat or bar after it."""
        timeline, phrases = self._timeline, self._phrases
        join = join_tick(timeline, moment, start_of(values))
        slots = frozenset(self._parts.programs)
        self._remember()
        if self._values.text("mode") == CONTINUE and values is self._values:
            self._player.request(values, join, None, slots, ahead=2 * timeline.bar)
            return
        quiet = phrases.quiet_since if phrases.quiet_since is not None else moment
        end = join + self._length(max(quiet - phrases.began, 0.0), values)
        began = round(timeline.tick(phrases.began))
        self._ask(_Asked(values, join, end - join, slots, began))

    @property
    def _taste(self) -> PlayerTaste | None:
        """What is known of what is liked; None for nothing."""
        return self.taste if self.taste.known else None

    def _length(self, seconds: float, values: Values) -> int:
        """Ticks of an answer to a phrase of so many seconds, as it is liked."""
        leaning = Leaning.of(self.taste.preference)
        longer = 1.0 if leaning is None else leaning.longer
        return reply_ticks(self._timeline, seconds, values, longer)

    def _ask(self, asked: _Asked) -> None:
        self._player.request(
            asked.values,
            asked.join,
            asked.join + asked.length,
            asked.slots,
            phrase=asked.phrase,
            taste=self._taste,
        )
        self._asked = asked

    def again(self, now: float) -> int:
        """Play another take of the last reply, as if that had not been. Returns its id.

        Raises:
            SettingError: There was none.
        """
        last, player = self._answered, self._player
        if last is None:
            raise SettingError("there was no reply yet; play a phrase first")
        self._remember()
        player.retract(now)
        self._improviser.discard(last.join)
        join = join_tick(self._timeline, now, start_of(last.values))
        self._ask(replace(last, join=join))
        self.commit(now)
        return player.turn

    def mark(self, number: int, liked: bool) -> bool:
        """A reply is liked or disliked. Returns whether anything is learnt from that."""
        if number == self._player.turn:
            self._remember()
        return self.taste.mark(number, liked)

    def _remember(self) -> None:
        """Take in what the last reply was like, before another one is thought of."""
        if not self._known:
            self._known = True
            last = self._answered
            span = None if last is None else (last.join, last.join + last.length)
            self.taste.heard(self._player.turn, self._improviser.traits, span)

    def commit(self, now: float, number: int | None = None) -> None:
        """The phrase is over: it is composer's turn.

        Args:
            now: The moment.
            number: Id of the reply; None for the next one.
        """
        player, timeline = self._player, self._timeline
        reply = player.reply
        start = start_of(reply.values if reply is not None else self._values)
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
            # Its first note can be sent at once, and is heard when the output has played it.
            player.reply.offset = timeline.tick(now + player.early) - join
        player.commit(now, number)
        self._answered, self._known = self._asked, False

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
            timeline = self._timeline
            expected = EXPECTED * timeline.ticks_per_second
            silent = timeline.tick(phrases.quiet_since + phrases.shortest_wait)
            quiet = self._improviser.stays_quiet(silent, expected) or 0.0
            wait = phrases.wait(60 / timeline.bpm if timeline.kind == BEATS else None, quiet)
        return phrases.quiet_since + wait

    def _begins_at(self, over_at: float) -> float:
        """The moment at which a reply to a phrase that is over by then begins."""
        timeline = self._timeline
        if over_at == math.inf or timeline.kind == FREE:
            return over_at
        return timeline.second(join_tick(timeline, over_at, start_of(self._values)))

    def _turn_at(self, over_at: float) -> float:
        """The moment from which on it is composer's turn."""
        early = ANNOUNCED + self._player.early
        ahead = HOST_AHEAD if self._player.host is not None else 0.0
        return max(over_at - ahead, self._begins_at(over_at) - early)

    def _prepare_at(self, over_at: float) -> float:
        """The moment at which a reply is prepared; infinite if there is nothing to prepare."""
        quiet = self._phrases.quiet_since
        if over_at == math.inf or quiet is None or self._player.state is not ReplyState.LISTENING:
            return math.inf
        if self._improviser.catching_up:
            return over_at
        return quiet + (over_at - quiet) * (SOON if self._improviser.has_capacity else HALF_WAY)
