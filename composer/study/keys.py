"""Keys of a piece: the one it is in, and those that it goes to on its way.

The key of the whole is `composer.music.keys.find_key`'s. On the way each cell is compared with the
profiles of all keys, over some cells around it, and the path with the best fits, less a price for
each change, is found by dynamic programming, as chords are (`composer.analysis.harmony`).
music21's key finder (Krumhansl and Schmuckler's method) is asked too: it knows nothing of ours.

Conventions:
    C cells, 24 keys in the order of `composer.music.keys.KEYS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.analysis.descriptors import krumhansl_key
from composer.music.keys import KEYS, MAJOR, MINOR, Key, find_key, key_fits, sounding_time
from composer.study.music import Music
from composer.study.sureness import Statement, logistic

Floats = NDArray[np.float64]

_AROUND: Final = 2
"""Cells to either side that a cell's key is found with, the farther the less."""
_CHANGE: Final = 1.6
"""Price of another key than in the cell before, in units of correlation."""
_HOME: Final = 0.08
"""What the key of the whole is preferred by in every cell."""
_RELATIVE: Final = 0.2
"""What its relative key is held back by: the two have the same notes, and the beginning and the
end, which tell them apart, are known of the whole only."""
_LEAST: Final = 4
"""Cells in a row that a key holds at least."""
_FEW, _HARDLY = 8, 0.4
"""Tones under which a key is a guess, whoever agrees, and how sure it is then. An estimate."""
_AGREED, _ALONE = 0.92, 0.7
"""How sure a key is that music21 finds, too, and one that it does not. On 50 songs whose key
somebody wrote down `find_key` was right in 44 of the 46 on which both agreed, and in 3 of 4 others
(`benchmarks/study_labels.py`); chorales and piano music are harder (docs/evaluation.md), hence a
little less."""


@dataclass(frozen=True, slots=True)
class KeySpan:
    """Some cells in one key.

    Attributes:
        start: First cell.
        stop: One past the last.
        key: Of these cells.
        sure: How likely that is right.
    """

    start: int
    stop: int
    key: Key
    sure: float


def home_key(music: Music) -> tuple[Key | None, Statement]:
    """The key of the whole, and what is said of it."""
    key = find_key(music.analysis.piece)
    if key is None:
        return None, Statement("The piece has no key: nothing in it has a pitch.", 1.0, "counted")
    theirs = krumhansl_key(music.analysis.segment())
    agreed = theirs is not None and same_key(theirs, key)
    source = "composer's key finder (profile, opening, last bass)"
    if agreed:
        text, sure = f"The piece is in {key}; music21 finds the same.", _AGREED
    else:
        text, sure = f"The piece is in {key}; music21 would say {spoken(theirs)}.", _ALONE
    if np.count_nonzero(~music.drums) < _FEW:
        sure, source = min(sure, _HARDLY), f"hardly any tones: {source}"
    return key, Statement(text, sure, source + ", held against music21's")


def same_key(name: str, key: Key) -> bool:
    """Whether music21's name of a key, "E- minor", means a key."""
    tonic, _, mode = name.partition(" ")
    letter, accidentals = tonic[0].upper(), tonic[1:]
    pitch_class = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
    pitch_class += accidentals.count("#") - accidentals.count("-")
    return mode == key.mode and pitch_class % 12 == key.tonic


def spoken(name: str | None) -> str:
    """music21's name of a key as people write it: "Eb minor"."""
    return "none" if name is None else name.replace("-", "b")


def key_spans(music: Music, home: Key | None) -> list[KeySpan]:
    """The keys that a piece goes through, in order; none without tones."""
    if home is None:
        return []
    count = len(music.lines) - 1
    weights = np.zeros((count, 12))
    tones = ~music.drums
    beat = 24 if not music.free else 100
    for cell in range(count):
        here = tones & (music.cells == cell)
        lengths = (music.ends - music.onsets)[here]
        weights[cell] = sounding_time(music.pitches[here], lengths / beat, 2.0)
    fits = np.zeros((count, len(KEYS)))
    for cell in range(count):
        low, high = max(cell - _AROUND, 0), min(cell + _AROUND + 1, count)
        near = 1.0 / (1 + np.abs(np.arange(low, high) - cell))
        found = key_fits(near @ weights[low:high])
        if found is not None:
            fits[cell] = found
    fits[:, KEYS.index(home)] += _HOME
    fits[:, KEYS.index(relative(home))] -= _RELATIVE
    path = _path(fits)
    return _joined(path, fits)


def relative(key: Key) -> Key:
    """The key with the same signature: A minor of C major."""
    if key.mode == MINOR:
        return Key((key.tonic + 3) % 12, MAJOR)
    return Key((key.tonic + 9) % 12, MINOR)


def _path(fits: Floats) -> list[int]:
    """The key of each cell, [C]."""
    count = len(fits)
    came_from = np.zeros(fits.shape, dtype=np.int64)
    best, every = fits[0], np.arange(fits.shape[1])
    for cell in range(1, count):
        other = int(best.argmax())
        stays = best >= best[other] - _CHANGE
        came_from[cell] = np.where(stays, every, other)
        best = np.where(stays, best, best[other] - _CHANGE) + fits[cell]
    path = [int(best.argmax())]
    for cell in range(count - 1, 0, -1):
        path.append(int(came_from[cell, path[-1]]))
    return path[::-1]


def _joined(path: list[int], fits: Floats) -> list[KeySpan]:
    """Runs of one key; those that are too short belong to the key before."""
    runs: list[tuple[int, int]] = []  # first cell, key
    for cell, key in enumerate(path):
        if not runs or runs[-1][1] != key:
            runs.append((cell, key))
    kept: list[tuple[int, int]] = []
    for index, (start, key) in enumerate(runs):
        stop = runs[index + 1][0] if index + 1 < len(runs) else len(path)
        if kept and (stop - start < min(_LEAST, len(path)) or kept[-1][1] == key):
            continue
        kept.append((start, key))
    spans = []
    for index, (start, key) in enumerate(kept):
        stop = kept[index + 1][0] if index + 1 < len(kept) else len(path)
        mean = fits[start:stop].mean(axis=0)
        others = np.delete(mean, key)
        # How far it lies above the next best key: 0 is a coin's toss, 0.2 all but sure.
        spans.append(KeySpan(start, stop, KEYS[key], logistic(12 * (mean[key] - others.max()))))
    return spans


def key_at(spans: list[KeySpan], cell: int) -> Key | None:
    """The key in force in a cell."""
    for span in spans:
        if span.start <= cell < span.stop:
            return span.key
    return spans[-1].key if spans else None
