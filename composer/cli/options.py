"""Options that several verbs have: the seed, which model, and what it runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from composer.formats.suffixes import MUSIC_SUFFIXES

model_option = click.option(
    "--model", default="default", show_default=True, help="A model's name or folder."
)
"""The model that plays or is measured, for `composer.models.find`."""

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="What the network runs on; auto is the CPU.",
)
"""The processor of a network that works in large batches."""


def seed_option(what: str) -> Callable[..., Any]:
    """The file that music is written to, and what is done with it, in a few words."""
    return click.option(
        "--seed",
        "seed_path",
        required=True,
        metavar="FILE",
        help=f"MIDI file or score ({' '.join(MUSIC_SUFFIXES)}) {what}; book.abc#3 is tune X:3.",
    )


def load_predictor(model: str, device: str, threads: int = 2) -> Any:
    """The network, on the device asked for.

    Raises:
        ModelError: There is no such model.
        DependencyError: The device needs what is not installed.
    """
    from composer import models
    from composer.network.predictor import Predictor

    folder = models.find(model)
    if device == "gpu":
        from composer.network.keras_trunk import load

        return load(folder)
    return Predictor.load(folder, threads)
