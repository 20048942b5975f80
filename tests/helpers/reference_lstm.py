"""The network in NumPy, straight from the equations: what every engine is held to.

An LSTM layer (Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; forget gate: Gers,
Schmidhuber and Cummins, Learning to Forget, 2000; no peepholes):

    i = sigmoid(x W_i + h U_i + b_i)      what is let in
    f = sigmoid(x W_f + h U_f + b_f)      what is kept
    g = tanh(x W_g + h U_g + b_g)         what there is to let in
    o = sigmoid(x W_o + h U_o + b_o)      what is shown
    c = f * c + i * g
    h = o * tanh(c)

Conventions:
    Weights are a dict by path, as `composer.network.keras_lstm.weights_of` and a checkpoint have
    them; gates lie side by side in the order i, f, g, o. Everything is computed in float64, so
    that a difference is the engine's. B streams, T steps, L layers, H units.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMNS, INPUTS
from composer.encoding.events import FIELDS, PART, Events
from composer.encoding.features import parts_of
from composer.encoding.part_features import PART_FEATURES
from composer.encoding.part_order import ranks_of
from composer.music.notes import DRUM_PROGRAM
from composer.network.config import HEAD_CONTEXT, stored_name

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.floating]]


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), in a form that does not overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def lstm_step(
    x: Floats, h: Floats, c: Floats, kernel: Floats, recurrent: Floats, bias: Floats
) -> tuple[Floats, Floats]:
    """One step of one layer: [B, D], [B, H], [B, H] -> h, c."""
    z = x @ kernel + h @ recurrent + bias
    i, f, g, o = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def lstm(
    x: Floats, h: Floats, c: Floats, kernel: Floats, recurrent: Floats, bias: Floats
) -> tuple[Floats, Floats, Floats]:
    """A layer over time: [B, T, D], [B, H], [B, H] -> outputs [B, T, H], h, c."""
    outputs = np.empty((*x.shape[:2], h.shape[-1]))
    for step in range(x.shape[1]):
        h, c = lstm_step(x[:, step], h, c, kernel, recurrent, bias)
        outputs[:, step] = h
    return outputs, h, c


def trunk(weights: Weights, features: NDArray[np.integer], state: Floats) -> tuple[Floats, Floats]:
    """Embeddings and layers: int [B, T, 39], [L, 2, B, H] -> [B, T, H], [L, 2, B, H]."""
    x: Floats = np.concatenate(
        [
            weights[f"in_{stored_name(name)}/embeddings"].astype(np.float64)[
                features[..., COLUMNS.index(name)]
            ]
            for name in INPUTS
        ],
        axis=-1,
    )
    after = []
    for layer in range(len(state)):
        kernel, recurrent, bias = (
            weights[f"lstm_{layer}/lstm_cell/{name}"].astype(np.float64)
            for name in ("kernel", "recurrent_kernel", "bias")
        )
        out, h, c = lstm(x, *np.asarray(state[layer], np.float64), kernel, recurrent, bias)
        x = out if layer == 0 else x + out
        after.append([h, c])
    return x, np.array(after)


def head_hidden(
    weights: Weights, field: str, hidden: Floats, coming: NDArray[np.integer]
) -> Floats:
    """The hidden layer of a field's head, [..., K]."""

    def weight(name: str) -> Floats:
        return weights[f"head_{field}/{name}"].astype(np.float64)

    x = hidden @ weight("from_trunk/kernel") + weight("from_trunk/bias")
    known = [
        weights[f"known_{stored_name(name)}/embeddings"].astype(np.float64)[
            coming[..., COLUMNS.index(name)]
        ]
        for name in HEAD_CONTEXT[field]
    ]
    return np.maximum(x + np.concatenate(known, axis=-1) @ weight("from_context/kernel"), 0)


def part(
    weights: Weights, hidden: Floats, coming: NDArray[np.integer], parts: NDArray[np.integer]
) -> Floats:
    """Logits of the parts that may play.

    Args:
        weights: Of the network.
        hidden: [B, T, H] from the trunk.
        coming: int [B, T, 39], the steps being predicted.
        parts: int [N, 15]: a step, whether the part plays, its rank, what is told of it.

    Returns:
        [N].
    """

    def weight(name: str) -> Floats:
        return weights[f"head_part/{name}"].astype(np.float64)

    moments = head_hidden(weights, "part", hidden, coming)
    moments = moments.reshape(-1, moments.shape[-1])
    logits = []
    for step, _, rank, *told in parts.tolist():
        moment = moments[step]
        x = moment @ weight("moment/kernel") + weight("moment/bias")
        logit = moment @ weight("ranks/kernel")[:, rank] + weight("ranks/bias")[rank]
        for name, value in zip(PART_FEATURES, told, strict=True):
            x = x + weight(f"told_{stored_name(name)}/embeddings")[value]
            logit += 8 * weight(f"gain_{stored_name(name)}/embeddings")[value, 0]
        logits.append(logit + np.maximum(x, 0) @ weight("points/kernel")[:, 0])
    return np.array(logits)


def head(weights: Weights, field: str, hidden: Floats, coming: NDArray[np.integer]) -> Floats:
    """Logits of one field other than the part.

    Args:
        weights: Of the network.
        field: One of `FIELDS`.
        hidden: [..., H] from the trunk.
        coming: int [..., 39], the step being predicted; only what the field may see is
            looked at.

    Returns:
        [..., classes of the field].
    """

    def weight(name: str) -> Floats:
        return weights[f"head_{field}/{name}"].astype(np.float64)

    x = head_hidden(weights, field, hidden, coming)
    logits = x @ weight("logits/kernel") + weight("logits/bias")
    for gain, certainty, named in (
        ("gain", "confidence", f"expected_{field}"),
        ("gain_ago", "likeness", f"ago_{field}"),
        ("gain_return", "returning", f"return_{field}"),
    ):
        at = coming[..., COLUMNS.index(named), None] == np.arange(logits.shape[-1])
        logits = (
            logits + at * 8 * weight(f"{gain}/embeddings")[coming[..., COLUMNS.index(certainty)]]
        )
    if field == "pitch":
        # By the chord's quality and the interval above its root; drums have no place in it.
        gains = weight("gain_chord/embeddings")[:, 0]
        chord = np.where(
            coming[..., COLUMNS.index("program")] == DRUM_PROGRAM,
            0,
            coming[..., COLUMNS.index("chord")],
        )[..., None]
        root, quality = np.divmod(chord - 1, 9)
        interval = (np.arange(logits.shape[-1]) - root) % 12
        logits = logits + 8 * np.where(chord, gains[1 + 12 * quality + interval], gains[0])
    return logits


def parts_of_notes(events: Events, table: NDArray[np.integer]) -> NDArray[np.int64]:
    """The parts that may play at each note of one piece, int [notes * P, 17]; see `part`.

    Args:
        events: The piece.
        table: Its features.
    """
    told = parts_of(events, table).astype(np.int64)
    notes, parts = told.shape[:2]
    steps = np.repeat(parts + np.arange(notes) - 1, parts)
    plays = (events.rows[:, PART, None] == np.arange(parts)).reshape(-1)
    ranks = np.tile(ranks_of(events.programs), notes)
    return np.column_stack([steps, plays, ranks, told.reshape(notes * parts, -1)])


def network(
    weights: Weights,
    features: NDArray[np.integer],
    parts: NDArray[np.integer],
    state: Floats,
) -> tuple[list[Floats], Floats]:
    """Teacher-forced logits of steps 1..T, as `composer.network.keras_lstm.Network` gives them.

    Args:
        weights: Of the network.
        features: int [B, T + 1, 39].
        parts: int [N, 15], the parts that may play.
        state: [L, 2, B, H].

    Returns:
        ([[B, T, classes of field] for each field, [N] for the part], [L, 2, B, H]).
    """
    hidden, after = trunk(weights, features[:, :-1], state)
    coming = features[:, 1:]
    logits = [
        part(weights, hidden, coming, parts)
        if field == "part"
        else head(weights, field, hidden, coming)
        for field in FIELDS
    ]
    return logits, after
