"""Part order: slots and ranks that follow from what parts play."""

from __future__ import annotations

import numpy as np
import pytest

from composer.encoding.part_order import DRUM_RANK, RANKS, part_order, ranks_of
from composer.music.notes import DRUM_PROGRAM


def test_from_high_to_low_drums_last_then_by_program_then_by_notes() -> None:
    programs = (DRUM_PROGRAM, 40, 0, 40, 0, 7)
    notes = np.array([
        # part, pitch, onset
        (0, 90, 0), (1, 60, 0), (1, 62, 24), (2, 61, 0), (3, 62, 0), (3, 60, 24),
        (4, 72, 0), (4, 50, 48),
    ])  # fmt: skip
    # Parts 1 to 4 lie at 61 on average; 1 and 3 are violins, and 1 begins lower; part 5
    # is silent.
    assert part_order(programs, notes[:, 0], notes[:, 1:]) == [4, 2, 1, 3, 0]


def test_the_order_of_notes_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    notes = rng.integers(0, 9, (40, 4))
    wanted = part_order((0,) * 9, notes[:, 0], notes[:, 1:])
    for _ in range(5):
        shuffled = rng.permutation(notes)
        assert part_order((0,) * 9, shuffled[:, 0], shuffled[:, 1:]) == wanted


@pytest.mark.parametrize(
    ("pitched", "ranks"),
    [
        (0, []),
        (1, [0]),
        (2, [1, 2]),
        (3, [3, 4, 5]),
        (4, [6, 7, 8, 9]),
        (5, [10, 11, 12, 13, 15]),
        (6, [10, 11, 12, 13, 14, 15]),
        (10, [10, 11, 11, 12, 12, 13, 13, 14, 14, 15]),
    ],
)
def test_ranks_of_few_parts_are_their_own_and_of_many_shared(
    pitched: int, ranks: list[int]
) -> None:
    assert ranks_of((0,) * pitched + (DRUM_PROGRAM,) * 2) == [*ranks, DRUM_RANK, DRUM_RANK]
    assert DRUM_RANK == 16 and RANKS == 17


def test_of_parts_that_agree_the_one_that_begins_before_the_grid_comes_first() -> None:
    notes = np.array([[60, 20, 10, 1], [60, -10, 10, 1]])
    assert part_order((0, 0), np.array([0, 1]), notes) == [1, 0]
    assert part_order((0, 0), np.array([1, 0]), notes) == [0, 1]
