"""Link: Ableton Link, joined and followed, never led.

When two Link sessions meet, everyone takes the tempo of the older one. So a program that
waits alone in a session of its own would give its tempo to the first host that comes. This
one stays out, and only listens to the network for the messages by which Link programs say
that they are there; when one has been there for a while it joins, younger than anyone, and
takes the tempo that it finds. Left alone again, it leaves.

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
"""Seconds without a message after which nobody is there; there are four a second."""
ALONE = 1.0
"""Seconds without another after which a session is left."""
EVERY = 0.1
"""Seconds between two looks at where the host is."""


class Presence:
    """Whether someone else uses Link here, and since when."""

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
            self._since = None  # others there will say so soon

    def settled(self, now: float) -> bool:
        """Whether someone has been there long enough to be joined."""
        if self._since is None or now - self._last > GONE:
            return False
        return now - self._since >= SETTLED


class LinkFollower:
    """A member of whatever Link session there is."""

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
        except Exception:  # a thread's end is seen by nobody
            if self._running:  # else Python is ending, and its event loops with it
                logger.exception("Ableton Link is followed no longer")

    async def _listen(self) -> None:
        link = _make(self._library)
        link.start_stop_sync_enabled = True
        try:
            while self._running:
                await self._wait_for_someone()
                if self._running:
                    link.quantum = self._bar()
                    link.enabled = True
                    await self._follow_along(link)
                    link.enabled = False
        finally:
            link.enabled = False

    async def _wait_for_someone(self) -> None:
        try:
            ears = _ears()
        except OSError as error:
            logger.warning("Link: cannot listen for others first (%s); joining at once", error)
            return
        with ears:
            presence = Presence()
            while self._running:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        presence.hear(self._now(), ears.recv(2048))
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
    """A member that is not enabled yet; older versions want the loop to be named."""
    try:
        return library.Link(120.0)
    except TypeError:
        return library.Link(120.0, asyncio.get_running_loop())


def _ears() -> socket.socket:
    """A socket that hears what Link programs say, on every network there is."""
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            with contextlib.suppress(OSError):
                ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ears.setblocking(False)
        ears.bind(("", PORT))
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
                ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
                joined += 1
        if not joined:
            raise OSError("no network takes part in multicast")
    except BaseException:
        ears.close()
        raise
    return ears
