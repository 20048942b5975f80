"""Batch run: continues every seed of a folder, into a folder of files.

This process alone writes. It writes the files of a continuation first, each beside its place and
then moved there, and then its line of the manifest. A run that goes on after another one was
killed compares the manifest with the files themselves, and makes again what is missing or torn.
docs/batch.md says what is guaranteed when.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from composer.batch import manifest
from composer.batch.dask_pool import DaskPool
from composer.batch.jobs import CONTINUING, TASK_VARIATIONS, BatchSpec, Result, Task
from composer.batch.manifest import Manifest, Record
from composer.batch.outputs import check_formats
from composer.batch.process_pool import Pool, ProcessPool, Run
from composer.batch.seed_folder import SeedFile, SeedFolder, digest_of
from composer.batch.tally import MOST_LISTED, Tally
from composer.batch.worker import Worker, fail, failure_record
from composer.errors import OutputError, SettingError
from composer.files import FULL
from composer.generation.settings import Settings
from composer.inside.writing import Writing
from composer.models import files_of
from composer.network.predictor import Predictor

UNFINISHED = ".composer-batch"
"""Folder in the output for unfinished files; deleted when a run ends."""
SYNC_SECONDS = 2.0
"""Seconds from one time that the manifest is flushed to the disk to the next."""
_FATAL = FULL | {errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
"""Errors of a disk or folder, after which no other file can be written either."""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What a run is to do.

    Attributes:
        seeds: Folder of seeds.
        out: Folder for the outputs.
        spec: What all continuations have in common.
        settings: Of seeds for which no settings table says otherwise.
        model: The model's folder.
        workers: Worker processes; 1 for this process alone.
        scheduler: Address of a Dask scheduler, None for this machine.
        force: Replace files that are there.
        writing: What is written of seeds for which no table says otherwise.
    """

    seeds: Path
    out: Path
    spec: BatchSpec
    settings: Settings
    model: Path
    workers: int = 1
    scheduler: str | None = None
    force: bool = False
    writing: Writing = CONTINUING


Show = Callable[[Tally], None]
Outputs = tuple[tuple[str, bytes], ...]
"""Names of files in the output folder, and their bytes."""


def begin_worker(spec: BatchSpec, model: Path) -> Run[Task, Result]:
    """Begin the work of a worker process, which runs the network in one thread.

    Raises:
        ModelError: The model cannot be loaded.
    """
    return Worker(spec, Predictor.load(model, threads=1)).run


def fingerprint(model: Path) -> str:
    """A sha256 over all files that a model plays by."""
    whole = hashlib.sha256()
    for name in files_of(model):
        whole.update(hashlib.sha256((model / name).read_bytes()).digest())
    return whole.hexdigest()


def known_rng_seed(out: Path) -> int | None:
    """The rng seed of an earlier run into a folder, None if there was none."""
    path = out / manifest.NAME
    if not path.is_file():
        return None
    # Settings tables may give single files their own; the commonest is the run's.
    counts = Counter(record.get("rng_seed") for record in manifest.read(path))
    counts.pop(None, None)
    return counts.most_common(1)[0][0] if counts else None


class BatchRun:
    """Does a job.

    Args:
        job: What to do.
        predictor: The network for a run in this process; None loads the job's model when it
            is needed.
        clock: Seconds, for `Tally.took`.

    Raises:
        SeedError: There is no folder of seeds.
        SettingError: Seeds and output are one folder.
        DependencyError: A format cannot be written here.
    """

    def __init__(
        self,
        job: BatchJob,
        predictor: Predictor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job, self._predictor, self._clock = job, predictor, clock
        self._folder = SeedFolder(job.seeds, job.out)
        check_formats(job.spec)
        self._tally = Tally()
        self.pool: Pool[Task, Result] | None = None
        # Continuations kept by this run, and which of them each file name belongs to. Hashes
        # instead of text, because there may be millions.
        self._kept: set[int] = set()
        self._names: dict[int, int] = {}
        self._refused: list[Record] = []

    def plan(self) -> Tally:
        """Count what a run would do, without doing it.

        Raises:
            OutputError: The manifest that is there cannot be read.
        """
        tally = self._tally = Tally()
        there = (self._job.out / manifest.NAME).is_file()
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(_opened(self._job.out, write=False)) if there else None
            for _ in self._tasks(log):
                pass
        tally.failed = len(self._refused)
        tally.failures = [(record["seed"], record["error"]) for record in self._refused]
        self._refused.clear()
        tally.total = tally.seeds * self._job.spec.kept
        tally.unused = list(self._folder.unused)
        return tally

    def run(self, show: Show | None = None) -> Tally:
        """Make what is missing.

        Args:
            show: Called with the tally after every continuation and failure.

        Raises:
            OutputError: The folder cannot be written to, another run is at work in it, or
                the disk is full. Finished continuations stay.
            KeyboardInterrupt: Passed on; finished continuations stay.
        """
        begun = self._clock()
        tally = self._tally = Tally()
        tally.total = self._folder.count() * self._job.spec.kept
        out = self._job.out
        self._kept.clear()
        self._names.clear()
        with _unfinished_folder(out) as place, _opened(out) as log:
            synced = begun
            for record, outputs in self._results(log):
                with _writing(out):
                    self._keep(record, outputs, log, place)
                    tally.took = self._clock() - begun
                    if begun + tally.took - synced > SYNC_SECONDS:
                        log.sync()
                        synced = begun + tally.took
                if show:
                    show(tally)
            with _writing(out):
                log.settle()
        tally.took = self._clock() - begun
        tally.unused = list(self._folder.unused)
        return tally

    def _results(self, log: Manifest) -> Iterator[tuple[Record, Outputs]]:
        """Lines of the manifest as they come, each with its files."""
        tasks = enumerate(self._tasks(log))
        self.pool = self._make_pool()
        for result in self.pool.run(tasks):
            yield from self._take_refused()
            yield result.record, result.files
        yield from self._take_refused()

    def _take_refused(self) -> Iterator[tuple[Record, Outputs]]:
        while self._refused:
            yield self._refused.pop(), ()

    def _make_pool(self) -> Pool[Task, Result]:
        job = self._job
        if job.scheduler is not None:
            return DaskPool(job.spec, job.model, job.scheduler)
        if job.workers > 1:
            begin = partial(begin_worker, job.spec, job.model)
            return ProcessPool(begin, partial(fail, job.spec), job.workers)
        return Worker(job.spec, self._predictor or Predictor.load(job.model))

    def _tasks(self, log: Manifest | None) -> Iterator[Task]:
        """Tasks for what is missing, seed by seed; seeds with wrong settings are refused."""
        job = self._job
        for seed in self._folder.walk():
            self._tally.seeds += 1
            try:
                writing = seed.writing(job.writing)
                settings = seed.settings(job.settings, writing)
            except SettingError as error:
                task = Task(seed.name, seed.path, seed.stem, job.settings, ())
                self._refused.append(failure_record(job.spec, task, error))
                continue
            missing = self._missing(seed, settings, writing, log)
            chunk = len(missing) if job.spec.best is not None else TASK_VARIATIONS
            for start in range(0, len(missing), max(chunk, 1)):
                numbers = tuple(missing[start : start + chunk])
                yield Task(seed.name, seed.path, seed.stem, settings, numbers, writing=writing)

    def _missing(
        self, seed: SeedFile, settings: Settings, writing: Writing, log: Manifest | None
    ) -> list[int]:
        """Variations of a seed of which there are no whole files by an earlier run."""
        spec = self._job.spec
        everything = list(range(spec.variations))
        records = log.of(seed.name) if log is not None else []
        if not records:
            return everything
        assert log is not None
        log.forget(seed.name, {0})
        mark, digest = spec.mark(settings, writing), digest_of(seed.path)
        good = {
            record["variation"]: record
            for record in records
            if record.get("mark") == mark
            and record.get("seed_sha256") == digest
            and "error" not in record
            and self._is_whole(record)
        }
        if spec.best is not None:
            if good and len(good) == next(iter(good.values())).get("kept"):
                self._tally.found += len(good)
                return []
            return everything
        missing = [number for number in everything if number + 1 not in good]
        self._tally.found += len(everything) - len(missing)
        return missing

    def _is_whole(self, record: Record) -> bool:
        files = {record["output"]: record["sha256"]} | record["also"]
        return all(digest_of(str(self._job.out / name)) == sha256 for name, sha256 in files.items())

    def _keep(self, record: Record, outputs: Outputs, log: Manifest, place: Path) -> None:
        """Write a continuation's files, then its line."""
        key = hash(manifest.key_of(record))
        if key in self._kept:
            return  # made again because a worker died
        self._kept.add(key)
        if outputs:
            try:
                for name, data in outputs:
                    if self._names.setdefault(hash(name), key) != key:
                        raise _TakenError(f"{name} is the name of another continuation's file")
                    self._write(name, data, place)
            except _TakenError as taken:
                record = _refused(record, str(taken))
            except OSError as error:
                if error.errno in _FATAL or error.errno is None:
                    raise
                record = _refused(record, f"cannot be written: {error.strerror}")
        log.add(record)
        tally = self._tally
        if "error" in record:
            tally.failed += 1
            if len(tally.failures) < MOST_LISTED:
                tally.failures.append((record["seed"], record["error"]))
        else:
            tally.made += 1
            tally.notes += record["notes"]
            tally.seconds += record["seconds"]

    def _write(self, name: str, data: bytes, place: Path) -> None:
        """Write a file, whole or not at all; of those there, only torn ones are replaced."""
        target = self._job.out / name
        if os.path.lexists(target):
            there = target.read_bytes() if target.is_file() else None
            if there == data:
                return
            # A power cut leaves the beginning of a file, or nothing but zeros.
            torn = there is not None and (data.startswith(there) or not there.strip(b"\0"))
            if not torn and not self._job.force:
                raise _TakenError(f"{name} exists and is another file; use --force to replace it")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
        beside = place / "file.tmp"
        beside.write_bytes(data)
        os.replace(beside, target)


class _TakenError(Exception):
    """An output's name is taken."""


def _refused(record: Record, reason: str) -> Record:
    """The line of an output that was made and could not be written."""
    names = ("seed", "seed_sha256", "settings", "model", "model_sha256", "rng_seed", "mark",
             "variation", "output")  # fmt: skip
    return {name: record[name] for name in names} | {"error": reason}


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Report errors of the disk in one line, and what helps."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OutputError(
                f"the disk that {out} is on is full; make room and run this again:"
                " it goes on where it stopped"
            ) from error
        where = error.filename or out
        raise OutputError(f"{where} cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def _opened(out: Path, *, write: bool = True) -> Iterator[Manifest]:
    log = Manifest(out / manifest.NAME, write=write)
    try:
        yield log
    finally:
        log.close()


@contextlib.contextmanager
def _unfinished_folder(out: Path) -> Iterator[Path]:
    """The folder for unfinished files, held by one run at a time.

    Raises:
        OutputError: Another run is at work, or the folder cannot be made.
    """
    place = out / UNFINISHED
    with contextlib.ExitStack() as stack:
        with _writing(out):
            place.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(open(place / "lock", "wb"))
        try:
            import fcntl

            # The system releases it when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # Windows, where there is no such lock
        except OSError:
            raise OutputError(f"another composer batch is at work in {out}") from None
        try:
            (out / f".{manifest.NAME}.tmp").unlink(missing_ok=True)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)  # again for Windows, where open files stay
