"""Sampling: logits + settings + uniform numbers -> choices. NumPy only.

Conventions:
    B streams, C classes. Randomness is an argument: one number in [0, 1) a choice, so a
    stream's choices depend on nothing but its own logits, mask and numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COLDEST = 1e-3
"""Temperatures at or under this take the most likely class."""

_NOTHING = np.float64(-np.inf)


def choose(
    logits: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    uniform: Floats,
    *,
    temperature: Floats,
    top_p: Floats,
    min_p: Floats,
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
        temperature: [B], 0 for the likeliest class.
        top_p: [B], in (0, 1].
        min_p: [B], in [0, 1).

    Returns:
        int64 [B], an allowed class each.

    Raises:
        ValueError: A row allows no class.
    """
    # This runs five times a note over a few hundred numbers, where calls into NumPy are
    # what costs time. Counting true values is its quickest way to ask for any.
    scores = np.where(allowed, logits, _NOTHING)
    best = np.maximum.reduce(scores, axis=1, keepdims=True)
    if np.count_nonzero(best == _NOTHING):
        raise ValueError("a row of the mask allows no class")
    scores -= best
    p = np.exp(scores / np.maximum(temperature, COLDEST)[:, None])
    p *= p >= min_p[:, None]  # the likeliest has p = 1 here
    if np.count_nonzero(top_p < 1.0):
        p *= _nucleus(p, top_p)
    total = np.add.accumulate(p, axis=1)
    mark = uniform * total[:, -1]
    drawn = np.argmax(total > mark[:, None], axis=1)
    high = mark >= total[:, -1]
    if np.count_nonzero(high):
        # Rounding put the mark on the last edge: take the last class with weight.
        last = p.shape[1] - 1 - np.argmax(p[:, ::-1] > 0, axis=1)
        drawn = np.where(high, last, drawn)
    cold = temperature <= COLDEST
    if np.count_nonzero(cold):
        drawn = np.where(cold, np.argmax(scores, axis=1), drawn)
    return np.asarray(drawn, dtype=np.int64)


def _nucleus(p: Floats, top_p: Floats) -> NDArray[np.bool_]:
    """The fewest likeliest classes that hold `top_p` of each row's sum, bool [B, C].

    Of equally likely classes the first are taken. `p` need not add up to 1.
    """
    ranked = np.sort(p, axis=1)[:, ::-1]
    held = np.add.accumulate(ranked, axis=1)
    inside = held - ranked < (top_p * held[:, -1])[:, None]
    edge = np.minimum.reduce(np.where(inside, ranked, np.inf), axis=1, keepdims=True)
    kept = p >= edge
    if np.count_nonzero(kept) != np.count_nonzero(inside):
        above, level = p > edge, p == edge
        room = np.add.reduce(inside, axis=1) - np.add.reduce(above, axis=1)
        kept = above | (level & (np.add.accumulate(level, axis=1) <= room[:, None]))
    return kept
