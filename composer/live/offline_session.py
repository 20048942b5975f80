"""OfflineSession: a live session inside a program of one's own, without sockets or a clock.

The same session as `composer serve` runs, driven by whoever owns it: every call says at
which moment it happens, and the network does its work within the call.

Conventions:
    Moments are seconds from any beginning, and never run backwards. Channels are 0..15.
"""

from __future__ import annotations

from composer.encoding.events import TICKS_PER_BEAT
from composer.live.core.output import Output
from composer.live.core.parameters import Values
from composer.live.core.session import Session
from composer.live.core.sessions import Sessions
from composer.live.playing.inference import InferenceScheduler
from composer.network.predictor import Predictor

_KEY = "player"


class OfflineSession:
    """One player and composer.

    Attributes:
        session: The session, for all that has no method here: tempo, beats, seeds.
        now: The latest moment that was told.
    """

    def __init__(
        self, predictor: Predictor, *, bpm: float | None = None, **parameters: float | str
    ) -> None:
        """Begin at moment 0.

        Args:
            predictor: The network.
            bpm: Tempo in beats per minute; None to play in free time.
            parameters: Parameters as docs/osc.md lists them: `mode="continue"`, `bars=4` ...

        Raises:
            SettingError: There is no such parameter, or it does not take this value.
        """
        values = Values()
        for name, value in parameters.items():
            values.set(name, value)
        self._scheduler = InferenceScheduler(predictor)
        self._sessions = Sessions(self._scheduler.improviser, values, bpm)
        self.session: Session = self._sessions.session(_KEY, 0.0)
        self.now = 0.0
        self._sent: list[tuple[float, Output]] = []

    def note_on(self, moment: float, pitch: int, velocity: int = 80, channel: int = 0) -> None:
        """The player strikes a key.

        Args:
            moment: When.
            pitch: MIDI note number, 0..127.
            velocity: 1..127.
            channel: 0..15; 9 is the drums'.
        """
        self._advance(moment)
        self.session.note_on(moment, pitch, velocity, channel)
        self._touched()

    def note_off(self, moment: float, pitch: int, channel: int = 0) -> None:
        """The player lets a key go."""
        self._advance(moment)
        self.session.note_off(moment, pitch, channel)
        self._touched()

    def set(self, moment: float, name: str, value: float | str) -> None:
        """Change a parameter.

        Raises:
            SettingError: There is no such parameter, or it does not take this value.
        """
        self._advance(moment)
        self.session.set(moment, name, value)
        self._touched()

    def follow(self, moment: float, beat: float, bpm: float) -> None:
        """A host is on a beat, and goes at a tempo.

        Args:
            moment: When.
            beat: Counted from a bar line at 0.
            bpm: Beats per minute.
        """
        self._advance(moment)
        self.session.follow(moment, beat * TICKS_PER_BEAT, bpm)
        self._touched()

    def until(self, moment: float) -> list[tuple[float, Output]]:
        """Let time pass.

        Returns:
            What composer did since it was asked last, as (moment, output) in order: notes
            that begin or end (`Play`, with velocity 0 at the end), controllers and what
            would be told over OSC.
        """
        self._advance(moment)
        sent, self._sent = self._sent, []
        return sent

    def _advance(self, moment: float) -> None:
        if moment < self.now:
            raise ValueError(f"moment {moment} lies before {self.now}, the latest one told")
        while (due := self._sessions.deadline()) <= moment:
            self.now = max(due, self.now)
            for _, outputs in self._sessions.advance(self.now):
                self._keep(outputs)
            self._work()
        self.now = moment

    def _touched(self) -> None:
        self._keep(self._sessions.touch(_KEY, self.now))
        self._work()

    def _work(self) -> None:
        while not self._scheduler.idle:
            for _, outputs in self._sessions.news(self._scheduler.step(), self.now):
                self._keep(outputs)

    def _keep(self, outputs: list[Output]) -> None:
        self._sent += [(self.now, output) for output in outputs]
