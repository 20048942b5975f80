"""HTML: the small pieces that pages of a study are made of.

Conventions:
    What comes in is text; what comes out is HTML. `&`, `<` and quotes are escaped here and nowhere
    else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

SCRIPTS: Final = ("colours", "heat", "sound", "stage", "lanes", "expected", "main")
"""Modules of composer/study/page in the order in which they stand in the page."""
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
)
"""The page may load nothing, from nowhere."""


def text(value: object) -> str:
    """A value as HTML; control characters are shown escaped."""
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value)
    )
    return escape(shown)


def page(title: str, body: str, document: Mapping[str, Any]) -> str:
    """A whole page, with styles, scripts and the document that they draw.

    Args:
        title: Of the page.
        body: HTML between header and footer, both included.
        document: "studies", and "compared" where there are two.
    """
    composer = files("composer")
    base = (composer / "web/page/style/base.css").read_text(encoding="utf-8")
    own = (composer / "study/page/study.css").read_text(encoding="utf-8")
    scripts = "\n".join(
        (composer / f"study/page/{name}.js").read_text(encoding="utf-8") for name in SCRIPTS
    )
    data = json.dumps(document, ensure_ascii=True).replace("<", "\\u003c")
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{text(title)}</title><style>{base}\n{own}</style></head><body>\n{body}\n"
        f'<script type="application/json" id="study">{data}</script>\n'
        f"<script>\n(() => {{\n{scripts}\n}})();\n</script></body></html>\n"
    )


def sure(share: float, words: str, source: str = "") -> str:
    """How sure something is, as a bar and a word."""
    title = f"{share:.2f}" + (f"; from {source}" if source else "")
    percent = round(100 * share)
    return (
        f'<span class=sure title="{text(title)}"><i style="--share:{percent}%"></i>{text(words)}'
        "</span>"
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table of cells that are HTML already; the last `numbers` columns are numbers."""
    first = len(headings) - numbers

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if index >= first else ''}>{cell}" for index, cell in enumerate(row)
        )

    lines = "".join(f"<tr>{cells('td', row)}" for row in rows)
    head = cells("th", headings)
    return f"<div class=scroll><table><thead><tr>{head}<tbody>{lines}</table></div>"


def place(name: str, start: float, end: float, stage: int) -> str:
    """A button that goes to a place and plays it."""
    return (
        f'<button type=button data-start="{start}" data-end="{end}" data-stage="{stage}"'
        f' title="play from here">{text(name)}</button>'
    )
