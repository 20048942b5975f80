"""Surprise: what the network thinks of each note of some pieces, in nats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from composer.encoding.placement import encode
from composer.evaluation.evaluate import EncodedPiece, note_surprise
from composer.music.beat_grid import find_grid
from composer.music.notes import Piece
from composer.network.likelihood import note_nats
from composer.network.predictor import Predictor
from composer.web.notes_json import Surprise

MOST_SCORED: Final = 4096
"""Notes of a piece up to which each is said how surprising it is."""


def surprise_of(predictor: Predictor, pieces: Sequence[Piece]) -> list[Surprise]:
    """How surprising each note of some pieces is, in nats; nothing of pieces that are long."""
    found: dict[int, EncodedPiece] = {}
    for index, piece in enumerate(pieces):
        if piece.note_count <= MOST_SCORED:
            events, placement = encode(piece, find_grid(piece, "auto"))
            found[index] = EncodedPiece("", "", events, True, piece, placement)
    scored: list[Surprise] = [{} for _ in pieces]
    order = list(found)
    for number, nats in note_nats(predictor, [found[index].events for index in order]):
        scored[order[number]] = note_surprise(found[order[number]], nats)
    return scored
