"""Ranking: how well each of several continuations fits its seed, and which to keep.

A continuation fits when the model finds it likely and when what can be counted in it is as in
the seed (`composer.analysis.seed_distance`). One that repeats itself more than its seed does, falls
silent, or only plays a passage of the seed once more is kept when nothing else is left; of
near-duplicates of one another only the best.

Conventions:
    Rows are int [notes, 5] as in `composer.encoding.events`; onsets are event ticks. The lower a
    `cost`, the better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from composer.analysis.bar_similarity import dice
from composer.analysis.seed_distance import SeedDistance
from composer.analysis.segment import Segment
from composer.encoding.events import FREE_BAR, PART, PITCH
from composer.generation.decoder import PATIENCE

NATS = 0.1
"""What a nat per note counts; the misfit counts 1. Among continuations of one seed likelihoods
differ by about a nat, and misfits by some tenths."""
ALIKE = 0.8
"""Share of common notes (Dice 1945) from which two segments are near-duplicates."""
SHORTEST = 8
"""Notes under which a segment is too short to be called a copy of the seed."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How a continuation fits its seed.

    Attributes:
        nats: Mean -log p of its notes under the model, nats per note; lower is likelier.
        misfit: How far it lies from the seed in what can be counted, see
            `composer.analysis.seed_distance`.
        loop: Whether more bars in a row repeat than in the seed.
        silence: Whether it is silent longer than the seed ever is, and than a bar.
        cost: All of it in one number.
    """

    nats: float
    misfit: float
    loop: bool
    silence: bool
    cost: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def judge(seed: Segment, made: Segment, likelihood: float) -> Scores:
    """How a continuation fits its seed; `likelihood` is its mean log p, nats per note."""
    loop = made.repeats > max(seed.repeats, PATIENCE)
    silence = made.silence > max(seed.silence, seed.bar if not seed.free else FREE_BAR)
    # Rounded before they are compared and written: no difference hangs on the last bit.
    nats, misfit = round(-likelihood, 4), round(SeedDistance(seed).misfit(made), 4)
    return Scores(nats, misfit, loop, silence, round(NATS * nats + misfit, 4))


def likeness(a: Segment, b: Segment) -> float:
    """Share of notes that two segments have in common at the same place, 0..1."""
    return dice(_notes(a, 0, a.length), _notes(b, 0, b.length))


def copied(seed: Segment, made: Segment) -> float:
    """The greatest share of notes that a continuation has in common with its seed, 0..1.

    It is held against every segment as long as itself that begins on a bar line.
    """
    own = _notes(made, 0, made.length)
    if len(own) < SHORTEST:
        return 0.0
    starts = range(0, max(seed.length - made.length, 0) + 1, seed.bar)
    return max(dice(own, _notes(seed, start, start + made.length)) for start in starts)


def choose(
    candidates: Sequence[tuple[Scores, Segment]], seed: Segment, count: int, *, last: bool
) -> list[int] | None:
    """Which candidates to keep, best first.

    Args:
        candidates: In the order of their numbers.
        seed: What they go on from.
        count: How many to keep.
        last: Whether there will be no more candidates: then those that loop, fall silent or
            are copies fill up the places that are left, and there may be fewer than `count`.

    Returns:
        Their indices, or None if more candidates are needed.
    """
    order = sorted(range(len(candidates)), key=lambda index: (candidates[index][0].cost, index))
    kept: list[int] = []
    flawed = {
        index
        for index, (scores, segment) in enumerate(candidates)
        if scores.loop or scores.silence or copied(seed, segment) >= ALIKE
    }
    for places in (
        [index for index in order if index not in flawed],
        [index for index in order if index in flawed] if last else [],
    ):
        for index in places:
            segment = candidates[index][1]
            if len(kept) == count or not len(segment.rows):
                continue
            if all(likeness(segment, candidates[other][1]) < ALIKE for other in kept):
                kept.append(index)
    return kept if last or len(kept) == count else None


def _notes(segment: Segment, start: int, stop: int) -> set[tuple[int, int, int]]:
    inside = (segment.onsets >= start) & (segment.onsets < stop)
    onsets, rows = segment.onsets[inside] - start, segment.rows[inside]
    return set(zip(onsets.tolist(), rows[:, PART].tolist(), rows[:, PITCH].tolist(), strict=True))
