"""The verbs `batch` and `report`: whole folders of seeds, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.cli.options import device_option, load_predictor, model_option
from composer.cli.settings import settings_from, with_settings
from composer.generation.parameters import KEEPS, TASKS, USUAL_STRENGTH

SOME_FAILED = 3
"""Exit code of a batch in which something failed."""
SHOWN = 10
"""Failures that are printed; the manifest has all."""


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    verbs.add_command(batch)
    verbs.add_command(report)


class _Batch(click.Command):
    """Reads `--best N of K` as musicians say it: the same as `--best N --variations K`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for index, word in enumerate(args[:-3]):
            if word == "--best" and args[index + 2] == "of":
                args = [*args[: index + 2], "--variations", *args[index + 3 :]]
                break
        return super().parse_args(ctx, args)


def _writing_from(options: dict[str, Any]) -> Any:
    """Take what is to be written out of the command's arguments."""
    from composer.generation.part_names import names_in
    from composer.inside.writing import Writing, parse_bars

    span, add, strength = (options.pop(name) for name in ("span", "add", "strength"))
    return Writing(
        options.pop("task"),
        None if span is None else parse_bars(span),
        names_in(add or ""),
        USUAL_STRENGTH if strength is None else strength,
        options.pop("keep"),
        options.pop("crossing"),
    )


@click.command(cls=_Batch)
@click.argument("seeds", metavar="IN", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--variations",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    help="How many continuations of each seed.",
)
@click.option(
    "--best",
    type=int,
    metavar="N [of K]",
    help="Keep the N of K variations that fit the seed best, no two nearly alike.",
)
@click.option(
    "--pattern",
    default="{stem}-{variation}.mid",
    show_default=True,
    help="Names of the files: {stem}, {variation}, {key}, {bpm}, {seed}; the suffix is the format.",
)
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(["mid", "musicxml", "json", "png", "wav"]),
    help="A further format, beside each file; may be given again.",
)
@with_settings(takes=1)
@click.option(
    "--task",
    type=click.Choice(TASKS),
    default=TASKS[0],
    show_default=True,
    help="What is written of each seed, as fill, arrange, vary and generate --loop do.",
)
@click.option("--span", metavar="FIRST-LAST", help="Bars that fill, arrange or vary write.")
@click.option("--add", metavar="PARTS", help="Parts that arrange adds.")
@click.option("--strength", type=click.FloatRange(0, 1), help="How much vary changes.")
@click.option("--keep", type=click.Choice(KEEPS), help="What vary keeps.")
@click.option("--crossing", is_flag=True, help="Let voices that arrange adds cross.")
@click.option("--continuation-only", is_flag=True, help="Leave the seeds out of the files.")
@model_option
@device_option
@click.option(
    "--batch-size",
    type=int,
    default=128,
    show_default=True,
    help="Continuations in one step of the network, all takes counted.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Processes on this machine.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster at this address.")
@click.option("--soundfont", metavar="FILE", help="SoundFont for wav.")
@click.option(
    "--rate",
    is_flag=True,
    help="Write OUT/ratings.csv, to be filled in for 'composer taste learn'.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def batch(
    ctx: click.Context,
    /,
    seeds: Path,
    out: Path,
    variations: int,
    best: int | None,
    pattern: str,
    also: tuple[str, ...],
    continuation_only: bool,
    model: str,
    device: str,
    batch_size: int,
    workers: int,
    scheduler: str | None,
    soundfont: str | None,
    rate: bool,
    force: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Continue every seed below the folder IN into the folder OUT, or write inside it.

    Started again after it was stopped, it does what is missing. A settings.csv beside the
    seeds can change settings for single files. OUT/manifest.jsonl says what was made.
    Exit code 0: all is done; 3: some seeds failed.

    \b
    Example:
      composer batch seeds out --variations 20 --workers 2
      composer batch seeds out --best 3 of 10 --also json --also png
      composer batch songs out --task fill --span 9-12 --takes 32
      composer batch loops pack --pattern '{key}/{stem}-{bpm}-{variation:02}.mid' --bars 4
    """
    from composer import models
    from composer.batch.jobs import BatchSpec
    from composer.batch.run import BatchJob, BatchRun, fingerprint, known_rng_seed

    if scheduler is not None and workers > 1:
        raise click.UsageError("give --workers or --scheduler, not both")
    if device == "gpu" and (workers > 1 or scheduler is not None):
        raise click.UsageError("--device gpu works in this process alone; leave --workers out")
    if options["rng_seed"] is None:
        options["rng_seed"] = known_rng_seed(out)
    writing = _writing_from(options)
    settings = settings_from(options)
    folder = models.find(model)
    spec = BatchSpec(
        variations, best, pattern, also, continuation_only, batch_size, soundfont,
        (folder.name, fingerprint(folder)), "gpu" if device == "gpu" else "cpu",
    )  # fmt: skip
    job = BatchJob(seeds, out, spec, settings, folder, workers, scheduler, force, writing)
    predictor = None
    if device == "gpu" and not dry_run:
        predictor = load_predictor(model, device)
    run = BatchRun(job, predictor)
    if dry_run:
        tally = run.plan()
    else:
        with _progress() as show:
            try:
                tally = run.run(show)
            except KeyboardInterrupt:
                terminal.say("Stopped. The same command goes on from here.")
                raise
    if rate and not dry_run:
        terminal.say(f"To be rated: {_write_ratings(out)}")
    if as_json:
        click.echo(json.dumps(tally.as_dict() | {"rng_seed": settings.rng_seed}, indent=2))
    elif dry_run:
        missing = tally.total - tally.found
        click.echo(
            f"{terminal.counted(tally.seeds, 'seed')},"
            f" {terminal.counted(tally.total, 'continuation')}: {tally.found} done,"
            f" {missing} to make"
        )
    else:
        click.echo(_summary(tally))
    for place in tally.unused:
        terminal.say(f"No seed is named like that: {place}")
    for seed, reason in sorted(tally.failures)[:SHOWN]:
        named = reason if reason.startswith(seed) else f"{seed}: {reason}"
        terminal.say(f"Failed: {named}")
    if tally.failed > SHOWN:
        terminal.say(f"... and {tally.failed - SHOWN} more; see {out / 'manifest.jsonl'}")
    if not dry_run:
        terminal.say(f"Again: --rng-seed {settings.rng_seed}")
    if tally.failed:
        ctx.exit(SOME_FAILED)


def _write_ratings(out: Path) -> Path:
    """Write the list of takes to be rated; ratings that stand in it stay.

    Raises:
        SettingError: The list that is there cannot be read.
        OutputError: It cannot be written.
    """
    from composer import files
    from composer.batch import manifest
    from composer.taste.ratings import NAME, ratings_csv, ratings_of

    path = out / NAME
    rated = ratings_of(path) if path.exists() else {}
    made = {
        record["output"]: record.get("traits", {})
        for record in manifest.read(out / manifest.NAME)
        if "output" in record
    }
    files.write(ratings_csv(made.items(), rated), path, force=True)
    return path


def _summary(tally: Any) -> str:
    before = f" ({tally.found} were there)" if tally.found else ""
    pace = f", {tally.notes / tally.took:,.0f} notes/s" if tally.took > 0 else ""
    hours = tally.seconds / 3600
    music = f"{hours:.1f} hours" if hours >= 1 else f"{tally.seconds / 60:.1f} minutes"
    return (
        f"{terminal.counted(tally.made, 'continuation')} of {terminal.counted(tally.seeds, 'seed')}"
        f" made{before}, {tally.failed} failed:"
        f" {terminal.counted(tally.notes, 'note')}, {music} of music, in {tally.took:.1f} s{pace}"
    )


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar with files, notes per second and the time left; nothing when nobody watches."""
    if not terminal.is_interactive():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("Composing"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("files  {task.fields[pace]:,.0f} notes/s "),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[failed]}"),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None, pace=0.0, failed="")

        def show(tally: Any) -> None:
            shown.update(
                task,
                completed=tally.done,
                total=tally.total,
                pace=tally.notes / max(tally.took, 1e-9),
                failed=f"{tally.failed} failed" if tally.failed else "",
            )

        yield show


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--to", "page", type=click.Path(path_type=Path), help="The page.  [default: OUT/report.html]"
)
@click.option(
    "--rolls",
    type=click.IntRange(0, 10_000),
    default=60,
    show_default=True,
    help="Piano rolls on it at most.",
)
def report(out: Path, page: Path | None, rolls: int) -> None:
    """Write an HTML page about a batch: piano rolls, statistics and what failed.

    \b
    Example:
      composer report out
    """
    from composer.batch.report_page import write_report

    written = write_report(out, page or out / "report.html", rolls=rolls)
    click.echo(str(written))
