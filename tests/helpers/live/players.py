"""Players who do whatever comes to improviser, in fake time.

COMPOSER_JAM_SECONDS makes it longer or shorter; COMPOSER_JAM_SEED takes another player.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable

from composer.errors import SettingError
from composer.live.core.improviser import Improviser, ProposedNote
from composer.live.core.output import Output
from composer.live.core.parameters import MODES, PARAMETERS
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.core.sessions import Sessions
from composer.live.playing.inference import InferenceScheduler
from live.jam import check_paired

SECONDS = float(os.environ.get("COMPOSER_JAM_SECONDS", 3600))
SEED = int(os.environ.get("COMPOSER_JAM_SEED", 1))
PLAYERS = 3


class Players:
    """Some players at one engine, who come and go and do not care for manners."""

    def __init__(
        self, improviser: Callable[[], Improviser], scheduler: InferenceScheduler | None, seed: int
    ) -> None:
        self.engine = Sessions(improviser, logs=False, idle=60)
        self.scheduler = scheduler
        self.random = random.Random(seed)
        self.now = 0.0
        self.plays: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self.latest = 0.0
        self.refused = 0
        self.sent = 0

    def jam(self, seconds: float) -> None:
        chance = self.random
        while self.now < seconds:
            self.wait(chance.choice((0.0, 0.01, 0.05, 0.2, 0.3, 0.6, 2.0)) * chance.random() * 2)
            key = f"player {chance.randrange(PLAYERS)}"
            if chance.random() < 0.002:
                self.close(key)
                continue
            session = self.engine.session(key, self.now)
            act = chance.choices(list(ACTS), list(ACTS.values()))[0]
            try:
                act(session, self.now, chance)
            except SettingError:
                self.refused += 1
            self.keep(key, self.engine.touch(key, self.now))
            self.think()
            for idle in self.engine.expired(self.now):
                self.close(str(idle))
        self.wait(1.0)
        for key in list(self.engine.sessions):
            self.close(str(key))

    def close(self, key: str) -> None:
        closed = self.engine.close(key, self.now)
        if closed is not None:
            self.keep(key, closed[1])
            check_paired(self.plays.pop(key, []))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.engine.deadline() <= end:
            self.now = max(self.now, self.engine.deadline())
            for key, outputs in self.engine.advance(self.now):
                self.keep(str(key), outputs)
            self.think()
        self.now = end

    def think(self) -> None:
        while self.scheduler is not None and not self.scheduler.idle:
            for key, outputs in self.engine.news(self.scheduler.step(), self.now):
                self.keep(str(key), outputs)

    def keep(self, key: str, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Play):
                assert output.due <= self.now + 1e-9, "sent before it was due"
                if output.velocity:
                    self.latest = max(self.latest, self.now - output.due)
                self.plays[key].append(output[:3])
                self.sent += 1


def press(session: Session, now: float, chance: random.Random) -> None:
    channel = chance.choice((0, 0, 0, 1, 9))
    for _ in range(chance.choice((1, 1, 1, 3))):
        length = chance.choice((None, None, 0.1, 0.5))
        session.note_on(now, chance.randrange(40, 80), chance.randrange(128), channel, length)


def release(session: Session, now: float, chance: random.Random) -> None:
    for pitch in range(40, 80):
        if chance.random() < 0.8:
            session.note_off(now, pitch, chance.choice((0, 0, 0, 1, 9)))


def pedal(session: Session, now: float, chance: random.Random) -> None:
    session.control(now, chance.choice((64, 64, 64, 1, 123)), chance.choice((0, 0, 127)), 0)


def change(session: Session, now: float, chance: random.Random) -> None:
    name = chance.choice([name for name in PARAMETERS if name not in ("rng_seed", "wait")])
    if name in ("key", "metre", "band"):
        choices = {"key": ("auto", "C:minor", "off"), "metre": ("4/4", "3/4", "7/8")}
        session.set(now, name, chance.choice(choices.get(name, ("drums", "bass piano"))))
    else:
        session.set(now, name, PARAMETERS[name].from_fader(chance.random()))


def restore(session: Session, now: float, chance: random.Random) -> None:
    for parameter in PARAMETERS.values():
        if parameter.name != "high":
            session.set(now, parameter.name, parameter.default)


def sow(session: Session, now: float, chance: random.Random) -> None:
    count = chance.randrange(20)
    ideas = [ProposedNote(12 * i, 0, chance.randrange(40, 80), 12, 80) for i in range(count)]
    session.seed(now, ideas, {0: 0})


ACTS: dict[Callable[[Session, float, random.Random], object], float] = {
    press: 40,
    release: 30,
    pedal: 4,
    change: 1,
    restore: 0.5,
    sow: 0.2,
    lambda s, now, c: s.phrase_end(now): 4,
    lambda s, now, c: s.generate(now, {"bars": c.randrange(1, 5)}): 0.5,
    lambda s, now, c: s.set(now, "mode", c.choice(MODES)): 1,
    lambda s, now, c: s.tempo(now, c.choice((0, 60, 120, 173.3))): 0.5,
    lambda s, now, c: s.beat(now, c.randrange(64)): 0.5,
    lambda s, now, c: s.follow(now, c.random() * 5000, 60 + c.random() * 100): 0.5,
    lambda s, now, c: s.transport(now, c.random() < 0.8): 0.5,
    lambda s, now, c: s.program(c.randrange(16), c.randrange(128)): 0.3,
    lambda s, now, c: s.reset(now): 0.3,
    lambda s, now, c: s.panic(now): 0.3,
}
