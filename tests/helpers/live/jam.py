"""A jam without a clock or a wire: what goes in at which moment, and what comes out."""

from __future__ import annotations

from collections.abc import Callable

from composer.live.core.improviser import Improviser
from composer.live.core.output import Control, Output, Tell
from composer.live.core.parameters import Values
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.core.sessions import Sessions
from composer.live.playing.inference import InferenceScheduler

Sent = tuple[float, int, int]


class Jam:
    """One player and an engine, in fake time: `at` acts, `until` lets time pass."""

    def __init__(
        self,
        improviser: Improviser,
        bpm: float | None = None,
        scheduler: InferenceScheduler | None = None,
        **values: float | str,
    ) -> None:
        self.scheduler = scheduler
        self.values = Values()
        for name, value in values.items():
            self.values.set(name, value)
        self.engine = Sessions(lambda: improviser, self.values, bpm, logs=True)
        self.now = 0.0
        self.sent: list[tuple[float, Output]] = []
        self.session = self.engine.session("player", 0.0)

    def at(self, moment: float, act: Callable[[Session, float], object]) -> None:
        self.until(moment)
        act(self.session, moment)
        self.keep(self.engine.touch("player", moment))
        self._think()

    def until(self, moment: float) -> None:
        while self.engine.deadline() <= moment:
            self.now = max(self.engine.deadline(), self.now)
            for _, outputs in self.engine.advance(self.now):
                self.keep(outputs)
            self._think()
        self.now = moment

    def _think(self) -> None:
        while self.scheduler is not None and not self.scheduler.idle:
            for _, outputs in self.engine.news(self.scheduler.step(), self.now):
                self.keep(outputs)

    def keep(self, outputs: list[Output]) -> None:
        self.sent += [(self.now, output) for output in outputs]

    def play(self, notes: list[tuple[float, float, int]], channel: int = 0) -> None:
        """Play (onset, end, pitch) rows."""
        acts = [(on, 1, pitch) for on, _, pitch in notes]
        acts += [(off, 0, pitch) for _, off, pitch in notes]
        for moment, down, pitch in sorted(acts):
            self.at(moment, lambda s, t, p=pitch, d=down: s.note_on(t, p, 80 * d, channel))

    @property
    def plays(self) -> list[Sent]:
        """What sounded: (moment, pitch, velocity)."""
        return [(round(t, 3), o.pitch, o.velocity) for t, o in self.sent if isinstance(o, Play)]

    @property
    def said(self) -> list[tuple[object, ...]]:
        return [(o.address, *o.arguments) for _, o in self.sent if isinstance(o, Tell)]

    @property
    def controls(self) -> list[Control]:
        return [o for _, o in self.sent if isinstance(o, Control)]


def check_paired(plays: list[tuple[int, int, int]]) -> None:
    """Every on has its off, in order: (pitch, velocity, channel) rows."""
    sounding: set[tuple[int, int]] = set()
    for pitch, velocity, channel in plays:
        key = (channel, pitch)
        if velocity:
            assert key not in sounding, f"{key} is struck while it sounds"
            sounding.add(key)
        else:
            assert key in sounding, f"{key} ends without having begun"
            sounding.remove(key)
    assert not sounding, f"{sounding} sound at the end"
