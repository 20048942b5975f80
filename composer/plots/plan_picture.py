"""Plan picture: the form of a piece as coloured sections, its chords above a piano roll.

Conventions:
    Across runs time in ticks, a column for each bar. Sections of one letter have one colour; a
    varied one is paler. What was heard lies left of the orange line, what is planned to its right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from composer.music.notes import Piece
from composer.music.pitch_names import pitch_name
from composer.plots.style import FAINT, INK, NEW_SHADES, SEED_SHADES, plain, png, pyplot

_COLOURS: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999",
)  # fmt: skip
"""Of letters, told apart by eyes of every kind (Okabe and Ito, Color Universal Design, 2008)."""
_MOST_BARS: Final = 64
"""Bars up to which chords are written; more have no room for them."""


class Section(Protocol):
    """A section as it is drawn: one of `composer.planning.form_letters`."""

    @property
    def name(self) -> str:
        """What is written on it."""
        ...

    @property
    def letter_number(self) -> int:
        """Tells its colour."""
        ...

    @property
    def varied(self) -> bool:
        """Whether it is paler."""
        ...

    @property
    def start(self) -> int:
        """Number of its first bar."""
        ...

    @property
    def bars(self) -> int:
        """How many it has."""
        ...


def plan_png(
    piece: Piece,
    lines: Sequence[int],
    heard: int,
    sections: Sequence[Section],
    texts: Sequence[tuple[str, str]],
    *,
    title: str = "",
) -> bytes:
    """Draw a plan.

    Args:
        piece: What was heard.
        lines: Ticks of the bar lines, one more than there are bars.
        heard: Bars that were heard.
        sections: Of all bars.
        texts: Of each bar its chords, and what it takes up.
        title: Above the picture.

    Returns:
        A PNG file.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    width = min(max(0.42 * (len(lines) - 1), 7.0), 24.0)
    figure, (form, roll) = pyplot().subplots(
        2, 1, figsize=(width, 4.6), sharex=True, height_ratios=[1.0, 3.4], layout="constrained"
    )
    _form(form, lines, sections, texts)
    _notes(roll, piece)
    for line in lines:
        roll.axvline(line, color=FAINT, lw=0.6, zorder=-1)
    for axis in (form, roll):
        plain(axis)
        axis.axvline(lines[heard], color=NEW_SHADES[1], lw=1.4, zorder=4)
    roll.axvspan(lines[heard], lines[-1], color=NEW_SHADES[3], alpha=0.10, lw=0, zorder=-2)
    roll.set_xlim(lines[0], lines[-1])
    apart = next(n for n in (1, 2, 4, 8, 16, 32, 1 << 30) if len(lines) / n <= 33)
    roll.set_xticks(list(lines[:-1:apart]), [str(n + 1) for n in range(0, len(lines) - 1, apart)])
    roll.set_xlabel("bar", color=INK)
    form.set_title(title or piece.title, loc="left", color=INK, fontsize=11, pad=8)
    return png(figure)


def _form(
    axis: Any, lines: Sequence[int], sections: Sequence[Section], texts: Sequence[tuple[str, str]]
) -> None:
    axis.set_ylim(0, 3)
    axis.set_yticks([])
    axis.tick_params(labelbottom=False)
    for section in sections:
        start, end = lines[section.start], lines[section.start + section.bars]
        colour = _COLOURS[section.letter_number % len(_COLOURS)]
        shade = 0.35 if section.varied else 0.75
        axis.broken_barh([(start, end - start)], (2, 1), color=colour, alpha=shade, lw=0)
        axis.axvline(start, color="white", lw=1.5)
        middle = (start + end) / 2
        axis.text(middle, 2.5, section.name, ha="center", va="center", color=INK, size=10)
    if len(texts) > _MOST_BARS:
        return
    for bar, (chords, taken) in enumerate(texts):
        middle = (lines[bar] + lines[bar + 1]) / 2
        axis.text(
            middle, 1.4, chords.replace(" ", "\n"), ha="center", va="center", color=INK, size=6.5
        )
        axis.text(middle, 0.5, taken, ha="center", va="center", color="#7b818c", size=6)


def _notes(axis: Any, piece: Piece) -> None:
    from matplotlib.collections import PolyCollection

    pitches = [note.pitch for part in piece.parts if not part.is_drums for note in part.notes]
    low, high = (min(pitches), max(pitches)) if pitches else (55, 65)
    axis.set_ylim(low - 2, high + 2)
    for index, part in enumerate(piece.parts):
        if part.is_drums:
            continue
        boxes = [
            [
                (note.onset, note.pitch - 0.45),
                (note.end, note.pitch - 0.45),
                (note.end, note.pitch + 0.45),
                (note.onset, note.pitch + 0.45),
            ]
            for note in part.notes
        ]
        shade = SEED_SHADES[index % len(SEED_SHADES)]
        axis.add_collection(PolyCollection(boxes, facecolors=shade, edgecolors="none"))
    ticks = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    axis.set_yticks(ticks, [pitch_name(pitch) for pitch in ticks])
