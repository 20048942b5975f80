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

from composer.analysis.repetition import RepetitionLimits, RepetitionTracker
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    PART,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    velocity_of,
)
from composer.generation.stream import Stream
from composer.live.core.improviser import NOBODY, GenerateRequest, ProposedNote
from composer.live.playing.ending import HeldEnding, last_onset_before
from composer.live.playing.history import HeardNote, PlayerHistory
from composer.live.playing.inference_queue import InferenceQueue
from composer.live.playing.live_constraints import make_live_constraints
from composer.music.beat_grid import BEATS, FREE
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
FLAM = {BEATS: 1, FREE: 4}
"""Ticks within which a key is not struck again: 40 ms, or a 24th of a beat."""


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
        self._chunk = 0
        self._chunked = False
        self._drawn = 0
        self._joined = 0  # notes in the history when the stream began
        self._clock = 0
        self._until = 0
        # What the next chunk has to know of the ones before: their bars; since when every
        # note was the expected one, and until when recall rests, in ticks.
        self._tracker = RepetitionTracker()
        self._copying: int | None = None
        self._suspended_until = 0
        self._proposed: list[ProposedNote] = []
        self._ending: HeldEnding | None = None
        self._struck: dict[tuple[int, int], int] = {}  # (slot, pitch) -> tick, of the reply
        self._started = False
        self._expected: tuple[int, NDArray[np.float32]] | None = None  # last onset, shifts from it
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
        if self._request is None or self._stream is not None:
            return False
        return not self._started or self._clock < self._until

    @property
    def catching_up(self) -> bool:
        """See `Improviser`."""
        history = self._history
        return history is not None and history.behind_player > 0

    @property
    def busy(self) -> bool:
        """See `Improviser`."""
        if self.behind or self._stream is not None:
            return True
        return self._request is not None and not (self._started and self._clock >= self._until)

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
        self._expected = None
        if old is not None and old.kind == kind:
            notes = [(note, moved.get(slots[note.slot], slots[note.slot])) for note in old.notes]
            for note, slot in [(n, slot) for n, slot in notes if slot in programs][-KEPT:]:
                note.slot = self._slots.index(slot)
                history.add(note)
        else:
            self._open.clear()
        self._history = history
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
        self._request = request
        self._started, self._chunk = False, 0
        self._chunked = request.ahead is not None or request.end is None
        self._queue.set_urgent(self, True)
        self._tracker = RepetitionTracker()
        self._struck.clear()
        if request.slots != self._band:
            self._copying, self._suspended_until = None, 0
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

    def shift(self, ticks: int) -> None:
        """See `Improviser`."""
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
        if history is None:
            return 0.0
        if history.behind_player:
            return None
        if self._expected is None:
            logits = self._queue.predictor.logits(
                SHIFT, history.state, history.state.context.fresh()
            )[0]
            chances = np.exp(logits - logits.max())
            later = np.append(chances[::-1].cumsum()[::-1], 0.0)  # of each class and all beyond
            self._expected = int(history.state.context.clock[0]), later
        last, later = self._expected
        by_then, by_the_end = SHIFT_TICKS[:END].searchsorted(
            (tick - last, tick + ticks - last), side="right"
        )
        return float(later[by_the_end] / max(later[by_then], 1e-12))

    # For the inference scheduler.

    def cancel(self) -> None:
        """Propose nothing more, and forget the notes not given out."""
        self._stream = None  # it leaves its batch before the next note is drawn there
        self._last, self._request = self._request or self._last, None
        self._proposed.clear()
        self._ending = None
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
                self._expected = None
            self._history.advance(state)

    def open_stream(self) -> Stream | None:
        """A stream to draw the next notes from, if some are wanted now."""
        request, history = self._request, self._history
        if request is None or history is None or self._stream is not None:
            return None
        if self._started and self._clock >= self._until:
            return None
        heard = history.last(LISTENED, own=False)
        if not len(heard):
            heard = history.last(LISTENED, own=True)
        slots = [self._slots.index(slot) for slot in sorted(request.slots) if slot in self._slots]
        if not len(heard) or not slots:
            self._finish()
            return None
        if history.kind == FREE and request.end is not None:
            if self._ending is None:
                self._ending = HeldEnding(request.join, request.end)
            last_by = last_onset_before(heard[:, 0], request.join, request.end)
            request = replace(request, end=last_by)
        rules = make_live_constraints(
            heard, self._programs, history.kind, history.bar, request, slots
        )
        state = history.state
        if not self._started:
            state, _ = history.aligned(state, max(request.join, int(state.context.clock[0])))
        else:
            rules = rules.from_here(int(state.context.clock[0]))
        last = history.notes[-1]
        before = np.array([0, last.slot, last.pitch, 0, last.loudness], dtype=np.int64)
        self._clock = int(state.context.clock[0])
        self._drawn, self._joined = 0, len(history.notes)
        variation = request.variation * VARIATIONS + self._chunk % VARIATIONS
        self._chunk += 1
        copied = 0 if self._copying is None else max(self._clock - self._copying, 0)
        self._stream = Stream(
            state=state,
            last_note=before,
            constraints=rules,
            settings=request.settings,
            limits=RepetitionLimits(0, 0),
            variation=variation,
            max_notes=CHUNK if self._chunked else MOST,
            tracker=self._tracker,
            copied_ticks=copied,
            suspended=max(self._suspended_until - self._clock, 0),
        )
        return self._stream

    def waits_for(self, stream: Stream) -> bool:
        """Whether it wants what a stream draws."""
        return stream is self._stream

    def follow(self, stream: Stream) -> bool:
        """See what a stream has drawn. Returns whether that was news."""
        if stream is not self._stream or self._history is None:
            return False
        rows = stream.rows[self._drawn :]
        for row in rows:
            self._propose(row)
        self._drawn = len(stream.rows)
        if not stream.done:
            return bool(rows)
        self._stream, self._tracker = None, stream.tracker
        notes = len(stream.rows)
        known = len(self._history.notes) - self._joined
        if stream.after is not None and notes and notes == self._history.behind == known:
            # Nothing has come between: what was drawn has been heard in drawing it.
            self._history.advance(stream.after, notes)
        self._copying = self._clock - stream.copied_ticks if stream.copied_ticks else None
        self._suspended_until = self._clock + stream.suspended if stream.settings.recall else 0
        if len(stream.rows) < stream.max_notes:
            self._finish()
        else:
            self._enqueue()
        return True

    def _propose(self, row: list[int]) -> None:
        """Take up a note that was drawn."""
        history = self._history
        assert history is not None
        self._clock += int(SHIFT_TICKS[row[SHIFT]])
        _, slot, pitch, length, loudness = row
        since = self._clock - self._struck.get((slot, pitch), -FOREVER)
        duration = int(DURATION_TICKS[length])
        history.add(HeardNote(self._clock, slot, pitch, duration, loudness, True))
        if 0 <= since <= FLAM[history.kind]:
            # No hand strikes a key twice so soon: it is not played. The network has heard it in
            # drawing it, and to hear the whole reply anew without it would take too long.
            return
        self._struck[slot, pitch] = self._clock
        velocity = velocity_of(loudness)
        note = ProposedNote(self._clock, self._slots[row[PART]], pitch, duration, velocity)
        self._proposed += [note] if self._ending is None else self._ending.add(note)
        if not self._started:
            self._started = True
            self._queue.set_urgent(self, False)

    def _finish(self) -> None:
        if self._ending is not None:
            self._proposed += self._ending.close()
            self._ending = None
        self._last, self._request = self._request, None
        self._started = True
        self._queue.set_urgent(self, False)

    def _enqueue(self) -> None:
        self._queue.enqueue(self)
