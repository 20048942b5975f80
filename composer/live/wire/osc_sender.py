"""OSC sender: what sessions play and say, as packets to their listeners.

Conventions:
    Channels are 1..16 on the wire and 0..15 inside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from composer.live.core.output import Output, Tell
from composer.live.core.scheduler import Play
from composer.live.wire.osc_clients import WEB, Endpoint
from composer.live.wire.osc_codec import LARGEST, encode
from composer.live.wire.osc_guard import OscError

logger = logging.getLogger(__name__)


class SoundingNotes(Protocol):
    """A record of the notes that sound, for a process that comes after this one."""

    def set(self, destination: str, channel: int, pitch: int, on: bool) -> None:
        """A key sounds from now on, or does not."""
        ...

    def forget(self, destination: str) -> None:
        """A destination is gone, or silent."""
        ...


class OscSender:
    """Writes packets, and notes down what sounds where."""

    def __init__(
        self, send: Callable[[bytes, Endpoint], None], sounding: SoundingNotes | None = None
    ) -> None:
        """Nothing sent yet.

        Args:
            send: Sends a packet to an endpoint.
            sounding: Where sounding notes are noted down.
        """
        self._send, self._sounding = send, sounding

    def play(self, play: Play, listeners: Iterable[Endpoint]) -> None:
        """Send a note's beginning or end."""
        packet = encode("/composer/play", (play.pitch, play.velocity, play.channel + 1))
        for to in listeners:
            # Recorded before it begins and until after it has ended: what is ended after a
            # kill is then a note too many, never one too few.
            if play.velocity:
                self._note(to, play)
            self._send(packet, to)
            if not play.velocity:
                self._note(to, play)

    def tell(self, tell: Tell, listeners: Iterable[Endpoint]) -> None:
        """Send what a session says."""
        packet = _packet(f"/composer/{tell.address}", tell.arguments)
        for to in listeners:
            self._send(packet, to)

    def reply(self, to: Endpoint, address: str, arguments: Sequence[object]) -> None:
        """Send an answer."""
        self._send(_packet(address, arguments), to)

    def forget(self, listeners: Iterable[Endpoint]) -> None:
        """Nothing sounds at these endpoints any more."""
        if self._sounding is not None:
            for to in listeners:
                if to[0] == WEB:
                    continue
                self._sounding.forget(_destination(to))

    def _note(self, to: Endpoint, play: Play) -> None:
        if self._sounding is not None and to[0] != WEB:  # a page silences itself
            self._sounding.set(_destination(to), play.channel, play.pitch, play.velocity > 0)


def music_first(outputs: Sequence[Output]) -> Sequence[Output]:
    """Notes before what is said about them, which may be a dozen messages."""
    if len(outputs) < 2:
        return outputs
    return sorted(outputs, key=lambda output: isinstance(output, Tell))


def _destination(to: Endpoint) -> str:
    return f"osc {to[0]} {to[1]}"


def _packet(address: str, arguments: Sequence[object]) -> bytes:
    try:
        packet = encode(address, arguments)
    except OscError:
        logger.exception("cannot send %s", address)
        return encode(address)
    return packet if len(packet) <= LARGEST else encode(address)
