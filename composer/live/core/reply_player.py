"""Reply player: composer's side of a session, from the request to the last note's end. No I/O.

It asks the improviser for notes, enters them into the schedule once it is composer's
turn, and says what is to be sent. What may happen when is `composer.live.core.turns`' table.

Conventions:
    Moments are seconds, ticks event ticks of the session's timeline. Channels are 0..15.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Protocol

from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.live.core.host_line import HostLine
from composer.live.core.improviser import GenerateRequest, Improviser, ProposedNote
from composer.live.core.output import Control, Double, Output, Tell
from composer.live.core.parameters import Values
from composer.live.core.parts import Parts
from composer.live.core.player_taste import PlayerTaste
from composer.live.core.reply import LARGEST_ID, Reply, put_off, start_of
from composer.live.core.scheduler import LATE, Note, Play, Scheduler
from composer.live.core.session_log import REPLY, UNHEARD, SessionLog
from composer.live.core.timeline import Timeline
from composer.live.core.turns import ON_TURN, Event, ReplyState, after
from composer.music.beat_grid import BEATS, FREE

NEEDED = 0.03
"""Seconds before its moment at which the first note of a reply has to be known."""
LOOK_AGAIN = 0.5
"""Seconds between two looks at how far an endless reply is generated ahead."""


class Listener(Protocol):
    """Whoever listens to the player while composer plays, and has the last word on its notes."""

    def patience(self, note: ProposedNote) -> float:
        """Ticks for which a note may wait for what the player strikes with it."""
        ...

    def pitch(self, note: ProposedNote) -> int:
        """The pitch at which a note is played that begins now."""
        ...


class ReplyPlayer:
    """The replies of one session, one at a time.

    Attributes:
        state: Where composer's turn stands.
        reply: The reply that is prepared or played; None while LISTENING.
        schedule: Its notes to come and those that sound.
        out: What is to be sent, in order.
        turn: Id of the last reply.
        answered: Moment at which it was committed.
        used: Channels on which something was played.
        sounding: (channel, pitch) of what was sent and not ended.
        log: What was played, if that is kept.
        host: Of a session that a host plays: its notes are told ahead. None elsewhere.
        listener: Who says, of a note that is due, how it is played in the end; None for nobody.
    """

    def __init__(
        self,
        values: Values,
        timeline: Timeline,
        parts: Parts,
        improviser: Improviser,
        log: SessionLog | None = None,
    ) -> None:
        """Nothing is played; the arguments are the session's own."""
        self.state = ReplyState.LISTENING
        self.reply: Reply | None = None
        self.schedule = Scheduler()
        self.out: list[Output] = []
        self.turn = 0
        self.answered = -math.inf
        self.used: set[int] = set()
        self.sounding: set[tuple[int, int]] = set()
        self.log = log
        self.host: HostLine | None = None
        self.listener: Listener | None = None
        self._values, self._timeline, self._parts = values, timeline, parts
        self._improviser = improviser
        self._variation = 0  # of the last request that was played; one withdrawn uses up none
        self._look = math.inf
        self._hurried = False  # whether the improviser knows that the first note is needed

    @property
    def on_turn(self) -> bool:
        """Whether it is composer's turn."""
        return self.state in ON_TURN

    @property
    def playing(self) -> int:
        """Id of the reply that is played; 0 if none is."""
        return self.reply.number if self.reply is not None and self.on_turn else 0

    @property
    def begins(self) -> float:
        """Moment at which the reply that is played begins; infinite if none is."""
        if self.reply is None or not self.on_turn:
            return math.inf
        return self._timeline.second(self.reply.join + self.reply.offset)

    @property
    def early(self) -> float:
        """Seconds before its time at which a note has to be sent."""
        return max(self._values.number("latency"), 0.0) / 1000

    @property
    def _early(self) -> float:
        return self._values.number("latency") / 1000

    def reset(self) -> None:
        """Let the same seed number give the same replies from here on."""
        self._variation = 0

    # A reply's way through the states.

    def request(
        self,
        values: Values,
        join: int,
        end: int | None,
        slots: frozenset[int],
        *,
        first_by: int | None = None,
        ahead: int | None = None,
        harmony: tuple[int, ...] = (),
        phrase: int | None = None,
        taste: PlayerTaste | None = None,
    ) -> Reply:
        """Ask for a reply, in place of one that is prepared.

        Args:
            values: Parameters that hold for it.
            join, end, slots, ahead, harmony, phrase, taste: See `GenerateRequest`.
            first_by: See there; the join if it is not given.
        """
        if self.state is ReplyState.PREPARED and self.reply is not None:
            self._improviser.discard(self.reply.join)
        self._move(Event.REQUEST)
        self.reply, self._hurried = Reply(join, end, values, asked=join), False
        first_by = join if first_by is None else first_by
        number, more = self._variation + 1, (harmony, phrase, taste)
        self._generate(self.reply, number, join, first_by, slots, ahead, *more)
        return self.reply

    def request_anew(
        self,
        tick: int,
        first_by: int,
        slots: frozenset[int],
        ahead: int,
        asked: int,
        harmony: tuple[int, ...] = (),
    ) -> None:
        """Have what the reply that is played goes on with from a tick be generated again."""
        reply = self._current
        reply.count -= self._clear(tick)
        self._improviser.discard(tick)
        self._move(Event.REQUEST)
        self._variation += 1
        reply.asked = asked
        self._generate(reply, self._variation, tick, first_by, slots, ahead, harmony)

    def commit(self, now: float, number: int | None = None) -> None:
        """It is composer's turn.

        Args:
            now: The moment.
            number: Id of the reply; None for the next one.
        """
        reply = self._current
        self._move(Event.COMMIT)
        self._variation += 1
        self.turn = self.turn % LARGEST_ID + 1 if number is None else number
        reply.number = self.turn
        self.answered = now
        if self.log is not None:
            self.log.mark(now, REPLY, self.turn)
        if reply.end is None:
            self._look = now
        self._announce(reply)

    def collect(self, now: float) -> None:
        """Take the improviser's new notes, and enter them if it is composer's turn."""
        reply = self.reply
        if reply is None:
            return
        if now >= self._look:
            self._look = now + LOOK_AGAIN
            self._improviser.extend(round(self._timeline.tick(now)) - round(reply.offset))
        if now >= self._needed_at:
            self._hurried = True
            self._improviser.hurry()
        reply.proposed += self._improviser.take()
        if not self.on_turn:
            return
        if reply.proposed and not reply.count and reply.postponable:
            # A reply that comes too late begins later, rather than without its beginning.
            late = self._timeline.tick(now + self.early) - reply.proposed[0].onset - reply.offset
            if late > LATE * self._timeline.ticks_per_second:
                reply.offset += put_off(self._timeline, late, start_of(reply.values))
        for note in reply.proposed:
            self._enter(reply, note)
        reply.proposed.clear()
        if self._improviser.done and self.state is ReplyState.COMMITTED:
            self._move(Event.KNOWN)
            self._tell_end(reply)

    def play(self, now: float) -> None:
        """Send what is due."""
        if self.schedule:
            settle = self._settle if self.listener is not None and self.host is None else None
            for play in self.schedule.due(now, self._timeline, self._early, settle):
                self.send(play)
        if self.state is ReplyState.COMPLETE and not self.schedule:
            self._move(Event.PLAYED)
            self.reply, self._look = None, math.inf

    def silence(self, now: float) -> None:
        """Stop playing at once; what was played so far has been played."""
        self._stop(now)
        self.withdraw(round(self._timeline.tick(now)))

    def retract(self, now: float) -> None:
        """Stop playing at once, as if the reply had not been: nothing of it stays heard."""
        if self.log is not None and self.turn:
            self.log.mark(now, UNHEARD, self.turn)
        self._stop(now)
        self.withdraw()

    def withdraw(self, tick: int | None = None) -> None:
        """Give the reply up.

        Args:
            tick: What of it lies before, if it was committed, was played and stays heard;
                None to have it unheard.
        """
        reply, on_turn, state = self.reply, self.on_turn, self.state
        self._move(Event.CANCEL)
        self.reply, self._look = None, math.inf
        if reply is None:
            return
        if tick is None or not on_turn:
            self._improviser.discard(reply.join)
        else:
            self._improviser.discard(math.ceil(tick - reply.offset))
        if state is ReplyState.COMMITTED:
            self._tell_end(reply)

    def wind_down(self, now: float) -> None:
        """Let what sounds end by itself, and begin nothing more."""
        if self.reply is None or not self.on_turn:
            return
        self._clear()
        self._improviser.discard(math.ceil(self._timeline.tick(now) - self.reply.offset))
        self._look = math.inf

    def deadline(self) -> float:
        """The moment at which `collect` or `play` has something to do; infinite if never."""
        return min(self._look, self._needed_at, self.schedule.deadline(self._timeline, self._early))

    # Inside.

    @property
    def _current(self) -> Reply:
        if self.reply is None:
            raise ValueError("there is no reply")
        return self.reply

    @property
    def _needed_at(self) -> float:
        """The moment at which the first note has to be known; infinite if it is, or none is due."""
        if self._hurried or self.state is not ReplyState.COMMITTED:
            return math.inf
        return self.begins - max(self._early, 0.0) - NEEDED

    def _move(self, event: Event) -> None:
        self.state = after(self.state, event)

    def _stop(self, now: float) -> None:
        """End all that sounds, and forget all that was to come."""
        if self.host is not None and (self.schedule or self.schedule.sounding):
            self.out.append(Tell("host/silence", (self.host.epoch,)))
        for play in self.schedule.silence(now):
            self.send(play)

    def _clear(self, tick: float = -math.inf) -> int:
        """Forget the notes that begin at or after a tick and have not yet. Returns how many."""
        forgotten = self.schedule.clear(tick)
        if self.host is not None and forgotten:
            place = self._timeline.tick(self.host.moment) if tick == -math.inf else tick
            told = Double(self.host.place(self._timeline, place))
            self.out.append(Tell("host/forget", (self.host.epoch, told)))
        return forgotten

    def _generate(
        self,
        reply: Reply,
        variation: int,
        join: int,
        first_by: int,
        slots: frozenset[int],
        ahead: int | None,
        *more: Any,
    ) -> None:
        settings, end = reply.values.settings(), reply.end
        self._improviser.generate(
            GenerateRequest(join, first_by, end, slots, settings, variation, ahead, *more)
        )

    def foresee(self, join: int, end: int, slots: frozenset[int], *more: Any) -> None:
        """Have an answer, of a `GenerateRequest`, be thought of that may be asked for soon."""
        settings, number = self._values.settings(), self._variation + 1
        request = GenerateRequest(join, join, end, slots, settings, number, None, *more)
        self._improviser.foresee(request)

    def _announce(self, reply: Reply) -> None:
        wanted = int(reply.values.number("program"))
        if wanted >= 0:
            for slot in sorted(self._parts.programs):
                self.out.append(Control(-1, wanted, self.channel(slot)))
        if self._values.on("phrases") and self.host is None:
            beats = 0.0 if reply.end is None else (reply.end - reply.join) / TICKS_PER_BEAT
            if self._timeline.kind == FREE:
                beats *= TICKS_PER_BEAT / TICKS_PER_SECOND * self._timeline.bpm / 60
            begin = (reply.number, round(self._timeline.bpm, 3), round(beats, 4))
            plan = self._improviser.plan
            self.out.append(Tell("phrase/begin", (*begin, plan) if plan else begin))

    def _tell_end(self, reply: Reply) -> None:
        if self._values.on("phrases") and self.host is None:
            self.out.append(Tell("phrase/end", (reply.number, reply.count)))

    def _enter(self, reply: Reply, note: ProposedNote) -> None:
        channel = self.channel(note.slot)
        velocity = min(max(round(note.velocity * reply.values.number("loudness")), 1), 127)
        onset = note.onset + reply.offset
        listener = self.listener if self.host is None else None
        patience = 0.0 if listener is None else listener.patience(note)
        self.schedule.add(
            Note(onset, note.duration, note.pitch, velocity, channel, note.slot, patience)
        )
        reply.count += 1
        if self.host is not None:
            place = Double(self.host.place(self._timeline, onset))
            span = Double(self.host.length(self._timeline, note.duration))
            ahead = (self.host.epoch, place, span, note.pitch, velocity, channel + 1)
            self.out.append(Tell("host/note", ahead))
        elif self._values.on("phrases"):
            per_beat = (
                TICKS_PER_BEAT
                if self._timeline.kind == BEATS
                else TICKS_PER_SECOND * 60 / self._timeline.bpm
            )
            start = round((note.onset - reply.join) / per_beat, 4)
            length = round(note.duration / per_beat, 4)
            told = (reply.number, note.pitch, start, length, velocity, channel + 1)
            self.out.append(Tell("phrase/note", told))

    def _settle(self, note: Note) -> Note:
        """How a note is played that begins now."""
        reply, listener = self.reply, self.listener
        if reply is None or listener is None:
            return note
        onset = round(note.onset - reply.offset)
        proposed = ProposedNote(onset, note.slot, note.pitch, note.duration, note.velocity)
        pitch = listener.pitch(proposed)
        if pitch == note.pitch:
            return note
        self._improviser.amend(proposed, pitch)
        return replace(note, pitch=pitch)

    def send(self, play: Play) -> None:
        """Press a key or let it go."""
        self.used.add(play.channel)
        if self.log is not None:
            self.log.played(play)
        if self.host is not None:
            return  # told ahead
        place = (play.channel, play.pitch)
        if play.velocity and self._values.on("play"):
            self.sounding.add(place)
            self.out.append(play)
        elif not play.velocity and place in self.sounding:
            # Where playing was turned off since, the end is still sent.
            self.sounding.remove(place)
            self.out.append(play)

    def channel(self, slot: int) -> int:
        """The MIDI channel on which a slot is played."""
        wanted = int(self._values.number("channel_out")) - 1
        return self._parts.channel(slot, self._values.band, wanted)
