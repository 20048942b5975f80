"""Insertion: what was written inside a piece as music in the piece's ticks, and in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import mido
import numpy as np

from composer.analysis.voice_leading import voice_leading
from composer.encoding.events import DURATION, DURATION_TICKS, PART, PITCH, SHIFT, VELOCITY
from composer.formats import midi_insert
from composer.generation.continuation import PerformanceStyle
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.stream import Stream
from composer.inside.streams import Passage
from composer.inside.whole_piece import Ints
from composer.music.notes import Note, Piece


@dataclass(frozen=True, slots=True)
class Insertion:
    """Music written inside a piece.

    Attributes:
        piece: The new notes only, in the parts of the piece, of which the last may be new.
        removed: (index of the part, note) of the notes that they replace.
        start: Tick at which what is written begins.
        end: Tick behind it.
        added: Indices of the parts that are new.
        analysis: How the piece was understood.
        variation: Its number.
        figures: What may be asked of it, by name: of voices, parallels and crossings.
    """

    piece: Piece
    removed: tuple[tuple[int, Note], ...]
    start: int
    end: int
    added: tuple[int, ...]
    analysis: SeedAnalysis
    variation: int
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def given(self) -> Piece:
        """The notes that stand, in the same parts."""
        gone = set(self.removed)
        parts = tuple(
            replace(part, notes=tuple(note for note in part.notes if (index, note) not in gone))
            for index, part in enumerate(self.analysis.piece.parts)
        )
        return self.analysis.piece.with_parts(parts)

    @property
    def whole(self) -> Piece:
        """The piece with what was written, for scores."""
        parts = tuple(
            replace(own, notes=own.notes + new.notes)
            for own, new in zip(self.given.parts, self.piece.parts, strict=True)
        )
        return self.piece.with_parts(parts)

    def file(self, file: mido.MidiFile) -> mido.MidiFile:
        """The piece's file with what was written; what stands stays message for message.

        Raises:
            OutputError: There is no channel left for a new part.
        """
        span = midi_insert.Span(self.start, self.end)
        return midi_insert.inserted(file, self.piece, self.removed, span, self.added)


def to_insertion(passage: Passage, stream: Stream, added: Sequence[int] = ()) -> Insertion:
    """A finished stream as music in the ticks of its piece.

    Args:
        passage: What was written in.
        stream: What was drawn.
        added: Indices of the parts that are new.
    """
    analysis, whole, loose = passage.analysis, passage.whole, passage.loose
    style = PerformanceStyle.of(analysis)
    origins = np.array(stream.origins, dtype=np.int64)
    rows, onsets = stream.events().astype(np.int64), stream.ticks()
    changed = np.zeros(len(whole.notes), dtype=bool)
    written = (origins < 0) & (onsets < passage.opening.end)
    if loose is not None:
        again = origins >= 0
        changed[origins[again]] = loose.free[origins[again]]
        written |= again & loose.free[origins]
    else:
        keys = {tuple(note) for note in passage.given.notes[:, :3].tolist()}
        changed[:] = [tuple(note) not in keys for note in whole.notes[:, :3].tolist()]
    single = style.single | frozenset(
        slot for slot, instrument in passage.added.items() if instrument.chord == 1
    )
    ends = onsets + DURATION_TICKS[rows[:, DURATION]]
    for slot in single:
        own = np.flatnonzero(rows[:, PART] == slot)
        ends[own[:-1]] = np.maximum(
            np.minimum(ends[own[:-1]], onsets[own[1:]]), onsets[own[:-1]] + 1
        )
    notes: dict[int, list[Note]] = {}
    ends = np.minimum(ends, passage.opening.end + passage.ring)
    if loose is None:
        ends = _until_struck(rows, onsets, ends, passage.given.notes, single)
    starts, stops = analysis.ticks(onsets), analysis.ticks(ends)
    for number in np.flatnonzero(written).tolist():
        slot, pitch = int(rows[number, PART]), int(rows[number, PITCH])
        index = whole.placement.slots[slot]
        note = Note(
            starts[number],
            pitch,
            max(stops[number] - starts[number], 1),
            style.velocity(slot, int(rows[number, VELOCITY])),
        )
        if loose is not None and not loose.moves:
            _, old = whole.sources(whole.notes[origins[number]][None])[0]
            note = replace(old, pitch=pitch)
        notes.setdefault(index, []).append(note)
    parts = tuple(
        replace(part, notes=tuple(notes.get(index, ())))
        for index, part in enumerate(whole.piece.parts)
    )
    insertion = Insertion(
        whole.piece.with_parts(parts),
        tuple(whole.sources(whole.notes[changed])),
        analysis.tick(passage.opening.start),
        analysis.tick(passage.opening.end),
        tuple(added),
        analysis,
        stream.variation,
    )
    if not any(instrument.voice for instrument in passage.added.values()):
        return insertion
    voices = [
        part.notes
        for part in (insertion.whole.parts[index] for index in whole.placement.slots)
        if not part.is_drums
    ]
    return replace(insertion, figures=voice_leading(voices))


def _until_struck(rows: Ints, onsets: Ints, ends: Ints, given: Ints, single: Set[int]) -> Ints:
    """Where notes end that last until a given note of their part is struck on their key.

    Args:
        rows: Of the notes, int [N, 5].
        onsets: Their ticks, [N].
        ends: Where they would end, [N].
        given: int [G, 5], as `WholePiece.notes` has them.
        single: Slots that play one note after another: there any key counts.
    """
    until = ends.copy()
    for slot in np.unique(rows[:, PART]).tolist():
        theirs = given[given[:, PART] == slot]
        for number in np.flatnonzero(rows[:, PART] == slot).tolist():
            later = theirs[:, SHIFT] > onsets[number]
            if slot not in single:
                later &= theirs[:, PITCH] == rows[number, PITCH]
            if later.any():
                until[number] = min(until[number], theirs[later, SHIFT].min())
    return until
