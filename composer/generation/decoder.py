"""Ensemble: many streams drawn side by side, one note of each at a time.

A stream joins with its state, rules and random numbers, and leaves when its music is
done. What it plays depends on nothing but these: not on who plays beside it.

Against music that gets stuck, each stream has a `composer.analysis.repetition.RepetitionTracker`
for its own
repetition: of bars, and of keys with which a part begins. Where the seed itself does not repeat so
much, every further repeat makes the draw freer (recall rests, a higher temperature, then no
cut of unlikely choices), until something else is played, and a key struck too often in a
row is made less likely each time. A drum seed that repeats a bar eight times may so be
answered in kind.

And it does not copy for ever: after `Settings.recall` bars in which every note was the one
that `composer.encoding.match_model` expected, recall rests for as many bars. What comes from nearby
may be copied for twice as long as it is ago, or a bar: else a tremolo would feed itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import LOOK_BACK, RepetitionTracker
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
from composer.encoding.features import TRUST
from composer.generation.constraints import Constraints
from composer.generation.sampling import SamplingParams, choose
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


def freer(freedom: SamplingParams, excess: NDArray[np.float64]) -> SamplingParams:
    """The freedom of streams that repeated a bar so many times too often, [B]."""
    warmer = np.maximum(freedom.temperature, 0.7) + HEAT * excess
    return SamplingParams(
        temperature=np.where(excess > 0, warmer, freedom.temperature),
        top_p=np.where(excess > 2, 1.0, freedom.top_p),
        min_p=np.where(excess > 2, 0.0, freedom.min_p),
    )


class BatchDecoder:
    """The streams that play now."""

    def __init__(self, predictor: NoteModel) -> None:
        self.predictor = predictor
        self.streams: list[Stream] = []
        self._state: State | None = None
        self._unheard: tuple[Ints, Ints] | None = None  # columns [B, ...] and ticks [B]
        # Of the streams, while there are any.
        self._rules: Constraints
        self._ears: list[RepetitionTracker] = []
        self._before: Ints
        self._numbers: NDArray[np.float64]  # for a block of notes, [B, BLOCK, 5]
        self._used: Ints  # how many notes of its block each has drawn, [B]
        self._copied: Ints  # ticks for which every note was the expected one, [B]

    def add(self, streams: Iterable[Stream]) -> None:
        """Let streams join before the next note."""
        new = list(streams)
        if not new:
            return
        joining = BatchDecoder(self.predictor)
        joining._begin(new)
        self.merge(joining)

    def _begin(self, new: list[Stream]) -> None:
        """Be the ensemble of these streams."""
        self.streams = new
        self._state = State.join([stream.state for stream in new])
        self._rules = Constraints.join([stream.rules for stream in new])
        self._before = np.stack([stream.before for stream in new])
        self._ears = [stream.ear.copy() for stream in new]
        self._numbers = np.stack([stream.numbers(BLOCK) for stream in new])
        self._used = np.zeros(len(new), dtype=np.int64)
        self._copied = np.array([stream.copied for stream in new], dtype=np.int64)
        self._dials()
        resting = np.array([stream.resting for stream in new], dtype=np.int64)
        self._rest(resting > 0, resting)
        self._rest(self._most_copied == 0, UNLIMITED)

    def merge(self, other: BatchDecoder) -> None:
        """Let all who play in another ensemble join before the next note; nobody stays there."""
        if other._state is None:
            return
        if self._state is None:
            self._state, self._unheard = other._state, other._unheard
            self._rules, self._before = other._rules, other._before
            self._numbers, self._used = other._numbers, other._used
            self._copied = other._copied
        else:
            if self._unheard is None or other._unheard is None:
                self._hear()
                other._hear()
            else:
                pairs = zip(self._unheard, other._unheard, strict=True)
                columns, ticks = (np.concatenate(pair) for pair in pairs)
                self._unheard = columns, ticks
            self._state = State.join([self._state, other._state])
            self._rules = Constraints.join([self._rules, other._rules])
            self._before = np.concatenate([self._before, other._before])
            self._numbers = np.concatenate([self._numbers, other._numbers])
            self._used = np.concatenate([self._used, other._used])
            self._copied = np.concatenate([self._copied, other._copied])
        self._ears += other._ears
        self.streams += other.streams
        self._dials()
        other._state = other._unheard = None
        other._ears, other.streams = [], []

    def _dials(self) -> None:
        dials = np.array([stream.dials for stream in self.streams]).reshape(-1, 5)
        temperature, top_p, min_p, recall, most = dials.T
        self._freedom = SamplingParams(temperature, top_p, min_p)
        self._uncut = self._freedom.uncut()
        self._bars = [max(s.habits.bars, PATIENCE) for s in self.streams]
        self._strikes = [max(s.habits.strikes, RUN) for s in self.streams]
        self._most_copied, self._most = recall.astype(np.int64), most.astype(np.int64)
        self._drawn = np.array([len(s.rows) for s in self.streams], dtype=np.int64)

    def _uniform(self) -> NDArray[np.float64]:
        """Every stream's five numbers for its next note, [B, 5]."""
        used = self._used.tolist()
        if BLOCK in used:
            for index, notes in enumerate(used):
                if notes == BLOCK:
                    self._numbers[index], self._used[index] = self.streams[index].numbers(BLOCK), 0
        uniform = self._numbers[np.arange(len(used)), self._used]
        self._used += 1
        return uniform

    def play(self) -> list[Stream]:
        """Draw one note of every stream. Returns the streams that ended with it.

        The network hears it before the next one is drawn, not now: whoever waits for this
        note has it sooner by a step.
        """
        self._hear()
        if self._state is None:
            return []
        uniform = self._uniform()
        freedom, uncut = self._freedom, self._uncut
        ears = self._ears
        excess = [ear.repeats - most for ear, most in zip(ears, self._bars, strict=True)]
        if max(excess) > 0:
            # Who is stuck should not be told what came next the last time.
            beyond = np.array(excess)
            self._rest(beyond > 0, LOOK_BACK * self._state.context.bar)
            freedom = freer(freedom, beyond)
            uncut = freedom.uncut()
        state = self._state
        context, rules, before = state.context, self._rules, self._before
        columns = context.fresh()

        def draw(
            which: int, allowed: NDArray[np.bool_], bias: NDArray[np.float32] | None = None
        ) -> None:
            logits = self.predictor.logits(which, state, columns)
            if bias is not None:
                logits = logits + bias
            # A part's loudness changes once in many notes, and each time against the odds:
            # without unlikely choices it never would. Those it has not used are left out.
            how = freedom if which != VELOCITY else uncut
            columns[:, which] = choose(logits, allowed, uniform[:, which], how)

        in_bar = np.array([ear.in_bar for ear in ears])
        room = rules.chord_room(before, np.array([ear.in_chord for ear in ears]))
        draw(SHIFT, rules.shift_mask(context, before, in_bar, room, self._drawn))
        ticks = SHIFT_TICKS.take(columns[:, SHIFT])
        onset = context.clock + ticks
        over = onset >= rules.end
        context.follow(columns, SHIFT)
        draw(PART, rules.part_mask(context, before, room, onset))
        context.follow(columns, PART)
        pitches = rules.pitch_mask(before, ticks == 0, columns[:, PART])
        draw(PITCH, pitches, self._repetition_bias(columns, ticks))
        context.follow(columns, PITCH)
        draw(DURATION, rules.duration_mask(onset, columns[:, PART]))
        draw(VELOCITY, *rules.velocity_mask_and_bias(columns[:, PART]))
        rows = columns[:, : len(FIELDS)].copy()
        drawn = rows.tolist()
        for ear, row, shift, inside, bar in zip(
            ears, drawn, ticks.tolist(), context.inside.tolist(), context.bar.tolist(), strict=True
        ):
            ear.hear(shift, inside, bar, row[PART], row[PITCH])
        self._unheard = columns, ticks
        self._before = rows
        # A stream that is over drew its last note for nothing: every stream goes through
        # the same steps, so that none depends on when the others end.
        for stream, row, out in zip(self.streams, drawn, over.tolist(), strict=True):
            if not out:
                stream.rows.append(row)
        self._drawn += ~over
        leaving = over | (self._drawn >= self._most)
        if True not in leaving.tolist():
            return []
        for index in np.flatnonzero(over).tolist():
            self.streams[index].after = state.take([index])
        full = np.flatnonzero(leaving & ~over).tolist()
        if full:
            self._hear()
            for index in full:
                self.streams[index].after = self._state.take([index])
        return self._leave(leaving)

    def _hear(self) -> None:
        """Let the network hear the notes drawn last, if it has not yet."""
        if self._unheard is None or self._state is None:
            return
        (columns, ticks), self._unheard = self._unheard, None
        self._state = self.predictor.step(columns[:, : len(FIELDS)], self._state, columns)
        context = self._state.context
        same = columns[:, PITCH] == columns[:, TRUST + 1 + PITCH]
        self._copied = (self._copied + ticks) * same
        most = self._most_copied * context.bar
        long_enough = self._copied >= np.minimum(context.bar, most)
        if True in long_enough.tolist():
            distance = np.array([recall.distance for recall in context.recalls])
            span = np.minimum(np.maximum(2 * distance, context.bar), most)
            self._rest(long_enough & (self._copied > span), most)

    def _rest(self, which: NDArray[np.bool_], ticks: Ints | int) -> None:
        """Let the recall of some streams, bool [B], rest for so many ticks."""
        if self._state is None or not np.count_nonzero(which):
            return
        spans = np.broadcast_to(ticks, which.shape)
        context = self._state.context
        recalls = list(context.recalls)
        for index in np.flatnonzero(which):
            recalls[index] = recalls[index].rest(int(spans[index]))
        self._state = replace(self._state, context=replace(context, recalls=tuple(recalls)))
        self._copied[which] = 0

    def _repetition_bias(self, columns: Ints, ticks: Ints) -> NDArray[np.float32] | None:
        """What is added to the logits of keys, less for one struck too often, [B, 128]."""
        bias = None
        for index, (ear, part, shift) in enumerate(
            zip(self._ears, columns[:, PART].tolist(), ticks.tolist(), strict=True)
        ):
            excess = ear.strikes[part] - self._strikes[index]
            # Only an onset's lowest key counts: what is above it may stay.
            if excess > 0 and ear.begins(shift, part):
                if bias is None:
                    bias = np.zeros((len(columns), SIZES[PITCH]), dtype=np.float32)
                bias[index, ear.struck[part]] = -0.5 * excess
        return bias

    def _leave(self, leaving: NDArray[np.bool_]) -> list[Stream]:
        ended = [stream for stream, out in zip(self.streams, leaving, strict=True) if out]
        for index in np.flatnonzero(leaving).tolist():
            stream = self.streams[index]
            assert self._state is not None
            stream.ear = self._ears[index]
            stream.copied = int(self._copied[index])
            stream.resting = self._state.context.recalls[index].resting
            stream.done = True
        stay = np.flatnonzero(~leaving)
        self.streams = [self.streams[index] for index in stay]
        self._ears = [self._ears[index] for index in stay]
        if len(stay):
            assert self._state is not None
            self._state, self._rules = self._state.take(stay), self._rules.take(stay)
            if self._unheard is not None:
                columns, ticks = self._unheard
                self._unheard = columns[stay], ticks[stay]
            self._before = self._before[stay]
            self._numbers = self._numbers[stay]
            self._used, self._copied = self._used[stay], self._copied[stay]
        else:
            self._state = self._unheard = None
        self._dials()
        return ended
