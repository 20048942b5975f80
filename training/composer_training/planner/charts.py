"""Charts as bars to plan by: chords and sections of songs, without notes.

A bar takes up the bar at its place in the section of the same letter that came before. How nearly
follows from the chords: a chart says no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from composer.analysis.phrases import bars_left
from composer.encoding.events import TICKS_PER_BEAT
from composer.music.chords import NO_CHORD, TONES, chord_code
from composer.music.plan import EXACT, FAR, LOOSE, NONE
from composer.planning.bars import CONTENT, Bars
from composer_training.data.charts import Bar, Chart, read_chart
from composer_training.data.chords import Chord
from composer_training.data.dataset import DatasetError

_PHRASE = 4
"""Bars of a phrase: sections are divided into so many, and what is left is one of its own."""
_VALIDATION = 16
"""Of so many charts one is for validation."""


def read_folder(folder: Path) -> Iterator[tuple[str, Bars]]:
    """(split, bars) of every chart of a folder that can be read."""
    for path in sorted(folder.glob("*.txt")):
        try:
            chart = read_chart(path)
        except DatasetError:
            continue
        digest = int(hashlib.sha256(path.name.encode()).hexdigest(), 16)
        yield "train" if digest % _VALIDATION else "valid", bars_of_chart(chart)


def bars_of_chart(chart: Chart) -> Bars:
    """The plan of a chart, as bars of which nothing was heard but their chords."""
    chords: list[tuple[int, int]] = []
    references: list[int] = []
    starts: list[int] = []
    latest: dict[str, tuple[int, int]] = {}  # first bar and length of each letter's last section
    sounding = NO_CHORD
    for section in chart.sections:
        begin = len(chords)
        model, length = latest.get(section.letter, (0, 0))
        for place, bar in enumerate(section.bars):
            if place % _PHRASE == 0:
                starts.append(len(chords))
            first, sounding = _halves(bar, sounding)
            chords.append((first, sounding))
            references.append(model + place if place < length else NONE)
        if section.letter not in latest or len(section.bars) >= length:
            latest[section.letter] = begin, len(section.bars)
    count = len(chords)
    table = np.array(chords, dtype=np.int64).reshape(count, 2)
    refers = np.array(references, dtype=np.int64)
    beats = [bar.beats for section in chart.sections for bar in section.bars]
    lengths = TICKS_PER_BEAT * np.array(beats, dtype=np.int64)
    refers[lengths[refers] != lengths] = NONE  # only bars of one length are compared
    same = (table == table[np.maximum(refers, 0)]).all(axis=1)
    return Bars(
        references=refers,
        nearness=np.where(refers < 0, 0, np.where(same, EXACT, LOOSE)),
        chords=table,
        phrase=np.array(bars_left(starts, count, FAR), dtype=np.int64),
        ending=np.minimum(count - np.arange(count), FAR),
        lengths=lengths,
        content=np.zeros((count, len(CONTENT)), dtype=np.float32),
        heard=count,
    )


def _halves(bar: Bar, sounding: int) -> tuple[int, int]:
    """Chords of both halves; the one that sounds before goes on where none begins."""
    middle = bar.beats / 2
    found = [sounding, sounding]
    for beat, chord in bar.chords:
        code = NO_CHORD if chord is None else _code(chord)
        if beat <= 0:
            found[0] = code
        if beat <= middle:
            found[1] = code
    return found[0], found[1]


def _code(chord: Chord) -> int:
    """The quality that has most tones in common with a chord, the fewest others."""
    tones = {interval % 12 for interval in chord.intervals}
    misfit = [len(tones ^ set(own)) for own in TONES]
    return chord_code(chord.root, misfit.index(min(misfit)))
