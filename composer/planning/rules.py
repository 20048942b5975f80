"""Rules of a plan: what may follow in a phrase, and how an end is kept to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.plan import FAR


def phrases_allowed(before: int, left: int) -> NDArray[np.bool_]:
    """Which numbers of bars to the phrase's end may follow, bool [10].

    Args:
        before: Bars that it was to the phrase's end one bar ago; 1: a phrase begins here.
        left: Bars to the end of all, this one counted; 0: not known. The last phrase ends there.
    """
    allowed = np.zeros(FAR + 1, dtype=np.bool_)
    if 1 < before < FAR:
        allowed[before - 1] = True
    elif before == FAR:
        allowed[FAR - 1 :] = True
    else:
        allowed[1:] = True
    if left:
        allowed[left + 1 :] = False
        if not allowed.any():
            allowed[min(left, FAR)] = True
        if left <= FAR and before == FAR and left < FAR:
            allowed[:] = False
            allowed[left] = True
    return allowed
