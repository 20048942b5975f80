"""Verbs that time: `bench`, how fast a model plays, and `bench live`, how soon a server answers."""

from __future__ import annotations

import json
import os
import sys

import click

from composer import terminal
from composer.cli.options import model_option


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(bench)


@click.group(invoke_without_command=True)
@model_option
@click.option(
    "--notes",
    type=click.IntRange(5, 1_000_000),
    default=500,
    show_default=True,
    help="Notes to time, one after another.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Threads for a step of the network.",
)
@click.option("--keras/--no-keras", default=True, help="Time a Keras `predict` loop beside it.")
@click.option(
    "--cold-start/--no-cold-start", default=True, help="Time whole commands, TensorFlow beside."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_context
def bench(
    context: click.Context,
    model: str,
    notes: int,
    threads: int,
    keras: bool,
    cold_start: bool,
    as_json: bool,
) -> None:
    """Measure how fast a model plays on this machine; `bench live`: how soon it answers.

    \b
    Example:
      composer bench
      composer bench --no-keras --no-cold-start --json
      composer bench live
    """
    if context.invoked_subcommand is not None:
        return
    from composer import models
    from composer.evaluation import speed as library

    folder = models.find(model)
    say = terminal.say if terminal.is_interactive() else _silent
    result = library.bench(
        folder, notes=notes, threads=threads, keras=keras, cold_start=cold_start, say=say
    )
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return
    for line in library.lines(result):
        click.echo(line)


def _counts(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, without zeros."""
    del context, option
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise click.BadParameter(f"{text!r} is not whole numbers with commas between them")
    return tuple(int(part) for part in parts if int(part))


@bench.command()
@model_option
@click.option(
    "--phrases",
    type=click.IntRange(0, 100_000),
    default=100,
    show_default=True,
    help="Phrases to be answered in each of three ways; 0 for none.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 36_000),
    default=60.0,
    show_default=True,
    help="Length of the long reply, and of each crowd.",
)
@click.option(
    "--sessions",
    callback=_counts,
    metavar="NUMBERS",
    default="500",
    show_default=True,
    help="Sizes of crowds, as 100,200,500; 0 for none.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 2) if sys.platform.startswith("linux") else 1,
    show_default="2 on Linux",
    help="Processes that a crowd's server is made of; see `composer serve --help`.",
)
@click.option(
    "--mode",
    type=click.Choice(["call", "accompany"]),
    default="call",
    show_default=True,
    help="What a crowd's sessions ask for: answers, or a band under them.",
)
@click.option(
    "--clock",
    is_flag=True,
    help="Only this: replies against the grid of a host that sends MIDI clock.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def live(
    model: str,
    phrases: int,
    seconds: float,
    sessions: tuple[int, ...],
    processes: int,
    mode: str,
    clock: bool,
    as_json: bool,
) -> None:
    """Measure how soon a server answers, how exactly it plays, and with how many.

    Starts servers of its own, on loopback. What is due to the music itself, such as the
    silence that ends a phrase, is not counted.

    \b
    Example:
      composer bench live
      composer bench live --phrases 0 --seconds 600 --sessions 0
      composer bench live --phrases 0 --seconds 30 --sessions 100,200,300,400,500
      composer bench live --phrases 0 --seconds 30 --sessions 100 --mode accompany
      composer bench live --clock --seconds 60
    """
    from composer import models

    models.find(model)
    say = terminal.say if terminal.is_interactive() else None
    if clock:
        from composer.live.bench import clock as clocks

        result = clocks.clock(model, seconds=seconds, say=say)
        lines = clocks.clock_lines(result)
    else:
        from composer.live.bench import latency as library

        result = library.bench(
            model,
            phrases=phrases,
            seconds=seconds,
            sessions=sessions,
            processes=processes,
            mode=mode,
            say=say,
        )
        lines = library.lines(result)
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return
    for line in lines:
        click.echo(line)


def _silent(line: str) -> None:
    del line
