"""Band: songs arranged for a band, because no corpus that may be used has bands in it.

Drums as a drummer played them are laid under a song bar by bar; a bass plays the lowest
line of the accompaniment; the parts get a band's instruments, in any order of slots. The
notes of the song stay what they were. A synthetic band is a poor band: it is there so that
the network has heard drums, bass and chords at once before a musician's seed has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM
from composer_training.data.dataset import FINE_PER_BEAT, DatasetError, Notes, Record

CORPUS = "band"
BAR = 4 * FINE_PER_BEAT
LEAST_BARS = 4
"""Bars that drums must have to be laid under a song."""
BASS_PITCHES = (28, 52)
"""A bass guitar's, E1 to the E two octaves up."""
BASSES = (32, 33, 33, 33, 34, 35, 38, 39)
LEADS = (0, 11, 22, 26, 27, 40, 52, 53, 54, 56, 64, 65, 66, 68, 71, 73, 80, 81)
CHORDS = (0, 0, 1, 2, 4, 4, 5, 7, 16, 17, 24, 25, 25, 26, 27, 29, 48, 49, 50, 88, 89)
"""General MIDI programs, common ones more than once."""


Pieces = Sequence[tuple[Record, Notes]]


def arrangements(songs: Pieces, drums: Pieces, seed: int = 0) -> Iterator[tuple[Record, Notes]]:
    """Every song in 4/4 with one of the drummers, of the same split.

    Args:
        songs: Pieces on a beat grid; those with drums or in other metres are left out.
        drums: Pieces for drums alone; those in other metres or too short are left out.
        seed: Of what is drawn.

    Raises:
        DatasetError: There are no such songs, or no such drums.
    """
    chosen = [piece for piece in songs if _common_time(piece[0]) and not _drums(piece[0])]
    players = [
        piece
        for piece in drums
        if _common_time(piece[0])
        and set(piece[0].programs) == {DRUM_PROGRAM}
        and piece[1][:, 0].max() >= (LEAST_BARS - 1) * BAR
    ]
    if not (chosen and players):
        what = f"drums of {LEAST_BARS} bars" if chosen else "songs"
        raise DatasetError(f"there are no {what} in 4/4 on a beat grid to make a band of")
    for song, notes in chosen:
        able = [piece for piece in players if piece[0].split == song.split] or players
        rng = np.random.default_rng((seed, int(song.sha256[:8] or "0", 16)))
        drummer, played = able[int(rng.integers(len(able)))]
        yield arrange(song, notes, drummer, played, rng)


def _drums(record: Record) -> bool:
    return DRUM_PROGRAM in record.programs


def _common_time(record: Record) -> bool:
    return record.kind == BEATS and all((n, d) == (4, 4) for _, n, d in record.metres)


def arrange(
    song: Record, notes: Notes, drummer: Record, drums: Notes, rng: np.random.Generator
) -> tuple[Record, Notes]:
    """One song with drums and, if its lowest part lies low enough, a bass."""
    parts = [notes[notes[:, 1] == slot].copy() for slot in range(len(song.programs))]
    parts = [part for part in parts if len(part)]
    # The part with the most notes accompanies; the others sing and play.
    accompanies = int(np.argmax([len(part) for part in parts]))
    programs = [
        int(rng.choice(CHORDS if index == accompanies else LEADS)) for index in range(len(parts))
    ]
    bass = bass_line(parts[accompanies])
    if len(bass) >= 8:
        if rng.random() < 0.5:  # the pianist leaves the low notes to the bass
            kept = parts[accompanies]
            low = np.isin(kept[:, 0], bass[:, 0]) & (kept[:, 2] < BASS_PITCHES[1])
            parts[accompanies] = kept[~low] if (~low).any() else kept
        parts.append(bass)
        programs.append(int(rng.choice(BASSES)))
    last = int(notes[:, 0].max()) // BAR + 1
    enters = int(rng.choice([0, 0, 0, 4, 8]))
    parts.append(drum_track(drums, enters if enters < last // 2 else 0, last, rng))
    programs.append(DRUM_PROGRAM)
    return _seated(song, drummer, parts, programs, rng)


def bass_line(accompaniment: Notes) -> Notes:
    """The lowest note of each onset, where it is low; moved by octaves into a bass's range."""
    ordered = accompaniment[np.lexsort((accompaniment[:, 2], accompaniment[:, 0]))]
    _, first = np.unique(ordered[:, 0], return_index=True)
    line = ordered[first]
    line = line[line[:, 2] <= BASS_PITCHES[1] + 3].copy()
    low, high = BASS_PITCHES
    line[:, 2] -= 12 * np.maximum(-(-(line[:, 2] - high) // 12), 0)
    line[:, 2] += 12 * np.maximum(-(-(low - line[:, 2]) // 12), 0)
    return line


def drum_track(drums: Notes, enters: int, bars: int, rng: np.random.Generator) -> Notes:
    """A drummer's bars, one after another and round again, from bar `enters` to bar `bars`."""
    # A note just before the bar line belongs to the bar that it leads into.
    bar = (drums[:, 0] + FINE_PER_BEAT // 8) // BAR
    length = max(int(bar.max()), 1)  # the last bar may be cut short
    start = int(rng.integers(length))
    played = []
    for index in range(enters, bars):
        found = drums[bar == (start + index) % length].copy()
        found[:, 0] += (index - (start + index) % length) * BAR
        played.append(found)
    track = np.concatenate(played)
    return track[track[:, 0] >= 0]


def _seated(
    song: Record,
    drummer: Record,
    parts: Sequence[Notes],
    programs: Sequence[int],
    rng: np.random.Generator,
) -> tuple[Record, Notes]:
    order = rng.permutation(len(parts))
    for slot, index in enumerate(order):
        parts[index][:, 1] = slot
    table = np.concatenate(parts)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    name = f"{song.name} with {drummer.name}"
    record = replace(
        song,
        name=name,
        corpus=CORPUS,
        programs=tuple(programs[index] for index in order),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        count=len(table),
        start=0,
    )
    return record, table
