"""Plan noise: a piece's own plan, as a network in training should be told it: not always right.

A network that always heard the truth about the bars to come would obey a plan that is wrong,
and could not play without one. So some pieces have no plan, others lack a side of it, and in
the rest a few bars refer to another bar or have another chord.
"""

from __future__ import annotations

import numpy as np

from composer.music.chords import CHORDS, NO_CHORD
from composer.music.plan import LOOSE, NEAR, NONE, Plan, PlannedBar

NO_PLAN = 0.15
"""Share of pieces without a plan."""
_NO_REFERENCES, _NO_CHORDS, _NO_PHRASES, _NO_ENDING = 0.1, 0.12, 0.2, 0.35
"""Shares of the others that lack these."""
_OTHER_REFERENCE, _LOST_REFERENCE, _OTHER_CHORD = 0.03, 0.04, 0.04
"""Shares of bars, or half bars, whose reference or chord is another one or is not told."""


def spoilt(plan: Plan | None, amount: float, rng: np.random.Generator) -> Plan | None:
    """A plan with noise, or none at all.

    Args:
        plan: Of the piece as it is.
        amount: Of noise, by which all shares are multiplied, 0..1.
        rng: Source of all randomness.
    """
    if plan is None or rng.random() < amount * NO_PLAN:
        return None
    referring, harmonic, phrased, ending = rng.random(4) >= amount * np.array(
        [_NO_REFERENCES, _NO_CHORDS, _NO_PHRASES, _NO_ENDING]
    )
    bars = []
    for number, bar in enumerate(plan.bars):
        reference, nearness = _reference(number, bar, amount, rng) if referring else (NONE, 0)
        first, second = (_chord(code, amount, rng) if harmonic else NO_CHORD for code in bar.chords)
        bars.append(
            PlannedBar(
                reference,
                bar.transposition if reference == bar.reference else 0,
                nearness,
                (first, second),
                bar.phrase if phrased else 0,
                bar.ending if ending else 0,
            )
        )
    return Plan(tuple(bars))


def _reference(
    number: int, bar: PlannedBar, amount: float, rng: np.random.Generator
) -> tuple[int, int]:
    chance = rng.random()
    if bar.reference != NONE and chance < amount * _LOST_REFERENCE:
        return NONE, 0
    if number and chance > 1 - amount * _OTHER_REFERENCE:
        return int(rng.integers(number)), int(rng.integers(LOOSE, NEAR + 1))
    return bar.reference, bar.nearness


def _chord(code: int, amount: float, rng: np.random.Generator) -> int:
    chance = rng.random()
    if chance < amount * _OTHER_CHORD:
        return NO_CHORD
    return int(rng.integers(1, CHORDS)) if chance < 2 * amount * _OTHER_CHORD else code
