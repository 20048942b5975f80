"""FluidSynth: the sound of a MIDI file, by the program of that name, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from composer.errors import DependencyError, OutputError
from composer.files import shown

PROGRAM: Final = "fluidsynth"
SOUNDFONTS: Final = (
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/opt/homebrew/share/sounds/sf2/default.sf2",
)
"""Where packages of Debian, Fedora and Homebrew put a General MIDI SoundFont."""
WAV_SECONDS: Final = 600
"""Seconds that rendering one WAV may take."""
RATE: Final = 44100


def soundfont(wanted: str | None = None) -> Path:
    """The SoundFont to play with.

    Args:
        wanted: Its file; None for the first that a package has installed.

    Raises:
        DependencyError: fluidsynth or a SoundFont is missing.
    """
    if shutil.which(PROGRAM) is None:
        raise DependencyError("sound needs the program fluidsynth; install it (Debian: fluidsynth)")
    for path in (wanted,) if wanted else SOUNDFONTS:
        if Path(path).is_file():
            return Path(path)
    raise DependencyError(
        f"there is no SoundFont {shown(wanted)}"
        if wanted
        else "sound needs a SoundFont; install one (Debian: fluid-soundfont-gm) or give --soundfont"
    )


def wav(midi_bytes: bytes, font: Path) -> bytes:
    """A MIDI file as a WAV file, in stereo.

    Raises:
        OutputError: FluidSynth wrote nothing.
    """
    with _file(midi_bytes) as source:
        target = source.with_suffix(".wav")
        command = ["-n", "-i", "-q", "-F", str(target), "-T", "wav", "-r", str(RATE)]
        said = _run([*command, str(font), str(source)], WAV_SECONDS)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            raise OutputError(f"fluidsynth wrote no sound: {said[:200]}") from None


def play(midi_bytes: bytes, font: Path) -> None:
    """Play a MIDI file to its end, on the system's loudspeakers.

    Raises:
        OutputError: There are none that FluidSynth finds.
    """
    with _file(midi_bytes) as source:
        said = _run(["-n", "-i", "-q", str(font), str(source)], None)
    if "audio driver" in said:
        raise OutputError("fluidsynth finds nothing to play on; write a file with --wav")


@contextmanager
def _file(midi_bytes: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="composer-") as folder:
        path = Path(folder) / "music.mid"
        path.write_bytes(midi_bytes)
        yield path


def _run(arguments: list[str], seconds: float | None) -> str:
    """Run FluidSynth. Returns what it said, on one line."""
    try:
        ran = subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"fluidsynth did not end within {seconds:g} s") from None
    return " ".join((ran.stderr + ran.stdout).decode(errors="replace").split())
