"""The command line: `composer VERB`. A verb parses, calls once and prints.

Verbs live in `composer.cli`, one module to a subject; what is slow to import (music21,
Keras, TensorFlow) is imported inside them, so that asking for help takes no time.

Exit codes: 0 done; 1 a clear one-line error; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

from typing import Any

import click

from composer import __version__, terminal
from composer.cli import batch as cli_batch
from composer.cli import bench as cli_bench
from composer.cli import clients as cli_clients
from composer.cli import clip as cli_clip
from composer.cli import generate as cli_generate
from composer.cli import inside as cli_inside
from composer.cli import library as cli_library
from composer.cli import live as cli_live
from composer.cli import measure as cli_measure
from composer.cli import plan as cli_plan
from composer.cli import prepare as cli_prepare
from composer.cli import study as cli_study
from composer.cli import taste as cli_taste
from composer.cli import training as cli_training
from composer.errors import ComposerError

INTERRUPTED = 130
"""What a shell takes for "ended by Ctrl-C": 128 and the signal's number."""


class _Verbs(click.Group):
    """A group that turns whatever goes wrong in a verb into one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ComposerError as error:
            if ctx.params.get("debug"):
                raise
            raise click.ClickException(str(error)) from error
        except (KeyboardInterrupt, click.Abort):
            terminal.say("Interrupted.")
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (Exception, MemoryError) as error:
            if ctx.params.get("debug"):
                raise
            raise click.ClickException(_unexpected(error)) from error


def _unexpected(error: BaseException) -> str:
    """The line for an error that nobody raised on purpose."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; close other programs or ask for less at once"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return (
        f"this is a defect in composer ({what}); "
        "run 'composer --debug ...' for the traceback and report it"
    )


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="composer")
@click.option("--debug", is_flag=True, envvar="COMPOSER_DEBUG", help="Show tracebacks.")
def verbs(debug: bool) -> None:
    """Continue a musician's phrase, from a file or live.

    \b
    Example:
      composer generate --seed phrase.mid
    """
    terminal.show_log()


cli_generate.add_to(verbs)
cli_inside.add_to(verbs)
cli_plan.add_to(verbs)
cli_study.add_to(verbs)
cli_batch.add_to(verbs)
cli_live.add_to(verbs)
cli_taste.add_to(verbs)
cli_prepare.add_to(verbs)
cli_training.add_to(verbs)
cli_measure.add_to(verbs)
cli_bench.add_to(verbs)
cli_library.add_to(verbs)
cli_clip.add_to(verbs)
cli_clients.add_to(verbs)


def main() -> None:
    """The entry point of the command `composer`."""
    verbs(prog_name="composer")
