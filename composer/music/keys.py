"""Key: the scale a piece lies in, found from its notes or read from a setting.

Conventions:
    Pitch classes are 0..11, 0 = C. Nothing here needs music21: see `composer.formats.scores`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.errors import SettingError
from composer.music.notes import Piece

MAJOR: Final = "major"
MINOR: Final = "minor"

_SCALES: Final = {
    MAJOR: (0, 2, 4, 5, 7, 9, 11),
    # Natural, and the raised sixth and seventh of the melodic and harmonic forms.
    MINOR: (0, 2, 3, 5, 7, 8, 9, 10, 11),
}

_NAMES: Final = {
    MAJOR: ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    MINOR: ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}

_PROFILES: Final = {
    MAJOR: (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
    MINOR: (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
}
"""How much of each pitch class above the tonic there is: Temperley, Music and Probability
(2007), chapter 6, counted in the Kostka-Payne corpus. `find_key` says why these."""

_LONGEST: Final = 1.0
"""Beats from which on a note counts no more: a pedal point is not eight bars of evidence."""

_LAST_BASS: Final = 0.11
"""What it is worth that the bass of the last chord is the tonic, in units of correlation."""
_FIRST_TRIAD: Final = 0.37
"""The same of an opening that is all of the tonic's triad."""
_OPENING: Final = 2
"""Beats from the first onset on that count as the opening."""
_CHORDS: Final = {MAJOR: (0, 4, 7), MINOR: (0, 3, 7)}

_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1, "-": -1}
_KEY: Final = re.compile(
    # "E-" is E flat, as music21 writes it, but "C-major" is C major.
    r"(?P<letter>[A-Ga-g])(?P<accidental>[#♯b♭]|-(?![A-Za-z]))?"
    r"[\s:_-]*(?P<mode>[Mm][Aa][Jj](?:[Oo][Rr])?|[Mm][Ii][Nn](?:[Oo][Rr])?|M|m)?"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A major or minor key.

    Attributes:
        tonic: Pitch class 0..11.
        mode: "major" or "minor".

    Raises:
        ValueError: One of them is neither.
    """

    tonic: int
    mode: str

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"tonic is {self.tonic}, must be 0..11")
        if self.mode not in _SCALES:
            raise ValueError(f"mode is {self.mode!r}, must be {MAJOR} or {MINOR}")

    def pitch_classes(self) -> frozenset[int]:
        """Notes of the scale; in minor both forms of the sixth and the seventh."""
        return frozenset((self.tonic + step) % 12 for step in _SCALES[self.mode])

    @property
    def fifths(self) -> int:
        """Sharps of its signature, negative for flats: F# major has 6, Eb minor -6."""
        if self.mode == MINOR:
            return (7 * (self.tonic + 3) + 6) % 12 - 6
        return (7 * self.tonic + 5) % 12 - 5

    @property
    def signature(self) -> str:
        """The key signature in words, which a key shares with its relative: "2 flats"."""
        fifths = self.fifths
        if fifths == 0:
            return "no sharps or flats"
        sign = "sharp" if fifths > 0 else "flat"
        return f"{abs(fifths)} {sign}{'s' * (abs(fifths) > 1)}"

    def __str__(self) -> str:
        """As musicians say it: "Eb major", "F# minor"."""
        return f"{_NAMES[self.mode][self.tonic]} {self.mode}"


def parse_key(text: str) -> Key:
    """Read a key: "C:minor", "Eb:major", "f#:min", "C minor", "Am", "D".

    A capital letter alone is major; a small one needs its mode, since half the world
    reads it as minor.

    Raises:
        SettingError: It is none of these forms.
    """
    match = _KEY.fullmatch(text.strip())
    mode = match["mode"] if match else None
    if match is None or (mode is None and match["letter"].islower()):
        raise SettingError(
            f"key is {text!r}, must be A to G, # or b, and a mode: C:minor, Eb:major, F#:min, Am"
        )
    minor = mode == "m" or (mode or "").lower().startswith("min")
    tonic = _LETTERS[match["letter"].upper()] + _ACCIDENTALS[match["accidental"] or ""]
    return Key(tonic % 12, MINOR if minor else MAJOR)


def find_key(piece: Piece) -> Key | None:
    """Find the key of a piece, drums left out.

    A profile of how long each pitch class sounds (Krumhansl and Schmuckler's method: Krumhansl,
    Cognitive Foundations of Musical Pitch, 1990, chapter 4) tells the scale well, and less well
    which of its notes is the tonic: a minor key and its relative major have nearly the same.
    So the bass of the last chord counts too, and how much of the tonic's triad there is at the
    beginning. The weights are a conditional logit over the 24 keys, fitted to pieces with a
    known key, whole and cut after 8 and 16 bars, major and minor alike in weight;
    docs/evaluation.md has how often it is right, `benchmarks/keys.py` measures it.

    Of profiles, Krumhansl and Kessler's, Albrecht and Shanahan's (2013) and Temperley's (2007)
    were tried on 307 lieder and 109 chorales; Temperley's was right most often on their first
    8 and 16 beats, and seeds are short. Counting notes in full instead of up to a beat loses up
    to 7 points.

    Returns:
        None when there are no pitched notes, or all pitch classes alike.
    """
    rows = [
        (note.onset, note.end, note.pitch)
        for part in piece.parts
        if not part.is_drums
        for note in part.notes
    ]
    onsets, ends, pitches = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    beat = piece.ticks_per_beat
    fits = key_fits(sounding_time(pitches, (ends - onsets) / beat, _LONGEST))
    if fits is None:
        return None
    last = pitches[ends >= ends.max() - beat // 4].min() % 12
    first = np.minimum(ends, onsets.min() + _OPENING * beat) - onsets
    opening = sounding_time(pitches, np.maximum(first, 0))
    triads = _TRIADS @ opening / opening.sum()
    ends_on = np.array([key.tonic == last for key in KEYS])
    return KEYS[int((fits + _LAST_BASS * ends_on + _FIRST_TRIAD * triads).argmax())]


def sounding_time(
    pitches: NDArray[np.int64],
    durations: NDArray[np.int64] | NDArray[np.float64],
    longest: float = np.inf,
) -> NDArray[np.float64]:
    """How long each pitch class sounds, [12].

    Args:
        pitches: Of the notes, drums left out.
        durations: Of the notes, in any unit.
        longest: A note counts for this long at most.
    """
    counted = np.minimum(durations, longest)
    return np.asarray(np.bincount(pitches % 12, counted, minlength=12), dtype=np.float64)


def fitting_key(weights: NDArray[np.float64]) -> Key | None:
    """The key whose profile correlates best with how long each pitch class sounds, [12].

    Returns:
        None when all pitch classes sound alike.
    """
    fits = key_fits(weights)
    return None if fits is None else KEYS[int(fits.argmax())]


def key_fits(weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """How well the profile of each of `KEYS` correlates, -1 to 1, [24]; None as `fitting_key`."""
    spread = weights - weights.mean()
    if not np.abs(spread).max(initial=0) > 1e-9:
        return None
    fits: NDArray[np.float64] = _ROLLED @ spread / (_LENGTHS * np.linalg.norm(spread))
    return fits


def key_change(heard: Key, asked: Key) -> NDArray[np.float64]:
    """What speaks for the pitch classes of one key against those of another, [12], in nats.

    The logarithm of how many times as much there is of each pitch class in the one key as in
    the other, by their profiles: added to what is expected in the key that was heard, it is
    what is to be expected in the one that was asked for.
    """
    there, here = (np.roll(np.array(_PROFILES[key.mode]), key.tonic) for key in (asked, heard))
    return np.asarray(np.log(there / here))


KEYS: Final = [Key(tonic, mode) for mode in (MAJOR, MINOR) for tonic in range(12)]
"""All of them, in the order of `key_fits`."""
_ROLLED: Final = np.array(
    [
        np.roll(profile - profile.mean(), key.tonic)
        for key in KEYS
        for profile in (np.array(_PROFILES[key.mode]),)
    ]
)
_LENGTHS: Final = np.linalg.norm(_ROLLED, axis=1)
_TRIADS: Final = np.array(
    [
        np.bincount([(key.tonic + step) % 12 for step in _CHORDS[key.mode]], minlength=12)
        for key in KEYS
    ]
)
