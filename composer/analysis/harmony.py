"""Harmony: the chord of each half bar, from what sounds in it.

Each half bar is compared with every chord by the share of its sounding time that lies on the
chord's tones and off them, with weight on the lowest voice (a root in the bass names a chord
more surely than any upper voice) and a price for changing; the cheapest path is found by
dynamic programming. Template matching with a path over time is the usual baseline of chord
recognition (T. Fujishima, ICMC 1999; A. Sheh and D. Ellis, ISMIR 2003), here on notes.

Conventions:
    H half bars; pitch classes 0..11, 0 = C; chords are codes of `composer.music.chords`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from composer.music.chords import CHORDS, NO_CHORD, TONES, chord_code

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_OFF = 0.6
"""What a share of sounding time that is no tone of the chord takes away."""
_BASS_ROOT, _BASS_TONE = 0.25, 0.08
"""What a bass on the root, or on another tone of the chord, adds."""
_MISSING = 0.07
"""What each tone of the chord takes away that does not sound at all."""
_RARE = np.array([0.0, 0.0, 0.10, 0.14, 0.03, 0.05, 0.04, 0.07, 0.09])
"""What each quality takes away, in the order of `QUALITIES`: the rarer, the more."""
_CHANGE = 0.18
"""Price of another chord than in the half bar before, and at a bar line a little less."""
_CHANGE_AT_LINE = 0.12
_HEARD = 0.02
"""Share of the sounding time from which on a tone counts as sounding."""

_TONE = np.zeros((CHORDS, 12))
_ROOT = np.zeros((CHORDS, 12))
_PRICE = np.zeros(CHORDS)
for _root in range(12):
    for _quality, _tones in enumerate(TONES):
        _code = chord_code(_root, _quality)
        _TONE[_code, [(_root + step) % 12 for step in _tones]] = 1
        _ROOT[_code, _root] = 1
        _PRICE[_code] = _RARE[_quality]


def half_bar_chords(sounding: Floats, bass: Floats) -> Ints:
    """The chord of each half bar.

    Args:
        sounding: Sounding time of each pitch class in each half bar, [H, 12].
        bass: The same of the lowest voice alone.

    Returns:
        Codes, [H]; `NO_CHORD` where nothing sounds.
    """
    prices = np.where(np.arange(len(sounding)) % 2 == 0, _CHANGE_AT_LINE, _CHANGE)
    return chord_path(chord_fits(sounding, bass), prices, sounding.sum(axis=1) <= 0)


def chord_fits(sounding: Floats, bass: Floats) -> Floats:
    """How well each chord fits what sounds in each stretch, [H, chords]; see `half_bar_chords`.

    `NO_CHORD` fits nothing, and where nothing sounds all others fit alike.
    """
    total = sounding.sum(axis=1, keepdims=True)
    share = sounding / np.maximum(total, 1e-9)
    low = bass / np.maximum(bass.sum(axis=1, keepdims=True), 1e-9)
    on = share @ _TONE.T  # [H, chords]
    score = on - _OFF * (1 - on) - _PRICE
    score += _BASS_ROOT * (low @ _ROOT.T) + _BASS_TONE * (low @ (_TONE - _ROOT).T)
    score -= _MISSING * ((share < _HEARD).astype(float) @ _TONE.T)
    score[:, NO_CHORD] = -np.inf
    score[total[:, 0] <= 0] = 0.0  # as long as nothing sounds, the chord goes on
    return np.asarray(score)


def chord_path(score: Floats, prices: Floats, silent: NDArray[np.bool_]) -> Ints:
    """The chords with the highest sum of scores less the price of changes, [H].

    Args:
        score: From `chord_fits`.
        prices: Of another chord than in the stretch before, [H].
        silent: Whether nothing sounds there; `NO_CHORD`, [H].
    """
    count = len(score)
    if not count:
        return np.zeros(0, dtype=np.int64)
    came_from = np.zeros(score.shape, dtype=np.int64)
    best = score[0]
    every = np.arange(score.shape[1])
    for index in range(1, count):
        price = prices[index]
        other = int(best.argmax())
        stays = best >= best[other] - price
        came_from[index] = np.where(stays, every, other)
        best = np.where(stays, best, best[other] - price) + score[index]
    path = np.empty(count, dtype=np.int64)
    path[-1] = int(best.argmax())
    for index in range(count - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return np.where(silent, NO_CHORD, path)
