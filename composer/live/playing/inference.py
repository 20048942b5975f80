"""Inference scheduler: the network at work for all sessions, a step at a time.

Every step hears or draws one note for up to `SLOTS` sessions at once. The server runs steps
between the moments at which something is due, on its own thread: a note costs less than
the wake-up of another thread would, and nothing has to be locked.

Where few play, what there is to do is done at once. In a crowd, only sessions that wait for the
first note of a reply are served at once. All others are heard, and drawn for, together in
cycles: many notes in one step cost a third of what they cost one by one. Where cycles take
longer than they should, those that wait are first in a cycle, too.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np

from composer.encoding.events import TICKS_PER_BEAT
from composer.encoding.match_model import MatchModel
from composer.encoding.return_lookback import ReturnLookback
from composer.generation.seed_plan import planner_of
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.live.core.improviser import GenerateRequest
from composer.live.playing.batch_slots import BLOCKS, BatchSlots
from composer.live.playing.inference_queue import Queued
from composer.live.playing.network_improviser import NetworkImproviser
from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan
from composer.network.predictor import Predictor
from composer.network.state import State
from composer.planning.planner import Planner

logger = logging.getLogger(__name__)

SLOTS = 20
"""Sessions that are heard or drawn for together at most: more cost as much each, and whoever
waits for a first note waits for the step that is being worked on."""
FEW = 16
"""Sessions up to which replies are prepared that may not be wanted, and nobody waits so
that others may be heard along."""
MORE = 3
"""Notes that are heard in one cycle, beyond the first, for someone who waits for a reply."""
TILE = 5
"""Sessions in a step whose number is no multiple of this cost as much as the next one that is
(see `composer.live.playing.batch_slots.BLOCKS`)."""
REMEMBERED = 16
"""Pages of notes that come back in a jam: a thousand notes, some minutes of it. With hundreds of
players, more would be most of the memory that the server takes."""
KEPT_BARS = 64
"""Bars of a jam that a plan may take up."""
TAKES = 10
"""Times that an answer is tried at most: so many streams take twice as long as one."""
STARTS = 64
"""Rosters of parts whose first state is kept."""


class InferenceScheduler:
    """The network, and who waits for it: an `InferenceQueue`.

    Attributes:
        improvisers: How many there are.
        failed: Improvisers that raised an error and are served no more; whoever reads them
            takes them off the list.
    """

    def __init__(self, predictor: Predictor, planner: Planner | None = None) -> None:
        """Nobody waits.

        Args:
            predictor: The network.
            planner: What plans the bars of answers; None: that of the network's model, if any.
        """
        self.improvisers = 0
        self.failed: list[Queued] = []
        found = planner or planner_of(predictor)
        self._predictor = predictor
        self._planner = found if isinstance(found, Planner) else None
        self._starts: dict[tuple[Any, ...], State] = {}
        self._waiting: dict[Queued, None] = {}
        self._urgent: dict[Queued, None] = {}
        self._batches: list[BatchSlots] = []
        self._first = BatchSlots(self.predictor)  # streams whose first note is waited for
        self._to_hear = self._to_draw = self._more = 0  # steps left of a cycle
        self._drew = self._hurried = self._late = False

    @property
    def predictor(self) -> Predictor:
        """The network."""
        return self._predictor

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._waiting and not self._batches and not self._first.taken

    @property
    def crowded(self) -> bool:
        """Whether there are so many sessions that most are better served along with others."""
        return self.improvisers > FEW

    @property
    def pressing(self) -> bool:
        """Whether there is something to do at once, not when more has come together."""
        if not self.crowded:
            return not self.idle
        return self.in_cycle or self._hurries

    @property
    def in_cycle(self) -> bool:
        """Whether a cycle is not over yet."""
        return self._to_hear + self._to_draw > 0

    @property
    def _hurries(self) -> bool:
        """Whether a first note is to be served outside of cycles."""
        if self._first.taken:
            return True
        if self._late and self.in_cycle:
            return False
        return any(improviser in self._waiting for improviser in self._urgent)

    def begin_cycle(self, late: bool = False) -> None:
        """Enough has come together: one note is to be heard, and one drawn, for everyone.

        Args:
            late: Whether the last cycle took too long.
        """
        self._late, self._more = late, MORE
        self._to_hear = -(-len(self._waiting) // SLOTS)
        self._to_draw = 0 if self._to_hear else len(self._batches)

    def improviser(self) -> NetworkImproviser:
        """A new improviser."""
        self.improvisers += 1
        return NetworkImproviser(self)

    @property
    def planner(self) -> Planner | None:
        """What plans the bars of answers; None where the model has none."""
        return self._planner

    @property
    def takes(self) -> int:
        """How often an answer is tried: the fewer play, the oftener."""
        return max(min(TAKES, SLOTS // max(self.improvisers, 1)), 1)

    def initial_state(self, kind: str, bar: int, programs: tuple[int, ...]) -> State:
        """The state that knows who plays, and nothing else yet.

        In a crowd answers are not planned, and bars not kept for that.
        """
        planned = self._planner is not None and not self.crowded
        roster = (kind, bar, programs, planned)
        if roster not in self._starts:
            if len(self._starts) >= STARTS:
                del self._starts[next(iter(self._starts))]
            # Sixteenths: only the length of the bar counts, and it is one of so many.
            metre = (max(bar // (TICKS_PER_BEAT // 4), 1), 16) if kind == BEATS else (4, 4)
            state = self.predictor.start(programs, kind, metre)
            recall = MatchModel.start(kind, REMEMBERED)
            context = replace(state.context, recalls=(recall,))
            if planned:
                kits = (slot for slot, program in enumerate(programs) if program == DRUM_PROGRAM)
                returns = ReturnLookback.start(Plan(()), frozenset(kits), bar, kept=KEPT_BARS)
                context = replace(context, returns=(returns,))
            self._starts[roster] = replace(state, context=context)
        return self._starts[roster]

    def warm_up(self) -> None:
        """Do everything once, so that the first player does not wait for it."""
        for count in BLOCKS:
            state = State.join([self.initial_state(BEATS, 96, (0,))] * count)
            rows = np.tile(np.array([[0, 0, 60, 11, 20]], dtype=np.int64), (count, 1))
            self.predictor.step(rows, state)
        improviser = self.improviser()
        improviser.set_parts(BEATS, 96, {0: 0})
        for step in range(4):
            improviser.note_off(improviser.note_on(12 * step, 0, 60 + step, 80), 12 * step + 12)
        improviser.generate(GenerateRequest(96, 96, 192, frozenset({0}), Settings(), 0))
        while not self.idle:
            self.step()
        self.remove(improviser)

    def enqueue(self, improviser: Queued) -> None:
        """An improviser has notes to hear or to generate."""
        self._waiting[improviser] = None

    def set_urgent(self, improviser: Queued, urgent: bool) -> None:
        """A first note is waited for, or is not any more."""
        if urgent:
            self._urgent[improviser] = None
        else:
            self._urgent.pop(improviser, None)

    def remove(self, improviser: Queued) -> None:
        """An improviser is gone."""
        improviser.cancel()
        self._waiting.pop(improviser, None)
        self.improvisers -= 1

    def step(self) -> list[Queued]:
        """Hear or draw one note for some. Returns the improvisers that have news."""
        if self.crowded:
            # Of a cycle that is going on, one step is done between any two first notes.
            turn = self._first.taken or not self._hurried or not self.in_cycle
            self._hurried = bool(turn) and self._hurries
            if self._hurried:
                return self._serve_first()
            if self.in_cycle:
                return self._serve_cycle()
        self._join_batches()  # where it was crowded a moment ago
        self._drew = bool(self._batches) and not (self._waiting and self._drew)
        if self._drew:
            return self._draw()
        return self._hear() if self._waiting else []

    def _serve_first(self) -> list[Queued]:
        """Hear for those that wait for a first note, or draw it."""
        if not self._first.taken:
            return self._hear(hurried=True)
        news = self._draw_in(self._first)
        self._join_batches()
        return news

    def _join_batches(self) -> None:
        """Let streams that have their first note move to where the next ones are drawn."""
        first = self._first
        if not first.taken:
            return
        room = SLOTS - len(first.taken)
        batch = next((batch for batch in self._batches if len(batch.taken) <= room), None)
        if batch is None:
            self._batches.append(first)
            self._first = BatchSlots(self.predictor)
        else:
            batch.take_in(first)

    def _serve_cycle(self) -> list[Queued]:
        """The next step of a cycle: first notes are heard, then some are drawn."""
        if self._to_hear > 0:
            news = self._hear()
            self._to_hear -= 1
            waits = self._late and any(improviser in self._waiting for improviser in self._urgent)
            if not self._to_hear and waits and self._more:
                self._to_hear, self._more = 1, self._more - 1
            if not self._to_hear:
                self._to_draw = len(self._batches)
            return news
        self._to_draw -= 1
        return self._draw() if self._batches else []

    def _hear(self, *, hurried: bool = False) -> list[Queued]:
        """Hear one note for some; for those that have heard all, streams may be opened.

        Args:
            hurried: Only for those that wait for a first note, and as many more as cost nothing.
        """
        chosen = [improviser for improviser in self._urgent if improviser in self._waiting][:SLOTS]
        most = min(-(-len(chosen) // TILE) * TILE, SLOTS) if hurried else SLOTS
        for improviser in self._waiting:
            if len(chosen) >= most:
                break
            if improviser not in self._urgent:
                chosen.append(improviser)
        steps, hearing, news = [], [], []
        for improviser in chosen:
            del self._waiting[improviser]
            try:
                step = improviser.next_step()
            except Exception:  # one session's trouble is not the others'
                self._fail(improviser)
                continue
            if step is not None:
                steps.append(step)
                hearing.append(improviser)
            else:
                news.append(improviser)
        if steps:
            news += self._advance(steps, hearing)
        opened = []
        prepared = False
        for improviser in list(news):
            try:
                if improviser.unprepared:
                    self._waiting[improviser] = None
                    if not prepared:  # once in a step, so that nobody waits for long
                        prepared = True
                        improviser.prepare()
                    continue
                opened += [(improviser, stream) for stream in improviser.open_streams()]
            except Exception:
                self._fail(improviser)
                news.remove(improviser)
        if hurried:
            self._first.join([slot for slot in opened if slot[0] in self._urgent])
            opened = [slot for slot in opened if slot[0] not in self._urgent]
        self._join(opened)
        return news

    def _advance(self, steps: list[Any], hearing: list[Queued]) -> list[Queued]:
        """Run the network for some. Returns those that have heard all."""
        if len(steps) == 1:
            rows, state = steps[0]
        else:
            rows = np.concatenate([row for row, _ in steps])
            state = State.join([state for _, state in steps])
        after = self.predictor.step(rows, state)
        each = [after] if len(hearing) == 1 else after.split()
        heard = []
        for improviser, own in zip(hearing, each, strict=True):
            improviser.advance(own)
            if improviser.behind:
                self._waiting[improviser] = None
            else:
                heard.append(improviser)
        return heard

    def _fail(self, improviser: Queued) -> None:
        logger.exception("an improviser failed")
        improviser.cancel()
        self.failed.append(improviser)

    def _join(self, opened: list[tuple[Queued, Stream]]) -> None:
        """Let streams join batches that have room."""
        while opened:
            batch = next((b for b in self._batches if len(b.taken) < SLOTS), None)
            if batch is None:
                batch = BatchSlots(self.predictor)
                self._batches.append(batch)
            room = SLOTS - len(batch.taken)
            batch.join(opened[:room])
            opened = opened[room:]

    def _draw(self) -> list[Queued]:
        """One note for every stream of a batch, where a first one is waited for if any."""
        urgent = (
            index
            for index, batch in enumerate(self._batches)
            if any(improviser in self._urgent for improviser, _ in batch.taken)
        )
        batch = self._batches.pop(next(urgent, 0))
        news = self._draw_in(batch)
        if batch.taken:
            self._batches.append(batch)
        return news

    def _draw_in(self, batch: BatchSlots) -> list[Queued]:
        news = batch.draw()
        self.failed += batch.failed
        batch.failed.clear()
        return news
