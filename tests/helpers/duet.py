"""Duet: a melody over a bass, drawn from a number, as a piece and as it is found in a corpus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from composer.encoding.placement import encode
from composer.evaluation.evaluate import EncodedPiece
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import Note, Part, Piece
from composer.music.timing import TempoMap


def song(seed: int, bars: int = 16) -> Piece:
    """A bass on the beats and a melody over it, 24 ticks to the beat."""
    rng = np.random.default_rng(seed)
    bass = tuple(Note(24 * n, int(rng.integers(36, 48)), 24, 70) for n in range(4 * bars))
    notes = tuple(
        Note(12 * n, int(rng.integers(60, 80)), 12, int(rng.integers(60, 100)))
        for n in range(8 * bars)
    )
    return Piece((Part(notes, 0), Part(bass, 33, track=1, channel=1)), 24)


def found(seed: int, bars: int = 16, tempos: TempoMap | None = None) -> EncodedPiece:
    """The same, ready to be scored or halved."""
    piece = replace(song(seed, bars), tempos=tempos or TempoMap())
    events, placement = encode(piece, Grid(BEATS, share=1.0))
    return EncodedPiece(f"song {seed}", "songs", events, True, piece, placement)
