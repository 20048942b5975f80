"""Corpora to a dataset: many files, several processes, what cannot be read listed and skipped."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from composer import files
from composer.errors import ComposerError, OutputError
from composer.music.beat_grid import BEATS, Grid, find_grid
from composer_training.data import dataset
from composer_training.data.band import arrangements
from composer_training.data.dataset import Dataset, DatasetError, Notes, Record
from composer_training.data.sources import Source, read_pieces, split_of

FILES_AT_ONCE = 8
"""Files handed to a process in one go."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no piece, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` made.

    Attributes:
        dataset: The pieces.
        skipped: What gave none.
    """

    dataset: Dataset
    skipped: tuple[Skipped, ...]

    def summary(self) -> dict[str, Any]:
        """Pieces and notes by corpus and split, and how many were skipped; for JSON."""
        corpora: dict[str, Counter[str]] = {}
        for record in self.dataset.records:
            counts = corpora.setdefault(record.corpus, Counter(train=0, valid=0, notes=0))
            counts[record.split] += 1
            counts["notes"] += record.count
            counts[record.kind] += 1
        return {
            "pieces": len(self.dataset.records),
            "notes": sum(record.count for record in self.dataset.records),
            "skipped": len(self.skipped),
            "corpora": {name: dict(counts) for name, counts in corpora.items()},
        }


def read_one(job: tuple[Source, str]) -> list[tuple[Record, Notes] | Skipped]:
    """The pieces of one source as records and notes, or why not. Never raises.

    Args:
        job: The source, and the time base asked for.
    """
    source, kind = job
    results: list[tuple[Record, Notes] | Skipped] = []
    try:
        pieces = read_pieces(source)
        for name, piece in pieces:
            # Chorales in frames are on their grid from the start.
            grid = find_grid(piece, kind) if source.item is None else Grid(BEATS, share=1.0)
            record, notes = dataset.to_record(piece, grid, name, source.corpus, "train")
            whole = source.item is None and len(pieces) == 1
            content = source.path.read_bytes() if whole else np.ascontiguousarray(notes).tobytes()
            digest = hashlib.sha256(content).hexdigest()
            results.append((replace(record, sha256=digest, split=split_of(source, digest)), notes))
    except ComposerError as error:
        results.append(Skipped(source.name, str(error)))
    except Exception as error:  # One odd file must not end a run over ten thousand.
        results.append(Skipped(source.name, f"unexpected {type(error).__name__}: {error}"))
    return results


def prepare(
    sources: Sequence[Source],
    folder: Path,
    *,
    kind: str = "auto",
    workers: int = 2,
    band: tuple[str, str] | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Prepared:
    """Read every source and write the dataset, and beside it what was skipped.

    Args:
        sources: From `composer_training.data.sources`.
        folder: Where notes.npy, pieces.json and skipped.json go.
        kind: "auto", "beats" or "free": the time base of every piece.
        workers: Processes.
        band: Corpora of songs and of drums, of which a corpus of arrangements for a band is
            made too (`composer_training.data.band`).
        progress: Called with (files done, files in all).

    Raises:
        SeedError: Not one file could be read.
        DatasetError: A process died, or there is nothing to make a band of.
        OutputError: The folder cannot be written.
    """
    skipped: list[Skipped] = []
    seen: set[str] = set()
    jobs = [(source, kind) for source in sources]
    players: dict[str, list[tuple[Record, Notes]]] = {name: [] for name in band or ()}

    def pieces() -> Iterator[tuple[Record, Notes]]:
        for done, results in enumerate(_results(jobs, workers), 1):
            for result in results:
                if isinstance(result, Skipped):
                    skipped.append(result)
                elif result[0].split == "test":
                    skipped.append(Skipped(result[0].name, "kept out: it lies in a test folder"))
                elif result[0].sha256 in seen:
                    skipped.append(Skipped(result[0].name, "the same music was there already"))
                else:
                    seen.add(result[0].sha256)
                    if result[0].corpus in players:
                        players[result[0].corpus].append(result)
                    yield result
            progress(done, len(jobs))
        if band:
            yield from arrangements(players[band[0]], players[band[1]])

    try:
        made = dataset.save(folder, pieces())
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {files.reason(error)}") from error
    document = {"skipped": [asdict(entry) for entry in skipped]}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # Names of files may hold bytes that are no text.
    files.write(text.encode("utf-8", "backslashreplace"), folder / "skipped.json", force=True)
    return Prepared(made, tuple(skipped))


def _results(
    jobs: list[tuple[Source, str]], workers: int
) -> Iterator[list[tuple[Record, Notes] | Skipped]]:
    """What each job gave, in the order of the jobs."""
    if workers <= 1 or len(jobs) <= FILES_AT_ONCE:
        yield from map(read_one, jobs)
        return
    # "spawn": forking a process that may have started TensorFlow's threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin_worker) as pool:
        try:
            yield from pool.map(read_one, jobs, chunksize=FILES_AT_ONCE)
        except BrokenProcessPool as error:
            raise DatasetError(
                "a process that read files died, most likely of too little memory; "
                "try fewer --workers"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the main process, and politeness to the machine's owner."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)
