"""Outputs: the files that a verb writes, seen to be free before any work is done, and told of."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from composer import terminal
from composer.errors import OutputError
from composer.formats.suffixes import SCORE_SUFFIXES

if TYPE_CHECKING:
    from composer.generation.seed_analysis import SeedAnalysis
    from composer.generation.seed_files import Seed
    from composer.generation.settings import Settings

_OTHER_FORMATS: Final = frozenset({*SCORE_SUFFIXES, ".json", ".png", ".wav"})
"""Suffixes of files that are no MIDI files."""


def with_outputs(ending: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options that say what becomes of the music it writes.

    Args:
        ending: What is put behind the seed's name where no other is given.
    """

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
            click.option(
                "--plot",
                metavar="PNG",
                help="Draw a piano roll: what stands and what is new apart.",
            ),
            click.option(
                "--variations",
                type=click.IntRange(1, 10_000),
                default=1,
                show_default=True,
                help="How many; numbered if more than one.",
            ),
            click.option(
                "--out",
                metavar="FILE",
                help=f"MIDI file to write.  [default: SEED-{ending}.mid, here]",
            ),
        ):
            command = option(command)
        return command

    return give


@dataclass(frozen=True, slots=True)
class Outputs:
    """What becomes of the music that a verb writes: files, one of each kind for each variation.

    Attributes:
        midi: The music.
        plots: Pictures of it; none if not asked for.
        sounds: What it sounds like; none if not asked for.
        soundfont: For sounds and for playing; None for an installed one.
        force: Whether files that exist are replaced.
        play: Whether it is played.
        as_json: Whether it is told of as JSON.
    """

    midi: list[Path]
    plots: list[Path]
    sounds: list[Path]
    soundfont: str | None
    force: bool
    play: bool
    as_json: bool

    @classmethod
    def of(cls, options: dict[str, Any], seed: Path, ending: str) -> Outputs:
        """Take the options of `with_outputs` out of a command's arguments.

        Args:
            options: The arguments.
            seed: The file that the music is written to.
            ending: As for `with_outputs`.

        Raises:
            OutputError: A name is not free, or its suffix is that of another kind of file.
            DependencyError: There is nothing to play with, or to make sound with.
        """
        from composer.cli.sound import check_player
        from composer.formats import fluidsynth

        variations, plot, wav = (options.pop(name) for name in ("variations", "plot", "wav"))
        midi = Path(options.pop("out") or f"{seed.stem}-{ending}.mid")
        if midi.suffix.lower() in _OTHER_FORMATS:
            raise OutputError(
                f"{midi}: what is written is MIDI; let --out end in .mid"
                " ('composer batch' has other formats)"
            )
        for option, name, suffix in (("--plot", plot, ".png"), ("--wav", wav, ".wav")):
            if name is not None:
                check_suffix(option, Path(name), suffix)
        found = cls(
            _numbered(midi, variations),
            _numbered(Path(plot), variations) if plot else [],
            _numbered(Path(wav), variations) if wav else [],
            **{name: options.pop(name) for name in ("soundfont", "force", "play", "as_json")},
        )
        check_free([*found.midi, *found.plots, *found.sounds], found.force)
        if found.play:
            check_player(found.soundfont)
        if found.sounds:
            fluidsynth.soundfont(found.soundfont)
        return found

    def save(self, music: Sequence[bytes], picture: Callable[[int], bytes]) -> None:
        """Write all files, or none.

        Args:
            music: The MIDI file of each variation.
            picture: Draws the piano roll of the variation at a place among them.

        Raises:
            OutputError: A file cannot be written, or FluidSynth makes no sound of one.
        """
        from composer import files
        from composer.formats import fluidsynth

        with files.together(force=self.force) as begin:
            for path, data in zip(self.midi, music, strict=True):
                with begin(path) as stream:
                    stream.write(data)
            for place, path in enumerate(self.plots):
                drawn = picture(place)
                with begin(path) as stream:
                    stream.write(drawn)
            for path, data in zip(self.sounds, music, strict=False):
                sound = fluidsynth.wav(data, fluidsynth.soundfont(self.soundfont))
                with begin(path) as stream:
                    stream.write(sound)

    def tell(
        self,
        seed: Seed,
        analysis: SeedAnalysis,
        settings: Settings,
        lines: Sequence[str],
        more: Mapping[str, Any],
        remarks: Sequence[str],
    ) -> None:
        """Say what was heard and what was written, as JSON or in lines.

        Args:
            seed: What the music was written to.
            analysis: How it was understood.
            settings: What was asked for.
            lines: What is said of each variation behind the name of its file, which may be
                several lines.
            more: What the JSON has beside.
            remarks: How the file was taken, a line each.
        """
        from composer.music.beat_grid import FREE

        if self.as_json:
            summary = {
                "seed": str(seed.path),
                "out": [str(path) for path in self.midi],
                **more,
                "key": str(analysis.key) if analysis.key else None,
                "grid": analysis.grid.kind,
                "settings": settings.as_dict(),
                "remarks": list(remarks),
                "plots": [str(path) for path in self.plots],
                "sounds": [str(path) for path in self.sounds],
            }
            click.echo(json.dumps(summary, indent=2))
            return
        for line in remarks:
            terminal.say(f"Note: {line}.")
        key = f"in {analysis.key} ({analysis.key.signature})" if analysis.key else "without a key"
        feel = "in free time" if analysis.grid.kind == FREE else "on the beat"
        terminal.say(f"Heard {terminal.counted(seed.piece.note_count, 'note')} {key}, {feel}.")
        for path, line in zip(self.midi, lines, strict=True):
            click.echo(f"{path}: {line}")
        for path in (*self.plots, *self.sounds):
            click.echo(str(path))
        terminal.say(f"Again: --rng-seed {settings.rng_seed}")

    def play_from(self, beats: Sequence[float]) -> None:
        """Play what was written, if that was asked for.

        Args:
            beats: Where what is new begins in each variation.
        """
        from composer.cli.sound import play_files

        if self.play:
            play_files(self.midi, beats, self.soundfont)


def check_suffix(option: str, path: Path, suffix: str) -> None:
    """Refuse a name that says that a file is of another kind.

    Raises:
        OutputError: It does.
    """
    if path.suffix and path.suffix.lower() != suffix:
        raise OutputError(
            f"{path}: what {option} writes is no {path.suffix}; let it end in {suffix}"
        )


def check_free(paths: Sequence[Path], force: bool) -> None:
    """Refuse early what writing would refuse after the work is done.

    Raises:
        OutputError: A path is taken, named twice, or its folder is not there.
    """
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file")
        if path.exists() and not force:
            raise OutputError(f"{path} exists; give another name, or --force to replace it")
        if not path.parent.is_dir():
            raise OutputError(f"there is no folder {path.parent}; make it first")
    for name, times in Counter(map(os.path.abspath, paths)).items():
        if times > 1:
            raise OutputError(f"{name} is to be two files at once; give them different names")


def _numbered(path: Path, variations: int) -> list[Path]:
    """The path itself for one variation, else with -1, -2, ... before its suffix."""
    if variations == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{number + 1}") for number in range(variations)]
