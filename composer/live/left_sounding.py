"""Left sounding: notes that a server killed on the spot could not end, ended by the next one."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Sequence

from composer.errors import ComposerError
from composer.live.wire.osc_codec import encode
from composer.live.wire.sounding_notes import Keys, left_behind
from composer.user_folders import former_state_folder

logger = logging.getLogger(__name__)

PORT_GONE = "notes that an earlier server left sounding may hang there"


def end_left_sounding(
    udp: socket.socket | None = None, own_ports: Sequence[str] = ()
) -> tuple[list[str], Keys]:
    """End what earlier processes, killed on the spot, left sounding.

    Args:
        udp: The socket to end notes over OSC from; None for one of its own.
        own_ports: MIDI ports that this process will make itself, by name: no host hears
            them yet, so what sounds there is not ended here.

    Returns:
        The destinations where notes were ended, and the keys of the ports of its own.
    """
    done: list[str] = []
    own: Keys = []
    with contextlib.ExitStack() as stack:
        if udp is None:
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for destination, keys in [*left_behind(), *left_behind(former_state_folder())]:
            kind, _, where = destination.partition(" ")
            if kind == "osc":
                _end_osc(udp, where, keys)
            elif where in own_ports:
                own += keys
            else:
                _end_midi(where, keys)
            done.append(destination)
    return done, own


def _end_osc(udp: socket.socket, where: str, keys: Keys) -> None:
    address, _, port = where.rpartition(" ")
    for channel, pitch in keys:
        packet = encode("/composer/play", (pitch, 0, channel + 1))
        with contextlib.suppress(OSError, ValueError, OverflowError):
            udp.sendto(packet, (address, int(port)))


def _end_midi(port: str, keys: Keys) -> None:
    try:
        from composer.live.wire.midi_port import silence_port

        silence_port(port, keys)
    except ComposerError as error:
        logger.warning("MIDI port %s: %s; %s", port, error, PORT_GONE)


class RepeatedEnds:
    """Ends of notes, sent again and again to a port that its host may not have found yet.

    A virtual port goes with the process that made it. Its host hears nothing from the next
    one's until it has connected the two again, and does not say when it has.
    """

    def __init__(self, keys: Keys, end: Callable[[int, int], None], times: int = 30) -> None:
        """Not sent yet.

        Args:
            keys: (channel, pitch) of the notes.
            end: Ends a note, unless it was begun anew meanwhile.
            times: How often they are sent.
        """
        self._keys, self._end, self._left = keys, end, times

    def send(self, now: float) -> None:
        """Send them once more, while it is time to."""
        del now
        if self._left > 0:
            self._left -= 1
            for channel, pitch in self._keys:
                self._end(channel, pitch)
