"""Songs for the planner's tests, written as musicians say them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from composer.encoding.events import Events, quantise
from composer.music.beat_grid import BEATS
from composer.music.chords import parse_chord
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import EXACT, NONE, Plan, PlannedBar
from composer.music.timing import MetreMap
from composer.planning.bars import CONTENT, Bars
from composer.planning.given import Given, GivenBar
from composer.planning.network import SHAPES

BEAT = 24


def song(chords: str, *, references: Sequence[int] | None = None, heard: int | None = None) -> Bars:
    """Bars of 4/4 with a chord each, in phrases of four."""
    names = chords.split()
    count = len(names)
    codes = np.array([parse_chord(name) for name in names], dtype=np.int64)
    refers = np.array(references if references is not None else [NONE] * count, dtype=np.int64)
    return Bars(
        references=refers,
        nearness=np.where(refers >= 0, EXACT, 0),
        chords=np.column_stack([codes, codes]),
        phrase=4 - np.arange(count) % 4,
        ending=np.zeros(count, dtype=np.int64),
        lengths=np.full(count, 4 * BEAT, dtype=np.int64),
        content=np.zeros((count, len(CONTENT)), dtype=np.float32),
        heard=count if heard is None else heard,
    )


def planned(chords: str, references: Sequence[int] | None = None) -> Plan:
    """The plan of such a song."""
    bars = song(chords, references=references)
    return Plan(
        tuple(
            PlannedBar(reference, 0, near, (first, second), phrase, 0)
            for reference, near, (first, second), phrase in zip(
                bars.references.tolist(),
                bars.nearness.tolist(),
                bars.chords.tolist(),
                bars.phrase.tolist(),
                strict=True,
            )
        )
    )


def given_by(plan: Plan, heard: int) -> Given:
    """All of a plan behind the bars that were heard, as fixed."""
    return Given(
        tuple(
            GivenBar(bar.reference, bar.nearness, bar.chords, bar.phrase or None, bar.transposition)
            for bar in plan.bars[heard:]
        )
    )


def band(bars: int, metre: tuple[int, int] = (4, 4)) -> Events:
    """In every bar four quarters of a melody, one note of a bass, and a drum on each beat."""
    beats = metre[0] * 4 // metre[1]
    table = np.array(
        [
            row
            for bar in range(bars)
            for beat in range(beats)
            for row in (
                (bar * beats + beat, 1, 0, (72, 71, 69, 67)[beat % 4]),
                (bar * beats + beat, 0.5, 2, 38),
                *(((bar * beats, beats, 1, 36),) if beat == 0 else ()),
            )
        ],
        dtype=float,
    )
    return quantise(
        table[:, 0] * BEAT,
        table[:, 1] * BEAT,
        table[:, 2].astype(np.int64),
        table[:, 3].astype(np.int64),
        np.full(len(table), 80),
        (0, 32, DRUM_PROGRAM),
        BEATS,
        MetreMap(((0, *metre),)),
    )


def random_weights(seed: int, scale: float = 0.3) -> dict[str, np.ndarray]:
    """Of a planner that nobody trained."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, scale, shape).astype(np.float32) for name, shape in SHAPES.items()}
