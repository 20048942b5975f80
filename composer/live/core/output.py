"""Output: what a session has to be sent, in its own words. No I/O.

Conventions:
    Channels are 0..15.
"""

from __future__ import annotations

from typing import NamedTuple

from composer.live.core.scheduler import Play


class Double(float):
    """A number that is told with all its digits: a place in a long piece."""


class Tell(NamedTuple):
    """Something to be said: an address under /composer, and its arguments."""

    address: str
    arguments: tuple[object, ...]


class Control(NamedTuple):
    """A controller to move, or, with number -1, a program to change to."""

    number: int
    value: int
    channel: int


Output = Play | Tell | Control


def all_off(channel: int) -> tuple[Control, Control]:
    """What silences a channel whatever it was sent before: the pedal up, all notes off."""
    return Control(64, 0, channel), Control(123, 0, channel)
