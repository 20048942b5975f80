"""The verb `plan`: the form of a seed, and what is proposed to follow, bar by bar."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from composer import terminal
from composer.cli.options import model_option
from composer.cli.outputs import check_free, check_suffix
from composer.cli.settings import with_settings
from composer.generation.parameters import PARAMETERS


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(plan)


@click.command()
@click.argument("seed")
@click.option(
    "--bars", type=click.IntRange(1, 1000), default=16, show_default=True, help="Bars to come."
)
@click.option("--rng-seed", type=click.IntRange(0), help="The same number gives the same plan.")
@click.option("--form", metavar="LETTERS", help='Form of the bars to come: "AABA", "A8 B8".')
@click.option(
    "--chords",
    metavar="CHORDS",
    help='Chords of the bars to come, "Am F | C G", or a file: plain text or ChordPro.',
)
@click.option("--plan", "fixed", metavar="FILE", help="A plan file that was edited, to look at.")
@with_settings(takes=1, without=set(PARAMETERS) - {"key", "grid"})
@model_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print a plan file: to be edited and handed back."
)
@click.option("--plot", metavar="PNG", help="Draw it: sections and chords above a piano roll.")
@click.option(
    "--markers", metavar="MIDI", help="Write the seed with sections and chords as markers."
)
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def plan(
    seed: str,
    bars: int,
    rng_seed: int | None,
    form: str | None,
    chords: str | None,
    fixed: str | None,
    key: str,
    grid: str,
    model: str,
    as_json: bool,
    plot: str | None,
    markers: str | None,
    force: bool,
) -> None:
    """Print the plan of SEED and of the bars proposed to follow.

    Four bars to a line: the letter of the section, chords, and which earlier bar each takes up
    (=1 all but exactly, ~1 nearly, (1) in part). A double bar line ends a phrase.

    \b
    Example:
      composer plan song.mid
      composer plan song.mid --bars 32 --form AABA --plot form.png
      composer plan song.mid --chords "Am F | C G" --json > plan.json
      composer generate --seed song.mid --bars 16 --plan plan.json
    """
    from composer import files, models
    from composer.errors import SeedError
    from composer.formats import smf
    from composer.generation.seed_files import open_seed
    from composer.generation.seed_plan import plan_ahead
    from composer.generation.settings import AUTO, Settings
    from composer.planning import plan_file
    from composer.planning.chart import chart_text
    from composer.planning.form_letters import sections_of
    from composer.planning.plan_markers import marked, plan_marks
    from composer.planning.plan_text import chords_text, plan_lines, reference_text
    from composer.planning.planner import Planner

    number = secrets.randbelow(1_000_000) if rng_seed is None else rng_seed
    settings = Settings(
        bars=bars,
        rng_seed=number,
        form=form,
        chords=None if chords is None else chart_text(chords),
        plan=AUTO if fixed is None else plan_file.text_of(Path(fixed)),
        key=key,
        grid=grid,
    )
    if plot is not None:
        check_suffix("--plot", Path(plot), ".png")
    check_free([Path(name) for name in (plot, markers) if name is not None], force)
    opened = open_seed(seed)
    analysis = opened.analysis(grid)
    events = analysis.events
    made = plan_ahead(analysis, settings, 0, Planner.load(models.find(model)))
    if made is None or events.plan is None:
        raise SeedError(
            f"{seed} is in free time, where there are no bars to plan; --grid beats gives it some"
        )
    heard = len(events.plan)
    sections = sections_of(made)
    ticks = analysis.bar_lines(len(made))
    with files.together(force=force) as begin:
        if plot:
            from composer.plots.plan_picture import plan_png

            picture = plan_png(
                analysis.piece,
                ticks,
                heard,
                sections,
                [(chords_text(bar, analysis.key), reference_text(bar)) for bar in made.bars],
                title=Path(seed).name,
            )
            with begin(Path(plot)) as stream:
                stream.write(picture)
        if markers:
            with begin(Path(markers)) as stream:
                stream.write(smf.encode(marked(opened.file, plan_marks(made, ticks, analysis.key))))
    metre = events.metres.metre_at(analysis.join)
    if as_json:
        click.echo(plan_file.plan_bytes(made, metre, heard, analysis.key).decode(), nl=False)
    else:
        heard_in = f" in {analysis.key}" if analysis.key else ""
        terminal.say(
            f"{terminal.counted(heard, 'bar')} of {metre[0]}/{metre[1]}{heard_in}, {bars} to come."
        )
        for line in plan_lines(made, heard, analysis.key):
            click.echo(line)
        letters = " ".join(
            f"{section.name}{section.bars}" for section in sections if section.start >= heard
        )
        if letters:
            click.echo(f"What follows: {letters}")
    for path in (plot, markers):
        if path:
            terminal.say(f"Written: {path}")
    if rng_seed is None:
        terminal.say(f"Again: --rng-seed {number}")
