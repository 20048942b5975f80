"""The verb that measures a model: `evaluate`, how well it predicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli import compare as cli_compare
from composer.cli.options import model_option
from composer.cli.outputs import check_free, check_suffix
from composer.errors import SettingError

if TYPE_CHECKING:
    from composer.evaluation.evaluate import EncodedPiece, Report
    from composer.network.predictor import Predictor
    from composer.network.trunk import Floats


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(evaluate)
    verbs.add_command(cli_compare.compare)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@model_option
@click.option(
    "--grid",
    type=click.Choice(["auto", "beats", "free"]),
    default="auto",
    show_default=True,
    help="Whether the music keeps a beat; auto finds out for each piece.",
)
@click.option("--float", "as_float", is_flag=True, help="Float weights, not the int8 that play.")
@click.option("--both", is_flag=True, help="The int8 that play, and float weights beside them.")
@click.option(
    "--by",
    type=click.Choice(["corpus", "file", "part", "position"]),
    multiple=True,
    help="Figures for each folder given, file, part, or stretch of a piece, too.",
)
@click.option(
    "--crops",
    type=click.IntRange(8, 100_000),
    metavar="NOTES",
    help="Also score notes after no more than a crop of this length.",
)
@click.option(
    "--limit", type=click.IntRange(1), help="Pieces of each corpus at most.  [default: all]"
)
@click.option("--plan", "planned", is_flag=True, help="Tell the network each piece's own plan.")
@click.option("--surprise", metavar="CSV", help="One file only: write nats of every note.")
@click.option(
    "--plot",
    metavar="PNG",
    help="Draw the figures; with --surprise, a piano roll coloured by it.",
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    files: tuple[str, ...],
    model: str,
    grid: str,
    as_float: bool,
    both: bool,
    by: tuple[str, ...],
    crops: int | None,
    limit: int | None,
    planned: bool,
    surprise: str | None,
    plot: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure how well a model predicts music: nats per note, less is better.

    FILES are MIDI files, scores, folders of them, sets of chorales (JSON of the
    JSB-Chorales-dataset; NAME.json#test is one split), or datasets made by 'prepare', of
    which the validation pieces are taken. What cannot be read is listed. Pieces are whole
    and the state is carried through them; intervals are of 95 %, by the bootstrap over
    pieces.

    \b
    Example:
      composer evaluate songs/
      composer evaluate songs/ quartets/ --by corpus --json
      composer evaluate datasets/mine --by position --crops 256 --both --plot nats.png
      composer evaluate songs/ --plan
      composer evaluate song.mid --surprise notes.csv --plot notes.png
    """
    from composer.cli.pieces import read_pieces
    from composer.evaluation import breakdown
    from composer.evaluation import evaluate as library
    from composer.network.likelihood import note_nats

    if both and as_float:
        raise SettingError("give --float or --both, not both of them")
    if plot is not None:
        check_suffix("--plot", Path(plot), ".png")
    check_free([Path(name) for name in (surprise, plot) if name is not None], force)
    predictor = _predictor(model, as_float)
    pieces, report, _ = read_pieces(files, grid, limit)
    if planned:
        pieces = [library.with_own_plan(piece) for piece in pieces]
    keep = both or crops is not None or bool({"part", "position"} & set(by))
    if surprise and len(pieces) != 1:
        raise SettingError(f"--surprise is for one piece, and these are {len(pieces)}")
    with terminal.bar("Listening", "notes") as advance:
        library.evaluate(predictor, pieces, report, progress=advance, keep=keep)
    document = report.as_dict(model, by)
    if crops is not None:
        with terminal.bar("In crops", "notes") as advance:
            document["crops"] = breakdown.against_crops(
                predictor, report.note_scores, crops, progress=advance
            )
    if both:
        with terminal.bar("In float", "notes") as advance:
            exact = library.evaluate(_predictor(model, True), pieces, progress=advance, keep=True)
        document["engines"] = breakdown.engines(report.note_scores, exact.note_scores)
    if surprise:
        _, nats = next(note_nats(predictor, [pieces[0].events]))
        _write_surprise(pieces[0], nats, surprise, plot, force)
    elif plot:
        from composer.evaluation.plot import evaluation

        evaluation(document, plot, force=force)
    document["engine"] = "float32" if as_float else "int8"
    document["grid"] = grid
    document["plan"] = "own" if planned else None
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(report, document)


def _predictor(model: str, as_float: bool) -> Predictor:
    from composer import models

    folder = models.find(model)
    if as_float:
        from composer.network.numpy_trunk import load_float

        return load_float(folder)
    from composer.network.predictor import Predictor

    return Predictor.load(folder)


def _write_surprise(
    encoded: EncodedPiece, nats: Floats, path: str, plot: str | None, force: bool
) -> None:
    import csv
    import io

    from composer.evaluation.evaluate import note_surprise, surprise_table
    from composer.files import write

    lines = surprise_table(encoded, nats)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(lines)
    write(text.getvalue().encode(), path, force=force)
    if plot:
        from composer.plots.piano_roll import surprise_roll

        surprise_roll(encoded.piece, note_surprise(encoded, nats), plot, force=force)


def _show(report: Report, document: dict[str, Any]) -> None:
    """A table for people, on standard output; what was skipped on standard error."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("pieces", "notes", "nats/note", *report.fields):
        table.add_column(name, justify="right")
    for grouping in ("by_corpus", "by_file", "by_part", "by_position"):
        for name, figures in document.get(grouping, {}).items():
            label = f"notes {name}" if grouping == "by_position" else name
            table.add_row(*_row(label, figures))
    table.add_row(*_row("all", document | {"pieces": len(report.pieces)}), style="bold")
    # Not cut to the width of a terminal that is not there.
    console = Console() if terminal.is_interactive() else Console(width=160)
    console.print(table)
    if document["interval"]:
        low, high = document["interval"]
        click.echo(f"95 % interval over pieces: {low:.3f} to {high:.3f}")
    if "crops" in document:
        click.echo(_crops_line(document["crops"]))
    if "engines" in document:
        both = document["engines"]
        apart = both["difference"]
        click.echo(
            f"int8 {both['int8']:.4f}, float32 {both['float32']:.4f}: a difference of "
            f"{apart['value']:+.4f}"
            + (f" ({apart['low']:+.4f} to {apart['high']:+.4f})" if apart["low"] else "")
        )
    for item in document["skipped"]:
        terminal.say(f"skipped {item['file']}: {item['reason']}")


def _crops_line(crops: dict[str, Any]) -> str:
    if not crops["notes"]:
        return f"no piece has {crops['length']} notes to crop"
    text = (
        f"in crops of {crops['length']} notes {crops['cropped']:.3f}, the same notes in whole "
        f"pieces {crops['whole']:.3f}: hearing more is worth {crops['difference']:.3f}"
    )
    if crops["interval"]:
        text += " ({:.3f} to {:.3f})".format(*crops["interval"])
    return text


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    numbers = [f"{value:.3f}" for value in (figures["nats_per_note"], *figures["fields"].values())]
    return [name, str(figures["pieces"]), str(figures["notes"]), *numbers]
