"""Ableton Link: joined and followed, never led.

When two Link sessions meet, all their members take the tempo of the older one. A program that
waited alone in a session of its own would give its tempo to the first host that comes. So
composer only listens to the network for the messages by which Link programs announce
themselves. When one has been there for a while, composer joins as the youngest member and
takes the tempo that it finds; when it is the only member left, it leaves.

Conventions:
    Moments are seconds on the server's clock. The messages are those of Ableton's library
    (discovery/v1/Messages.hpp): to 224.76.78.75, UDP 20808, "_asdp_v", a version and a kind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

from composer.distribution import install_extra
from composer.errors import DependencyError
from composer.live.core.midi_clock import Follow, Transport

logger = logging.getLogger(__name__)

GROUP, PORT = "224.76.78.75", 20808
HEADER = b"_asdp_v\x01"
ALIVE, BYE = 1, 3
SETTLED = 1.0
"""Seconds for which a host has to have been there: Link takes sessions for equally old
that are less than half a second apart."""
GONE = 2.0
"""Seconds without a message after which no program is there; each sends four a second."""
ALONE = 1.0
"""Seconds without another after which a session is left."""
EVERY = 0.1
"""Seconds between two looks at where the host is."""


class Presence:
    """Whether another program uses Link here, and since when."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._last = 0.0

    def hear(self, now: float, packet: bytes) -> None:
        """Take in a message from the network."""
        if not packet.startswith(HEADER) or len(packet) <= len(HEADER):
            return
        if packet[len(HEADER)] == ALIVE:
            if self._since is None or now - self._last > GONE:
                self._since = now
            self._last = now
        elif packet[len(HEADER)] == BYE:
            self._since = None  # other programs announce themselves again soon

    def settled(self, now: float) -> bool:
        """Whether a program has been there long enough to be joined."""
        if self._since is None or now - self._last > GONE:
            return False
        return now - self._since >= SETTLED


class LinkFollower:
    """A member of the Link session that others have begun."""

    def __init__(
        self,
        follow: Follow,
        transport: Transport,
        now: Callable[[], float],
        bar: Callable[[], float] = lambda: 4.0,
    ) -> None:
        """Listen for others, from now on, on a thread of its own.

        Args:
            follow: Told, ten times a second, a moment, the tick at it and the tempo.
            transport: Told when the host starts and stops.
            now: The clock.
            bar: Beats of a bar, asked again and again: members agree on where they are in
                as many beats as they say (Link's quantum), and no further.

        Raises:
            DependencyError: The package aalink is not installed.
        """
        try:
            import aalink
        except ImportError as error:
            raise DependencyError(
                f"Ableton Link needs aalink; run: {install_extra('link')}"
            ) from error
        self._library: Any = aalink
        self._follow, self._transport, self._now, self._bar = follow, transport, now, bar
        self._running = True
        self._playing: bool | None = None
        self._thread = threading.Thread(target=self._run, name="composer Link", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except Exception:  # the end of a thread is not seen otherwise
            if self._running:  # else Python is ending, and its event loops with it
                logger.exception("Ableton Link is followed no longer")

    async def _listen(self) -> None:
        link = _make(self._library)
        link.start_stop_sync_enabled = True
        try:
            while self._running:
                await self._wait_for_a_program()
                if self._running:
                    link.quantum = self._bar()
                    link.enabled = True
                    await self._follow_along(link)
                    link.enabled = False
        finally:
            link.enabled = False

    async def _wait_for_a_program(self) -> None:
        try:
            listener = _listener()
        except OSError as error:
            logger.warning("Link: cannot listen for others first (%s); joining at once", error)
            return
        with listener:
            presence = Presence()
            while self._running:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        presence.hear(self._now(), listener.recv(2048))
                if presence.settled(self._now()):
                    return
                await asyncio.sleep(EVERY)

    async def _follow_along(self, link: Any) -> None:
        self._playing = None
        company = self._now()
        while self._running and self._now() - company < ALONE:
            if link.quantum != self._bar():
                link.quantum = self._bar()
            if link.num_peers:
                company = self._now()
                playing = bool(link.playing)
                # Many sessions never start or stop: only a change says something.
                if self._playing is not None and playing != self._playing:
                    self._transport(self._now(), playing)
                self._playing = playing
                self._follow(self._now(), link.beat * 24, link.tempo)
            await asyncio.sleep(EVERY)

    def close(self) -> None:
        """Leave."""
        self._running = False
        self._thread.join(timeout=2)


def _make(library: Any) -> Any:
    """A member that is not enabled yet; older versions of aalink take the event loop too."""
    try:
        return library.Link(120.0)
    except TypeError:
        return library.Link(120.0, asyncio.get_running_loop())


def _listener() -> socket.socket:
    """A socket that receives the messages of Link programs, on every network there is."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            with contextlib.suppress(OSError):
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.setblocking(False)
        listener.bind(("", PORT))
        group = socket.inet_aton(GROUP)
        joined = 0
        for index, _ in socket.if_nameindex():
            # Windows takes the number of a network as an address 0.0.0.NUMBER.
            where = (
                group + struct.pack(">I", index)
                if sys.platform == "win32"
                else group + bytes(4) + struct.pack("i", index)
            )
            with contextlib.suppress(OSError):
                listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
                joined += 1
        if not joined:
            raise OSError("no network takes part in multicast")
    except BaseException:
        listener.close()
        raise
    return listener
