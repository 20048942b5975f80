"""A piece of music in rows of numbers."""

from __future__ import annotations

from composer.music.notes import Note, Part, Piece


def piece(*parts: list[tuple[int, int, int, int]], **fields: object) -> Piece:
    """A piece of (onset, pitch, duration, velocity) lists, one a part."""
    made = tuple(
        Part(tuple(Note(*note) for note in notes), track=index + 1, channel=index % 9)
        for index, notes in enumerate(parts)
    )
    return Piece(made, **fields)  # type: ignore[arg-type]
