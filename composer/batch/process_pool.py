"""Workers: processes of this machine that make what tasks ask for.

A worker asks for its next task when it has room for it and sends back what it has made;
the one that hands out tasks alone writes files. Processes are spawned, so that nothing is
shared. A worker whose parent is gone ends by itself. When a worker dies, another takes its
place and the tasks it had in hand are made again, one at a time, so that a seed that kills
its worker every time is found and reported, and no other one with it.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from composer.batch.jobs import BatchSpec, Made, Task
from composer.batch.worker import Numbered, Worker, fail
from composer.errors import ComposerError, ModelError
from composer.network.predictor import Predictor

logger = logging.getLogger(__name__)

DEATHS = 2
"""Workers that may die over a task alone before it is given up."""
GRACE = 5.0
"""Seconds that a worker gets to end after it was told to."""


@dataclass(eq=False)
class _Worker:
    """A process, and the tasks it has in hand."""

    process: Any
    pipe: Connection
    tasks: dict[int, Task] = field(default_factory=dict)
    idle: bool = False


class Workers:
    """Some processes that make what they are handed.

    Args:
        order: What holds for the run.
        model: The model's folder.
        count: How many.
    """

    def __init__(self, order: BatchSpec, model: Path, count: int) -> None:
        self._order, self._model, self._count = order, model, count
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._suspects: deque[Numbered] = deque()
        self._deaths: dict[int, int] = {}

    @property
    def pids(self) -> list[int]:
        """Process numbers of those at work."""
        return [worker.process.pid for worker in self._workers]

    def make(self, tasks: Iterator[Numbered]) -> Iterator[Made]:
        """Yield what comes of tasks, in any order; see `Worker.make`.

        A task of which something has come already when its worker dies is made again as a
        whole: the same continuations come twice, with the same bytes.
        """
        try:
            for _ in range(self._count):
                self._start()
            while self._workers:
                self._hand_out(tasks)
                if all(worker.idle for worker in self._workers):
                    return
                busy = {worker.pipe: worker for worker in self._workers if not worker.idle}
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    try:
                        message = worker.pipe.recv()
                    except (EOFError, OSError):
                        yield from self._bury(worker)
                        continue
                    yield from self._listen(worker, message, tasks)
        finally:
            self._end()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._order, self._model), daemon=True
        )
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _listen(self, worker: _Worker, message: Any, tasks: Iterator[Numbered]) -> Iterator[Made]:
        kind, content = message
        if kind == "made":
            if content.last:
                worker.tasks.pop(content.task, None)
            yield content
        elif kind == "done":
            worker.tasks.clear()
            worker.idle = True
        elif kind == "more":
            # One whose tasks are suspected of killing workers gets no second one.
            alone = any(number in self._deaths for number in worker.tasks)
            self._send(worker, None if alone or self._suspects else next(tasks, None))
        else:
            raise content

    def _hand_out(self, tasks: Iterator[Numbered]) -> None:
        """Give idle workers something to do, suspects first."""
        for worker in self._workers:
            if worker.idle:
                task = self._suspects.popleft() if self._suspects else next(tasks, None)
                if task is None:
                    return
                worker.idle = False
                self._send(worker, task)

    def _send(self, worker: _Worker, task: Numbered | None) -> None:
        if task is not None:
            worker.tasks[task[0]] = task[1]
        try:
            worker.pipe.send(task)
        except OSError:
            return  # it has died, which is noticed when it is heard next

    def _bury(self, worker: _Worker) -> Iterator[Made]:
        """A worker has died: another takes its place."""
        worker.process.join(GRACE)
        code = worker.process.exitcode
        worker.pipe.close()
        self._workers.remove(worker)
        logger.warning("a worker process died (%s); its tasks are made again", _cause(code))
        for number, task in worker.tasks.items():
            alone = len(worker.tasks) == 1
            self._deaths[number] = self._deaths.get(number, 0) + alone
            if self._deaths[number] < DEATHS:
                self._suspects.append((number, task))
                continue
            error = ComposerError(f"its worker process died each time ({_cause(code)})")
            yield fail(self._order, number, task, error)
        if not worker.tasks and not self._deaths.setdefault(-1, 0) < DEATHS * self._count:
            raise ComposerError(f"worker processes die at once ({_cause(code)})")
        self._deaths[-1] = self._deaths.get(-1, 0) + (not worker.tasks)
        self._start()

    def _end(self) -> None:
        """Tell all to end; those that do not listen are ended."""
        for worker in self._workers:
            worker.pipe.close()
            if not worker.idle:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(GRACE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            pass
    return f"exit code {code}"


def _work(pipe: Connection, order: BatchSpec, model: Path) -> None:
    """What a worker does until its parent is gone or has nothing more."""
    # Ctrl-C goes to all processes of a terminal: the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        try:
            maker = Worker(order, Predictor.load(model, threads=1))
        except ModelError as error:
            pipe.send(("error", error))
            return

        def tasks() -> Iterator[Numbered]:
            yield first
            while True:
                pipe.send(("more", None))
                task = pipe.recv()
                if task is None:
                    return
                yield task

        while True:
            pipe.send(("done", None))
            first = pipe.recv()
            for made in maker.make(tasks()):
                pipe.send(("made", made))
    except (EOFError, OSError):
        return  # the parent is gone
