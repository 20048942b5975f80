"""Small nets: a plain RNN and an LSTM that learn one piece, forwards and backwards in NumPy.

Both hear the same notes, one a step, have the same number of units, and learn to tell the next
pitch by the same rule (Adam, Kingma and Ba 2015; gradients cut at norm 1), from windows of the
piece. Only what is between two steps differs:

    plain RNN   h = tanh(x W + h U + b)                  (Elman 1990)
    LSTM        c = f * c + i * g,  h = o * tanh(c)      (Hochreiter and Schmidhuber 1997)

Conventions:
    B windows, T steps, D inputs, H units, C classes. Gates side by side as in
    `composer.network.gate_trace`. Everything is computed in the precision of the inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Weights = dict[str, Floats]

UNITS: Final = 48
_RATE: Final = 0.01
_BETA, _BETA_2, _TINY = 0.9, 0.999, 1e-8
_CUT: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a net did with some windows, all that going backwards needs.

    Attributes:
        outputs: h after each step, [T, B, H].
        cells: c after each step, [T, B, H]; of a plain RNN empty.
        gates: After their nonlinearity, [T, B, 4, H]; of a plain RNN empty.
    """

    outputs: Floats
    cells: Floats
    gates: Floats


class Net(Protocol):
    """A recurrent layer: what is between two steps."""

    name: str

    def begin(self, inputs: int, units: int, rng: np.random.Generator) -> Weights:
        """Weights as Keras begins them: kernel, recurrent, bias."""
        ...

    def forward(self, weights: Mapping[str, Floats], x: Floats) -> Run:
        """Inputs [T, B, D] -> what it did, from a state of zeros."""
        ...

    def backward(
        self, weights: Mapping[str, Floats], run: Run, dh: Floats
    ) -> tuple[Floats, Floats]:
        """Gradients of the outputs [T, B, H] -> of what goes into the gates, and of the state.

        Returns:
            [T, B, H or 4H], and [T, B]: the norm of the gradient of the whole state (h, and c of
            an LSTM) after each step, all that comes back from later steps and its own.
        """
        ...


def glorot(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Uniform weights (Glorot and Bengio 2010)."""
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, (rows, columns))


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Weights that keep lengths (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return np.asarray(q if rows >= columns else q.T)


class PlainRNN:
    """h = tanh(x W + h U + b).

    Args:
        gain: By which the recurrent weights are larger than an orthogonal matrix.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.name = "plain RNN"
        self._gain = gain

    def begin(self, inputs: int, units: int, rng: np.random.Generator) -> Weights:
        """See `Net`."""
        kernel, recurrent = glorot(inputs, units, rng), orthogonal(units, units, rng)
        return {"kernel": kernel, "recurrent": self._gain * recurrent, "bias": np.zeros(units)}

    def forward(self, weights: Mapping[str, Floats], x: Floats) -> Run:
        """See `Net`."""
        projected = x @ weights["kernel"] + weights["bias"]
        outputs = np.empty_like(projected)
        h = np.zeros(projected.shape[1:], dtype=x.dtype)
        for step in range(len(x)):
            outputs[step] = h = np.tanh(projected[step] + h @ weights["recurrent"])
        return Run(outputs, np.empty(0), np.empty(0))

    def backward(
        self, weights: Mapping[str, Floats], run: Run, dh: Floats
    ) -> tuple[Floats, Floats]:
        """See `Net`."""
        dz, norms = np.empty_like(dh), np.empty(dh.shape[:2])
        back = np.zeros(dh.shape[1:], dtype=dh.dtype)
        transposed = weights["recurrent"].T
        for step in range(len(dh) - 1, -1, -1):
            total = dh[step] + back
            norms[step] = np.linalg.norm(total, axis=-1)
            dz[step] = total * (1 - run.outputs[step] ** 2)
            back = dz[step] @ transposed
        return dz, norms


class LSTM:
    """The LSTM.

    Args:
        memory: Notes up to which its cells are begun to remember, each a number of its own
            (Tallec and Ollivier 2018); None: forget gates are begun half open, as Keras has it
            (Jozefowicz et al. 2015).
    """

    def __init__(self, memory: int | None = None) -> None:
        self.name = "LSTM" if memory is None else "LSTM, begun to remember"
        self._memory = memory

    def begin(self, inputs: int, units: int, rng: np.random.Generator) -> Weights:
        """See `Net`."""
        bias = np.zeros(4 * units)
        if self._memory is None:
            bias[units : 2 * units] = 1.0
        else:
            open_for = np.log(rng.uniform(1, self._memory - 1, units))
            bias[:units], bias[units : 2 * units] = -open_for, open_for
        return {
            "kernel": glorot(inputs, 4 * units, rng),
            "recurrent": orthogonal(units, 4 * units, rng),
            "bias": bias,
        }

    def forward(self, weights: Mapping[str, Floats], x: Floats) -> Run:
        """See `Net`."""
        projected = x @ weights["kernel"] + weights["bias"]
        count, windows, width = projected.shape
        units = width // 4
        gates = np.empty((count, windows, 4, units), dtype=x.dtype)
        outputs = np.empty((count, windows, units), dtype=x.dtype)
        cells = np.empty_like(outputs)
        h = c = np.zeros((windows, units), dtype=x.dtype)
        for step in range(count):
            z = (projected[step] + h @ weights["recurrent"]).reshape(windows, 4, units)
            # A sigmoid by tanh: exp(-x) overflows for large negative x.
            now = np.tanh(z * _INSIDE, out=gates[step])
            now *= _INSIDE
            now += _ABOVE
            i, f, g, o = now.swapaxes(0, 1)
            cells[step] = c = f * c + i * g
            outputs[step] = h = o * np.tanh(c)
        return Run(outputs, cells, gates)

    def backward(
        self, weights: Mapping[str, Floats], run: Run, dh: Floats
    ) -> tuple[Floats, Floats]:
        """See `Net`."""
        count, windows, units = dh.shape
        dz = np.empty((count, windows, 4 * units), dtype=dh.dtype)
        norms = np.empty((count, windows))
        back_h = back_c = np.zeros((windows, units), dtype=dh.dtype)
        transposed = weights["recurrent"].T
        before = np.concatenate([np.zeros_like(run.cells[:1]), run.cells[:-1]])
        for step in range(count - 1, -1, -1):
            total = dh[step] + back_h
            norms[step] = np.sqrt((total**2).sum(axis=-1) + (back_c**2).sum(axis=-1))
            dz[step], back_c = lstm_back(
                total, back_c, run.gates[step], run.cells[step], before[step]
            )
            back_h = dz[step] @ transposed
        return dz, norms


_INSIDE: Final = np.array([0.5, 0.5, 1.0, 0.5], dtype=np.float32)[:, None]
_ABOVE: Final = np.array([0.5, 0.5, 0.0, 0.5], dtype=np.float32)[:, None]
"""sigmoid(x) = 0.5 + 0.5 tanh(0.5 x) for i, f and o, tanh(x) for g."""


def lstm_back(
    dh: Floats, dc: Floats, gates: Floats, c: Floats, before: Floats
) -> tuple[Floats, Floats]:
    """One step of an LSTM backwards.

    Args:
        dh: Gradient of h after the step, [B, H].
        dc: Gradient of c after the step, without what comes through h.
        gates: After their nonlinearity, [B, 4, H].
        c: After the step.
        before: c before the step.

    Returns:
        Gradients of what went into the gates, [B, 4H], and of c before the step, [B, H].
    """
    i, f, g, o = gates.swapaxes(0, 1)
    squashed = np.tanh(c)
    dc = dc + dh * o * (1 - squashed**2)
    dz = np.concatenate(
        [
            dc * g * i * (1 - i),
            dc * before * f * (1 - f),
            dc * i * (1 - g**2),
            dh * squashed * o * (1 - o),
        ],
        axis=-1,
    )
    return dz, dc * f


class Adam:
    """Updates of weights, the gradient cut at norm 1 (Kingma and Ba 2015).

    Args:
        weights: That are to be learnt.
    """

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._means = {name: np.zeros_like(value) for name, value in weights.items()}
        self._squares = {name: np.zeros_like(value) for name, value in weights.items()}
        self._updates = 0

    def step(self, weights: Weights, gradients: Mapping[str, Floats]) -> None:
        """Change the weights, in their dict, against their gradients."""
        self._updates += 1
        norm = np.sqrt(sum(float((value**2).sum()) for value in gradients.values()))
        scale = min(1.0, _CUT / max(norm, 1e-12))
        for name, gradient in gradients.items():
            mean, square = self._means[name], self._squares[name]
            mean += (1 - _BETA) * (scale * gradient - mean)
            square += (1 - _BETA_2) * ((scale * gradient) ** 2 - square)
            now = mean / (1 - _BETA**self._updates)
            spread = np.sqrt(square / (1 - _BETA_2**self._updates))
            weights[name] = weights[name] - _RATE * now / (spread + _TINY)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """A net that has learnt a piece.

    Attributes:
        name: Of the net.
        begun: Its weights before the first update.
        weights: Its weights after the last, with those of its softmax, "out" and "out_bias".
        nats: Of the next pitch before each update, the mean over the windows, [updates].
    """

    name: str
    begun: Weights
    weights: Weights
    nats: Floats


def learn(
    net: Net, x: Floats, targets: Ints, classes: int, updates: int, rng: np.random.Generator
) -> Learnt:
    """Learn to tell what comes next.

    Args:
        net: Of any kind.
        x: [T, B, D].
        targets: Class that comes after each step, [T, B]; -1 for none.
        classes: How many there are.
        updates: Steps of Adam.
        rng: Draws the weights that it begins with.
    """
    weights = net.begin(x.shape[2], UNITS, rng)
    weights |= {"out": glorot(UNITS, classes, rng), "out_bias": np.zeros(classes)}
    weights = {name: value.astype(x.dtype) for name, value in weights.items()}
    begun = {name: value.copy() for name, value in weights.items()}
    adam = Adam(weights)
    nats = np.empty(updates)
    for update in range(updates):
        run = net.forward(weights, x)
        nats[update], dlogits = surprise_of(weights, run.outputs, targets)
        dh = dlogits @ weights["out"].T
        dz, _ = net.backward(weights, run, dh)
        before = np.concatenate([np.zeros_like(run.outputs[:1]), run.outputs[:-1]])
        adam.step(
            weights,
            {
                "kernel": outer(x, dz),
                "recurrent": outer(before, dz),
                "bias": dz.sum(axis=(0, 1)),
                "out": outer(run.outputs, dlogits),
                "out_bias": dlogits.sum(axis=(0, 1)),
            },
        )
    return Learnt(net.name, begun, weights, nats)


def surprise_of(
    weights: Mapping[str, Floats], outputs: Floats, targets: Ints
) -> tuple[float, Floats]:
    """Mean nats of what came, and their gradient with respect to the logits, [T, B, C]."""
    logits = outputs @ weights["out"] + weights["out_bias"]
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    odds /= odds.sum(axis=-1, keepdims=True)
    counted = targets >= 0
    chosen = np.take_along_axis(odds, targets.clip(0)[..., None], axis=-1)[..., 0]
    total = max(int(counted.sum()), 1)
    nats = float(-np.log(np.maximum(chosen, 1e-12))[counted].sum() / total)
    gradient = odds / total
    rows, columns = np.nonzero(counted)
    gradient[rows, columns, targets[counted]] -= 1 / total
    gradient[~counted] = 0
    return nats, np.asarray(gradient)


def outer(a: Floats, b: Floats) -> Floats:
    """Sum over steps and windows of outer products, [a, b]."""
    return np.asarray(a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1]))
