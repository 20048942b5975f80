"""The Keras trunk for GPUs, compiled for this machine's processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from composer.encoding.columns import COLUMN_SIZES
from composer.encoding.events import FIELDS
from composer.errors import DependencyError
from composer.network.config import NetworkConfig

pytest.importorskip("tensorflow")

CONFIG = NetworkConfig(layers=2, units=16, head_units=8)


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    from composer.network.keras_lstm import build, weights_of

    return weights_of(build(CONFIG))


@pytest.mark.slow
def test_the_compiled_step_is_the_networks_equations(weights: dict[str, np.ndarray]) -> None:
    import reference_lstm

    from composer.network.keras_trunk import KerasTrunk
    from composer.network.padded_trunk import PaddedTrunk

    random = np.random.default_rng(2)
    steps = np.stack([random.integers(0, size, 6) for size in COLUMN_SIZES], axis=1)
    state = random.normal(0, 0.5, (6, 2, 2, 16)).astype(np.float32)
    trunk = PaddedTrunk(KerasTrunk(CONFIG, weights, streams=4), (4,))
    hidden, after = trunk(steps.astype(np.int32), state)  # in two blocks, the second padded

    layers_first = state.astype(np.float64).transpose(1, 2, 0, 3)
    x, expected = reference_lstm.trunk(weights, steps[:, None], layers_first)
    wanted = np.concatenate(
        [
            x[:, 0] @ weights[f"head_{field}/from_trunk/kernel"]
            + weights[f"head_{field}/from_trunk/bias"]
            for field in FIELDS
        ],
        axis=-1,
    )
    np.testing.assert_allclose(hidden, wanted, atol=1e-5)
    np.testing.assert_allclose(after, np.moveaxis(expected, 2, 0), atol=1e-5)

    # What a stream gets does not depend on its company.
    for index in range(6):
        own = slice(index, index + 1)
        alone, moved = trunk(steps[own].astype(np.int32), state[own])
        assert np.array_equal(alone, hidden[own])
        assert np.array_equal(moved, after[own])


def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    import tensorflow as tf

    from composer.network.keras_trunk import load

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is one")
    with pytest.raises(DependencyError, match="sees no GPU"):
        load(tmp_path)


@pytest.mark.slow
def test_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    """In a process of its own: TensorFlow's libraries write past Python."""
    seed = Path(__file__).parents[2] / "midi_data" / "waltz.mid"
    run = subprocess.run(
        [sys.executable, "-m", "composer", "generate", "--seed", str(seed), "--device", "gpu"],
        cwd=tmp_path,
        env=os.environ
        | {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr == "Error: TensorFlow sees no GPU here; leave out --device gpu\n"
