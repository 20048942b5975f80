"""The dataset: a corpus as arrays on disk, split by piece.

A dataset is a folder of two files:

    notes.npy     int32 [notes, 5]: onset, slot, pitch, duration, velocity; the pieces one
                  after another, each sorted by onset
    pieces.json   one record a piece, see `Record`

Conventions:
    Times are 1/480 of a quarter note from a bar line ("beats") or milliseconds from the
    first onset ("free"): finer than events, so that a piece can be re-rendered at another
    tempo before it is quantised.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from composer import files
from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND, Events, quantise
from composer.encoding.part_order import part_order
from composer.encoding.placement import place, seconds_of
from composer.errors import ComposerError, SeedError
from composer.music.beat_grid import BEATS, Grid
from composer.music.notes import Piece
from composer.music.timing import MetreMap

FINE_PER_BEAT = 480
FINE_PER_SECOND = 1000
FORMAT = 1

Notes = NDArray[np.int32]


class DatasetError(ComposerError):
    """A prepared folder is missing, damaged or of another format."""


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of a dataset.

    Attributes:
        name: Where it came from, relative to what was prepared.
        corpus: Its corpus.
        split: "train" or "valid".
        kind: "beats" or "free".
        programs: Of each slot.
        metres: (tick, numerator, denominator) in 1/480 beats.
        tempos: (tick, microseconds per beat) in 1/480 beats.
        dynamics: Whether its velocities mean anything (scores without marks have one).
        sha256: Of the file, so that no piece is taken twice.
        context: Notes at the beginning that are given, and not to be learnt.
        weight: What each note that is learnt counts; under 0 where it is to be played less.
        start: First row in notes.npy.
        count: Number of notes.
    """

    name: str
    corpus: str
    split: str
    kind: str
    programs: tuple[int, ...]
    metres: tuple[tuple[int, int, int], ...]
    tempos: tuple[tuple[int, int], ...]
    dynamics: bool
    sha256: str = ""
    context: int = 0
    weight: float = 1.0
    start: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Records and the notes they point into (memory-mapped).

    Attributes:
        records: One a piece.
        table: int32 [notes, 5].
    """

    records: tuple[Record, ...]
    table: Notes

    def notes(self, record: Record) -> Notes:
        """int32 [notes, 5] of one piece."""
        return self.table[record.start : record.start + record.count]

    def corpora(self, split: str) -> dict[str, list[Record]]:
        """The records of one split, by corpus, in order."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            if record.split == split:
                found.setdefault(record.corpus, []).append(record)
        return found


def to_record(piece: Piece, grid: Grid, name: str, corpus: str, split: str) -> tuple[Record, Notes]:
    """A piece as a record and its notes.

    Raises:
        SeedError: No notes.
    """
    placement = place(piece, grid)
    rows = np.array(
        [
            (note.onset, slot, note.pitch, note.end, note.velocity)
            for index, slot in placement.players
            for note in piece.parts[index].notes
        ],
        dtype=np.int64,
    )
    if grid.kind == BEATS:
        scale = FINE_PER_BEAT / piece.ticks_per_beat
        starts = (rows[:, 0] - placement.offset - placement.origin) * scale
        lengths = (rows[:, 3] - rows[:, 0]) * scale
        # Bar lines are where the music has them, tempo changes where the file has them.
        line, start = placement.origin - grid.downbeat, placement.origin + placement.offset
        metres = (
            (0, *piece.metres.changes[0][1:]),
            *(
                (max(round((tick - line) * scale), 0), above, below)
                for tick, above, below in piece.metres.changes
            ),
        )
        tempos = (
            (0, piece.tempos.changes[0][1]),
            *(
                (max(round((tick - start) * scale), 0), tempo)
                for tick, tempo in piece.tempos.changes
            ),
        )
    else:
        times = seconds_of(piece.tempos, rows[:, [0, 3]].astype(float), piece.ticks_per_beat)
        starts = (times[:, 0] - placement.origin) * FINE_PER_SECOND
        lengths = (times[:, 1] - times[:, 0]) * FINE_PER_SECOND
        metres, tempos = ((0, 4, 4),), ((0, 500_000),)
    notes = np.empty((len(rows), 5), dtype=np.int32)
    notes[:, 0] = np.clip(np.round(starts), -FINE_PER_BEAT, 2**31 - 1)
    notes[:, 1:3] = rows[:, 1:3]
    notes[:, 3] = np.clip(np.round(lengths), 1, 2**31 - 1)
    notes[:, 4] = rows[:, 4]
    notes = notes[np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))]
    record = Record(
        name=name,
        corpus=corpus,
        split=split,
        kind=grid.kind,
        programs=tuple(piece.parts[index].program for index in placement.slots),
        metres=metres,
        tempos=tempos,
        dynamics=len(np.unique(notes[:, 4])) > 2,
        count=len(notes),
    )
    return record, notes


def to_events(record: Record, notes: Notes) -> Events:
    """A record's notes as canonical events, as `composer.encoding.placement.encode` gives them.

    Parts get their slots anew: a record may have been varied since it had its own.
    """
    beats = record.kind == BEATS
    scale = TICKS_PER_BEAT / FINE_PER_BEAT if beats else TICKS_PER_SECOND / FINE_PER_SECOND
    starts, lengths = notes[:, 0].astype(np.float64), notes[:, 3].astype(np.float64)
    metres = (
        MetreMap(tuple((round(tick * scale), n, d) for tick, n, d in record.metres))
        if beats
        else MetreMap()
    )
    columns = notes.astype(np.int64)
    slots = part_order(record.programs, columns[:, 1], columns[:, (2, 0, 3, 4)])
    place_of = np.zeros(len(record.programs), dtype=np.int64)
    place_of[slots] = np.arange(len(slots))
    return quantise(
        starts * scale,
        lengths * scale,
        place_of[columns[:, 1]],
        columns[:, 2],
        columns[:, 4],
        tuple(record.programs[slot] for slot in slots),
        record.kind,
        metres,
    )


def save(folder: Path, pieces: Iterable[tuple[Record, Notes]]) -> Dataset:
    """Write a dataset, whole or not at all, piece by piece as they come.

    A corpus of which chance left nothing for validation gives its piece with the lowest
    checksum, so that training on a few files of one's own can tell when to stop.

    Raises:
        SeedError: There is no piece.
        OSError: The folder cannot be made.
        OutputError: A file cannot be written.
    """
    records: list[Record] = []
    start = 0
    folder.mkdir(parents=True, exist_ok=True)
    # The list is the last to get its name: with it the dataset is there.
    with (
        files.whole(folder / "pieces.json", force=True) as listed,
        files.whole(folder / "notes.npy", force=True) as table,
    ):
        # The header has room for its count to grow: see write_array_header_1_0.
        _write_header(table, 0)
        for record, notes in pieces:
            records.append(replace(record, start=start, count=len(notes)))
            table.write(np.ascontiguousarray(notes, dtype="<i4").tobytes())
            start += len(notes)
        table.seek(0)
        _write_header(table, start)
        if not records:
            raise SeedError("no file could be read; give files or folders of MIDI or scores")
        records = _with_validation(records)
        document = {"format": FORMAT, "pieces": [asdict(record) for record in records]}
        listed.write(json.dumps(document).encode())
    return Dataset(tuple(records), np.load(folder / "notes.npy", mmap_mode="r"))


def _write_header(stream: IO[bytes], rows: int) -> None:
    header = {"descr": "<i4", "fortran_order": False, "shape": (rows, 5)}
    np.lib.format.write_array_header_1_0(stream, header)


def _with_validation(records: list[Record]) -> list[Record]:
    by_corpus: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        by_corpus.setdefault(record.corpus, []).append(index)
    made = list(records)
    for indices in by_corpus.values():
        if len(indices) > 1 and all(records[index].split == "train" for index in indices):
            chosen = min(indices, key=lambda index: records[index].sha256)
            made[chosen] = replace(records[chosen], split="valid")
    return made


def load(folders: Sequence[Path]) -> Dataset:
    """One dataset from one or several prepared folders.

    Raises:
        DatasetError: A folder is missing, damaged or of another format.
    """
    records: list[Record] = []
    tables: list[Notes] = []
    names: set[tuple[str, str]] = set()
    start = 0
    for folder in folders:
        try:
            document = json.loads((folder / "pieces.json").read_text(encoding="utf-8"))
            table = np.load(folder / "notes.npy", mmap_mode="r")
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}, not {FORMAT}")
            found = [_record(fields) for fields in document["pieces"]]
            if sum(record.count for record in found) != len(table):
                raise ValueError("pieces.json and notes.npy do not belong together")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(
                f"{folder} is not a prepared dataset ({error}); make one with 'composer prepare'"
            ) from error
        for record in found:
            # A run that is resumed finds its pieces by corpus and name.
            name, number = record.name, 1
            while (record.corpus, name) in names:
                number += 1
                name = f"{record.name} ({number})"
            names.add((record.corpus, name))
            records.append(replace(record, name=name, start=record.start + start))
        tables.append(table)
        start += len(table)
    return Dataset(tuple(records), tables[0] if len(tables) == 1 else np.concatenate(tables))


def _record(fields: dict[str, object]) -> Record:
    made = dict(fields)
    made["programs"] = tuple(made["programs"])  # type: ignore[arg-type]
    for name in ("metres", "tempos"):
        made[name] = tuple(tuple(change) for change in made[name])  # type: ignore[attr-defined]
    return Record(**made)  # type: ignore[arg-type]
