"""Small nets: gradients held against differences, norms against matrices by hand."""

from __future__ import annotations

import numpy as np
import pytest

from composer.network.gate_trace import GateTrace
from composer.study import small_nets
from composer.study.gradient_flow import own_norms, small_norms
from composer.study.small_nets import LSTM, Net, PlainRNN, learn, surprise_of

NETS = [PlainRNN(), LSTM(), LSTM(16)]


def a_net(net: Net, steps: int = 6, windows: int = 2) -> tuple[dict, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    weights = net.begin(5, 4, rng)
    weights |= {"out": small_nets.glorot(4, 3, rng), "out_bias": np.zeros(3)}
    return weights, rng.standard_normal((steps, windows, 5)), rng.integers(0, 3, (steps, windows))


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_gradients_are_those_of_small_differences(net: Net) -> None:
    weights, x, targets = a_net(net)
    targets[1, 0] = -1  # one step that nothing is asked of

    def nats(changed: dict) -> float:
        return surprise_of(changed, net.forward(changed, x).outputs, targets)[0]

    run = net.forward(weights, x)
    _, dlogits = surprise_of(weights, run.outputs, targets)
    dz, _ = net.backward(weights, run, dlogits @ weights["out"].T)
    before = np.concatenate([np.zeros_like(run.outputs[:1]), run.outputs[:-1]])
    found = {
        "kernel": np.einsum("tbd,tbh->dh", x, dz),
        "recurrent": np.einsum("tbd,tbh->dh", before, dz),
        "bias": dz.sum(axis=(0, 1)),
    }
    for name, gradient in found.items():
        for place in list(np.ndindex(gradient.shape))[:: max(gradient.size // 12, 1)]:
            step = 1e-6
            up, down = ({key: value.copy() for key, value in weights.items()} for _ in range(2))
            up[name][place] += step
            down[name][place] -= step
            difference = (nats(up) - nats(down)) / (2 * step)
            assert gradient[place] == pytest.approx(difference, abs=1e-7)


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_a_net_learns_what_always_comes_next(net: Net) -> None:
    pattern = np.arange(24) % 4
    x = np.eye(4, dtype=np.float32)[pattern][:, None]
    learnt = learn(net, x, ((pattern + 1) % 4)[:, None], 4, 60, np.random.default_rng(0))
    assert learnt.nats[0] > 1.0 and learnt.nats[-1] < 0.1
    again = learn(net, x, ((pattern + 1) % 4)[:, None], 4, 60, np.random.default_rng(0))
    assert np.array_equal(learnt.nats, again.nats)
    assert not np.array_equal(learnt.begun["recurrent"], learnt.weights["recurrent"])


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_plain_rnn_that_is_all_but_linear_vanishes_or_explodes_by_its_gain(gain: float) -> None:
    net = PlainRNN(gain)
    rng = np.random.default_rng(0)
    weights = net.begin(3, 8, rng) | {"out": np.eye(8)[:, :3], "out_bias": np.zeros(3)}
    x = np.zeros((60, 3))  # nothing comes in: tanh is at rest, where its slope is 1
    norms = small_norms(net, weights, x, np.zeros(60, dtype=np.int64), np.array([30, 40]), 10)
    assert norms == pytest.approx(gain ** np.arange(11.0))


def test_cells_carry_a_gradient_back_by_their_forget_gates_alone() -> None:
    steps, units, forget = 40, 6, 0.9
    gates = np.zeros((1, steps, 4, units), dtype=np.float32)
    gates[:, :, 1], gates[:, :, 3] = forget, 1.0  # kept and shown, nothing let in
    trace = GateTrace(
        gates,
        np.zeros((1, steps, units), dtype=np.float32),
        np.zeros((1, steps, units), dtype=np.float32),
        np.zeros((steps, 1), dtype=np.float32),
        np.zeros((1, units, 4 * units), dtype=np.float32),
    )
    norms = own_norms(trace, 0, 12, 0)
    # The first step back goes from the output into the cell, through an open output gate.
    assert norms == pytest.approx(forget ** np.arange(13.0), rel=1e-4)
