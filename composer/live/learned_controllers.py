"""Learned controllers: which knob sets which parameter, and which button says what of replies."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from composer.live.core.marks import SAID
from composer.live.core.parameters import PARAMETERS
from composer.live.wire.midi_player import MidiPlayer
from composer.user_folders import former_state_folder, state_folder

USUAL = ("temperature", "density", "length", "loudness", "mode", *SAID)
"""What `composer serve --learn` asks a controller for."""
KNOWN = frozenset((*PARAMETERS, *SAID))
FILE = "controllers.json"


def load_controllers() -> dict[int, str]:
    """Controller number -> parameter or word, as learned before; empty where nothing is known."""
    for folder in (state_folder(), former_state_folder()):
        if folder is None:
            continue
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            known = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return {int(number): name for number, name in known.items() if name in KNOWN}
    return {}


def save_controllers(learned: dict[int, str]) -> None:
    """Keep what was learned, where there is a place for it."""
    path: Path = state_folder() / FILE
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(learned), encoding="utf-8")


def ask_for_controllers(
    player: MidiPlayer, say: Callable[[str], None], parameters: Sequence[str] = USUAL
) -> None:
    """Ask for a controller for each parameter or word, one after another; keep the answers."""
    player.to_learn.extend(parameters)
    say(f"Move the controller for {parameters[0]}")

    def learned(number: int, name: str) -> None:
        say(f"Controller {number} is {name}")
        if player.to_learn:
            say(f"Move the controller for {player.to_learn[0]}")
        else:
            say("All are learned, and known the next time")
        save_controllers(player.learned)

    player.on_learned = learned
