"""Studio: the network at work for all sessions, a slice at a time.

Every slice is one step or one note of up to `SEATS` sessions at once. The server runs slices
between the moments at which something is due, on its own thread: a note costs less than
the wake-up of another thread would, and nothing has to be locked.

Where few play, what there is to do is done at once. In a crowd, whoever waits for the first
note of an answer is served at once; the others are heard along, or a little later together,
because many notes in one step cost half of what they cost one by one.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from composer.ensemble import Stream
from composer.events import TICKS_PER_BEAT
from composer.grid import BEATS
from composer.live.mind import Ask
from composer.live.network_mind import NetworkMind
from composer.live.seats import BLOCKS, BlockTrunk, Seats
from composer.recall import Recall
from composer.runtime import Predictor, State

SEATS = 30
"""Sessions that are stepped or drawn together at most: a slice of two milliseconds."""
FEW = 16
"""Sessions up to which answers are thought of that may not be wanted, and nobody waits so
that others may be heard along."""
MORE = 3
"""Notes that are heard in one round, beyond the first, for someone who waits for an answer."""
REMEMBERED = 16
"""Pages of notes that come back in a jam: a thousand notes, some minutes of it. With hundreds of
players, more would be most of the memory that the server takes."""
STARTS = 64
"""Rosters whose first state is kept."""


class Studio:
    """The network, and who waits for it.

    Attributes:
        predictor: The network.
        minds: How many listen.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.minds = 0
        self.predictor = Predictor(predictor.config, BlockTrunk(predictor.trunk), predictor.heads)
        self._starts: dict[tuple[Any, ...], State] = {}
        self._behind: dict[NetworkMind, None] = {}
        self._urgent: dict[NetworkMind, None] = {}
        self._benches: list[Seats[NetworkMind]] = []
        self._to_hear = self._to_draw = self._more = 0
        self._drew = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._behind and not self._benches

    @property
    def crowded(self) -> bool:
        """Whether there are so many sessions that most are better heard along with others."""
        return self.minds > FEW

    @property
    def pressing(self) -> bool:
        """Whether there is something to do at once, not when more has come together."""
        if self.idle:
            return False
        return not self.crowded or self._to_hear > 0 or self._to_draw > 0

    @property
    def urgent(self) -> bool:
        """Whether someone waits for the first note of an answer."""
        return bool(self._urgent)

    def begin_round(self) -> None:
        """Enough has come together: one note is to be heard, and one drawn, for everyone."""
        self._to_hear, self._more = -(-len(self._behind) // SEATS), MORE
        self._to_draw = 0 if self._behind else len(self._benches)

    def mind(self) -> NetworkMind:
        """A new listener."""
        self.minds += 1
        return NetworkMind(self)

    def start(self, kind: str, bar: int, programs: tuple[int, ...]) -> State:
        """The state that knows who plays."""
        roster = (kind, bar, programs)
        if roster not in self._starts:
            if len(self._starts) >= STARTS:
                del self._starts[next(iter(self._starts))]
            # Sixteenths: only the length of the bar counts, and it is one of so many.
            metre = (max(bar // (TICKS_PER_BEAT // 4), 1), 16) if kind == BEATS else (4, 4)
            state = self.predictor.start(programs, kind, metre)
            recall = Recall.start(kind, REMEMBERED)
            context = replace(state.context, recalls=(recall,))
            self._starts[roster] = replace(state, context=context)
        return self._starts[roster]

    def warm_up(self) -> None:
        """Do everything once, so that the first player does not wait for it."""
        for count in BLOCKS:
            state = State.join([self.start(BEATS, 96, (0,))] * count)
            rows = np.tile(np.array([[0, 0, 60, 11, 20]], dtype=np.int64), (count, 1))
            self.predictor.step(rows, state)
        mind = self.mind()
        mind.begin(BEATS, 96, {0: 0})
        from composer.settings import Settings

        for step in range(4):
            mind.end(mind.hear(12 * step, 0, 60 + step, 80), 12 * step + 12)
        mind.ask(Ask(96, 96, 192, frozenset({0}), Settings(), 0, None))
        while not self.idle:
            self.work()
        self.forget(mind)

    def notice(self, mind: NetworkMind) -> None:
        """A mind has something to hear or to think of."""
        self._behind[mind] = None

    def hurry(self, mind: NetworkMind, wanted: bool) -> None:
        """Someone waits for a mind's first idea, or does not any more."""
        if wanted:
            self._urgent[mind] = None
        else:
            self._urgent.pop(mind, None)

    def forget(self, mind: NetworkMind) -> None:
        """A mind is gone."""
        mind.leave()
        self._behind.pop(mind, None)
        self.minds -= 1

    def work(self) -> list[NetworkMind]:
        """One slice. Returns the minds that have news."""
        if self.crowded and self._to_hear + self._to_draw > 0:
            return self._go_round()
        self._drew = bool(self._benches) and not (self._behind and self._drew)
        if self._drew:
            return self._draw()
        return self._listen() if self._behind else []

    def _go_round(self) -> list[NetworkMind]:
        """The next slice of a round: first notes are heard, then some are drawn."""
        if self._to_hear > 0:
            news = self._listen()
            self._to_hear -= 1
            if not self._to_hear and self._more and any(m in self._behind for m in self._urgent):
                self._to_hear, self._more = 1, self._more - 1
            if not self._to_hear:
                self._to_draw = len(self._benches)
            return news
        self._to_draw -= 1
        return self._draw() if self._benches else []

    def _listen(self) -> list[NetworkMind]:
        """Hear one note for some minds; those that have heard all may sit down to draw."""
        first = [mind for mind in self._urgent if mind in self._behind][:SEATS]
        for mind in self._behind:
            if len(first) >= SEATS:
                break
            if mind not in self._urgent:
                first.append(mind)
        steps, hearing, news = [], [], []
        for mind in first:
            del self._behind[mind]
            step = mind.next_step()
            if step is not None:
                steps.append(step)
                hearing.append(mind)
            else:
                news.append(mind)
        if steps:
            if len(steps) == 1:
                rows, state = steps[0]
            else:
                rows = np.concatenate([row for row, _ in steps])
                state = State.join([state for _, state in steps])
            after = self.predictor.step(rows, state)
            each = [after] if len(hearing) == 1 else after.split()
            for mind, own in zip(hearing, each, strict=True):
                mind.heard(own)
                if mind.behind:
                    self._behind[mind] = None
                else:
                    news.append(mind)
        self._seat([(mind, stream) for mind in news if (stream := mind.sit_down()) is not None])
        return news

    def _seat(self, new: list[tuple[NetworkMind, Stream]]) -> None:
        while new:
            bench = next((b for b in self._benches if len(b.taken) < SEATS), None)
            if bench is None:
                bench = Seats(self.predictor)
                self._benches.append(bench)
            room = SEATS - len(bench.taken)
            bench.seat(new[:room])
            new = new[room:]

    def _draw(self) -> list[NetworkMind]:
        """One note for everyone on a bench, where someone waits for the first one if any."""
        urgent = (
            index
            for index, bench in enumerate(self._benches)
            if any(mind in self._urgent for mind, _ in bench.taken)
        )
        bench = self._benches.pop(next(urgent, 0))
        news = bench.draw()
        if bench.taken:
            self._benches.append(bench)
        return news
