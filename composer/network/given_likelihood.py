"""Likelihood of what is written around given notes, in nats, note by note.

p(written | given), as `composer.encoding.given` has it: what cannot come between two given notes
is left out before each field's probabilities are made, and given notes cost what it costs that
nothing is written before them.

Conventions:
    As in `composer.network.likelihood`: F = 5 fields; nats are -log p with natural logarithms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION, END, FIELDS, PART, PITCH, SHIFT, Events
from composer.encoding.features import features, parts_of
from composer.encoding.given import Given
from composer.encoding.given_steps import NO_CAP, GivenSteps
from composer.encoding.part_order import ranks_of
from composer.network.encoder import Encoder
from composer.network.predictor import Predictor
from composer.network.trunk import Floats

NEVER = -np.inf
ROWS = 512
"""Steps of one pass of the heads."""


def given_nats(
    predictor: Predictor, encoder: Encoder | None, events: Events, given: Given, bars: int
) -> Floats:
    """Nats of a piece around its given notes, float32 [notes + 1, 5]; the last row is END.

    Args:
        predictor: The decoder.
        encoder: What tells its heads of the given notes; None: they are not told.
        events: The piece, with its plan.
        given: Notes of it; their duration and velocity cost nothing.
        bars: Bars of the piece.
    """
    steps = GivenSteps.of(events, given, bars)
    table = features(events, end=True)
    told_parts = parts_of(events, table).astype(np.int64)
    ranks = np.array(ranks_of(events.programs), dtype=np.int64)
    parts = len(events.programs)
    hidden = np.empty((len(table) - 1, len(FIELDS) * predictor.config.head_units), np.float32)
    recurrent = predictor.zero(1)
    inputs = table.astype(np.int32)
    for at in range(len(hidden)):
        hidden[at : at + 1], recurrent = predictor.trunk(inputs[at : at + 1], recurrent)
    gains = np.zeros((len(hidden), 3), dtype=np.float32)
    if encoder is not None:
        added, gains = encoder(steps.tokens)(hidden, steps.clock, steps.token, steps.index)
        hidden += added
    nats = np.zeros((len(events.rows) + 1, len(FIELDS)), dtype=np.float32)
    for first in range(parts - 1, len(hidden), ROWS):
        span = slice(first, min(first + ROWS, len(hidden)))
        columns = table[first + 1 : span.stop + 1].astype(np.int64)
        rows = slice(first + 1 - parts, span.stop + 1 - parts)
        is_note = columns[:, SHIFT] != END
        every = np.arange(len(columns))
        for field in range(len(FIELDS)):
            if field == PART:
                told = np.zeros((len(columns), parts, told_parts.shape[2]), dtype=np.int64)
                told[is_note] = told_parts[rows]
                logits = predictor.heads.part(
                    hidden[span], columns, told, np.broadcast_to(ranks, told.shape[:2])
                )[:, :parts]
                reached = steps.given_part[span]
                there = reached >= 0
                logits[every[there], reached[there]] += gains[span][there, 1]
                mask: NDArray[np.bool_] | None = steps.part_mask[span]
            else:
                logits = predictor.heads(field, hidden[span], columns)
                mask = None
            if field == SHIFT:
                away = steps.tokens.given.shift_class(steps.clock[span], steps.index[span])
                there = away < END
                logits[every[there], away[there]] += gains[span][there, 0]
                mask = steps.shift_mask[span]
            elif field == PITCH:
                cap = steps.pitch_cap[span]
                there = cap < NO_CAP
                logits[every[there], cap[there]] += gains[span][there, 2]
                mask = steps.pitch_mask(span)
            exact = logits.astype(np.float64)
            if mask is not None:
                exact = np.where(mask, exact, NEVER)
            exact -= exact.max(axis=1, keepdims=True, initial=-1e9)
            chosen = exact[every, np.minimum(columns[:, field], exact.shape[1] - 1)]
            with np.errstate(invalid="ignore", divide="ignore"):
                value = np.log(np.exp(exact).sum(axis=1)) - chosen
            counted = steps.possible[span] & ((field == SHIFT) | is_note)
            if field >= DURATION:
                counted &= ~steps.is_given[span]
            nats[rows.start : rows.start + len(columns), field] = np.where(counted, value, 0.0)
    return nats
