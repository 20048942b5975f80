"""Sureness: how likely a statement is to be right, and what it rests on.

Every statement of a study has both. A sureness is a share: of statements with 0.8, four in five
should be right. For chords and keys that is what was measured (`benchmarks/study_labels.py`), for
what is counted it is 1, for all else it is an estimate, and its source says which.

Conventions:
    Surenesses are 0..1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

_WORDS: Final = ((0.97, "certain"), (0.85, "quite sure"), (0.65, "likely"), (0.0, "a guess"))


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that is said of a piece.

    Attributes:
        text: A sentence.
        sure: How likely it is to be right, 0..1.
        source: What it rests on.

    Raises:
        ValueError: The sureness is none.
    """

    text: str
    sure: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.sure <= 1:
            raise ValueError(f"sureness is {self.sure}, must be 0..1")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "text": self.text,
            "sure": round(self.sure, 2),
            "sure_words": in_words(self.sure),
            "source": self.source,
        }


def in_words(sure: float) -> str:
    """A sureness as people say it: "certain", "quite sure", "likely", "a guess"."""
    return next(word for least, word in _WORDS if sure >= least)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 0.5 * (1 + math.tanh(0.5 * x))
