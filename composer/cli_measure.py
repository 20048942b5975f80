"""The verb that measures a model: `evaluate`, how well it predicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.errors import SettingError

if TYPE_CHECKING:
    from composer.evaluate import Found, Report
    from composer.runtime import Floats, Predictor


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(evaluate)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--model", default="default", show_default=True, help="A model's name or folder.")
@click.option(
    "--grid",
    type=click.Choice(["auto", "beats", "free"]),
    default="auto",
    show_default=True,
    help="Whether the music keeps a beat; auto finds out for each piece.",
)
@click.option("--float", "as_float", is_flag=True, help="Float weights, not the int8 that play.")
@click.option(
    "--by",
    type=click.Choice(["corpus", "file"]),
    multiple=True,
    help="Figures for each folder given, or for each file, too.",
)
@click.option("--surprise", metavar="CSV", help="One file only: write nats of every note.")
@click.option(
    "--plot",
    metavar="PNG",
    help="Draw nats by field; with --surprise, a piano roll coloured by it.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    files: tuple[str, ...],
    model: str,
    grid: str,
    as_float: bool,
    by: tuple[str, ...],
    surprise: str | None,
    plot: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure how well a model predicts music: nats per note, less is better.

    FILES are MIDI files, scores, folders of them, or sets of chorales (JSON of the
    JSB-Chorales-dataset; NAME.json#test is one split). What cannot be read is listed.

    \b
    Example:
      composer evaluate songs/
      composer evaluate songs/ quartets/ --by corpus --json
      composer evaluate song.mid --surprise notes.csv --plot notes.png
    """
    from composer import evaluate as library
    from composer.likelihood import note_nats

    for path in (surprise, plot):
        _check_free(path, force)
    predictor = _predictor(model, as_float)
    with terminal.bar("Reading") as advance:
        pieces, report = library.read_files([Path(name) for name in files], grid, advance)
    if surprise and len(pieces) != 1:
        raise SettingError(f"--surprise is for one piece, and these are {len(pieces)}")
    with terminal.bar("Listening", "notes") as advance:
        library.evaluate(predictor, pieces, report, progress=advance)
    if surprise:
        _, nats = next(note_nats(predictor, [pieces[0].events]))
        _write_surprise(pieces[0], nats, surprise, plot, force)
    elif plot:
        from composer.figures import field_bars

        title = f"{report.nats_per_note:.3f} nats per note, {report.notes} notes"
        field_bars(report.fields, plot, title=title, force=force)
    document = report.as_dict(model, by)
    document["engine"] = "float32" if as_float else "int8"
    document["grid"] = grid
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(report, document)


def _predictor(model: str, as_float: bool) -> Predictor:
    from composer import models

    folder = models.find(model)
    if as_float:
        from composer.float_trunk import load_float

        return load_float(folder)
    from composer.runtime import Predictor

    return Predictor.load(folder)


def _check_free(path: str | None, force: bool) -> None:
    if path is not None:
        from composer.cli_generate import check_free

        check_free(Path(path), force)


def _write_surprise(found: Found, nats: Floats, path: str, plot: str | None, force: bool) -> None:
    import csv
    import io

    from composer.evaluate import note_surprise, surprise_table
    from composer.figures import write

    lines = surprise_table(found, nats)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(lines)
    write(text.getvalue().encode(), path, force=force)
    if plot:
        from composer.plot import surprise_roll

        surprise_roll(found.piece, note_surprise(found, nats), plot, force=force)


def _show(report: Report, document: dict[str, Any]) -> None:
    """A table for people, on standard output; what was skipped on standard error."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("pieces", "notes", "nats/note", *report.fields):
        table.add_column(name, justify="right")
    for group in (*document.get("by_corpus", {}).items(), *document.get("by_file", {}).items()):
        table.add_row(*_row(*group))
    table.add_row(*_row("all", document | {"pieces": len(report.pieces)}), style="bold")
    # Not cut to the width of a terminal that is not there.
    console = Console() if terminal.is_interactive() else Console(width=160)
    console.print(table)
    if document["interval"]:
        low, high = document["interval"]
        click.echo(f"95 % interval over pieces: {low:.3f} to {high:.3f}")
    for item in document["skipped"]:
        terminal.say(f"skipped {item['file']}: {item['reason']}")


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    numbers = [f"{value:.3f}" for value in (figures["nats_per_note"], *figures["fields"].values())]
    return [name, str(figures["pieces"]), str(figures["notes"]), *numbers]
