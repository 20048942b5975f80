"""A phrase of one part, and a match model that has heard some notes."""

from __future__ import annotations

from composer.encoding.match_model import MatchModel
from composer.music.beat_grid import BEATS

# (shift, part, pitch, duration, velocity): quarters and eighths of one part.
PHRASE = [
    (24, 0, 60, 23, 20),
    (24, 0, 62, 23, 18),
    (12, 0, 64, 11, 20),
    (12, 0, 65, 11, 17),
    (24, 0, 67, 23, 22),
    (24, 0, 69, 23, 20),
    (24, 0, 65, 23, 16),
    (24, 0, 62, 23, 19),
]


def after(rows: list[tuple[int, ...]], kind: str = BEATS) -> MatchModel:
    recall = MatchModel.start(kind)
    for row in rows:
        recall = recall.hear(row)
    return recall
