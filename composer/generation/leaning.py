"""Leaning: a taste that tilts what the network draws, a little, towards what is liked.

Choosing among takes (`composer.taste.preference`) can only find what the network plays anyway. So
the logits of each field are tilted, too, by how a choice moves the traits that are liked: higher
pitches, shorter shifts, longer notes, the figures and rhythms of the phrase. The tilt is no more
than a network that is half sure would be moved by, and follows how sure it is that a trait is
liked. How freely is drawn, and how long an answer is, lean too.

Conventions:
    B streams; a leaning is from -1 (less of it is surely liked) to 1. Biases are float32 over the
    classes of a field, added to logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from composer.analysis.segment import Segment
from composer.encoding import struct_rows as tables
from composer.encoding.columns import PROGRAM
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SIZES,
    TICKS_PER_BEAT,
    VELOCITY,
)
from composer.encoding.running_features import Context
from composer.generation.constraints import Constraints
from composer.generation.sampling import COLDEST
from composer.generation.settings import Settings
from composer.generation.taken_up import Figures, Rhythms
from composer.music.notes import DRUM_PROGRAM
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_REGISTER: Final = 0.12
"""Logits a semitone."""
_DENSITY, _ARTICULATION = 2.0, 0.8
"""Logits a halving of the time to the next onset, and a doubling of a note's length."""
_SYNCOPATION, _CHORDS, _DRUMS = 2.2, 1.5, 2.5
"""Logits off the beat, on the onset of the last note, and of a kit."""
_LOUDNESS: Final = 0.2
"""Logits a velocity class."""
_CLOSENESS: Final = 2.5
"""Logits of a pitch that completes a figure of the phrase; of one that begins one, half of it."""
_FREEDOM: Final = 2.5
"""Logits of a step that completes a rhythm of the phrase, for one who surely likes its rhythm."""
_FREER: Final = 0.7
"""Doublings of the temperature for one who surely likes what is new and far from the phrase."""
_SHORTEST: Final = 3
"""Ticks under which a shift is as good as none."""
HOTTEST: Final = 2.0
"""Temperature over which nobody's taste goes."""
_TILTED: Final = (
    *("register", "density", "articulation", "syncopation", "loudness", "chords", "drums"),
)
_TRAITS: Final = (*_TILTED, "closeness", "colour", "length", "freedom")
"""Traits of which logits are tilted by a table, and all that are leant to."""
_WANTED: Final = 0.3
"""Leaning from which on limits give way: to sixteenths, and to a note more at a time."""
_WIDER: Final = 1.0
"""Doublings of the notes that a bar may have, for one who surely likes it dense."""

_DENSER = np.zeros(END + 1)
_DENSER[0] = 2.4  # sooner than a sixteenth: no time goes by in a chord
_DENSER[1:END] = -np.log2(np.maximum(SHIFT_TICKS[1:], _SHORTEST) / TICKS_PER_BEAT)
_LONGER = np.log2(DURATION_TICKS / (TICKS_PER_BEAT / 2))
_HIGHER = np.arange(SIZES[PITCH]) - 60.0
_LOUDER = np.arange(SIZES[VELOCITY]) - SIZES[VELOCITY] / 2


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much more of a trait is wanted, -1..1 each; see `composer.taste.traits`."""

    register: float = 0.0
    density: float = 0.0
    articulation: float = 0.0
    syncopation: float = 0.0
    loudness: float = 0.0
    chords: float = 0.0
    drums: float = 0.0
    closeness: float = 0.0
    colour: float = 0.0
    length: float = 0.0
    freedom: float = 0.0
    figures: Figures | None = field(default=None, compare=False)
    rhythms: Rhythms | None = field(default=None, compare=False)

    @classmethod
    def of(cls, preference: Preference, phrase: Segment | None = None) -> Leaning | None:
        """What a taste leans to; None while nothing is known.

        Args:
            preference: What is liked.
            phrase: What is answered; None where that is not known.
        """
        if not preference.count:
            return None
        mean, spread = preference.weights()
        # More than half of the way for a weight that is as large as it is uncertain.
        strength = dict(
            zip((trait.name for trait in TRAITS), np.tanh(mean / (1.5 * spread)), strict=True)
        )
        sure = preference.sure
        leans = {name: round(sure * float(strength[name]), 3) for name in _TRAITS}
        figures, rhythms = (
            (None, None) if phrase is None else (Figures.of(phrase), Rhythms.of(phrase))
        )
        return cls(**leans, figures=figures, rhythms=rhythms)

    @property
    def longer(self) -> float:
        """How many times as long as usual an answer is to be, in steps of half a doubling."""
        return float(2 ** (round(2 * self.length) / 2))

    def freed(self, settings: Settings) -> Settings:
        """Settings that draw as freely as is liked: who likes what is close likes it cooler."""
        usual = settings.draw.temperature
        if usual <= COLDEST:
            return settings
        free = min(max((self.colour + self.freedom - self.closeness) / 2, -1.0), 1.0)
        return replace(settings, temperature=min(usual * 2 ** (_FREER * free), HOTTEST))

    def widened(self, constraints: Constraints) -> Constraints:
        """Limits of one stream with room for what is wanted more of than there was."""
        dense = max(self.density, self.drums)
        if max(dense, self.chords, self.syncopation) < _WANTED:
            return constraints
        table = tables.copy(constraints.table)
        if dense >= _WANTED:
            more = 2 ** (_WIDER * dense)
            for limit in ("per_bar", "burst"):
                table[limit] = np.ceil(table[limit] * more)
            table["rate"] *= more
        if max(dense, self.syncopation) >= _WANTED:
            table["places"][:, :: TICKS_PER_BEAT // 4] = True
        if max(dense, self.chords) >= _WANTED:
            table["chords"] += 1
        return Constraints(table)


class Leans(Protocol):
    """A stream, as far as it leans."""

    leaning: Leaning | None
    rows: list[list[int]]


class Leanings:
    """The leanings of streams that are drawn side by side."""

    def __init__(self, streams: Sequence[Leans]) -> None:
        """Of each stream."""
        leanings = [stream.leaning or Leaning() for stream in streams]
        table = np.array([[getattr(leaning, name) for name in _TILTED] for leaning in leanings])
        register, density, articulation, syncopation, loudness, chords, drums = table.T[..., None]
        self._takers = [
            (index, stream.rows, leaning.figures, _CLOSENESS * leaning.closeness)
            for index, (stream, leaning) in enumerate(zip(streams, leanings, strict=True))
            if leaning.figures is not None and leaning.closeness
        ]
        self._keepers = [
            (index, stream.rows, leaning.rhythms, -_FREEDOM * leaning.freedom)
            for index, (stream, leaning) in enumerate(zip(streams, leanings, strict=True))
            if leaning.rhythms is not None and leaning.freedom
        ]
        # A busy kit needs time to be busy in: onsets come sooner, too.
        self._shifts: Floats = (_DENSITY * (density + drums) * _DENSER).astype(np.float32)
        self._shifts[:, 0] += (_CHORDS * chords[:, 0]).astype(np.float32)
        self._off = (_SYNCOPATION * syncopation).astype(np.float32)
        self._pitches = (_REGISTER * register * _HIGHER).astype(np.float32)
        self._drums = (_DRUMS * drums).astype(np.float32)
        self._durations: Floats = (_ARTICULATION * articulation * _LONGER).astype(np.float32)
        self._velocities: Floats = (_LOUDNESS * loudness * _LOUDER).astype(np.float32)

    @classmethod
    def of(cls, streams: Sequence[Leans]) -> Leanings | None:
        """Those of some streams; None if none of them leans."""
        return cls(streams) if any(one.leaning is not None for one in streams) else None

    def shifts(self, context: Context) -> Floats:
        """What is added to the shifts, [B, END + 1]."""
        places = (context.inside[:, None] + SHIFT_TICKS) % TICKS_PER_BEAT
        off = (places != 0) & ~context.free[:, None]
        off[:, 0] = False
        bias: Floats = self._shifts.copy()
        bias[:, :END] += self._off * off
        for index, rows, rhythms, tilt in self._keepers:
            bias[index, :END] += tilt * rhythms.next(rows)
        return bias

    def parts(self, context: Context) -> Floats:
        """What is added to the parts, [B, SLOTS]."""
        return np.asarray(self._drums * context.drums, dtype=np.float32)

    def pitches(self, columns: Ints) -> Floats:
        """What is added to the pitches, [B, 128]; a kit's keys are not higher or lower."""
        kits = columns[:, PROGRAM] == DRUM_PROGRAM
        bias: Floats = np.where(kits[:, None], 0, self._pitches).astype(np.float32)
        for index, rows, figures, tilt in self._takers:
            if not kits[index]:
                bias[index] += tilt * figures.next(rows, together=columns[index, SHIFT] == 0)
        return bias

    def durations(self) -> Floats:
        """What is added to the durations, [B, classes]."""
        return self._durations

    def velocities(self) -> Floats:
        """What is added to the velocities, [B, classes]."""
        return self._velocities
