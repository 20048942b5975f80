"""Clock bench: replies to a player whose host sends MIDI clock, held against the host's grid.

A host with a clock plays against a server in this process: every four bars a phrase of a bar
or less on the host's beat, then silence for the reply. The clock is steady, or what clocks
are on busy computers:

    steady      every pulse when it is due
    jitter      every pulse up to 3 ms early or late
    stall       nothing for a tenth of a second about when each reply begins, then all at once
    steps       another tempo every four bars

Conventions:
    Moments are seconds on the server's clock; results are milliseconds. Where a note belongs
    is known from `/composer/phrase/note`: so many beats after a bar line (`start` is bar) or a
    beat. Offsets are positive where a note comes too late. *Planned* is where the server
    meant the note to be, *sent* where it was sent, which also counts this computer's delays:
    *waking* is how late the host itself woke, which does nothing but sleep until a moment.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from composer import models
from composer.live.app import App, Options, open_app
from composer.live.bench.client import Wire
from composer.live.bench.load import quantiles
from composer.live.core.output import Control
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.playing.batch_slots import BLOCKS
from composer.live.wire.midi_player import MidiPlayer
from composer.live.wire.osc_clients import MAIN
from composer.network.predictor import Predictor

PULSES: Final = 24
"""Pulses of a beat."""
BAR: Final = 4
"""Beats of a bar."""
CYCLE: Final = 4 * BAR
"""Beats from one phrase to the next."""
TEMPO: Final = 120.0
STEPS: Final = (120.0, 126.0, 100.0, 140.0)
"""Beats per minute, one after another, where the tempo steps."""
JITTER: Final = 0.003
STALL: Final = 0.1
ON_THE_BEAT: Final = 0.010
"""Seconds from the beat within which a reply begins on it."""
KINDS: Final = ("steady", "jitter", "stall", "steps")

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Host:
    """A host's grid, and what its clock makes of it.

    Attributes:
        grid: Moment of each pulse.
        sent: Moment at which its message leaves.
    """

    grid: NDArray[np.float64]
    sent: NDArray[np.float64]

    @classmethod
    def make(cls, kind: str, origin: float, seconds: float, chance: random.Random) -> Host:
        """A host of one of `KINDS`, from a moment on and for so long."""
        grid, moment, pulse = [], origin, 0
        while moment < origin + seconds:
            grid.append(moment)
            step = pulse // (CYCLE * PULSES) % len(STEPS) if kind == "steps" else 0
            moment += 60 / STEPS[step] / PULSES
            pulse += 1
        sent = np.array(grid)
        if kind == "jitter":
            sent = np.sort(sent + [chance.uniform(-JITTER, JITTER) for _ in grid])
        elif kind == "stall":
            for first in range(0, len(grid), CYCLE * PULSES):
                # About when the reply begins, or a little later.
                begin = grid[first] + chance.uniform(3.5, 6.0) * 60 / TEMPO
                held = (sent >= begin) & (sent < begin + STALL)
                sent[held] = begin + STALL
        return cls(np.array(grid), sent)

    def beat(self, moment: float) -> float:
        """Where in the music a moment is."""
        return float(np.interp(moment, self.grid, np.arange(len(self.grid)))) / PULSES

    def beat_seconds(self, beat: float) -> float:
        """Seconds of the beat there."""
        pulse = min(int(beat * PULSES), len(self.grid) - 2)
        return float(self.grid[pulse + 1] - self.grid[pulse]) * PULSES


@dataclass(slots=True)
class Replies:
    """What was announced, and what was played.

    Attributes:
        starts: Of each reply, the beats at which it may begin: 1 (a beat) or `BAR`.
        notes: Of each reply, (pitch, beats from its beginning), as announced.
        plays: (moment, planned moment, pitch) of notes that were played.
    """

    starts: dict[int, int] = field(default_factory=dict)
    notes: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    plays: list[tuple[float, float, int]] = field(default_factory=list)

    def offsets(self, host: Host) -> Iterator[tuple[int, float, float]]:
        """Of each note that was played: its reply, and its offset as planned and as sent."""
        waiting: defaultdict[int, deque[tuple[int, float]]] = defaultdict(deque)
        for number, notes in self.notes.items():
            for pitch, start in notes:
                waiting[pitch].append((number, start))
        for sent, planned, pitch in self.plays:
            if not waiting[pitch]:
                continue
            number, start = waiting[pitch].popleft()
            yield (
                number,
                _off(host, planned, start, self.starts[number]),
                _off(host, sent, start, self.starts[number]),
            )


def _off(host: Host, moment: float, start: float, every: int) -> float:
    """Seconds by which a note is late, that belongs `start` beats after any `every`-th beat."""
    beat = host.beat(moment)
    late = (beat - start + every / 2) % every - every / 2
    return late * host.beat_seconds(beat)


class Recorder:
    """Stands where the MIDI ports would be."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.plays: list[tuple[float, float, int]] = []
        self._now = now

    def play(self, play: Play) -> None:
        """Note down a note that begins."""
        if play.velocity:
            self.plays.append((self._now(), play.due, play.pitch))

    def control(self, control: Control) -> None:
        """Controllers do not matter here."""


def follow(app: App, kind: str, seconds: float, seed: int = 1) -> dict[str, Any]:
    """Play to a server that runs, with one kind of clock. Returns the figures."""
    server, chance = app.server, random.Random(seed)
    player = MidiPlayer(lambda: server.engine.session(MAIN, server.now()), lambda message: None)
    recorder = server.player = Recorder(server.now)
    wire = Wire(app.ready["osc_port"])
    wire.send("session", MAIN)
    wire.wait("ok")
    wire.send("reset")
    host = Host.make(kind, server.now() + 0.5, seconds, chance)
    replies = Replies(plays=recorder.plays)

    def midi(moment: float, *message: int) -> Act:
        return lambda: _act(app, lambda session, now: player.receive(moment, bytes(message)))

    queue: list[tuple[float, int, Act]] = []

    def at(moment: float, act: Act) -> None:
        heapq.heappush(queue, (moment, len(queue), act))

    at(host.sent[0] - 0.01, midi(host.sent[0] - 0.01, 0xFA))
    for moment in host.sent.tolist():
        at(moment, midi(moment, 0xF8))
    starts = _phrases(app, host, chance, at, midi)
    waking: list[float] = []
    while queue:
        moment, _, act = heapq.heappop(queue)
        ahead = moment - server.now()
        if ahead > 0:
            time.sleep(ahead)
            waking.append(server.now() - moment)
        act()
        _hear(wire, replies, starts)
    time.sleep(0.2)
    _hear(wire, replies, starts)
    wire.send("panic")
    wire.close()
    return _figures(host, replies) | {"waking": quantiles(waking)}


def _phrases(
    app: App,
    host: Host,
    chance: random.Random,
    at: Callable[[float, Act], None],
    midi: Callable[..., Act],
) -> dict[int, int]:
    """Enter a phrase for every four bars. Returns where replies may begin, by cycle."""
    starts: dict[int, int] = {}
    cycles = len(host.grid) // (CYCLE * PULSES)
    for cycle in range(1, cycles):  # one cycle for the clock alone
        first = cycle * CYCLE * PULSES
        every, eighths = (BAR, 8) if cycle % 2 else (1, 6)
        starts[cycle] = every
        word = "bar" if every == BAR else "beat"
        at(host.grid[first] - 0.05, _setting(app, word))
        pitch = chance.randrange(60, 72)
        for eighth in range(eighths):
            pitch += chance.choice((-4, -3, -1, 0, 2, 3, 5))
            begin = host.grid[first + 12 * eighth]
            end = host.grid[first + 12 * eighth + 9]
            at(begin, midi(begin, 0x90, pitch, 90))
            at(end, midi(end, 0x80, pitch, 0))
        over = host.grid[first + 12 * eighths - 2]
        at(over, lambda: _act(app, lambda session, now: session.phrase_end(now)))
    return starts


def _setting(app: App, start: str) -> Act:
    def act(session: Session, now: float) -> None:
        session.silence(now)
        session.set(now, "start", start)

    return lambda: _act(app, act)


def _act(app: App, act: Callable[[Session, float], None]) -> None:
    app.server.post(lambda now: app.server.act(MAIN, act))


def _hear(wire: Wire, replies: Replies, starts: dict[int, int]) -> None:
    while (got := wire.receive()) is not None:
        values: Any = got[1].arguments
        if got[1].address == "/composer/phrase/begin":
            # A reply to each phrase, in order.
            cycle = len(replies.starts) + 1
            replies.starts[values[0]] = starts.get(cycle, 1)
            replies.notes[values[0]] = []
        elif got[1].address == "/composer/phrase/note" and values[0] in replies.notes:
            replies.notes[values[0]].append((values[1], values[2]))


def _figures(host: Host, replies: Replies) -> dict[str, Any]:
    rows = list(replies.offsets(host))
    by_reply: defaultdict[int, list[float]] = defaultdict(list)
    for number, planned, _ in rows:
        by_reply[number].append(planned)
    begun = [abs(float(np.median(offsets))) <= ON_THE_BEAT for offsets in by_reply.values()]
    return {
        "replies": len(replies.starts),
        "on_the_beat": sum(begun),
        "planned": quantiles([abs(planned) for _, planned, _ in rows]),
        "sent": quantiles([abs(sent) for _, _, sent in rows]),
        "bias_ms": round(1000 * float(np.median([p for _, p, _ in rows])), 3) if rows else None,
    }


def clock(
    model: str = "default", *, seconds: float = 60.0, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Every kind of clock, one after another.

    Args:
        model: Name or folder.
        seconds: Of each kind.
        say: Told what is being done.
    """
    predictor = Predictor.load(models.find(model), threads=1, sizes=BLOCKS)
    result: dict[str, Any] = {"model": model, "seconds": seconds, "clocks": {}}
    options = Options(osc_port=0, reply_port=None, model=model)
    with open_app(options, predictor) as app:
        thread = threading.Thread(target=app.server.run, name="composer server")
        thread.start()
        try:
            for kind in KINDS:
                if say is not None:
                    say(f"{kind}: {seconds:g} s")
                result["clocks"][kind] = follow(app, kind, seconds)
        finally:
            app.server.stop()
            thread.join()
    return result


def clock_lines(result: dict[str, Any]) -> Iterator[str]:
    """The figures, to be read."""
    yield f"Notes of replies against the host's grid, {result['seconds']:g} s of each clock, in ms:"
    for kind, figures in result["clocks"].items():
        planned, sent = figures["planned"], figures["sent"]
        yield (
            f"  {kind:8} planned: median {planned['median']:7.3f}  99 % {planned['p99']:8.3f}   "
            f"sent: median {sent['median']:7.3f}  99 % {sent['p99']:8.3f}   of {sent['count']}   "
            f"waking: 99 % {figures['waking']['p99']:8.3f}   "
            f"replies on the beat {figures['on_the_beat']} of {figures['replies']}"
        )
