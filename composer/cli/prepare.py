"""The verb that makes a dataset: `prepare`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.errors import OutputError


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(prepare)


def two_corpora(ctx: Any, param: Any, value: str | None) -> tuple[str, str] | None:
    """Read "pop909+groove", or "corpora/billboard+groove"."""
    del ctx, param
    if value is None:
        return None
    songs, _, drums = value.rpartition("+")
    if not songs or not drums:
        raise click.BadParameter(f"{value!r} is not two corpora such as pop909+groove")
    return songs, drums


@click.command()
@click.argument("paths", nargs=-1, metavar="[NAME=]PATH...")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the dataset.",
)
@click.option("--music21", "with_music21", is_flag=True, help="Add the scores inside music21.")
@click.option(
    "--band",
    metavar="SONGS+DRUMS",
    callback=two_corpora,
    help="Add songs of one corpus arranged for bands, small and large, with drums of another.",
)
@click.option(
    "--charts",
    metavar="FOLDER+DRUMS",
    multiple=True,
    callback=lambda ctx, param, values: [two_corpora(ctx, param, value) for value in values],
    help="Add a folder's charts and lead sheets arranged for a larger band.",
)
@click.option(
    "--kept-out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A list of the pieces for validation, CORPUS/NAME a line, of the corpora it names.",
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "beats", "free"]),
    default="auto",
    show_default=True,
    help="Whether the music keeps a beat; auto finds out for each piece.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    show_default="one for each processor",
    help="Processes that read files.",
)
@click.option("--force", is_flag=True, help="Replace a dataset that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON summary.")
def prepare(
    paths: tuple[str, ...],
    out: Path,
    with_music21: bool,
    band: tuple[str, str] | None,
    charts: list[tuple[str, str]],
    kept_out: Path | None,
    kind: str,
    workers: int,
    force: bool,
    as_json: bool,
) -> None:
    """Turn MIDI files and scores into a dataset to train on.

    A PATH is a file or a folder, read with all that is in it; NAME= says what the corpus
    is called, otherwise the folder's name is taken. One piece in twenty is kept for
    validation, or whatever lies in a folder called "valid"; a folder called "test" is
    left out. Files that cannot be read are listed in OUT/skipped.json; what was passed
    over in the others is in OUT/remarks.json.

    \b
    Example:
      composer prepare mine=~/midi --out datasets/mine
      composer prepare corpora/pop909 corpora/groove --band pop909+groove --out datasets/band
      composer prepare corpora/groove --charts corpora/billboard+groove --out datasets/charts
      composer prepare corpora/freedoom --kept-out kept-out.txt --out datasets/freedoom
    """
    if not paths and not with_music21:
        raise click.UsageError("give files or folders of MIDI or scores, or --music21")
    if (out / "pieces.json").exists() and not force:
        raise OutputError(f"there is a dataset in {out}; give --force to replace it")
    from composer_training.data import sources
    from composer_training.data.prepare import prepare as make

    found = sources.find_sources(paths)
    if with_music21:
        found += sources.music21_sources()
    if kept_out is not None:
        found = sources.with_kept_out(found, sources.read_kept_out(kept_out))
    asked = [(sources.find_charts(folder), drums) for folder, drums in charts]
    with terminal.bar("Reading") as advance:
        made = make(
            found, out, kind=kind, workers=workers, band=band, charts=asked, progress=advance
        )
    summary = made.summary() | {"out": str(out)}
    if as_json:
        click.echo(json.dumps(summary, indent=2))
        return
    for name, counts in summary["corpora"].items():
        click.echo(
            f"{name}: {terminal.counted(counts['train'], 'piece')} to train on,"
            f" {counts['valid']} for validation, {terminal.counted(counts['notes'], 'note')}"
        )
    if made.skipped:
        click.echo(f"{len(made.skipped)} skipped, see {out / 'skipped.json'}; the first:")
        for entry in made.skipped[:5]:
            click.echo(f"    {entry.name}: {entry.reason}")
    if made.remarked:
        click.echo(f"remarks on {len(made.remarked)}, see {out / 'remarks.json'}; the first:")
        for file in made.remarked[:5]:
            click.echo(f"    {file.name}: {file.remarks[0]}")
