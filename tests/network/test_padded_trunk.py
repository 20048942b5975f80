"""The padded trunk: few sizes of steps, and the same for every stream as without it."""

from __future__ import annotations

import numpy as np
import pytest
from live.tiny import TinyTrunk

from composer.encoding.columns import COLUMNS
from composer.network.padded_trunk import SIZES, PaddedTrunk


@pytest.mark.parametrize("sizes", [(1, 5, 10), (8,), SIZES])
def test_few_sizes_are_run_and_every_stream_gets_what_it_would_get_alone(
    sizes: tuple[int, ...],
) -> None:
    random = np.random.default_rng(0)
    trunk, alone = TinyTrunk(), TinyTrunk()
    padded = PaddedTrunk(trunk, sizes)
    for count in (1, 2, 5, 7, 8, 9, 10, 11, 23, 64, 65, 100):
        steps = random.integers(0, 8, (count, len(COLUMNS)))
        state = random.normal(size=(count, 1, 2, 8)).astype(np.float32)
        hidden, after = padded(steps, state)
        for index in range(count):
            own = slice(index, index + 1)
            expected = alone(steps[own], state[own])
            np.testing.assert_array_equal(hidden[own], expected[0])
            np.testing.assert_array_equal(after[own], expected[1])
    assert set(trunk.sizes) <= set(sizes)


def test_more_than_the_largest_go_in_several_steps() -> None:
    trunk = TinyTrunk()
    PaddedTrunk(trunk, (1, 5, 10))(
        np.zeros((23, len(COLUMNS)), dtype=np.int64), np.zeros((23, 1, 2, 8), dtype=np.float32)
    )
    assert trunk.sizes == [10, 10, 5]


@pytest.mark.parametrize("sizes", [(), (0, 4), (4, 2), (4, 4)])
def test_sizes_that_are_none_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending and at least 1"):
        PaddedTrunk(TinyTrunk(), sizes)
