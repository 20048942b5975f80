"""Fill speed: how long bars take that are filled, beside bars that are generated.

Both are tried as often, in turns, and the seconds are the processor's.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from composer.generation.generate import continue_seed
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.verbs import write_inside
from composer.inside.writing import FILL, Writing
from composer.network.predictor import Predictor
from composer.shipped import shipped

SONG, SONG_BARS = "song.mid", 16
"""The shipped song that is played twice, so that bars can be filled in it."""
FILLED = (15, 18)
"""Bars of it that are."""
FILLS = 3
"""Times they are filled."""


def fill_times(predictor: Predictor) -> dict[str, float]:
    """Seconds of the processor that filling four of 32 bars takes, and generating four."""
    from composer.formats import midi

    song = midi.read(shipped(SONG))
    length = SONG_BARS * song.metres.position(0, song.ticks_per_beat).length
    twice = song.with_parts(
        tuple(
            replace(
                part,
                notes=part.notes
                + tuple(replace(note, onset=note.onset + length) for note in part.notes),
            )
            for part in song.parts
        )
    )
    file = midi.from_piece(twice)
    seed, settings = Seed(Path(SONG), file, midi.to_piece(file)), Settings(bars=4, takes=32)
    generating: list[float] = []
    filling: list[float] = []
    for _ in range(FILLS):
        began = time.process_time()
        continue_seed(seed.analysis(), predictor, settings)
        generating.append(time.process_time() - began)
        began = time.process_time()
        write_inside(seed, predictor, settings, Writing(FILL, FILLED))
        filling.append(time.process_time() - began)
    ratio = float(np.median(np.array(filling) / np.array(generating)))
    return {
        "generate_s": round(float(np.median(generating)), 3),
        "fill_s": round(float(np.median(filling)), 3),
        "times": round(ratio, 2),
    }
