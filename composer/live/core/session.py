"""Session: one player's jam. Turn-taking, and the notes on their way. No I/O.

What arrives is handed in with the moment at which it did; what is to be sent is found in
`Session.out` afterwards. `deadline` says when the session wants to be asked again.

Conventions:
    Moments are seconds on the server's clock, ticks event ticks of the session's timeline.
    Channels are 0..15 here, and 1..16 where a person sets them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.errors import SettingError
from composer.generation.settings import OFF
from composer.live.core.improviser import BAND, GenerateRequest, Improviser, ProposedNote
from composer.live.core.parameters import ACCOMPANY, CALL, CONTINUE, MODES, Value, Values
from composer.live.core.phrases import Key, PhraseTracker
from composer.live.core.reply import Reply, join_tick, put_off, reply_ticks
from composer.live.core.scheduler import LATE, Note, Play, Scheduler
from composer.live.core.session_log import SessionLog
from composer.live.core.timeline import Timeline
from composer.music.beat_grid import BEATS, FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import bar_ticks

DRUM_CHANNEL = 9
SUSTAIN, ALL_NOTES_OFF = 64, 123
TO_ONESELF = 4.0
"""Seconds of silence after which the accompaniment stops too."""
OFTEN = 0.5
"""Seconds between two looks at how far an endless reply is thought ahead."""


class Tell(NamedTuple):
    """Something to be said: an address under /composer, and its arguments."""

    address: str
    arguments: tuple[object, ...]


class Control(NamedTuple):
    """A controller to move, or, with number -1, a program to change to."""

    number: int
    value: int
    channel: int


Output = Play | Tell | Control


class Session:
    """One jam.

    Attributes:
        values: Its parameters.
        timeline: Where it stands in the music.
        seen: Moment of the last thing that arrived.
        out: What is to be sent, in order.
        log: What was played, if that is kept.
        turn: Id of the last reply.
        answered: Moment at which it began.
    """

    def __init__(
        self,
        now: float,
        mind: Improviser,
        values: Values | None = None,
        bpm: float | None = None,
        log: SessionLog | None = None,
    ) -> None:
        self.values = values or Values()
        self.timeline = Timeline(now, bpm, self.values.metre)
        self.seen = now
        self.out: list[Output] = []
        self.log = log
        self.mind = mind
        self.reply: Reply | None = None
        self.phrases = PhraseTracker()
        self.schedule = Scheduler()
        self.programs: dict[int, int] = {}
        self.heard = 0
        self._numbers: dict[Key, int] = {}
        self.turn = 0
        self.answered = -math.inf
        self._variation = 0
        self._look = math.inf
        self._used: set[int] = set()
        self._begun: set[tuple[int, int]] = set()  # (channel, pitch) sent and not ended

    @property
    def mode(self) -> str:
        """call, continue, accompany or off."""
        return self.values.text("mode")

    # What arrives.

    def note_on(
        self, now: float, pitch: int, velocity: int, channel: int, length: float | None = None
    ) -> None:
        """The player strikes a key; its end may be known already (seconds)."""
        if velocity <= 0:
            self.note_off(now, pitch, channel)
            return
        if self.values.number("channel_in") not in (0, channel + 1) or not self.timeline.running:
            return
        if self.timeline.kind == BEATS:
            self.timeline.anchor(now)
        if self.reply is not None and self.mode != ACCOMPANY:
            if not self.reply.committed:
                self._forget()
            elif self.values.on("interrupt"):
                self.hush(now)
        if channel not in self.programs:
            self._seat(channel, DRUM_PROGRAM if channel == DRUM_CHANNEL else 0)
        key = (channel, pitch)
        self._ended(now, self.phrases.press(now, key, length))
        self.heard += 1
        ticks = None if length is None else round(length * self.timeline.ticks_per_second)
        tick = self._tick(now)
        self._numbers[key] = self.mind.hear(tick, channel, pitch, velocity, ticks)
        if self.log is not None:
            self.log.begin(now, self.timeline.bpm, key, velocity)
        if self.mode == ACCOMPANY:
            self._accompany(now)

    def note_off(self, now: float, pitch: int, channel: int) -> None:
        """The player lets a key go."""
        self._ended(now, self.phrases.release(now, (channel, pitch)))

    def control(self, now: float, number: int, value: int, channel: int) -> None:
        """The player moves a controller; only the sustain pedal means something."""
        if number == SUSTAIN:
            self._ended(now, self.phrases.pedal(now, channel, value >= 64))
        elif number >= 120:
            self._ended(now, self.phrases.release_all(now))

    def program(self, channel: int, program: int) -> None:
        """The player takes another instrument."""
        if channel != DRUM_CHANNEL and self.programs.get(channel, program) != program:
            self._seat(channel, program)

    def phrase_end(self, now: float) -> None:
        """The player says that it is composer's turn."""
        self._ended(now, self.phrases.release_all(now))
        if self.phrases.active and self.mode in (CALL, CONTINUE):
            if self.reply is not None and self.reply.committed:
                self.hush(now)
            self._commit(now)

    def generate(self, now: float, wishes: dict[str, object], number: int | None = None) -> int:
        """Play now, whatever the mode. Returns the reply's id.

        Raises:
            SettingError: A wish is no parameter or out of range, or nothing was heard yet.
        """
        values = self.values.copy()
        for name, value in wishes.items():
            values.set(name, value)
        if not self.heard:
            raise SettingError("there is nothing to go on from; play or send a seed first")
        self._ended(now, self.phrases.release_all(now))
        self.hush(now)
        if self.timeline.kind == BEATS:
            self.timeline.anchor(now)
        if not values.number("bars"):
            values.set("bars", 4)
        self._ask(now, values)
        self._commit(now, number)
        return self.turn

    def set(self, now: float, name: object, value: object) -> None:
        """Change a parameter.

        Raises:
            SettingError: No such parameter, or not such a value.
        """
        mode = self.mode
        name = self.values.set(name, value)
        if name == "mode" and self.mode != mode:
            self.hush(now)
            self._begin()
        elif name == "metre":
            self.hush(now)
            if self.timeline.kind == BEATS:
                self.timeline.bar = bar_ticks(*self.values.metre, TICKS_PER_BEAT)
            self._begin()
        elif name == "band":
            self.hush(now)
            self._begin()
        elif self.reply is not None and not self.reply.committed:
            self._forget()  # prepared under the old value

    def tempo(self, now: float, bpm: float) -> None:
        """The tempo is known now; 0 makes it free again."""
        if bpm <= 0 or self.timeline.kind == FREE:
            if bpm > 0 or self.timeline.kind == BEATS:
                self.hush(now)
                self.timeline = Timeline(now, bpm if bpm > 0 else None, self.values.metre)
                self._begin()
        else:
            self.timeline.set_tempo(now, bpm)

    def beat(self, now: float, beat: float) -> None:
        """The host's beat falls now."""
        if self.timeline.kind == FREE:
            self.tempo(now, 120.0)
        if self.timeline.beat(now, beat):
            self.hush(now)

    def follow(self, now: float, tick: float, bpm: float) -> None:
        """The host is at a tick now and goes at a tempo."""
        if self.timeline.kind == FREE:
            self.tempo(now, bpm)
        if self.timeline.follow(now, tick, bpm):
            self.hush(now)

    def transport(self, now: float, running: bool) -> None:
        """The host starts or stops."""
        if running:
            self.timeline.start(now)
        elif self.timeline.running:
            self.hush(now)
            self._ended(now, self.phrases.release_all(now))
            self.phrases.take()
            self.timeline.stop(now)

    def reset(self, now: float) -> None:
        """Forget all that was played; parameters and tempo stay."""
        self.hush(now)
        self._ended(now, self.phrases.release_all(now))
        self.phrases = PhraseTracker()
        self.programs.clear()
        self.heard = 0
        self.mind.begin("", 1, {})

    def seed(self, now: float, ideas: list[ProposedNote], programs: dict[int, int]) -> None:
        """Take notes as if they had just been played, ending at the next bar line.

        Args:
            now: The moment.
            ideas: Ticks from a bar line at 0, in the timeline's kind; slots are channels.
            programs: Of the slots.
        """
        self.reset(now)
        if not ideas:
            return
        self.programs.update(programs)
        self._begin()
        bar = self.timeline.bar if self.timeline.kind == BEATS else 1
        last = max(idea.onset + idea.duration for idea in ideas)
        shift = (self._tick(now) - last) // bar * bar
        for idea in sorted(ideas):
            number = self.mind.hear(idea.onset + shift, idea.slot, idea.pitch, idea.velocity)
            self.mind.end(number, idea.onset + idea.duration + shift)
            self.heard += 1

    # Time goes by.

    def deadline(self) -> float:
        """The moment at which `update` has something to do; infinite if never."""
        moment = min(self.phrases.deadline(), self._look)
        if self.schedule:
            moment = min(moment, self.schedule.deadline(self.timeline, self._early))
        if self._quiet:
            over_at = self._over_at()
            if self._may_prepare(over_at):
                moment = min(moment, self._prepare_at(over_at))
            moment = min(moment, over_at)
        return moment

    def update(self, now: float) -> None:
        """Do what is due by now; also to be called when the mind has new ideas."""
        for moment, key in self.phrases.release_due(now):
            self._ended(moment, [key])
        if self._quiet:
            self._listen(now)
        if self.reply is not None:
            self._collect(now)
        if self.schedule:
            self._play(now)
        reply = self.reply
        if reply is not None and reply.told and not self.schedule:
            self.reply, self._look = None, math.inf

    def _listen(self, now: float) -> None:
        """Nobody plays just now: answer, if the phrase is over, or prepare to."""
        over_at = self._over_at()
        if self.mode == ACCOMPANY:
            if now >= over_at:
                self.phrases.take()
                self._wind_down(now)
        elif now >= over_at:
            # What was noticed late is not answered in the past.
            self._commit(over_at if now - over_at < 0.05 else now)
        elif self._may_prepare(over_at) and now >= self._prepare_at(over_at):
            self._ask(over_at, self.values)

    def hush(self, now: float) -> None:
        """Stop playing at once; what was played so far has been played."""
        for play in self.schedule.silence(now):
            self._send(play)
        self._forget(self._tick(now))

    def panic(self, now: float) -> None:
        """Silence everything, and say so to every channel."""
        self.hush(now)
        self._ended(now, self.phrases.release_all(now))
        self.phrases.take()
        for channel in range(16):
            self.out += [Control(SUSTAIN, 0, channel), Control(ALL_NOTES_OFF, 0, channel)]

    def close(self, now: float) -> None:
        """The session ends: silence what it started."""
        self.hush(now)
        self._ended(now, self.phrases.release_all(now))
        for channel in sorted(self._used):
            self.out += [Control(SUSTAIN, 0, channel), Control(ALL_NOTES_OFF, 0, channel)]

    def status(self) -> list[tuple[str, Value]]:
        """How it stands, as names and values."""
        playing = self.reply is not None and self.reply.committed
        return [
            *((name, self.values.get(name)) for name in ("mode", "temperature", "key")),
            ("tempo", round(self.timeline.bpm, 2) if self.timeline.kind == BEATS else 0.0),
            ("running", int(self.timeline.running)),
            ("heard", self.heard),
            ("phrase", self.phrases.count),
            ("playing", self.reply.number if self.reply is not None and playing else 0),
            ("sounding", len(self.schedule.sounding)),
            ("dropped", self.schedule.dropped),
        ]

    # Inside.

    @property
    def _early(self) -> float:
        return self.values.number("latency") / 1000

    def _tick(self, now: float) -> int:
        return round(self.timeline.tick(now))

    def _seat(self, channel: int, program: int) -> None:
        self.programs[channel] = program
        self._begin()

    def _begin(self) -> None:
        """Tell the mind who plays."""
        programs = dict(self.programs)
        if self.mode == ACCOMPANY:
            programs |= {BAND + index: program for index, program in enumerate(self.values.band)}
        if programs:
            self.mind.begin(self.timeline.kind, self.timeline.bar, programs)

    def _ended(self, now: float, keys: list[Key]) -> None:
        for key in keys:
            number = self._numbers.pop(key, None)
            if number is not None:
                self.mind.end(number, self._tick(now))
            if self.log is not None:
                self.log.end(now, key)

    @property
    def waits(self) -> bool:
        """Whether anything depends on what its mind has heard or thought of."""
        return self.reply is not None or self._quiet

    @property
    def _quiet(self) -> bool:
        """Whether there is a phrase, and all keys and pedals are up."""
        return self.phrases.count > 0 and self.phrases.quiet_since is not None

    def _over_at(self) -> float:
        """The moment at which the phrase is over; infinite while that is open."""
        phrases = self.phrases
        if not phrases.active or phrases.quiet_since is None or self.mode == OFF:
            return math.inf
        if self.mode == ACCOMPANY:
            return phrases.quiet_since + TO_ONESELF
        if self.reply is not None and self.reply.committed:
            return math.inf  # it is not composer's turn to listen: playing over is not ended
        wait = self.values.number("wait")
        if not wait:
            beat = 60 / self.timeline.bpm if self.timeline.kind == BEATS else None
            wait = phrases.wait(beat, self.mind.closing() or 0.0)
        return phrases.quiet_since + wait

    def _may_prepare(self, over_at: float) -> bool:
        """Whether the mind has heard all and could think of an answer."""
        if over_at == math.inf or self.reply is not None or self.mode == ACCOMPANY:
            return False
        return not self.mind.listening

    def _prepare_at(self, over_at: float) -> float:
        """Soon, or half way through the silence where others want to think too.

        Between any two notes that do not overlap there is silence: most answers thought of
        so soon are thought of in vain.
        """
        quiet = self.phrases.quiet_since
        if quiet is None:
            return over_at
        return quiet + (over_at - quiet) * (0.05 if self.mind.at_ease else 0.5)

    def _ask(self, moment: float, values: Values) -> None:
        """Have the mind prepare what to play from a moment on."""
        timeline, phrases = self.timeline, self.phrases
        join = join_tick(timeline, moment, values.text("start"))
        end: int | None = None
        ahead: int | None = None
        if self.mode == CONTINUE and values is self.values:
            ahead = 2 * timeline.bar
        else:
            quiet = phrases.quiet_since if phrases.quiet_since is not None else moment
            end = join + reply_ticks(timeline, max(quiet - phrases.began, 0.0), values)
        if self.reply is not None:
            self.mind.drop(self.reply.join)
        self._variation += 1
        self.reply = Reply(join, end, values, asked=join)
        slots = frozenset(self.programs)
        settings = values.settings()
        self.mind.ask(GenerateRequest(join, join, end, slots, settings, self._variation, ahead))

    def _commit(self, now: float, number: int | None = None) -> None:
        """It is composer's turn from now on."""
        reply = self.reply
        start = (reply.values if reply is not None else self.values).text("start")
        join = join_tick(self.timeline, now, start)
        if reply is None:
            self._ask(now, self.values)
        elif reply.join != join:
            if self.timeline.kind == FREE:
                self.mind.move(join - reply.join)
                later = join - reply.join
                reply.ideas = [i._replace(onset=i.onset + later) for i in reply.ideas]
                reply.join, reply.asked = join, join
                reply.end = None if reply.end is None else reply.end + later
            else:
                self._ask(now, reply.values)
        reply = self.reply
        assert reply is not None
        self.phrases.take()
        self.turn = self.turn + 1 if number is None else number
        reply.number, reply.committed = self.turn, True
        self.answered = now
        if self.timeline.kind == FREE:
            reply.offset = self.timeline.tick(now) - join
        if reply.end is None:
            self._look = now
        self._announce(reply)

    def _announce(self, reply: Reply) -> None:
        program = int(reply.values.number("program"))
        if program >= 0:
            for slot in sorted(self.programs):
                self.out.append(Control(-1, program, self._channel(slot)))
        if self.values.on("phrases"):
            beats = 0.0 if reply.end is None else (reply.end - reply.join) / TICKS_PER_BEAT
            if self.timeline.kind == FREE:
                beats *= TICKS_PER_BEAT / TICKS_PER_SECOND * self.timeline.bpm / 60
            begin = (reply.number, round(self.timeline.bpm, 3), round(beats, 4))
            self.out.append(Tell("phrase/begin", begin))

    def _collect(self, now: float) -> None:
        """Take the mind's new ideas, and enter them if it is composer's turn."""
        reply = self.reply
        assert reply is not None
        if now >= self._look:
            self._look = now + OFTEN
            self.mind.want(self._tick(now) - round(reply.offset))
        reply.ideas += self.mind.take()
        if not reply.committed:
            return
        if reply.ideas and not reply.count and self.mode != ACCOMPANY:
            # An answer thought of too late begins later, rather than without its beginning.
            late = self.timeline.tick(now) - reply.ideas[0].onset - reply.offset
            if late > LATE * self.timeline.ticks_per_second:
                reply.offset += put_off(self.timeline, late, reply.values.text("start"))
        for idea in reply.ideas:
            self._enter(reply, idea)
        reply.ideas.clear()
        if self.mind.done and not reply.told:
            reply.told = True
            if self.values.on("phrases"):
                self.out.append(Tell("phrase/end", (reply.number, reply.count)))

    def _enter(self, reply: Reply, idea: ProposedNote) -> None:
        channel = self._channel(idea.slot)
        velocity = min(max(round(idea.velocity * reply.values.number("loudness")), 1), 127)
        onset = idea.onset + reply.offset
        self.schedule.add(Note(onset, idea.duration, idea.pitch, velocity, channel))
        reply.count += 1
        if self.values.on("phrases"):
            per_beat = (
                TICKS_PER_BEAT
                if self.timeline.kind == BEATS
                else TICKS_PER_SECOND * 60 / self.timeline.bpm
            )
            start = round((idea.onset - reply.join) / per_beat, 4)
            length = round(idea.duration / per_beat, 4)
            note = (reply.number, idea.pitch, start, length, velocity, channel + 1)
            self.out.append(Tell("phrase/note", note))

    def _play(self, now: float) -> None:
        for play in self.schedule.due(now, self.timeline, self._early):
            self._send(play)

    def _send(self, play: Play) -> None:
        self._used.add(play.channel)
        if self.log is not None:
            self.log.played(play, self.timeline.bpm)
        place = (play.channel, play.pitch)
        if play.velocity and self.values.on("play"):
            self._begun.add(place)
            self.out.append(play)
        elif not play.velocity and place in self._begun:
            # Where playing was turned off since, the end is still sent.
            self._begun.remove(place)
            self.out.append(play)

    def _channel(self, slot: int) -> int:
        """The MIDI channel on which a slot is played."""
        wanted = int(self.values.number("channel_out"))
        if slot < BAND:
            return wanted - 1 if wanted else slot
        if self.values.band[(slot - BAND) % len(self.values.band)] == DRUM_PROGRAM:
            return DRUM_CHANNEL
        taken = {*self.programs, DRUM_CHANNEL}
        free = [channel for channel in range(16) if channel not in taken] or [15]
        return free[(slot - BAND) % len(free)]

    def _forget(self, tick: int | None = None) -> None:
        """Drop the reply; of a committed one, what lies before a tick was played."""
        reply, self.reply, self._look = self.reply, None, math.inf
        if reply is None:
            return
        if tick is None or not reply.committed:
            self.mind.drop(reply.join)
        else:
            self.mind.drop(math.ceil(tick - reply.offset))
        if reply.committed and not reply.told and self.values.on("phrases"):
            self.out.append(Tell("phrase/end", (reply.number, reply.count)))

    def _accompany(self, now: float) -> None:
        """Play under the player: begin, or think again what comes after the next beat."""
        timeline, tick = self.timeline, self._tick(now)
        beat = TICKS_PER_BEAT if timeline.kind == BEATS else TICKS_PER_SECOND // 2
        reply = self.reply
        if reply is not None and (reply.told or tick - reply.asked < beat):
            if not reply.told:
                return
            self.reply = reply = None
        cut = (tick // beat + 1) * beat if timeline.kind == BEATS else tick + beat // 2
        band = frozenset(range(BAND, BAND + len(self.values.band)))
        if reply is None:
            reply = self.reply = Reply(cut, None, self.values, committed=True)
            self.turn += 1
            self.answered = now
            reply.number = self.turn
            self._announce(reply)
            for slot in sorted(band):
                if self._channel(slot) != DRUM_CHANNEL:
                    program = self.values.band[slot - BAND]
                    self.out.append(Control(-1, program, self._channel(slot)))
        else:
            reply.count -= self.schedule.clear(cut)
            self.mind.drop(cut)
        reply.asked = tick
        self._variation += 1
        self._look = now
        first_by = cut + beat
        settings = self.values.settings()
        self.mind.ask(
            GenerateRequest(cut, first_by, None, band, settings, self._variation, 4 * beat)
        )

    def _wind_down(self, now: float) -> None:
        """The player has stopped: let what sounds end by itself."""
        reply = self.reply
        if reply is None or not reply.committed:
            return
        self.schedule.clear()
        self.mind.drop(math.ceil(self._tick(now) - reply.offset))
        self._look = math.inf


def known_mode(mode: object) -> bool:
    """Whether there is such a mode."""
    return isinstance(mode, str) and mode.lower() in MODES
