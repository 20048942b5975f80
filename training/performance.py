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

from composer.events import seconds_of
from composer.grid import BEATS
from composer.timing import TempoMap
from training.dataset import FINE_PER_BEAT, FINE_PER_SECOND, Notes, Record

STEPS_PER_SECOND = 100
UP, WAIT, VELOCITY, EDGE = 128, 256, 356, 388
CLASSES = EDGE + 1
LONGEST_WAIT = 100

Tokens = NDArray[np.int32]


def to_tokens(record: Record, notes: Notes) -> Tokens:
    """A piece as events, from `EDGE` to `EDGE`, int32 [events].

    Args:
        record: Of a dataset.
        notes: int32 [notes, 5] as in `training.dataset`.
    """
    starts = notes[:, 0].astype(np.float64)
    ends = starts + notes[:, 3]
    if record.kind == BEATS:
        seconds = seconds_of(TempoMap(record.tempos), np.stack([starts, ends]), FINE_PER_BEAT)
    else:
        seconds = np.stack([starts, ends]) / FINE_PER_SECOND
    steps = np.round((seconds - seconds[0].min()) * STEPS_PER_SECOND).astype(np.int64)
    steps[1] = np.maximum(steps[1], steps[0] + 1)
    count = len(notes)
    changes = np.zeros((2 * count, 4), dtype=np.int64)  # step, up before down, pitch, velocity
    changes[:count, 0], changes[count:, 0] = steps
    changes[:count, 1] = 1
    changes[:count, 2] = changes[count:, 2] = notes[:, 2]
    changes[:count, 3] = notes[:, 4] // 4
    changes = changes[np.lexsort((changes[:, 2], changes[:, 1], changes[:, 0]))]
    tokens = [EDGE]
    clock, loudness = 0, -1
    for step, down, pitch, velocity in changes.tolist():
        wait = step - clock
        while wait > 0:
            tokens.append(WAIT + min(wait, LONGEST_WAIT) - 1)
            wait -= LONGEST_WAIT
        clock = step
        if not down:
            tokens.append(UP + pitch)
            continue
        if velocity != loudness:
            tokens.append(VELOCITY + velocity)
            loudness = velocity
        tokens.append(pitch)
    return np.array([*tokens, EDGE], dtype=np.int32)
