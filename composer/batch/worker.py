"""Maker: tasks in, finished files out; the part of a batch that runs the network.

One maker runs in each process that works on a batch. It reads seeds as the choir has
room for them and never holds more than those being worked on.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from composer.analysis.segment import Segment
from composer.batch.continuous_batching import ContinuousBatcher, Finished, Request
from composer.batch.jobs import BatchSpec, Made, Task
from composer.batch.outputs import OutputWriter, begin_record
from composer.batch.seed_folder import digest_of
from composer.batch.selection import Scores, choose, judge
from composer.errors import ComposerError, SeedError
from composer.generation.seed_files import open_seed
from composer.generation.stream import segment_of
from composer.network.predictor import Predictor

MORE = 3
"""Times the variations asked for that are tried, at most, to replace near-duplicates."""

Numbered = tuple[int, Task]


@dataclass(eq=False)
class _Work:
    """A task in hand."""

    number: int
    task: Task
    renderer: OutputWriter
    seed: Segment | None
    tried: int
    waiting: int
    found: list[tuple[Finished, Scores, Segment]] = field(default_factory=list)


class Worker:
    """Makes what tasks ask for.

    Args:
        order: What holds for the run.
        predictor: The network.
    """

    def __init__(self, order: BatchSpec, predictor: Predictor) -> None:
        self._order, self._predictor = order, predictor
        self._tasks: Iterator[Numbered] = iter(())
        self._again: deque[Request] = deque()
        self._failed: deque[Made] = deque()

    def make(self, tasks: Iterator[Numbered]) -> Iterator[Made]:
        """Yield what comes of tasks, as it is done; every task brings at least one.

        Args:
            tasks: (number, task); taken one by one, as there is room.
        """
        self._tasks = tasks
        judged = self._order.best is not None
        choir = ContinuousBatcher(self._predictor, self._next, self._order.size, judge=judged)
        for sung in choir.sing():
            yield from self._collect(sung)
            while self._failed:
                yield self._failed.popleft()
        while self._failed:
            yield self._failed.popleft()

    def _next(self) -> Request | None:
        """The next request of the choir; seeds that cannot be read are passed over."""
        if self._again:
            return self._again.popleft()
        for number, task in self._tasks:
            try:
                return self._begin(number, task)
            except Exception as error:
                self._failed.append(fail(self._order, number, task, error))
        return None

    def _begin(self, number: int, task: Task) -> Request:
        with _as_file(task) as path:
            try:
                seed = open_seed(path)
            except ComposerError as error:
                raise type(error)(_without_folder(str(error), path, task)) from error
        reading = seed.reading(task.settings.grid)
        renderer = OutputWriter(self._order, task, _digest(task) or "", seed, reading)
        judged = self._order.best is not None
        passage = reading.segment() if judged else None
        count = len(task.variations)
        work = _Work(number, task, renderer, passage, count, count)
        return Request(reading, task.settings, task.variations, work)

    def _collect(self, sung: Finished) -> Iterator[Made]:
        work: _Work = sung.request.owner
        work.waiting = 0 if sung.stream is None else work.waiting - 1
        last = work.waiting == 0
        try:
            if sung.error is not None:
                raise sung.error
            assert sung.stream is not None
            if work.seed is None:
                yield work.renderer.render(work.number, sung.stream, last=last)
                return
            passage = segment_of(sung.request.reading, sung.stream)
            scores = judge(work.seed, passage, sung.likelihood or 0.0)
            work.found.append((sung, scores, passage))
            if last:
                yield from self._choose(work, sung.request)
        except Exception as error:
            yield fail(self._order, work.number, work.task, error, sung, last=last)

    def _choose(self, work: _Work, request: Request) -> Iterator[Made]:
        """Keep the best; ask for more where near-duplicates leave too few."""
        assert work.seed is not None and self._order.best is not None
        work.found.sort(key=lambda item: item[0].stream.variation if item[0].stream else 0)
        most = MORE * self._order.variations
        last = work.tried >= most
        candidates = [(scores, passage) for _, scores, passage in work.found]
        kept = choose(candidates, work.seed, self._order.best, last=last)
        if kept is None:
            more = range(work.tried, min(2 * work.tried, most))
            work.tried, work.waiting = more.stop, len(more)
            self._again.append(
                Request(request.reading, request.settings, more, work, request.state)
            )
            return
        if not kept:
            raise SeedError(
                "gave no continuation that is not a near-duplicate of the seed or silent;"
                " try a higher temperature"
            )
        for rank, index in enumerate(kept, start=1):
            sung, scores, _ = work.found[index]
            assert sung.stream is not None
            yield work.renderer.render(
                work.number,
                sung.stream,
                last=rank == len(kept),
                rank=rank,
                kept=len(kept),
                scores=scores.as_dict(),
            )


def fail(
    order: BatchSpec,
    number: int,
    task: Task,
    error: Exception,
    sung: Finished | None = None,
    *,
    last: bool = True,
) -> Made:
    """The line of the manifest that says why there is no output."""
    digest = _digest(task)
    record: dict[str, Any] = begin_record(order, task, digest)
    stream = sung.stream if sung is not None and order.best is None else None
    record["variation"] = stream.variation + 1 if stream is not None else None
    record["error"] = reason(error, task)
    return Made(number, record, last=last)


def reason(error: Exception, task: Task) -> str:
    """One line that says what is wrong, the same wherever the seed's folder lies."""
    if isinstance(error, ComposerError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "there is not enough memory for this seed"
    elif isinstance(error, OSError) and error.strerror:
        text = f"{task.seed}: {error.strerror}"
    else:
        text = f"this is a defect in composer ({type(error).__name__}: {error})"
    return " ".join(text.split())


def _without_folder(text: str, path: str, task: Task) -> str:
    """A text that names the seed as the manifest does, wherever its folder lies."""
    own = str(PurePosixPath(task.seed).parent / "_")[:-1]
    return text.replace(os.path.join(os.path.dirname(path), ""), own)


def _digest(task: Task) -> str | None:
    if task.data is not None:
        return hashlib.sha256(task.data).hexdigest()
    return digest_of(task.path)


class _as_file:  # reads as a verb where it is used
    """A task's seed as a file to open: its own, or its bytes beside a name of its kind."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> str:
        if self._task.data is None:
            return self._task.path
        self._folder = tempfile.TemporaryDirectory(prefix="composer-")
        path = Path(self._folder.name) / PurePosixPath(self._task.seed).name
        path.write_bytes(self._task.data)
        return str(path)

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()
