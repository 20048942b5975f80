"""Comparison: two studies side by side: what they share and where they part.

For a seed and its continuation, a pupil's exercise and its model. Bars are compared with bars by
the notes that they share, motifs of one are looked for in the other, chords by the progressions
that both have.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from composer.study import html, page_music
from composer.study.form import self_similarity
from composer.study.html import sure, table, text
from composer.study.motifs import Line, lines_of
from composer.study.numerals import without_figures
from composer.study.page import footer
from composer.study.study import Study
from composer.study.sureness import in_words

_SAME: Final = 0.6
"""Likeness from which on a bar of one is one of the other's, as in a plan: "nearly"."""
_MOTIF: Final = 4


def compare_studies(a: Study, b: Study) -> dict[str, Any]:
    """What two pieces share, as plain values."""
    matrix = self_similarity(a.music, b.music)
    return {
        "similarity": [[round(float(value), 2) for value in row] for row in matrix],
        "bars_of_a_in_b": round(float((matrix.max(axis=1) >= _SAME).mean()), 3),
        "bars_of_b_in_a": round(float((matrix.max(axis=0) >= _SAME).mean()), 3),
        "figures_of_a_in_b": _shared_figures(a, b),
        "figures_of_b_in_a": _shared_figures(b, a),
        "progressions": _progressions(a, b),
    }


def _shared_figures(one: Study, other: Study) -> float | None:
    """Share of the figures of four notes of one piece, steps and rhythm, that the other has."""
    mine, theirs = _figures(one), _figures(other)
    total = sum(mine.values())
    if not total:
        return None
    return round(sum(count for figure, count in mine.items() if figure in theirs) / total, 3)


def _figures(study: Study) -> Counter[tuple[int, ...]]:
    found: Counter[tuple[int, ...]] = Counter()
    lines: Sequence[Line] = lines_of(study.music, study.home)
    for line in lines:
        for start in range(len(line.notes) - _MOTIF + 1):
            pitches = line.pitches[start : start + _MOTIF]
            steps = tuple(b - a for a, b in itertools.pairwise(pitches))
            found[steps + line.gaps[start : start + _MOTIF - 1]] += 1
    return found


def _progressions(a: Study, b: Study) -> dict[str, Any]:
    """Pairs of chords, as steps from root to root with qualities, that both have."""
    mine, theirs = _pairs(a), _pairs(b)
    both = sum((mine & theirs).values())
    return {
        "a": sum(mine.values()),
        "b": sum(theirs.values()),
        "of_a_in_b": _share(mine, theirs),
        "of_b_in_a": _share(theirs, mine),
        "both": both,
    }


def _share(mine: Counter[tuple[int, int, int]], theirs: Counter[tuple[int, int, int]]) -> float:
    total = sum(mine.values())
    return round(sum(count for pair, count in mine.items() if pair in theirs) / max(total, 1), 3)


def _pairs(study: Study) -> Counter[tuple[int, int, int]]:
    chords = [divmod(chord.code - 1, 9) for chord in study.chords]
    return Counter(
        ((root_b - root_a) % 12, quality_a, quality_b)
        for (root_a, quality_a), (root_b, quality_b) in itertools.pairwise(chords)
    )


def comparison_page(document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: "studies", the documents of both, and "compared".
    """
    a, b = document["studies"]
    names = [text(one["file"]) for one in (a, b)]  # both may have the same title
    compared = document["compared"]
    body = (
        f"<header><h1>{names[0]} and {names[1]}</h1>"
        "<button type=button id=theme>Dark or light</button></header><main>"
        f"<section><h2>Side by side</h2>{_facts(a, b, names)}</section>"
        f"<section><h2>What they share</h2>{_shared(compared)}</section>"
    )
    for index, (one, name) in enumerate(zip((a, b), names, strict=True)):
        body += (
            f"<section><h2>{'AB'[index]}: {name}</h2>{page_music.facts(one)}"
            f"{page_music.statements(one)}{page_music.stage(one, index, name)}"
            f"<h3>Cadences and keys</h3>{page_music.harmony(one, index)}"
            f"<h3>Form</h3>{page_music.form(one, index)}"
            f"<h3>Motifs</h3>{page_music.motifs(one, index)}"
            f"<h3>Counterpoint</h3>{page_music.counterpoint(one, index)}</section>"
        )
    title = f"{a['file']} and {b['file']}: a study"
    return html.page(title, f"{body}</main>{footer(a)}", document)


def _facts(a: Mapping[str, Any], b: Mapping[str, Any], names: Sequence[str]) -> str:
    rows = [
        (name, *(text(value) for value in values))
        for name, values in (
            ("notes", [f"{one['piece']['notes']:,}" for one in (a, b)]),
            ("bars", [one["piece"]["bars"] or "free time" for one in (a, b)]),
            ("metre", [one["piece"]["metre"] or "-" for one in (a, b)]),
            ("key", [one["keys"][0]["key"] if one["keys"] else "-" for one in (a, b)]),
            ("form", [_letters(one) for one in (a, b)]),
            ("cadences", [_cadences(one) for one in (a, b)]),
            ("most time on", [_numerals(one) for one in (a, b)]),
            ("different chords", [len({c["chord"] for c in one["chords"]}) for one in (a, b)]),
            ("notes a quarter", [f"{_mean(one, 'density'):.2f}" for one in (a, b)]),
            ("tones at once", [f"{_mean(one, 'sounding'):.2f}" for one in (a, b)]),
            ("remarks on counterpoint", [len(one["counterpoint"]["remarks"]) for one in (a, b)]),
            ("surprise, nats a note", [_nats(one) for one in (a, b)]),
        )
    ]
    return table(("what", f"A: {names[0]}", f"B: {names[1]}"), rows)


def _letters(document: Mapping[str, Any]) -> str:
    sections = document["form"]["sections"]
    return " ".join(f"{one['letter']}{one['bars']}" for one in sections) or "-"


def _cadences(document: Mapping[str, Any]) -> str:
    kinds = Counter(one["kind"] for one in document["cadences"])
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "-"


def _numerals(document: Mapping[str, Any]) -> str:
    time: Counter[str] = Counter()
    for chord in document["chords"]:
        name = without_figures(chord["numeral"]) if chord["numeral"] else chord["chord"]
        time[name] += round(1000 * (chord["end"] - chord["start"]))
    return ", ".join(name for name, _ in time.most_common(5)) or "-"


def _mean(document: Mapping[str, Any], field: str) -> float:
    cells = document["texture"]["cells"]
    return float(sum(cell[field] for cell in cells)) / max(len(cells), 1)


def _nats(document: Mapping[str, Any]) -> str:
    surprise = document["surprise"]
    if surprise is None:
        return "-"
    field = surprise["by_field"]
    return f"{field['time'] + field['part'] + field['pitch']:.2f} (time, part and pitch)"


def _shared(compared: Mapping[str, Any]) -> str:
    def percent(share: float | None) -> str:
        return "-" if share is None else f"{100 * share:.0f} %"

    progressions = compared["progressions"]
    rows = [
        (
            "bars that are nearly one of the other's",
            percent(compared["bars_of_a_in_b"]),
            percent(compared["bars_of_b_in_a"]),
            sure(0.95, in_words(0.95), "six tenths of their notes in common"),
        ),
        (
            "figures of four notes (steps and rhythm) that the other has",
            percent(compared["figures_of_a_in_b"]),
            percent(compared["figures_of_b_in_a"]),
            sure(1.0, in_words(1.0), "counted in the top lines of all parts"),
        ),
        (
            "progressions of two chords that the other has",
            percent(progressions["of_a_in_b"]),
            percent(progressions["of_b_in_a"]),
            sure(0.75, in_words(0.75), "chords as found; from root to root, so in any key"),
        ),
    ]
    return (
        f"{table(('what', 'of A', 'of B', 'how sure'), rows)}"
        "<figure class='matrix cross'><canvas id=matrix-cross role=img"
        " aria-label='Likeness of the bars of A, down, and of B, across'></canvas><figcaption>Bars"
        " of A down, of B across: lines are passages that both have."
        " <span id=matrix-told-cross></span></figcaption></figure>"
    )
