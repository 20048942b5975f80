"""Report: an HTML page about a batch, whole in one file: rolls, statistics and failures.

It needs nothing but a browser: no scripts, no fonts and pictures from elsewhere. Piano
rolls are drawn as SVG from the files themselves.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from composer import files
from composer.batch import manifest
from composer.batch.manifest import Record
from composer.errors import ComposerError, OutputError
from composer.formats import midi
from composer.music.notes import Piece

NAME = "report.html"
_WIDTH, _HEIGHT = 480, 120
_CELLS = 20
"""Bars of a histogram."""
_FAILURES = 1000
"""Failures that are listed at most."""
_COLOURS = ("#3465a4", "#c17d11", "#4e9a06", "#a40000", "#75507b", "#06989a", "#555753", "#ce5c00")

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1040px;padding:0 1em;color:#222;
background:#fff}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
table{border-collapse:collapse}td,th{padding:.2em .9em .2em 0;text-align:left;vertical-align:top}
th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}
.rolls{display:grid;grid-template-columns:repeat(auto-fill,minmax(480px,1fr));gap:1.2em}
figure{margin:0}figcaption{font-size:.85em;color:#555}svg{background:#f6f6f4;max-width:100%}
.charts{display:flex;flex-wrap:wrap;gap:1.5em}.bad{color:#a40000}
"""


@dataclass
class Statistics:
    """What is counted while a manifest goes by, in memory that does not grow with it.

    Attributes:
        made: Continuations.
        notes: In them.
        seconds: Of music.
        keys: How many in each key.
        failures: The first ones.
        failed: All of them.
        columns: Name of a figure -> how often each value came, rounded.
        settings: First line's.
        model: First line's.
    """

    made: int = 0
    notes: int = 0
    seconds: float = 0.0
    keys: Counter[str] = field(default_factory=Counter)
    failures: list[Record] = field(default_factory=list)
    failed: int = 0
    columns: dict[str, Counter[float]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    seeds: set[int] = field(default_factory=set)

    def take(self, record: Record) -> None:
        """Count a line."""
        if not self.settings:
            self.settings, self.model = record.get("settings", {}), record.get("model", "")
        self.seeds.add(hash(record["seed"]))
        if "error" in record:
            self.failed += 1
            if len(self.failures) < _FAILURES:
                self.failures.append(record)
            return
        self.made += 1
        self.notes += record["notes"]
        self.seconds += record["seconds"]
        self.keys[record["key"] or "no key"] += 1
        self._count("notes", record["notes"], 0)
        self._count("seconds", record["seconds"], 0)
        self._count("notes per second", record["notes"] / max(record["seconds"], 1e-9), 1)
        for name, value in record.get("scores", {}).items():
            if not isinstance(value, bool):
                self._count(name.replace("_", " "), value, 2)

    def _count(self, name: str, value: float, digits: int) -> None:
        self.columns.setdefault(name, Counter())[round(float(value), digits)] += 1


def write_report(out: Path, page: Path, *, rolls: int = 60) -> Path:
    """Write a page about the batch in a folder.

    Args:
        out: The folder, with its manifest.
        page: The file to write; replaced if it is there.
        rolls: Piano rolls at most, evenly from the whole.

    Returns:
        The page.

    Raises:
        OutputError: There is no manifest, or the page cannot be written.
    """
    statistics = Statistics()
    for record in manifest.read(out / manifest.NAME):
        statistics.take(record)
    with files.whole(page, force=True) as stream:
        for piece in _page(out, page, statistics, rolls):
            stream.write(piece.encode("utf-8", "xmlcharrefreplace"))
    return page


def _page(out: Path, page: Path, statistics: Statistics, rolls: int) -> Iterator[str]:
    title = f"Continuations in {_text(out.resolve().name)}"
    yield "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width'>"
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    yield _overview(statistics)
    if statistics.failed:
        yield _failures(statistics)
    yield "<h2>Statistics</h2>\n<div class=charts>"
    for name, counts in statistics.columns.items():
        yield _histogram(name, counts)
    yield _bars("key", statistics.keys.most_common(_CELLS))
    yield "</div>\n"
    if rolls and statistics.made:
        yield "<h2>Piano rolls</h2>\n<p>Seeds in grey, what is new in colour by part.</p>"
        yield "<div class=rolls>\n"
        step = max(statistics.made / rolls, 1.0)
        chosen = {int(index * step) for index in range(min(rolls, statistics.made))}
        good = (r for r in manifest.read(out / manifest.NAME) if "error" not in r)
        for index, record in enumerate(good):
            if index in chosen:
                yield _figure(out, page, record)
        yield "</div>\n"
    yield "</body></html>\n"


def _overview(statistics: Statistics) -> str:
    rows = [
        ("Seeds", f"{len(statistics.seeds):,}"),
        ("Continuations", f"{statistics.made:,}"),
        ("Failed", f"{statistics.failed:,}"),
        ("Notes", f"{statistics.notes:,}"),
        ("Music", f"{statistics.seconds / 60:,.1f} minutes"),
        ("Model", _text(statistics.model)),
    ]
    chosen = {k: v for k, v in statistics.settings.items() if v not in (None, [], "auto")}
    rows.append(("Settings", _text(", ".join(f"{k} {v}" for k, v in chosen.items()))))
    return _table(rows)


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = "".join(f"<tr><th>{name}<td>{value}" for name, value in rows)
    return f"<table>{lines}</table>\n"


def _failures(statistics: Statistics) -> str:
    lines = "".join(
        f"<tr><td>{_text(record['seed'])}<td class=bad>{_text(record['error'])}"
        for record in statistics.failures
    )
    more = statistics.failed - len(statistics.failures)
    rest = f"<p>... and {more:,} more.</p>" if more else ""
    return f"<h2>Failed</h2>\n<table><tr><th>Seed<th>Reason{lines}</table>{rest}\n"


def _histogram(name: str, counts: Counter[float]) -> str:
    """A figure's values in cells of one width."""
    low, high = min(counts), max(counts)
    width = (high - low) / _CELLS or 1.0
    cells = [0] * _CELLS
    for value, count in counts.items():
        cells[min(int((value - low) / width), _CELLS - 1)] += count
    top = max(cells)
    bars = "".join(
        f"<rect x={index * 14} y={80 - 80 * count / top:.1f} width=13 "
        f"height={80 * count / top:.1f} fill='{_COLOURS[0]}'>"
        f"<title>{low + index * width:g} to {low + (index + 1) * width:g}: {count:,}</title></rect>"
        for index, count in enumerate(cells)
        if count
    )
    return (
        f"<figure><svg width=280 height=100 role=img aria-label='{_text(name)}'>{bars}"
        f"<text x=0 y=96 font-size=12>{low:g}</text>"
        f"<text x=278 y=96 font-size=12 text-anchor=end>{high:g}</text></svg>"
        f"<figcaption>{_text(name)}</figcaption></figure>"
    )


def _bars(name: str, counts: Sequence[tuple[str, int]]) -> str:
    if not counts:
        return ""
    top = max(count for _, count in counts)
    lines = "".join(
        f"<tr><td>{_text(label)}<td><svg width=120 height=10>"
        f"<rect width={120 * count / top:.1f} height=10 fill='{_COLOURS[0]}'/></svg>"
        f"<td class=n>{count:,}"
        for label, count in counts
    )
    return f"<figure><table>{lines}</table><figcaption>{_text(name)}</figcaption></figure>"


def _figure(out: Path, page: Path, record: Record) -> str:
    output = record["output"]
    link = quote(os.path.relpath(out / output, page.parent).replace(os.sep, "/"))
    caption = f"{record['notes']} notes, {record['seconds']:.1f} s, {record['key'] or 'no key'}"
    if "scores" in record:
        caption += f", rank {record['rank']}, cost {record['scores']['cost']:.2f}"
    try:
        drawing = roll(_music(out, record), record["seconds"])
    except (ComposerError, OSError) as error:
        drawing = f"<p class=bad>{_text(str(error))}</p>"
    return (
        f"<figure>{drawing}<figcaption><a href='{escape(link)}'>{_text(output)}</a><br>"
        f"{_text(caption)}</figcaption></figure>\n"
    )


def _music(out: Path, record: Record) -> Piece:
    """An output as music, from the first of its files that can be read for that."""
    for name in (record["output"], *record["also"]):
        if name.endswith(".mid"):
            return midi.read(out / name)
    for name in (record["output"], *record["also"]):
        if name.endswith(".musicxml"):
            from composer.formats.scores import read_score

            return read_score(out / name)
    raise OutputError("no MIDI file to draw; add --also mid")


def roll(piece: Piece, new_seconds: float) -> str:
    """A piano roll as SVG; what sounds in the last `new_seconds` is new."""
    beat, tempos = piece.ticks_per_beat, piece.tempos
    end = tempos.seconds(piece.end, beat)
    join = max(end - new_seconds, 0.0)
    # As much of the seed as there is new, so that the new can be seen.
    start = max(join - max(new_seconds, 1.0), 0.0)
    pitches = [note.pitch for _, note in piece.notes()]
    low, high = min(pitches, default=60) - 1, max(pitches, default=60) + 1
    across, up = _WIDTH / max(end - start, 1e-9), _HEIGHT / (high - low + 1)
    rects = []
    for index, note in piece.notes():
        on, off = tempos.seconds(note.onset, beat), tempos.seconds(note.end, beat)
        if off <= start:
            continue
        # A tick's rounding may put a new note a hair before the join.
        colour = _COLOURS[index % len(_COLOURS)] if on >= join - 0.02 else "#aaa"
        x = max((on - start) * across, 0.0)
        rects.append(
            f"<rect x={x:.1f} y={(high - note.pitch) * up:.1f} "
            f"width={max((off - start) * across - x, 1.0):.1f} height={max(up, 1.5):.1f} "
            f"fill='{colour}' opacity={0.35 + 0.65 * note.velocity / 127:.2f} />"
        )
    line = (join - start) * across
    return (
        f"<svg width={_WIDTH} height={_HEIGHT} viewBox='0 0 {_WIDTH} {_HEIGHT}'>"
        f"{''.join(rects)}<line x1={line:.1f} x2={line:.1f} y1=0 y2={_HEIGHT} stroke='#222' "
        f"stroke-width=.5 /></svg>"
    )


def _text(value: str) -> str:
    """Text for HTML; control characters and what is no character are shown escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return escape(shown)
