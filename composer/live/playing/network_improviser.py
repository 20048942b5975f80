"""Network mind: what one session has heard, as the network's state, and its ideas.

Conventions:
    Ticks are event ticks. Slots outside are the session's (see `composer.live.core.improviser`),
    inside the network's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import RepetitionLimits, RepetitionTracker
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    PART,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    velocity_of,
)
from composer.generation.stream import Stream
from composer.live.core.improviser import BAND, GenerateRequest, ProposedNote
from composer.live.playing.history import Entry, PlayerHistory
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import BEATS
from composer.network.state import State

if TYPE_CHECKING:
    from composer.live.playing.inference import InferenceScheduler

CHUNK = 12
"""Notes of an endless reply drawn before it is looked whether more are wanted."""
MOST = 4096
"""Notes of a reply at most."""
LISTENED = 64
"""Last notes of the player from which a reply's limits are made."""
KEPT_WHEN_SEATED = 48
"""Notes that are heard again when someone new sits down."""


class NetworkImproviser:
    """A `composer.live.core.improviser.Improviser` made of the network."""

    def __init__(self, studio: InferenceScheduler) -> None:
        self._studio = studio
        self._memory: PlayerHistory | None = None
        self._slots: list[int] = []
        self._programs: tuple[int, ...] = ()
        self._open: dict[int, Entry] = {}
        self._count = 0
        self._length = TICKS_PER_BEAT
        self._ask: GenerateRequest | None = None
        self._band: frozenset[int] | None = None  # who was asked last, if it was the band
        self._stream: Stream | None = None
        self._chunk = 0
        self._drawn = 0
        self._joined = 0  # notes in the memory when the stream began
        self._clock = 0
        self._until = 0
        # What the next chunk has to know of the ones before: their bars; since when every
        # note was the expected one, and until when recall rests, in ticks.
        self._ear = RepetitionTracker()
        self._copying: int | None = None
        self._deaf = 0
        self._chunked = False
        self._ideas: list[ProposedNote] = []
        self._given = False
        self._closing: float | None = None

    @property
    def behind(self) -> bool:
        """Whether it has notes to hear."""
        memory = self._memory
        if memory is None:
            return False
        return (memory.behind if self._eager else memory.behind_player) > 0

    @property
    def at_ease(self) -> bool:
        """See `Improviser`."""
        return not self._studio.crowded

    @property
    def _eager(self) -> bool:
        """Whether notes are to be drawn after all that there are."""
        if self._ask is None or self._stream is not None:
            return False
        return not self._given or self._clock < self._until

    @property
    def listening(self) -> bool:
        """See `Improviser`."""
        memory = self._memory
        return memory is not None and memory.behind_player > 0

    @property
    def done(self) -> bool:
        """See `Improviser`."""
        return self._ask is None and not self._ideas

    def begin(self, kind: str, bar: int, programs: dict[int, int]) -> None:
        """See `Improviser`."""
        self.leave()
        old, slots = self._memory, self._slots
        self._slots = sorted(programs)
        self._programs = tuple(programs[slot] for slot in self._slots)
        self._memory = None
        if not programs:
            self._open.clear()
            return
        memory = PlayerHistory(kind, bar, self._studio.start(kind, bar, self._programs))
        if old is not None and old.kind == kind:
            kept = [e for e in old.entries if slots[e.slot] in programs][-KEPT_WHEN_SEATED:]
            for entry in kept:
                entry.slot = self._slots.index(slots[entry.slot])
                memory.add(entry)
        else:
            self._open.clear()
        self._memory = memory
        self._notice()

    def hear(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        """See `Improviser`."""
        assert self._memory is not None, "begin comes first"
        own = self._slots.index(slot)
        if self.done and self._band is None:
            # Who plays over an answer has heard enough of it. What is left is played, but as
            # one part that plays two things at once it would tell the next answer little.
            self._memory.drop(tick)
        length = self._length if length is None else max(length, 1)
        entry = Entry(tick, own, pitch, length, min(velocity, 127) // 4, False)
        self._count += 1
        self._open[self._count] = self._memory.add(entry)
        self._notice()
        return self._count

    def end(self, number: int, tick: int) -> None:
        """See `Improviser`."""
        entry = self._open.pop(number, None)
        if entry is None or self._memory is None:
            return
        self._length = max(tick - entry.onset, 1)
        if self._memory.lengthen(entry, self._length):
            self._notice()

    def ask(self, ask: GenerateRequest) -> None:
        """See `Improviser`."""
        self.leave()
        self._ask = ask
        self._given, self._chunk = False, 0
        self._chunked = ask.ahead is not None or ask.end is None
        self._studio.hurry(self, True)
        self._ear = RepetitionTracker()
        if ask.slots != self._band:
            self._copying, self._deaf = None, 0
        self._band = ask.slots if min(ask.slots, default=0) >= BAND else None
        self._until = ask.join + (1 << 40 if ask.ahead is None else ask.ahead)
        self._notice()

    def want(self, tick: int) -> None:
        """See `Improviser`."""
        if self._ask is not None and self._ask.ahead is not None:
            self._until = tick + self._ask.ahead
            if self._stream is None:
                self._notice()

    def drop(self, tick: int) -> None:
        """See `Improviser`."""
        self.leave()
        if self._memory is not None:
            self._memory.drop(tick)
            self._notice()

    def move(self, ticks: int) -> None:
        """See `Improviser`."""
        ask = self._ask or self._last
        if ask is None or self._memory is None or not ticks:
            return
        self._memory.move(ask.join, ticks)
        self._ideas = [idea._replace(onset=idea.onset + ticks) for idea in self._ideas]
        moved = GenerateRequest(
            ask.join + ticks,
            ask.first_by + ticks,
            None if ask.end is None else ask.end + ticks,
            ask.slots,
            ask.settings,
            ask.variation,
            ask.ahead,
        )
        if self._ask is None:
            self._last = moved
            return
        self._ask, self._until = moved, self._until + ticks
        # What is being drawn is drawn again, from the moved notes.
        self._cancel()
        self._notice()

    def take(self) -> list[ProposedNote]:
        """See `Improviser`."""
        ideas, self._ideas = self._ideas, []
        return ideas

    def closing(self) -> float | None:
        """See `Improviser`."""
        memory = self._memory
        if memory is None:
            return 0.0
        if memory.behind_player:
            return None
        if self._closing is None:
            columns = memory.state.context.fresh()
            logits = self._studio.predictor.logits(SHIFT, memory.state, columns)[0]
            p = np.exp(logits - logits.max())
            soon = TICKS_PER_BEAT if memory.kind == BEATS else TICKS_PER_SECOND * 3 // 4
            late = p[END] + p[:END][SHIFT_TICKS.searchsorted(soon, side="right") :].sum()
            self._closing = float(late / p.sum())
        return self._closing

    # For the studio.

    _last: GenerateRequest | None = None

    def leave(self) -> None:
        """Have no more ideas, and forget those not given out."""
        self._cancel()
        self._last, self._ask = self._ask or self._last, None
        self._ideas.clear()
        self._studio.hurry(self, False)

    def next_step(self) -> tuple[NDArray[np.int64], State] | None:
        """The next note to hear; None if all are heard."""
        if self._memory is None or not self.behind:
            return None
        return self._memory.next_step()

    def heard(self, state: State) -> None:
        """The state after `next_step`."""
        if self._memory is not None:
            self._memory.heard(state)
        self._closing = None

    def sit_down(self) -> Stream | None:
        """A stream to draw the next notes from, if some are wanted now."""
        ask, memory = self._ask, self._memory
        if ask is None or memory is None or self._stream is not None:
            return None
        if self._given and self._clock >= self._until:
            return None
        heard = memory.last(LISTENED, own=False)
        if not len(heard):
            heard = memory.last(LISTENED, own=True)
        if not len(heard):
            self._finish()
            return None
        slots = [self._slots.index(slot) for slot in sorted(ask.slots) if slot in self._slots]
        if not slots:
            self._finish()
            return None
        rules = make_live_constraints(heard, self._programs, memory.kind, memory.bar, ask, slots)
        state = memory.state
        if not self._given:
            state, _ = memory.aligned(state, max(ask.join, int(state.context.clock[0])))
        else:
            rules = rules.from_here(int(state.context.clock[0]))
        last = memory.entries[-1]
        before = np.array([0, last.slot, last.pitch, 0, last.loudness], dtype=np.int64)
        self._clock = int(state.context.clock[0])
        self._drawn, self._joined = 0, len(memory.entries)
        variation = ask.variation * 4096 + self._chunk % 4096
        self._chunk += 1
        most = CHUNK if self._chunked else MOST
        self._stream = Stream(
            state, before, rules, ask.settings, RepetitionLimits(0, 0), variation, most, self._ear,
            copied_ticks=0 if self._copying is None else max(self._clock - self._copying, 0),
            suspended=max(self._deaf - self._clock, 0),
        )  # fmt: skip
        return self._stream

    def waits_for(self, stream: Stream) -> bool:
        """Whether it wants what a stream draws."""
        return stream is self._stream

    def follow(self, stream: Stream) -> bool:
        """See what a stream has drawn. Returns whether that was news."""
        if stream is not self._stream or self._memory is None:
            return False
        news = False
        for row in stream.rows[self._drawn :]:
            news = True
            self._remember(row)
        self._drawn = len(stream.rows)
        if stream.done:
            self._stream, self._ear = None, stream.tracker
            notes = len(stream.rows)
            known = len(self._memory.entries) - self._joined
            if stream.after is not None and notes and notes == self._memory.behind == known:
                # Nothing has come between: what was drawn has been heard in drawing it.
                self._memory.heard(stream.after, notes)
            self._copying = self._clock - stream.copied_ticks if stream.copied_ticks else None
            self._deaf = self._clock + stream.suspended if stream.settings.recall else 0
            if len(stream.rows) < stream.max_notes:
                self._finish()
            else:
                self._notice()
            news = True
        return news

    def _remember(self, row: list[int]) -> None:
        memory = self._memory
        assert memory is not None
        self._clock += int(SHIFT_TICKS[row[SHIFT]])
        _, slot, pitch, length, loudness = row
        duration = int(DURATION_TICKS[length])
        memory.add(Entry(self._clock, slot, pitch, duration, loudness, True))
        velocity = velocity_of(loudness)
        self._ideas.append(
            ProposedNote(self._clock, self._slots[row[PART]], pitch, duration, velocity)
        )
        if not self._given:
            self._given = True
            self._studio.hurry(self, False)

    def _finish(self) -> None:
        self._last, self._ask = self._ask, None
        self._given = True
        self._studio.hurry(self, False)

    def _cancel(self) -> None:
        self._stream = None  # it leaves its bench before the next note is drawn there

    def _notice(self) -> None:
        self._closing = None
        self._studio.notice(self)
