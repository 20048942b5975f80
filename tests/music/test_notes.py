"""Notes, parts and pieces are values, and valid from birth."""

from __future__ import annotations

import dataclasses

import pytest

from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece

C4, E4 = Note(0, 60, 96, 80), Note(96, 64, 48, 80)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ((-1, 60, 1, 1), "onset is -1"),
        ((0, 128, 1, 1), "pitch is 128"),
        ((0, 60, 0, 1), "duration is 0"),
        ((0, 60, 1, 0), "velocity is 0"),
        ((0, 60, 1, 128), "velocity is 128"),
    ],
)
def test_a_bad_note_is_named(fields: tuple[int, int, int, int], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        Note(*fields)


def test_notes_are_ordered_by_onset_then_pitch() -> None:
    chord = Note(96, 60, 400, 1)
    assert Part((E4, chord, C4)).notes == (C4, chord, E4)


def test_a_note_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        C4.pitch = 61  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "line"),
    [({"program": 129}, "program is 129"), ({"channel": 16}, "channel is 16")],
)
def test_a_bad_part_is_named(fields: dict[str, int], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        Part((), **fields)  # type: ignore[arg-type]


def test_ends() -> None:
    assert (C4.end, E4.end) == (96, 144)
    assert Part((E4, C4)).end == 144
    assert Part(()).end == Piece(()).end == 0
    assert Piece((Part((C4,)), Part((E4,)))).end == 144


def test_drums() -> None:
    assert Part((), program=DRUM_PROGRAM).is_drums
    assert not Part((), program=127).is_drums


def test_the_notes_of_a_piece_by_onset_part_and_pitch() -> None:
    bass = Note(0, 36, 96, 80)
    piece = Piece((Part((C4, E4)), Part((bass,))))
    assert list(piece.notes()) == [(0, C4), (1, bass), (0, E4)]
    assert piece.note_count == 3


def test_other_parts_under_the_same_metre() -> None:
    piece = Piece((Part((C4,)),), ticks_per_beat=96, title="Étude")
    other = piece.with_parts(())
    assert (other.parts, other.ticks_per_beat, other.title) == ((), 96, "Étude")


def test_a_piece_needs_a_resolution() -> None:
    with pytest.raises(ValueError, match="ticks_per_beat is 0"):
        Piece((), ticks_per_beat=0)
