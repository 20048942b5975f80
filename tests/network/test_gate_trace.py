"""The trace of the gates is what the trunk computes step by step, and what the equations say."""

from __future__ import annotations

import numpy as np
import pytest
from bars_of_music import events, quarters
from reference_lstm import lstm_step, sigmoid

from composer import models
from composer.encoding.features import features
from composer.network import weights_file
from composer.network.gate_trace import FORGET, OUTPUT
from composer.network.numpy_trunk import FloatTrunk, load_float

STEPS = features(events(quarters((60, 64, 67, 72), (71, 67, 62, 55)), (0,)))


@pytest.fixture(scope="module")
def trunk() -> FloatTrunk:
    found = load_float(models.find()).trunk
    assert isinstance(found, FloatTrunk)
    return found


def test_a_trace_is_what_the_trunk_does_step_by_step(trunk: FloatTrunk) -> None:
    trace = trunk.trace(STEPS)
    layers, _, units = trace.cells.shape
    recurrent = np.zeros((1, layers, 2, units), dtype=np.float32)
    for step in range(len(STEPS)):
        hidden, recurrent = trunk(STEPS[step : step + 1], recurrent)
        assert trace.outputs[:, step] == pytest.approx(recurrent[0, :, 0], abs=2e-5)
        assert trace.cells[:, step] == pytest.approx(recurrent[0, :, 1], abs=2e-5)
        assert trace.hidden[step] == pytest.approx(hidden[0], abs=2e-4)


def test_gates_satisfy_the_equations_with_the_weights_of_the_model(trunk: FloatTrunk) -> None:
    trace = trunk.trace(STEPS)
    with weights_file.opened(models.find() / "weights.npz") as stored:
        kernel, recurrent, bias = (
            stored[f"lstm_1/lstm_cell/{name}"].astype(np.float64)
            for name in ("kernel", "recurrent_kernel", "bias")
        )
    assert trace.recurrent[1] == pytest.approx(recurrent, abs=1e-6)
    below, h, c = trace.outputs[0, 5], trace.outputs[1, 4], trace.cells[1, 4]
    after, cell = lstm_step(below[None], h[None], c[None], kernel, recurrent, bias)
    assert trace.cells[1, 5] == pytest.approx(cell[0], abs=2e-5)
    assert trace.outputs[1, 5] == pytest.approx(after[0], abs=2e-5)
    z = (below @ kernel + h @ recurrent + bias).reshape(4, -1)
    assert trace.gates[1, 5, FORGET] == pytest.approx(sigmoid(z[1]), abs=2e-5)
    assert trace.gates[1, 5, OUTPUT] == pytest.approx(sigmoid(z[3]), abs=2e-5)
