"""Process pool: tasks in, results out, worked on by several processes of this machine.

`concurrent.futures` and its relatives hand a worker one task at a time and give up all of them
when a worker dies. Here a worker takes a further task whenever it has room for one, so that
the network of a batch always runs full, and a worker that dies (killed for its memory, say) is
replaced and its tasks are done again. They are then done one at a time: a task that kills its
worker every time is found and reported, and no other one with it.

A worker process and its pool exchange these messages:

    worker -> pool    idle     no task in hand
                      next     room for another task beside those in hand
                      result   a result
                      error    no work is possible at all; its pool raises it
    pool -> worker    a numbered task, or None: there is none at present

Processes are spawned, so that nothing is shared with this one. A worker whose pool is gone
ends by itself.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, TypeVar

from composer.errors import ComposerError

logger = logging.getLogger(__name__)

MOST_DEATHS = 2
"""Workers that may die over one task, or without any, before the pool gives up."""
END_SECONDS = 5.0
"""Seconds that a worker gets to end before it is killed."""


class PoolResult(Protocol):
    """What a pool has to know of a result.

    Attributes:
        task: Number of the task that it is of.
        last: Whether it is the last one of its task.
    """

    @property
    def task(self) -> int:
        """See the class."""

    @property
    def last(self) -> bool:
        """See the class."""


T = TypeVar("T")
R = TypeVar("R", bound=PoolResult)
_In = TypeVar("_In", contravariant=True)
_Out = TypeVar("_Out", covariant=True)
Run = Callable[[Iterator[tuple[int, T]]], Iterator[R]]
"""Does numbered tasks, which it takes one by one, and yields at least one result of each."""


class Pool(Protocol[_In, _Out]):
    """Whatever does numbered tasks: this process, processes of this machine, a cluster."""

    def run(self, tasks: Iterator[tuple[int, _In]], /) -> Iterator[_Out]:
        """Yield results as they come, in any order."""


@dataclass(eq=False)
class _Process(Generic[T]):
    """A worker process, and the tasks it has in hand by number."""

    process: Any
    pipe: Connection
    tasks: dict[int, T] = field(default_factory=dict)
    idle: bool = False


class ProcessPool(Generic[T, R]):
    """Some worker processes.

    Args:
        begin: Called once in each worker: loads what it needs and returns what does tasks. It
            goes to the worker by pickling, as tasks do, and may raise a `ComposerError`.
        failed: Makes the result of a task that kills its workers.
        count: How many workers.
        nice: Added to the workers' niceness, where the system knows such a thing.
    """

    def __init__(
        self,
        begin: Callable[[], Run[T, R]],
        failed: Callable[[int, T, ComposerError], R],
        count: int,
        *,
        nice: int = 0,
    ) -> None:
        self._begin, self._failed, self._count, self._nice = begin, failed, count, nice
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[_Process[T]] = []
        self._suspects: deque[tuple[int, T]] = deque()
        self._deaths_by_task: Counter[int] = Counter()
        self._deaths_without_task = 0

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers."""
        return [worker.process.pid for worker in self._processes]

    def run(self, tasks: Iterator[tuple[int, T]]) -> Iterator[R]:
        """Yield results as they come, in any order.

        When a worker dies, its tasks are done again as a whole: those of their results that
        had come already come twice.

        Raises:
            ComposerError: No worker can begin.
        """
        try:
            for _ in range(self._count):
                self._start()
            while True:
                self._hand_out(tasks)
                busy = {worker.pipe: worker for worker in self._processes if not worker.idle}
                if not busy:
                    return
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    try:
                        kind, content = worker.pipe.recv()
                    except (EOFError, OSError):
                        yield from self._replace(worker)
                    else:
                        yield from self._answer(worker, kind, content, tasks)
        finally:
            self._end()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._begin, self._nice), daemon=True
        )
        with _safe_path():
            process.start()
        theirs.close()
        self._processes.append(_Process(process, ours))

    def _answer(
        self, worker: _Process[T], kind: str, content: Any, tasks: Iterator[tuple[int, T]]
    ) -> Iterator[R]:
        """What a message asks for."""
        if kind == "result":
            if content.last:
                worker.tasks.pop(content.task, None)
            yield content
        elif kind == "idle":
            worker.tasks.clear()
            worker.idle = True
        elif kind == "next":
            # A task that may kill its worker is done alone.
            alone = bool(self._suspects) or any(
                task in self._deaths_by_task for task in worker.tasks
            )
            self._send(worker, None if alone else next(tasks, None))
        else:
            raise content

    def _hand_out(self, tasks: Iterator[tuple[int, T]]) -> None:
        """Give each idle worker a task; those whose worker died go first."""
        for worker in self._processes:
            if worker.idle:
                task = self._suspects.popleft() if self._suspects else next(tasks, None)
                if task is None:
                    return
                worker.idle = False
                self._send(worker, task)

    def _send(self, worker: _Process[T], task: tuple[int, T] | None) -> None:
        if task is not None:
            worker.tasks[task[0]] = task[1]
        try:
            worker.pipe.send(task)
        except OSError:
            return  # the worker has died, which its next message, an end of file, will say

    def _replace(self, worker: _Process[T]) -> Iterator[R]:
        """Start another worker for one that has died, and do its tasks again."""
        worker.process.join(END_SECONDS)
        cause = _cause(worker.process.exitcode)
        worker.pipe.close()
        self._processes.remove(worker)
        logger.warning("a worker process died (%s); its tasks are done again", cause)
        if not worker.tasks:
            self._deaths_without_task += 1
            if self._deaths_without_task > MOST_DEATHS * self._count:
                raise ComposerError(f"worker processes die at once ({cause})")
        alone = len(worker.tasks) == 1
        for number, task in worker.tasks.items():
            self._deaths_by_task[number] += alone  # one of several is a suspect, and no more
            if self._deaths_by_task[number] < MOST_DEATHS:
                self._suspects.append((number, task))
            else:
                error = ComposerError(f"its worker process died each time ({cause})")
                yield self._failed(number, task, error)
        self._start()

    def _end(self) -> None:
        """Let all workers end, and kill those that do not."""
        for worker in self._processes:
            worker.pipe.close()
            if not worker.idle:
                worker.process.terminate()
        for worker in self._processes:
            worker.process.join(END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._processes.clear()


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep Python from importing out of the working folder while a worker starts.

    A spawned process imports the standard library before it receives this one's `sys.path`,
    and would take a `random.py` that lies beside somebody's music for Python's own.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _cause(code: int | None) -> str:
    """How a process ended: the name of a signal, or an exit code."""
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            pass
    return f"exit code {code}"


class _PoolGoneError(Exception):
    """The process that this one works for has ended."""


def _work(pipe: Connection, begin: Callable[[], Run[T, R]], nice: int) -> None:
    """The life of a worker process."""
    # Ctrl-C goes to all processes of a terminal; the pool's process decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if nice and hasattr(os, "nice"):
        os.nice(nice)

    def send(kind: str, content: Any = None) -> None:
        try:
            pipe.send((kind, content))
        except OSError:
            raise _PoolGoneError from None

    def receive() -> tuple[int, T] | None:
        try:
            task: tuple[int, T] | None = pipe.recv()
        except (EOFError, OSError):
            raise _PoolGoneError from None
        return task

    def tasks(first: tuple[int, T]) -> Iterator[tuple[int, T]]:
        task: tuple[int, T] | None = first
        while task is not None:
            yield task
            send("next")
            task = receive()

    try:
        try:
            run = begin()
        except ComposerError as error:
            send("error", error)
            return
        while True:
            send("idle")
            first = receive()
            if first is not None:
                for result in run(tasks(first)):
                    send("result", result)
    except _PoolGoneError:
        return
