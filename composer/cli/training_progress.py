"""Training progress: what a run shows while it goes on, how it is stopped, and how it ended."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from composer import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from composer_training.fit import UpdateReport
    from composer_training.run import Outcome


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM end the run after the update at hand; a second Ctrl-C at once."""
    asked = threading.Event()

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        terminal.say("Stopping after this update; press Ctrl-C again to stop at once.")

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def watching() -> Iterator[Callable[[UpdateReport], None]]:
    """Reports a run: a bar on a terminal, and a line for each validation anywhere."""
    if not terminal.is_interactive():
        yield lambda progress: _say_scores(progress, terminal.say)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.fields[update]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("train", total=1.0, update="", figures="")
        smooth: list[float] = []

        def report(progress: UpdateReport) -> None:
            smooth.append(progress.nats)
            del smooth[:-20]
            shown.update(
                task,
                completed=progress.done,
                update=f"{progress.update}/{progress.updates}",
                figures=f"{sum(smooth) / len(smooth):.3f} nats/note, "
                f"{progress.notes_per_second:,.0f} notes/s",
            )
            _say_scores(progress, shown.console.print)

        yield report


def _say_scores(progress: UpdateReport, say: Callable[[str], None]) -> None:
    if not progress.scores:
        return
    for corpus, score in progress.scores.items():
        fields = ", ".join(f"{name} {value:.3f}" for name, value in score.fields.items())
        best = " (best)" if corpus == "all" and progress.improved else ""
        say(f"{progress.update:6} {corpus}: {score.nats_per_note:.4f} nats/note{best}: {fields}")


def tell(outcome: Outcome, as_json: bool) -> None:
    """Say how a run ended, in words or as JSON."""
    finite = outcome.best if outcome.best < float("inf") else None
    if as_json:
        document = {
            "out": str(outcome.folder),
            "end": outcome.end,
            "updates": outcome.update,
            "nats_per_note": finite,
            "seconds": round(outcome.seconds, 1),
            "model": None if outcome.model is None else str(outcome.model),
        }
        if outcome.verdict is not None:
            document["liked"] = outcome.verdict.document()
        click.echo(json.dumps(document, indent=2))
        return
    score = "" if finite is None else f", best validation {finite:.4f} nats/note"
    verdict = [] if outcome.verdict is None else outcome.verdict.words()
    click.echo(f"{outcome.end.capitalize()} after {outcome.update} updates{score * (not verdict)}.")
    for line in verdict:
        click.echo(line)
    if outcome.model is not None:
        click.echo(f"The model is in {outcome.model}.")
    else:
        click.echo(f"Go on with: composer train --resume --out {outcome.folder}")
