"""Sounding: which lengths end a note together with others, by hand and in a running context."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_model

from composer.encoding import sounding
from composer.encoding.events import DURATION, DURATION_TICKS, FIELDS, NO_DURATION, Events
from composer.encoding.running_features import Context
from composer.network.likelihood import note_nats
from composer.network.state import State


def classes(*ticks: int) -> list[int]:
    return [DURATION_TICKS.tolist().index(length) for length in ticks]


def performance(kind: str = "free", notes: int = 60) -> Events:
    """Two parts with more notes that sound at once than are remembered."""
    rng = np.random.default_rng(3)
    rows = np.zeros((notes, len(FIELDS)), dtype=np.int16)
    rows[:, 0] = rng.integers(1, 12, notes)
    rows[:, 1] = rng.integers(0, 2, notes)
    rows[:, 2] = rng.integers(30, 90, notes)
    rows[:, 3] = rng.integers(0, NO_DURATION, notes)
    rows[:, 4] = rng.integers(0, 32, notes)
    return Events(rows, (0, 0), kind)


def test_a_bass_and_a_chord_under_one_pedal() -> None:
    # A bass for 40 ticks; two notes 16 ticks later for 24, which end with it; one that ends before.
    rows = np.array([[0, 0, 36, *classes(40), 9], [16, 0, 60, *classes(24), 9],
                     [0, 0, 64, *classes(24), 9], [4, 0, 67, *classes(2), 9],
                     [10, 0, 72, *classes(10), 9]], dtype=np.int16)  # fmt: skip
    found = sounding.lengths_before(Events(rows, (0,), "free"))
    told = [sorted(row[row != NO_DURATION].tolist()) for row in found]
    assert told == [[], classes(24), classes(24, 24), classes(20, 20, 20), classes(10, 10, 10)]


def test_a_note_that_has_ended_is_forgotten_first() -> None:
    ends = np.zeros((1, sounding.SOUNDING), dtype=np.int64)
    long, short = (np.array(classes(length)) for length in (384, 1))
    for onset in range(sounding.SOUNDING):
        sounding.hear(ends, np.array([onset]), long)
    sounding.hear(ends, np.array([20]), short)
    assert sorted(ends[0].tolist()) == [384 + onset for onset in range(sounding.SOUNDING)]


def test_a_context_tells_what_the_whole_piece_tells() -> None:
    events = performance()
    whole, context = sounding.lengths_before(events), Context.start((0, 0), "free", (4, 4))
    for index, row in enumerate(events.rows.astype(np.int64)):
        told = context.lengths(context.columns(row[None]))
        assert told is not None
        assert sorted(told[0].tolist()) == sorted(whole[index].tolist())
        context = context.advance(row[None])
    after = Context.after(events)
    assert sorted(after.table["ends"][0]) == sorted(context.table["ends"][0])


def test_music_in_beats_is_told_nothing() -> None:
    row = performance().rows[:1].astype(np.int64)
    beats, free = (Context.start((0, 0), kind, (4, 4)).advance(row) for kind in ("beats", "free"))
    assert beats.lengths(beats.columns(row)) is None
    both = Context.join([beats, free])
    told = both.lengths(both.columns(np.concatenate([row, row])))
    assert told is not None
    assert set(told[0].tolist()) == {NO_DURATION} != set(told[1].tolist())


@pytest.mark.parametrize("kind", ["free", "beats"])
def test_what_is_drawn_from_is_what_is_scored(kind: str) -> None:
    predictor, events = tiny_model.predictor(), performance(kind, 40)
    ((_, nats),) = note_nats(predictor, [events])
    state: State = predictor.start((0, 0), kind)
    for row, scored in zip(events.rows.astype(np.int64), nats, strict=False):
        columns = state.context.columns(row[None])
        logits = predictor.logits(DURATION, state, columns)[0].astype(np.float64)
        expected = np.log(np.exp(logits).sum()) - logits[row[DURATION]]
        assert scored[DURATION] == pytest.approx(expected, abs=1e-4)
        state = predictor.step(row[None], state, columns)


def test_a_length_that_ends_with_two_is_likelier_than_with_one_and_than_alone() -> None:
    predictor = tiny_model.predictor()
    first = np.array([[0, 0, 60, *classes(24), 9], [0, 0, 64, *classes(24), 9],
                      [0, 0, 67, *classes(40), 9]], dtype=np.int16)  # fmt: skip
    state = predictor.prime(Events(first, (0,), "free"))
    columns = state.context.columns(np.array([[4, 0, 72, 0, 9]]))
    told = predictor.logits(DURATION, state, columns)[0]
    alone = predictor.heads(DURATION, state.hidden, columns)[0]
    gained = told - alone
    (two,), (one,), (none,) = classes(20), classes(36), classes(10)
    assert gained[two] > gained[one] > gained[none] == 0
    assert np.count_nonzero(gained) == 2
