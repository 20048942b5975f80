"""What the figures of docs/lstm.md count, and how their nets read."""

from __future__ import annotations

import numpy as np
import pytest
from lstm_figures.both_sides import Reader, moved
from lstm_figures.inside import multiplications

from composer import models
from composer.network import weights_file


def test_products_of_a_note_are_the_weights_of_its_matrices() -> None:
    with weights_file.opened(models.find() / "weights.npz") as stored:
        found = multiplications({name: stored[name] for name in stored})
    assert found["layer 1"] == 512 * 2048
    assert found["layer 2"] == (512 + 512) * 2048
    assert found["heads: dense"] == 5 * 512 * 256
    assert found["heads: softmax"] == 256 * (122 + 128 + 76 + 32)


@pytest.mark.parametrize(("backwards", "told"), [((False,), -1), ((True,), 1)])
def test_a_reader_knows_its_own_side_alone(backwards: tuple[bool], told: int) -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 12, 40)
    x = np.eye(12, dtype=np.float32)[classes][:, None]
    # What is asked of each note is what stands before it, or after it.
    asked = np.roll(classes, -told)[:, None]
    asked[[0, -1]] = -1

    def learnt(targets: np.ndarray) -> float:
        reader = Reader(backwards, 12)
        return [reader.run(x, targets, learn=True) for _ in range(150)][-1]

    assert learnt(asked) < 0.3


def test_transposing_moves_what_is_heard_and_what_is_asked() -> None:
    x = np.zeros((2, 20), dtype=np.float32)
    x[0, 11], x[1, 4] = 1, 1
    other, asked = moved(x, np.array([11, 4]), 3)
    assert other[0, 2] == 1 and other[1, 7] == 1 and asked.tolist() == [2, 7]
