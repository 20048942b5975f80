"""Nats per note of four hidden bars, from the bars on both sides and from those before alone.

    python benchmarks/around.py DATASET... [--model FOLDER] [--corpus NAME] [--limit 24]

Of every validation piece of a dataset that `composer prepare` made, four bars are hidden behind
every twelve. The network scores their notes three times: as it continues music (from the bars
before, without a plan); with the masks of the given notes and the plan found around them; and with
the encoder of the given notes, too. The last two also pay for ending where the given notes begin,
which the first does not. Loudness counts where a piece has any.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np
from composer_training.data import dataset
from composer_training.encoder.batches import validation_pieces, with_what_is_found
from composer_training.encoder.openings import all_but_the_melody, every_fourth_span

from composer.encoding.events import FIELDS, PART, VELOCITY
from composer.models import find
from composer.network import litert_reader
from composer.network.encoder import Encoder
from composer.network.given_likelihood import given_nats
from composer.network.likelihood import note_nats
from composer.network.predictor import Predictor


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--model", default="default", show_default=True)
@click.option("--encoder", "weights", type=click.Path(path_type=Path), help="Another encoder.")
@click.option("--limit", default=24, show_default=True, help="Pieces of each corpus at most.")
@click.option("--longest", default=3000, show_default=True, help="Notes of a piece at most.")
@click.option("--corpus", "corpora", multiple=True, help="Of these alone; may be given again.")
@click.option("--melody", is_flag=True, help="Hide all parts but the highest instead.")
def main(
    folders: tuple[Path, ...],
    model: str,
    weights: Path | None,
    limit: int,
    longest: int,
    corpora: tuple[str, ...],
    melody: bool,
) -> None:
    """Score the hidden bars of the validation pieces of prepared FOLDERS."""
    predictor = Predictor.load(find(model))
    if weights is not None:
        encoder: Encoder | None = Encoder.load_float(weights, predictor.config)
    else:
        encoder = litert_reader.load(find(model), predictor.config)
    openings = all_but_the_melody if melody else every_fourth_span
    pieces = validation_pieces(dataset.load(folders), openings, limit, longest)
    click.echo("corpus      pieces  hidden   left  both sides, plan  told   told/left")
    for corpus, some in pieces.items():
        if corpora and corpus not in corpora:
            continue
        began = time.perf_counter()
        hidden, sums = 0, np.zeros(3)
        events = [piece for _, piece, _, _ in some]
        for index, nats in note_nats(predictor, events):
            record, piece, given, bars = some[index]
            counted = slice(len(FIELDS) if record.dynamics else VELOCITY)
            written = given.may_play(piece.onsets, piece.rows[:, PART].astype(np.int64))
            hidden += int(written.sum())
            sums[0] += nats[:-1, counted][written].sum()
            around = with_what_is_found(piece, given, bars)
            for at, teller in enumerate((None, encoder), 1):
                told = given_nats(predictor, teller, around, given, bars)
                sums[at] += told[:-1, counted].sum()
        left, masks, both = sums / max(hidden, 1)
        click.echo(
            f"{corpus:12}{len(some):6}{hidden:8}{left:8.3f}{masks:14.3f}{both:14.3f}"
            f"{both / left:9.3f}   {time.perf_counter() - began:.0f} s"
        )


if __name__ == "__main__":
    main()
