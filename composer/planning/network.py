"""The planner's network in NumPy: one LSTM layer over bars, and a head for each thing planned.

The state at step t predicts bar t in this order: bars to the phrase's end; the bar that it
takes up, by a pointer over all earlier bars; how nearly; the chord of its first half, and of
its second. A pointer's logit is the product of a query with the earlier bar's key (made of the
state that had just heard it: Vinyals et al., Pointer Networks, 2015) and what a small layer
makes of the state and of the pair's features. A chord's head is told the chord that the bar
taken up has there, and raises its logit by a learned gain for each nearness, as the heads of
the note network do with what they are told.

Conventions:
    N bars, H units, P pair features. Gate order is input, forget, candidate, output, as Keras
    has it. `composer_training.planner.keras_network` writes the same equations in Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from composer.music.chords import CHORDS
from composer.music.plan import FAR
from composer.network.lstm_cell import lstm_cell
from composer.planning.bars import CONTENT
from composer.planning.features import PAIRS, STEP_COLUMNS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

UNITS: Final = 160
"""Of the LSTM layer."""
KEY_UNITS: Final = 32
PAIR_UNITS: Final = 24
HEAD_UNITS: Final = 96
EMBEDDINGS: Final = {
    "first_chord": 24,
    "second_chord": 24,
    "relation": 8,
    "nearness": 4,
    "phrase": 8,
    "heard": 2,
    "ending": 8,
    "number": 8,
    "length": 4,
    "minor": 2,
}
"""Width of each column of a step."""
INPUT_WIDTH: Final = sum(EMBEDDINGS.values()) + len(CONTENT)
GAIN_UNIT: Final = 4.0
"""Gains are learnt in units of so many logits."""

_CHORDS = CHORDS
SHAPES: Final[dict[str, tuple[int, ...]]] = {
    **{f"in_{name}": (size, EMBEDDINGS[name]) for name, size in STEP_COLUMNS.items()},
    "lstm_kernel": (INPUT_WIDTH, 4 * UNITS),
    "lstm_recurrent": (UNITS, 4 * UNITS),
    "lstm_bias": (4 * UNITS,),
    "phrase_kernel": (UNITS, FAR + 1),
    "phrase_bias": (FAR + 1,),
    "query_kernel": (UNITS, KEY_UNITS),
    "query_phrase": (FAR + 1, KEY_UNITS),
    "key_kernel": (UNITS, KEY_UNITS),
    "none_kernel": (UNITS, 1),
    "none_phrase": (FAR + 1, 1),
    "none_bias": (1,),
    "pair_kernel": (len(PAIRS), PAIR_UNITS),
    "pair_state": (UNITS, PAIR_UNITS),
    "pair_bias": (PAIR_UNITS,),
    "pair_out": (PAIR_UNITS, 1),
    "near_state": (UNITS, PAIR_UNITS),
    "near_pair": (len(PAIRS), PAIR_UNITS),
    "near_last": (4, PAIR_UNITS),
    "near_bias": (PAIR_UNITS,),
    "near_out": (PAIR_UNITS, 4),
    "near_out_bias": (4,),
    **{
        f"{half}_{name}": shape
        for half in ("first", "second")
        for name, shape in {
            "state": (UNITS, HEAD_UNITS),
            "before": (_CHORDS + 1, HEAD_UNITS),
            "advice": (_CHORDS + 1, HEAD_UNITS),
            "nearness": (4, HEAD_UNITS),
            "phrase": (FAR + 1, HEAD_UNITS),
            "ending": (FAR + 1, HEAD_UNITS),
            "bias": (HEAD_UNITS,),
            "out": (HEAD_UNITS, _CHORDS),
            "out_bias": (_CHORDS,),
            "gain": (4, 1),
            "stays": (4, 1),
        }.items()
    },
}
"""Every weight by name."""


class PlannerNetwork:
    """The equations, on weights that are given; each method is one of them."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Take the weights in.

        Args:
            weights: As in `SHAPES`.

        Raises:
            KeyError: One is missing.
            ValueError: One has another shape, or is not a number.
        """
        self.w: dict[str, Floats] = {}
        for name, shape in SHAPES.items():
            array = np.ascontiguousarray(weights[name], dtype=np.float32)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, must be {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has values that are no numbers")
            self.w[name] = array

    def start(self) -> tuple[Floats, Floats]:
        """The state before the first bar: output and cell, [H] each."""
        return np.zeros(UNITS, dtype=np.float32), np.zeros(UNITS, dtype=np.float32)

    def step(
        self, told: Ints, content: Floats, state: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        """The state one bar on.

        Args:
            told: int [10], a row of `steps`.
            content: float32 [9].
            state: From `start` or `step`.
        """
        w = self.w
        x = np.concatenate(
            [
                *(
                    w[f"in_{name}"][value]
                    for name, value in zip(STEP_COLUMNS, told.tolist(), strict=True)
                ),
                content,
            ]
        )
        h, c = state
        z = x @ w["lstm_kernel"] + h @ w["lstm_recurrent"] + w["lstm_bias"]
        return lstm_cell(z, c)

    def phrase(self, h: Floats) -> Floats:
        """Logits of bars to the phrase's end, [10]."""
        return h @ self.w["phrase_kernel"] + self.w["phrase_bias"]

    def key(self, h: Floats) -> Floats:
        """The key of the bar that a state has just heard, [32]."""
        return h @ self.w["key_kernel"]

    def pointer(self, h: Floats, phrase: int, keys: Floats, pairs: Floats) -> Floats:
        """Logits of the bar that is taken up: each earlier one, and last none, [N + 1].

        Args:
            h: The state's output, [H].
            phrase: Bars to the phrase's end.
            keys: Of the earlier bars, [N, 32].
            pairs: Features of each, [N, P].
        """
        w = self.w
        query = h @ w["query_kernel"] + w["query_phrase"][phrase]
        hidden = pairs @ w["pair_kernel"] + h @ w["pair_state"] + w["pair_bias"]
        logits = keys @ query / np.sqrt(np.float32(KEY_UNITS))
        logits = logits + (np.maximum(hidden, 0) @ w["pair_out"])[:, 0]
        none = h @ w["none_kernel"] + w["none_phrase"][phrase] + w["none_bias"]
        return np.concatenate([logits, none])

    def nearness(self, h: Floats, pair: Floats, last: int) -> Floats:
        """Logits of how nearly a bar returns, [4]; the first means nothing.

        Args:
            h: The state's output, [H].
            pair: Features of the bar taken up, [P].
            last: Nearness of the bar before.
        """
        w = self.w
        hidden = h @ w["near_state"] + pair @ w["near_pair"] + w["near_last"][last]
        logits: Floats = np.maximum(hidden + w["near_bias"], 0) @ w["near_out"]
        return logits + w["near_out_bias"]

    def chord(
        self,
        half: str,
        h: Floats,
        before: int,
        advice: int,
        nearness: int,
        phrase: int,
        ending: int,
    ) -> Floats:
        """Logits of a half bar's chord, [chords].

        Args:
            half: "first" or "second".
            h: The state's output, [H].
            before: Chord of the half bar before.
            advice: Chord that the bar taken up has there; one past the last without one.
            nearness: How nearly the bar returns, 0 where it takes up none.
            phrase: Bars to the phrase's end.
            ending: Bars to the end of all.
        """
        w = self.w
        hidden = (
            h @ w[f"{half}_state"]
            + w[f"{half}_before"][before]
            + w[f"{half}_advice"][advice]
            + w[f"{half}_nearness"][nearness]
            + w[f"{half}_phrase"][phrase]
            + w[f"{half}_ending"][ending]
            + w[f"{half}_bias"]
        )
        logits: Floats = np.maximum(hidden, 0) @ w[f"{half}_out"] + w[f"{half}_out_bias"]
        if advice < CHORDS:
            logits[advice] += GAIN_UNIT * w[f"{half}_gain"][nearness, 0]
        if before < CHORDS:
            logits[before] += GAIN_UNIT * w[f"{half}_stays"][nearness, 0]
        return logits
