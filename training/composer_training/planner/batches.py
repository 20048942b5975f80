"""Batches of the planner: rows of bars, the first of them heard, the others to be planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from composer.music.chords import CHORDS
from composer.music.plan import FAR
from composer.planning.bars import CONTENT, Bars, tonic_of
from composer.planning.features import PAIRS, STEP_COLUMNS, imagined, pair_features, relative, steps
from composer.planning.rules import phrases_allowed

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

LONGEST: Final = (48, 80)
"""Bars of a row at most; each batch has one of these."""
FEWEST_HEARD: Final = 4
_NEVER: Final = -1e9
_ENDS: Final = 0.33


class Batch(NamedTuple):
    """B rows of N bars, padded at their end.

    Attributes:
        told: int [B, N, 10], `composer.planning.features.steps`.
        content: float32 [B, N, 9].
        pairs: float32 [B, N, N, P].
        allowed: bool [B, N, N], which bars may be taken up.
        phrase_mask: float32 [B, N, 10], 0 where a phrase class may follow, else very little.
        phrase, reference, nearness: int [B, N], what is planned; a reference is N for none.
        chords: int [B, N, 2], relative.
        advice: int [B, N, 2], chords of the bar taken up.
        chosen: float32 [B, N, P], features of the bar taken up.
        here: float32 [B, N], weight of each bar, 0 for padding.
    """

    told: Ints
    content: Floats
    pairs: Floats
    allowed: NDArray[np.bool_]
    phrase_mask: Floats
    phrase: Ints
    reference: Ints
    nearness: Ints
    chords: Ints
    advice: Ints
    chosen: Floats
    here: Floats


def seed_and_rest(bars: Bars, heard: int, *, closes: bool) -> Bars:
    """A piece's bars as the planner meets them: a seed, analysed by itself, and what follows.

    Args:
        bars: Of the piece, or of a part of it.
        heard: Bars of the seed.
        closes: Whether the planner is told how far the end is.
    """
    numbers = np.arange(len(bars))
    # What is heard of a phrase that the seed breaks off is taken for a whole one.
    phrase = np.where(
        numbers < heard, np.minimum(bars.phrase, np.maximum(heard - numbers, 1)), bars.phrase
    )
    ending = np.where(numbers < heard, 0, bars.ending) if closes else np.zeros_like(bars.ending)
    return imagined(replace(bars, phrase=phrase, ending=ending, heard=heard))


def batch_of(
    rows: Sequence[Bars],
    *,
    seed_weight: float = 0.5,
    end_weight: float = 1.0,
    length: int | None = None,
) -> Batch:
    """Rows from `seed_and_rest` as arrays.

    Args:
        rows: One or more.
        seed_weight: Weight of a bar that was heard, beside 1 of one to be planned.
        end_weight: Weight of the last two bars, where the end is told.
        length: Bars to pad to; None: as many as the longest row has.
    """
    count = length or max(len(bars) for bars in rows)
    shape = (len(rows), count)
    made = Batch(
        told=np.zeros((*shape, len(STEP_COLUMNS)), dtype=np.int32),
        content=np.zeros((*shape, len(CONTENT)), dtype=np.float32),
        pairs=np.zeros((*shape, count, len(PAIRS)), dtype=np.float32),
        allowed=np.zeros((*shape, count), dtype=np.bool_),
        phrase_mask=np.zeros((*shape, FAR + 1), dtype=np.float32),
        phrase=np.zeros(shape, dtype=np.int32),
        reference=np.full(shape, count, dtype=np.int32),
        nearness=np.zeros(shape, dtype=np.int32),
        chords=np.zeros((*shape, 2), dtype=np.int32),
        advice=np.full((*shape, 2), CHORDS, dtype=np.int32),
        chosen=np.zeros((*shape, len(PAIRS)), dtype=np.float32),
        here=np.zeros(shape, dtype=np.float32),
    )
    for row, bars in enumerate(rows):
        n = len(bars)
        tonic, minor = tonic_of(bars.chords[: bars.heard])
        told, content = steps(bars, tonic, minor)
        pairs, allowed = pair_features(bars)
        chords = relative(bars.chords, tonic)
        made.told[row, :n], made.content[row, :n] = told, content
        made.pairs[row, :n, :n], made.allowed[row, :n, :n] = pairs, allowed
        before = np.concatenate([[1], bars.phrase[:-1]])
        made.phrase_mask[row, :n] = np.where(_FOLLOWS[before], 0.0, _NEVER)
        made.phrase[row, :n], made.nearness[row, :n] = bars.phrase, bars.nearness
        made.chords[row, :n] = chords
        taken = np.flatnonzero(bars.references >= 0)
        source = bars.references[taken]
        made.reference[row, taken] = source
        made.advice[row, taken] = chords[source]
        made.chosen[row, taken] = pairs[taken, source]
        weight = np.where((bars.ending == 1) | (bars.ending == 2), end_weight, 1.0)
        made.here[row, :n] = np.where(np.arange(n) < bars.heard, seed_weight, weight)
    return made


_FOLLOWS = np.array([phrases_allowed(before, 0) for before in range(FAR + 1)])


def draw(bars: Bars, longest: int, rng: np.random.Generator) -> Bars:
    """A row for training: some bars of a piece, some of them heard.

    A third of the rows are the ends of pieces, so that ends are learnt, too.
    """
    count = len(bars)
    if rng.random() < _ENDS:
        length = min(int(rng.integers(FEWEST_HEARD + 4, longest + 1)), count)
        part = bars.cut(count - length, length)
        coming = int(rng.integers(2, max(min(length - FEWEST_HEARD, 24), 2) + 1))
        return seed_and_rest(part, max(length - coming, 1), closes=True)
    first = 0
    if count > FEWEST_HEARD + 8 and rng.random() < 0.5:
        first = int(rng.integers(0, count - FEWEST_HEARD - 4))
    part = bars.cut(first, min(longest, count - first))
    heard = int(rng.integers(FEWEST_HEARD, max(min(len(part) - 2, longest // 2), FEWEST_HEARD + 1)))
    return seed_and_rest(part, heard, closes=bool(rng.random() < 0.6))
