"""MIDI player: MIDI messages for the main session, and its notes as MIDI messages.

Conventions:
    Messages are bytes without running status. Moments are seconds; that of a message is the
    one at which it came, not at which it is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from composer.errors import SettingError
from composer.live.core.marks import SAID, say
from composer.live.core.midi_clock import ClockFollower
from composer.live.core.output import Control
from composer.live.core.parameters import find
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.wire.echo_guard import EchoGuard
from composer.live.wire.sounding_notes import SoundingFile

SETTLED = 1.0
"""Seconds without a movement after which a controller that was learned may be used."""
PRESSED = 64
"""Value from which on a button is pressed ("MIDI 1.0", Control Change: switches)."""
NOT_LEARNED = (64, 120, 121, 123)
"""The pedal, and what ends all notes."""

Send = Callable[[Sequence[int]], None]


class MidiPlayer:
    """One player's MIDI side.

    Attributes:
        learned: Controller number -> parameter, or word of `composer.live.core.marks`.
        to_learn: Parameters and words for which the next controllers moved will be learned.
        on_learned: Called with a controller and what it is for.
        echoes: Tells composer's own notes, sent back by a loop, from the player's.
    """

    def __init__(
        self,
        session: Callable[[], Session],
        send: Send,
        sounding: SoundingFile | None = None,
        ports: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Nothing played yet.

        Args:
            session: The session of the moment.
            send: Sends a message to the ports.
            sounding: Where sounding notes are noted down.
            ports: Names of the ports that are played to.
        """
        self.learned: dict[int, str] = {}
        self.to_learn: deque[str] = deque()
        self.on_learned: Callable[[int, str], None] = _tell_nobody
        self.echoes = EchoGuard()
        self._moved: dict[int, float] = {}
        self._down: set[int] = set()  # buttons that are held
        self._session, self._send = session, send
        self._sounding, self._ports = sounding, ports
        self._on: set[tuple[int, int]] = set()  # (channel, pitch) sent and not ended
        self.clock = ClockFollower(self._follow, self._transport)

    # In.

    def receive(self, now: float, message: bytes) -> None:
        """Act on a message."""
        if not message or self.clock.receive(now, message):
            return
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        data = message[1:]
        session = self._session()
        session.seen = now
        if kind == 0x90 and len(data) == 2 and data[1]:
            if not self.echoes.is_echo(now, channel, data[0], data[1]):
                session.note_on(now, data[0], data[1], channel)
        elif kind in (0x80, 0x90) and len(data) == 2:
            if not self.echoes.is_end_of_echo(channel, data[0]):
                session.note_off(now, data[0], channel)
        elif kind == 0xB0 and len(data) == 2:
            self._control(now, session, data[0], data[1], channel)
        elif kind == 0xC0 and len(data) == 1:
            session.program(channel, data[0])

    def _control(self, now: float, session: Session, number: int, value: int, channel: int) -> None:
        # A fader sends many values: the one just learned is not the next one too.
        if self.to_learn and number not in self.learned and number not in NOT_LEARNED:
            self.learned[number] = self.to_learn.popleft()
            self._moved[number] = now
            self.on_learned(number, self.learned[number])
        name = self.learned.get(number)
        if name is None:
            session.control(now, number, value, channel)
            return
        # The movement that taught a controller sets nothing.
        if now - self._moved.get(number, -SETTLED) < SETTLED:
            self._moved[number] = now
            return
        try:
            if name in SAID:
                self._button(now, session, number, value, name)
            else:
                session.set(now, name, find(name).from_fader(value / 127))
        except SettingError:  # low above high, for example, or no reply yet: nothing is done
            return

    def _button(self, now: float, session: Session, number: int, value: int, word: str) -> None:
        """A button is pressed or let go: pressed once, it says its word once."""
        held = number in self._down
        if value < PRESSED:
            self._down.discard(number)
        elif not held:
            self._down.add(number)
            say(session, now, word)

    def _follow(self, now: float, tick: float, bpm: float) -> None:
        session = self._session()
        if session.values.on("sync"):
            session.follow(now, tick, bpm)

    def _transport(self, now: float, running: bool) -> None:
        session = self._session()
        if session.values.on("sync"):
            session.transport(now, running)

    # Out.

    def play(self, play: Play) -> None:
        """Send a note."""
        if play.velocity:
            self._note(play)  # recorded before it begins, and until after it has ended
            self._on.add((play.channel, play.pitch))
            self._send((0x90 | play.channel, play.pitch, play.velocity))
            self.echoes.sent(play.due, play.channel, play.pitch, play.velocity)
        else:
            self._on.discard((play.channel, play.pitch))
            self._send((0x80 | play.channel, play.pitch, 0))
            self._note(play)

    def end(self, channel: int, pitch: int) -> None:
        """End a note of an earlier process, unless this one plays it now."""
        if (channel, pitch) not in self._on:
            self._send((0x80 | channel, pitch, 0))

    def _note(self, play: Play) -> None:
        if self._sounding is not None:
            for name in self._ports():
                self._sounding.set(f"midi {name}", play.channel, play.pitch, play.velocity > 0)

    def control(self, control: Control) -> None:
        """Send a controller, or with number -1 a program change."""
        if control.number < 0:
            self._send((0xC0 | control.channel, control.value))
        else:
            self._send((0xB0 | control.channel, control.number, control.value))


def _tell_nobody(number: int, name: str) -> None:
    del number, name
