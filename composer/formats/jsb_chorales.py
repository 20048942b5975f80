"""Chorales: files of the JSB-Chorales-dataset, four voices in frames of a sixteenth note.

The format: {"train": [piece...], ...}, a piece a list of frames, a frame the four voices'
pitches from the top, -1 for silence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from composer.music.notes import Note, Part, Piece


def chorale_items(path: Path) -> list[tuple[str, int]]:
    """(split, index) of each chorale in a file of the JSB-Chorales-dataset, or nothing.

    Only files with separate voices are taken, since the others do not say which note goes
    on where.
    """
    if not path.stem.lower().endswith("separated"):
        return []
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [
            (split, index) for split in sorted(document) for index in range(len(document[split]))
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def read_chorale(path: Path, item: tuple[str, int]) -> Piece:
    """One four-voice chorale as a Piece; equal frames of a voice are one note."""
    return to_piece(json.loads(path.read_text(encoding="utf-8"))[item[0]][item[1]])


def read_chorales(path: Path) -> dict[tuple[str, int], Piece]:
    """All chorales of a file, by (split, index); nothing if it is no such file."""
    items = chorale_items(path)
    document = json.loads(path.read_text(encoding="utf-8")) if items else {}
    return {item: to_piece(document[item[0]][item[1]]) for item in items}


def to_piece(frames: Sequence[Sequence[int]]) -> Piece:
    """Frames [time][voice] as a Piece; equal frames of a voice are one note."""
    parts = []
    voices = len(frames[0])
    for voice in range(voices):
        notes, start = [], 0
        pitches = [frame[voice] for frame in frames]
        for index in range(1, len(pitches) + 1):
            if index == len(pitches) or pitches[index] != pitches[start]:
                if pitches[start] > 0:
                    notes.append(Note(start * 6, pitches[start], (index - start) * 6, 80))
                start = index
        if notes:
            parts.append(Part(tuple(notes), 52, track=voice + 1, channel=voice))
    return Piece(tuple(parts), 24)
