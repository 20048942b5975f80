"""The verbs that write inside a piece: `fill`, `arrange`, `vary`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli.options import device_option, load_predictor, model_option, seed_option
from composer.cli.outputs import Outputs, with_outputs
from composer.cli.settings import settings_from, with_settings
from composer.generation.parameters import KEEPS, LENGTHS, TAKES, USUAL_STRENGTH

if TYPE_CHECKING:
    from composer.inside.insertion import Insertion
    from composer.inside.writing import Writing


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    for verb in (fill, arrange, vary):
        verbs.add_command(verb)


@click.command()
@seed_option("whose bars are written anew")
@click.option(
    "--bars",
    "span",
    required=True,
    metavar="FIRST-LAST",
    help="Bars that are written anew, counted from 1 at the beginning of the file.",
)
@with_settings(takes=TAKES, without=LENGTHS)
@model_option
@device_option
@with_outputs("filled")
def fill(seed_path: str, span: str, **options: Any) -> None:
    """Write some bars anew, between what stands before and after them.

    All that stands stays in the file message for message. With --parts only these are written;
    what the others play in these bars stands, too.

    \b
    Example:
      composer fill --seed song.mid --bars 9-12 --play
      composer fill --seed song.mid --bars 9-12 --parts piano --variations 4
      composer fill --seed tune.mid --bars 5-6 --chords "Am F" --plot fill.png
    """
    from composer.inside.writing import FILL, Writing, parse_bars

    _write(seed_path, Writing(FILL, parse_bars(span)), "filled", options)


@click.command()
@seed_option("to which parts are added")
@click.option(
    "--add",
    required=True,
    metavar="PARTS",
    help="Parts to add: bass,drums,piano ...; numbers are programs; "
    "alto,tenor,bass sing under a melody.",
)
@click.option("--bars", "span", metavar="FIRST-LAST", help="Bars that they play.  [default: all]")
@click.option("--crossing", is_flag=True, help="Let added voices cross.")
@with_settings(takes=TAKES, without=LENGTHS | {"parts"})
@model_option
@device_option
@with_outputs("arranged")
def arrange(seed_path: str, add: str, span: str | None, crossing: bool, **options: Any) -> None:
    """Write further parts to a piece, from its first bar to its end.

    All that is there stays in the file message for message; each part gets a track of its own.
    Chord symbols of a MusicXML score are followed, and chords that are given.

    \b
    Example:
      composer arrange --seed melody.mid --add bass,drums,piano --play
      composer arrange --seed leadsheet.musicxml --add bass,piano
      composer arrange --seed tune.mid --add piano --chords "Am F | C G"
      composer arrange --seed soprano.mid --add alto,tenor,bass
    """
    from composer.generation.part_names import names_in
    from composer.inside.writing import ARRANGE, Writing, parse_bars

    bars = None if span is None else parse_bars(span)
    writing = Writing(ARRANGE, bars, add=names_in(add), crossing=crossing)
    _write(seed_path, writing, "arranged", options)


@click.command()
@seed_option("of which bars are varied")
@click.option("--bars", "span", metavar="FIRST-LAST", help="Bars that are varied.  [default: all]")
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=USUAL_STRENGTH,
    show_default=True,
    help="How much is changed: 0 nothing, 1 all.",
)
@click.option(
    "--keep",
    type=click.Choice(KEEPS),
    help="What stays of what is changed: when notes are played, the notes themselves, "
    "when and in which direction they move, or the bass.",
)
@with_settings(takes=TAKES, without=LENGTHS | {"chords"})
@model_option
@device_option
@with_outputs("varied")
def vary(
    seed_path: str, span: str | None, strength: float, keep: str | None, **options: Any
) -> None:
    """Write some bars as something else that is still like them.

    Without --keep a share of the beats is written anew, and the others stand.

    \b
    Example:
      composer vary --seed song.mid --bars 5-8 --strength 0.4 --play
      composer vary --seed song.mid --keep rhythm --parts melody --variations 4
      composer vary --seed song.mid --bars 9-16 --keep bass --strength 1
    """
    from composer.inside.writing import VARY, Writing, parse_bars

    bars = None if span is None else parse_bars(span)
    _write(seed_path, Writing(VARY, bars, strength=strength, keep=keep), "varied", options)


def _write(seed_path: str, writing: Writing, ending: str, options: dict[str, Any]) -> None:
    """Write inside a file, and say what was written."""
    from composer.formats import smf
    from composer.generation.seed_files import open_seed
    from composer.inside.verbs import write_inside

    model, device = options.pop("model"), options.pop("device")
    settings = settings_from(options)
    seed = open_seed(seed_path).with_drums(settings.drums, settings.no_drums)
    outputs = Outputs.of(options, seed.path, ending)
    predictor = load_predictor(model, device)
    with terminal.bar("Composing", "%") as advance:
        made = write_inside(
            seed,
            predictor,
            settings,
            writing,
            range(len(outputs.midi)),
            progress=lambda share: advance(int(100 * share), 100),
        )

    def picture(place: int) -> bytes:
        from composer.plots.piano_roll import inside_roll_png

        one = made[place]
        return inside_roll_png(one.given, one.piece, one.start, one.end)

    outputs.save([smf.encode(one.file(seed.file)) for one in made], picture)
    more = {
        "notes": [one.piece.note_count for one in made],
        "replaced": [len(one.removed) for one in made],
        "start_tick": made[0].start,
        "end_tick": made[0].end,
        "model": model,
        "writing": asdict(writing),
    }
    if made[0].figures:
        more["figures"] = [one.figures for one in made]
    lines = [_line(one) for one in made]
    outputs.tell(seed, made[0].analysis, settings, lines, more, seed.remarks)
    outputs.play_from([one.start / one.piece.ticks_per_beat for one in made])


def _line(made: Insertion) -> str:
    """What is said of it: notes, and a line for each figure."""
    instead = f" instead of {len(made.removed)}" if made.removed else ""
    figures = "".join(f"\n  {name}: {value}" for name, value in made.figures.items())
    return f"{terminal.counted(made.piece.note_count, 'new note')}{instead}{figures}"
