"""Verbs that make a model: `train`, `finetune`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.cli.keras_backend import BACKENDS, choose_backend
from composer.cli.training_progress import stoppable, tell, watching

LIKED_MINUTES = 60.0
"""How long a run on marks takes at most if nothing is said."""
MAY_CHANGE = ("updates", "minutes", "patience", "validate_every")
"""What may be said together with --resume: when the run ends."""


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    verbs.add_command(train)
    verbs.add_command(finetune)


def _shares(
    ctx: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> dict[str, float]:
    """NAME=NUMBER pairs."""
    shares = {}
    for text in given:
        name, _, number = text.rpartition("=")
        try:
            shares[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            raise click.BadParameter(f"{text!r} is not NAME=NUMBER", ctx, option)
    return shares


_RUN_OPTIONS = (
    click.argument(
        "datasets",
        nargs=-1,
        metavar="DATASET...",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
    ),
    click.option(
        "--out",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the run.",
    ),
    click.option("--resume", is_flag=True, help="Go on with the run in OUT where it was left."),
    click.option("--force", is_flag=True, help="Replace the run in OUT."),
    click.option(
        "--minutes",
        type=click.FloatRange(0, min_open=True),
        help="End after this time, if it comes before the last update.",
    ),
    click.option(
        "--share",
        "shares",
        multiple=True,
        callback=_shares,
        metavar="NAME=NUMBER",
        help="Share of the notes that a corpus gets; otherwise its size decides.",
    ),
    click.option("--dropout", type=click.FloatRange(0, 0.9), help="Share of LSTM outputs dropped."),
    click.option(
        "--precision",
        type=click.Choice(["mixed_bfloat16", "float32"]),
        default="mixed_bfloat16",
        show_default=True,
        help="Precision of matrix products.",
    ),
    click.option(
        "--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of randomness."
    ),
    click.option(
        "--limit",
        type=click.IntRange(1),
        help="Validation pieces of each corpus at most.",
    ),
    click.option(
        "--backend",
        type=click.Choice(BACKENDS),
        help="Library under Keras.  [default: KERAS_BACKEND, or tensorflow]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print a JSON summary."),
)


def _schedule(**defaults: Any) -> tuple[Callable[[Any], Any], ...]:
    """Options whose defaults differ between training and fine-tuning."""
    helps: dict[str, tuple[click.ParamType[Any], str]] = {
        "batch_size": (click.IntRange(1), "Pieces in a batch."),
        "steps": (click.IntRange(1), "Notes of a batch, through which gradients flow back."),
        "updates": (click.IntRange(1), "Steps of the optimiser in all."),
        "learning_rate": (click.FloatRange(0, min_open=True), "At its peak."),
        "warm_up": (click.IntRange(0), "Updates up to that peak."),
        "validate_every": (click.IntRange(1), "Updates between validations."),
        "patience": (
            click.IntRange(0),
            "Validations without improvement before the end; 0: never.",
        ),
    }
    return tuple(
        click.option(
            f"--{name.replace('_', '-')}",
            type=kind,
            default=defaults[name],
            show_default=True,
            help=text,
        )
        for name, (kind, text) in helps.items()
    )


def _with(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Many options as one decorator, shown in the order given."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command()
@_with(
    *_RUN_OPTIONS[:2],
    click.option("--layers", type=click.IntRange(1, 16), help="LSTM layers.  [default: 2]"),
    click.option("--units", type=click.IntRange(1), help="Units of a layer.  [default: 512]"),
    click.option("--head-units", type=click.IntRange(1), help="Units of a head.  [default: 256]"),
    click.option("--from", "origin", metavar="MODEL", help="Begin with this model's weights."),
    *_RUN_OPTIONS[2:5],
    *_schedule(
        batch_size=128,
        steps=96,
        updates=3000,
        learning_rate=2e-3,
        warm_up=100,
        validate_every=100,
        patience=0,
    ),
    *_RUN_OPTIONS[5:],
)
@click.pass_context
def train(ctx: click.Context, /, **given: Any) -> None:
    """Train a network on one or several datasets.

    OUT gets checkpoints, curves for TensorBoard in logs/, and in the end the model that
    did best in validation in model/. A run that was interrupted or killed goes on with
    --resume as if nothing had happened.

    \b
    Example:
      composer train datasets/mine --out runs/mine --minutes 240
      composer train --resume --out runs/mine
    """
    _train(ctx, given)


@click.command()
@_with(
    *_RUN_OPTIONS[:2],
    click.option(
        "--from",
        "origin",
        metavar="MODEL",
        default="default",
        show_default=True,
        help="Model to begin with.",
    ),
    click.option(
        "--liked",
        "liked",
        multiple=True,
        metavar="JAMS",
        type=click.Path(path_type=Path),
        help="Learn from the marks in logged jams: files, or folders of them.",
    ),
    *_RUN_OPTIONS[2:5],
    *_schedule(
        batch_size=32,
        steps=96,
        updates=400,
        learning_rate=3e-4,
        warm_up=20,
        validate_every=20,
        patience=5,
    ),
    *_RUN_OPTIONS[5:],
)
@click.pass_context
def finetune(ctx: click.Context, /, **given: Any) -> None:
    """Go on training a model on your own music, gently.

    The same as `composer train --from MODEL` with a lower learning rate and an early end.

    With --liked, what you marked in jams: replies that you liked become likelier, those that you
    did not less so, beside the music of DATASETs or, without one, composer's own seeds. In the end
    it says whether that helped, by replies that were kept out of it. It takes an hour at most
    unless --minutes says otherwise.

    \b
    Example:
      composer prepare mine=~/midi --out datasets/mine
      composer finetune datasets/mine --out runs/mine
      composer generate --seed phrase.mid --model runs/mine
      composer finetune --liked jams --out runs/liked
      composer serve --model runs/liked
    """
    _train(ctx, {"layers": None, "units": None, "head_units": None, **given})


def _train(ctx: click.Context, given: dict[str, Any]) -> None:
    source = click.core.ParameterSource.COMMANDLINE
    said = [name for name in given if ctx.get_parameter_source(name) is source]
    if given["resume"]:
        other = ("out", "resume", "backend", "as_json", *MAY_CHANGE)
        for name in said:
            if name not in other:
                flag = "DATASET" if name == "datasets" else f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{flag} cannot be changed with --resume")
    elif not (given["datasets"] or given.get("liked")):
        raise click.UsageError("give the folder of a dataset; 'composer prepare' makes one")
    choose_backend(given["backend"])
    from composer_training import run

    if given["resume"]:
        plan, fitter = run.resume(given["out"], {k: given[k] for k in MAY_CHANGE if k in said})
        terminal.say(f"Going on after update {fitter.update} of {plan.settings.updates}.")
    else:
        run.check_free(given["out"], given["force"])
        plan = _plan(_with_marks(given))
        fitter = run.start(plan, given["out"], force=given["force"])
    with watching() as report, stoppable() as stop:
        outcome = run.run(plan, fitter, report=report, stop=stop)
    tell(outcome, given["as_json"])
    if outcome.end == "interrupted":
        ctx.exit(130)


def _with_marks(given: dict[str, Any]) -> dict[str, Any]:
    """The options, with a dataset made of marked replies as the first where some are wanted."""
    if not given.get("liked"):
        return given
    from composer_training import liked

    found = liked.prepare(given["liked"], given["out"], given["datasets"])
    for line in liked.describe(found):
        terminal.say(line)
    datasets = (given["out"] / liked.FOLDER, *given["datasets"])
    shares = liked.shares_of(datasets) | given["shares"]
    minutes = given["minutes"] or LIKED_MINUTES
    return {**given, "datasets": datasets, "shares": shares, "minutes": minutes}


def _plan(given: dict[str, Any]) -> Any:
    """What the options of a new run ask for."""
    from dataclasses import replace

    from composer_training.run import RunPlan, read_model
    from composer_training.settings import FitSettings

    from composer.network.config import NetworkConfig

    origin = None
    config = NetworkConfig()
    sizes = {name: given[name] for name in ("layers", "units", "head_units") if given[name]}
    if given["origin"]:
        from composer import models

        if sizes:
            raise click.UsageError("a model that is trained on keeps its layers and units")
        origin = models.find(given["origin"])
        config, _ = read_model(origin)
    if given["dropout"] is not None:
        sizes["dropout"] = given["dropout"]
    names = (
        "batch_size",
        "steps",
        "updates",
        "learning_rate",
        "warm_up",
        "validate_every",
        "patience",
        "precision",
        "shares",
        "seed",
    )
    settings = FitSettings(**{name: given[name] for name in names}, minutes=given["minutes"] or 0.0)
    network, marked = replace(config, **sizes), bool(given.get("liked"))
    return RunPlan(given["datasets"], network, settings, origin, given["limit"], marked)
