"""Texture: how many notes sound, how high they lie and how the parts go together, bar by bar.

Conventions:
    C cells as in `composer.study.music`. Densities are notes a beat, or a second in free time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.study.counterpoint import voices_of
from composer.study.music import Music

Floats = NDArray[np.float64]

SILENCE, DRUMS, SINGLE, CHORDAL, VOICES, MELODY = (
    "silence", "drums alone", "a single line", "chords", "independent voices",
    "melody and accompaniment",
)  # fmt: skip
_TOGETHER: Final = 0.6
"""Share of onsets at which most of what sounds begins together: chords."""
_SURE: Final = {SILENCE: 1.0, DRUMS: 1.0, SINGLE: 0.95, CHORDAL: 0.75, VOICES: 0.7, MELODY: 0.7}
"""Estimates, but for what is counted."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One bar, or two seconds.

    Attributes:
        notes: That begin in it.
        density: Notes a beat, or a second in free time.
        sounding: Tones that sound at once, on average where any does.
        low: Lowest pitch, None without tones.
        high: Highest pitch.
        mean: Mean pitch.
        kind: One of the names of this module.
    """

    notes: int
    density: float
    sounding: float
    low: int | None
    high: int | None
    mean: float | None
    kind: str


@dataclass(frozen=True, slots=True)
class TextureSpan:
    """Some cells of one kind: first cell, one past the last, and how likely that is right."""

    start: int
    stop: int
    kind: str
    sure: float


def cells_of(music: Music) -> list[Cell]:
    """The texture of each cell."""
    voices = len(voices_of(music))
    found = []
    beat = 100 if music.free else 24
    for index in range(len(music.lines) - 1):
        start, stop = int(music.lines[index]), int(music.lines[index + 1])
        begun = music.cells == index
        tones = begun & ~music.drums
        held = ~music.drums & (music.onsets < stop) & (music.ends > start)
        lengths = np.minimum(music.ends[held], stop) - np.maximum(music.onsets[held], start)
        covered = np.zeros(stop - start, dtype=bool)
        for on, off in zip(music.onsets[held].tolist(), music.ends[held].tolist(), strict=True):
            covered[max(on - start, 0) : off - start] = True
        sounding = float(lengths.sum() / max(covered.sum(), 1))
        pitches = music.pitches[tones]
        found.append(
            Cell(
                int(begun.sum()),
                float(begun.sum() * beat / (stop - start)),
                sounding,
                int(pitches.min()) if len(pitches) else None,
                int(pitches.max()) if len(pitches) else None,
                float(pitches.mean()) if len(pitches) else None,
                _kind(music, begun, tones, sounding, voices),
            )
        )
    return found


def _kind(
    music: Music,
    begun: NDArray[np.bool_],
    tones: NDArray[np.bool_],
    sounding: float,
    voices: int,
) -> str:
    if not tones.any():
        if begun.any():
            return DRUMS
        return SINGLE if sounding > 0 else SILENCE
    onsets, counts = np.unique(music.onsets[tones], return_counts=True)
    if sounding <= 1.15:
        return SINGLE
    together = float(np.mean(counts >= max(0.7 * sounding, 2)))
    if together >= _TOGETHER and sounding >= 2:
        return CHORDAL
    pitched = len({*music.parts[~music.drums].tolist()})
    if voices >= 2 and voices == pitched and len(onsets) > 1:
        return VOICES
    return MELODY


def spans_of(cells: list[Cell]) -> list[TextureSpan]:
    """Runs of cells of one kind; one cell between others of a kind is passed over."""
    kinds = [cell.kind for cell in cells]
    smooth = [
        kinds[at - 1] if 0 < at < len(kinds) - 1 and kinds[at - 1] == kinds[at + 1] else kind
        for at, kind in enumerate(kinds)
    ]
    spans: list[TextureSpan] = []
    for at, kind in enumerate(smooth):
        if spans and spans[-1].kind == kind:
            spans[-1] = TextureSpan(spans[-1].start, at + 1, kind, _SURE[kind])
        else:
            spans.append(TextureSpan(at, at + 1, kind, _SURE[kind]))
    return spans
