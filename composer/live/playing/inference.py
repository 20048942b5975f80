"""Studio: the network at work for all sessions, a slice at a time.

Every slice is one step or one note of up to `SEATS` sessions at once. The server runs slices
between the moments at which something is due, on its own thread: a note costs less than
the wake-up of another thread would, and nothing has to be locked.

Where few play, what there is to do is done at once. In a crowd, only whoever waits for the
first note of an answer is served at once. All others are heard, and drawn for, together in
rounds: many notes in one step cost a third of what they cost one by one. Where rounds take
longer than they should, those who wait are first in a round, too.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from composer.encoding.events import TICKS_PER_BEAT
from composer.encoding.match_model import MatchModel
from composer.generation.stream import Stream
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.batch_slots import BLOCKS, BatchSlots
from composer.live.playing.network_improviser import NetworkImproviser
from composer.music.beat_grid import BEATS
from composer.network.predictor import Predictor
from composer.network.state import State

SEATS = 20
"""Sessions that are stepped or drawn together at most: more cost as much each, and whoever
waits for a first note waits for the slice that is being worked on."""
FEW = 16
"""Sessions up to which answers are thought of that may not be wanted, and nobody waits so
that others may be heard along."""
MORE = 3
"""Notes that are heard in one round, beyond the first, for someone who waits for an answer."""
TILE = 5
"""Sessions in a step whose number is no multiple of this cost as much as the next one that is
(see `composer.live.playing.batch_slots.BLOCKS`)."""
REMEMBERED = 16
"""Pages of notes that come back in a jam: a thousand notes, some minutes of it. With hundreds of
players, more would be most of the memory that the server takes."""
STARTS = 64
"""Rosters whose first state is kept."""


class InferenceScheduler:
    """The network, and who waits for it.

    Attributes:
        predictor: The network.
        minds: How many listen.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.minds = 0
        self.predictor = predictor
        self._starts: dict[tuple[Any, ...], State] = {}
        self._behind: dict[NetworkImproviser, None] = {}
        self._urgent: dict[NetworkImproviser, None] = {}
        self._benches: list[BatchSlots[NetworkImproviser]] = []
        self._first: BatchSlots[NetworkImproviser] = BatchSlots(
            self.predictor
        )  # who waits for a first note
        self._to_hear = self._to_draw = self._more = 0  # slices left of a round
        self._drew = self._hurried = self._late = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._behind and not self._benches and not self._first.taken

    @property
    def crowded(self) -> bool:
        """Whether there are so many sessions that most are better heard along with others."""
        return self.minds > FEW

    @property
    def pressing(self) -> bool:
        """Whether there is something to do at once, not when more has come together."""
        if not self.crowded:
            return not self.idle
        return self.going_round or self._hurries

    @property
    def going_round(self) -> bool:
        """Whether a round is not over yet."""
        return self._to_hear + self._to_draw > 0

    @property
    def _hurries(self) -> bool:
        """Whether someone is to have a first note outside of rounds."""
        if self._first.taken:
            return True
        if self._late and self.going_round:
            return False
        return any(mind in self._behind for mind in self._urgent)

    def begin_round(self, late: bool = False) -> None:
        """Enough has come together: one note is to be heard, and one drawn, for everyone.

        Args:
            late: Whether the last round took too long.
        """
        self._late, self._more = late, MORE
        self._to_hear = -(-len(self._behind) // SEATS)
        self._to_draw = 0 if self._to_hear else len(self._benches)

    def mind(self) -> NetworkImproviser:
        """A new listener."""
        self.minds += 1
        return NetworkImproviser(self)

    def start(self, kind: str, bar: int, programs: tuple[int, ...]) -> State:
        """The state that knows who plays."""
        roster = (kind, bar, programs)
        if roster not in self._starts:
            if len(self._starts) >= STARTS:
                del self._starts[next(iter(self._starts))]
            # Sixteenths: only the length of the bar counts, and it is one of so many.
            metre = (max(bar // (TICKS_PER_BEAT // 4), 1), 16) if kind == BEATS else (4, 4)
            state = self.predictor.start(programs, kind, metre)
            recall = MatchModel.start(kind, REMEMBERED)
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
        from composer.generation.settings import Settings

        for step in range(4):
            mind.end(mind.hear(12 * step, 0, 60 + step, 80), 12 * step + 12)
        mind.ask(GenerateRequest(96, 96, 192, frozenset({0}), Settings(), 0, None))
        while not self.idle:
            self.work()
        self.forget(mind)

    def notice(self, mind: NetworkImproviser) -> None:
        """A mind has something to hear or to think of."""
        self._behind[mind] = None

    def hurry(self, mind: NetworkImproviser, wanted: bool) -> None:
        """Someone waits for a mind's first idea, or does not any more."""
        if wanted:
            self._urgent[mind] = None
        else:
            self._urgent.pop(mind, None)

    def forget(self, mind: NetworkImproviser) -> None:
        """A mind is gone."""
        mind.leave()
        self._behind.pop(mind, None)
        self.minds -= 1

    def work(self) -> list[NetworkImproviser]:
        """One slice. Returns the minds that have news."""
        if self.crowded:
            # Of a round that is going on, one slice is done between any two answers.
            turn = self._first.taken or not self._hurried or not self.going_round
            self._hurried = bool(turn) and self._hurries
            if self._hurried:
                return self._hurry()
            if self.going_round:
                return self._go_round()
        self._join_benches()  # where it was crowded a moment ago
        self._drew = bool(self._benches) and not (self._behind and self._drew)
        if self._drew:
            return self._draw()
        return self._listen() if self._behind else []

    def _hurry(self) -> list[NetworkImproviser]:
        """Hear those who wait for a first note, or draw it."""
        if not self._first.taken:
            return self._listen(hurried=True)
        news = self._first.draw()
        self._join_benches()
        return news

    def _join_benches(self) -> None:
        """Let those who have their first note move to where the next ones are drawn."""
        first = self._first
        if not first.taken:
            return
        room = SEATS - len(first.taken)
        bench = next((bench for bench in self._benches if len(bench.taken) <= room), None)
        if bench is None:
            self._benches.append(first)
            self._first = BatchSlots(self.predictor)
        else:
            bench.take_in(first)

    def _go_round(self) -> list[NetworkImproviser]:
        """The next slice of a round: first notes are heard, then some are drawn."""
        if self._to_hear > 0:
            news = self._listen()
            self._to_hear -= 1
            waits = self._late and any(mind in self._behind for mind in self._urgent)
            if not self._to_hear and waits and self._more:
                self._to_hear, self._more = 1, self._more - 1
            if not self._to_hear:
                self._to_draw = len(self._benches)
            return news
        self._to_draw -= 1
        return self._draw() if self._benches else []

    def _listen(self, *, hurried: bool = False) -> list[NetworkImproviser]:
        """Hear one note for some minds; those that have heard all may sit down to draw.

        Args:
            hurried: Only for those who wait for a first note, and as many more as cost nothing.
        """
        first = [mind for mind in self._urgent if mind in self._behind][:SEATS]
        most = min(-(-len(first) // TILE) * TILE, SEATS) if hurried else SEATS
        for mind in self._behind:
            if len(first) >= most:
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
        seated = [(mind, stream) for mind in news if (stream := mind.sit_down()) is not None]
        if hurried:
            self._first.seat([seat for seat in seated if seat[0] in self._urgent])
            seated = [seat for seat in seated if seat[0] not in self._urgent]
        self._seat(seated)
        return news

    def _seat(self, new: list[tuple[NetworkImproviser, Stream]]) -> None:
        while new:
            bench = next((b for b in self._benches if len(b.taken) < SEATS), None)
            if bench is None:
                bench = BatchSlots(self.predictor)
                self._benches.append(bench)
            room = SEATS - len(bench.taken)
            bench.seat(new[:room])
            new = new[room:]

    def _draw(self) -> list[NetworkImproviser]:
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
