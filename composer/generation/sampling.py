"""Sampling: logits, sampling parameters and uniform numbers -> classes. NumPy only.

Conventions:
    B streams, C classes. Randomness is an argument: one number in [0, 1) a choice, so a
    stream's choices depend on nothing but its own logits, mask and numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from composer.errors import ModelError

Floats = NDArray[np.float64]

COLDEST = 1e-3
"""Temperatures at or under this take the most likely class."""

_ROUNDING = 1e-9
"""Much more than sums of shares are ever off by."""
_UNDER_ONE = np.nextafter(1.0, 0.0)
_NOTHING = np.float64(-1e300)
"""The logit of what is not allowed: finite, so that differences of two are numbers."""
_LARGEST = 1e299
"""No logit of a sound model is as large."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How freely B streams draw. Made once and used for many draws.

    Attributes:
        temperature: [B], 0 for the likeliest class.
        top_p: [B], in (0, 1].
        min_p: [B], in [0, 1).
        divisor: [B, 1], what differences of logits are divided by; derived.
        greedy: bool [B], which streams take the likeliest class; None for none; derived.
        least: [B, 1], `min_p`; None if it is 0 for all; derived.
        spare: [B], a class with more than this share of the whole is never cut by `top_p`: what
            it leaves to the others is too little. None if no `top_p` is under 1; derived.
        streams: Their numbers, [B]; derived.
    """

    temperature: Floats
    top_p: Floats
    min_p: Floats
    divisor: Floats = field(init=False, repr=False)
    greedy: NDArray[np.bool_] | None = field(init=False, repr=False)
    least: Floats | None = field(init=False, repr=False)
    spare: Floats | None = field(init=False, repr=False)
    streams: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._divide()
        object.__setattr__(self, "least", self.min_p[:, None] if self.min_p.any() else None)
        cuts = (self.top_p < 1.0).any()
        object.__setattr__(self, "spare", 1.0 - self.top_p + _ROUNDING if cuts else None)
        object.__setattr__(self, "streams", np.arange(len(self.top_p)))

    def _divide(self) -> None:
        """Derive what follows from the temperature."""
        greedy = self.temperature <= COLDEST
        divisor = np.maximum(self.temperature, COLDEST)[:, None]
        object.__setattr__(self, "divisor", divisor)
        object.__setattr__(self, "greedy", greedy if True in greedy.tolist() else None)

    def at(self, temperature: Floats) -> SamplingParams:
        """With the same cuts, at other temperatures, [B]."""
        made = object.__new__(SamplingParams)
        for name in ("top_p", "min_p", "least", "spare", "streams"):
            object.__setattr__(made, name, getattr(self, name))
        object.__setattr__(made, "temperature", temperature)
        made._divide()
        return made

    def uncut(self) -> SamplingParams:
        """At the same temperature, with the unlikely choices."""
        return SamplingParams(self.temperature, np.ones_like(self.top_p), np.zeros_like(self.min_p))


def sample(
    logits: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    uniform: Floats,
    params: SamplingParams,
) -> NDArray[np.int64]:
    """Draw one class for each stream.

    The mask acts before everything else: a class that is not allowed has no probability,
    and the rest are renormalised. Then temperature; then min-p (Nguyen et al. 2024: only
    classes at least `min_p` times as likely as the likeliest); then top-p (Holtzman et al.
    2020: the fewest likeliest classes that hold `top_p` of the probability).

    Args:
        logits: float32 [B, C].
        allowed: bool [B, C], at least one class true in every row.
        uniform: [B], in [0, 1).
        params: Of the B streams.

    Returns:
        int64 [B], an allowed class each.

    Raises:
        ValueError: A row allows no class.
        ModelError: A row has no best class: its logits are infinite or no numbers.
    """
    # This runs five times a note over a few hundred numbers, where calls into NumPy are
    # what costs time: for one or a few streams, methods and plain lists are its quickest.
    scores = np.where(allowed, logits, _NOTHING)
    best = np.maximum.reduce(scores, axis=1, keepdims=True)
    # Adding up finds one that is too large, none, or no number among any number of them.
    if not abs(sum(best[:, 0].tolist())) < _LARGEST:
        if _NOTHING in best:
            raise ValueError("a row of the mask allows no class")
        raise ModelError("the model computes no numbers: it is damaged; install it again")
    scores -= best
    scores /= params.divisor
    p = np.exp(scores)
    if params.least is not None:
        p[p < params.least] = 0.0  # the likeliest has p = 1 here
    total = np.add.accumulate(p, axis=1)
    whole = total[:, -1]
    drawn = _at(total, uniform * whole)
    if params.spare is not None:
        doubtful = p[params.streams, drawn] <= params.spare * whole
        if True in doubtful.tolist():
            _redraw(p, total, uniform, params.top_p, drawn, doubtful.nonzero()[0])
    if params.greedy is not None:
        drawn = np.where(params.greedy, scores.argmax(axis=1), drawn)
    return drawn


def _at(total: Floats, weight: Floats) -> NDArray[np.int64]:
    """The class of each row, of weights added up, at which a weight is passed, int64 [B].

    The product of the whole with a number under one is rounded to less than the whole, so there
    is one, and a class without weight adds nothing, so it is none of those.
    """
    drawn: NDArray[np.int64] = (total > weight[:, None]).argmax(axis=1)
    return drawn


def _redraw(
    p: Floats,
    total: Floats,
    uniform: Floats,
    top_p: Floats,
    drawn: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> None:
    """Draw again, in place, what some rows drew of classes outside the nucleus.

    Most draws fall inside, and one class is sooner looked at than all of them put in order:
    it is inside if what is at least as likely, without it, does not hold top-p already. For
    the others a second number is where in its class the first one fell, which is uniform
    again and depends on nothing else.
    """
    some, old = p[rows], drawn[rows]
    own = some[np.arange(len(rows)), old]
    rivals = np.add.reduce(some * (some >= own[:, None]), axis=1) - own
    outside = rivals >= top_p[rows] * total[rows, -1]
    if True not in outside.tolist():
        return
    rows, some, old, own = rows[outside], some[outside], old[outside], own[outside]
    kept = _nucleus(some, top_p[rows])
    each = np.arange(len(rows))
    within = (uniform[rows] * total[rows, -1] - (total[rows, old] - own)) / own
    left = np.add.accumulate(some * kept, axis=1)
    new = _at(left, np.clip(within, 0.0, _UNDER_ONE) * left[:, -1])
    drawn[rows] = np.where(kept[each, old], old, new)  # of equals, one may be inside after all


def _nucleus(p: Floats, top_p: Floats) -> NDArray[np.bool_]:
    """The fewest likeliest classes that hold `top_p` of each row's sum, bool [B, C].

    Of equally likely classes the first are taken. `p` need not add up to 1.
    """
    rising = p.copy()
    rising.sort(axis=1)
    ranked = rising[:, ::-1]
    held = np.add.accumulate(ranked, axis=1)
    # The likeliest come first, so these are the first so many of each row.
    inside = held - ranked < (top_p * held[:, -1])[:, None]
    count = np.add.reduce(inside, axis=1)
    edge = ranked[np.arange(len(p)), count - 1][:, None]
    kept: NDArray[np.bool_] = p >= edge
    if np.count_nonzero(kept) != np.count_nonzero(inside):
        above, level = p > edge, p == edge
        room = count - np.add.reduce(above, axis=1)
        kept = above | (level & (np.add.accumulate(level, axis=1) <= room[:, None]))
    return kept
