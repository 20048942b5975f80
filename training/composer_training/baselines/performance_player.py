"""Performance player: a Performance RNN goes on from seeds, and judges what others made.

The network hears a seed at the seed's own tempo, as events on a grid of 10 ms, and goes on event
by event. It may draw any event, except that no key goes down before the seed is over. Its notes
are put back on the seed's grid, each in the part that played most notes near its pitch.

The network learnt from the same pieces as composer's model, and had no part in what that model
plays. So its nats for a second half, given the first, say how well one note follows another to an
independent judge, which histograms of a segment cannot.

Conventions:
    N seeds, L layers, H units. Steps are 10 ms, counted from a piece's first onset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    FIELDS,
    PART,
    PITCH,
    VELOCITY,
    nearest_duration,
)
from composer.evaluation.sources import with_notes
from composer.evaluation.split_piece import SecondHalf, SplitPiece
from composer.generation.sampling import SamplingParams, sample
from composer.generation.settings import Settings
from composer.music.notes import DRUM_PROGRAM
from composer.terminal import Advance
from composer_training.baselines.performance_events import (
    CLASSES,
    EDGE,
    STEPS_PER_SECOND,
    UP,
    Reader,
    Tokens,
    spell,
    to_steps,
)
from composer_training.baselines.performance_rnn import (
    NO_PARTS,
    PerformanceRNN,
    compiled,
    event_nats,
)

Floats = NDArray[np.float32]

BATCH_SIZE = 64
"""Pieces that are heard or played side by side."""
MOST_PER_SECOND = 200
"""Events per second of music from which a piece is given up, because its time stands still."""
REACH = 3.0
"""Semitones by which a part is expected to leave the keys that it played."""


@dataclass(frozen=True, slots=True)
class _Seed:
    """A first half as the network hears it.

    Attributes:
        tokens: From `EDGE` to the last thing that happens before the cut.
        state: float32 [L, 2, H], when all of them but the last have been heard.
        cut: Step.
    """

    tokens: Tokens
    state: Floats
    cut: int


class PerformancePlayer:
    """A network and the seeds that it has heard."""

    def __init__(
        self,
        network: PerformanceRNN,
        pieces: Sequence[SplitPiece],
        progress: Advance | None = None,
    ) -> None:
        """Hear the seeds.

        Args:
            network: Trained.
            pieces: From `composer.evaluation.split_piece.split_piece`.
            progress: Called with how many seeds were heard and how many there are.
        """
        self.network, self._pieces = network, pieces
        self._step = compiled(lambda tokens, state: network(tokens, NO_PARTS, state))
        spelt = [_spell(piece, piece.seed) for piece in pieces]
        scripts = [np.concatenate([[EDGE], tokens[:before]]) for tokens, before in spelt]
        # The longest seeds go first, so that no long one is heard alone at the end.
        order = sorted(range(len(scripts)), key=lambda index: -len(scripts[index]))
        heard = [0] * len(scripts)

        def turn(place: int, logits: Floats) -> int | None:
            index = order[place]
            heard[index] += 1
            more = heard[index] < len(scripts[index]) - 1
            return int(scripts[index][heard[index]]) if more else None

        nothing = np.asarray(network.zero_state(1)[:, :, 0])
        after = self._walk([(nothing, EDGE)] * len(order), turn, progress)
        states = dict(zip(order, after, strict=True))
        self._seeds = [
            _Seed(script, states[index], _cut_step(pieces[index]))
            for index, script in enumerate(scripts)
        ]

    def _walk(
        self,
        starts: Sequence[tuple[Floats, int]],
        turn: Callable[[int, Floats], int | None],
        progress: Advance | None,
    ) -> list[Floats]:
        """Hear events one after another, many pieces side by side.

        Args:
            starts: (state, event to be heard first) of each piece.
            turn: Called with a piece's index and its logits [389] after an event. Returns
                the next event to be heard, or None at the piece's end.
            progress: Called with how many pieces are done and how many there are.

        Returns:
            The state of each piece after its last event, float32 [L, 2, H].
        """
        after = [state for state, _ in starts]
        waiting = list(range(len(starts)))[::-1]
        streams: list[int | None] = [None] * min(BATCH_SIZE, len(starts))
        tokens = np.full((len(streams), 2, 1), EDGE, dtype=np.int32)
        state = self.network.zero_state(len(streams))
        done = 0
        while done < len(starts):
            for place, index in enumerate(streams):
                if index is None and waiting:
                    index = streams[place] = waiting.pop()
                    state[:, :, place], tokens[place, 0, 0] = starts[index]
            logits, new = self._step(tokens, state)
            table = np.asarray(ops.convert_to_numpy(logits[0]))[:, 0]
            state = np.array(ops.convert_to_numpy(new))
            for place, index in enumerate(streams):
                if index is None:
                    continue
                following = turn(index, table[place])
                if following is not None:
                    tokens[place, 0, 0] = following
                    continue
                after[index], streams[place] = state[:, :, place].copy(), None
                done += 1
                if progress:
                    progress(done, len(starts))
        return after

    def continuations(
        self, settings: Settings, progress: Advance | None = None
    ) -> list[SecondHalf]:
        """Second halves, one a piece, each as long as the true one.

        Args:
            settings: Temperature, top-p, min-p and the seed of randomness.
            progress: Called with how many are done and how many there will be.
        """
        params = SamplingParams(*(np.array([value]) for value in settings.draw))
        generators = [
            np.random.default_rng((settings.rng_seed, index)) for index in range(len(self._seeds))
        ]
        readers, ends = [], []
        for seed, piece in zip(self._seeds, self._pieces, strict=True):
            reader = Reader()
            for token in seed.tokens.tolist():
                reader.hear(token)
            readers.append(reader)
            (length,) = piece.seconds(np.array([piece.second_half.length]))
            ends.append(seed.cut + round(float(length) * STEPS_PER_SECOND))
        left = [
            MOST_PER_SECOND * (end - seed.cut) // STEPS_PER_SECOND + MOST_PER_SECOND
            for end, seed in zip(ends, self._seeds, strict=True)
        ]

        def turn(index: int, logits: Floats) -> int | None:
            reader = readers[index]
            allowed = np.ones((1, CLASSES), dtype=bool)
            allowed[0, EDGE] = False
            if reader.clock < self._seeds[index].cut:
                allowed[0, :UP] = False
            (token,) = sample(logits[None], allowed, generators[index].random(1), params).tolist()
            reader.hear(token)
            left[index] -= 1
            return int(token) if reader.clock < ends[index] and left[index] else None

        starts = [(seed.state, int(seed.tokens[-1])) for seed in self._seeds]
        self._walk(starts, turn, progress)
        made = []
        for index, (reader, seed, piece) in enumerate(
            zip(readers, self._seeds, self._pieces, strict=True)
        ):
            reader.end()
            notes = np.array(
                [note for note in reader.notes if seed.cut <= note[0] < ends[index]], dtype=np.int64
            ).reshape(-1, 4)
            made.append(SecondHalf(index, _to_segment(piece, notes, seed.cut)))
        return made

    def surprise(self, made: Sequence[SecondHalf], progress: Advance | None = None) -> list[float]:
        """Nats per note of each second half to the network; NaN for one without notes.

        Args:
            made: From pieces that it has heard.
            progress: Called with how many are done and how many there are.
        """
        rests = []
        for item in made:
            tokens, before = _spell(self._pieces[item.index], item.segment)
            rests.append(np.concatenate([self._seeds[item.index].tokens[-1:], tokens[before:]]))
        states = [self._seeds[item.index].state for item in made]
        paid = [float("nan")] * len(made)
        for done, (index, nats) in enumerate(event_nats(self.network, rests, states), 1):
            notes = len(made[index].segment.rows)
            paid[index] = float(nats.sum()) / notes if notes else float("nan")
            if progress:
                progress(done, len(made))
        return paid


def _first(piece: SplitPiece) -> float:
    """Seconds from the cut to the first onset of the seed; negative."""
    return float(piece.seconds(piece.seed.onsets[:1] - piece.seed.length)[0])


def _cut_step(piece: SplitPiece) -> int:
    return round(-_first(piece) * STEPS_PER_SECOND)


def _spell(piece: SplitPiece, after: Segment) -> tuple[Tokens, int]:
    """A first half and what follows it as events, and how many of these lie before the cut.

    Args:
        piece: The piece, of which the first half is spelt.
        after: What follows the first half; the seed itself if nothing does.
    """
    rows, onsets = piece.seed.rows, piece.seed.onsets - piece.seed.length
    if after is not piece.seed:
        rows = np.concatenate([rows, after.rows])
        onsets = np.concatenate([onsets, after.onsets])
    ends = onsets + DURATION_TICKS[rows[:, DURATION]]
    seconds = piece.seconds(np.stack([onsets, ends])) - _first(piece)
    return spell(to_steps(seconds), rows[:, PITCH], rows[:, VELOCITY], _cut_step(piece))


def _to_segment(piece: SplitPiece, notes: NDArray[np.int64], cut: int) -> Segment:
    """Notes (onset, release, pitch, level), [notes, 4] in steps, on the grid of a piece."""
    seconds = (notes[:, :2] - cut) / STEPS_PER_SECOND
    starts, ends = (piece.ticks(column) for column in seconds.T)
    length = piece.second_half.length
    onsets = np.clip(np.round(starts), 0, length - 1).astype(np.int64)
    longest = np.searchsorted(DURATION_TICKS, length - onsets, side="right") - 1
    rows = np.zeros((len(notes), len(FIELDS)), dtype=np.int64)
    rows[:, PART] = _parts(piece.seed)[notes[:, 2]]
    rows[:, PITCH], rows[:, VELOCITY] = notes[:, 2], notes[:, 3]
    rows[:, DURATION] = np.minimum(nearest_duration(np.maximum(ends - starts, 1.0)), longest)
    order = np.lexsort((-rows[:, DURATION], rows[:, PITCH], rows[:, PART], onsets))
    rows, onsets = rows[order], onsets[order]
    place = np.column_stack([onsets, rows[:, [PART, PITCH]]])
    kept = np.ones(len(rows), dtype=bool)
    kept[1:] = (place[1:] != place[:-1]).any(axis=1)
    return with_notes(piece.seed, rows[kept], onsets[kept], length)


def _parts(seed: Segment) -> NDArray[np.int64]:
    """The part that plays most notes near each pitch, [128]; drum keys are near themselves only."""
    keys = np.arange(128)
    near = np.exp(-np.abs(keys[:, None] - keys) / REACH)
    table = np.full((len(seed.programs), 128), 1e-12)
    for slot, program in enumerate(seed.programs):
        played = np.bincount(seed.rows[seed.rows[:, PART] == slot, PITCH], minlength=128)
        table[slot] += played if program == DRUM_PROGRAM else played @ near
    return np.asarray(table.argmax(axis=0))
