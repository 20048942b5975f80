"""Options that several verbs have: which model, and what it runs on."""

from __future__ import annotations

import click

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
