"""Seeds as files: read any kind of seed, and put a continuation behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import mido

from composer.encoding.events import SLOTS
from composer.formats import midi
from composer.formats.music_file import MusicFile, read_music
from composer.generation.continuation import Continuation
from composer.generation.part_names import parts_called
from composer.generation.seed_analysis import AUTO_TEMPO, SeedAnalysis, analyse_seed
from composer.music.notes import DRUM_PROGRAM, Note, Piece
from composer.music.timing import MetreMap, TempoMap, tempo_to_bpm

_MOST_LISTED: Final = 8
"""Parts that a remark lists."""


@dataclass(frozen=True, slots=True)
class Seed(MusicFile):
    """A seed file."""

    def with_drums(self, drums: Sequence[str] = (), no_drums: Sequence[str] = ()) -> Seed:
        """The seed with parts that play drums, or do not, as told by number or name.

        Raises:
            SettingError: A number or name fits no part.
        """
        parts = list(self.piece.parts)
        names = [part.name for part in parts]
        for index in parts_called(names, drums):
            if not parts[index].is_drums:
                program = parts[index].program
                parts[index] = replace(parts[index], program=DRUM_PROGRAM, kit=program)
        for index in parts_called(names, no_drums):
            if parts[index].is_drums:
                parts[index] = replace(parts[index], program=parts[index].kit, kit=0)
        return replace(self, piece=self.piece.with_parts(tuple(parts)))

    def analysis(self, grid: str = "auto", tempo: str = AUTO_TEMPO) -> SeedAnalysis:
        """How composer understands it; see `composer.generation.seed_analysis.analyse_seed`."""
        return analyse_seed(self.piece, grid=grid, tempo=tempo)

    def remarks_on(self, analysis: SeedAnalysis) -> list[str]:
        """What a musician should know of how the file was taken, a line each.

        Args:
            analysis: Of this seed.
        """
        lines = list(self.remarks)
        if analysis.placement.joined:
            others = sorted(index for index, _ in analysis.placement.joined)
            listed = ", ".join(
                f"{index + 1} {self.piece.parts[index].name.strip()}".strip()
                for index in others[:_MOST_LISTED]
            )
            if len(others) > _MOST_LISTED:
                listed += ", ..."
            lines.append(
                f"of {SLOTS + len(others)} parts, {SLOTS} go on; {len(others)} with the fewest"
                f" notes do not ({listed}), and are heard as those that they are most like"
            )
        join, beat = analysis.tick(analysis.join), self.piece.ticks_per_beat
        silent = midi.end_tick(self.file) - max(join, self.piece.end)
        if silent > beat:
            lines.append(
                f"nothing sounds in the last {silent / beat:.0f} beats of the file;"
                " the music goes on where the last note ended"
            )
        tempo = analysis.piece.tempos.tempo_at(join)
        if tempo < analysis.seed_tempo:
            lines.append(
                f"the music goes on at {tempo_to_bpm(tempo):.0f} beats per minute, as before"
                " the last ritardando"
                f" (--tempo seed-end: {tempo_to_bpm(analysis.seed_tempo):.0f})"
            )
        return lines


def open_seed(path: str | os.PathLike[str]) -> Seed:
    """Read a MIDI file or a score (`.musicxml .mxl .abc .krn`).

    Raises:
        SeedError: It cannot be read, or has no notes.
    """
    read = read_music(path)
    return Seed(read.path, read.file, read.piece, read.remarks)


def continued(seed: Seed, continuation: Continuation) -> mido.MidiFile:
    """The seed with the continuation behind it, in its own tracks.

    The seed's messages stay what they are (where, says `composer.formats.midi_writer.extend`).
    Should a note end a hair past the bar line, new notes wait for it.
    """
    piece, join = behind(continuation, seed.piece.end)
    return midi.extend(
        seed.file, piece, join, end=continuation.end, tempo=piece.tempos.tempo_at(join)
    )


def behind(continuation: Continuation, end: int) -> tuple[Piece, int]:
    """The new notes and their join, moved past a seed's last sound, which ends at `end`."""
    join = max(continuation.join, end)
    piece = continuation.piece
    if all(part.notes[0].onset >= join for part in piece.parts if part.notes):
        return piece, join
    parts = tuple(
        replace(part, notes=tuple(_not_before(note, join) for note in part.notes))
        for part in piece.parts
    )
    return piece.with_parts(parts), join


def whole(seed: Seed, continuation: Continuation) -> Piece:
    """What `continued` writes, as a piece: for scores."""
    piece, _ = behind(continuation, seed.piece.end)
    parts = tuple(
        replace(own, notes=own.notes + more.notes)
        for own, more in zip(seed.piece.parts, piece.parts, strict=True)
    )
    return replace(seed.piece, parts=parts, tempos=piece.tempos)


def alone(continuation: Continuation) -> mido.MidiFile:
    """The continuation as a file of its own, from bar 1, in the tempo and metre it has."""
    return midi.from_piece(alone_piece(continuation), continuation.end - continuation.join)


def alone_piece(continuation: Continuation) -> Piece:
    """The continuation from bar 1, in the tempo and metre it has."""
    piece, join = continuation.piece, continuation.join
    tempos = [(0, piece.tempos.tempo_at(join))]
    tempos += [(tick - join, tempo) for tick, tempo in piece.tempos.changes if tick > join]
    metres = [(0, *piece.metres.metre_at(join))]
    metres += [(tick - join, n, d) for tick, n, d in piece.metres.changes if tick > join]
    parts = tuple(
        replace(part, notes=tuple(replace(note, onset=note.onset - join) for note in part.notes))
        for part in piece.parts
        if part.notes
    )
    return Piece(
        parts, piece.ticks_per_beat, TempoMap(tuple(tempos)), MetreMap(tuple(metres)), piece.title
    )


def _not_before(note: Note, tick: int) -> Note:
    if note.onset >= tick:
        return note
    return replace(note, onset=tick, duration=max(note.end - tick, 1))
