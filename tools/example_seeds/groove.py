"""The drum seed: eight bars of a swung sixteenth-note groove, written for this project.

Given away under CC0-1.0. A column is a sixteenth note; `X` accent, `x` stroke, `o` soft
stroke, `g` ghost note, `.` nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

BPM = 94.0
KICK, RIM, SNARE, LOW_TOM, CLOSED_HAT, MID_TOM, OPEN_HAT, CRASH = 36, 37, 38, 45, 42, 47, 46, 49
LOUDNESS = {"X": 112, "x": 90, "o": 64, "g": 30}

SWING = 0.58
"""Where the second sixteenth of each pair falls within the eighth note (0.5: straight)."""

FEEL_MS = {KICK: -2.0, SNARE: 9.0, CLOSED_HAT: 0.0, OPEN_HAT: 0.0}
"""How far each drum sits behind the click: a relaxed back beat over a punctual foot."""

_TIME = {
    CLOSED_HAT: "X.o.xoo.X.o.xo..",
    SNARE: "....X..g.g..X..g",
    KICK: "X..x..x...x.....",
}
_LIFT = {
    CLOSED_HAT: "X.o.xoo.X.o.x...",
    OPEN_HAT: "..............x.",
    SNARE: "....X..g.g.gX...",
    KICK: "X..x..x..xx....x",
}
_TURN = {
    CLOSED_HAT: "X.o.xoo.X.o.....",
    SNARE: "....X..g.g..x.ox",
    KICK: "X..x..x...x..x..",
}
_FILL = {
    CLOSED_HAT: "X.o.xoo.........",
    SNARE: "....X..gxgox....",
    MID_TOM: "............xo..",
    LOW_TOM: "..............Xo",
    KICK: "X..x..x.........",
}
_OPENING = {**_TIME, CLOSED_HAT: "..o.xoo.X.o.xo..", CRASH: "X..............."}

BARS = (_OPENING, _LIFT, _TIME, _TURN, _TIME, _LIFT, _TIME, _FILL)


def strokes(ticks_per_beat: int, touch: random.Random) -> Iterator[tuple[int, int, int]]:
    """Yield (tick, drum key, velocity), played by hand: swung, placed and never twice alike."""
    ticks_per_ms = ticks_per_beat * BPM / 60_000
    for bar, rows in enumerate(BARS):
        for drum, row in rows.items():
            for column, mark in enumerate(row):
                if mark == ".":
                    continue
                eighth, second = divmod(column, 2)
                beat = 4 * bar + (eighth + second * SWING) / 2
                late_ms = FEEL_MS.get(drum, 4.0) + touch.gauss(0, 3.5)
                tick = max(0, round(beat * ticks_per_beat + late_ms * ticks_per_ms))
                loud = LOUDNESS[mark] + round(touch.gauss(0, 4))
                yield tick, drum, max(1, min(127, loud))
