"""Sound of what a verb has written: through FluidSynth, or else in the browser."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from composer import terminal
from composer.errors import DependencyError


def check_player(soundfont: str | None) -> None:
    """See, before any work is done, whether there is anything to play with.

    Raises:
        DependencyError: There is neither FluidSynth with a SoundFont nor the page.
    """
    from composer.formats import fluidsynth
    from composer.web.web_process import check_installed

    try:
        fluidsynth.soundfont(soundfont)
    except DependencyError as error:
        if soundfont:
            raise
        try:
            check_installed()
        except DependencyError:
            raise DependencyError(
                f'{error}; or play in the browser: pip install "composer-lstm[web]"'
            ) from None


def play_files(paths: Sequence[Path], joins: Sequence[float], soundfont: str | None) -> None:
    """Play MIDI files, one after another; in the browser, until Ctrl-C.

    Args:
        paths: The files.
        joins: The beat at which each one's continuation begins.
        soundfont: To play with; None for an installed one.

    Raises:
        OutputError: There are no loudspeakers, or the page's port is taken.
    """
    from composer.formats import fluidsynth

    try:
        font = fluidsynth.soundfont(soundfont)
    except DependencyError:
        _show(paths, joins)
        return
    for path in paths:
        terminal.say(f"Playing {path}; Ctrl-C ends")
        fluidsynth.play(path.read_bytes(), font)


def _show(paths: Sequence[Path], joins: Sequence[float]) -> None:
    """Open the page with files, and serve it until Ctrl-C."""
    import secrets
    import webbrowser

    from composer.live.config_file import usual_path
    from composer.web.web_process import WebOptions, web_process

    opened = tuple(zip(paths, joins, strict=True))
    token = secrets.token_urlsafe(32)
    ended = threading.Event()
    with web_process(WebOptions(token, usual_path(), opened, port=0)) as web:
        click.echo(f"Page: {web.url}")
        terminal.say("Ctrl-C ends")
        before = {
            number: signal.signal(number, lambda *_: ended.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            webbrowser.open(web.url)
            while not ended.wait(0.5):
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
