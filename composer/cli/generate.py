"""The verb `generate`: a continuation of one seed."""

from __future__ import annotations

from typing import Any

import click

from composer import terminal
from composer.cli.options import device_option, load_predictor, model_option, seed_option
from composer.cli.outputs import Outputs, with_outputs
from composer.cli.settings import settings_from, with_settings
from composer.generation.parameters import TAKES


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(generate)


@click.command()
@seed_option("to go on from")
@with_settings(takes=TAKES)
@click.option("--loop", is_flag=True, help="Let the end of the bars lead into their beginning.")
@click.option("--continuation-only", is_flag=True, help="Leave the seed out of the file.")
@model_option
@device_option
@with_outputs("continued")
def generate(
    seed_path: str,
    loop: bool,
    continuation_only: bool,
    model: str,
    device: str,
    **options: Any,
) -> None:
    """Write a continuation of a seed.

    The seed stays in front, message for message; new notes follow in its own tracks from
    the bar line where it ends.

    \b
    Example:
      composer generate --seed phrase.mid --play
      composer generate --seed song.mid --bars 16 --temperature 1.1 --variations 4
      composer generate --seed drums.mid --continuation-only --rng-seed 7 --out fill.mid
      composer generate --seed song.mid --bars 4 --loop --continuation-only
    """
    from composer.formats import smf
    from composer.generation.generate import continue_seed
    from composer.generation.seed_files import alone, continued, open_seed
    from composer.inside.loop import loop_seed

    settings = settings_from(options)
    seed = open_seed(seed_path).with_drums(settings.drums, settings.no_drums)
    analysis = seed.analysis(settings.grid, settings.tempo)
    outputs = Outputs.of(options, seed.path, "continued")
    predictor = load_predictor(model, device)
    with terminal.bar("Composing", "%") as advance:
        made = (loop_seed if loop else continue_seed)(
            analysis,
            predictor,
            settings,
            range(len(outputs.midi)),
            progress=lambda share: advance(int(100 * share), 100),
        )
    files = [alone(one) if continuation_only else continued(seed, one) for one in made]
    heard = 0 if continuation_only else smf.note_count(seed.file)
    counts = [smf.note_count(file) - heard for file in files]

    def picture(place: int) -> bytes:
        from composer.plots.piano_roll import piano_roll_png

        return piano_roll_png(seed.piece, made[place].piece, made[place].join)

    outputs.save([smf.encode(file) for file in files], picture)
    outputs.tell(
        seed,
        analysis,
        settings,
        [
            f"{terminal.counted(count, 'new note')}, {one.seconds:.1f} s"
            for one, count in zip(made, counts, strict=True)
        ],
        {
            "notes": counts,
            "join_tick": made[0].join,
            "end_ticks": [one.end for one in made],
            "model": model,
            "loop": loop,
        },
        seed.remarks_on(analysis),
    )
    outputs.play_from(
        [0.0 if continuation_only else one.join / one.piece.ticks_per_beat for one in made]
    )
