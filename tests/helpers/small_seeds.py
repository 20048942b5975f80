"""Small pieces as seed files, and the messages of files."""

from __future__ import annotations

from pathlib import Path

import mido

from composer.formats import midi
from composer.generation.seed_files import Seed
from composer.music.notes import Note, Part, Piece

BEAT = 96


def quarters(bars: int, pitch: int, *, without: range = range(0)) -> tuple[Note, ...]:
    """A scale in quarters, but for some bars of four."""
    return tuple(
        Note(beat * BEAT, pitch + (0, 2, 4, 5, 7)[beat % 5], BEAT, 80)
        for beat in range(4 * bars)
        if beat // 4 not in without
    )


def seed_of(piece: Piece, **more: object) -> Seed:
    """A file with a piece in it, as it is read from disk."""
    file = midi.from_piece(piece)
    return Seed(Path("a.mid"), file, midi.to_piece(file), **more)  # type: ignore[arg-type]


def duet(bars: int = 8, without: range = range(0), **fields: object) -> Seed:
    high = Part(quarters(bars, 72, without=without), 0, "Piano", 1, 0)
    low = Part(quarters(bars, 48, without=without), 32, "Bass", 2, 1)
    return seed_of(Piece((high, low), BEAT, **fields))  # type: ignore[arg-type]


def messages(file: mido.MidiFile) -> list[list[tuple[int, object]]]:
    """(absolute tick, message) of each track, without its end."""
    found = []
    for track in file.tracks:
        tick, own = 0, []
        for message in track:
            tick += message.time
            own.append((tick, message.copy(time=0)))
        found.append(own)
    return found
