"""Conversions: what music can be kept as, by name, and what writes it.

Conventions:
    `content` is the request, as JSON has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import mido

from composer.errors import SettingError
from composer.formats import musicxml, smf
from composer.music.notes import Piece


def _as_midi(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    return smf.encode(file)


def _as_score(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    return musicxml.encode(piece)


def _as_picture(file: mido.MidiFile, piece: Piece, content: Mapping[str, Any]) -> bytes:
    from composer.plots.piano_roll import piano_roll_png

    try:
        join_beat = float(content.get("join_beat", 0))
    except (TypeError, ValueError, OverflowError):
        raise SettingError("join_beat is no number") from None
    join_beat = min(max(join_beat, 0.0), 1e6) if math.isfinite(join_beat) else 0.0
    join = round(join_beat * piece.ticks_per_beat)
    join = join if 0 < join < piece.end else piece.end
    sides = [
        piece.with_parts(
            tuple(
                replace(part, notes=tuple(n for n in part.notes if (n.onset < join) is before))
                for part in piece.parts
            )
        )
        for before in (True, False)
    ]
    return piano_roll_png(sides[0], sides[1], join)


Write = Callable[[mido.MidiFile, Piece, Mapping[str, Any]], bytes]
FORMATS: Final[Mapping[str, tuple[str, str, Write]]] = {
    "midi": (".mid", "audio/midi", _as_midi),
    "musicxml": (".musicxml", "application/vnd.recordare.musicxml+xml", _as_score),
    "png": (".png", "image/png", _as_picture),
}
"""What music can be kept as -> its suffix, its media type, and what writes it."""
