"""Performance events: the encoding of Performance RNN, for the baseline of that name.

A stream of 388 kinds of events and one more that begins and ends a piece:

    0..127      a key goes down, at the velocity set before
    128..255    a key comes up
    256..355    time passes: 10 ms to 1 s
    356..387    velocity from here on, 32 levels
    388         beginning and end of the piece (not in the paper: it makes a piece's
                likelihood whole)

All parts fall into one, as on one piano; time is seconds, so that music on a beat grid is
rounded to 10 ms too.

Source: Oore, Simon, Dieleman, Eck and Simonyan, This Time with Feeling (2018), section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.placement import seconds_of
from composer.music.beat_grid import BEATS
from composer.music.timing import TempoMap
from composer_training.data.dataset import FINE_PER_BEAT, FINE_PER_SECOND, Notes, Record

STEPS_PER_SECOND = 100
UP, WAIT, VELOCITY, EDGE = 128, 256, 356, 388
CLASSES = EDGE + 1
LONGEST_WAIT = 100
FAR = 1 << 40
"""A step that no piece reaches."""
_USUAL_LEVEL = 16
"""Of keys that go down before any velocity was set."""

Tokens = NDArray[np.int32]


def to_tokens(record: Record, notes: Notes) -> Tokens:
    """A piece as events, from `EDGE` to `EDGE`, int32 [events].

    Args:
        record: Of a dataset.
        notes: int32 [notes, 5] as in `composer_training.data.dataset`.
    """
    starts = notes[:, 0].astype(np.float64)
    ends = starts + notes[:, 3]
    if record.kind == BEATS:
        seconds = seconds_of(TempoMap(record.tempos), np.stack([starts, ends]), FINE_PER_BEAT)
    else:
        seconds = np.stack([starts, ends]) / FINE_PER_SECOND
    tokens, _ = spell(to_steps(seconds - seconds[0].min()), notes[:, 2], notes[:, 4] // 4)
    return np.concatenate([[EDGE], tokens, [EDGE]], dtype=np.int32)


def to_steps(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Onsets and releases in seconds [2, notes] -> steps of 10 ms; no note is shorter than one."""
    steps = np.round(seconds * STEPS_PER_SECOND).astype(np.int64)
    steps[1] = np.maximum(steps[1], steps[0] + 1)
    return steps


def spell(
    steps: NDArray[np.int64],
    pitches: NDArray[np.integer],
    levels: NDArray[np.integer],
    cut: int = FAR,
) -> tuple[Tokens, int]:
    """Notes as events, without the edges.

    Args:
        steps: Onsets and releases, [2, notes], in any order; 0 is the first one's.
        pitches: [notes].
        levels: Velocity levels 0..31, [notes].
        cut: A step.

    Returns:
        int32 [events], and how many of them lie before the cut: what happens there, without
        the wait for what happens at it or after.
    """
    count = len(pitches)
    changes = np.zeros((2 * count, 4), dtype=np.int64)  # step, up before down, pitch, level
    changes[:count, 0], changes[count:, 0] = steps
    changes[:count, 1] = 1
    changes[:count, 2] = changes[count:, 2] = pitches
    changes[:count, 3] = levels
    changes = changes[np.lexsort((changes[:, 2], changes[:, 1], changes[:, 0]))]
    tokens: list[int] = []
    clock, loudness, before = 0, -1, 0
    for step, down, pitch, level in changes.tolist():
        wait = step - clock
        while wait > 0:
            tokens.append(WAIT + min(wait, LONGEST_WAIT) - 1)
            wait -= LONGEST_WAIT
        clock = step
        if down and level != loudness:
            tokens.append(VELOCITY + level)
            loudness = level
        tokens.append(pitch if down else UP + pitch)
        if step < cut:
            before = len(tokens)
    return np.array(tokens, dtype=np.int32), before


class Reader:
    """Events one after another -> notes, as they come: the inverse of `spell`.

    Attributes:
        clock: Steps gone by.
        notes: (onset, release, pitch, level) of the keys that came up again.
    """

    def __init__(self, clock: int = 0) -> None:
        """Nothing was heard yet."""
        self.clock = clock
        self.notes: list[tuple[int, int, int, int]] = []
        self._level = _USUAL_LEVEL
        self._down: dict[int, tuple[int, int]] = {}

    def hear(self, token: int) -> None:
        """One more event; a key that goes down again had come up, one not down stays up."""
        if token < UP:
            self._release(token)
            self._down[token] = (self.clock, self._level)
        elif token < WAIT:
            self._release(token - UP)
        elif token < VELOCITY:
            self.clock += token - WAIT + 1
        elif token < EDGE:
            self._level = token - VELOCITY

    def end(self) -> None:
        """All keys come up."""
        for pitch in list(self._down):
            self._release(pitch)

    def _release(self, pitch: int) -> None:
        if pitch in self._down:
            onset, level = self._down.pop(pitch)
            self.notes.append((onset, max(self.clock, onset + 1), pitch, level))
