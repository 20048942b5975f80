"""An LSTM layer that trains fast on CPUs: Keras's, with its backward pass written out.

Conventions:
    B streams, T steps, D inputs, H units. Gate order in weights is input, forget,
    candidate, output, as Keras has it.

Written with Keras 3 layers and `keras.ops` only: it runs on TensorFlow, JAX and PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable("composer")
class HoistedLSTM(keras.layers.LSTM):
    """The Keras LSTM with its backward pass written out, for training on CPUs.

    Same weights, same equations (Hochreiter and Schmidhuber 1997; forget gate: Gers et
    al. 2000). Two things are lifted out of the loop over time: the input projections of
    all steps are one matrix product before it, and the gradient of the recurrent weights
    is one after it, where automatic differentiation adds up a [H, 4H] matrix per step.
    What is left in it is a matrix product and, fused, all the rest of a cell.
    Matrix products run in the compute dtype, cell states in float32.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.autocast = False  # casting by hand, below: the cell state stays float32

    def call(
        self,
        sequences: Tensor,
        initial_state: Sequence[Tensor] | None = None,
        mask: Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """[B, T, D] and (h, c) -> outputs [B, T, H], h, c."""
        del mask, training  # Pieces are padded at their end only; dropout is a layer of its own.
        assert initial_state is not None
        cell = self.cell
        dtype = self.compute_dtype
        inputs = ops.transpose(ops.cast(sequences, dtype), (1, 0, 2))  # [T, B, D]
        projected = ops.matmul(inputs, ops.cast(cell.kernel, dtype))
        projected = projected + ops.cast(cell.bias, dtype)  # [T, B, 4H]
        recurrent = ops.cast(cell.recurrent_kernel, "float32")
        h0, c0 = (ops.cast(state, "float32") for state in initial_state)
        packed = _recurrence(projected, recurrent, h0, c0)  # [T + 1, B, H]
        outputs = ops.transpose(packed[:-1], (1, 0, 2))
        return ops.cast(outputs, dtype), ops.cast(packed[-2], "float32"), packed[-1]


def _fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors made into one kernel, on the backend that does not do so itself.

    TensorFlow walks through memory once for each operation of an LSTM cell; XLA, once.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    fused: Callable[..., Any] = tf.function(function, jit_compile=True)
    return fused


@cache  # A kernel is compiled once for each shape of its tensors, not at each call of a layer.
def _cell(dtype: str) -> Callable[..., Any]:
    """The cell: what comes in, what recurs [B, 4H] and the last c -> h, c and the gates [B, 4H]."""

    @_fused
    def cell(x: Tensor, recurred: Tensor, c: Tensor) -> Any:
        z = ops.cast(x + recurred, "float32")
        i, f, g, o = ops.split(z, 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        h = o * ops.tanh(c)
        return h, c, ops.cast(ops.concatenate([i, f, g, o], axis=-1), dtype)

    return cell


@cache
def _cell_back(dtype: str) -> Callable[..., Any]:
    """The cell backwards: gradients of h and c -> of the gates' inputs, and of the c before."""

    @_fused
    def cell_back(
        dh: Tensor, dc: Tensor, dout: Tensor, gate: Tensor, c: Tensor, c_before: Tensor
    ) -> Any:
        i, f, g, o = ops.split(ops.cast(gate, "float32"), 4, axis=-1)
        dh = dh + dout
        squashed = ops.tanh(c)
        dc = dc + dh * o * (1.0 - squashed * squashed)
        dz = ops.concatenate(
            [
                dc * g * i * (1.0 - i),
                dc * c_before * f * (1.0 - f),
                dc * i * (1.0 - g * g),
                dh * squashed * o * (1.0 - o),
            ],
            axis=-1,
        )
        return ops.cast(dz, dtype), dc * f

    return cell_back


@ops.custom_gradient
def _recurrence(projected: Tensor, recurrent: Tensor, h0: Tensor, c0: Tensor) -> Any:
    """The loop over time of an LSTM layer.

    Args:
        projected: x W + b of every step, [T, B, 4H] in the compute dtype.
        recurrent: U, float32 [H, 4H].
        h0: float32 [B, H].
        c0: float32 [B, H].

    Returns:
        float32 [T + 1, B, H]: h of every step, then the last c (one tensor, because a
        custom gradient of several is not portable between backends).
    """
    dtype = keras.backend.standardize_dtype(projected.dtype)
    weights = ops.cast(recurrent, dtype)

    cell, cell_back = _cell(dtype), _cell_back(dtype)

    def forward(carry: Any, x: Tensor) -> Any:
        h, c, _ = carry
        new = cell(x, ops.matmul(ops.cast(h, dtype), weights), c)
        # TensorFlow's scan wants outputs of the same shapes as the carry.
        return new, new

    start = (h0, c0, ops.zeros_like(projected[0]))
    _, (hs, cs, gates) = ops.scan(forward, start, projected)

    def gradient(*args: Tensor, upstream: Tensor | None = None) -> Any:
        up = args[0] if upstream is None else upstream  # PyTorch passes it by name
        up = ops.cast(up, "float32")
        before = ops.concatenate([c0[None], cs[:-1]], axis=0)
        transposed = ops.transpose(weights)

        def backward(carry: Any, step: Any) -> Any:
            dh, dc, _ = carry
            dz, dc = cell_back(dh, dc, *step)
            dh = ops.cast(ops.matmul(dz, transposed), "float32")
            return (dh, dc, dz), (dh, dc, dz)

        zero = (ops.zeros_like(h0), up[-1], ops.zeros_like(projected[0]))
        (dh0, dc0, _), (_, _, dz) = ops.scan(
            backward, zero, (up[:-1], gates, cs, before), reverse=True
        )
        width = ops.shape(recurrent)[0]
        h_before = ops.cast(ops.concatenate([h0[None], hs[:-1]], axis=0), dtype)
        flat_h = ops.reshape(h_before, (-1, width))
        flat_dz = ops.reshape(dz, (-1, 4 * width))
        d_recurrent = ops.cast(ops.matmul(ops.transpose(flat_h), flat_dz), "float32")
        return dz, d_recurrent, dh0, dc0

    return ops.concatenate([hs, cs[-1:]], axis=0), gradient


def on_gpu() -> bool:
    """Whether the backend in use has a GPU (where Keras's own LSTM reaches cuDNN)."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() == "gpu")
    if backend == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return False
