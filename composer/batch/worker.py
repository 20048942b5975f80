"""Worker: tasks in, files and lines of the manifest out; the part that runs the network.

One worker runs in each process that takes part in a batch. It reads a seed when the running
batch has places for its continuations, and holds no more seeds than are being continued.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from composer.analysis.segment import Segment
from composer.batch.continuous_batching import ContinuousBatcher, Finished, Request
from composer.batch.jobs import BatchSpec, Result, Task
from composer.batch.outputs import OutputWriter, begin_record
from composer.batch.seed_folder import digest_of
from composer.batch.selection import Scores, choose, judge
from composer.errors import ComposerError, SeedError, SettingError
from composer.generation.seed_files import Seed, open_seed
from composer.generation.stream import segment_of
from composer.inside.loop import loop_seed
from composer.inside.verbs import write_inside
from composer.inside.writing import CONTINUE, LOOP
from composer.network.predictor import Predictor

MOST_TIMES = 3
"""Candidates of one seed at most, in times the variations asked for: further ones are made to
replace near-duplicates."""

NumberedTask = tuple[int, Task]


@dataclass(eq=False)
class _TaskInHand:
    """A task whose continuations are being made.

    Attributes:
        number: Of the task.
        task: The task.
        writer: Of its outputs.
        seed: What candidates are compared with; None if all continuations are kept.
        requested: Continuations that have been requested so far.
        missing: Of these, those that have not finished.
        candidates: Those that have, if the best are selected.
    """

    number: int
    task: Task
    writer: OutputWriter
    seed: Segment | None
    requested: int
    missing: int
    candidates: list[tuple[Finished, Scores, Segment]] = field(default_factory=list)


class Worker:
    """Makes what tasks ask for, in this process.

    Args:
        spec: What the tasks have in common.
        predictor: The network.
    """

    def __init__(self, spec: BatchSpec, predictor: Predictor) -> None:
        self._spec, self._predictor = spec, predictor
        self._tasks: Iterator[NumberedTask] = iter(())
        self._further: deque[Request] = deque()
        self._results: deque[Result] = deque()
        self._more = False

    def run(self, tasks: Iterator[NumberedTask]) -> Iterator[Result]:
        """Yield results as they come, at least one of each task.

        Args:
            tasks: Taken one by one, as places in the batch come free.
        """
        self._tasks = tasks
        selecting = self._spec.best is not None
        batcher = ContinuousBatcher(
            self._predictor, self._next_request, self._spec.batch_size, likelihoods=selecting
        )
        self._more = True
        while self._more:
            self._more = False
            for finished in batcher.run():
                yield from self._collect(finished)
                while self._results:
                    yield self._results.popleft()
            while self._results:
                yield self._results.popleft()

    def _next_request(self) -> Request | None:
        """The next request; tasks whose seed cannot be read fail, and are passed over."""
        if self._further:
            return self._further.popleft()
        for number, task in self._tasks:
            try:
                if task.writing.task != CONTINUE:
                    # Handed out before the next one, whose streams may take long.
                    self._more = True
                    self._results.extend(self._write(number, task))
                    return None
                return self._begin(number, task)
            except Exception as error:
                self._results.append(fail(self._spec, number, task, error))
        return None

    def _write(self, number: int, task: Task) -> list[Result]:
        """The results of a task that is no continuation, all at once."""
        if self._spec.best is not None:
            raise SettingError("the best of several are kept of continuations only: leave out best")
        seed = self._open(task)
        writer_of = partial(OutputWriter, self._spec, task, _digest(task) or "", seed)
        settings, count = task.settings, len(task.variations)
        if task.writing.task == LOOP:
            analysis = seed.analysis(settings.grid, settings.tempo)
            writer = writer_of(analysis)
            loops = loop_seed(analysis, self._predictor, settings, task.variations)
            return [
                writer.write_loop(number, made, last=at == count - 1)
                for at, made in enumerate(loops)
            ]
        written = write_inside(seed, self._predictor, settings, task.writing, task.variations)
        return [
            writer_of(made.analysis).write_inside(number, made, last=at == count - 1)
            for at, made in enumerate(written)
        ]

    def _open(self, task: Task) -> Seed:
        with _seed_file(task) as path:
            try:
                seed = open_seed(path)
            except ComposerError as error:
                raise type(error)(_without_folder(str(error), path, task)) from error
        return seed.with_drums(task.settings.drums, task.settings.no_drums)

    def _begin(self, number: int, task: Task) -> Request:
        seed = self._open(task)
        analysis = seed.analysis(task.settings.grid, task.settings.tempo)
        writer = OutputWriter(self._spec, task, _digest(task) or "", seed, analysis)
        segment = analysis.segment() if self._spec.best is not None else None
        count = len(task.variations)
        in_hand = _TaskInHand(number, task, writer, segment, count, count)
        return Request(analysis, task.settings, task.variations, in_hand)

    def _collect(self, finished: Finished) -> Iterator[Result]:
        """Results of a continuation: itself, or once all candidates are there, the best."""
        in_hand: _TaskInHand = finished.request.owner
        in_hand.missing = 0 if finished.stream is None else in_hand.missing - 1
        last = in_hand.missing == 0
        try:
            if finished.error is not None:
                raise finished.error
            assert finished.stream is not None
            if in_hand.seed is None:
                yield in_hand.writer.write(in_hand.number, finished.stream, last=last)
                return
            segment = segment_of(finished.request.analysis, finished.stream)
            scores = judge(in_hand.seed, segment, finished.likelihood or 0.0)
            in_hand.candidates.append((finished, scores, segment))
            if last:
                yield from self._select(in_hand, finished.request)
        except Exception as error:
            yield fail(self._spec, in_hand.number, in_hand.task, error, finished, last=last)

    def _select(self, in_hand: _TaskInHand, request: Request) -> Iterator[Result]:
        """Keep the best; request further ones where near-duplicates leave too few."""
        assert in_hand.seed is not None and self._spec.best is not None
        in_hand.candidates.sort(key=lambda item: item[0].stream.variation if item[0].stream else 0)
        most = MOST_TIMES * self._spec.variations
        last = in_hand.requested >= most
        candidates = [(scores, segment) for _, scores, segment in in_hand.candidates]
        kept = choose(candidates, in_hand.seed, self._spec.best, last=last)
        if kept is None:
            further = range(in_hand.requested, min(2 * in_hand.requested, most))
            in_hand.requested, in_hand.missing = further.stop, len(further)
            self._further.append(
                Request(request.analysis, request.settings, further, in_hand, request.state)
            )
            return
        if not kept:
            raise SeedError(
                "gave no continuation that is not a near-duplicate of the seed or silent;"
                " try a higher temperature"
            )
        for rank, index in enumerate(kept, start=1):
            finished, scores, _ = in_hand.candidates[index]
            assert finished.stream is not None
            yield in_hand.writer.write(
                in_hand.number,
                finished.stream,
                last=rank == len(kept),
                rank=rank,
                kept=len(kept),
                scores=scores.as_dict(),
            )


def fail(
    spec: BatchSpec,
    number: int,
    task: Task,
    error: Exception,
    finished: Finished | None = None,
    *,
    last: bool = True,
) -> Result:
    """The result that says why there is no output."""
    record = failure_record(spec, task, error)
    if finished is not None and finished.stream is not None and spec.best is None:
        record["variation"] = finished.stream.variation + 1
    return Result(number, record, last=last)


def failure_record(spec: BatchSpec, task: Task, error: Exception) -> dict[str, Any]:
    """The line of the manifest that says why a whole task has no output."""
    record = begin_record(spec, task, _digest(task))
    return record | {"variation": None, "error": reason(error, task)}


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


@contextmanager
def _seed_file(task: Task) -> Iterator[str]:
    """The path of a task's seed; of a task that brings its bytes, of a temporary file."""
    if task.data is None:
        yield task.path
        return
    with tempfile.TemporaryDirectory(prefix="composer-") as folder:
        path = Path(folder) / PurePosixPath(task.seed).name
        path.write_bytes(task.data)
        yield str(path)
