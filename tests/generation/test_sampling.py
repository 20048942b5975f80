"""Sampling: draws against distributions worked out by hand and by softmax."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.generation.sampling import SamplingParams, sample


def draw(logits, allowed=None, uniform=0.5, temperature=1.0, top_p=1.0, min_p=0.0):
    """`sample` for rows given as lists, with one setting for all."""
    table = np.atleast_2d(np.asarray(logits, dtype=np.float32))
    count = len(table)
    mask = np.ones(table.shape, bool) if allowed is None else np.atleast_2d(allowed)
    return sample(
        table,
        mask,
        np.broadcast_to(np.asarray(uniform, dtype=np.float64), count),
        SamplingParams(
            temperature=np.full(count, float(temperature)),
            top_p=np.full(count, float(top_p)),
            min_p=np.full(count, float(min_p)),
        ),
    )


def shares(logits, allowed=None, draws=20_000, **settings):
    """How often each class comes up over evenly spaced numbers."""
    uniform = (np.arange(draws) + 0.5) / draws
    table = np.tile(np.asarray(logits, dtype=np.float32), (draws, 1))
    mask = None if allowed is None else np.tile(np.asarray(allowed, dtype=bool), (draws, 1))
    drawn = draw(table, mask, uniform, **settings)
    return np.bincount(drawn, minlength=len(logits)) / draws


def softmax(logits, temperature=1.0):
    p = np.exp((np.asarray(logits, float) - np.max(logits)) / temperature)
    return p / p.sum()


LOGITS = np.log([0.5, 0.25, 0.15, 0.1])


def test_the_distribution_is_the_softmax():
    logits = np.random.default_rng(0).standard_normal(30) * 2
    assert shares(logits) == pytest.approx(softmax(logits), abs=1e-4)
    assert shares(logits, temperature=0.6) == pytest.approx(softmax(logits, 0.6), abs=1e-4)


def test_numbers_go_through_the_classes_in_order():
    # 0.5, 0.75, 0.9, 1.0 are the edges.
    numbers = [0.0, 0.49, 0.51, 0.74, 0.76, 0.89, 0.91, 0.999]
    drawn = draw(np.tile(LOGITS, (8, 1)), uniform=numbers)
    assert drawn.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_min_p_by_hand():
    # At 0.25 of the likeliest (0.125) the last class goes: 0.5, 0.25, 0.15 of 0.9.
    assert shares(LOGITS, min_p=0.25) == pytest.approx([5 / 9, 2.5 / 9, 1.5 / 9, 0], abs=1e-4)


def test_top_p_by_hand():
    # 0.5 + 0.25 holds 0.7; the fewest that do are two.
    assert shares(LOGITS, top_p=0.7) == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=1e-4)
    # Less than the likeliest class alone: it stays.
    assert shares(LOGITS, top_p=0.01) == pytest.approx([1, 0, 0, 0])


def test_a_number_outside_the_nucleus_is_stretched_over_it():
    # The third class lies between 0.75 and 0.9, and the nucleus is 2/3 and 1/3.
    numbers = [0.751, 0.8, 0.849, 0.851, 0.899, 0.901, 0.966, 0.968]
    drawn = draw(np.tile(LOGITS, (8, 1)), uniform=numbers, top_p=0.7)
    assert drawn.tolist() == [0, 0, 0, 1, 1, 0, 0, 1]


def test_top_p_counts_after_min_p():
    # Left by min-p: 5/9, 2.5/9, 1.5/9. Two of them hold 0.8 (0.833), which of all four
    # classes would have taken three.
    assert shares(LOGITS, min_p=0.25, top_p=0.8) == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=1e-4)


def test_top_p_takes_the_first_of_equals():
    assert shares([0.0, 0.0, 0.0, 0.0], top_p=0.5) == pytest.approx([0.5, 0.5, 0, 0], abs=1e-4)
    order = shares([0.0, 1.0, 0.0, 0.0], top_p=0.6)  # 0.475 and three of 0.175
    assert order[0] > 0
    assert order[2] == order[3] == 0


def test_the_order_of_classes_does_not_matter_to_top_p():
    p = shares(LOGITS[[2, 0, 3, 1]], top_p=0.7)
    assert p == pytest.approx([0, 2 / 3, 0, 1 / 3], abs=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 1e-4, 1e-3])
def test_cold_is_the_likeliest(temperature):
    logits = np.random.default_rng(1).standard_normal((50, 20))
    uniform = np.linspace(0, 0.999, 50)
    drawn = draw(logits, uniform=uniform, temperature=temperature)
    assert drawn.tolist() == logits.astype(np.float32).argmax(axis=1).tolist()


def test_cold_keeps_to_the_mask():
    assert draw([3.0, 2.0, 1.0], [False, True, True], temperature=0).tolist() == [1]


def test_streams_have_settings_of_their_own():
    drawn = sample(
        np.tile(LOGITS.astype(np.float32), (3, 1)),
        np.ones((3, 4), bool),
        np.full(3, 0.97),
        SamplingParams(
            temperature=np.array([1.0, 0.0, 1.0]),
            top_p=np.array([1.0, 1.0, 0.7]),
            min_p=np.zeros(3),
        ),
    )
    assert drawn.tolist() == [3, 0, 1]


def test_a_row_that_allows_nothing_is_an_error():
    with pytest.raises(ValueError, match="allows no class"):
        draw([[1.0, 2.0], [1.0, 2.0]], [[True, False], [False, False]])


def test_logits_are_left_alone():
    logits = np.array([[1.0, 2.0, 3.0]], dtype=np.float32)
    draw(logits, top_p=0.5, min_p=0.1)
    assert logits.tolist() == [[1.0, 2.0, 3.0]]


tables = st.integers(1, 5).flatmap(
    lambda rows: st.integers(1, 40).flatmap(
        lambda classes: st.tuples(
            st.lists(
                st.lists(
                    st.floats(-1e4, 1e4, width=32), min_size=classes, max_size=classes
                ),
                min_size=rows, max_size=rows,
            ),
            st.lists(
                st.lists(st.booleans(), min_size=classes, max_size=classes),
                min_size=rows, max_size=rows,
            ),
            st.integers(0, classes - 1),
        )
    )
)  # fmt: skip


@given(
    tables,
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 5),
    st.floats(1e-6, 1),
    st.floats(0, 0.999),
)
def test_the_mask_is_never_broken(table, uniform, temperature, top_p, min_p):
    logits, allowed, always = table
    mask = np.array(allowed, dtype=bool)
    mask[:, always] = True
    drawn = draw(logits, mask, uniform, temperature, top_p, min_p)
    assert mask[np.arange(len(mask)), drawn].all()


@given(tables, st.floats(0.9999999, 1, exclude_max=True), st.floats(0.1, 5))
def test_the_very_last_number_draws_a_class_with_weight(table, uniform, temperature):
    logits, allowed, always = table
    mask = np.array(allowed, dtype=bool)
    mask[:, always] = True
    drawn = draw(logits, mask, uniform, temperature, 0.9, 0.05)
    assert mask[np.arange(len(mask)), drawn].all()


def test_a_stream_draws_the_same_in_any_company():
    rng = np.random.default_rng(2)
    logits = rng.standard_normal((64, 122)).astype(np.float32) * 3
    mask = rng.random((64, 122)) < 0.6
    mask[:, 0] = True
    uniform = rng.random(64)
    together = draw(logits, mask, uniform, 0.95, 0.97, 0.02)
    alone = [draw(logits[n], mask[n], uniform[n], 0.95, 0.97, 0.02)[0] for n in range(len(logits))]
    assert together.tolist() == alone
    again = draw(logits, mask, uniform, 0.95, 0.97, 0.02)
    assert together.tolist() == again.tolist()
