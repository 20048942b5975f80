"""Network improviser: what one session has heard, as the network's state, and its proposals.

Conventions:
    Ticks are event ticks. Slots outside are the session's (see `composer.live.core.improviser`),
    inside the network's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import RepetitionLimits
from composer.encoding.events import (
    DURATION_TICKS,
    PART,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    velocity_of,
)
from composer.generation.stream import Stream
from composer.live.core.improviser import NOBODY, GenerateRequest, ProposedNote
from composer.live.playing.answer_draft import AnswerDraft, Foresight
from composer.live.playing.carried import Carried
from composer.live.playing.ending import HeldEnding, held_ending
from composer.live.playing.expectation import Expectation
from composer.live.playing.flams import Flams
from composer.live.playing.history import HeardNote, PlayerHistory
from composer.live.playing.inference_queue import InferenceQueue
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import FREE
from composer.network.state import State

CHUNK = 12
"""Notes of an endless reply drawn before it is looked whether more are wanted."""
MOST = 4096
"""Notes of a reply at most."""
LISTENED = 64
"""Last notes of the player from which a reply's limits are made."""
KEPT = 48
"""Notes that are heard again when the parts change."""
FOREVER = 1 << 40
"""Ticks that no jam reaches."""
VARIATIONS = 4096
"""Chunks of one reply that have random numbers of their own."""


class NetworkImproviser:
    """A `composer.live.core.improviser.Improviser` made of the network."""

    def __init__(self, queue: InferenceQueue) -> None:
        """Nothing heard; the queue is where it waits for the network."""
        self._queue = queue
        self._count = 0
        self.reset()

    def reset(self) -> None:
        """See `Improviser`."""
        self._history: PlayerHistory | None = None
        self._slots: list[int] = []
        self._programs: tuple[int, ...] = ()
        self._open: dict[int, HeardNote] = {}
        self._length = TICKS_PER_BEAT
        self._request: GenerateRequest | None = None
        self._last: GenerateRequest | None = None  # the request before, once that is done
        self._band: frozenset[int] | None = None  # who was asked last, if it was the band
        self._stream: Stream | None = None
        self._draft: AnswerDraft | None = None  # of an answer that is asked for
        self._foresight: Foresight | None = None  # of one that may be
        self._chunk = self._drawn = self._clock = self._until = 0
        self._joined = 0  # notes in the history when the stream began
        self._carried = Carried()
        self._proposed: list[ProposedNote] = []
        self._ending: HeldEnding | None = None
        self._flams, self._started = Flams(), False
        self._expected = Expectation(self._queue.predictor)
        self._queue.set_urgent(self, False)

    @property
    def history(self) -> PlayerHistory | None:
        """What was heard; None before anybody plays."""
        return self._history

    @property
    def behind(self) -> bool:
        """Whether it has notes to hear."""
        history = self._history
        if history is None:
            return False
        return (history.behind if self._eager else history.behind_player) > 0

    @property
    def has_capacity(self) -> bool:
        """See `Improviser`."""
        return not self._queue.crowded

    @property
    def _eager(self) -> bool:
        """Whether notes are to be drawn after all that there are."""
        if self._request is None or self._stream or (self._draft and self._draft.takes):
            return False
        return not self._started or self._clock < self._until

    @property
    def catching_up(self) -> bool:
        """See `Improviser`."""
        return self._history is not None and self._history.behind_player > 0

    @property
    def busy(self) -> bool:
        """See `Improviser`."""
        if self.behind or self._stream is not None:
            return True
        return self._request is not None and not (self._started and self._clock >= self._until)

    @property
    def traits(self) -> NDArray[np.float64] | None:
        """See `Improviser`."""
        return None if self._draft is None else self._draft.traits()

    @property
    def done(self) -> bool:
        """See `Improviser`."""
        return self._request is None and not self._proposed

    def set_parts(
        self, kind: str, bar: int, programs: Mapping[int, int], moved: Mapping[int, int] = NOBODY
    ) -> None:
        """See `Improviser`."""
        self.cancel()
        old, slots = self._history, self._slots
        self._slots = sorted(programs)
        self._programs = tuple(programs[slot] for slot in self._slots)
        history = PlayerHistory(kind, bar, self._queue.initial_state(kind, bar, self._programs))
        self._expected.clear()
        if old is not None and old.kind == kind:
            places = {slot: own for own, slot in enumerate(self._slots)}
            history.take_over(old, [places.get(moved.get(slot, slot)) for slot in slots], KEPT)
        else:
            self._open.clear()
        self._history = history
        planner = self._queue.planner
        self._foresight = None if planner is None else Foresight(history, self._programs, planner)
        self._enqueue()

    def note_on(
        self, tick: int, slot: int, pitch: int, velocity: int, length: int | None = None
    ) -> int:
        """See `Improviser`."""
        assert self._history is not None, "set_parts comes first"
        own = self._slots.index(slot)
        if self.done and self._band is None:
            # Whoever plays over a reply has heard enough of it. What is left is played, but as
            # one part that plays two things at once it would tell the next reply little.
            self._history.drop(tick)
        length = self._length if length is None else max(length, 1)
        note = HeardNote(tick, own, pitch, length, min(velocity, 127) // 4, False)
        self._count += 1
        self._open[self._count] = self._history.add(note)
        self._enqueue()
        return self._count

    def note_off(self, number: int, tick: int) -> None:
        """See `Improviser`."""
        note = self._open.pop(number, None)
        if note is None or self._history is None:
            return
        self._length = max(tick - note.onset, 1)
        if self._history.lengthen(note, self._length):
            self._enqueue()

    def generate(self, request: GenerateRequest) -> None:
        """See `Improviser`."""
        self.cancel()
        self._request, self._started, self._chunk = request, False, 0
        self._queue.set_urgent(self, True)
        if request.phrase is not None and self._history is not None:
            foreseen = self._foresight.plan if self._foresight is not None else None
            planner = self._queue.planner
            self._draft = AnswerDraft(request, self._history, self._programs, planner, foreseen)
        self._flams = Flams()
        self._carried.begin(anew=request.slots != self._band)
        self._band = request.slots if request.by_band else None
        self._until = request.join + (FOREVER if request.ahead is None else request.ahead)
        self._enqueue()

    def extend(self, tick: int) -> None:
        """See `Improviser`."""
        if self._request is not None and self._request.ahead is not None:
            self._until = tick + self._request.ahead
            if self._stream is None:
                self._enqueue()

    def discard(self, tick: int) -> None:
        """See `Improviser`."""
        self.cancel()
        if self._history is not None:
            self._history.drop(tick)
            self._enqueue()

    def foresee(self, request: GenerateRequest) -> None:
        """See `Improviser`."""
        if self._foresight is not None and not self._queue.crowded:
            self._foresight.ask(request)
            self._enqueue()

    @property
    def plan(self) -> str:
        """See `Improviser`."""
        return "" if self._draft is None else self._draft.settled()

    def hurry(self) -> None:
        """See `Improviser`."""
        if self._draft is not None:
            self._draft.hurried = True
            self._choose()

    def shift(self, ticks: int) -> None:
        """See `Improviser`."""
        self._choose()
        request = self._request or self._last
        if request is None or self._history is None or not ticks:
            return
        self._history.move(request.join, ticks)
        self._proposed = [note._replace(onset=note.onset + ticks) for note in self._proposed]
        moved = replace(
            request,
            join=request.join + ticks,
            first_by=request.first_by + ticks,
            end=None if request.end is None else request.end + ticks,
        )
        if self._request is None:
            self._last = moved
            return
        self._request, self._until = moved, self._until + ticks
        # What is being drawn is drawn again, from the moved notes.
        if self._ending is not None:
            self._ending.shift(ticks)
        self._stream = None
        self._enqueue()

    def amend(self, note: ProposedNote, pitch: int) -> None:
        """See `Improviser`."""
        history = self._history
        if history is None or note.slot not in self._slots:
            return
        if history.amend((note.onset, self._slots.index(note.slot), note.pitch), pitch):
            self._enqueue()

    def take(self) -> list[ProposedNote]:
        """See `Improviser`."""
        notes, self._proposed = self._proposed, []
        return notes

    def stays_quiet(self, tick: float, ticks: float) -> float | None:
        """See `Improviser`."""
        history = self._history
        if history is None or history.behind_player:
            return None if history is not None else 0.0
        return self._expected.stays_quiet(history.state, tick, ticks)

    def cancel(self) -> None:
        """Propose nothing more, and forget the notes not given out."""
        # What is drawn leaves its batch before the next note is drawn there.
        self._stream = self._draft = self._ending = None
        self._last, self._request = self._request or self._last, None
        self._proposed.clear()
        self._queue.set_urgent(self, False)

    def next_step(self) -> tuple[NDArray[np.int64], State] | None:
        """The next note to hear; None if all are heard."""
        if self._history is None or not self.behind:
            return None
        return self._history.next_step()

    def advance(self, state: State) -> None:
        """Take in the state after `next_step`."""
        if self._history is not None:
            if self._history.behind_player:
                self._expected.clear()
            self._history.advance(state)

    @property
    def unprepared(self) -> bool:
        """Whether an answer is still to be planned."""
        work = self._draft or self._foresight
        return work is not None and work.unplanned and not self.behind

    def prepare(self) -> None:
        """Plan a little of it."""
        work = self._draft or self._foresight
        if work is not None:
            work.plan_on()

    def open_streams(self) -> list[Stream]:
        """Streams to draw the next notes from, if some are wanted now: takes, or one."""
        request, history = self._request, self._history
        if request is None or history is None or not self._eager:
            return []
        heard = history.listened(LISTENED)
        slots = [self._slots.index(slot) for slot in sorted(request.slots) if slot in self._slots]
        if not len(heard) or not slots:
            self._finish()
            return []
        if history.kind == FREE and request.end is not None:
            request, self._ending = held_ending(request, heard[:, 0], self._ending)
        kind, bar, state = history.kind, history.bar, history.state
        rules = make_live_constraints(heard, self._programs, kind, bar, request, slots)
        if not self._started:
            state, _ = history.aligned(state, max(request.join, int(state.context.clock[0])))
            if self._draft is not None:
                state = self._draft.told(state)
        else:
            rules = rules.from_here(int(state.context.clock[0]))
        self._clock, self._drawn, self._joined = int(state.context.clock[0]), 0, len(history.notes)
        variation = request.variation * VARIATIONS + self._chunk % VARIATIONS
        self._chunk += 1
        one = Stream(
            state=state,
            last_note=history.last_row,
            constraints=rules,
            settings=request.settings,
            limits=RepetitionLimits(0, 0),
            variation=variation,
            max_notes=MOST if request.ahead is None and request.end is not None else CHUNK,
            **self._carried.told(self._clock),
        )
        streams = [one]
        if self._draft is not None and not self._started:
            streams = self._draft.streams(one, self._queue.takes)
        self._stream = streams[0] if len(streams) == 1 else None
        return streams

    def waits_for(self, stream: Stream) -> bool:
        """Whether it wants what a stream draws."""
        return stream is self._stream or (self._draft is not None and self._draft.tries(stream))

    def follow(self, stream: Stream) -> bool:
        """See what a stream has drawn. Returns whether that was news."""
        if self._draft is not None and self._draft.tries(stream):
            return self._draft.follow(stream) and self._choose()
        if stream is not self._stream or self._history is None:
            return False
        rows, self._drawn = stream.rows[self._drawn :], len(stream.rows)
        for row in rows:
            self._propose(row)
        if not stream.done:
            return bool(rows)
        self._stream = None
        self._carried.take(stream, self._clock)
        notes = len(stream.rows)
        known = len(self._history.notes) - self._joined
        if stream.after is not None and notes and notes == self._history.behind == known:
            # Nothing has come between: what was drawn has been heard in drawing it.
            self._history.advance(stream.after, notes)
        if len(stream.rows) < stream.max_notes:
            self._finish()
        else:
            self._enqueue()
        return True

    def _choose(self) -> bool:
        """Play the best of the takes, if there are any. Returns whether there is news."""
        if self._draft is None or self._draft.takes is None:
            return False
        self._stream, self._draft.takes = self._draft.takes.best(), None
        return self.follow(self._stream)

    def _propose(self, row: list[int]) -> None:
        """Take up a note that was drawn."""
        history = self._history
        assert history is not None
        self._clock += int(SHIFT_TICKS[row[SHIFT]])
        _, slot, pitch, length, loudness = row
        duration = int(DURATION_TICKS[length])
        history.add(HeardNote(self._clock, slot, pitch, duration, loudness, True))
        if self._flams.strikes(history.kind, self._clock, slot, pitch):
            # It is not played. The network has heard it in drawing it, and to hear the whole
            # reply anew without it would take too long.
            return
        slot, velocity = self._slots[row[PART]], velocity_of(loudness)
        note = ProposedNote(self._clock, slot, pitch, duration, velocity)
        self._proposed += [note] if self._ending is None else self._ending.add(note)
        if not self._started:
            self._started = True
            self._queue.set_urgent(self, False)

    def _finish(self) -> None:
        if self._ending is not None:
            self._proposed += self._ending.close()
            self._ending = None
        self._last, self._request, self._started = self._request, None, True
        self._queue.set_urgent(self, False)

    def _enqueue(self) -> None:
        self._queue.enqueue(self)
