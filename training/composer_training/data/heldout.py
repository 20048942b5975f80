"""Held out: the pieces of a prepared dataset, as `composer evaluate` takes those of files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from composer.encoding.events import TICKS_PER_BEAT, decode
from composer.encoding.placement import Placement
from composer.errors import SeedError
from composer.evaluation.evaluate import EncodedPiece
from composer.music.beat_grid import BEATS
from composer.music.timing import TempoMap
from composer_training.data.dataset import FINE_PER_BEAT, Dataset, Record, to_events


def is_dataset(path: Path) -> bool:
    """Whether a folder was made by `composer prepare`."""
    return (path / "pieces.json").is_file() and (path / "notes.npy").is_file()


def read_split(
    dataset: Dataset, split: str = "valid", limit: int | None = None
) -> list[EncodedPiece]:
    """The pieces of a split, corpus by corpus.

    Args:
        dataset: From `composer_training.data.dataset.load`.
        split: "train" or "valid".
        limit: Pieces of each corpus at most, evenly from all of it; None: all.

    Raises:
        SeedError: There are none.
    """
    found = []
    for corpus, records in dataset.corpora(split).items():
        step = 1.0 if limit is None else max(len(records) / limit, 1.0)
        for index in range(min(limit or len(records), len(records))):
            record = records[int(index * step)]
            events = to_events(record, dataset.notes(record))
            piece = replace(decode(events), tempos=_tempos(record))
            slots = tuple(range(len(events.programs)))
            placement = Placement(events.kind, piece.ticks_per_beat, 0, 0.0, slots)
            name = f"{corpus}/{record.name}"
            found.append(EncodedPiece(name, corpus, events, record.dynamics, piece, placement))
    if not found:
        raise SeedError(f"there are no pieces in the {split!r} split of this dataset")
    return found


def _tempos(record: Record) -> TempoMap:
    """In event ticks; of free time that in which a tick is 10 ms."""
    if record.kind != BEATS:
        return TempoMap()
    scale = TICKS_PER_BEAT / FINE_PER_BEAT
    return TempoMap(tuple((round(tick * scale), tempo) for tick, tempo in record.tempos))
