"""Architecture: the sizes of the network and what each head may see. Knows no engine.

Shared by the network that trains (Keras) and the runtime that plays (LiteRT and NumPy).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from composer.encoding.events import PITCH, SIZES
from composer.errors import ModelError
from composer.music.chords import CHORDS, quality_of, root_of

HEAD_CONTEXT: dict[str, tuple[str, ...]] = {
    "shift": ("confidence", "expected_shift", "likeness", "ago_shift", "returning", "return_shift"),
    "part": (
        "shift", "position", "beat", "bar_length", "confidence", "expected_rank",
        "likeness", "ago_rank", "returning", "return_rank", "phrase", "ending",
    ),
    "pitch": (
        "shift", "position", "beat", "bar_length", "rank", "program",
        "last_pitch", "last_duration", "last_velocity", "gap", "confidence", "expected_pitch",
        "likeness", "ago_pitch", "returning", "return_pitch", "chord", "next_chord",
        "phrase", "ending",
    ),
    "duration": (
        "shift", "position", "beat", "bar_length", "rank", "program",
        "last_pitch", "last_duration", "last_velocity", "gap", "pitch",
        "confidence", "expected_duration", "likeness", "ago_duration",
        "returning", "return_duration", "phrase", "ending",
    ),
    "velocity": (
        "shift", "position", "beat", "bar_length", "rank", "program",
        "last_pitch", "last_duration", "last_velocity", "gap", "pitch", "duration",
        "confidence", "expected_velocity", "expected_duration", "likeness", "ago_velocity",
        "returning", "return_velocity", "phrase", "ending",
    ),
}  # fmt: skip
"""Which columns of the step being predicted each head may see."""

EMBEDDING_SIZES: dict[str, int] = {
    "shift": 32, "rank": 8, "pitch": 48, "duration": 32, "velocity": 16, "program": 24,
    "position": 24, "beat": 12, "bar_length": 8, "last_pitch": 24, "last_duration": 16,
    "last_velocity": 8, "gap": 16, "confidence": 16, "expected_shift": 32, "expected_rank": 8,
    "expected_pitch": 32, "expected_duration": 32, "expected_velocity": 16,
    "likeness": 12, "ago_shift": 32, "ago_rank": 8, "ago_pitch": 32, "ago_duration": 24,
    "ago_velocity": 12, "returning": 8, "return_shift": 32, "return_rank": 8,
    "return_pitch": 32, "return_duration": 24, "return_velocity": 12, "chord": 24,
    "next_chord": 16, "phrase": 4, "ending": 4,
}  # fmt: skip

_STORED_NAMES = {"confidence": "trust"}
"""Columns whose weights have another name in the files of models: theirs is kept, so that every
model made so far can be read."""


def stored_name(column: str) -> str:
    """What the weights of a column, or of a thing told of a part, are called in files."""
    return _STORED_NAMES.get(column, column)


ADVICE: dict[str, tuple[str, str]] = {
    "gain": ("confidence", "expected"), "gain_ago": ("likeness", "ago"),
    "gain_return": ("returning", "return"),
}  # fmt: skip
"""What raises the logit of one class: the gain of a certainty (a column) raises the class that is
named (a column of this prefix for each field)."""

CHORD_GAIN = "gain_chord"
"""What raises the logits of pitches by how they lie in the chord in force: a number for each
quality of chord and each of the twelve intervals above its root, the same for all roots."""
CHORD_PLACES = np.zeros((CHORDS, SIZES[PITCH]), dtype=np.int64)
"""Which of these numbers goes to each pitch in each chord, [chords, 128]; the first is for no
chord, of all pitches."""
CHORD_PLACES[1:] = [
    1 + 12 * quality_of(code) + (np.arange(SIZES[PITCH]) - root_of(code)) % 12
    for code in range(1, CHORDS)
]

POINTER_UNITS = 48
"""Hidden units in which what is known of a part meets what the trunk makes of the moment."""

GAIN_UNIT = 8.0
"""Logits to a unit of a head's gain, by which it raises the class that is expected. Adam
moves a weight by no more than the learning rate: a gain of 6 would be 6,000 updates away. What
is added to a part's logit for each thing known of it is in these units, too."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What has to be known to build the network again.

    Attributes:
        layers: Number of LSTM layers.
        units: Units of each.
        head_units: Hidden units of each field's head.
        dropout: Share of the trunk's outputs that is dropped while training.
        version: Of the event format; a model made for another one is refused.
    """

    layers: int = 2
    units: int = 512
    head_units: int = 256
    dropout: float = 0.15
    version: int = 5

    @classmethod
    def load(cls, path: Path) -> NetworkConfig:
        """Read it from a model's `config.json`.

        Raises:
            ModelError: Missing, unreadable, or of another version.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))["network"]
            config = cls(**fields)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is not a model's config.json ({error})") from error
        if config.version != cls().version:
            raise ModelError(
                f"{path} is of event format {config.version}, this composer plays "
                f"format {cls().version}; get a model of the same version"
            )
        return config

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
