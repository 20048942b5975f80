"""The verb `compare`: continuations of unseen pieces beside the halves that really follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli.options import model_option
from composer.cli.outputs import check_free
from composer.cli.settings import with_settings
from composer.errors import SettingError
from composer.generation.parameters import PARAMETERS, TAKES

if TYPE_CHECKING:
    from composer.evaluation.evaluate import EncodedPiece


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@model_option
@click.option(
    "--train",
    metavar="DATASET",
    help="What the model learnt from, made by 'prepare': for copies and the Markov baseline.  "
    "[default: FILES, if they are a dataset]",
)
@click.option(
    "--baselines/--no-baselines",
    default=True,
    help="Beside the model as it plays: with one take, alone, simpler models, uniform draws; "
    "and a search for copies of the training music.",
)
@click.option("--markov/--no-markov", default=True, help="A Markov model among the baselines.")
@click.option(
    "--rnn",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="NPZ",
    help="A Performance RNN trained by 'python -m composer_training.baselines.table': "
    "plays, too, and is asked what surprises it in what all others play.",
)
@click.option(
    "--bars",
    type=click.IntRange(4),
    help="Bars of the second half at most.  [default: all]",
)
@click.option(
    "--seed-bars",
    type=click.IntRange(4),
    help="Bars of the seed at most, the last before the second half.  [default: all]",
)
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    metavar="NAME",
    help="Only pieces of this corpus of a dataset; may be given again.  [default: all]",
)
@click.option(
    "--limit", type=click.IntRange(1), help="Pieces of each corpus at most.  [default: all]"
)
@click.option(
    "--outputs",
    type=click.IntRange(1),
    help="Continuations by the model in all, going round the pieces.  [default: one a piece]",
)
@with_settings(TAKES, without=PARAMETERS.keys() - {"temperature", "top_p", "min_p", "takes"})
@click.option(
    "--markov-takes",
    type=int,
    default=1,
    show_default=True,
    help="Tries of each bar by the Markov model; 32 take hours.",
)
@click.option("--rng-seed", type=int, default=0, show_default=True, help="Seed of all randomness.")
@click.option("--page", metavar="HTML", help="Write a page with tables and pictures.")
@click.option("--force", is_flag=True, help="Overwrite a page that exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def compare(
    files: tuple[str, ...],
    model: str,
    train: str | None,
    baselines: bool,
    markov: bool,
    rnn: Path | None,
    bars: int | None,
    seed_bars: int | None,
    corpora: tuple[str, ...],
    limit: int | None,
    outputs: int | None,
    temperature: float | None,
    top_p: float | None,
    min_p: float | None,
    takes: int,
    markov_takes: int,
    rng_seed: int,
    page: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Hold continuations of unseen pieces against the halves that really follow.

    FILES are MIDI files, scores, folders of them, or a dataset made by 'prepare', of which
    the validation pieces are taken. The first half of each is the seed. Its continuation is
    compared with the second half in pitch classes, intervals, density, rhythm, texture,
    loudness, repetition and key; and in form, that is in how much of the seed comes back. It
    is searched for copies, loops and silence. A listener learns on some of the pieces to tell
    made halves from true ones, and is tested on the others.

    The baselines are the same model without a plan, and alone (one take, without composer's
    constraints); a Markov model that learnt from the same pieces, under composer's constraints and
    alone; uniform draws under the same constraints; the seed's own last bars over again; and
    random pairs of pieces.

    \b
    Example:
      composer compare songs/ --page songs.html
      composer compare datasets/mine --limit 20 --bars 16 --json
    """
    from composer import models
    from composer.generation.settings import Settings
    from composer.network.predictor import Predictor

    if page:
        check_free([Path(page)], force)
    from composer.cli.pieces import read_pieces

    once = Settings(temperature=temperature, top_p=top_p, min_p=min_p, rng_seed=rng_seed)
    predictor = Predictor.load(models.find(model))
    pieces, report, learnt = read_pieces(files, limit=limit)
    if train:
        from composer_training.data.dataset import load

        learnt = load([Path(train)])
    if corpora:
        pieces = _chosen(pieces, corpora)
    for name, reason in report.skipped:
        terminal.say(f"skipped {name}: {reason}")
    if rnn is not None:
        from composer.cli.keras_backend import choose_backend

        choose_backend(None)
    from composer_training.baselines.comparison import ComparisonSpec, compare_sources

    spec = ComparisonSpec(
        once, takes, baselines, markov, markov_takes, rnn, bars, seed_bars, outputs
    )
    document = compare_sources(pieces, predictor, learnt, spec, terminal.bar)
    document = {"model": model, **document}
    if page:
        from composer.evaluation.comparison_page import page as draw
        from composer.files import write

        write(draw(document).encode(), page, force=force)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(document)


def _chosen(pieces: list[EncodedPiece], corpora: tuple[str, ...]) -> list[EncodedPiece]:
    """The pieces of some corpora.

    Raises:
        SettingError: There is none of one of them.
    """
    there = {piece.corpus for piece in pieces}
    for name in corpora:
        if name not in there:
            known = ", ".join(sorted(there))
            raise SettingError(f"--corpus {name}: there are only pieces of {known}")
    return [piece for piece in pieces if piece.corpus in corpora]


def _show(document: dict[str, Any]) -> None:
    """Tables for people, on standard output."""
    from composer_training.baselines.comparison import TRUTH
    from rich.console import Console
    from rich.table import Table

    from composer.evaluation.comparison_page import (
        descriptors_in,
        form_rows,
        shown,
        tells_in,
        whole_rows,
    )

    sources = {name: figures for name, figures in document["sources"].items() if name != TRUTH}
    descriptors = descriptors_in(document)
    console = Console() if terminal.is_interactive() else Console(width=240)
    table = Table(box=None, pad_edge=False, title=f"Distance to {document['pieces']} true halves")
    table.add_column("")
    for name in (*sources, "random pairs"):
        table.add_column(name, justify="right")
    for descriptor in descriptors:
        cells = [shown(figures["distance"][descriptor]) for figures in sources.values()]
        table.add_row(descriptor, *cells, shown(document["random_pairs"]["distance"][descriptor]))
    console.print(table)
    if document["model_nearer_than"]:
        table = Table(box=None, pad_edge=False, title="The model is nearer, piece by piece, by")
        table.add_column("")
        for name in document["model_nearer_than"]:
            table.add_column(f"than {name}", justify="right")
        for descriptor in descriptors:
            rows = document["model_nearer_than"].values()
            table.add_row(descriptor, *[shown(figures[descriptor]) for figures in rows])
        console.print(table)
    table = Table(box=None, pad_edge=False, title="Form, and a listener")
    table.add_column("")
    for name in document["sources"]:
        table.add_column(name, justify="right")
    for name, cells in form_rows(document["sources"]):
        table.add_row(name, *cells)
    console.print(table)
    console.print(f"Whole pieces that end on the tonic: {shown(document['pieces_end_on_tonic'])}")
    tells = tells_in(document)
    if tells:
        table = Table(box=None, pad_edge=False, title="What gives the model away most")
        for heading in ("", "made", "true", "made has more"):
            table.add_column(heading, justify="right" if heading else "left")
        for name, cells in tells:
            table.add_row(name, *cells)
        console.print(table)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in document["sources"]:
        table.add_column(name, justify="right")
    for descriptor in descriptors:
        cells = [shown(f["overlapping_area"][descriptor]) for f in document["sources"].values()]
        table.add_row(f"overlap: {descriptor}", *cells)
    for name, cells in whole_rows(document["sources"]):
        table.add_row(name, *cells)
    console.print(table)
