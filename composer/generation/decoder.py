"""Decoder: many streams drawn side by side, one note of each at a time.

A stream joins with its state, constraints and random numbers, and leaves when its music is
done. What it plays depends on nothing but these, not on the streams beside it.

Against music that gets stuck, each stream has a `RepetitionTracker`
(`composer.analysis.repetition`) that counts repeats of a bar, and of the pitch with which a part
begins its onsets. Where the seed itself does not repeat so much, every further repeat of a bar
loosens the draw (recall is suspended, the temperature rises, then unlikely choices are no longer
cut) until something else is played; and a pitch struck too often in a row is made less likely
each time. A drum seed that repeats a bar eight times may so be answered in kind.

A bar that the plan brings back as it was is drawn more coolly than others, and nearer to what it
takes up (`composer.generation.returning`).

A stream does not copy for ever either: after `Settings.recall` bars in which every note was the
one that `composer.encoding.match_model` expected, recall is suspended for as many bars. What
comes from nearby may be copied for twice as long as it is ago, or a bar: else a tremolo would
feed itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import LOOK_BACK, RepetitionTracker
from composer.encoding.columns import CHORD, CONFIDENCE
from composer.encoding.events import (
    DURATION,
    FIELDS,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SIZES,
    UNLIMITED,
    VELOCITY,
)
from composer.generation.constraints import Constraints
from composer.generation.guides import Guides
from composer.generation.leaning import Leanings
from composer.generation.returning import Returning
from composer.generation.sampling import SamplingParams, sample
from composer.generation.stream import Stream
from composer.network.predictor import NoteModel
from composer.network.state import State

Ints = NDArray[np.int64]

PATIENCE = 3
"""Repeats of a bar that are always allowed."""
HEAT = 0.15
"""Temperature added for each repeat past what is allowed."""
RUN = 12
"""Onsets in a row at which a part may always begin with the same key."""
BLOCK = 64
"""Notes for which random numbers are drawn at a time."""


def loosened(params: SamplingParams, excess: NDArray[np.float64]) -> SamplingParams:
    """Sampling parameters of streams, by how often each has repeated a bar too often, [B]."""
    warmer = np.maximum(params.temperature, 0.7) + HEAT * excess
    return SamplingParams(
        temperature=np.where(excess > 0, warmer, params.temperature),
        top_p=np.where(excess > 2, 1.0, params.top_p),
        min_p=np.where(excess > 2, 0.0, params.min_p),
    )


class BatchDecoder:
    """The streams that are being drawn."""

    def __init__(self, predictor: NoteModel) -> None:
        self.predictor = predictor
        self.streams: list[Stream] = []
        self._state: State | None = None
        self._pending: tuple[Ints, Ints] | None = None  # columns [B, ...] and ticks [B]
        # Of the streams, while there are any.
        self._constraints: Constraints
        self._trackers: list[RepetitionTracker] = []
        self._last_notes: Ints
        self._random: list[list[list[float]]] = []  # for a block of notes, [B][BLOCK][5]
        self._used: list[int] = []  # how many notes of its block each has drawn
        self._cool: tuple[tuple[float, ...], tuple[SamplingParams, SamplingParams]] | None = None
        self._copied_ticks: Ints  # ticks for which every note was the expected one, [B]
        self._leanings: Leanings | None = None  # of the streams that lean to what is liked
        self._guides: Guides | None = None  # of the streams that are written around something

    @property
    def clocks(self) -> list[int]:
        """Tick that the network has heard each stream up to."""
        return [] if self._state is None else self._state.context.clock.tolist()

    def add(self, streams: Iterable[Stream]) -> None:
        """Let streams join before the next note."""
        new = list(streams)
        if not new:
            return
        joining = BatchDecoder(self.predictor)
        joining._begin(new)
        self.merge(joining)

    def _begin(self, new: list[Stream]) -> None:
        """Be the decoder of these streams."""
        self.streams = new
        self._state = State.join([stream.state for stream in new])
        self._constraints = Constraints.join([stream.constraints for stream in new])
        self._last_notes = np.stack([stream.last_note for stream in new])
        self._trackers = [stream.tracker.copy() for stream in new]
        self._random = [stream.random(BLOCK).tolist() for stream in new]
        self._used = [0] * len(new)
        self._copied_ticks = np.array([stream.copied_ticks for stream in new], dtype=np.int64)
        self._guides = Guides.of(new)
        self._read_settings()
        suspended = np.array([stream.suspended for stream in new], dtype=np.int64)
        self._suspend_recall(suspended > 0, suspended)
        self._suspend_recall(self._recall_bars == 0, UNLIMITED)

    def merge(self, other: BatchDecoder) -> None:
        """Let all streams of another decoder join before the next note; none stays there."""
        if other._state is None:
            return
        if self._state is None:
            self._state, self._pending = other._state, other._pending
            self._constraints, self._last_notes = other._constraints, other._last_notes
            self._random, self._used = other._random, other._used
            self._copied_ticks = other._copied_ticks
        else:
            if self._pending is None or other._pending is None:
                self._advance()
                other._advance()
            else:
                pairs = zip(self._pending, other._pending, strict=True)
                columns, ticks = (np.concatenate(pair) for pair in pairs)
                self._pending = columns, ticks
            self._state = State.join([self._state, other._state])
            self._constraints = Constraints.join([self._constraints, other._constraints])
            self._last_notes = np.concatenate([self._last_notes, other._last_notes])
            self._random, self._used = self._random + other._random, self._used + other._used
            self._copied_ticks = np.concatenate([self._copied_ticks, other._copied_ticks])
        self._guides = Guides.join(self._guides, len(self.streams), other._guides)
        self._trackers += other._trackers
        self.streams += other.streams
        self._read_settings()
        other._state = other._pending = other._guides = None
        other._trackers, other.streams = [], []

    def _read_settings(self) -> None:
        controls = np.array([stream.controls for stream in self.streams]).reshape(-1, 5)
        temperature, top_p, min_p, recall, notes = controls.T
        self._params = SamplingParams(temperature, top_p, min_p)
        self._uncut = self._params.uncut()
        self._cool = None
        self._repeat_limits = [max(s.limits.bars, PATIENCE) for s in self.streams]
        self._strike_limits = [max(s.limits.strikes, RUN) for s in self.streams]
        self._recall_bars, self._max_notes = recall.astype(np.int64), notes.astype(np.int64)
        self._drawn = np.array([len(s.rows) for s in self.streams], dtype=np.int64)
        self._leanings = Leanings.of(self.streams)
        if self._state is not None:
            # Ticks for which a stream may copy, and those at which that is looked at.
            bar = self._state.context.bar
            self._most_copied = self._recall_bars * bar
            self._long_copied = np.minimum(bar, self._most_copied)

    def _cooled(
        self, returning: Returning, params: SamplingParams, uncut: SamplingParams
    ) -> tuple[SamplingParams, SamplingParams]:
        """Both, cooler where bars come back; found once for as many notes as stay there."""
        if params is not self._params:
            return returning.cooled(params), returning.cooled(uncut)
        if self._cool is None or self._cool[0] != returning.cooling:
            both = returning.cooled(params), returning.cooled(uncut)
            self._cool = returning.cooling, both
        return self._cool[1]

    def _next_random(self) -> NDArray[np.float64]:
        """Every stream's five numbers for its next note, [B, 5]."""
        for index, notes in enumerate(self._used):
            if notes == BLOCK:
                self._random[index] = self.streams[index].random(BLOCK).tolist()
                self._used[index] = 0
        uniform = [block[notes] for block, notes in zip(self._random, self._used, strict=True)]
        self._used = [notes + 1 for notes in self._used]
        return np.array(uniform)

    def step(self) -> list[Stream]:
        """Draw one note of every stream. Returns the streams that ended with it.

        The network hears it before the next one is drawn, not now: so this note is there
        sooner by a step.
        """
        self._advance()
        if self._state is None:
            return []
        uniform = self._next_random()
        params, uncut = self._params, self._uncut
        trackers = self._trackers
        excess = [
            tracker.repeats - most
            for tracker, most in zip(trackers, self._repeat_limits, strict=True)
        ]
        stuck = max(excess) > 0
        if stuck:
            # A stream that is stuck should not be told what came next the last time.
            beyond = np.array(excess)
            self._suspend_recall(beyond > 0, LOOK_BACK * self._state.context.bar)
            params = loosened(params, beyond)
            uncut = params.uncut()
        state, guides, leanings = self._state, self._guides, self._leanings
        context, constraints, before = state.context, self._constraints, self._last_notes
        told = state if guides is None else guides.told(state, before)
        columns = context.fresh()
        returning = Returning.of(columns, [beyond > 0 for beyond in excess])
        if returning is not None:
            params, uncut = self._cooled(returning, params, uncut)

        def draw(
            which: int, allowed: NDArray[np.bool_], *biases: NDArray[np.float32] | None
        ) -> None:
            logits = self.predictor.logits(which, told, columns)
            if returning is not None:
                logits = returning.following(which, logits, columns)
            for bias in biases:
                if bias is not None:
                    logits = logits + bias
            # A part's loudness changes once in many notes, and each time against the odds:
            # without unlikely choices it never would. Those it has not used are left out.
            how = params if which != VELOCITY else uncut
            columns[:, which] = sample(logits, allowed, uniform[:, which], how)
            if guides is not None:
                guides.count(which, logits, columns)

        in_bar, count = np.array([tracker.in_bar for tracker in trackers]), self._drawn
        if guides is not None:
            in_bar, count = guides.counts(in_bar, count)
        room = constraints.chord_room(before, [tracker.in_chord for tracker in trackers])
        shifts, gain = constraints.shift_mask(context, before, in_bar, room, count), None
        if guides is not None:
            shifts, gain = guides.shifts(context, before, shifts)
        passing = constraints.shift_bias(context)
        draw(SHIFT, shifts, passing, gain, None if leanings is None else leanings.shifts(context))
        if guides is None:
            ticks = SHIFT_TICKS.take(columns[:, SHIFT])
            over = context.clock + ticks >= constraints.end
        else:
            context, ticks, over = guides.settle(context, columns, constraints.end)
            told = replace(told, context=context)
        onset = context.clock + ticks
        context.follow(columns, SHIFT)
        parts = constraints.part_mask(context, before, room, onset)
        if guides is not None:
            owing = constraints.first_owing(context, before, onset)
            parts, gain = guides.parts(context, onset, parts, owing)
        draw(PART, parts, gain, None if leanings is None else leanings.parts(context))
        context.follow(columns, PART)
        pitches = constraints.pitch_mask(
            context, before, ticks == 0, columns[:, PART], onset, columns[:, CHORD]
        )
        if guides is not None:
            pitches, gain = guides.pitches(context, before, columns, onset, pitches)
        bias = self._repetition_bias(columns, ticks)
        tilt = constraints.pitch_bias(context, columns[:, PART], onset, columns[:, CHORD])
        both = tilt if bias is None else bias if tilt is None else bias + tilt
        draw(PITCH, pitches, both, gain, None if leanings is None else leanings.pitches(columns))
        context.follow(columns, PITCH)
        durations = constraints.duration_mask(context, onset, columns[:, PART])
        velocities, lean = constraints.velocity_mask_and_bias(columns[:, PART])
        if guides is not None:
            guides.hold(columns)
            durations = guides.force(DURATION, durations)
            velocities = guides.force(VELOCITY, velocities)
        draw(DURATION, durations, None if leanings is None else leanings.durations())
        draw(VELOCITY, velocities, lean, None if leanings is None else leanings.velocities())
        rows = columns[:, : len(FIELDS)].copy()
        drawn = rows.tolist()
        for tracker, row, shift, inside, bar in zip(
            trackers,
            drawn,
            ticks.tolist(),
            context.inside.tolist(),
            context.bar.tolist(),
            strict=True,
        ):
            tracker.update(shift, inside, bar, row[PART], row[PITCH])
        self._pending = columns, ticks
        self._last_notes = rows
        self._state = replace(state, context=context) if guides is not None else state
        # A stream that is over drew its last note for nothing: every stream goes through
        # the same steps, so that none depends on when the others end.
        for stream, row, out in zip(self.streams, drawn, over.tolist(), strict=True):
            if not out:
                stream.rows.append(row)
        if guides is not None:
            guides.hear(context, ticks, over, self.streams)
        self._drawn += ~over
        leaving = over | (self._drawn >= self._max_notes)
        if True not in leaving.tolist():
            return []
        for index in np.flatnonzero(over).tolist():
            self.streams[index].after = state.take([index])
        full = np.flatnonzero(leaving & ~over).tolist()
        if full:
            self._advance()
            for index in full:
                self.streams[index].after = self._state.take([index])
        return self._leave(leaving)

    def _advance(self) -> None:
        """Let the network hear the notes drawn last, if it has not yet."""
        if self._pending is None or self._state is None:
            return
        (columns, ticks), self._pending = self._pending, None
        self._state = self.predictor.step(columns[:, : len(FIELDS)], self._state, columns)
        context = self._state.context
        same = columns[:, PITCH] == columns[:, CONFIDENCE + 1 + PITCH]
        self._copied_ticks = (self._copied_ticks + ticks) * same
        long_enough = self._copied_ticks >= self._long_copied
        if True in long_enough.tolist():
            most = self._most_copied
            distance = np.array([recall.distance for recall in context.recalls])
            span = np.minimum(np.maximum(2 * distance, context.bar), most)
            self._suspend_recall(long_enough & (self._copied_ticks > span), most)

    def _suspend_recall(self, which: NDArray[np.bool_], ticks: Ints | int) -> None:
        """Suspend the recall of some streams, bool [B], for a number of ticks."""
        if self._state is None or not np.count_nonzero(which):
            return
        spans = np.broadcast_to(ticks, which.shape)
        context = self._state.context
        recalls = list(context.recalls)
        for index in np.flatnonzero(which):
            recalls[index] = recalls[index].suspend(int(spans[index]))
        self._state = replace(self._state, context=replace(context, recalls=tuple(recalls)))
        self._copied_ticks[which] = 0

    def _repetition_bias(self, columns: Ints, ticks: Ints) -> NDArray[np.float32] | None:
        """What is added to the logits of keys, less for one struck too often, [B, 128]."""
        bias = None
        for index, (tracker, part, shift) in enumerate(
            zip(self._trackers, columns[:, PART].tolist(), ticks.tolist(), strict=True)
        ):
            excess = tracker.strikes[part] - self._strike_limits[index]
            # Only an onset's lowest key counts: what is above it may stay.
            if excess > 0 and tracker.begins(shift, part):
                if bias is None:
                    bias = np.zeros((len(columns), SIZES[PITCH]), dtype=np.float32)
                bias[index, tracker.lowest[part]] = -0.5 * excess
        return bias

    def _leave(self, leaving: NDArray[np.bool_]) -> list[Stream]:
        ended = [stream for stream, out in zip(self.streams, leaving, strict=True) if out]
        for index in np.flatnonzero(leaving).tolist():
            stream = self.streams[index]
            assert self._state is not None
            stream.tracker = self._trackers[index]
            stream.copied_ticks = int(self._copied_ticks[index])
            stream.suspended = self._state.context.recalls[index].suspended
            stream.done = True
            if self._guides is not None:
                self._guides.leave(stream, index)
        stay = np.flatnonzero(~leaving)
        self.streams = [self.streams[index] for index in stay]
        self._trackers = [self._trackers[index] for index in stay]
        if len(stay):
            assert self._state is not None
            self._state, self._constraints = self._state.take(stay), self._constraints.take(stay)
            if self._pending is not None:
                columns, ticks = self._pending
                self._pending = columns[stay], ticks[stay]
            self._last_notes = self._last_notes[stay]
            self._random = [self._random[index] for index in stay]
            self._used = [self._used[index] for index in stay]
            self._copied_ticks = self._copied_ticks[stay]
            self._guides = None if self._guides is None else self._guides.take(stay)
        else:
            self._state = self._pending = self._guides = None
        self._read_settings()
        return ended
