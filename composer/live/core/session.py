"""Session: one player's jam, as it is told and asked. No I/O.

What arrives is handed in with the moment at which it did; what is to be sent is found in
`Session.out` afterwards. `deadline` says when the session wants to be asked again. Whose
turn it is: see `composer.live.core.turns`.

Conventions:
    Moments are seconds on the server's clock, ticks event ticks of the session's timeline.
    Channels are 0..15 here, and 1..16 where a person sets them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import SettingError
from composer.live.core.accompaniment import Accompaniment
from composer.live.core.call import CallAndResponse
from composer.live.core.harmoniser import Harmoniser
from composer.live.core.improviser import BAND, NOBODY, Improviser, ProposedNote
from composer.live.core.keyboard import HeldKey
from composer.live.core.output import Output, Tell, all_off
from composer.live.core.parameters import ACCOMPANY, CALL, CONTINUE, Value, Values
from composer.live.core.parts import Parts
from composer.live.core.phrases import PhraseTracker
from composer.live.core.reply_player import ReplyPlayer
from composer.live.core.scheduler import Scheduler
from composer.live.core.session_log import SessionLog
from composer.live.core.status import status
from composer.live.core.strategy import Strategy
from composer.live.core.timeline import Timeline
from composer.live.core.turns import PlayerState, ReplyState
from composer.music.beat_grid import BEATS, FREE
from composer.music.timing import bar_ticks

SUSTAIN = 64
FIRST_MODE_MESSAGE = 120
"""Controllers from here on end all notes ("MIDI 1.0", Channel Mode Messages)."""
GENERATED_BARS = 4
"""Bars of a reply that is asked for out of turn, if nothing says how long it is."""


class Session:
    """One jam.

    Attributes:
        values: Its parameters.
        timeline: Where it stands in the music.
        improviser: Who hears it and proposes notes.
        parts: Who plays.
        phrases: The player's side.
        player: Composer's side.
        call: Composer's answers, and what the player likes of them.
        heard: Notes heard so far.
        seen: Moment of the last thing that arrived.
    """

    def __init__(
        self,
        now: float,
        improviser: Improviser,
        values: Values | None = None,
        bpm: float | None = None,
        log: SessionLog | None = None,
    ) -> None:
        """Nothing was played.

        Args:
            now: The moment.
            improviser: Who hears it and proposes notes.
            values: Its parameters; None for the usual ones.
            bpm: Its tempo; None for free time.
            log: Where what is played is kept; None for nowhere.
        """
        self.values = values or Values()
        self.timeline = Timeline(now, bpm, self.values.metre)
        self.improviser = improviser
        self.parts, self.phrases = Parts(), PhraseTracker()
        self.player = ReplyPlayer(self.values, self.timeline, self.parts, improviser, log)
        self.heard, self.seen = 0, now
        self.call = CallAndResponse(
            self.values, self.timeline, self.parts, improviser, self.phrases, self.player
        )
        self._accompaniment = Accompaniment(self.values, self.timeline, self.phrases, self.player)
        self._harmoniser = Harmoniser(self.values)
        self._numbers: dict[HeldKey, int] = {}

    @property
    def mode(self) -> str:
        """call, continue, accompany or off."""
        return self.values.text("mode")

    @property
    def log(self) -> SessionLog | None:
        """What was played, if that is kept."""
        return self.player.log

    @log.setter
    def log(self, log: SessionLog | None) -> None:
        self.player.log = log

    @property
    def schedule(self) -> Scheduler:
        """Composer's notes to come, and those that sound."""
        return self.player.schedule

    @property
    def turn(self) -> int:
        """Id of the last reply."""
        return self.player.turn

    @property
    def _strategy(self) -> Strategy:
        return self._accompaniment if self.mode == ACCOMPANY else self.call

    def take_output(self) -> list[Output]:
        """What is to be sent, in order; it is given out once."""
        out, self.player.out = self.player.out, []
        return out

    # What the player does.

    def note_on(
        self,
        now: float,
        pitch: int,
        velocity: int,
        channel: int,
        length: float | None = None,
        player: Hashable = None,
    ) -> None:
        """The player strikes a key.

        Args:
            now: The moment.
            pitch: 0..127.
            velocity: 0..127; 0 lets the key go.
            channel: 0..15.
            length: Seconds, if the note's end is known already.
            player: Whose key it is, where several play in one session.
        """
        if velocity <= 0:
            self.note_off(now, pitch, channel, player)
            return
        if self.values.number("channel_in") not in (0, channel + 1) or not self.timeline.running:
            return
        if self.timeline.kind == BEATS:
            self.timeline.anchor(now)
        self._strategy.strike(now)
        key = HeldKey(channel, pitch, player)
        self._ended(now, self.phrases.press(now, key, length))
        moved = self.parts.note_on(channel)
        if moved is not None:
            self._set_parts(moved)
        self.heard += 1
        ticks = None if length is None else round(length * self.timeline.ticks_per_second)
        slot = self.parts.slot(channel)
        self._accompaniment.press(tick := self._tick(now), slot, pitch)
        self._numbers[key] = self.improviser.note_on(tick, slot, pitch, velocity, ticks)
        if self.log is not None:
            self._log_place(now)
            self.log.begin(now, key, velocity)
        self._mirror("heard", pitch, velocity, channel + 1)
        channel, sounding = self.player.channel(slot), self.schedule.sounding
        for play in self._harmoniser.press(now, key, velocity, channel, sounding):
            self.player.send(play)
        self._strategy.struck(now)

    def note_off(self, now: float, pitch: int, channel: int, player: Hashable = None) -> None:
        """The player lets a key go."""
        self._ended(now, self.phrases.keyboard.release(now, HeldKey(channel, pitch, player)))

    def lift_keys(self, now: float, player: Hashable = None) -> None:
        """All keys come up, or those of one player, who is gone."""
        keys = self.phrases.keyboard
        ended = keys.release_all(now) if player is None else keys.release_player(now, player)
        self._ended(now, ended)

    def control(self, now: float, number: int, value: int, channel: int) -> None:
        """The player moves a controller: the sustain pedal, or an MPE zone's configuration."""
        if number == SUSTAIN:
            self._ended(now, self.phrases.keyboard.pedal(now, channel, value >= 64))
        elif number >= FIRST_MODE_MESSAGE:
            self.lift_keys(now)
        else:
            moved = self.parts.control(channel, number, value)
            if moved:
                self._set_parts(moved)

    def program(self, channel: int, program: int) -> None:
        """The player takes another instrument."""
        if self.parts.program(channel, program):
            self._set_parts()

    def phrase_end(self, now: float) -> None:
        """The player says that it is composer's turn."""
        self.lift_keys(now)
        if self.phrases.count and self.mode in (CALL, CONTINUE):
            if self.player.on_turn:
                self.player.silence(now)
            self.call.commit(now)

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
        self.lift_keys(now)
        self.player.silence(now)
        if self.timeline.kind == BEATS:
            self.timeline.anchor(now)
        if not (values.number("bars") or values.text("form")):
            values.set("bars", GENERATED_BARS)
        self.call.request(now, values)
        self.call.commit(now, number)
        return self.player.turn

    def set(self, now: float, name: object, value: object) -> None:
        """Change a parameter.

        Raises:
            SettingError: No such parameter, or not such a value.
        """
        mode = self.mode
        name = self.values.set(name, value, bars=self.timeline.kind == BEATS)
        if name in ("metre", "band") or (name == "mode" and self.mode != mode):
            self.player.silence(now)
            if name == "metre" and self.timeline.kind == BEATS:
                self.timeline.bar = bar_ticks(*self.values.metre, TICKS_PER_BEAT)
            self._set_parts()
        elif self.player.state is ReplyState.PREPARED:
            self.player.withdraw()  # prepared under the old value
        self._mirror("changed", name, self.values.get(name))

    def reset(self, now: float) -> None:
        """Forget all that was played; parameters and tempo stay."""
        self.player.silence(now)
        self.lift_keys(now)
        for whatever in (self.phrases, self.parts, self._accompaniment, self._harmoniser):
            whatever.clear()
        self.player.reset()
        self.heard = 0
        self.improviser.reset()

    def seed(self, now: float, notes: list[ProposedNote], programs: dict[int, int]) -> None:
        """Take notes as if they had just been played, ending at the next bar line.

        Args:
            now: The moment.
            notes: Ticks from a bar line at 0, in the timeline's kind; slots are channels.
            programs: Of the slots.
        """
        self.reset(now)
        if not notes:
            return
        self.parts.programs.update(programs)
        self._set_parts()
        bar = self.timeline.bar if self.timeline.kind == BEATS else 1
        last = max(note.onset + note.duration for note in notes)
        shift = (self._tick(now) - last) // bar * bar
        for note in sorted(notes):
            start = note.onset + shift
            number = self.improviser.note_on(start, note.slot, note.pitch, note.velocity)
            self.improviser.note_off(number, start + note.duration)
            self.heard += 1

    # What the host does.

    def tempo(self, now: float, bpm: float) -> None:
        """The tempo is known now; 0 makes it free again."""
        if bpm <= 0 or self.timeline.kind == FREE:
            if bpm > 0 or self.timeline.kind == BEATS:
                self.player.silence(now)
                self.timeline.restart(now, bpm if bpm > 0 else None, self.values.metre)
                self._set_parts()
        else:
            self.timeline.set_tempo(now, bpm)
        self._log_place(now)
        self._mirror("changed", "tempo", round(max(bpm, 0.0), 3))

    def beat(self, now: float, beat: float) -> None:
        """The host's beat falls now."""
        if self.timeline.kind == FREE:
            self.tempo(now, 120.0)
        if self.timeline.beat(now, beat):
            self.player.silence(now)
        self._log_place(now)

    def follow(self, now: float, tick: float, bpm: float) -> None:
        """The host is at a tick now and goes at a tempo."""
        if self.timeline.kind == FREE:
            self.tempo(now, bpm)
        if self.timeline.follow(now, tick, bpm):
            self.player.silence(now)
        self._log_place(now)

    def transport(self, now: float, running: bool) -> None:
        """The host starts or stops."""
        if running:
            self.timeline.start(now)
            self._log_place(now)
        elif self.timeline.running:
            self.player.silence(now)
            self.lift_keys(now)
            self.phrases.take()
            self.timeline.stop(now)

    def _log_place(self, now: float) -> None:
        """Note down where the music is, for the file of the jam."""
        if self.log is not None:
            line = self.timeline
            beat = line.tick(now) / TICKS_PER_BEAT if line.kind == BEATS else None
            self.log.place(now, beat, line.bpm, self.values.metre)

    # Time goes by.

    def deadline(self) -> float:
        """The moment at which `update` has something to do; infinite if never."""
        moment = min(self.phrases.keyboard.deadline(), self.player.deadline())
        if self.phrases.state is PlayerState.RESTING:
            moment = min(moment, self._strategy.deadline())
        return moment

    def update(self, now: float) -> None:
        """Do what is due by now; also to be called when the improviser has news."""
        for moment, key in self.phrases.keyboard.release_due(now):
            self._ended(moment, [key])
        if self.phrases.state is PlayerState.RESTING:
            self._strategy.rest(now)
        self.player.collect(now)
        self.player.play(now)

    @property
    def waits(self) -> bool:
        """Whether anything depends on what its improviser has heard or proposed."""
        return self.player.reply is not None or self.phrases.state is PlayerState.RESTING

    def silence(self, now: float) -> None:
        """Stop playing at once; what was played so far has been played."""
        self.player.silence(now)

    def panic(self, now: float) -> None:
        """Silence everything, and say so to every channel."""
        self.player.silence(now)
        self.lift_keys(now)
        self.phrases.take()
        for channel in range(16):
            self.player.out += all_off(channel)

    def close(self, now: float) -> None:
        """The session ends: silence what it started."""
        self.player.silence(now)
        self.lift_keys(now)
        for channel in sorted(self.player.used):
            self.player.out += all_off(channel)
        self.player.listener = None  # else the two would hold each other

    def status(self, now: float) -> list[tuple[str, Value]]:
        """How it stands, as names and values; the beat is -1 in free time."""
        return status(self.values, self.timeline, self.heard, self.phrases, self.player, now)

    # Inside.

    def _mirror(self, address: str, *arguments: object) -> None:
        """Tell what a player did to all who listen, if that is wanted."""
        if self.values.on("mirror"):
            self.player.out.append(Tell(address, arguments))

    def _tick(self, now: float) -> int:
        return round(self.timeline.tick(now))

    def _set_parts(self, moved: Mapping[int, int] = NOBODY) -> None:
        """Tell the improviser who plays."""
        band = self.values.band if self.mode == ACCOMPANY else ()
        moved = {**moved, **self.parts.reserve(len(band))}
        programs = dict(self.parts.programs)
        if self.log is not None:
            self.log.programs.update(programs)
        if programs or band:
            programs |= {BAND + index: program for index, program in enumerate(band)}
            self.improviser.set_parts(self.timeline.kind, self.timeline.bar, programs, moved)

    def _ended(self, now: float, keys: list[HeldKey]) -> None:
        for key in keys:
            self.parts.note_off(key.channel)
            self._accompaniment.release(self._tick(now), key.pitch)
            for play in self._harmoniser.release(now, key):
                self.player.send(play)
            if (number := self._numbers.pop(key, None)) is not None:
                self.improviser.note_off(number, self._tick(now))
                self._mirror("heard", key.pitch, 0, key.channel + 1)
            if self.log is not None:
                self.log.end(now, key)
