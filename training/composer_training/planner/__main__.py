"""`python -m composer_training.planner DATASET... --out FILE`: train a planner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from composer import files
from composer.network import weights_file
from composer.planning.network import PlannerNetwork
from composer_training.planner import corpus as kept_bars
from composer_training.planner.charts import read_folder

PASSED_OVER = ("groove", "maestro", "charts")
"""Corpora that are not planned by: drums without harmony, no bar lines, made from others."""


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File of weights.")
@click.option("--bars", type=click.Path(path_type=Path), help="Keep the bars found in this file.")
@click.option(
    "--charts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of McGill Billboard text files, for harmony and form.",
)
@click.option(
    "--from", "origin", type=click.Path(path_type=Path), help="A planner.npz to go on from."
)
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True
)
@click.option("--updates", type=click.IntRange(1), default=3000, show_default=True, help="Batches.")
@click.option("--rng-seed", type=click.IntRange(0), default=0, show_default=True)
def main(
    datasets: tuple[Path, ...],
    out: Path,
    bars: Path | None,
    charts: Path | None,
    origin: Path | None,
    learning_rate: float,
    updates: int,
    rng_seed: int,
) -> None:
    """Train a planner on prepared DATASETS."""
    from composer_training.planner.fit import Score, Weights, fit

    def tell(score: Score) -> None:
        click.echo(
            f"update {score.update}: training {score.train:.3f}, validation {score.mean:.3f} "
            f"nats a bar, {score.seconds:.0f} s"
        )
        for name, heads in score.corpora.items():
            told = ", ".join(f"{head} {nats:.2f}" for head, nats in heads.items())
            click.echo(f"    {name}: {sum(heads.values()):.2f} ({told})")

    def keep(weights: Weights) -> None:
        with files.whole(out, force=True) as stream:
            arrays: dict[str, Any] = {name: w.astype(np.float16) for name, w in weights.items()}
            np.savez(stream, **arrays)

    if bars is not None and bars.exists():
        corpus = kept_bars.load(bars)
    else:
        corpus = kept_bars.read_bars(
            datasets,
            passed_over=PASSED_OVER,
            report=lambda done: click.echo(f"{done} pieces read"),
        )
        if bars is not None:
            kept_bars.save(corpus, bars)
    if charts is not None:
        songs = (("billboard", split, song) for split, song in read_folder(charts))
        corpus = kept_bars.joined(corpus, kept_bars.corpus_of(songs))
    click.echo(f"{len(corpus.names)} pieces, {len(corpus.table)} bars")
    start = None if origin is None else PlannerNetwork(weights_file.read(origin)).w
    fit(
        corpus,
        updates=updates,
        learning_rate=learning_rate,
        seed=rng_seed,
        start=start,
        report=tell,
        keep=keep,
    )


if __name__ == "__main__":
    main()
