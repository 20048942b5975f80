"""New notes among those that stand: on a key that is held, nothing else is struck."""

from __future__ import annotations

from composer.formats import midi, midi_insert
from composer.music.notes import Note, Part, Piece

STANDS = (Note(0, 60, 960, 80), Note(1440, 62, 480, 80))


def inserted(*new: Note) -> list[tuple[int, int, int]]:
    """(onset, pitch, duration) of all notes, once these were put into a file."""
    file = midi.from_piece(Piece((Part(STANDS, 0, "Piano", 1, 0),), 480))
    part = midi.to_piece(file).parts[0]
    piece = Piece((Part(new, part.program, part.name, part.track, part.channel),), 480)
    return [
        (note.onset, note.pitch, note.duration)
        for note in midi.to_piece(midi_insert.inserted(file, piece)).parts[0].notes
    ]


def test_a_note_on_a_key_that_is_held_is_left_out() -> None:
    assert inserted(Note(480, 60, 240, 90)) == [(0, 60, 960), (1440, 62, 480)]
    assert inserted(Note(960, 60, 240, 90)) == [(0, 60, 960), (960, 60, 240), (1440, 62, 480)]


def test_a_note_ends_where_its_key_is_struck_again() -> None:
    assert inserted(Note(1200, 62, 960, 90)) == [(0, 60, 960), (1200, 62, 240), (1440, 62, 480)]
