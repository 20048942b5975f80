"""Plots: a seed and what follows it as a piano roll.

Conventions:
    Across runs time, in bars where the music keeps a beat, else in seconds; drums have a
    band of their own below. The seed is blue, what follows is orange (`composer.plots.style`);
    parts are shades of these, louder notes are stronger.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from composer.music.beat_grid import BEATS, find_grid
from composer.music.notes import Note, Piece
from composer.music.pitch_names import pitch_name
from composer.plots.style import FAINT, INK, NEW_SHADES, SEED_SHADES, plain, png, pyplot, save
from composer.plots.time_axis import LEAST_SEED, MOST_SEED, TimeAxis, first_shown

_BLACK = (1, 3, 6, 8, 10)
_DRUMS = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "tom",
    42: "hat", 43: "tom", 44: "hat (foot)", 45: "tom", 46: "hat (open)", 47: "tom", 48: "tom",
    49: "crash", 50: "tom", 51: "ride", 52: "china", 53: "bell", 54: "tambourine",
    55: "splash", 56: "cowbell", 57: "crash", 59: "ride",
}  # fmt: skip
"""Drum keys as musicians call them (General MIDI 1, percussion key map)."""


def piano_roll_png(seed: Piece, continuation: Piece, join: int, *, title: str = "") -> bytes:
    """Draw a seed and its continuation.

    Args:
        seed: The music handed in.
        continuation: The new notes, in the seed's ticks, with the seed's parts.
        join: Tick at which they begin.
        title: Above the picture; the seed's own if none is given.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    grid = find_grid(seed)
    last = max(continuation.end, join + 1)
    time = TimeAxis(seed, grid, first_shown(seed, grid, join, last), last)
    figure, axes = _two_colours(seed, continuation, time, (join, last))
    top = next(iter(axes.values()))
    _heading(top, time.at(join), "right", SEED_SHADES[1], "seed ")
    _heading(top, time.at(join), "left", NEW_SHADES[1], " continuation")
    _name_parts(figure, seed)
    top.set_title(title or seed.title, loc="left", color=INK, fontsize=11, pad=24)
    return png(figure)


def inside_roll_png(given: Piece, new: Piece, start: int, end: int, *, title: str = "") -> bytes:
    """Draw what stands of a piece and what was written inside it.

    Args:
        given: The notes that stand.
        new: Those that were written, in parts of the same numbers.
        start: Tick at which what is written begins.
        end: Tick behind it.
        title: Above the picture; the piece's own if none is given.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    grid = find_grid(given)
    last = max(given.end, new.end, end)
    around = int(max(MOST_SEED * (end - start) / 2, LEAST_SEED / 2 * given.ticks_per_beat))
    first = first_shown(given, grid, start, min(end, start + around))
    time = TimeAxis(given, grid, first, min(last, end + around))
    figure, axes = _two_colours(given, new, time, (start, end))
    top = next(iter(axes.values()))
    _heading(top, time.at(max(start, time.first)), "left", NEW_SHADES[1], " new")
    if start > time.first:
        _heading(top, time.at(start), "right", SEED_SHADES[1], "given ")
    if end < time.last:
        _heading(top, time.at(end), "left", SEED_SHADES[1], " given")
    _name_parts(figure, new)
    top.set_title(title or given.title, loc="left", color=INK, fontsize=11, pad=24)
    return png(figure)


def _two_colours(
    seed: Piece, continuation: Piece, time: TimeAxis, written: tuple[int, int]
) -> tuple[Any, dict[bool, Any]]:
    """Notes of two colours, and where the second ones are written."""
    bands = _Bands(seed, continuation, time)
    figure, axes = bands.make()
    for which, shades in ((seed, SEED_SHADES), (continuation, NEW_SHADES)):
        for index, part in enumerate(which.parts):
            shown = [
                note for note in part.notes if time.first < note.end and note.onset < time.last
            ]
            if shown:
                colour = _shade(shades, which, index)
                strengths = [(*_rgb(colour), 0.6 + 0.4 * note.velocity / 127) for note in shown]
                row = bands.row(part.is_drums)
                _draw_notes(axes[part.is_drums], shown, time, row, strengths)
    start, end = (time.at(min(max(tick, time.first), time.last)) for tick in written)
    for axis in axes.values():
        axis.axvspan(start, end, color=NEW_SHADES[3], alpha=0.10, lw=0, zorder=0)
        for edge, tick in ((start, written[0]), (end, written[1])):
            if time.first < tick < time.last or tick == written[0]:
                axis.axvline(edge, color=NEW_SHADES[1], lw=1.4, zorder=4)
    return figure, axes


def surprise_roll(
    piece: Piece,
    nats: Mapping[tuple[int, Note], float],
    path: str | os.PathLike[str],
    *,
    force: bool = False,
) -> None:
    """Draw a piece, each note coloured by how little the network expected it.

    Args:
        piece: The music.
        nats: By (part index, note), -log p of all its fields; notes without one are grey.
        path: PNG file to write.
        force: Replace what is there.

    Raises:
        DependencyError: matplotlib is not installed.
        OutputError: The file exists and `force` is not set, or it cannot be written.
    """
    plotting = pyplot()
    time = TimeAxis(piece, find_grid(piece), 0, piece.end)
    bands = _Bands(piece, piece, time)
    figure, axes = bands.make()
    # Cividis: even to the eye, and the same to eyes without red or green (Nunez 2018).
    colours = plotting.get_cmap("cividis_r")
    most = float(np.quantile(list(nats.values()), 0.98)) if nats else 1.0
    scale = plotting.Normalize(0.0, max(most, 1e-6))
    for index, part in enumerate(piece.parts):
        shades = [
            colours(scale(nats[index, note])) if (index, note) in nats else (0.8, 0.8, 0.8, 1.0)
            for note in part.notes
        ]
        if part.notes:
            row = bands.row(part.is_drums)
            _draw_notes(axes[part.is_drums], part.notes, time, row, shades)
    shown = plotting.cm.ScalarMappable(norm=scale, cmap=colours)
    bar = figure.colorbar(shown, ax=list(axes.values()), pad=0.015, fraction=0.03)
    bar.set_label("surprise (nats per note)", color=INK)
    bar.outline.set_visible(False)
    top = next(iter(axes.values()))
    top.set_title(piece.title, loc="left", color=INK, fontsize=11, pad=8)
    save(figure, path, force=force)


class _Bands:
    """The two bands of a picture, tones above drums; a band without notes is left out."""

    def __init__(self, first: Piece, second: Piece, time: TimeAxis) -> None:
        pitches: dict[bool, set[int]] = {False: set(), True: set()}
        for part in (*first.parts, *second.parts):
            found = {note.pitch for note in part.notes if note.end > time.first}
            pitches[part.is_drums] |= found
        self._time = time
        self._tones = sorted(pitches[False])
        self._keys = sorted(pitches[True])

    def row(self, drums: bool) -> Mapping[int, int]:
        """Pitch -> the row it is drawn on."""
        if drums:
            return {key: index for index, key in enumerate(self._keys)}
        return {pitch: pitch for pitch in self._tones}

    def make(self) -> tuple[Any, dict[bool, Any]]:
        """The figure, and its axes by whether they hold drums."""
        low, high = (min(self._tones), max(self._tones)) if self._tones else (60, 60)
        heights = {}
        if self._tones or not self._keys:
            heights[False] = max(high - low + 3, 14) * 0.085
        if self._keys:
            heights[True] = (len(self._keys) + 0.6) * 0.17
        height = min(max(sum(heights.values()), 1.6), 6.5) + 1.1
        figure, rows = pyplot().subplots(
            len(heights), 1, figsize=(11.0, height), sharex=True, squeeze=False,
            gridspec_kw={"height_ratios": list(heights.values())}, layout="constrained",
        )  # fmt: skip
        axes = dict(zip(heights, rows[:, 0], strict=True))
        if False in axes:
            self._keyboard(axes[False], low, high)
        if True in axes:
            self._kit(axes[True])
        for axis in axes.values():
            plain(axis)
        self._across(axes)
        return figure, axes

    def _keyboard(self, axis: Any, low: int, high: int) -> None:
        spare = max(14 - (high - low + 3), 0)
        bottom, top = low - 1.5 - spare / 2, high + 1.5 + spare / 2
        axis.set_ylim(bottom, top)
        shown = range(max(int(np.ceil(bottom)), 0), min(int(top), 127) + 1)
        for pitch in shown:
            if pitch % 12 in _BLACK:
                axis.axhspan(pitch - 0.5, pitch + 0.5, color="#f4f5f7", lw=0, zorder=-2)
            if pitch % 12 == 0:
                axis.axhline(pitch - 0.5, color=FAINT, lw=0.7, zorder=-1)
        # Every C, and in a narrow range the notes of its triad too, say where one is.
        wanted = (0,) if top - bottom > 26 else (0, 4, 7)
        ticks = [pitch for pitch in shown if pitch % 12 in wanted]
        axis.set_yticks(ticks, [pitch_name(pitch) for pitch in ticks])

    def _kit(self, axis: Any) -> None:
        axis.set_ylim(-0.8, len(self._keys) - 0.2)
        names = [_DRUMS.get(key, f"drum {key}") for key in self._keys]
        axis.set_yticks(range(len(names)), names)
        for index in range(0, len(names), 2):
            axis.axhspan(index - 0.5, index + 0.5, color="#f4f5f7", lw=0, zorder=-2)

    def _across(self, axes: Mapping[bool, Any]) -> None:
        time, bottom = self._time, list(axes.values())[-1]
        bottom.set_xlim(time.at(time.first), time.at(time.last))
        if time.grid.kind != BEATS:
            bottom.set_xlabel("seconds", color=INK)
            return
        bars = time.bars()
        apart = next(n for n in (1, 2, 4, 8, 16, 32, 64, 1 << 30) if len(bars) / n <= 24)
        for tick, number in bars:
            strong = (number - 1) % apart == 0
            for axis in axes.values():
                if strong or len(bars) <= 96:
                    axis.axvline(tick, color=FAINT, lw=0.8 if strong else 0.4, zorder=-1)
        marked = [(tick, number) for tick, number in bars if (number - 1) % apart == 0]
        marked = [(tick, number) for tick, number in marked if tick < time.last]
        bottom.set_xticks([tick for tick, _ in marked], [str(number) for _, number in marked])
        bottom.set_xlabel("bar", color=INK)


def _draw_notes(
    axis: Any, notes: Sequence[Note], time: TimeAxis, row: Mapping[int, int], colours: Iterable[Any]
) -> None:
    """Notes as bars, [onset, end] across and their pitch's row high."""
    from matplotlib.collections import PolyCollection

    low, high = time.at(time.first), time.at(time.last)
    # A hair of space, so that notes struck again are seen to be; and none too thin to see.
    gap, least = (high - low) * 0.0006, (high - low) * 0.0022
    corners = []
    for note in notes:
        left = max(time.at(note.onset), low)
        right = max(time.at(note.end) - gap, left + least)
        middle = row[note.pitch]
        corners.append(
            [
                (left, middle - 0.4),
                (right, middle - 0.4),
                (right, middle + 0.4),
                (left, middle + 0.4),
            ]
        )
    drawn = PolyCollection(corners, facecolors=list(colours), edgecolors="none", zorder=3)
    axis.add_collection(drawn)


def _heading(axis: Any, x: float, side: str, colour: str, text: str) -> None:
    axis.annotate(
        text, (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 4),
        textcoords="offset points", ha=side, va="bottom", color=colour, fontsize=10,
        fontweight="bold",
    )  # fmt: skip


_LONGEST_NAME = 24
"""Letters of a part's name in the legend at most."""
_POINTS_PER_INCH = 72
_LETTER, _BESIDE_NAME = 5.5, 45.0
"""Points that a letter takes in the legend, and the colours and space beside a name."""


def _name_parts(figure: Any, seed: Piece) -> None:
    """A legend of the parts, where there are several."""
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.patches import Patch

    if len(seed.parts) < 2:
        return
    handles, names = [], []
    for index, part in enumerate(seed.parts):
        name = part.name.strip() or ("drums" if part.is_drums else f"part {index + 1}")
        names.append(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…")
        handles.append(
            tuple(Patch(color=_shade(shades, seed, index)) for shades in (SEED_SHADES, NEW_SHADES))
        )
    room = figure.get_figwidth() * _POINTS_PER_INCH
    columns = int(room / (_BESIDE_NAME + max(map(len, names)) * _LETTER))
    figure.legend(
        handles, names, handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
        loc="outside lower center", ncols=min(len(names), max(columns, 1)), frameon=False,
        fontsize=8.5,
        labelcolor=INK, handlelength=2.4,
    )  # fmt: skip


def _shade(shades: Sequence[str], piece: Piece, index: int) -> str:
    """A part's shade, as far from the other parts' as the row of shades allows.

    Drums have a band to themselves and need no shade of their own.
    """
    tones = [number for number, part in enumerate(piece.parts) if not part.is_drums]
    if index not in tones or len(tones) == 1:
        return shades[1]
    at = tones.index(index) / (len(tones) - 1) * (len(shades) - 1)
    low = min(int(at), len(shades) - 2)
    pair = zip(_rgb(shades[low]), _rgb(shades[low + 1]), strict=True)
    return "#" + "".join(f"{round(255 * (a + (at - low) * (b - a))):02x}" for a, b in pair)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
