"""Tasks for a process pool that need no network: numbers to double, some of which kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from composer.batch.process_pool import Run
from composer.errors import ComposerError, ModelError

DEADLY = -1
"""The task over which a worker is killed."""


@dataclass(frozen=True)
class Doubled:
    """Twice a number, or an error."""

    task: int
    value: int = 0
    error: str = ""
    last: bool = True


def begin() -> Run[int, Doubled]:
    """A worker that takes two tasks at a time, as a batch takes many."""
    return double_in_pairs


def double_in_pairs(tasks: Iterator[tuple[int, int]]) -> Iterator[Doubled]:
    """Take a second task before the first one is done."""
    for number, value in tasks:
        pair = [(number, value), *([second] if (second := next(tasks, None)) else [])]
        if any(value == DEADLY for _, value in pair):
            os.kill(os.getpid(), signal.SIGKILL)
        for number, value in pair:
            yield Doubled(number, 2 * value)


def begin_and_die() -> Run[int, Doubled]:
    """A worker that is killed before it has a task."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def begin_without_model() -> Run[int, Doubled]:
    """A worker that cannot begin."""
    raise ModelError("there is no model")


def failed(number: int, task: int, error: ComposerError) -> Doubled:
    """The result of a task that was given up."""
    del task
    return Doubled(number, error=str(error))
