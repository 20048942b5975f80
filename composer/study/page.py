"""Page: a study as one HTML file that needs nothing else, drawn from the document alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from composer.study import html, page_music, page_network
from composer.study.html import text


def study_page(document: Mapping[str, Any]) -> str:
    """The page of one piece.

    Args:
        document: From `composer.study.document.document_of`, or read back from `--json`.
    """
    title = document["piece"]["title"] or document["file"]
    sections = [
        ("short", "In short", page_music.statements(document)),
        ("roll", "The piece", page_music.stage(document, 0, "the piece")),
        ("harmony", "Harmony", page_music.harmony(document, 0)),
        ("form", "Form", page_music.form(document, 0)),
        ("motifs", "Motifs", page_music.motifs(document, 0)),
        ("counterpoint", "Counterpoint", page_music.counterpoint(document, 0)),
        ("texture", "Texture and register", page_music.texture(document, 0)),
    ]
    if document["network"] is not None:
        sections.append(("lstm", "The LSTM, opened", page_network.network(document)))
    links = "".join(f"<li><a href='#{name}'>{heading}</a>" for name, heading, _ in sections)
    body = "".join(
        f"<section id={name}><h2>{heading}</h2>{inner}</section>"
        for name, heading, inner in sections
    )
    return html.page(
        f"{title}: a study",
        f"<header><h1>{text(title)}</h1><button type=button id=theme>Dark or light</button>"
        f"</header><main>{page_music.facts(document)}<nav aria-label=Sections><ul>{links}</ul>"
        f"</nav>{body}</main>{footer(document)}",
        {"studies": [document]},
    )


def footer(document: Mapping[str, Any]) -> str:
    """What the page rests on."""
    heard = (
        f"The network is composer's model {text(document['model'])}; it heard the piece with float"
        " weights and was told no plan. "
        if document["model"]
        else ""
    )
    return (
        f"<footer class=soft><p>{heard}A bar before each statement is how sure it is: of"
        " statements at 0.8, four in five should be right. For chords and keys that was measured,"
        " what is counted is certain, all else is an estimate. Made by <code>composer study</code>."
        "</p></footer>"
    )
