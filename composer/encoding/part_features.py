"""Part features: what is told of each part that may play next, so that one can be pointed at.

A part has no name that a network could learn. It is known by what it is and does: its
instrument, how high it lies, what it played last and when, whether its note has just ended,
how densely it plays, how many keys it strikes at once, and what recall and lookback say of it.
Weights that go with these are the same for all parts, however many there are.

Conventions:
    B streams (or notes), P parts; integers. The *history* of a part is one row, `HISTORY`.
    Times are event ticks; averages are in sixteenths, so that they stay whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    END,
    LONGEST,
    NO_DURATION,
    NO_PITCH,
    NO_VELOCITY,
    PITCH,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    VELOCITY,
)
from composer.encoding.lookback import LIKENESSES
from composer.encoding.match_model import CONFIDENCES
from composer.encoding.return_lookback import RETURNINGS
from composer.music.notes import DRUM_PROGRAM

Ints = NDArray[np.int64]

HISTORY = (
    "register", "pace", "program", "last_pitch", "last_duration", "last_velocity", "onset",
    "length", "chord", "chord_later", "height", "step", "struck", "struck_before",
)  # fmt: skip
"""What is remembered of a part. First what it is told by as it stands: its register and pace,
its program, its last note; then that note's onset (-1: none yet); what the phase, and the chord
on this onset and on a later one, are looked up by; and what these follow from: its mean pitch
and its mean time from onset to onset of late, and the notes of its last two onsets."""
PROGRAM_AT = HISTORY.index("program")
LAST_AT = HISTORY.index("last_pitch")
ONSET_AT = HISTORY.index("onset")

PART_FEATURES = (
    "register", "pace", "program", "last_pitch", "last_duration", "gap", "phase", "chord",
    "order", "confidence", "likeness", "to_come", "returning", "to_return",
)  # fmt: skip
_REGISTERS = 32
_PHASES = 11
_PACES = 19
_STRUCK = 4
_CHORD = 5
_ORDERS = 6
TO_COME = 4
"""Classes of how many notes a part still has to come of those it played a bar ago, or in the
bar that the plan refers to: 0 to 3."""
PART_FEATURE_SIZES = (
    _REGISTERS + 1, _PACES, DRUM_PROGRAM + 1, SIZES[2] + 1, SIZES[3] + 1, END + 1, _PHASES,
    _STRUCK * _CHORD, _ORDERS, CONFIDENCES, LIKENESSES, TO_COME, RETURNINGS, TO_COME,
)  # fmt: skip

_FRACTION = 16
_NEVER = LONGEST + 1
_TIMES = _NEVER + 1
_GAPS = np.append(SHIFT_TICKS.searchsorted(np.arange(_NEVER), side="right") - 1, END)
"""Gap class of each time since a part's last onset; of the last one, "never"."""
_EIGHTHS = 64
_PHASE_OF = np.searchsorted(
    [1, 4, 7, 8, 9, 12, 16, 24, 32, _EIGHTHS],
    np.minimum(8 * np.arange(_TIMES) // np.append(DURATION_TICKS, 1)[:, None], _EIGHTHS),
    side="right",
).reshape(-1)
"""Of each length class and time since a part's last onset: in eighths of the length, 8 is where
the note ends."""
_PACE_OF = [0] * _FRACTION + [
    int(1 + 2 * np.log2(step / _FRACTION)) for step in range(_FRACTION, _FRACTION * LONGEST + 1)
]
"""Two classes to a doubling of the time from onset to onset; 0: unknown."""
_ORDER = np.zeros((SLOTS + 2, SLOTS), dtype=np.int64)
_ORDER[:-1] = np.clip(np.arange(SLOTS) - np.arange(-1, SLOTS)[:, None], -1, _ORDERS - 3) + 2
"""Of the slot of the last note plus one, where the next falls on its onset, and of each slot:
before it, the same, next, two on, further; the last row for a new onset."""

_SLOTS = np.arange(SLOTS)

UNHEARD = (
    _REGISTERS, 0, 0, NO_PITCH, NO_DURATION, NO_VELOCITY, -1,
    NO_DURATION * _TIMES, 0, 0, 0, 0, 0, 0,
)  # fmt: skip
"""The history of a part that has not played, but for its program."""


def after_note(history: Sequence[int], row: Sequence[int], onset: int) -> tuple[int, ...]:
    """The history of a part after one more note.

    Args:
        history: Before it.
        row: The note's fields.
        onset: Its onset.
    """
    pitch, duration = row[PITCH], row[DURATION]
    *_, height, step, struck, before = history
    if history[ONSET_AT] < 0:
        height, step, struck, before = _FRACTION * pitch, 0, 1, 0
    else:
        height += (_FRACTION * pitch - height) // 8
        since = onset - history[ONSET_AT]
        if since:
            ticks = _FRACTION * min(since, LONGEST)
            step = step + (ticks - step) // 4 if step else ticks
            struck, before = 1, struck
        else:
            struck += 1
    usual = min(struck, _CHORD - 1)
    now = min(struck, _STRUCK - 1) * _CHORD + min(before, _CHORD - 1)
    return (
        height >> 6, _PACE_OF[step], history[PROGRAM_AT], pitch, duration, row[VELOCITY], onset,
        duration * _TIMES, now, usual, height, step, struck, before,
    )  # fmt: skip


def to_come_of(players: Sequence[int], parts: int) -> list[int]:
    """How many notes of each part are still to come, 0..3, of the part of each such note."""
    counts = [0] * parts
    for player in players:
        counts[player] = min(counts[player] + 1, TO_COME - 1)
    return counts


def part_features(
    histories: NDArray[Any],
    onset: Ints,
    together: NDArray[np.bool_],
    last: Ints,
    advice: Ints,
    to_come: Ints,
) -> Ints:
    """What is told of each part once the shift of the next note is chosen.

    Args:
        histories: [B, P, 14], columns as in `HISTORY`.
        onset: Of the next note, [B].
        together: Whether it falls on the onset of the last note, bool [B].
        last: Slot of the last note, -1 for none, [B].
        advice: Confidence, likeness, returning, the part that recall expects, the one that played
            there first a bar ago, and the one that did in the bar referred to, [B, 6].
        to_come: Notes of each part at that place, still to come, 0..3: a bar ago, and in the bar
            that the plan refers to, [2, B, P].

    Returns:
        int64 [B, P, 14], columns as in `PART_FEATURES`.
    """
    count = histories.shape[1]
    # Column by column in memory: so they are filled in, and so the network looks them up.
    made = np.empty((len(PART_FEATURES), len(histories), count), dtype=np.int64)
    known = histories.transpose(2, 0, 1)
    heard = known[ONSET_AT]
    since = np.minimum(onset[:, None] - heard, LONGEST)
    since[heard < 0] = _NEVER
    made[:5] = known[:5]
    made[5] = _GAPS.take(since)
    made[6] = _PHASE_OF.take(known[7] + since)
    made[7] = np.where(since, known[9], known[8])
    made[8] = _ORDER.take(np.where(together, last + 1, -1), axis=0)[:, :count]
    certainties, named = advice.T[:3, :, None], advice.T[3:, :, None]
    certain = (named == _SLOTS[:count]) * certainties
    made[9:11] = certain[:2]
    made[11::2] = to_come
    made[12] = certain[2]
    return made.transpose(1, 2, 0)
