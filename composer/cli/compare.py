"""The verb `compare`: continuations of unseen pieces beside the halves that really follow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli.generate import check_free
from composer.errors import SeedError, SettingError
from composer.generation.parameters import TAKES

if TYPE_CHECKING:
    from composer_training.baselines.performance_player import PerformancePlayer
    from composer_training.data.dataset import Dataset

    from composer.evaluation.comparison import Halved, Made
    from composer.evaluation.evaluate import Found
    from composer.generation.settings import Settings
    from composer.network.predictor import NoteModel, Predictor

MODEL, MARKOV, UNIFORM, AGAIN, TRUTH = "model", "Markov", "uniform", "seed again", "truth"
RIVAL = "Performance RNN"
ONE_TAKE, ALONE = "{}, one take", "{}, alone"


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--model", default="default", show_default=True, help="A model's name or folder.")
@click.option(
    "--train",
    metavar="DATASET",
    help="What the model learnt from, made by 'prepare': for copies and the Markov baseline.  "
    "[default: FILES, if they are a dataset]",
)
@click.option("--markov/--no-markov", default=True, help="A Markov baseline beside the model.")
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
    "--limit", type=click.IntRange(1), help="Pieces of each corpus at most.  [default: all]"
)
@click.option(
    "--outputs",
    type=click.IntRange(1),
    help="Continuations by the model in all, going round the pieces.  [default: one a piece]",
)
@click.option(
    "--temperature",
    type=float,
    help="How freely notes are drawn: 0 the likeliest, 1 as the model believes.  "
    "[default: 1; 0.95 with one take]",
)
@click.option(
    "--top-p",
    type=float,
    help="Draw from the likeliest that hold this share.  [default: 0.99; 0.97 with one take]",
)
@click.option(
    "--min-p",
    type=float,
    help="Draw from those this share as likely as the likeliest.  "
    "[default: 0.01; 0.02 with one take]",
)
@click.option(
    "--takes",
    type=int,
    default=TAKES,
    show_default=True,
    help="Ways in which each bar is tried; beside that stands one take.",
)
@click.option(
    "--markov-takes",
    type=int,
    default=1,
    show_default=True,
    help="The same for the Markov model; as many as the model's take hours.",
)
@click.option(
    "--rng-seed", type=int, default=0, show_default=True, help="Where all randomness comes from."
)
@click.option("--page", metavar="HTML", help="Write a page with tables and pictures.")
@click.option("--force", is_flag=True, help="Overwrite a page that exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def compare(
    files: tuple[str, ...],
    model: str,
    train: str | None,
    markov: bool,
    rnn: Path | None,
    bars: int | None,
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
    the validation pieces are taken. The first half of each is the seed. What is made from
    it is compared with the second half in what can be counted: pitch classes, intervals,
    density, rhythm, texture, loudness, repetition, key; and looked through for copies,
    loops and silence. Beside it stand the same model alone, that is with one take that
    nothing guides; a Markov model that learnt from the same pieces, under composer's rules
    and alone; those rules with dice in the model's place; the seed's own last bars over
    again; and random pairs of pieces.

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
    once = Settings(temperature=temperature, top_p=top_p, min_p=min_p, rng_seed=rng_seed)
    tried, counted = replace(once, takes=takes), replace(once, takes=markov_takes)
    predictor = Predictor.load(models.find(model))
    from composer.cli.pieces import read_pieces

    pieces, report, learnt = read_pieces(files, limit=limit)
    if train:
        from composer_training.data.dataset import load

        learnt = load([Path(train)])
    for name, reason in report.skipped:
        terminal.say(f"skipped {name}: {reason}")
    document = _measure(
        pieces, learnt if markov else None, learnt, predictor,
        (tried, counted, once), bars, outputs, rnn,
    )  # fmt: skip
    document = {"model": model, **document}
    if page:
        from composer.evaluation.comparison_page import page as draw
        from composer.files import write

        write(draw(document).encode(), page, force=force)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(document)


def _measure(
    pieces: list[Found],
    baseline: Dataset | None,
    learnt: Dataset | None,
    predictor: Predictor,
    ways: tuple[Settings, Settings, Settings],
    bars: int | None,
    outputs: int | None,
    rnn: Path | None,
) -> dict[str, Any]:
    """Everything but the model's name, as plain values.

    The settings are the model's, the Markov model's, and those of one take.
    """
    from composer.evaluation import comparison as library

    settings, counted, _ = ways
    halves = [half for piece in pieces if (half := library.halve(piece, bars))]
    if len(halves) < 2:
        raise SeedError(
            f"{len(pieces)} pieces gave {len(halves)} with two halves of "
            f"{library.FEWEST_BARS} bars and {library.FEWEST_NOTES} notes or more; give more music"
        )
    if outputs is not None and outputs < len(halves):
        raise SettingError(f"--outputs is {outputs}, fewer than the {len(halves)} pieces")
    rival = None if rnn is None else _rival(rnn, halves)
    sources = _play(halves, predictor, baseline, rival, ways, outputs)
    index = _index(learnt) if learnt is not None else None
    surprise: dict[str, list[float]] = {}
    if rival is not None:
        for name, some in sources.items():
            with terminal.bar(f"Judging: {name}", "continuations") as advance:
                surprise[name] = rival.surprise(some, advance)
    true = surprise.get(TRUTH)
    apart, keys = library.random_pairs(halves, true)
    figures = {
        name: library.measure(halves, made, index, None if true is None else (surprise[name], true))
        for name, made in sources.items()
    }
    return {
        "pieces": len(halves),
        "notes": sum(len(half.truth.rows) for half in halves),
        "settings": {
            **settings.draw._asdict(),
            "takes": settings.takes,
            "markov_takes": counted.takes,
            "rng_seed": settings.rng_seed,
            "bars": bars,
        },
        "training_pieces": 0 if index is None else len(index),
        "sources": {name: some.as_dict() for name, some in figures.items()},
        "model_nearer_than": {
            name: {
                descriptor: value.as_dict()
                for descriptor, value in library.nearer(figures[MODEL], some).items()
            }
            for name, some in figures.items()
            if name not in (MODEL, TRUTH)
        },
        "random_pairs": {
            "distance": {name: value.as_dict() for name, value in apart.items()},
            "key_agreement": keys.as_dict(),
        },
    }  # fmt: skip


def _play(
    halves: list[Halved],
    predictor: Predictor,
    baseline: Dataset | None,
    rival: PerformancePlayer | None,
    ways: tuple[Settings, Settings, Settings],
    outputs: int | None,
) -> dict[str, list[Made]]:
    """Second halves by everyone who plays, the truth among them."""
    from composer.evaluation import comparison as library
    from composer.evaluation.uniform import Uniform

    settings, counted, once = ways
    sources: dict[str, list[Made]] = {}

    def play(
        name: str, player: NoteModel, how: Settings, count: int | None = None, alone: bool = False
    ) -> None:
        with terminal.bar(f"Playing: {name}", "continuations") as advance:
            made = library.continuations(player, halves, how, count, advance, alone=alone)
        sources[name] = made

    play(MODEL, predictor, settings, outputs)
    if settings.takes > 1:
        play(ONE_TAKE.format(MODEL), predictor, once)
    play(ALONE.format(MODEL), predictor, once, alone=True)
    if baseline is not None:
        markov = _markov(baseline)
        play(MARKOV, markov, counted)
        if counted.takes > 1:
            play(ONE_TAKE.format(MARKOV), markov, once)
        play(ALONE.format(MARKOV), markov, once, alone=True)
    if rival is not None:
        with terminal.bar(f"Playing: {RIVAL}", "continuations") as advance:
            sources[RIVAL] = rival.continuations(once, advance)
    play(UNIFORM, Uniform(), once)
    return sources | {AGAIN: library.repeats(halves), TRUTH: library.truths(halves)}


def _markov(dataset: Dataset) -> Any:
    from composer_training.baselines.markov import Markov
    from composer_training.baselines.markov_player import MarkovPlayer
    from composer_training.data.dataset import to_events

    pieces = [
        to_events(record, dataset.notes(record))
        for records in dataset.corpora("train").values()
        for record in records
    ]
    with terminal.bar("Counting", "fields") as advance:
        return MarkovPlayer(Markov.fit(pieces, advance))


def _rival(path: Path, halves: list[Halved]) -> PerformancePlayer:
    from composer.cli.training import choose_backend

    choose_backend(None)
    from composer_training.baselines.performance_player import PerformancePlayer
    from composer_training.baselines.performance_rnn import load

    network, _ = load(path)
    with terminal.bar(f"Listening: {RIVAL}", "seeds") as advance:
        return PerformancePlayer(network, halves, advance)


def _index(dataset: Dataset) -> Any:
    from composer_training.data.dataset import to_events

    from composer.evaluation.copying import BarIndex, bars_of_events

    return BarIndex(
        (record.name, bars_of_events(to_events(record, dataset.notes(record))))
        for records in dataset.corpora("train").values()
        for record in records
    )


def _show(document: dict[str, Any]) -> None:
    """Tables for people, on standard output."""
    from rich.console import Console
    from rich.table import Table

    from composer.evaluation.comparison_page import descriptors_in, shown, whole_rows

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
