"""Terminal: what a command tells a person while it works, on standard error.

Results go to standard output, where a program may read them; progress and remarks go to
standard error, and bars are drawn only when that is a terminal.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Advance = Callable[[int, "int | None"], None]
"""Called with how much is done and how much there is in all, None if that is not known."""


def say(line: str) -> None:
    """A line on standard error."""
    click.echo(line, err=True)


def counted(number: int, what: str) -> str:
    """So many of something: "1 bar", "2 bars", "12,000 notes"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def is_interactive() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr.isatty()


@contextmanager
def bar(what: str, unit: str = "files") -> Iterator[Advance]:
    """A progress bar with the time it will still take; nothing when nobody watches.

    Args:
        what: What is being done, in a word or two.
        unit: What is counted; "bytes" are shown as such.
    """
    if not is_interactive():
        yield lambda done, total: None
        return
    from rich import progress
    from rich.console import Console

    counted = (
        (progress.DownloadColumn(), progress.TransferSpeedColumn())
        if unit == "bytes"
        else (progress.MofNCompleteColumn(), progress.TextColumn(unit))
    )
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        *counted,
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def show_log(level: int = logging.WARNING) -> None:
    """Send the library's log to standard error, one plain line a record."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    for name in ("composer", "composer_training"):
        log = logging.getLogger(name)
        log.setLevel(level)
        log.addHandler(handler)
        log.propagate = False
