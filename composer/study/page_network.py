"""Page, the network: the LSTM opened: its equations, gates, memories, units and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from composer.study import charts
from composer.study.html import sure, table, text

_GATES: Final = (
    ("i", "σ", "input gate: what is let in"),
    ("f", "σ", "forget gate: what is kept"),
    ("g", "tanh", "what there is to let in"),
    ("o", "σ", "output gate: what is shown"),
)


def network(document: Mapping[str, Any]) -> str:
    """All of it."""
    found = document["network"]
    layers = found["layers"]
    means = table(
        ("layer", "units", "input gate", "forget gate", "output gate"),
        (
            (
                str(layer["layer"]),
                str(layer["units"]),
                *(f"{layer['mean_gates'][name]:.2f}" for name, _ in _named()),
            )
            for layer in layers
        ),
        numbers=4,
    )
    length = f"{found['note_length']:g} {found['note_length_unit']}"
    return (
        "<p>Under the roll above are the gates of each layer while the piece goes by, one column"
        " for each moment: on a light page dark is open, on a dark page bright is. Units are sorted"
        " by how long they remember, the longest on top, in bands of some twenty; the strip under"
        " each map is the average. Notes that begin together are steps one after another, so they"
        " share the time to the next in that order.</p>"
        f"<h3>The equations</h3>{equations()}"
        f"<h3>On average over the piece</h3>{means}"
        "<h3>How long a unit remembers</h3>"
        "<p>At each note a cell keeps the share that its forget gate says. By the mean logarithm of"
        " that share, half of what it holds is gone after so many notes; a note here is followed"
        f" by the next after {length} on average.</p>{charts.memories(layers)}"
        f"<h3>Units that follow something</h3>{units(found)}"
        f"<h3>Gradients through time</h3>{gradients(found['gradients'])}"
    )


def _named() -> tuple[tuple[str, str], ...]:
    return (("input gate", "i"), ("forget gate", "f"), ("output gate", "o"))


def equations() -> str:
    """The equations of a layer, in MathML."""
    rows = []
    for name, function, what in _GATES:
        inside = (
            f"<msub><mi>W</mi><mi>{name}</mi></msub><msub><mi>x</mi><mi>t</mi></msub><mo>+</mo>"
            f"<msub><mi>U</mi><mi>{name}</mi></msub>"
            "<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>+</mo>"
            f"<msub><mi>b</mi><mi>{name}</mi></msub>"
        )
        rows.append(
            f"<math><msub><mi>{name}</mi><mi>t</mi></msub><mo>=</mo><mi>{function}</mi>"
            f"<mo>(</mo>{inside}<mo>)</mo></math><span class=soft>{what}</span>"
        )
    before = "<mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow>"
    rows.append(
        "<math><msub><mi>c</mi><mi>t</mi></msub><mo>=</mo><msub><mi>f</mi><mi>t</mi></msub><mo>⊙</mo>"
        f"<msub><mi>c</mi>{before}</msub><mo>+</mo><msub><mi>i</mi><mi>t</mi></msub><mo>⊙</mo>"
        "<msub><mi>g</mi><mi>t</mi></msub></math>"
        "<span class=soft>the cell: along it a gradient goes back multiplied by f alone</span>"
    )
    rows.append(
        "<math><msub><mi>h</mi><mi>t</mi></msub><mo>=</mo><msub><mi>o</mi><mi>t</mi></msub><mo>⊙</mo>"
        "<mi>tanh</mi><mo>(</mo><msub><mi>c</mi><mi>t</mi></msub><mo>)</mo></math>"
        "<span class=soft>the layer's output</span>"
    )
    rows.append(
        "<math><msub><mi>h</mi><mi>t</mi></msub><mo>=</mo><mi>tanh</mi><mo>(</mo><mi>W</mi>"
        "<msub><mi>x</mi><mi>t</mi></msub><mo>+</mo><mi>U</mi>"
        f"<msub><mi>h</mi>{before}</msub><mo>+</mo><mi>b</mi><mo>)</mo></math>"
        "<span class=soft>a plain RNN: a gradient goes back through U and tanh at every note</span>"
    )
    return f"<div class=equations>{''.join(rows)}</div>"


def units(found: Mapping[str, Any]) -> str:
    """What cells follow."""
    if not found["units"]:
        return "<p>The piece is too short to tell.</p>"
    rows = [
        (
            text(one["follows"]),
            f"layer {one['layer']}, unit {one['unit']}",
            sure(one["sure"], one["sure_words"]),
            f"{one['correlation']:.2f}",
            f"{one['chance']:.2f}",
            f"{one['half_life']:g}",
        )
        for one in found["units"]
    ]
    headings = ("what", "cell", "how sure", "correlation", "by chance", "half-life, notes")
    return (
        "<p>Of all cells, the one that correlates most with what a musician would name. Among a"
        " thousand cells some correlate with anything: <em>by chance</em> is how often the best"
        " cell was as good for the same series shifted round in time (99 shifts). Those below 0.05"
        " are drawn under the roll: what they follow in blue, the cell in orange. That a cell"
        " follows a bar line does not say that the network would be lost without it.</p>"
        + table(headings, rows, numbers=3)
    )


def gradients(flow: Mapping[str, Any] | None) -> str:
    """An LSTM beside a plain RNN."""
    if flow is None:
        return "<p>The piece is too short to take gradients back through it.</p>"
    learnt = table(
        ("net", "units", "nats a pitch, before", "after learning"),
        (
            (
                text(own["name"]),
                str(flow["units"]),
                f"{own['nats_before']:.2f}",
                f"{own['nats_after']:.2f}",
            )
            for own in flow["learnt"]
        ),
        numbers=3,
    )
    return (
        f"<p>Nets of {flow['units']} units learnt to tell the next pitch of this very piece, by the"
        " same rule from the same windows. Then the surprise at one note was taken backwards"
        " through time, and the size of its gradient at each note before it is drawn, relative to"
        f" the note itself, as the geometric mean over {flow['ends']} notes. A line that falls"
        " straight vanishes exponentially: what lies there cannot be learnt from. One that rises"
        " explodes. An LSTM's line bends where its cells hold on. Of composer's own layers, whose"
        " 512 units learnt from millions of notes, a random direction of the output is taken back"
        f" within the layer.</p>{charts.gradients(flow)}{learnt}"
        f"<p class=source>{text(flow['source'])}. How far a net reaches depends on the weights that"
        " it begins with, and differs from piece to piece. A plain RNN begun with an orthogonal"
        " matrix, as here and in Keras, holds on longer than one begun at random, and may reach as"
        " far as an LSTM whose forget gates are begun at 0.73, as here and in Keras: such a cell"
        " loses a quarter at every note. What an LSTM has over it is that its gates can learn to"
        " stay open.</p>"
    )
