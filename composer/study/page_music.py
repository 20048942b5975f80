"""Page, the music: what is said, found and heard in a piece, as HTML drawn from the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from composer.music.pitch_names import pitch_name
from composer.study.html import place, sure, table, text

Document = Mapping[str, Any]

_MOST_REMARKS: Final = 60
"""Remarks on counterpoint that are listed."""


def facts(document: Document) -> str:
    """One line on the piece."""
    piece = document["piece"]
    minutes, seconds = divmod(round(piece["seconds"]), 60)
    parts = ", ".join(
        f"{part['name']} ({part['notes']:,} notes)" for part in piece["parts"] if part["notes"]
    )
    bars = "free time" if piece["free"] else f"{piece['bars']} bars of {piece['metre']}"
    tempo = "" if piece["free"] else f", {piece['bpm']:g} quarters a minute"
    left = piece["notes_left_out"]
    more = f" <span class=wrong>{left:,} notes behind these are left out.</span>" if left else ""
    remarks = "".join(f"<p class=soft>{text(line)}</p>" for line in piece["remarks"])
    return (
        f"<p class=soft>{piece['notes']:,} notes, {minutes}:{seconds:02d}, {bars}{tempo}."
        f" {text(parts)}.{more}</p>{remarks}"
    )


def statements(document: Document) -> str:
    """What is said first, each with how sure it is."""
    lines = "".join(
        f"<li>{sure(one['sure'], one['sure_words'], one['source'])}<span>{text(one['text'])}"
        f" <span class=source>({text(one['source'])})</span></span>"
        for one in document["statements"]
    )
    return f"<ul class=said>{lines}</ul>"


def stage(document: Document, index: int, named: str) -> str:
    """Where the stage goes, with its tools and what was expected instead."""
    tools = [
        ("play", "Play or stop", "space"),
        ("in", "Zoom in", "+"),
        ("out", "Zoom out", "-"),
    ]
    if document["surprise"] is not None:
        tools += [
            ("previous", "Surprise before", "p"),
            ("next", "Next surprise", "n"),
        ]
    buttons = "".join(
        f"<button type=button data-action={action} data-stage={index}>{name}"
        f"{f' <kbd>{key}</kbd>' if index == 0 else ''}</button>"
        for action, name, key in tools
    )
    legend, expected = "", ""
    if document["surprise"] is not None:
        buttons += (
            f"<button type=button data-action=colour data-stage={index} aria-pressed=false>"
            "Colour by part</button>"
        )
        legend = (
            "<div class=legend><span><i class=ramp></i>how little the network expected a note"
            "</span><span>framed: what surprised it most; press one</span>"
            "<span>dashed: less sure than 0.65</span><span>motifs: = as it was, ↕ moved, ⇅ moved"
            " in the scale, ⤨ turned over, ×2 slower, ÷2 faster, ~ varied</span></div>"
        )
        expected = (
            f"<section class=expected id=expected-{index} aria-live=polite"
            f" aria-label='What was expected instead in {text(named)}'>"
            "<p class=soft>Press a framed note.</p>"
            "</section>"
        )
    return (
        f"<div class=tools>{buttons}</div>"
        f"{expected}<div class=stage id=stage-{index} aria-label='{text(named)}'></div>{legend}"
        "<noscript><p class=wrong>The piano roll needs scripts; all else is below.</p></noscript>"
    )


def harmony(document: Document, index: int) -> str:
    """Chords as a table, cadences and keys."""
    if not document["chords"]:
        return "<p>Nothing in it has a harmony.</p>"
    keys = table(
        ("from", "key", "how sure", "from what"),
        (
            (
                place(one["from"], one["start"], one["end"], index),
                text(one["key"]),
                sure(one["sure"], one["sure_words"]),
                f"<span class=source>{text(one['source'])}</span>",
            )
            for one in document["keys"]
        ),
    )
    cadences = table(
        ("where", "cadence", "chords", "in", "how sure"),
        (
            (
                place(one["place"], max(one["start"] - 2.5, 0), one["start"] + 1.5, index),
                text(one["kind"]),
                text(" ".join(one["numerals"])),
                text(one["key"]),
                sure(one["sure"], one["sure_words"], one["source"]),
            )
            for one in document["cadences"]
        ),
    )
    none = "<p class=soft>No phrase closes with a progression that is known as a cadence.</p>"
    chords = table(
        ("where", "chord", "numeral", "in", "how sure"),
        (
            (
                place(one["place"], one["start"], one["end"], index),
                text(one["chord"]),
                text(one["numeral"] or ""),
                text(one["key"] or ""),
                sure(one["sure"], one["sure_words"]),
            )
            for one in document["chords"]
        ),
    )
    return (
        f"<div class=two><div><h3>Keys</h3>{keys}</div><div><h3>Cadences</h3>"
        f"{cadences if document['cadences'] else none}</div></div>"
        f"<details><summary>All {len(document['chords'])} chords</summary>{chords}</details>"
        "<p class=source>Chords: what sounds in each beat against templates, changes at a price"
        " (composer.analysis.harmony); their sureness is how often the root was right on songs"
        " whose chords people wrote down. Of chord symbols, sevenths are the least sure.</p>"
    )


def form(document: Document, index: int) -> str:
    """Sections, returns and the self-similarity matrix."""
    found = document["form"]
    phrases = table(
        ("phrase from", "why there", "how sure"),
        (
            (
                place(one["place"], one["start"], min(one["end"], one["start"] + 8), index),
                text(one["source"]),
                sure(one["sure"], one["sure_words"]),
            )
            for one in document["phrases"][:24]
        ),
    )
    more = len(document["phrases"]) - 24
    if more > 0:
        phrases += f"<p class=soft>... and {more} more.</p>"
    letters = " ".join(f"{one['letter']}{one['bars']}" for one in found["sections"])
    said = f"<p><strong>{text(letters)}</strong></p>" if letters else ""
    runs = returns_in_words(found["returns"])
    returns = f"<p>{text(runs)}</p>" if runs else ""
    return (
        f"<div class=two><div>{said}{returns}{phrases}</div><figure class=matrix>"
        f"<canvas id=matrix-{index} role=img aria-label='Self-similarity matrix'></canvas>"
        f"<figcaption>How alike each two are: {text(found['similarity_of'])}. Lines beside the"
        f" diagonal are passages that come back. <span id=matrix-told-{index}></span></figcaption>"
        "</figure></div>"
    )


def returns_in_words(returns: list[Mapping[str, Any]]) -> str:
    """Runs of bars that come back: "Bars 9 to 12 take up 1 to 4 exactly; ..."."""
    runs: list[list[Mapping[str, Any]]] = []
    for one in returns:
        last = runs[-1][-1] if runs else None
        if last is not None and (one["bar"], one["of"]) == (last["bar"] + 1, last["of"] + 1):
            runs[-1].append(one)
        else:
            runs.append([one])
    said = []
    for run in runs[:16]:
        ways = {one["how"] for one in run}
        how = ways.pop() if len(ways) == 1 else "in part exactly, in part varied"
        first, last = run[0], run[-1]
        if first is last:
            said.append(f"bar {first['bar']} takes up {first['of']} {how}")
        else:
            said.append(
                f"bars {first['bar']} to {last['bar']} take up {first['of']} to {last['of']} {how}"
            )
    if not said:
        return ""
    more = f"; and {len(runs) - 16} more" if len(runs) > 16 else ""
    words = "; ".join(said) + more
    return words[0].upper() + words[1:] + "."


def motifs(document: Document, index: int) -> str:
    """Motifs and where they come."""
    if not document["motifs"]:
        return "<p>No figure of four notes or more comes back.</p>"
    names = [part["name"] for part in document["piece"]["parts"]]
    drawn = []
    for motif in document["motifs"]:
        places = "".join(
            place(
                f"{one['place']}, {names[one['part']]}: {one['how']}",
                one["start"],
                one["end"] + 0.2,
                index,
            )
            for one in motif["occurrences"][:24]
        )
        more = len(motif["occurrences"]) - 24
        rest = f"<span class=soft>and {more} more</span>" if more > 0 else ""
        least = min(motif["occurrences"], key=lambda one: one["sure"])
        drawn.append(
            f"<h3>{text(motif['name'])}: {text(motif['pitches'])}</h3>"
            f"<p>{sure(least['sure'], least['sure_words'], motif['source'])}"
            f" <span class=source>{text(motif['source'])}</span></p>"
            f"<div class=where>{places}{rest}</div>"
        )
    return "".join(drawn)


def counterpoint(document: Document, index: int) -> str:
    """Remarks on voices."""
    found = document["counterpoint"]
    if not found["voices"]:
        return (
            "<p>There are no voices to speak of: fewer than two parts play one note at a time.</p>"
        )
    names = ", ".join(document["piece"]["parts"][slot]["name"] for slot in found["voices"])
    head = (
        f"<p>Voices: {text(names)}. What is listed is certain, because it is counted; whether it is"
        " a fault is a question of style. The rules are those of chorales.</p>"
    )
    if not found["remarks"]:
        return head + "<p>No parallels, crossings or notes out of range.</p>"
    counts = Counter(one["kind"] for one in found["remarks"])
    counted = ", ".join(f"{count} × {kind}" for kind, count in counts.most_common())
    more = len(found["remarks"]) - _MOST_REMARKS
    rest = f"<p class=soft>... and {more:,} more, in --json.</p>" if more > 0 else ""
    shown = table(
        ("where", "what", "found by"),
        (
            (
                place(one["place"], max(one["start"] - 1, 0), one["start"] + 1.2, index),
                text(one["text"]),
                f"<span class=source>{text(one['source'])}</span>",
            )
            for one in found["remarks"][:_MOST_REMARKS]
        ),
    )
    return f"{head}<p>{text(counted)}.</p>{shown}{rest}"


def texture(document: Document, index: int) -> str:
    """Runs of one texture, and the registers of parts."""
    spans = table(
        ("from", "texture", "how sure"),
        (
            (
                place(one["from"], one["start"], min(one["end"], one["start"] + 6), index),
                text(one["kind"]),
                sure(one["sure"], one["sure_words"], one["source"]),
            )
            for one in document["texture"]["spans"][:24]
        ),
    )
    rows = [
        (
            text(part["name"]),
            pitch_name(part["low"]),
            pitch_name(part["high"]),
            f"{part['notes']:,}",
        )
        for part in document["piece"]["parts"]
        if part["notes"] and not part["drums"]
    ]
    parts = table(("part", "lowest", "highest", "notes"), rows, numbers=3) if rows else ""
    return f"<div class=two><div>{spans}</div><div>{parts}</div></div>"
