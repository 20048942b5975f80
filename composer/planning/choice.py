"""Choice: of several plans the first that does nothing that people do not.

Chance leads one plan in some far astray: harmony that never comes round, a section in which
nothing returns. So a few are drawn and each is held against the traits below, in which people's
next sixteen bars were measured. Only what lies far off counts, and on the side on which music
loses its way: the plan nearest to the mean of all music would be a tame one, and a chorus that
comes back note for note is no fault.

Conventions:
    Bars are counted from the seed's first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from composer.music.chords import NO_CHORD, chord_tones, root_of
from composer.music.keys import Key
from composer.music.plan import NONE, Plan

TRIES: Final = 4
"""Plans that are drawn."""


class Usual(NamedTuple):
    """What is usual of a trait.

    Attributes:
        mean: In people's music.
        deviation: Its standard deviation there.
        side: 1: more than that is astray; -1: less; 0: both.
        slope: How much more there is where the seed takes itself up more.
    """

    mean: float
    deviation: float
    side: int
    slope: float = 0.0

    def beyond(self, value: float, own: float) -> float:
        """Deviations by which a value is astray, beyond the first `_FREE` of them.

        Args:
            value: Of the trait.
            own: From `taken_up`.
        """
        off = (value - self.mean - self.slope * (own - _TYPICAL)) / self.deviation
        return max((abs(off) if self.side == 0 else self.side * off) - _FREE, 0.0)


USUAL: Final = {
    "rhythm": Usual(0.0, 0.33, 0),
    "new pairs": Usual(0.5, 0.22, 1, -0.5),
    "outside": Usual(0.2, 0.27, 1),
    "returns": Usual(0.72, 0.2, -1, 0.7),
    "of the seed": Usual(0.46, 0.25, -1, 0.5),
    "of its own": Usual(0.25, 0.2, 1),
    "runs": Usual(0.65, 0.24, -1),
}
"""Each trait in people's music, near the means of 80 passages of 32 bars each of POP909, Lieder and
Freedoom; set by what the choice made of them (docs/experiments.md). Changes of chord beside the
seed's, as a logarithm to base 2; pairs of half bars' chords that the seed does not have; chords
outside its tones, beyond its own share; bars that take up another, one of the seed, and one that
was planned; and of two such bars in a row those that go on a run."""
_TYPICAL: Final = 0.6
"""Share of the bars of a seed's second half that take up others, to which the means belong."""
_FREE: Final = 0.5
"""Deviations that do not count."""
_OFF_TONIC: Final = 6.0
"""What an end on another chord than the tonic's counts."""
_FEW: Final = 0.04
"""Share of the seed's chord tones from which on a pitch class belongs to it."""


def most_usual(plans: Sequence[Plan], heard: int, key: Key | None, closes: bool) -> Plan:
    """The plan that is least astray; of equals the first.

    Args:
        plans: Of one seed and as many bars to come.
        heard: Bars of the seed.
        key: Of the seed.
        closes: Whether the music ends with the last bar.
    """
    misfits = [misfit(plan, heard, key, closes) for plan in plans]
    return plans[int(np.argmin(misfits))]


def misfit(plan: Plan, heard: int, key: Key | None, closes: bool) -> float:
    """How far a plan is astray: the mean square of what its traits are beyond what is usual."""
    own = taken_up(plan, heard)
    apart = [USUAL[name].beyond(value, own) ** 2 for name, value in traits(plan, heard).items()]
    if closes and key is not None and len(plan) > heard:
        last = plan.bars[-1].chords[1] or plan.bars[-1].chords[0]
        apart.append(_OFF_TONIC * (last == NO_CHORD or root_of(last) != key.tonic))
    return round(float(np.mean(apart)), 6) if apart else 0.0


def traits(plan: Plan, heard: int) -> dict[str, float]:
    """The traits of `USUAL` that a plan has, of the bars behind those of the seed."""
    seed, new = (
        [code for bar in bars for code in bar.chords if code != NO_CHORD]
        for bars in (plan.bars[:heard], plan.bars[heard:])
    )
    found: dict[str, float] = {}
    if len(seed) > 1 and len(new) > 1:
        found["rhythm"] = float(np.log2((_changes(new) + 0.1) / (_changes(seed) + 0.1)))
        known = set(pairwise(seed))
        found["new pairs"] = float(np.mean([pair not in known for pair in pairwise(new)]))
        tones = np.zeros(12)
        for code in seed:
            tones[list(chord_tones(code))] += 1
        own = {tone for tone in range(12) if tones[tone] >= _FEW * tones.sum()}
        found["outside"] = _outside(new, own) - _outside(seed, own)
    references = [bar.reference for bar in plan.bars[heard:]]
    if references and heard:
        found["returns"] = float(np.mean([number != NONE for number in references]))
        found["of the seed"] = float(np.mean([0 <= number < heard for number in references]))
        found["of its own"] = float(np.mean([number >= heard for number in references]))
        runs = [
            after == before + 1
            for before, after in pairwise(references)
            if NONE not in (before, after)
        ]
        if runs:
            found["runs"] = float(np.mean(runs))
    return found


def taken_up(plan: Plan, heard: int) -> float:
    """Share of the bars of the seed's second half that take up others."""
    references = [bar.reference for bar in plan.bars[heard // 2 : heard]]
    return float(np.mean([number != NONE for number in references])) if references else _TYPICAL


def _changes(chords: list[int]) -> float:
    return float(np.mean([before != after for before, after in pairwise(chords)]))


def _outside(chords: list[int], tones: set[int]) -> float:
    return float(np.mean([not chord_tones(code) <= tones for code in chords]))
