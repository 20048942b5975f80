"""Gradient flow: how far back through a piece a gradient reaches, in an LSTM and in a plain RNN.

A plain RNN and an LSTM of the same size learn the next pitch of the piece (`small_nets`). Then the
surprise at one note is taken back through time, note by note, and the norm of its gradient with
respect to the state is written down: where it falls to nothing, what happened there could not have
been learnt from; where it grows without end, learning goes astray (Hochreiter 1991; Bengio, Simard
and Frasconi 1994; Pascanu, Mikolov and Bengio 2013). All of it is computed, backwards through time,
for many notes, and the geometric mean over them is told. The same is done for composer's own
layers.

Conventions:
    K notes back, E ends: notes that gradients begin at. Norms are relative to that at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from composer.encoding.events import (
    PART,
    PITCH,
    SHIFT,
    TICKS_PER_BEAT,
    Events,
)
from composer.encoding.features import context_of
from composer.network.gate_trace import GateTrace
from composer.study.small_nets import (
    LSTM,
    UNITS,
    Floats,
    Ints,
    Learnt,
    Net,
    PlainRNN,
    learn,
    lstm_back,
    surprise_of,
)

FARTHEST: Final = 100
"""Notes that gradients are taken back, at most."""
ENDS: Final = 24
"""Notes from which they are taken back."""
_WINDOW: Final = 48
"""Notes of a window to learn from."""
_MOST_WINDOWS: Final = 16
_UPDATES: Final = 100
_LARGER: Final = 2.0
"""How much larger the recurrent weights are of the plain RNN that is begun too large."""
_MEMORY: Final = 64
"""Notes that the cells of the LSTM are begun to remember that is begun to remember."""
_SHIFTS: Final = 25
_TINY: Final = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """How a gradient fares on its way back.

    Attributes:
        name: Of the net.
        norms: Relative to the norm at the end, [K + 1].
    """

    name: str
    norms: Floats


@dataclass(frozen=True, slots=True, eq=False)
class GradientFlow:
    """What the comparison found.

    Attributes:
        curves: Of the nets, small and composer's own.
        learnt: Those that learnt the piece.
        ends: How many notes gradients were taken back from.
        units: Of the small nets.
    """

    curves: tuple[Curve, ...]
    learnt: tuple[Learnt, ...]
    ends: int
    units: int


def flow_of(events: Events, trace: GateTrace, rng_seed: int = 0) -> GradientFlow | None:
    """Compare.

    Args:
        events: The piece.
        trace: Of composer's network on it.
        rng_seed: The same number draws the same weights.

    Returns:
        None for a piece that is too short to take anything back through.
    """
    x, targets, classes = heard_as(events)
    back = min(FARTHEST, len(x) // 2)
    if back < 8 or classes < 2:
        return None
    windows, next_pitches = _windows(x, targets)
    nets: tuple[Net, ...] = (PlainRNN(), LSTM(), LSTM(_MEMORY))
    learnt = [
        learn(net, windows, next_pitches, classes, _UPDATES, np.random.default_rng(rng_seed))
        for net in nets
    ]
    larger = PlainRNN(_LARGER)
    rng = np.random.default_rng(rng_seed)
    weights = larger.begin(x.shape[1], UNITS, rng)
    too_large = learnt[0].begun | {name: value.astype(x.dtype) for name, value in weights.items()}
    ends = np.unique(np.linspace(back, len(x) - 2, ENDS).round().astype(np.int64))
    curves = [
        Curve(own.name, small_norms(net, own.weights, x, targets, ends, back))
        for net, own in zip(nets, learnt, strict=True)
    ]
    norms = small_norms(larger, too_large, x, targets, ends, back)
    curves.append(Curve("plain RNN, weights begun twice as large", norms))
    for layer in range(len(trace.cells)):
        name = f"composer's own LSTM, layer {layer + 1}"
        curves.append(Curve(name, own_norms(trace, layer, back, rng_seed)))
    return GradientFlow(tuple(curves), tuple(learnt), len(ends), UNITS)


def heard_as(events: Events) -> tuple[Floats, Ints, int]:
    """A piece as the small nets hear it.

    Returns:
        [T, D]: of each note its pitch, the time since the note before, its part and place in the
        bar, each as one of so many; the next note's pitch, [T], -1 behind the last; and how many
        pitches there are.
    """
    rows = events.rows.astype(np.int64)
    used, pitch = np.unique(rows[:, PITCH], return_inverse=True)
    shift = np.minimum(rows[:, SHIFT] // 4, _SHIFTS - 1)
    context = context_of(events.onsets, events.kind, events.metres).astype(np.int64)
    place = np.minimum(4 * context[:, 1] + context[:, 0] * 4 // TICKS_PER_BEAT, 63)
    columns = [pitch, shift, rows[:, PART], place]
    x = np.concatenate([np.eye(int(column.max()) + 1)[column] for column in columns], axis=1)
    return x.astype(np.float32), np.append(pitch[1:], -1), len(used)


def _windows(x: Floats, targets: Ints) -> tuple[Floats, Ints]:
    """Some windows of a piece side by side: [T, B, D] and [T, B]."""
    length = min(_WINDOW, len(x) - 1)
    last = len(x) - length
    count = min(_MOST_WINDOWS, max(2 * len(x) // length, 1))
    starts = np.unique(np.linspace(0, last, count).round().astype(np.int64))
    at = np.arange(length)[:, None] + starts
    return x[at], targets[at]


def small_norms(
    net: Net, weights: dict[str, Floats], x: Floats, targets: Ints, ends: Ints, back: int
) -> Floats:
    """Norms of the gradient of the surprise at some notes, back through time, [K + 1].

    Args:
        net: Of any kind.
        weights: Its own.
        x: [T, D], the whole piece.
        targets: [T].
        ends: Notes whose surprise at what follows is taken back, each at least `back`.
        back: Notes that it is taken back.
    """
    # A window for each end, begun early enough that its state is the piece's.
    at = np.arange(-back, 1)[:, None] + ends
    lead = np.arange(-2 * back, -back)[:, None] + ends
    inputs = x[np.concatenate([lead.clip(0), at])]
    run = net.forward(weights, inputs)
    only_last = np.full(inputs.shape[:2], -1, dtype=np.int64)
    only_last[-1] = targets[ends]
    _, dlogits = surprise_of(weights, run.outputs, only_last)
    _, norms = net.backward(weights, run, dlogits @ weights["out"].T)
    return _relative(norms[::-1][: back + 1])


def own_norms(trace: GateTrace, layer: int, back: int, rng_seed: int) -> Floats:
    """The same of a layer of composer's own, from random directions of its output, [K + 1].

    Its five heads ask many things of the output at once; a random direction stands for any.
    """
    count = trace.cells.shape[1]
    ends = np.unique(np.linspace(back, count - 1, ENDS).round().astype(np.int64))
    units = trace.cells.shape[2]
    rng = np.random.default_rng(rng_seed)
    dh: Floats = rng.standard_normal((len(ends), units)).astype(np.float32)
    dc: Floats = np.zeros_like(dh)
    transposed = trace.recurrent[layer].T
    norms = np.empty((back + 1, len(ends)))
    for step in range(back + 1):
        now = ends - step
        norms[step] = np.sqrt((dh**2).sum(axis=1) + (dc**2).sum(axis=1))
        before = np.where((now > 0)[:, None], trace.cells[layer, (now - 1).clip(0)], np.float32(0))
        dz, dc = lstm_back(
            dh,
            dc,
            trace.gates[layer, now],
            trace.cells[layer, now],
            before,
        )
        dh = dz @ transposed
    return _relative(norms)


def _relative(norms: Floats) -> Floats:
    """Geometric mean over the ends, [K + 1, E] -> [K + 1], 1 at the end itself."""
    logs = np.log(np.maximum(norms, _TINY))
    return np.asarray(np.exp((logs - logs[0]).mean(axis=1)))
