"""Charts: gradients through time and memories of units, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from composer.study.html import text

_COLOURS: Final = ("#e69f00", "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#999999")
"""Okabe and Ito (2008): told apart by all kinds of colour vision."""
_DASHES: Final = ("", "", "", "2 3", "7 3", "7 3", "")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 620, 300, 52, 34, 10
_LEAST, _MOST = 1e-6, 1e4


def gradients(flow: Mapping[str, Any]) -> str:
    """Norms of gradients by how many notes back, on a logarithmic scale."""
    back = int(flow["notes_back"])
    norms = [value for curve in flow["curves"] for value in curve["norms"] if value > 0]
    low = max(min(norms), _LEAST)
    high = min(max(norms), _MOST)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    bottom, top = 10.0 ** decades[0], 10.0 ** decades[-1]

    def x(notes: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - 8) * notes / back

    def y(norm: float) -> float:
        at = min(max(norm, bottom), top)
        share = math.log(at / bottom) / math.log(top / bottom)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)

    drawn = []
    for decade in decades:
        at = y(10.0**decade)
        name = "1" if decade == 0 else f"{10.0**decade:g}"
        drawn.append(
            f"<line class=axis x1={_LEFT} x2={_WIDTH - 8} y1={at:.1f} y2={at:.1f} />"
            f"<text x={_LEFT - 6} y={at + 4:.1f} text-anchor=end>{name}</text>"
        )
    step = next(n for n in (5, 10, 20, 25, 50) if back / n <= 6)
    for notes in range(0, back + 1, step):
        drawn.append(f"<text x={x(notes):.1f} y={_HEIGHT - 16} text-anchor=middle>{notes}</text>")
    drawn.append(
        f"<text x={(_LEFT + _WIDTH) / 2} y={_HEIGHT - 2} text-anchor=middle>notes back</text>"
    )
    legend = []
    for index, curve in enumerate(flow["curves"]):
        colour, dash = _COLOURS[index % len(_COLOURS)], _DASHES[index % len(_DASHES)]
        points = " ".join(
            f"{x(notes):.1f},{y(norm):.1f}" for notes, norm in enumerate(curve["norms"])
        )
        drawn.append(
            f"<polyline points='{points}' fill=none stroke='{colour}' stroke-width=2"
            f" stroke-dasharray='{dash}'><title>{text(curve['name'])}</title></polyline>"
        )
        legend.append(f"<span><i style='background:{colour}'></i>{text(curve['name'])}</span>")
    return (
        f"<figure><svg viewBox='0 0 {_WIDTH} {_HEIGHT}' width='100%' style='max-width:{_WIDTH}px'"
        " role=img aria-label='Gradient norms by notes back, logarithmic'>"
        f"{''.join(drawn)}</svg><div class=legend>{''.join(legend)}</div></figure>"
    )


def memories(layers: Sequence[Mapping[str, Any]]) -> str:
    """How many units of each layer have forgotten half after how many notes."""
    edges = layers[0]["half_life_edges"]
    bars = len(edges) - 1
    height, width = 170, 460
    most = max(max(layer["half_life_counts"]) for layer in layers)
    drawn, legend = [], []
    wide = (width - 30) / bars
    for index, layer in enumerate(layers):
        colour = _COLOURS[1 + 3 * (index % 2)]
        for bar, count in enumerate(layer["half_life_counts"]):
            tall = (height - 40) * count / most
            left = 20 + bar * wide + index * wide * 0.42
            label = f"layer {layer['layer']}: {count} units, {edges[bar]:g} to {edges[bar + 1]:g}"
            drawn.append(
                f"<rect x={left:.1f} y={height - 30 - tall:.1f} width={wide * 0.4:.1f}"
                f" height={tall:.1f} fill='{colour}'><title>{label} notes</title></rect>"
            )
        legend.append(
            f"<span><i style='background:{colour}'></i>layer {layer['layer']}: median"
            f" {layer['half_life_median']:g} notes, longest {layer['half_life_longest']:g}</span>"
        )
    for bar, edge in enumerate(edges[:-1]):
        drawn.append(
            f"<text x={20 + bar * wide:.1f} y={height - 16} text-anchor=middle>{edge:g}</text>"
        )
    drawn.append(
        f"<text x={width / 2} y={height - 2} text-anchor=middle>notes until half of a"
        " cell is gone</text>"
    )
    return (
        f"<figure><svg viewBox='0 0 {width} {height}' width='100%' style='max-width:{width}px'"
        " role=img aria-label='Half-lives of the cells, in notes'>"
        f"{''.join(drawn)}</svg><div class=legend>{''.join(legend)}</div></figure>"
    )
