"""Figures of what is inside the network: cell, gates, cycle, heads, and what a note costs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from composer import models
from composer.encoding.events import FIELDS, PART, SIZES
from composer.encoding.features import parts_of
from composer.encoding.part_order import ranks_of
from composer.network import weights_file
from composer.network.gate_trace import FORGET, GATES, INPUT, OUTPUT
from composer.network.numpy_trunk import load_float
from composer.network.predictor import Predictor
from composer.plots.style import FAINT, INK, NEW_SHADES, SEED_SHADES, plain, png, pyplot
from composer.study.expectation import Hearing
from composer.study.instruments import drum_name
from composer.study.music import Music, open_music
from composer.study.numerals import pitch_name
from composer.study.study import Study, study_piece

BLUE, ORANGE = SEED_SHADES[1], NEW_SHADES[1]
_COLOURS = ("#e69f00", "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7")


def figures(seeds: Path) -> dict[str, bytes]:
    """All of them, by name, as PNG."""
    predictor = load_float(models.find())
    drums = study_piece(open_music(seeds / "drums.mid"), predictor)
    chorale = study_piece(open_music(seeds / "chorale.mid"), predictor)
    waltz = study_piece(open_music(seeds / "waltz.mid"), predictor)
    return {
        "cell": cell(drums),
        "gates": gates(waltz),
        "cycle": cycle(waltz),
        "heads": heads(chorale, predictor),
        "cost": cost(models.find()),
    }


def _heard(study: Study) -> Hearing:
    assert study.hearing is not None
    return study.hearing


def _roll(axis: Any, music: Music) -> None:
    """Notes by step: across is the note's number, as the network counts."""
    axis.scatter(np.arange(len(music.pitches)), music.pitches, s=7, color=INK, marker="s", lw=0)
    if not music.drums.all():
        octaves = range(12 * (int(music.pitches.min()) // 12), int(music.pitches.max()) + 1, 12)
        axis.set_yticks(list(octaves), [pitch_name(pitch, None) for pitch in octaves])
    else:
        keys = (36, 38, 42)
        axis.set_yticks(keys, [drum_name(key) for key in keys])
    for note in np.flatnonzero(np.diff(music.cells, prepend=-1)).tolist():
        axis.axvline(note - 0.5, color=FAINT, lw=0.8, zorder=-1)
    plain(axis)


def cell(study: Study) -> bytes:
    """One cell that follows the way through the bar: its gates, what it holds, what it shows."""
    one = next(f for f in study.followings if f.what == "the way through the bar")
    hearing, count = _heard(study), len(study.music.onsets)
    trace, first = hearing.trace, hearing.declared
    figure, axes = pyplot().subplots(
        3, 1, figsize=(9, 5.2), sharex=True, layout="constrained", height_ratios=[1, 1.2, 1.4]
    )
    _roll(axes[0], study.music)
    steps = np.arange(count)
    for gate, colour in ((INPUT, "#009e73"), (FORGET, BLUE), (OUTPUT, "#cc79a7")):
        values = trace.gates[one.layer, first:, gate, one.unit]
        axes[1].step(steps, values, where="mid", color=colour, lw=1.3, label=f"{GATES[gate]} gate")
    axes[1].set_ylim(-0.03, 1.03)
    held = trace.cells[one.layer, first:, one.unit]
    shown = trace.outputs[one.layer, first:, one.unit]
    axes[2].step(steps, held, where="mid", color=ORANGE, lw=1.6, label="cell c")
    axes[2].step(steps, shown, where="mid", color=INK, lw=1.0, label="output h")
    way = np.interp(one.series, (one.series.min(), one.series.max()), (held.min(), held.max()))
    if one.correlation < 0:
        way = held.min() + held.max() - way
    axes[2].fill_between(
        steps,
        way,
        held.min(),
        step="mid",
        color=BLUE,
        alpha=0.15,
        lw=0,
        label="how far through the bar",
    )
    for axis in axes[1:]:
        for note in np.flatnonzero(np.diff(study.music.cells, prepend=-1)).tolist():
            axis.axvline(note - 0.5, color=FAINT, lw=0.8, zorder=-1)
        plain(axis)
        axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    axes[2].set_xlabel("note", color=INK)
    axes[0].set_title(
        f"A drum groove, and unit {one.unit} of layer {one.layer + 1}: correlation"
        f" {one.correlation:.2f} with the way through the bar",
        loc="left",
        color=INK,
        fontsize=10,
    )
    return png(figure)


def gates(study: Study) -> bytes:
    """Input, forget and output gates of both layers, units in bands by memory."""
    hearing = _heard(study)
    assert study.half_lives is not None
    figure, axes = pyplot().subplots(
        7, 1, figsize=(9, 8), sharex=True, layout="constrained", height_ratios=[1.5] + [1] * 6
    )
    _roll(axes[0], study.music)
    axes[0].set_title("A waltz, note by note", loc="left", color=INK, fontsize=10)
    row = 1
    for layer in range(2):
        order = np.argsort(-study.half_lives[layer], kind="stable")
        for gate in (INPUT, FORGET, OUTPUT):
            values = hearing.trace.gates[layer, hearing.declared :, gate][:, order]
            bands = np.stack([b.mean(axis=1) for b in np.array_split(values, 32, axis=1)])
            image = axes[row].imshow(
                bands, aspect="auto", cmap="GnBu", vmin=0, vmax=1, interpolation="nearest"
            )
            axes[row].set_yticks([])
            axes[row].set_ylabel(
                f"layer {layer + 1}\n{GATES[gate]}",
                rotation=0,
                ha="right",
                va="center",
                fontsize=8.5,
                color=INK,
            )
            plain(axes[row])
            row += 1
    axes[-1].set_xlabel("note", color=INK)
    bar = figure.colorbar(image, ax=axes[1:], shrink=0.4, ticks=[0, 0.5, 1])
    bar.ax.set_yticklabels(["shut", "half", "open"], fontsize=8)
    return png(figure)


def cycle(study: Study) -> bytes:
    """Gradients taken back through the cycle."""
    flow = study.flow
    assert flow is not None
    figure, axis = pyplot().subplots(figsize=(9, 4.2), layout="constrained")
    for curve, colour in zip(flow.curves, _COLOURS, strict=True):
        style = "--" if "composer" in curve.name else ":" if "twice" in curve.name else "-"
        axis.semilogy(curve.norms, color=colour, ls=style, lw=1.7, label=curve.name)
    axis.set_ylim(max(min(c.norms.min() for c in flow.curves), 1e-7), 1e4)
    axis.set_xlabel("notes back", color=INK)
    axis.set_ylabel("norm of the gradient, 1 at the note itself", color=INK, fontsize=8.5)
    axis.grid(axis="y", color=FAINT, lw=0.6)
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    plain(axis)
    axis.set_title(
        f"The waltz, taken back from {flow.ends} notes; nets of {flow.units} units that learnt it",
        loc="left",
        color=INK,
        fontsize=10,
    )
    return png(figure)


def heads(study: Study, predictor: Predictor) -> bytes:
    """What the five heads believed of one note, field by field."""
    hearing, music = _heard(study), study.music
    one = max(study.surprises, key=lambda found: found.nats)
    row = one.note
    hidden = hearing.trace.hidden[hearing.declared - 1 + row][None]
    columns = hearing.steps[hearing.declared + row][None].astype(np.int64)
    told = parts_of(music.events, hearing.steps)[row][None].astype(np.int64)
    ranks = np.array(ranks_of(music.events.programs), dtype=np.int64)[None]
    figure, axes = pyplot().subplots(1, 5, figsize=(11, 3.4), layout="constrained")
    for field, axis in enumerate(axes):
        if field == PART:
            logits = predictor.heads.part(hidden, columns, told, ranks)[0, : ranks.shape[1]]
        else:
            logits = predictor.heads(field, hidden, columns)[0]
        odds = np.exp(logits.astype(np.float64) - logits.max())
        odds /= odds.sum()
        came = int(columns[0, field])
        order = np.argsort(-odds, kind="stable")[:6].tolist()
        if came not in order:
            order[-1] = came
        names = [_class_name(study, field, value) for value in order]
        colours = [ORANGE if value == came else BLUE for value in order]
        axis.barh(range(len(order)), odds[order], color=colours)
        axis.set_yticks(range(len(order)), names, fontsize=8)
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        plain(axis)
        before = ", ".join(FIELDS[:field]) if field < 4 else "all of these"
        axis.set_title(
            f"{FIELDS[field]}, of {len(odds)}" + (f"\ngiven {before}" if before else "\n"),
            fontsize=8.5,
            color=INK,
            loc="left",
        )
    figure.suptitle(
        f"{music.place(int(music.onsets[row]))} of a chorale, {music.names[music.parts[row]]}:"
        " what the heads believed; orange is what came",
        fontsize=10,
        color=INK,
        x=0.01,
        ha="left",
    )
    return png(figure)


def _class_name(study: Study, field: int, value: int) -> str:
    from composer.encoding.events import DURATION_TICKS, END, SHIFT_TICKS, velocity_of

    if field == 0:
        return "END" if value == END else f"{SHIFT_TICKS[value]} ticks"
    if field == PART:
        return study.music.names[value]
    if field == 2:
        return pitch_name(value, study.home)
    return f"{DURATION_TICKS[value]} ticks" if field == 3 else str(velocity_of(value))


def multiplications(weights: Mapping[str, Any]) -> dict[str, int]:
    """Products of one note, by the part of the network that they are in.

    Of each matrix as many as it has weights; embeddings are looked up, and what the heads see of
    known columns is multiplied out beforehand.
    """
    found = {"layer 1": 0, "layer 2": 0, "heads: dense": 0, "heads: softmax": 0}
    for name in weights:
        size = int(np.prod(weights[name].shape))
        if name.startswith("lstm_") and not name.endswith("bias"):
            # What goes into layer 1 is looked up, already multiplied.
            if name == "lstm_0/lstm_cell/kernel":
                continue
            found["layer 1" if name.startswith("lstm_0") else "layer 2"] += size
        elif name.endswith("from_trunk/kernel"):
            found["heads: dense"] += size
        elif name.endswith("logits/kernel"):
            found["heads: softmax"] += size
    return found


def cost(folder: Path) -> bytes:
    """Products of one note, and how they grow with what was heard before."""
    with weights_file.opened(folder / "weights.npz") as stored:
        found = multiplications({name: stored[name] for name in stored})
    figure, (parts, grows) = pyplot().subplots(
        1, 2, figsize=(9, 3.2), layout="constrained", width_ratios=[1, 1.2]
    )
    parts.barh(list(found), [value / 1e6 for value in found.values()], color=BLUE)
    parts.invert_yaxis()
    parts.set_xlabel("million products a note", color=INK)
    plain(parts)
    total = sum(found.values())
    width, layers = 512, 2
    heard = np.arange(0, 8001, 50)
    # Of attention of this width: queries against keys, and weights with values, of all before.
    attention = layers * (12 * width * width + 2 * width * heard)
    grows.plot(heard, np.full(len(heard), total / 1e6), color=ORANGE, lw=2, label="this LSTM")
    grows.plot(
        heard, attention / 1e6, color=INK, lw=1.4, ls="--", label="two layers of attention, as wide"
    )
    grows.set_ylim(0, None)
    grows.set_xlabel("notes heard before", color=INK)
    grows.set_ylabel("million products", color=INK, fontsize=8.5)
    grows.legend(frameon=False, fontsize=8)
    plain(grows)
    return png(figure)


assert len(FIELDS) == len(SIZES) == 5
