"""Form of a piece: phrases, sections with letters, and how alike its bars are.

Where there are bars all of it comes from the plan (`composer.analysis.form`), which is found as
the planner was taught; in free time phrases end at breaths (Lerdahl and Jackendoff 1983, grouping
preference rule 2) and cells are compared by the pitch classes that sound in them.

Conventions:
    C cells as in `composer.study.music`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.bar_similarity import similarities
from composer.encoding.events import TICKS_PER_BEAT
from composer.encoding.features import places_in_bars
from composer.music.plan import EXACT, NEAR, NONE
from composer.planning.form_letters import Section, sections_of
from composer.study.music import Music

Floats = NDArray[np.float64]

_BREATH: Final = 4.0
"""A gap so many times as long as gaps mostly are ends a phrase in free time."""
_SHORTEST: Final = 300
"""Event ticks that a phrase in free time has at least."""
_BY_RETURN, _BY_GAP, _BY_LENGTH = 0.75, 0.65, 0.45
"""How likely people hear a phrase begin where an earlier one begins again, behind a long note or
a rest, and where only the length speaks for it. Estimates: docs/plan.md has how often phrases
agree with people's on the whole (0.44), and people among themselves (0.85)."""
_SIXTEENTH: Final = TICKS_PER_BEAT // 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some music that belongs together.

    Attributes:
        start: Its first tick.
        stop: One past its last.
        sure: How likely a listener hears it begin there.
        why: What speaks for it.
    """

    start: int
    stop: int
    sure: float
    why: str


@dataclass(frozen=True, slots=True)
class Return:
    """A bar that takes up an earlier one.

    Attributes:
        bar: Which one.
        of: The bar that it takes up.
        how: "exactly", "nearly" or "partly".
    """

    bar: int
    of: int
    how: str


def phrases_of(music: Music) -> list[Phrase]:
    """The phrases of a piece, in order."""
    if music.plan is None:
        return _breaths(music)
    found: list[Phrase] = []
    start = 0
    bars = music.plan.bars
    for number, bar in enumerate(bars, 1):
        if bar.phrase != 1 and number < len(bars):
            continue
        sure, why = _reason(music, start)
        found.append(Phrase(int(music.lines[start]), int(music.lines[number]), sure, why))
        start = number
    return found


def _reason(music: Music, bar: int) -> tuple[float, str]:
    """Why a phrase begins with a bar."""
    assert music.plan is not None
    if bar == 0:
        return 1.0, "the piece begins"
    now, before = music.plan.bars[bar], music.plan.bars[bar - 1]
    goes_on = before.reference != NONE and now.reference == before.reference + 1
    if now.reference != NONE and not goes_on:
        return _BY_RETURN, f"bar {now.reference + 1} begins again"
    tones = ~music.drums
    line = int(music.lines[bar])
    ahead = music.onsets[tones & (music.onsets >= line)]
    back = music.onsets[tones & (music.onsets < line)]
    if len(ahead) and len(back):
        gaps = np.diff(np.unique(music.onsets[tones]))
        if int(ahead[0] - back[-1]) >= 2 * float(np.median(gaps)):
            return _BY_GAP, "a long note or a rest before it"
    return _BY_LENGTH, "phrases mostly have four or eight bars"


def _breaths(music: Music) -> list[Phrase]:
    onsets = np.unique(music.onsets)
    found, start = [], 0
    why, sure = "the piece begins", 1.0
    if len(onsets) > 2:
        gaps = np.diff(onsets)
        # What sounds together is not one after another.
        usual = float(np.median(gaps[gaps > 4])) if (gaps > 4).any() else 1.0
        for index in np.flatnonzero(gaps >= _BREATH * usual).tolist():
            at = int(onsets[index + 1])
            if at - start < _SHORTEST or music.end - at < _SHORTEST:
                continue
            found.append(Phrase(start, at, sure, why))
            start, sure = at, _BY_GAP
            why = f"a breath of {gaps[index] / 100:.1f} seconds before it"
    found.append(Phrase(start, music.end, sure, why))
    return found


def returns_of(music: Music) -> list[Return]:
    """The bars that take up earlier ones; none in free time."""
    if music.plan is None:
        return []
    words = {EXACT: "exactly", NEAR: "nearly"}
    return [
        Return(number, bar.reference, words.get(bar.nearness, "partly"))
        for number, bar in enumerate(music.plan.bars)
        if bar.reference != NONE
    ]


def lettered_sections(music: Music) -> list[Section]:
    """Its sections, with letters; none in free time."""
    return [] if music.plan is None else sections_of(music.plan)


def self_similarity(music: Music, other: Music | None = None) -> Floats:
    """How alike each two cells are, 0..1.

    Args:
        music: A piece.
        other: Another one, to compare its cells with; None: the piece with itself.

    Returns:
        [C, C of the other].
    """
    pieces = [music] if other is None else [music, other]
    if any(piece.free for piece in pieces):
        return _chroma_likeness(pieces[0], pieces[-1])
    cells, places, pitches, drums, count = [], [], [], [], 0
    for piece in pieces:
        where = places_in_bars(piece.onsets, piece.events.kind, piece.events.metres)
        cells.append(piece.cells + count)
        places.append((where[:, 1] + 2) // _SIXTEENTH)
        pitches.append(piece.pitches)
        drums.append(piece.drums)
        count += len(piece.lines) - 1
    found = similarities(
        np.concatenate(cells),
        np.concatenate(places),
        np.concatenate(pitches),
        np.concatenate(drums),
        count,
    )
    first = len(music.lines) - 1
    return found if other is None else found[:first, first:]


def _chroma_likeness(one: Music, other: Music) -> Floats:
    """Cosines of how long pitch classes sound in the cells."""
    a, b = _chroma(one), _chroma(other)
    lengths = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return np.asarray(a @ b.T / np.maximum(lengths, 1e-9))


def _chroma(music: Music) -> Floats:
    found = np.zeros((len(music.lines) - 1, 12))
    tones = ~music.drums
    lengths = (music.ends - music.onsets)[tones].clip(max=int(music.lines[1]))
    np.add.at(found, (music.cells[tones], music.pitches[tones] % 12), lengths)
    return found
