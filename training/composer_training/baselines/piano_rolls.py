"""Piano rolls: chorales as frames of 88 keys, and batches of them.

Files are those of the JSB-Chorales-dataset: {"train": [piece], "valid": [piece], ...}, a piece a
list of frames, a frame a list of MIDI pitches.

Conventions:
    B pieces, T frames, K notes of a frame at most. Keys are 0..87, pitch 21 the lowest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer.errors import SeedError

KEYS = 88
LOWEST = 21
STOP = KEYS
"""The class that says that no further key of the frame sounds."""
Roll = NDArray[np.float32]


def read(path: Path) -> dict[str, list[Roll]]:
    """The pieces of each split, float32 [T, 88] of 0 and 1 each.

    Raises:
        SeedError: It is no such file.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        splits = document if isinstance(document, dict) else {"test": document}
        return {
            split: [to_roll(piece) for piece in pieces if len(piece) > 1]
            for split, pieces in splits.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise SeedError(f"{path} is not a file of the JSB-Chorales-dataset ({error})") from error


def to_roll(frames: Sequence[Sequence[float]]) -> Roll:
    """Frames of pitches -> [T, 88]; pitches off the piano raise IndexError."""
    roll = np.zeros((len(frames), KEYS), dtype=np.float32)
    for index, frame in enumerate(frames):
        for pitch in frame:
            key = int(pitch) - LOWEST
            if not 0 <= key < KEYS:
                raise IndexError(f"pitch {pitch} is not on the piano")
            roll[index, key] = 1.0
    return roll


def transposed(roll: Roll, semitones: int) -> Roll:
    """The same piece higher or lower, by less if the piano ends."""
    keys = np.flatnonzero(roll.any(axis=0))
    if not len(keys):
        return roll
    return np.roll(roll, int(np.clip(semitones, -keys[0], KEYS - 1 - keys[-1])), axis=1)


@dataclass(frozen=True, slots=True)
class RollBatch:
    """Pieces side by side.

    Attributes:
        heard: float32 [B, T, 88], frames 0..T-1 of the protocol's x[:-1].
        chords: int32 [B, T, K + 1], keys of the frame that comes in rising order, then
            `STOP`, then -1.
        scored: float32 [B, T], 1 where there is a frame.
    """

    heard: Roll
    chords: NDArray[np.int32]
    scored: NDArray[np.float32]

    @classmethod
    def of(cls, rolls: Sequence[Roll], most: int) -> RollBatch:
        """Pad some pieces to one length; a frame has at most `most` notes."""
        longest = max(len(roll) for roll in rolls) - 1
        longest = -(-longest // 16) * 16  # few shapes, few compilations
        heard = np.zeros((len(rolls), longest, KEYS), dtype=np.float32)
        chords = np.full((len(rolls), longest, most + 1), -1, dtype=np.int32)
        scored = np.zeros((len(rolls), longest), dtype=np.float32)
        for index, roll in enumerate(rolls):
            heard[index, : len(roll) - 1] = roll[:-1]
            scored[index, : len(roll) - 1] = 1.0
            for frame, keys in enumerate(roll[1:]):
                sounding = np.flatnonzero(keys)
                chords[index, frame, : len(sounding)] = sounding
                chords[index, frame, len(sounding)] = STOP
        return cls(heard, chords, scored)


def read_test(path: Path) -> list[Roll]:
    """The pieces of a file's "test", or of a file that is a list of pieces.

    Raises:
        SeedError: It has none.
    """
    pieces = read(path).get("test", [])
    if not pieces:
        raise SeedError(f'{path} has no pieces under "test" and is no list of pieces')
    return pieces
