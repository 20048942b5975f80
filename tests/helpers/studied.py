"""Pieces to study, written down in a few words."""

from __future__ import annotations

from pathlib import Path

from composer.generation.seed_analysis import analyse_seed
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap
from composer.study.music import Music, music_of

BEAT = 480
Row = tuple[float, float, int]
"""(beat, beats long, pitch)."""


def music(
    *parts: list[Row], programs: tuple[int, ...] = (), metre: tuple[int, int] = (4, 4)
) -> Music:
    """A piece of parts, each a list of notes; all pianos unless told."""
    made = tuple(
        Part(
            tuple(
                Note(round(beat * BEAT), pitch, round(beats * BEAT), 80)
                for beat, beats, pitch in rows
            ),
            program=programs[index] if programs else 0,
            track=index + 1,
            channel=index,
        )
        for index, rows in enumerate(parts)
    )
    piece = Piece(made, BEAT, metres=MetreMap(((0, *metre),)))
    return music_of(analyse_seed(piece, grid="beats"), Path("piece.mid"))


def chorale(*chords: tuple[int, ...], beats: float = 1.0) -> list[list[Row]]:
    """Chords one after another, each voice a part, the highest first."""
    return [
        [(beats * at, beats, chord[voice]) for at, chord in enumerate(chords)]
        for voice in range(len(chords[0]))
    ]


C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71
I_ = (72, 67, 64, 48)
IV = (72, 69, 65, 53)
V = (71, 67, 62, 55)
V7 = (71, 65, 62, 55)
VI = (72, 64, 60, 57)
"""Chords of C major in four parts."""
