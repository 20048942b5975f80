"""The verbs that write inside a piece: `fill`, `arrange`, `vary`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from composer import terminal
from composer.cli.options import device_option, load_predictor, model_option
from composer.cli.outputs import Outputs
from composer.cli.settings import settings_from, with_settings
from composer.generation.parameters import KEEPS, LENGTHS, TAKES, USUAL_STRENGTH

if TYPE_CHECKING:
    from composer.generation.seed_files import Seed
    from composer.generation.settings import Settings
    from composer.inside.insertion import Insertion
    from composer.inside.writing import Writing


def add_to(verbs: click.Group) -> None:
    """Add this module's verbs to a group."""
    for verb in (fill, arrange, vary):
        verbs.add_command(verb)


def _seed_option(what: str) -> Callable[..., Any]:
    return click.option(
        "--seed",
        "seed_path",
        required=True,
        metavar="FILE",
        help=f"MIDI file or score (.mid .midi .kar .musicxml .mxl .abc .krn) {what}; "
        "book.abc#3 is tune X:3.",
    )


def _out_options(ending: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options that say what becomes of what is written."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON."),
            click.option("--force", is_flag=True, help="Overwrite files that exist."),
            click.option("--soundfont", metavar="FILE", help="SoundFont for --wav and --play."),
            click.option(
                "--play", is_flag=True, help="Play it: with FluidSynth, or else in the browser."
            ),
            click.option(
                "--wav", metavar="WAV", help="Write sound, with FluidSynth and a SoundFont."
            ),
            click.option("--plot", metavar="PNG", help="Draw what stands and what is new apart."),
            device_option,
            model_option,
            click.option(
                "--variations",
                type=click.IntRange(1, 10_000),
                default=1,
                show_default=True,
                help="How many; numbered if more than one.",
            ),
            click.option(
                "--out",
                "out",
                metavar="FILE",
                help=f"MIDI file to write.  [default: SEED-{ending}.mid, here]",
            ),
        ):
            command = option(command)
        return command

    return give


@click.command()
@_seed_option("whose bars are written anew")
@click.option(
    "--bars",
    "span",
    required=True,
    metavar="FIRST-LAST",
    help="Bars that are written anew, counted from 1 at the beginning of the file.",
)
@with_settings(takes=TAKES, without=LENGTHS)
@_out_options("filled")
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
@_seed_option("to which parts are added")
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
@_out_options("arranged")
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
@_seed_option("of which bars are varied")
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
@_out_options("varied")
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
    from composer.cli.sound import check_player, play_files
    from composer.formats import fluidsynth
    from composer.generation.seed_files import open_seed
    from composer.inside.verbs import write_inside

    variations, play, soundfont = (options.pop(n) for n in ("variations", "play", "soundfont"))
    out, plot, wav = (options.pop(name) for name in ("out", "plot", "wav"))
    model, device = options.pop("model"), options.pop("device")
    force, as_json = options.pop("force"), options.pop("as_json")
    settings = settings_from(options)
    seed = open_seed(seed_path).with_drums(settings.drums, settings.no_drums)
    out_path = Path(out or f"{seed.path.stem}-{ending}.mid")
    outputs = Outputs.of(out_path, plot, wav, variations, force=force)
    if play:
        check_player(soundfont)
    if wav:
        fluidsynth.soundfont(soundfont)
    predictor = load_predictor(model, device)
    with terminal.bar("Composing", "%") as advance:
        made = write_inside(
            seed,
            predictor,
            settings,
            writing,
            range(variations),
            progress=lambda share: advance(int(100 * share), 100),
        )
    _save(seed, made, outputs, soundfont, force=force)
    _tell(seed, made, outputs, settings, writing, model, as_json=as_json)
    if play:
        play_files(outputs.midi, [one.start / one.piece.ticks_per_beat for one in made], soundfont)


def _save(
    seed: Seed,
    made: Sequence[Insertion],
    outputs: Outputs,
    soundfont: str | None,
    *,
    force: bool,
) -> None:
    """All files, or none."""
    from composer import files
    from composer.formats import fluidsynth, smf

    with files.together(force=force) as begin:
        for number, (path, insertion) in enumerate(zip(outputs.midi, made, strict=True)):
            data = smf.encode(insertion.file(seed.file))
            with begin(path) as stream:
                stream.write(data)
            if outputs.plots:
                from composer.plots.piano_roll import inside_roll_png

                picture = inside_roll_png(
                    insertion.given, insertion.piece, insertion.start, insertion.end
                )
                with begin(outputs.plots[number]) as stream:
                    stream.write(picture)
            if outputs.sounds:
                sound = fluidsynth.wav(data, fluidsynth.soundfont(soundfont))
                with begin(outputs.sounds[number]) as stream:
                    stream.write(sound)


def _tell(
    seed: Seed,
    made: Sequence[Insertion],
    outputs: Outputs,
    settings: Settings,
    writing: Writing,
    model: str,
    *,
    as_json: bool,
) -> None:
    """Say what was written, as JSON or in lines."""
    from dataclasses import asdict

    first = made[0]
    key = first.analysis.key
    if as_json:
        summary = {
            "seed": str(seed.path),
            "out": [str(path) for path in outputs.midi],
            "notes": [one.piece.note_count for one in made],
            "replaced": [len(one.removed) for one in made],
            "start_tick": first.start,
            "end_tick": first.end,
            "key": str(key) if key else None,
            "grid": first.analysis.grid.kind,
            "model": model,
            "settings": settings.as_dict(),
            "writing": asdict(writing),
            "also": [str(path) for path in (*outputs.plots, *outputs.sounds)],
        }
        if first.figures:
            summary["figures"] = [one.figures for one in made]
        if seed.remarks:
            summary["remarks"] = list(seed.remarks)
        click.echo(json.dumps(summary, indent=2))
        return
    for line in seed.remarks:
        terminal.say(f"Note: {line}.")
    heard = f"in {key} ({key.signature})" if key else "without a key"
    feel = "in free time" if first.analysis.grid.kind == "free" else "on the beat"
    terminal.say(f"Heard {seed.piece.note_count} notes {heard}, {feel}.")
    for path, one in zip(outputs.midi, made, strict=True):
        instead = f" instead of {len(one.removed)}" if one.removed else ""
        click.echo(f"{path}: {one.piece.note_count} new notes{instead}")
        for name, value in one.figures.items():
            click.echo(f"  {name}: {value}")
    for path in (*outputs.plots, *outputs.sounds):
        click.echo(str(path))
    terminal.say(f"Again: --rng-seed {settings.rng_seed}")
