"""The verb `clip`: what actions on clips in DAWs call."""

from __future__ import annotations

from pathlib import Path

import click

from composer.cli.options import model_option
from composer.errors import SeedError


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(clip)


@click.command()
@click.argument("action", type=click.Choice(["continue", "fill", "vary"]))
@click.argument("given", metavar="CLIP", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("out", metavar="ANSWER", type=click.Path(path_type=Path, dir_okay=False))
@model_option
def clip(action: str, given: Path, out: Path, model: str) -> None:
    """Continue, fill or vary a clip, as lines of text; for scripts in DAWs.

    CLIP has lines such as "bpm 120" and "metre 4 4", and "note 60 0 1 90 1" for each note: pitch,
    start, length, velocity, channel. ANSWER has one for what is taken out, and one for each new
    note (docs/clients/clips.md).

    \b
    Example:
      composer clip continue clip.txt answer.txt
    """
    from composer import files, models
    from composer.clients import clip_action, clip_text
    from composer.network.predictor import Predictor

    try:
        read = clip_text.parse(given.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"{given} cannot be read: {files.reason(error)}") from None
    answer = clip_action.act(action, read, Predictor.load(models.find(model)))
    files.write(answer.encode(), out, force=True)
