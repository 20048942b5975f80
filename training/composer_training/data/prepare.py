"""Prepare: corpora to a dataset, read by several processes; what cannot be read is listed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from composer import files
from composer.batch.process_pool import ProcessPool, Run
from composer.errors import ComposerError, OutputError
from composer.music.beat_grid import BEATS, Grid, find_grid
from composer_training.data import dataset, ensemble
from composer_training.data.band import arrangements
from composer_training.data.charts import Chart, read_chart
from composer_training.data.dataset import Dataset, DatasetError, Notes, Record
from composer_training.data.leadsheets import read_leadsheet
from composer_training.data.sources import Source, read_pieces, split_of

FEWEST_FILES = 8
"""Up to this many files, worker processes take longer to start than they save."""
NICENESS = 5
"""Of the processes that read files, which leave the machine to its owner."""

Job = tuple[Source, str]
"""A source, and the time base asked for."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no piece, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """A file that was read, and what of it composer passed over or had to decide."""

    name: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` made.

    Attributes:
        dataset: The pieces.
        skipped: What gave none.
        remarked: Files of which not all was made sense of.
    """

    dataset: Dataset
    skipped: tuple[Skipped, ...]
    remarked: tuple[Remarked, ...] = ()

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
            "remarked": len(self.remarked),
            "corpora": {name: dict(counts) for name, counts in corpora.items()},
        }


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source gave.

    Attributes:
        task: Number of the source.
        pieces: A record and its notes each, or why there are none.
        remarked: What there is to say of the source; None if nothing.
        last: Always; see `composer.batch.process_pool.PoolResult`.
    """

    task: int
    pieces: list[tuple[Record, Notes] | Skipped]
    remarked: Remarked | None = None
    last: bool = True


def read_source(number: int, job: Job) -> SourceResult:
    """The pieces of one source as records and notes, or why there are none. Never raises.

    Args:
        number: Of the source.
        job: The source, and the time base asked for.
    """
    source, kind = job
    results: list[tuple[Record, Notes] | Skipped] = []
    remarks: list[str] = []
    try:
        pieces = read_pieces(source, remarks.append)
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
    return SourceResult(number, results, Remarked(source.name, tuple(remarks)) if remarks else None)


def prepare(
    sources: Sequence[Source],
    folder: Path,
    *,
    kind: str = "auto",
    workers: int = 2,
    band: tuple[str, str] | None = None,
    charts: Sequence[tuple[Sequence[Source], str]] = (),
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Prepared:
    """Read every source and write the dataset, and beside it what was skipped or remarked.

    Args:
        sources: From `composer_training.data.sources`.
        folder: Where notes.npy, pieces.json, skipped.json and remarks.json go.
        kind: "auto", "beats" or "free": the time base of every piece.
        workers: Processes.
        band: Corpora of songs and of drums, of which a corpus of arrangements for a small band
            is made too (`composer_training.data.band`), and one for a large one.
        charts: Charts and lead sheets, from `sources.find_charts`, and the corpus of drums for
            them, of which another corpus is made (`composer_training.data.ensemble`).
        progress: Called with (files done, files in all).

    Raises:
        SeedError: Not one file could be read.
        DatasetError: There is nothing to make a band of.
        OutputError: The folder cannot be written.
    """
    skipped: list[Skipped] = []
    remarked: list[Remarked] = []
    seen: set[str] = set()
    jobs = [(source, kind) for source in sources]
    wanted = (*(band or ()), *(drums for _, drums in charts))
    players: dict[str, list[tuple[Record, Notes]]] = {name: [] for name in wanted}

    def pieces() -> Iterator[tuple[Record, Notes]]:
        for done, results in enumerate(_results(jobs, workers), 1):
            if results.remarked is not None:
                remarked.append(results.remarked)
            for result in results.pieces:
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
            yield from ensemble.full_bands(players[band[0]], players[band[1]])
        for found, drums in charts:
            yield from ensemble.arrangements(_read(found, skipped, seen), players[drums])

    try:
        made = dataset.save(folder, pieces())
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {files.reason(error)}") from error
    for name, entries in (("skipped", skipped), ("remarks", remarked)):
        document = {name: [asdict(entry) for entry in entries]}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        # Names of files may hold bytes that are no text.
        files.write(text.encode("utf-8", "backslashreplace"), folder / f"{name}.json", force=True)
    return Prepared(made, tuple(skipped), tuple(remarked))


def _read(
    charts: Sequence[Source], skipped: list[Skipped], seen: set[str]
) -> Iterator[tuple[Chart, str]]:
    """Each chart that was not seen, and its split; what gives none is added to what was skipped."""
    for source in charts:
        try:
            digest = hashlib.sha256(source.path.read_bytes()).hexdigest()
            split = split_of(source, digest)
            if split == "test":
                raise DatasetError("kept out: it lies in a test folder")
            if digest in seen:
                raise DatasetError("the same music was there already")
            read = read_chart if source.path.suffix.lower() == ".txt" else read_leadsheet
            chart = read(source.path)
        except (OSError, DatasetError) as error:
            skipped.append(Skipped(source.name, str(error)))
            continue
        seen.add(digest)
        yield replace(chart, name=source.name), split


def _results(jobs: list[Job], workers: int) -> Iterator[SourceResult]:
    """What each job gave, in the order of the jobs."""
    if workers <= 1 or len(jobs) <= FEWEST_FILES:
        yield from (read_source(number, job) for number, job in enumerate(jobs))
        return
    pool = ProcessPool(_begin_worker, _failed, workers, nice=NICENESS)
    early: dict[int, SourceResult] = {}
    wanted = 0
    for result in pool.run(enumerate(jobs)):
        early[result.task] = result
        while wanted in early:
            yield early.pop(wanted)
            wanted += 1


def _begin_worker() -> Run[Job, SourceResult]:
    return _read_sources


def _read_sources(jobs: Iterator[tuple[int, Job]]) -> Iterator[SourceResult]:
    return (read_source(number, job) for number, job in jobs)


def _failed(number: int, job: Job, error: ComposerError) -> SourceResult:
    return SourceResult(number, [Skipped(job[0].name, str(error))])
