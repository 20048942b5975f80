"""Notes that the network of a live session hears, and what it would say of a file of them."""

from __future__ import annotations

import numpy as np

from composer.encoding.events import MetreMap, quantise
from composer.live.playing.inference import InferenceScheduler
from composer.live.playing.network_improviser import NetworkImproviser
from composer.music.beat_grid import BEATS

Rows = list[tuple[int, int, int]]  # onset, pitch, duration
PHRASE: Rows = [(12, 60, 12), (24, 62, 12), (36, 64, 12), (36, 67, 30), (72, 60, 24), (150, 62, 6)]


def listened(scheduler: InferenceScheduler, kind: str = BEATS) -> NetworkImproviser:
    improviser = scheduler.improviser()
    improviser.set_parts(kind, 96 if kind == BEATS else 200, {0: 0})
    return improviser


def work(scheduler: InferenceScheduler) -> None:
    while not scheduler.idle:
        scheduler.step()


def play(improviser: NetworkImproviser, rows: Rows) -> None:
    for onset, pitch, duration in rows:
        improviser.note_off(improviser.note_on(onset, 0, pitch, 80), onset + duration)


def heard_as_a_file(scheduler: InferenceScheduler, rows: Rows, kind: str = BEATS) -> np.ndarray:
    """The recurrent state of the offline path after the same notes."""
    table = np.array(rows, dtype=np.int64)
    zeros = np.zeros(len(rows), dtype=np.int64)
    events = quantise(
        table[:, 0].astype(float), table[:, 2].astype(float), zeros, table[:, 1],
        zeros + 80, (0,), kind, MetreMap(),
    )  # fmt: skip
    return scheduler.predictor.prime(events).recurrent
