"""Harmonisation: chords that go under a melody which has none.

A hidden Markov model: chords follow one another as they do in pop songs, and a melody has the tones
that it has there over each of them. Its counts are of the training side of POP909, where chords are
those of `composer.analysis.harmony`: how common each degree is in a key, the steps from root to
root, and the tones of melodies over a chord. Of each half bar the chord is taken from which most is
expected: a root that is a tone of the chord that people would have there, and, twice as much, that
very chord (forward-backward; L. Rabiner, 1989). The likeliest path would stay on one chord that
fits everything.

Conventions:
    H half bars, of which the even ones begin bars; V chords: 2 * degree + (0 major, 1 minor), the
    degree in semitones above the tonic. Chord codes are those of `composer.music.chords`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import TICKS_PER_BEAT
from composer.music.chords import TONES, chord_code
from composer.music.keys import MINOR, Key

Floats = NDArray[np.float64]

_COMMON: Final = (
    # C           D          E          F         G         A          Bb
    {0: 240, 4: 16, 5: 97, 8: 13, 9: 86, 10: 135, 11: 11, 14: 190, 18: 12, 19: 144, 20: 12},
    # Cm     C       Dm      Eb      F       Fm       G        Gm       Ab       Bb
    {0: 18, 1: 323, 5: 11, 6: 91, 10: 19, 11: 95, 14: 57, 15: 110, 16: 118, 20: 131},
)
"""Thousandths of all half bars that have each chord, in major and in minor; rarer ones left out."""
_STAYS: Final = (0.160, 0.551)
"""How often a chord stays, at a bar line and in the middle of a bar."""
_STEPS: Final = np.array(
    [
        [[0, 6, 136, 10, 19, 217, 1, 90, 9, 15, 44, 11],
         [10, 2, 129, 1, 40, 49, 4, 16, 1, 137, 4, 49]],
        [[13, 57, 18, 76, 0, 148, 2, 13, 153, 0, 101, 10],
         [0, 1, 43, 5, 1, 207, 0, 91, 4, 9, 44, 4]],
    ]
)  # fmt: skip
"""Thousandths of all changes, from a major or minor chord to a major or minor one, by the semitones
from root to root."""
_OVER: Final = np.array(
    [
        [183, 3, 122, 7, 183, 76, 14, 215, 9, 107, 23, 57],
        [293, 8, 66, 173, 2, 116, 4, 159, 36, 10, 129, 4],
    ]
)
"""Thousandths of a melody's time over a major and a minor chord, by semitones above the root."""
_IN_KEY: Final = np.array(
    [
        [222, 7, 182, 5, 186, 50, 3, 173, 5, 124, 4, 37],
        [291, 1, 79, 125, 4, 156, 1, 215, 18, 5, 100, 5],
    ]
)
"""The same over the tonic of a major and a minor key, whatever the chord."""
_SAY: Final = 1.5
"""What a beat of melody counts for."""
_SAME: Final = 2.0
"""What the very chord is worth, where a root that is a tone of it is worth one."""

_CHORDS: Final = 24
_ROOTS: Final = np.arange(_CHORDS) // 2
_TRIADS: Final = np.zeros((_CHORDS, 12))
for _chord in range(_CHORDS):
    _TRIADS[_chord, [(_chord // 2 + step) % 12 for step in TONES[_chord % 2]]] = 1


def harmonised(sounding: Floats, key: Key) -> list[int]:
    """The chord of each half bar under a melody, codes, [H].

    Args:
        sounding: Ticks that each pitch class sounds in each half bar, [H, 12].
        key: Of the melody.
    """
    minor = int(key.mode == MINOR)
    used = np.array(sorted(_COMMON[minor]))
    share = np.array([_COMMON[minor][chord] for chord in used.tolist()]) / 1000
    heard = _melody(sounding, key.tonic, minor, used)
    chance = _chances(heard, share, _changes(used, share))
    worth = _TRIADS[used][:, _ROOTS[used]].T + _SAME * np.eye(len(used))
    best = used[(chance @ worth.T).argmax(axis=1)].tolist()
    return [chord_code(key.tonic + chord // 2, chord % 2) for chord in best]


def _melody(sounding: Floats, tonic: int, minor: int, used: NDArray[np.int64]) -> Floats:
    """Log probability of what sounds in each half bar under each chord, [H, V]."""
    tones = np.stack(
        [np.roll(_OVER[chord % 2], chord // 2) * np.sqrt(_IN_KEY[minor]) for chord in used.tolist()]
    )
    tones /= tones.sum(axis=1, keepdims=True)
    beats = np.roll(sounding, -tonic, axis=1) / TICKS_PER_BEAT
    return np.asarray(_SAY * beats @ np.log(tones).T)


def _changes(used: NDArray[np.int64], share: Floats) -> Floats:
    """Log probability of each chord after each, at a bar line and within a bar, [2, V, V]."""
    kinds, roots = used % 2, _ROOTS[used]
    steps = _STEPS[kinds[:, None], kinds[None, :], (roots[None, :] - roots[:, None]) % 12]
    moves = steps * np.sqrt(share) * (1 - np.eye(len(used)))
    moves /= moves.sum(axis=1, keepdims=True)
    return np.log([stays * np.eye(len(used)) + (1 - stays) * moves + 1e-12 for stays in _STAYS])


def _chances(heard: Floats, share: Floats, changes: Floats) -> Floats:
    """The probability of each chord of each half bar, all of the melody heard, [H, V]."""
    count = len(heard)
    forward, backward = np.log(share) + heard, np.zeros_like(heard)
    for half in range(1, count):
        coming = np.logaddexp.reduce(forward[half - 1][:, None] + changes[half % 2], axis=0)
        forward[half] = coming + heard[half]
    for half in range(count - 2, -1, -1):
        later = heard[half + 1] + backward[half + 1]
        backward[half] = np.logaddexp.reduce(changes[(half + 1) % 2] + later, axis=1)
    both = forward + backward
    chances = np.exp(both - both.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
