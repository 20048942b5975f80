"""Logs of small jams, note by note, with marks of their replies."""

from __future__ import annotations

import random
from pathlib import Path

from composer.formats import midi
from composer.live.core.keyboard import HeldKey
from composer.live.core.scheduler import Play
from composer.live.core.session_log import DISLIKE, LIKE, REPLY, SessionLog

BEAT = 0.5
"""Seconds."""


def phrase(log: SessionLog, beat: float, pitches: list[int], channel: int = 0) -> None:
    """The player's notes, one a beat."""
    for at, pitch in enumerate(pitches):
        log.begin((beat + at) * BEAT, HeldKey(channel, pitch), 70 + at)
        log.end((beat + at + 0.75) * BEAT, HeldKey(channel, pitch))


def reply(log: SessionLog, number: int, beat: float, pitches: list[int], channel: int = 0) -> None:
    """Composer's notes, one a beat, announced a tenth of a second before."""
    log.mark(beat * BEAT - 0.1, REPLY, number)
    for at, pitch in enumerate(pitches):
        log.played(Play(pitch, 80 + at % 8, channel, (beat + at) * BEAT))
        log.played(Play(pitch, 0, channel, (beat + at + 0.75) * BEAT))


def begun() -> SessionLog:
    """A log that stands on beat 0, at 120 beats a minute."""
    log = SessionLog()
    log.place(0.0, 0.0, 120.0)
    return log


def write_jam(path: Path, seed: int, replies: int = 6) -> None:
    """A jam of two-bar phrases and replies; high replies are liked, low ones are not."""
    rng, log = random.Random(seed), begun()
    for number in range(1, replies + 1):
        start = 16.0 * (number - 1)
        phrase(log, start, [60 + rng.choice((0, 2, 4, 5, 7)) for _ in range(8)])
        liked = number % 2 == 1
        low = 72 if liked else 48
        reply(log, number, start + 8, [low + rng.choice((0, 2, 4, 5, 7)) for _ in range(7)])
        log.mark((start + 15.5) * BEAT, LIKE if liked else DISLIKE, number)
    file = log.file()
    assert file is not None
    midi.save(file, path, force=True)
