"""OSC parameters: set, asked for, moved by a fader; the mode, and chords and form of answers.

Conventions:
    What is wrong with a value is said before a session is begun for it.
"""

from __future__ import annotations

from composer.live.core.parameters import Values, find
from composer.live.wire.osc_codec import Argument
from composer.live.wire.osc_request import Request


def set_parameter(request: Request, name: str, value: Argument) -> None:
    """A parameter is set."""
    value = find(name).check(value)
    request.session().set(request.now, name, value)


def get_parameter(request: Request, name: str) -> None:
    """A parameter is asked for."""
    name = find(name).name
    session = request.existing()
    request.reply("status", name, (session.values if session is not None else Values()).get(name))


def fader(request: Request, name: str, share: float) -> None:
    """A fader of a parameter is moved."""
    parameter = find(name)
    value = parameter.from_fader(share)
    request.session().set(request.now, parameter.name, value)


def mode(request: Request, mode: str) -> None:
    """What composer does is changed."""
    set_parameter(request, "mode", mode)


def chord(request: Request, chords: list[tuple[str]]) -> None:
    """The chords of answers are given, in one text or in several."""
    set_parameter(request, "chords", " ".join(text for (text,) in chords))


def form(request: Request, sections: list[tuple[str]]) -> None:
    """The sections of answers are given, in one text or in several."""
    set_parameter(request, "form", " ".join(text for (text,) in sections))
