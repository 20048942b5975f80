"""The bars of datasets, found once and kept in one file beside a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from composer import files
from composer.analysis.form import plan_of
from composer.network import weights_file
from composer.planning.bars import CONTENT, Bars, bars_of
from composer_training.data import dataset

FEWEST = 8
"""Bars of a piece from which on there is something to plan."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The bars of many pieces, one after another.

    Attributes:
        table: int16 [bars, 7]: reference, nearness, two chords, phrase, ending, length.
        content: float16 [bars, 9], as in `composer.planning.bars.CONTENT`.
        starts: First bar of each piece, and behind the last, [pieces + 1].
        names: Corpus of each piece.
        splits: "train" or "valid".
    """

    table: NDArray[np.int16]
    content: NDArray[np.float16]
    starts: NDArray[np.int64]
    names: NDArray[np.str_]
    splits: NDArray[np.str_]

    def pieces(self, split: str) -> list[int]:
        """Numbers of the pieces of a split."""
        return np.flatnonzero(self.splits == split).tolist()

    def bars(self, piece: int) -> Bars:
        """The bars of one piece."""
        span = slice(int(self.starts[piece]), int(self.starts[piece + 1]))
        table = self.table[span].astype(np.int64)
        return Bars(
            references=table[:, 0],
            nearness=table[:, 1],
            chords=table[:, 2:4],
            phrase=table[:, 4],
            ending=table[:, 5],
            lengths=table[:, 6],
            content=self.content[span].astype(np.float32),
            heard=len(table),
        )


def read_bars(
    folders: Sequence[Path], *, passed_over: Sequence[str] = (), report: Callable[[int], None]
) -> Corpus:
    """Find the plan of every piece of some datasets.

    Args:
        folders: Prepared datasets.
        passed_over: Corpora that are left out.
        report: Called with the number of pieces done, now and then.

    Raises:
        DatasetError: As `dataset.load`.
    """
    loaded = dataset.load(folders)
    return corpus_of(_counted(_pieces(loaded, passed_over), report))


def corpus_of(pieces: Iterable[tuple[str, str, Bars]]) -> Corpus:
    """Pieces, as (corpus, split, bars), in one."""
    tables, contents, names, splits = [], [], [], []
    for name, split, bars in pieces:
        columns = (bars.references, bars.nearness, bars.chords, bars.phrase, bars.ending)
        tables.append(np.column_stack([*columns, bars.lengths]).astype(np.int16))
        contents.append(bars.content.astype(np.float16))
        names.append(name)
        splits.append(split)
    return Corpus(
        np.concatenate([np.zeros((0, 7), np.int16), *tables]),
        np.concatenate([np.zeros((0, len(CONTENT)), np.float16), *contents]),
        np.cumsum([0, *(len(table) for table in tables)]),
        np.array(names, dtype=np.str_),
        np.array(splits, dtype=np.str_),
    )


def joined(first: Corpus, second: Corpus) -> Corpus:
    """The pieces of both."""
    return Corpus(
        np.concatenate([first.table, second.table]),
        np.concatenate([first.content, second.content]),
        np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        np.concatenate([first.names, second.names]),
        np.concatenate([first.splits, second.splits]),
    )


def _counted(
    pieces: Iterator[tuple[str, str, Bars]], report: Callable[[int], None]
) -> Iterator[tuple[str, str, Bars]]:
    for done, piece in enumerate(pieces, 1):
        yield piece
        if done % 100 == 0:
            report(done)


def _pieces(loaded: dataset.Dataset, passed_over: Sequence[str]) -> Iterator[tuple[str, str, Bars]]:
    for record in loaded.records:
        if record.corpus in passed_over or record.kind != "beats":
            continue
        events = dataset.to_events(record, loaded.notes(record))
        plan = plan_of(events)
        if plan is not None and len(plan) >= FEWEST:
            yield record.corpus, record.split, bars_of(events, plan)


def save(corpus: Corpus, path: Path) -> None:
    """Keep the bars in a file, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    with files.whole(path, force=True) as stream:
        np.savez_compressed(
            stream,
            table=corpus.table,
            content=corpus.content,
            starts=corpus.starts,
            names=corpus.names,
            splits=corpus.splits,
        )


def load(path: Path) -> Corpus:
    """Bars that were kept.

    Raises:
        ModelError: The file is missing or damaged.
    """
    arrays = weights_file.read(path, "delete it, and it is made anew")
    return Corpus(**{name: arrays[name] for name in Corpus.__slots__})
