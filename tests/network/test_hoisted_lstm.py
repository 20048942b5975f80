"""The layer of the LSTM: its equations, and the gradient written out by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
import reference_lstm
from keras import ops

from composer.network.hoisted_lstm import HoistedLSTM


@pytest.fixture(autouse=True)
def float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


def test_the_reference_by_hand() -> None:
    """One unit, all weights 0 but the biases: i = f = o = 1/2, g = tanh(b)."""
    kernel, recurrent = np.zeros((1, 4)), np.zeros((1, 4))
    bias = np.array([0.0, 0.0, 0.5, 0.0])
    h, c = reference_lstm.lstm_step(
        np.ones((1, 1)), np.ones((1, 1)), np.full((1, 1), 2.0), kernel, recurrent, bias
    )
    assert c[0, 0] == pytest.approx(0.5 * 2 + 0.5 * np.tanh(0.5))
    assert h[0, 0] == pytest.approx(0.5 * np.tanh(c[0, 0]))


def test_the_reference_keeps_each_gate_in_its_place() -> None:
    """A gate at a time wide open or shut: in, keep, candidate, out."""

    def after(i: float, f: float, g: float, o: float) -> tuple[float, float]:
        h, c = reference_lstm.lstm_step(
            np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 3.0),
            np.zeros((1, 4)), np.zeros((1, 4)), np.array([i, f, g, o]),
        )  # fmt: skip
        return float(h[0, 0]), float(c[0, 0])

    assert after(-99, 99, 5, 99) == pytest.approx((np.tanh(3), 3))  # kept, nothing let in
    assert after(99, -99, 99, 99) == pytest.approx((np.tanh(1), 1))  # forgotten, replaced
    assert after(99, -99, -99, -99) == pytest.approx((0, -1))  # not shown


@pytest.mark.parametrize("layer_class", [HoistedLSTM, keras.layers.LSTM])
def test_layers_give_what_the_equations_give(layer_class: type[keras.layers.LSTM]) -> None:
    rng = np.random.default_rng(1)
    streams, steps, width, units = 3, 11, 5, 7
    layer = layer_class(units, return_sequences=True, return_state=True)
    x = rng.normal(size=(streams, steps, width)).astype(np.float32)
    h, c = rng.normal(size=(2, streams, units)).astype(np.float32)
    layer(x, initial_state=[h, c])
    weights = [rng.normal(0, 0.7, w.shape).astype(np.float32) for w in layer.get_weights()]
    layer.set_weights(weights)
    found = [ops.convert_to_numpy(t) for t in layer(x, initial_state=[h, c])]
    wanted = reference_lstm.lstm(x, h, c, *(weight.astype(np.float64) for weight in weights))
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_long_sequence_is_the_same_as_its_pieces() -> None:
    rng = np.random.default_rng(2)
    layer = HoistedLSTM(4, return_sequences=True, return_state=True)
    x = rng.normal(size=(2, 12, 3)).astype(np.float32)
    zero = np.zeros((2, 4), np.float32)
    whole, _, _ = layer(x, initial_state=[zero, zero])
    first, h, c = layer(x[:, :5], initial_state=[zero, zero])
    second, _, _ = layer(x[:, 5:], initial_state=[h, c])
    pieces = np.concatenate([ops.convert_to_numpy(first), ops.convert_to_numpy(second)], axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(whole), pieces, atol=1e-6)


GRADIENTS = '''
import json, sys
import keras, numpy as np
from keras import ops
from composer.network.hoisted_lstm import HoistedLSTM

rng = np.random.default_rng(5)
B, T, D, H = 3, 9, 4, 6
x, h, c = (rng.normal(size=s).astype("float32") for s in ((B, T, D), (B, H), (B, H)))
weights = [rng.normal(0, 0.6, s).astype("float32") for s in ((D, 4 * H), (H, 4 * H), (4 * H,))]
scale = [rng.normal(size=s).astype("float32") for s in ((B, T, H), (B, H), (B, H))]

def layer(kind):
    made = kind(H, return_sequences=True, return_state=True)
    made(x, initial_state=[h, c])
    made.set_weights(weights)
    return made

def gradients(made):
    """Of outputs and both last states, with respect to weights, input and first states."""
    def loss(x, h, c):
        found = made(x, initial_state=[h, c])
        return sum(ops.sum(one * ops.convert_to_tensor(s)) for one, s in zip(found, scale))
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf
        given = [tf.constant(a) for a in (x, h, c)]
        with tf.GradientTape() as tape:
            tape.watch(given)
            value = loss(*given)
        return tape.gradient(value, [v.value for v in made.trainable_variables] + given)
    if backend == "torch":
        import torch
        given = [torch.tensor(a, requires_grad=True) for a in (x, h, c)]
        loss(*given).backward()
        return [v.value.grad for v in made.trainable_variables] + [g.grad for g in given]
    import jax
    def whole(trainable, x, h, c):
        fixed = [v.value for v in made.non_trainable_variables]
        found, _ = made.stateless_call(trainable, fixed, x, initial_state=[h, c])
        return sum(ops.sum(one * ops.convert_to_tensor(s)) for one, s in zip(found, scale))
    of_weights, *rest = jax.grad(whole, argnums=(0, 1, 2, 3))(
        [v.value for v in made.trainable_variables], x, h, c)
    return [*of_weights, *rest]

ours, theirs = gradients(layer(HoistedLSTM)), gradients(layer(keras.layers.LSTM))
apart = []
for a, b in zip(ours, theirs, strict=True):
    a, b = ops.convert_to_numpy(a), ops.convert_to_numpy(b)
    assert a.shape == b.shape
    apart.append(float(np.abs(a - b).max() / np.abs(b).max()))
print(json.dumps(apart))
'''


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_the_gradient_written_out_is_the_one_differentiation_finds(backend: str) -> None:
    """Of weights, inputs and first states, also through the last states."""
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GRADIENTS],
        env=os.environ | {"KERAS_BACKEND": backend},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert max(json.loads(run.stdout.splitlines()[-1])) < 1e-5
