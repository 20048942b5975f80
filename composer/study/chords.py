"""Chords of a piece, beat by beat: root, quality and the tone in the bass.

What sounds in each beat is held against all chords (`composer.analysis.harmony`), and the best
path is found with a price for each change, the higher the weaker the beat. Beats of one chord
are one `Chord`.

Conventions:
    S stretches as in `composer.study.music`; chords are codes of `composer.music.chords`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.harmony import chord_fits, chord_path
from composer.encoding.events import TICKS_PER_BEAT
from composer.music.chords import CHORDS, NO_CHORD, TONES, chord_tones, quality_of, root_of
from composer.music.timing import counted_beat
from composer.study.music import Music
from composer.study.sureness import logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_AT_LINE, _AT_MIDDLE, _ELSEWHERE = 0.2, 0.3, 0.6
"""Prices of another chord at a bar line, in the middle of a bar of four beats, at other beats."""
_HANGING: Final = 0.25
"""Share of a stretch that a note begun before it must sound in it to count."""
_OFFSET, _BY_FIT, _BY_LENGTH = -1.22, 3.16, 0.46
"""A chord is sure by how much better its triad fits than any on another root, and by how many
beats it holds, up to four: a logistic regression on songs whose chords people wrote down;
`benchmarks/study_labels.py` has how often it is right on others."""
_MOST_BEATS: Final = 4
_FREE: Final = 0.8
"""How much less sure chords are in free time, where no beat says when they change. An estimate."""

_TRIADS = np.array([code for code in range(1, CHORDS) if len(TONES[quality_of(code)]) == 3])
_ROOTS = np.array([root_of(code) for code in _TRIADS.tolist()])


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord that sounds for some beats.

    Attributes:
        start: First tick.
        stop: One past the last.
        code: Of the chord; never `NO_CHORD`.
        bass: Pitch class of the lowest voice.
        sure: How likely its root is right.
        fit: Share of the sounding time that lies on its tones.
    """

    start: int
    stop: int
    code: int
    bass: int
    sure: float
    fit: float


def sounding_in(music: Music) -> tuple[Floats, Floats]:
    """Sounding time of each pitch class, and of the lowest voice, in each stretch, [S, 12]."""
    lines = music.stretches
    count = len(lines) - 1
    sounding, bass = np.zeros((count, 12)), np.zeros((count, 12))
    lowest = np.full(count, 128)
    heard: list[tuple[int, int, int]] = []
    tones = ~music.drums
    first = np.searchsorted(lines, music.onsets, side="right") - 1
    for onset, end, pitch, stretch in zip(
        music.onsets[tones].tolist(),
        music.ends[tones].tolist(),
        music.pitches[tones].tolist(),
        first[tones].tolist(),
        strict=True,
    ):
        for at in range(stretch, count):
            start, stop = int(lines[at]), int(lines[at + 1])
            if start >= end:
                break
            time = min(end, stop) - max(onset, start)
            if at > stretch and time < _HANGING * (stop - start):
                break
            heard.append((at, pitch, time))
            lowest[at] = min(lowest[at], pitch)
    for at, pitch, time in heard:
        sounding[at, pitch % 12] += time
        if pitch <= lowest[at] + 2:
            bass[at, pitch % 12] += time
    return sounding, bass


def chords_of(music: Music) -> list[Chord]:
    """The chords of a piece, in order; none where nothing with a pitch sounds."""
    sounding, bass = sounding_in(music)
    if not sounding.any():
        return []
    fits = chord_fits(sounding, bass)
    silent = sounding.sum(axis=1) <= 0
    path = chord_path(fits, _prices(music), silent)
    chords: list[Chord] = []
    count, at = len(path), 0
    while at < count:
        stop = at + 1
        while stop < count and path[stop] == path[at]:
            stop += 1
        code = int(path[at])
        if code != NO_CHORD:
            low, total = bass[at:stop].sum(axis=0), sounding[at:stop].sum(axis=0)
            chords.append(
                Chord(
                    int(music.stretches[at]),
                    int(music.stretches[stop]),
                    code,
                    int(low.argmax()),
                    _sureness(fits[at:stop], root_of(code)) * (_FREE if music.free else 1.0),
                    float(total[sorted(chord_tones(code))].sum() / max(total.sum(), 1e-9)),
                )
            )
        at = stop
    return chords


def _prices(music: Music) -> Floats:
    """Of a change at each stretch, [S]."""
    if music.free:
        return np.full(len(music.stretches) - 1, _AT_MIDDLE)
    prices = []
    for tick in music.stretches[:-1].tolist():
        at = music.events.metres.position(tick, TICKS_PER_BEAT)
        beat = counted_beat(*music.events.metres.metre_at(tick), TICKS_PER_BEAT)
        beats = at.length // beat
        middle = beats % 2 == 0 and at.tick * 2 == at.length
        prices.append(_AT_LINE if at.tick == 0 else _AT_MIDDLE if middle else _ELSEWHERE)
    return np.array(prices)


def _sureness(fits: Floats, root: int) -> float:
    """How likely the root of some stretches, [S, chords], is right."""
    triads = fits[:, _TRIADS].mean(axis=0)
    margin = float(triads[root == _ROOTS].max() - triads[root != _ROOTS].max())
    return logistic(_OFFSET + _BY_FIT * margin + _BY_LENGTH * min(len(fits), _MOST_BEATS))
