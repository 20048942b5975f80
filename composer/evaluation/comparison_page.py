"""Compare page: what `composer compare` found, as one HTML file that needs nothing else.

Drawn from the document that `--json` prints, so that a page can be made again from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from composer.analysis.descriptors import DESCRIPTORS
from composer.evaluation.comparison import SURPRISE
from composer.evaluation.form_comparison import FORM_FIGURES

_WIDTH, _ROW, _LEFT, _RIGHT = 640, 20, 130, 24
_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#777777", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
)  # fmt: skip
"""Okabe and Ito (2008): told apart by all kinds of colour vision."""
_DESCRIPTORS = {
    **DESCRIPTORS,
    SURPRISE: "nats per note under a Performance RNN that has heard the first half",
}

_MOST_TELLS = 12
"""Traits that are shown."""

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:1040px;padding:0 1em;
color:#222;background:#fff}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}h3{font-size:1em;margin:1.4em 0 .2em}
table{border-collapse:collapse}td,th{padding:.2em 1em .2em 0;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}p{max-width:46em}
.key span{margin-right:1.4em}.key b{font-weight:600}
"""

_FORM_WORDS = """How much of the seed comes back, onsets rounded to sixteenths. What is made
should come to what the truth comes to, not to the most. The listener learns on some pieces to tell
made halves from true ones and is asked about the others: 0.5 is a draw, 1 is always right."""

_WORDS = """The first half of each piece is the seed. What was made from it is compared with the
half that really follows: the distance between the two in each descriptor, 0 for alike, with the
interval in which the mean lies for other pieces like these (95 %, bootstrap over pieces).
Random pairs are true second halves of two different pieces of one corpus. The overlapping
area and the divergence are those of Yang and Lerch (2020)."""


def page(document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: As `composer compare --json` prints it.
    """
    sources: Mapping[str, Any] = document["sources"]
    title = f"Continuations of {document['pieces']} unseen pieces by {document['model']}"
    parts = [
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>\n<p>{_WORDS}</p>",
        "<h2>Distance to the true second half</h2>",
        _legend([*sources, "random pairs"]),
    ]
    for name, what in descriptors_in(document).items():
        rows = {source: figures["distance"][name] for source, figures in sources.items()}
        rows["random pairs"] = document["random_pairs"]["distance"][name]
        parts.append(f"<h3>{escape(name)}</h3><div>{escape(what)}</div>{_whiskers(name, rows)}")
    parts.append(f"<h2>Form, and a listener</h2><p>{_FORM_WORDS}</p>{_form(document)}")
    for heading, field in (
        ("Overlapping area, 1 for equal", "overlapping_area"),
        ("Kullback-Leibler divergence in nats, 0 for equal", "divergence"),
    ):
        columns = {name: figures[field] for name, figures in sources.items()}
        parts.append(f"<h2>{heading}</h2>{_table(columns)}")
    others = document["model_nearer_than"].items()
    nearer = _table({f"than {name}": figures for name, figures in others})
    parts.append(f"<h2>How much nearer to the truth the model lies, piece by piece</h2>{nearer}")
    parts.append(f"<h2>The whole</h2>{_whole(document)}")
    settings = ", ".join(f"{key} {value}" for key, value in document["settings"].items())
    parts.append(f"<p>{escape(settings)}</p></body></html>\n")
    return "\n".join(parts)


def descriptors_in(document: Mapping[str, Any]) -> dict[str, str]:
    """The descriptors that were looked at, and what they say."""
    looked_at = document["random_pairs"]["distance"]
    return {name: what for name, what in _DESCRIPTORS.items() if name in looked_at}


def shown(figure: Mapping[str, float | None]) -> str:
    """An estimate as text, such as "0.123 (0.101 to 0.147)"."""
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return "-"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _legend(names: Sequence[str]) -> str:
    items = "".join(
        f"<span><b style='color:{_colour(index)}'>&#9679;</b> {escape(name)}</span>"
        for index, name in enumerate(names)
    )
    return f"<p class=key>{items}</p>"


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _whiskers(name: str, rows: Mapping[str, Mapping[str, float | None]]) -> str:
    """Means as dots and their intervals as lines, all on one scale from 0."""
    most = max((figure["high"] or 0.0 for figure in rows.values()), default=0.0) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    height = _ROW * len(rows) + 22
    drawn = []
    for index, (source, figure) in enumerate(rows.items()):
        y = _ROW * index + _ROW / 2
        drawn.append(f"<text x=0 y={y + 4} font-size=12>{escape(source)}</text>")
        value, low, high = figure["value"], figure["low"], figure["high"]
        if value is None or low is None or high is None:
            continue
        x, a, b = (_LEFT + scale * number for number in (value, low, high))
        drawn.append(
            f"<line x1={a:.1f} x2={b:.1f} y1={y} y2={y} stroke='{_colour(index)}' "
            f"stroke-width=3 stroke-linecap=round opacity=.45 />"
            f"<circle cx={x:.1f} cy={y} r=4.5 fill='{_colour(index)}'>"
            f"<title>{shown(figure)}</title></circle>"
        )
    bottom = _ROW * len(rows) + 4
    drawn.append(
        f"<line x1={_LEFT} x2={_WIDTH - _RIGHT} y1={bottom} y2={bottom} stroke='#ccc' />"
        f"<text x={_LEFT} y={bottom + 14} font-size=11>0</text>"
        f"<text x={_WIDTH - _RIGHT} y={bottom + 14} font-size=11 text-anchor=end>{most:.2g}</text>"
    )
    return (
        f"<svg width={_WIDTH} height={height} role=img aria-label='{escape(name)}'>"
        f"{''.join(drawn)}</svg>"
    )


def _table(columns: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for each descriptor; columns are descriptor -> estimate, by their heading."""
    head = "".join(f"<th class=n>{escape(name)}" for name in columns)
    lines = "".join(
        f"<tr><th>{escape(descriptor)}"
        + "".join(f"<td class=n>{shown(figures[descriptor])}" for figures in columns.values())
        for descriptor in next(iter(columns.values()))
    )
    return f"<table><tr><th>{head}{lines}</table>"


def _form(document: Mapping[str, Any]) -> str:
    sources: Mapping[str, Any] = document["sources"]
    ends = shown(document["pieces_end_on_tonic"])
    drawn = _texts(sources, form_rows(sources))
    drawn += f"<p>Whole pieces that end on the tonic: {ends}</p>"
    if tells := tells_in(document):
        drawn += "<h3>What gives the model away most</h3>"
        drawn += _texts(("made", "true", "made has more"), tells)
    return drawn


def _texts(headings: Iterable[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    head = "".join(f"<th class=n>{escape(name)}" for name in headings)
    lines = "".join(
        f"<tr><th>{escape(name)}" + "".join(f"<td class=n>{escape(cell)}" for cell in cells)
        for name, cells in rows
    )
    return f"<table><tr><th>{head}{lines}</table>"


def form_rows(sources: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Figures of form, and the listener, as (name, one text for each source)."""
    rows = [
        (what, [shown(figures["form"][name]) for figures in sources.values()])
        for name, what in FORM_FIGURES.items()
    ]
    told = [shown(figures["listener"]["area"]) for figures in sources.values()]
    return [*rows, ("listener: area under the curve", told)]


def tells_in(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What gives the model away most, as (trait, [made, true, chance that made has more])."""
    tells = document["sources"]["model"]["listener"]["tells"][:_MOST_TELLS]
    return [
        (tell["trait"], [f"{tell[name]:.3f}" for name in ("made", "true", "area")])
        for tell in tells
    ]


def _whole(document: Mapping[str, Any]) -> str:
    sources: Mapping[str, Any] = document["sources"]
    head = "".join(f"<th class=n>{escape(name)}" for name in [*sources, "random pairs"])
    pairs = shown(document["random_pairs"]["key_agreement"])
    lines = [
        f"<tr><th>{escape(name)}" + "".join(f"<td class=n>{escape(value)}" for value in values)
        for name, values in whole_rows(sources)
    ]
    lines[0] += f"<td class=n>{pairs}"
    return f"<table><tr><th>{head}{''.join(lines)}</table>"


def whole_rows(sources: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What is not a descriptor, as (name, one text for each source); keys come first."""

    def longest(figures: Mapping[str, Any], which: str) -> str:
        copy = figures[f"longest_copy_from_{which}"]
        if not copy:
            return "-"
        return f"{copy['bars']} bars, {copy['over_4_bars']} outputs over 4"

    def faults(figures: Mapping[str, Any]) -> str:
        named = ", ".join(f"{count} {name}" for name, count in figures["faults"].items() if count)
        return f"{100 * (figures['degenerate']['value'] or 0.0):.1f} %" + f" ({named})" * bool(
            named
        )

    every = sources.values()
    return [
        ("key as in the truth (music21)", [shown(figures["key_agreement"]) for figures in every]),
        ("surprise, nats per note", [shown(figures["surprise"]) for figures in every]),
        ("degenerate", [faults(figures) for figures in every]),
        ("longest copy from the seed", [longest(figures, "seed") for figures in every]),
        ("longest copy from training", [longest(figures, "training") for figures in every]),
        ("outputs", [str(figures["outputs"]) for figures in every]),
    ]
