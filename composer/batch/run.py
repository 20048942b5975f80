"""Batch: every seed of a folder continued, some times each, into a folder of files.

This process alone writes: files first, each beside its place and then moved there, then
the line in the manifest. What a run that was killed has done is found in the manifest and
held against the files themselves, so it is done again only where it is missing or torn.
See docs/batch.md for what is promised when.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from composer.batch import manifest
from composer.batch.dask_pool import Cluster
from composer.batch.jobs import LARGEST, BatchSpec, Made, Task
from composer.batch.manifest import Manifest, Record
from composer.batch.outputs import check_formats
from composer.batch.process_pool import Workers
from composer.batch.seed_folder import Found, SeedFolder, digest_of
from composer.batch.worker import Worker, fail
from composer.errors import OutputError, SettingError
from composer.files import FULL
from composer.generation.settings import Settings
from composer.models import FILES
from composer.network.predictor import Predictor

WORKPLACE = ".composer-batch"
"""Folder in the output for what is not finished; gone when a run ends."""
SYNC = 2.0
"""Seconds after which the manifest is made sure to be on the disk."""
LISTED = 1000
"""Failures that a tally names; the manifest has all."""
_FATAL = FULL | {errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
"""What is wrong with a disk or folder, and not with one name."""


@dataclass(frozen=True, slots=True)
class Job:
    """A whole run.

    Attributes:
        seeds: Folder of seeds.
        out: Folder for what is made.
        order: What holds for all of it; its `model` need not be filled in.
        settings: Of seeds that no table says otherwise of.
        model: The model's folder.
        workers: Processes; 1 for this one alone.
        scheduler: Address of a Dask scheduler, None for this machine.
        force: Replace files that are there.
    """

    seeds: Path
    out: Path
    order: BatchSpec
    settings: Settings
    model: Path
    workers: int = 1
    scheduler: str | None = None
    force: bool = False


@dataclass(slots=True)
class Tally:
    """How far a run is, and what came of it.

    Attributes:
        seeds: Seeds found.
        total: Continuations that there should be in the end.
        made: Written by this run.
        found: Done by an earlier run.
        failed: Failures, in whole seeds or single continuations.
        notes: Written by this run.
        seconds: Of music written by this run.
        took: Seconds of the run.
        failures: The first `LISTED` of them, (seed, reason).
        unused: Lines of settings tables that no seed was found for.
    """

    seeds: int = 0
    total: int = 0
    made: int = 0
    found: int = 0
    failed: int = 0
    notes: int = 0
    seconds: float = 0.0
    took: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Continuations that need no more work."""
        return self.made + self.found

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


Show = Callable[[Tally], None]


def fingerprint(model: Path) -> str:
    """One sha256 over a model's files."""
    whole = hashlib.sha256()
    for name in FILES:
        whole.update(hashlib.sha256((model / name).read_bytes()).digest())
    return whole.hexdigest()


def known_rng_seed(out: Path) -> int | None:
    """The number that an earlier run into a folder drew its randomness from."""
    path = out / manifest.NAME
    if not path.is_file():
        return None
    # Tables may give single files numbers of their own: the commonest is the run's.
    counts = Counter(record.get("rng_seed") for record in manifest.read(path))
    counts.pop(None, None)
    return counts.most_common(1)[0][0] if counts else None


class Batch:
    """A run.

    Args:
        job: What to do.
        predictor: The network, for a run in this process; loaded from the job's model
            when it is needed and not given.
        clock: Seconds, for `Tally.took`.

    Raises:
        SeedError: There is no folder of seeds.
        SettingError: Seeds and output are one folder.
        DependencyError: A format cannot be written here.
    """

    def __init__(
        self,
        job: Job,
        predictor: Predictor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job, self._predictor, self._clock = job, predictor, clock
        self._folder = SeedFolder(job.seeds, job.out)
        check_formats(job.order)
        self._tally = Tally()
        self.maker: Worker | Workers | Cluster | None = None
        # What this run has kept, and whose each name is: hashes, to hold many.
        self._kept: set[int] = set()
        self._names: dict[int, int] = {}
        self._refused: list[Made] = []

    def plan(self) -> Tally:
        """What a run would do, without doing it.

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
        tally.failures = [(made.record["seed"], made.record["error"]) for made in self._refused]
        self._refused.clear()
        tally.total = tally.seeds * self._job.order.kept
        tally.unused = list(self._folder.unused)
        return tally

    def run(self, show: Show | None = None) -> Tally:
        """Do what is missing.

        Args:
            show: Called now and then with how far it is.

        Raises:
            OutputError: The folder cannot be written to, another run is at work in it, or
                the disk is full. What is done stays done.
            KeyboardInterrupt: As it comes; likewise.
        """
        begun = self._clock()
        tally = self._tally = Tally()
        tally.total = self._folder.count() * self._job.order.kept
        out = self._job.out
        self._kept.clear()
        self._names.clear()
        with _workplace(out) as place, _opened(out) as log:
            synced = begun
            for made in self._make(log):
                with _writing(out):
                    self._keep(made, log, place)
                    tally.took = self._clock() - begun
                    if begun + tally.took - synced > SYNC:
                        log.sync()
                        synced = begun + tally.took
                if show:
                    show(tally)
            with _writing(out):
                log.settle()
        tally.took = self._clock() - begun
        tally.unused = list(self._folder.unused)
        return tally

    def _make(self, log: Manifest) -> Iterator[Made]:
        job = self._job
        tasks = enumerate(self._tasks(log))
        self.maker = self._maker(job)
        for made in self.maker.make(tasks):
            yield from self._take_refused()
            yield made
        yield from self._take_refused()

    def _take_refused(self) -> Iterator[Made]:
        while self._refused:
            yield self._refused.pop()

    def _maker(self, job: Job) -> Worker | Workers | Cluster:
        if job.scheduler is not None:
            return Cluster(job.order, job.model, job.scheduler)
        if job.workers > 1:
            return Workers(job.order, job.model, job.workers)
        return Worker(job.order, self._predictor or Predictor.load(job.model))

    def _tasks(self, log: Manifest | None) -> Iterator[Task]:
        """What is missing, seed by seed."""
        job = self._job
        for found in self._folder.walk():
            self._tally.seeds += 1
            try:
                settings = found.settings(job.settings)
            except SettingError as error:
                task = Task(found.name, found.path, found.stem, job.settings, ())
                self._refused.append(fail(job.order, -1, task, error))
                continue
            missing = self._missing(found, settings, log)
            chunk = len(missing) if job.order.best is not None else LARGEST
            for start in range(0, len(missing), max(chunk, 1)):
                numbers = tuple(missing[start : start + chunk])
                yield Task(found.name, found.path, found.stem, settings, numbers)

    def _missing(self, found: Found, settings: Settings, log: Manifest | None) -> list[int]:
        """Variations of a seed that an earlier run has not left whole behind."""
        order = self._job.order
        everything = list(range(order.variations))
        records = log.of(found.name) if log is not None else []
        if not records:
            return everything
        assert log is not None
        log.forget(found.name, {0})
        mark, digest = order.mark(settings), digest_of(found.path)
        good = {
            record["variation"]: record
            for record in records
            if record.get("mark") == mark
            and record.get("seed_sha256") == digest
            and "error" not in record
            and self._is_whole(record)
        }
        if order.best is not None:
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

    def _keep(self, made: Made, log: Manifest, place: Path) -> None:
        """Write a continuation's files, then its line."""
        record = made.record
        key = hash(manifest.key_of(record))
        if key in self._kept:
            return  # made again because a worker died
        self._kept.add(key)
        if made.files:
            try:
                for name, data in made.files:
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
            if len(tally.failures) < LISTED:
                tally.failures.append((record["seed"], record["error"]))
        else:
            tally.made += 1
            tally.notes += record["notes"]
            tally.seconds += record["seconds"]

    def _write(self, name: str, data: bytes, place: Path) -> None:
        """A file, whole or not at all; what is there already stays unless it is the same."""
        target = self._job.out / name
        if os.path.lexists(target):
            there = target.read_bytes() if target.is_file() else None
            if there == data:
                return
            # What a power cut leaves of a file: its beginning, or nothing but zeros.
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
    """The line of an output that was made and could not be put in its place."""
    names = ("seed", "seed_sha256", "settings", "model", "model_sha256", "rng_seed", "mark",
             "variation", "output")  # fmt: skip
    return {name: record[name] for name in names} | {"error": reason}


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    """What goes wrong with the disk, said so that it can be helped."""
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
def _workplace(out: Path) -> Iterator[Path]:
    """The folder for unfinished files, held by one run at a time.

    Raises:
        OutputError: Another run is at work, or the folder cannot be made.
    """
    place = out / WORKPLACE
    with contextlib.ExitStack() as stack:
        with _writing(out):
            place.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(open(place / "lock", "wb"))
        try:
            import fcntl

            # Let go by the system when the process ends, however it ends.
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
