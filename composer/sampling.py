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
    if not allowed.any(axis=1).all():
        raise ValueError("a row of the mask allows no class")
    scores = np.where(allowed, logits.astype(np.float64), -np.inf)
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores / np.maximum(temperature, COLDEST)[:, None])
    p[p < min_p[:, None]] = 0.0  # the likeliest has p = 1 here
    if (top_p < 1.0).any():
        p /= p.sum(axis=1, keepdims=True)
        order = np.argsort(-p, axis=1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=1)
        before = np.cumsum(ranked, axis=1) - ranked
        ranked[before >= top_p[:, None]] = 0.0
        np.put_along_axis(p, order, ranked, axis=1)
    total = np.cumsum(p, axis=1)
    drawn = (total <= (uniform * total[:, -1])[:, None]).sum(axis=1)
    # Rounding can leave the last edge at the draw itself: step back to a class with weight.
    last = p.shape[1] - 1 - np.argmax(p[:, ::-1] > 0, axis=1)
    drawn = np.minimum(drawn, last)
    cold = temperature <= COLDEST
    if cold.any():
        drawn = np.where(cold, np.argmax(scores, axis=1), drawn)
    return np.asarray(drawn, dtype=np.int64)
