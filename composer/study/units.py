"""Units: what single cells of the LSTM follow in a piece, and how long they remember.

A cell is held against series that a musician would name: bar lines, beats, phrases, chords on the
tonic, the pitch, each part. The cell that correlates most with a series is shown. Among a thousand
cells some correlate with anything, so the same is asked of the series shifted round in time: how
often chance finds a cell as good is told with it.

What a cell has is multiplied by the forget gate at each step, so that by the mean logarithm of its
forget gate half of it is gone after `log(1/2) / mean(log f)` notes (Gers et al. 2000 for the gate).

Conventions:
    N notes, L layers, H units. Series are float64 [N], one value a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import TICKS_PER_BEAT, VELOCITY
from composer.music.keys import Key
from composer.music.timing import counted_beat
from composer.network.gate_trace import FORGET, GateTrace
from composer.study.chords import Chord
from composer.study.form import Phrase
from composer.study.keys import KeySpan
from composer.study.music import Music
from composer.study.numerals import degree_of

Floats = NDArray[np.float64]

SHIFTS: Final = 99
"""Times that a series is shifted, to see what chance finds."""
_MOST_PARTS: Final = 5
LONGEST: Final = 2000.0
"""Notes at which half-lives end that are longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """A cell that follows something.

    Attributes:
        what: The series.
        layer: Of the cell, from 0.
        unit: Its number in the layer.
        correlation: Pearson's, -1..1.
        chance: Share of shifted series for which some cell was as good; lower is better.
        series: float64 [N].
    """

    what: str
    layer: int
    unit: int
    correlation: float
    chance: float
    series: Floats


def series_of(
    music: Music,
    phrases: list[Phrase],
    chords: list[Chord],
    keys: list[KeySpan],
    home: Key | None,
) -> dict[str, Floats]:
    """What cells are held against, by name; only what varies in the piece."""
    count = len(music.onsets)
    found: dict[str, Floats] = {}
    if not music.free:
        inside, beats = np.zeros(count), np.zeros(count)
        for note, tick in enumerate(music.onsets.tolist()):
            at = music.events.metres.position(tick, TICKS_PER_BEAT)
            inside[note] = at.tick / at.length
            beats[note] = (
                at.tick % counted_beat(*music.events.metres.metre_at(tick), TICKS_PER_BEAT) == 0
            )
        found["bar lines"] = (inside == 0).astype(float)
        found["the way through the bar"] = inside
        found["beats"] = beats
    way = np.zeros(count)
    for phrase in phrases:
        own = (music.onsets >= phrase.start) & (music.onsets < phrase.stop)
        way[own] = (music.onsets[own] - phrase.start) / (phrase.stop - phrase.start)
    if len(phrases) > 1:
        found["the way through the phrase"] = way
    if home is not None:
        found["the tonic chord"] = _on_tonic(music, chords, home)
        scale = home.pitch_classes()
        found["notes outside the key"] = np.array(
            [
                not drum and pitch % 12 not in scale
                for pitch, drum in zip(music.pitches.tolist(), music.drums.tolist(), strict=True)
            ],
            dtype=float,
        )
        away = np.zeros(count)
        for span in keys:
            if span.key != home:
                away[(music.cells >= span.start) & (music.cells < span.stop)] = 1
        found["passages in another key"] = away
    found["height"] = music.pitches.astype(float)
    found["loudness"] = music.events.rows[:, VELOCITY].astype(float)
    found["chords, notes that come together"] = np.append(0.0, np.diff(music.onsets) == 0)
    parts = sorted(set(music.parts.tolist()), key=lambda slot: -int((music.parts == slot).sum()))
    if len(parts) > 1:
        for slot in parts[:_MOST_PARTS]:
            found[f"the part {music.names[slot]}"] = (music.parts == slot).astype(float)
    # A handful of notes is no series.
    return {name: series for name, series in found.items() if _varies(series)}


def _varies(series: Floats) -> bool:
    values, counts = np.unique(series, return_counts=True)
    return len(values) > 1 and (len(values) > 2 or int(counts.min()) >= 4)


def _on_tonic(music: Music, chords: list[Chord], home: Key) -> Floats:
    found = np.zeros(len(music.onsets))
    for chord in chords:
        if degree_of(chord.code, home) == 0:
            found[(music.onsets >= chord.start) & (music.onsets < chord.stop)] = 1
    return found


def followings(
    cells: NDArray[np.float32], series: dict[str, Floats], rng: np.random.Generator
) -> list[Following]:
    """Of each series the cell that follows it best, the surest first.

    Args:
        cells: float32 [L, N, H], after each note.
        series: By name.
        rng: Draws the shifts.
    """
    layers, count, units = cells.shape
    if count < 16:
        return []
    flat = _standard(cells.transpose(1, 0, 2).reshape(count, layers * units).astype(np.float64))
    least = max(count // 20, 4)
    shifts = rng.integers(least, count - least + 1, size=SHIFTS)
    found = []
    for what, values in series.items():
        own = _standard(values[:, None])[:, 0]
        moved = np.stack([own, *(np.roll(own, shift) for shift in shifts.tolist())])
        correlations = moved @ flat / count  # [1 + shifts, cells]
        best = int(np.abs(correlations[0]).argmax())
        most = np.abs(correlations).max(axis=1)
        # The series itself is one of all the ways in which it might lie.
        chance = float(np.mean(most >= most[0] - 1e-12))
        layer, unit = divmod(best, units)
        found.append(Following(what, layer, unit, float(correlations[0, best]), chance, values))
    return sorted(found, key=lambda one: (round(one.chance, 2), -abs(one.correlation)))


def _standard(values: Floats) -> Floats:
    """Mean 0 and variance 1 down the columns; 0 where nothing varies."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf))


def half_lives(trace: GateTrace) -> Floats:
    """Notes after which half of what each cell held is gone, float64 [L, H], up to `LONGEST`."""
    forget = np.maximum(trace.gates[:, :, FORGET].astype(np.float64), 1e-6)
    kept = np.log(np.minimum(forget, 1 - 1e-9)).mean(axis=1)
    return np.asarray(np.minimum(np.log(0.5) / kept, LONGEST))
