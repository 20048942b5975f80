"""Notes as JSON: a piece in beats, for programs that have no MIDI library.

    {"bpm": 120, "metre": "3/4", "parts": [{"program": 0, "name": "piano"}],
     "notes": [{"pitch": 60, "start_beat": 0, "duration_beats": 1, "velocity": 80, "part": 0}]}

Conventions:
    Beats are quarter notes from the beginning of the piece. Programs are 0..127, and 128 for
    drums. The names are those of docs/osc.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import mido

from composer.encoding.events import SLOTS
from composer.errors import SeedError
from composer.formats import midi
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap, bpm_to_tempo, tempo_to_bpm

TICKS: Final = 480
MOST_NOTES: Final = 20_000
LAST_BEAT: Final = 100_000.0

Surprise = Mapping[tuple[int, Note], float]
"""(part, note) -> nats; see `composer.evaluation.evaluate.note_surprise`."""


def piece_of(content: Mapping[str, Any]) -> Piece:
    """The music in a JSON object.

    Raises:
        SeedError: There is none in it, or a value is not what it may be.
    """
    rows = content.get("notes")
    if not isinstance(rows, list) or not rows:
        raise SeedError("there are no notes")
    if len(rows) > MOST_NOTES:
        raise SeedError(f"there are {len(rows)} notes, {MOST_NOTES} are the most")
    parts = content.get("parts", [])
    if not isinstance(parts, list) or len(parts) > SLOTS:
        raise SeedError(f"parts are a list, of {SLOTS} at most")
    notes: dict[int, list[Note]] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise SeedError(f"note {number} is no object of pitch, start_beat, duration_beats")
        part = int(_number(row, "part", 0, SLOTS - 1, f"note {number}", 0))
        start = _number(row, "start_beat", 0, LAST_BEAT, f"note {number}")
        length = _number(row, "duration_beats", 0, 1000, f"note {number}", 1)
        notes.setdefault(part, []).append(
            Note(
                round(start * TICKS),
                int(_number(row, "pitch", 0, 127, f"note {number}")),
                max(round(length * TICKS), 1),
                max(int(_number(row, "velocity", 0, 127, f"note {number}", 80)), 1),
            )
        )
    made: list[Part] = []
    for index in sorted(notes):
        told = parts[index] if index < len(parts) and isinstance(parts[index], dict) else {}
        program = int(_number(told, "program", 0, DRUM_PROGRAM, f"part {index}", 0))
        name = str(told.get("name", ""))[:80]
        made.append(Part(tuple(notes[index]), program, name, track=len(made) + 1))
    bpm = _number(content, "bpm", 10, 400, "the music", 120)
    tempos = TempoMap(((0, bpm_to_tempo(bpm)),))
    written = Piece(tuple(made), TICKS, tempos, _metres(content.get("metre", "4/4")))
    # Read back, so that parts know the tracks and channels they were given.
    return midi.to_piece(midi.from_piece(written))


def file_of(piece: Piece) -> mido.MidiFile:
    """A piece as a file."""
    return midi.from_piece(piece)


def content_of(piece: Piece, surprise: Surprise | None = None, since: int = 0) -> dict[str, Any]:
    """A piece as a JSON object, with each note's surprise in nats where that is known.

    Args:
        piece: The music.
        surprise: What the network thinks of its notes.
        since: Tick before which notes are left out.
    """
    beat = piece.ticks_per_beat
    notes = []
    for index, note in piece.notes():
        if note.onset < since:
            continue
        row: dict[str, Any] = {
            "pitch": note.pitch,
            "start_beat": round(note.onset / beat, 4),
            "duration_beats": round(note.duration / beat, 4),
            "velocity": note.velocity,
            "part": index,
        }
        nats = None if surprise is None else surprise.get((index, note))
        if nats is not None and math.isfinite(nats):
            row["surprise"] = round(nats, 3)
        notes.append(row)
    return {
        "title": piece.title,
        "tempos": [[t / beat, round(tempo_to_bpm(us), 3)] for t, us in piece.tempos.changes],
        "metres": [[t / beat, upper, lower] for t, upper, lower in piece.metres.changes],
        "parts": [
            {"program": part.program, "name": part.name, "channel": part.channel + 1}
            for part in piece.parts
        ],
        "notes": notes,
        "end_beat": round(piece.end / beat, 4),
    }


def _metres(text: object) -> MetreMap:
    upper, _, lower = str(text).partition("/")
    try:
        return MetreMap(((0, int(upper), int(lower)),))
    except ValueError:
        raise SeedError(f"metre is {str(text)[:20]!r}, must be like 4/4, 3/4 or 6/8") from None


def _number(
    row: Mapping[str, Any],
    name: str,
    low: float,
    high: float,
    where: str,
    default: float | None = None,
) -> float:
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SeedError(f"{name} of {where} is {str(value)[:20]}, must be {low:g} to {high:g}")
    return value
