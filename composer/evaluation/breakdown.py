"""Breakdown: nats per note by where in its piece a note stands and by who plays it.

By position: does the network make use of what it has heard? Whole pieces, the state
carried, the mean over all notes that stand so far from their piece's beginning. And by
crops: the same notes once with all of the piece before them, and once with no more than
the crop they are in.

Conventions:
    Nats are float32 [notes + 1, 5] a piece, from `composer.network.likelihood.note_nats`; END, the
    last row, is no note and is left out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    END,
    FIELDS,
    PART,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    Events,
)
from composer.evaluation.overlap import Estimate
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import MetreMap
from composer.network.likelihood import STREAMS, note_nats
from composer.network.predictor import Predictor
from composer.network.trunk import Floats
from composer.terminal import Advance

EDGES = (0, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""First note of each stretch of a piece, counted from 0; the last stretch has no end."""
FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive",
    "sound effects",
)  # fmt: skip
"""Of eight programs each (General MIDI 1)."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class NoteScores:
    """A piece and what the network made of each of its notes.

    Attributes:
        events: The piece.
        nats: float32 [notes + 1, 5].
        corpus: Where it belongs.
    """

    events: Events
    nats: Floats
    corpus: str = ""


def stretch_name(index: int) -> str:
    """The notes of a stretch, counted from 1: "1 to 8"."""
    last = "on" if index + 1 == len(EDGES) else f"to {EDGES[index + 1]}"
    return f"{EDGES[index] + 1} {last}"


def by_position(note_scores: Sequence[NoteScores]) -> dict[str, dict[str, Any]]:
    """Stretch -> pieces, notes, nats per note with its interval, and by field."""
    groups: dict[str, list[NDArray[np.float64]]] = {}
    for piece in note_scores:
        notes = piece.nats[:-1]
        for index, first in enumerate(EDGES):
            last = EDGES[index + 1] if index + 1 < len(EDGES) else len(notes)
            if len(notes) > first:
                part = notes[first:last]
                groups.setdefault(stretch_name(index), []).append(_sums(part))
    order = [stretch_name(index) for index in range(len(EDGES))]
    return {name: _figures(groups[name]) for name in order if name in groups}


def by_part(note_scores: Sequence[NoteScores]) -> dict[str, dict[str, Any]]:
    """Place of the part in its piece and its kind of instrument -> as `by_position`."""
    groups: dict[str, list[NDArray[np.float64]]] = {}
    for piece in note_scores:
        for slot, program in enumerate(piece.events.programs):
            own = piece.nats[:-1][piece.events.rows[:, PART] == slot]
            if len(own):
                kind = "drums" if program == DRUM_PROGRAM else FAMILIES[program // 8]
                groups.setdefault(f"{slot + 1:2d} {kind}", []).append(_sums(own))
    return {name.strip(): _figures(groups[name]) for name in sorted(groups)}


def _sums(nats: Floats) -> NDArray[np.float64]:
    """[6]: nats by field, then notes."""
    return np.append(nats.sum(axis=0, dtype=np.float64), len(nats))


def _figures(pieces: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    table = np.array(pieces)
    per = table[:, : len(FIELDS)].sum(axis=0) / table[:, -1].sum()
    interval = ratio_interval(table[:, : len(FIELDS)].sum(axis=1), table[:, -1])
    return {
        "pieces": len(table),
        "notes": int(table[:, -1].sum()),
        "nats_per_note": float(per.sum()),
        "interval": None if interval is None else list(interval),
        "fields": dict(zip(FIELDS, per.tolist(), strict=True)),
    }


def ratio_interval(
    nats: NDArray[np.float64], notes: NDArray[np.float64]
) -> tuple[float, float] | None:
    """95 % interval of summed nats over summed notes, by the bootstrap over pieces."""
    if len(nats) < 2:
        return None
    drawn = np.random.default_rng(0).integers(len(nats), size=(RESAMPLES, len(nats)))
    low, high = np.quantile(nats[drawn].sum(axis=1) / notes[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def crop(events: Events, start: int, length: int) -> Events:
    """Some notes of a piece as a piece of its own that begins in the same place of the bar.

    Args:
        events: The piece.
        start: First note.
        length: Notes.
    """
    rows = events.rows[start : start + length].copy()
    onset = int(events.onsets[start])
    if events.kind == FREE:
        inside, metres = 0, MetreMap()
    else:
        inside = events.metres.position(onset, TICKS_PER_BEAT).tick
        line = onset - inside
        changes = [(0, *events.metres.metre_at(line))]
        changes += [(tick - line, n, d) for tick, n, d in events.metres.changes if tick > line]
        metres = MetreMap(tuple(changes))
    # A place late in a long bar may lie between classes: the nearest at or below it.
    rows[0, SHIFT] = min(int(np.searchsorted(SHIFT_TICKS, inside, side="right")) - 1, END - 1)
    return Events(rows, events.programs, events.kind, metres)


def against_crops(
    predictor: Predictor,
    note_scores: Sequence[NoteScores],
    length: int,
    streams: int = STREAMS,
    progress: Advance | None = None,
) -> dict[str, Any]:
    """What the same notes cost with the whole piece before them, and within crops.

    The first note of a crop, whose shift means something else there, counts in neither;
    neither does a crop shorter than the rest.

    Args:
        predictor: The network.
        note_scores: Of the whole pieces.
        length: Notes in a crop.
        streams: Crops side by side.
        progress: Called with notes scored and notes in all.

    Returns:
        "length", "notes", nats per note "whole", "cropped", and their "difference" with
        its "interval"; nothing but the first two if no piece is long enough.
    """
    places = [
        (index, start)
        for index, piece in enumerate(note_scores)
        for start in range(0, len(piece.events.rows) - length + 1, length)
    ]
    crops = [crop(note_scores[index].events, start, length) for index, start in places]
    table = np.zeros((len(note_scores), 3))  # nats whole, nats cropped, notes
    for number, nats in note_nats(predictor, crops, streams, progress):
        index, start = places[number]
        whole = note_scores[index].nats[start + 1 : start + length]
        table[index] += (whole.sum(), nats[1:-1].sum(), length - 1)
    table = table[table[:, 2] > 0]
    figures: dict[str, Any] = {"length": length, "notes": int(table[:, 2].sum())}
    if not len(table):
        return figures
    whole, cropped, notes = table.sum(axis=0)
    interval = ratio_interval(table[:, 1] - table[:, 0], table[:, 2])
    return figures | {
        "whole": float(whole / notes),
        "cropped": float(cropped / notes),
        "difference": float((cropped - whole) / notes),
        "interval": None if interval is None else list(interval),
    }


def engines(a: Sequence[NoteScores], b: Sequence[NoteScores]) -> dict[str, Any]:
    """How much dearer the same pieces are to one engine than to another, in nats per note."""
    table = np.array(
        [
            (left.nats.sum(dtype=np.float64), right.nats.sum(dtype=np.float64), len(left.nats) - 1)
            for left, right in zip(a, b, strict=True)
        ]
    )
    left, right, notes = table.sum(axis=0)
    interval = ratio_interval(table[:, 0] - table[:, 1], table[:, 2])
    low, high = interval or (float("nan"), float("nan"))
    return {
        "int8": float(left / notes),
        "float32": float(right / notes),
        "difference": Estimate(float((left - right) / notes), low, high).as_dict(),
    }
