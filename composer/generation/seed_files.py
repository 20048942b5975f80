"""Seeds as files: read any kind of seed, and put a continuation behind it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import mido

from composer.formats import midi
from composer.formats.music_file import MusicFile, read_music
from composer.generation.continuation import Continuation
from composer.generation.seed_analysis import SeedAnalysis, analyse_seed
from composer.music.notes import Note, Piece
from composer.music.timing import MetreMap, TempoMap


@dataclass(frozen=True, slots=True)
class Seed(MusicFile):
    """A seed file."""

    def analysis(self, grid: str = "auto") -> SeedAnalysis:
        """How composer understands it; see `composer.generation.seed_analysis.analyse_seed`."""
        return analyse_seed(self.piece, grid=grid, last_tick=midi.end_tick(self.file))


def open_seed(path: str | os.PathLike[str]) -> Seed:
    """Read a MIDI file or a score (`.musicxml .mxl .abc .krn`).

    Raises:
        SeedError: It cannot be read, or has no notes.
    """
    read = read_music(path)
    return Seed(read.path, read.file, read.piece, read.remarks)


def continued(seed: Seed, continuation: Continuation) -> mido.MidiFile:
    """The seed with the continuation behind it, in its own tracks.

    The seed's messages stay what and where they are. Should its last ones lie a hair past
    the bar line (a late release), new notes wait for them.
    """
    piece, join = behind(continuation, midi.end_tick(seed.file))
    return midi.extend(seed.file, piece, join, end=continuation.end)


def behind(continuation: Continuation, end: int) -> tuple[Piece, int]:
    """The new notes and their join, moved past a seed's last message at tick `end`."""
    join = max(continuation.join, end)
    piece = continuation.piece
    if all(part.notes[0].onset >= join for part in piece.parts if part.notes):
        return piece, join
    parts = tuple(
        replace(part, notes=tuple(_not_before(note, join) for note in part.notes))
        for part in piece.parts
    )
    return piece.with_parts(parts), join


def alone(continuation: Continuation) -> mido.MidiFile:
    """The continuation as a file of its own, from bar 1, in the tempo and metre it has."""
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
    shifted = Piece(
        parts, piece.ticks_per_beat, TempoMap(tuple(tempos)), MetreMap(tuple(metres)), piece.title
    )
    return midi.from_piece(shifted, continuation.end - join)


def _not_before(note: Note, tick: int) -> Note:
    if note.onset >= tick:
        return note
    return replace(note, onset=tick, duration=max(note.end - tick, 1))
