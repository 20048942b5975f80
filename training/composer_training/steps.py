"""Steps: one update and one scoring of a batch, on whichever backend Keras runs.

The loss is written once, over `keras.ops`; TensorFlow, PyTorch and JAX each differentiate
it in their own way.

Conventions:
    As in `composer.network.keras_lstm`: B streams, T steps, L layers, H units. Both functions take
    (features int [B, T + 1, 39], parts int [N, 17], weights float32 [B, T, 5], keep float32 [B],
    state float32 [L, 2, B, H]) and return (nats summed by field, float32 [5]; new state).
    A target whose weight is less than 0 is made less likely, down to e ** `FAINT`; which part
    plays is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from composer.encoding.events import PART
from composer.network.keras_lstm import Network

FAINT = -8.0
"""Log p under which a target is not made less likely still."""

Tensor = Any
Step = Callable[..., tuple[Any, Any]]


def field_sums(logits: list[Tensor], features: Tensor, parts: Tensor, weights: Tensor) -> Tensor:
    """Summed negative log-likelihood of each field in nats, float32 [5]."""
    sums = []
    for index, field_logits in enumerate(logits):
        if index == PART:
            sums.append(_part_sum(field_logits, parts, weights))
            continue
        target = features[:, 1:, index]
        # Steps without a target hold classes outside the head; their weight is 0.
        target = ops.minimum(target, field_logits.shape[-1] - 1)
        log_p = ops.log_softmax(field_logits, axis=-1)
        chosen = ops.take_along_axis(log_p, target[..., None], axis=-1)[..., 0]
        weight = weights[..., index]
        chosen = ops.where(weight < 0, ops.maximum(chosen, FAINT), chosen)
        sums.append(-ops.sum(chosen * weight))
    return ops.stack(sums)


def _part_sum(logits: Tensor, parts: Tensor, weights: Tensor) -> Tensor:
    """The same for the part: a softmax over those that may play at each step.

    Args:
        logits: float32 [N].
        parts: int [N, 17]: step, whether the part plays, and the rest; rows that fill up the
            array have a step behind the last. Steps that do not count have no rows.
        weights: float32 [B, T, 5], for its shape.
    """
    step, plays = parts[:, 0], ops.cast(parts[:, 1], "float32")
    steps = weights.shape[0] * weights.shape[1] + 1
    highest = ops.stop_gradient(ops.segment_max(logits, step, steps))
    logits = logits - ops.take(highest, step)
    norms = ops.segment_sum(ops.exp(logits), step, steps)
    return ops.sum(plays * (ops.log(ops.take(norms, step)) - logits))


def _loss(sums: Tensor, weights: Tensor) -> Tensor:
    """Nats per note (END counts as one here)."""
    return ops.sum(sums) / ops.maximum(ops.sum(ops.abs(weights[..., 0])), 1.0)


def _begin(state: Tensor, keep: Tensor) -> Tensor:
    """The state that goes in: zero where a stream begins a piece."""
    return ops.cast(state, "float32") * keep[None, None, :, None]


def make_steps(network: Network, optimizer: Any) -> tuple[Step, Step]:
    """(train, score) for Keras's backend; `train` also updates the weights."""
    makers = {"tensorflow": _tensorflow_steps, "torch": _torch_steps, "jax": _jax_steps}
    return makers[keras.backend.backend()](network, optimizer)


def _tensorflow_steps(network: Network, optimizer: Any) -> tuple[Step, Step]:
    import tensorflow as tf

    def forward(
        features: Any, parts: Any, weights: Any, keep: Any, state: Any, training: bool
    ) -> Any:
        logits, state = network(features, parts, _begin(state, keep), training=training)
        sums = field_sums(logits, features, parts, weights)
        return _loss(sums, weights), (sums, state)

    @tf.function(reduce_retracing=True)
    def train(features: Any, parts: Any, weights: Any, keep: Any, state: Any) -> Any:
        with tf.GradientTape() as tape:
            loss, result = forward(features, parts, weights, keep, state, True)
        # Those of embeddings come as slices, several to a row: Keras squares them one by
        # one for the norm that it clips by, instead of adding them up first.
        gradients = [
            tf.convert_to_tensor(gradient)
            for gradient in tape.gradient(loss, network.trainable_variables)
        ]
        optimizer.apply(gradients, network.trainable_variables)
        return result

    @tf.function(reduce_retracing=True)
    def score(features: Any, parts: Any, weights: Any, keep: Any, state: Any) -> Any:
        return forward(features, parts, weights, keep, state, False)[1]

    return train, score


def _torch_steps(network: Network, optimizer: Any) -> tuple[Step, Step]:
    import torch

    def forward(data: tuple[Any, ...], training: bool) -> Any:
        features, parts, weights, keep, state = (ops.convert_to_tensor(array) for array in data)
        logits, state = network(features, parts, _begin(state, keep), training=training)
        sums = field_sums(logits, features, parts, weights)
        return _loss(sums, weights), sums.detach(), state.detach()

    def train(*data: Any) -> Any:
        network.zero_grad()
        loss, sums, state = forward(data, True)
        loss.backward()
        with torch.no_grad():
            gradients = [variable.value.grad for variable in network.trainable_variables]
            optimizer.apply(gradients, network.trainable_variables)
        return sums, state

    def score(*data: Any) -> Any:
        with torch.no_grad():
            return forward(data, False)[1:]

    return train, score


def _jax_steps(network: Network, optimizer: Any) -> tuple[Step, Step]:
    """JAX wants functions without side effects: variables go in and come out."""
    import jax

    def forward(trainable: Any, fixed: Any, data: tuple[Any, ...], training: bool) -> Any:
        features, parts, weights, keep, state = data
        (logits, state), fixed = network.stateless_call(
            trainable, fixed, features, parts, _begin(state, keep), training=training
        )
        sums = field_sums(logits, features, parts, weights)
        return _loss(sums, weights), (sums, state, fixed)

    @jax.jit
    def update(trainable: Any, fixed: Any, slots: Any, data: Any) -> Any:
        (_, (sums, state, fixed)), gradients = jax.value_and_grad(forward, has_aux=True)(
            trainable, fixed, data, True
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return (trainable, fixed, slots), sums, state

    @jax.jit
    def evaluate(trainable: Any, fixed: Any, data: Any) -> Any:
        return forward(trainable, fixed, data, False)[1][:2]

    def values(variables: Any) -> list[Any]:
        return [variable.value for variable in variables]

    def train(*data: Any) -> Any:
        groups = (
            network.trainable_variables,
            network.non_trainable_variables,
            optimizer.variables,
        )
        results, sums, state = update(*map(values, groups), data)
        for variables, new in zip(groups, results, strict=True):
            for variable, value in zip(variables, new, strict=True):
                variable.assign(value)
        return sums, state

    def score(*data: Any) -> Any:
        fixed = values(network.non_trainable_variables)
        return evaluate(values(network.trainable_variables), fixed, data)

    return train, score
