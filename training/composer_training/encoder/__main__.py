"""`python -m composer_training.encoder DATASET... --out FILE`: train an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from composer import files, models
from composer.network import weights_file
from composer_training.data import dataset as datasets_on_disk
from composer_training.run import read_model
from composer_training.settings import PRECISIONS


def _shares(ctx: Any, param: Any, values: tuple[str, ...]) -> dict[str, float]:
    """Read "pop909=0.3"."""
    del ctx, param
    found = {}
    for value in values:
        name, _, share = value.partition("=")
        try:
            found[name] = float(share)
        except ValueError:
            raise click.BadParameter(f"{value!r} is not like pop909=0.3") from None
    return found


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File of weights.")
@click.option("--model", default="default", show_default=True, help="The decoder's name or folder.")
@click.option(
    "--from", "origin", type=click.Path(path_type=Path), help="An encoder.npz to go on from."
)
@click.option("--share", "shares", multiple=True, callback=_shares, help="Of a corpus: NAME=0.3.")
@click.option("--updates", type=click.IntRange(1), default=100_000, help="Batches at most.")
@click.option("--minutes", type=click.FloatRange(0.01), default=120.0, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=48, show_default=True)
@click.option("--steps", type=click.IntRange(8), default=64, show_default=True)
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), default=1.5e-3, show_default=True
)
@click.option("--dropout", type=click.FloatRange(0, 0.9), default=0.1, show_default=True)
@click.option("--validate-every", type=click.IntRange(1), default=400, show_default=True)
@click.option("--limit", type=click.IntRange(1), default=8, show_default=True)
@click.option(
    "--precision", type=click.Choice(PRECISIONS), default=PRECISIONS[0], show_default=True
)
@click.option(
    "--heads-after",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Update from which on more than the gains of the next given note is learnt.",
)
@click.option("--rng-seed", type=click.IntRange(0), default=0, show_default=True)
def main(
    datasets: tuple[Path, ...],
    out: Path,
    model: str,
    origin: Path | None,
    rng_seed: int,
    **options: Any,
) -> None:
    """Train an encoder of given notes on prepared DATASETS."""
    from composer_training.encoder.fit import Report, Settings, Weights, fit

    def tell(report: Report) -> None:
        if report.scores is None:
            click.echo(
                f"update {report.update}: {report.nats:.3f} nats per written note, "
                f"{report.notes_per_second:.0f} notes/s, {report.seconds:.0f} s"
            )
            return
        for (corpus, hidden), (told, plain) in report.scores.items():
            click.echo(
                f"    {corpus}, {hidden}: {told:.3f}, masks and plan alone {plain:.3f}, "
                f"{told / plain:.3f} of it"
            )

    def keep(weights: Weights) -> None:
        with files.whole(out, force=True) as stream:
            arrays: dict[str, Any] = {name: w.astype(np.float16) for name, w in weights.items()}
            np.savez(stream, **arrays)

    start = None if origin is None else weights_file.read(origin)
    fit(
        datasets_on_disk.load(datasets),
        read_model(models.find(model)),
        Settings(seed=rng_seed, **options),
        start=start,
        report=tell,
        keep=keep,
    )


if __name__ == "__main__":
    main()
