"""The verb `generate`: a continuation of one seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from composer import terminal
from composer.cli.options import device_option, load_predictor, model_option
from composer.cli.outputs import Outputs
from composer.cli.settings import settings_from, with_settings
from composer.formats.suffixes import MUSIC_SUFFIXES
from composer.generation.parameters import TAKES


def add_to(verbs: click.Group) -> None:
    """Add this module's verb to a group."""
    verbs.add_command(generate)


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
    from composer.formats import fluidsynth, smf
    from composer.generation.generate import continue_seed
    from composer.generation.seed_files import alone, continued, open_seed
    from composer.inside.loop import loop_seed

    settings = settings_from(options)
    seed = open_seed(seed_path).with_drums(settings.drums, settings.no_drums)
    analysis = seed.analysis(settings.grid, settings.tempo)
    out_path = Path(out or f"{seed.path.stem}-continued.mid")
    outputs = Outputs.of(out_path, plot, wav, variations, force=force)
    names, plots, sounds = outputs.midi, outputs.plots, outputs.sounds
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
