"""The verb `generate`: a continuation of one seed, and the options that say how to go on."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.cli.options import device_option, model_option
from composer.errors import SettingError
from composer.formats.suffixes import MUSIC_SUFFIXES, SCORE_SUFFIXES
from composer.generation.parameters import PARAMETERS, TAKES, Parameter, pitch_range_in


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(generate)


def pitch_range(ctx: Any, param: Any, value: str | None) -> tuple[int, int] | None:
    """Read "48-72"."""
    del ctx, param
    try:
        return None if value is None else pitch_range_in(value)
    except SettingError as error:
        raise click.BadParameter(str(error)) from None


def _option(parameter: Parameter, default: Any) -> Callable[..., Any]:
    """The option of one parameter."""
    # Where a default is not the same everywhere, it is not given to click but said in the help.
    settled = parameter.kind is not float and parameter.name != "bars"
    text = parameter.help
    if not settled and parameter.default_text:
        text += f"  [default: {parameter.default_text}]"
    return click.option(
        f"--{parameter.label}",
        type=click.Choice(parameter.choices) if parameter.choices else parameter.kind,
        default=default if settled else None,
        show_default=settled and default is not None,
        help=text,
        metavar=parameter.metavar,
        multiple=parameter.many,
        callback=pitch_range if parameter.name == "pitch_range" else None,
    )


def with_settings(
    takes: int, without: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of `composer.generation.parameters`.

    Args:
        takes: The command's own default of `--takes`.
        without: Names of those that it does not have.
    """

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for parameter in reversed(PARAMETERS.values()):
            if parameter.name in without:
                continue
            default = takes if parameter.name == "takes" else parameter.default
            command = _option(parameter, default)(command)
        return command

    return give


def settings_from(options: dict[str, Any]) -> Any:
    """Take the options of `with_settings` out of a command's arguments, as Settings.

    Raises:
        SettingError: A value is out of range, or a file that one names cannot be read.
    """
    from composer.generation.part_names import names_in
    from composer.generation.settings import AUTO, OFF, Settings
    from composer.planning import plan_file
    from composer.planning.chart import chart_text
    from composer.taste.profile import profile_text
    from composer.user_folders import profiles_folder

    values = {
        name: options.pop(name, None if name == "bars" else parameter.default)
        for name, parameter in PARAMETERS.items()
    }
    for name in ("drums", "no_drums"):
        values[name] = values[name] or ()
    if values["rng_seed"] is None:
        values["rng_seed"] = secrets.randbelow(1_000_000)
    values["parts"] = (values["parts"] or "",)
    for name in ("parts", "drums", "no_drums"):
        values[name] = tuple(text for given in values[name] for text in names_in(given))
    if values["plan"] not in (AUTO, OFF):
        values["plan"] = plan_file.text_of(Path(values["plan"]))
    if values["profile"]:
        values["profile"] = profile_text(values["profile"], profiles_folder())
    if values["chords"]:
        values["chords"] = chart_text(values["chords"])
    return Settings(**values)


OTHER_FORMATS = frozenset({*SCORE_SUFFIXES, ".json", ".png", ".wav"})
"""Suffixes of files that are not what `generate` writes."""


@click.command()
@click.option(
    "--seed",
    "seed_path",
    required=True,
    metavar="FILE",
    help=f"MIDI file or score ({' '.join(MUSIC_SUFFIXES)}) to go on from; book.abc#3 is tune X:3.",
)
@click.option(
    "--out", "out", metavar="FILE", help="MIDI file to write.  [default: SEED-continued.mid, here]"
)
@click.option(
    "--variations",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How many continuations; numbered if more than one.",
)
@with_settings(takes=TAKES)
@click.option("--loop", is_flag=True, help="Let the end of the bars lead into their beginning.")
@click.option("--continuation-only", is_flag=True, help="Leave the seed out of the file.")
@model_option
@device_option
@click.option("--plot", metavar="PNG", help="Draw a piano roll, seed and continuation apart.")
@click.option("--wav", metavar="WAV", help="Write sound, with FluidSynth and a SoundFont.")
@click.option("--play", is_flag=True, help="Play it: with FluidSynth, or else in the browser.")
@click.option("--soundfont", metavar="FILE", help="SoundFont for --wav and --play.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def generate(
    seed_path: str,
    out: str | None,
    variations: int,
    loop: bool,
    continuation_only: bool,
    model: str,
    device: str,
    plot: str | None,
    wav: str | None,
    play: bool,
    soundfont: str | None,
    force: bool,
    as_json: bool,
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
    from composer import files
    from composer.cli.sound import check_player, play_files
    from composer.errors import OutputError
    from composer.formats import fluidsynth, smf
    from composer.generation.generate import continue_seed
    from composer.generation.seed_files import alone, continued, open_seed
    from composer.inside.loop import loop_seed

    settings = settings_from(options)
    seed = open_seed(seed_path).with_drums(settings.drums, settings.no_drums)
    analysis = seed.analysis(settings.grid, settings.tempo)
    names = output_names(Path(out or f"{seed.path.stem}-continued.mid"), variations)
    plots = output_names(Path(plot), variations) if plot else []
    if names[0].suffix.lower() in OTHER_FORMATS:
        raise OutputError(
            f"{names[0]}: what is written is MIDI; let --out end in .mid"
            " ('composer batch' has other formats)"
        )
    sounds = output_names(Path(wav), variations) if wav else []
    check_free([*names, *plots, *sounds], force)
    if play:
        check_player(soundfont)
    font = fluidsynth.soundfont(soundfont) if wav else None
    predictor = load_predictor(model, device)
    with terminal.bar("Composing", "%") as advance:
        made = (loop_seed if loop else continue_seed)(
            analysis,
            predictor,
            settings,
            range(variations),
            progress=lambda share: advance(int(100 * share), 100),
        )
    counts: list[int] = []
    with files.together(force=force) as begin:
        for path, continuation in zip(names, made, strict=True):
            file = alone(continuation) if continuation_only else continued(seed, continuation)
            before = 0 if continuation_only else smf.note_count(seed.file)
            counts.append(smf.note_count(file) - before)
            with begin(path) as stream:
                stream.write(smf.encode(file))
        for path, continuation in zip(plots, made, strict=False):
            from composer.plots.piano_roll import piano_roll_png

            picture = piano_roll_png(seed.piece, continuation.piece, continuation.join)
            with begin(path) as stream:
                stream.write(picture)
        for path, continuation in zip(sounds, made, strict=False):
            file = alone(continuation) if continuation_only else continued(seed, continuation)
            assert font is not None
            with begin(path) as stream:
                stream.write(fluidsynth.wav(smf.encode(file), font))
    summary = {
        "seed": str(seed.path),
        "out": [str(path) for path in names],
        "notes": counts,
        "join_tick": made[0].join,
        "end_ticks": [continuation.end for continuation in made],
        "key": str(analysis.key) if analysis.key else None,
        "grid": analysis.grid.kind,
        "model": model,
        "loop": loop,
        "settings": settings.as_dict(),
    }
    remarks = seed.remarks_on(analysis)
    if remarks:
        summary["remarks"] = remarks
    if plots:
        summary["plots"] = [str(path) for path in plots]
    if sounds:
        summary["sounds"] = [str(path) for path in sounds]
    joins = [0.0 if continuation_only else c.join / c.piece.ticks_per_beat for c in made]
    if as_json:
        click.echo(json.dumps(summary, indent=2))
        if play:
            play_files(names, joins, soundfont)
        return
    key = f"in {analysis.key} ({analysis.key.signature})" if analysis.key else "without a key"
    feel = "in free time" if analysis.grid.kind == "free" else "on the beat"
    for line in remarks:
        terminal.say(f"Note: {line}.")
    terminal.say(f"Heard {seed.piece.note_count} notes {key}, {feel}.")
    for path, continuation, count in zip(names, made, counts, strict=True):
        length = tempo_seconds(continuation)
        click.echo(f"{path}: {count} new notes, {length:.1f} s")
    for path in (*plots, *sounds):
        click.echo(str(path))
    terminal.say(f"Again: --rng-seed {settings.rng_seed}")
    if play:
        play_files(names, joins, soundfont)


def tempo_seconds(continuation: Any) -> float:
    """How long a continuation lasts, in seconds."""
    piece = continuation.piece
    start, end = (
        piece.tempos.seconds(tick, piece.ticks_per_beat)
        for tick in (continuation.join, continuation.end)
    )
    return float(end - start)


def output_names(path: Path, variations: int) -> list[Path]:
    """The path itself for one variation, else with -1, -2, ... before its suffix."""
    if variations == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number + 1}") for number in range(variations)]


def check_free(paths: Sequence[Path], force: bool) -> None:
    """Refuse early what writing would refuse after the work is done.

    Raises:
        OutputError: A path is taken, named twice, or its folder is not there.
    """
    from composer.errors import OutputError

    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file with --out")
        if path.exists() and not force:
            raise OutputError(
                f"{path} exists; give another name with --out, or --force to replace it"
            )
        if not path.parent.is_dir():
            raise OutputError(f"there is no folder {path.parent}; make it first")
    for name, times in Counter(map(os.path.abspath, paths)).items():
        if times > 1:
            raise OutputError(f"{name} is to be two files at once; give them different names")


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
