"""Columns: what is known of a step, its five fields and, from them and the past, its context.

Conventions:
    Values are classes, from 0. A step that plays nothing, such as the declaration of a part, has
    one of them in each column, too.
"""

from __future__ import annotations

from typing import Final

from composer.encoding.events import (
    END,
    NO_DURATION,
    NO_PITCH,
    NO_SHIFT,
    NO_VELOCITY,
    PART,
    SIZES,
    TICKS_PER_BEAT,
)
from composer.encoding.lookback import LIKENESSES
from composer.encoding.match_model import CONFIDENCES, NO_PART
from composer.encoding.part_order import NO_RANK, RANKS
from composer.encoding.return_lookback import PHRASES, RETURNINGS
from composer.music.beat_grid import FREE
from composer.music.chords import CHORDS, NO_CHORD
from composer.music.notes import DRUM_PROGRAM

POSITIONS: Final = TICKS_PER_BEAT + 1
"""Position in the beat, 0..23, and 24 for free time."""
BEATS_IN_BAR: Final = 17
"""Beat in the bar, 0..15 (later ones count as 15), and 16 for free time."""
BAR_LENGTHS: Final = 18
"""Bar length in eighth notes, 1..17 (longer ones count as 17), and 0 for free time."""
GAPS: Final = END + 1
"""Time since a part's previous onset, in shift classes; `END` for none yet."""

_SHIFT, _PART = (NO_SHIFT + 1, NO_SHIFT), (NO_PART + 1, NO_PART)
_PITCH, _DURATION = (NO_PITCH + 1, NO_PITCH), (NO_DURATION + 1, NO_DURATION)
_VELOCITY, _RANK = (NO_VELOCITY + 1, NO_VELOCITY), (RANKS + 1, NO_RANK)

_TABLE: Final = {
    "shift": _SHIFT,
    "part": (SIZES[PART], 0),
    "pitch": _PITCH,
    "duration": _DURATION,
    "velocity": _VELOCITY,
    "program": (DRUM_PROGRAM + 1, 0),
    "position": (POSITIONS, 0),
    "beat": (BEATS_IN_BAR, 0),
    "bar_length": (BAR_LENGTHS, 0),
    "last_pitch": _PITCH,
    "last_duration": _DURATION,
    "last_velocity": _VELOCITY,
    "gap": (GAPS, END),
    "confidence": (CONFIDENCES, 0),
    "expected_shift": _SHIFT,
    "expected_part": _PART,
    "expected_pitch": _PITCH,
    "expected_duration": _DURATION,
    "expected_velocity": _VELOCITY,
    "likeness": (LIKENESSES, 0),
    "ago_shift": _SHIFT,
    "ago_part": _PART,
    "ago_pitch": _PITCH,
    "ago_duration": _DURATION,
    "ago_velocity": _VELOCITY,
    "returning": (RETURNINGS, 0),
    "return_shift": _SHIFT,
    "return_part": _PART,
    "chord": (CHORDS, NO_CHORD),
    "next_chord": (CHORDS, NO_CHORD),
    "phrase": (PHRASES, 0),
    "ending": (PHRASES, 0),
    "return_pitch": _PITCH,
    "return_duration": _DURATION,
    "return_velocity": _VELOCITY,
    "rank": _RANK,
    "expected_rank": _RANK,
    "ago_rank": _RANK,
    "return_rank": _RANK,
}
"""How many classes each column has, and the one of a step that plays nothing."""

COLUMNS: Final = tuple(_TABLE)
"""The names of all columns, in order."""
COLUMN_SIZES: Final = tuple(size for size, _ in _TABLE.values())
PROGRAM = COLUMNS.index("program")
POSITION, BEAT, BAR_LENGTH = (COLUMNS.index(name) for name in ("position", "beat", "bar_length"))
LAST_PITCH, GAP = COLUMNS.index("last_pitch"), COLUMNS.index("gap")
CONFIDENCE = COLUMNS.index("confidence")
LIKENESS, AGO_PART = COLUMNS.index("likeness"), COLUMNS.index("ago_part")
RETURNING, RETURN_PART = COLUMNS.index("returning"), COLUMNS.index("return_part")
CHORD, RETURN_PITCH = COLUMNS.index("chord"), COLUMNS.index("return_pitch")
RANK = COLUMNS.index("rank")
NAMED: Final = tuple(
    COLUMNS.index(name) for name in ("part", "expected_part", "ago_part", "return_part")
)
"""Columns that name a part; from `RANK` on stand the ranks of these parts, in the same order."""
ADVICE_COLUMNS: Final = (CONFIDENCE, LIKENESS, RETURNING, *NAMED[1:])
"""What `part_features` takes of a step: how certain recall, lookback and plan are, and the part
that each of them names."""
INPUTS: Final = (
    *(
        {"part": "rank", "expected_part": "expected_rank", "ago_part": "ago_rank"}.get(name, name)
        for name in COLUMNS[:RETURNING]
    ),
    "returning",
    "chord",
    "phrase",
    "ending",
)
"""The columns that the network takes in: a part is known to it by its rank, not its slot. What
was played in a bar that returns is for the heads alone."""


def blank_step(kind: str) -> tuple[int, ...]:
    """A step that plays nothing, in music that is "beats" or "free"."""
    told = {name: blank for name, (_, blank) in _TABLE.items()}
    if kind == FREE:
        told |= {"position": POSITIONS - 1, "beat": BEATS_IN_BAR - 1}
    return tuple(told.values())
