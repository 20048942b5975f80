"""Figure of reading from both sides: what a note costs whom who knows its past, future, or both.

Small LSTMs (`composer.study.small_nets`) learn the pitch class of every note of some seeds: one
from the notes before, one, reading backwards, from the notes after, and a pair from both. They are
asked on seeds that none of them has heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from composer.encoding.events import PITCH, SHIFT
from composer.encoding.features import context_of
from composer.plots.style import INK, NEW_SHADES, SEED_SHADES, plain, png, pyplot
from composer.study.music import Music, open_music
from composer.study.small_nets import LSTM, UNITS, Adam, Floats, Ints, glorot, outer, surprise_of

HELD_OUT = ("chorale.mid", "minuet.mid", "gymnopedie.mid", "ode.musicxml")
UPDATES = 120
WINDOW = 32
PAST, FUTURE = "from the notes before", "from the notes after"
BOTH = "from both sides"


def heard_as(music: Music) -> tuple[Floats, Ints]:
    """A piece as the nets hear it, [T, D], and what is asked of each note, [T]."""
    rows = music.events.rows.astype(np.int64)[~music.drums]
    onsets = music.onsets[~music.drums]
    pitch = rows[:, PITCH]
    place = context_of(onsets, music.events.kind, music.events.metres)[:, 1].astype(np.int64)
    columns = [
        np.eye(12)[pitch % 12],
        np.eye(11)[np.minimum(pitch // 12, 10)],
        np.eye(26)[np.minimum(rows[:, SHIFT] // 4, 25)],
        np.eye(17)[place],
    ]
    return np.concatenate(columns, axis=1).astype(np.float32), pitch % 12


def windows(pieces: Sequence[tuple[Floats, Ints]]) -> tuple[Floats, Ints]:
    """All pieces cut, [T, B, D] and [T, B]; transposed, too, so that keys are alike."""
    xs, ys = [], []
    for x, y in pieces:
        for start in range(0, len(x) - WINDOW + 1, WINDOW // 2):
            xs.append(x[start : start + WINDOW])
            ys.append(y[start : start + WINDOW])
    return np.stack(xs, axis=1), np.stack(ys, axis=1)


def moved(x: Floats, y: Ints, semitones: int) -> tuple[Floats, Ints]:
    """The same music so many semitones up."""
    other = x.copy()
    other[:, :12] = np.roll(x[:, :12], semitones, axis=1)
    return other, (y + semitones) % 12


class Reader:
    """One or two LSTMs under one softmax."""

    def __init__(self, backwards: Sequence[bool], inputs: int) -> None:
        self.backwards = backwards
        self.net = LSTM()
        rng = np.random.default_rng(0)
        self.weights = [
            {k: v.astype(np.float32) for k, v in self.net.begin(inputs, UNITS, rng).items()}
            for _ in backwards
        ]
        self.out = {
            "out": glorot(UNITS * len(backwards), 12, rng).astype(np.float32),
            "out_bias": np.zeros(12, dtype=np.float32),
        }
        self.adams = [Adam(own) for own in (*self.weights, self.out)]

    def run(self, x: Floats, y: Ints, learn: bool) -> float:
        """Nats a note; with an update."""
        runs, outputs = [], []
        for backwards, weights in zip(self.backwards, self.weights, strict=True):
            run = self.net.forward(weights, x[::-1] if backwards else x)
            runs.append(run)
            # A note may know the state before it, never its own.
            before = np.concatenate([np.zeros_like(run.outputs[:1]), run.outputs[:-1]])
            outputs.append(before[::-1] if backwards else before)
        joined = np.concatenate(outputs, axis=2)
        nats, dlogits = surprise_of(self.out, joined, y)
        if not learn:
            return nats
        dh = dlogits @ self.out["out"].T
        for index, (backwards, weights) in enumerate(
            zip(self.backwards, self.weights, strict=True)
        ):
            own = dh[:, :, index * UNITS : (index + 1) * UNITS]
            own = own[::-1] if backwards else own
            own = np.concatenate([own[1:], np.zeros_like(own[:1])])
            dz, _ = self.net.backward(weights, runs[index], own)
            h = runs[index].outputs
            before = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
            heard = x[::-1] if backwards else x
            gradients = {
                "kernel": outer(heard, dz),
                "recurrent": outer(before, dz),
                "bias": dz.sum(axis=(0, 1)),
            }
            self.adams[index].step(weights, gradients)
        out = {"out": outer(joined, dlogits), "out_bias": dlogits.sum(axis=(0, 1))}
        self.adams[-1].step(self.out, out)
        return nats


def figure(seeds: Path) -> tuple[bytes, dict[str, float]]:
    """The figure, and nats a note on the seeds that were held out."""
    kinds = (".mid", ".abc", ".musicxml")
    names = sorted(path.name for path in seeds.iterdir() if path.suffix in kinds)
    heard = {name: heard_as(open_music(seeds / name)) for name in names if name != "drums.mid"}
    apart = windows([heard[name] for name in HELD_OUT])
    rng = np.random.default_rng(0)
    curves: dict[str, list[float]] = {}
    for name, backwards in ((PAST, (False,)), (FUTURE, (True,)), (BOTH, (False, True))):
        reader = Reader(backwards, apart[0].shape[2])
        curves[name] = []
        for update in range(UPDATES):
            if update % 10 == 0:
                curves[name].append(reader.run(*apart, learn=False))
            shift = int(rng.integers(12))
            learnt = [moved(*heard[one], shift) for one in heard if one not in HELD_OUT]
            reader.run(*windows(learnt), learn=True)
        curves[name].append(reader.run(*apart, learn=False))
    plot, axis = pyplot().subplots(figsize=(9, 3.2), layout="constrained")
    colours = (SEED_SHADES[1], SEED_SHADES[2], NEW_SHADES[1])
    for (name, values), colour in zip(curves.items(), colours, strict=True):
        axis.plot(np.arange(len(values)) * 10, values, color=colour, lw=1.8, label=name)
    axis.set_xlabel("updates", color=INK)
    axis.set_ylabel("nats a pitch class, unheard seeds", color=INK, fontsize=8.5)
    axis.legend(frameon=False, fontsize=8)
    plain(axis)
    return png(plot), {name: round(values[-1], 3) for name, values in curves.items()}
