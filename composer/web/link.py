"""Link: what the live server and the web process say to each other, as datagrams.

The web process is a program of its own, so that nothing that browsers do takes time from
the music. To the live server, every page is an OSC client whose packets come over this link
instead of the network. Both ends are connected: the system hands on nothing from elsewhere.

    4 bytes   number of the page, big-endian; 0 for what is not of a page
    rest      an OSC packet; of number 0, a JSON object

Conventions:
    A page's endpoint is (`WEB`, number).
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from composer.errors import ComposerError, SettingError
from composer.live.wire.osc_clients import WEB, Endpoint
from composer.live.wire.session_files import save_log
from composer.live.wire.udp_transport import BUFFER, Datagram

if TYPE_CHECKING:
    from composer.live.server import Server
from composer.web.load import Load

logger = logging.getLogger(__name__)

CONTROL: Final = 0
LARGEST: Final = 1 << 16
MOST_LISTED: Final = 40
"""Sessions that are listed at most."""
_NUMBER: Final = struct.Struct(">I")


def open_link() -> socket.socket:
    """One end, bound to a free port of loopback and not yet connected."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    end.bind(("127.0.0.1", 0))
    return end


def framed(number: int, packet: bytes) -> bytes:
    """A packet of a page as a datagram of the link."""
    return _NUMBER.pack(number) + packet


def unframed(datagram: bytes) -> tuple[int, bytes]:
    """The page's number and its packet.

    Raises:
        ValueError: The datagram is too short.
    """
    if len(datagram) < _NUMBER.size:
        raise ValueError("a datagram of the link is too short")
    return _NUMBER.unpack_from(datagram)[0], datagram[_NUMBER.size :]


def control(content: dict[str, Any]) -> bytes:
    """A JSON object as a datagram of the link."""
    return framed(CONTROL, json.dumps(content).encode())


class LiveEnd:
    """The live server's end: a `composer.live.wire.udp_transport.Beside`."""

    def __init__(self, end: socket.socket) -> None:
        """Not attached yet.

        Args:
            end: From `open_link`, connected to the other end.
        """
        self._end = end
        self._server: Server | None = None
        self._load = Load()

    def attach(self, server: Server) -> None:
        """Say whose sessions the web process may ask about."""
        self._server = server

    def fileno(self) -> int:
        """For `select`."""
        return self._end.fileno()

    def receive(self) -> Datagram | None:
        """The next packet of a page, None if there is none."""
        while True:
            try:
                number, packet = unframed(self._end.recv(LARGEST))
            except BlockingIOError:
                return None
            except (OSError, ValueError):  # the web process is gone, and what it sent before
                continue
            if number != CONTROL:
                return Datagram(packet, (WEB, number), 0.0)
            if self._server is not None:
                self._control(self._server, packet)

    def send(self, packet: bytes, to: Endpoint) -> None:
        """Send a packet to a page; one that cannot be sent is lost."""
        with contextlib.suppress(OSError):
            self._end.send(framed(to[1], packet))

    def _control(self, server: Server, packet: bytes) -> None:
        with contextlib.suppress(ValueError):
            asked = json.loads(packet)
            act = {"gone": self._gone, "sessions": self._sessions, "jam": self._jam}[asked["do"]]
            # By way of the server's inbox, as whatever is handed in from elsewhere.
            server.post(lambda now: act(server, asked))

    def _answer(self, asked: dict[str, Any], **content: Any) -> None:
        with contextlib.suppress(OSError):
            self._end.send(control({"id": asked.get("id"), **content}))

    def _gone(self, server: Server, asked: dict[str, Any]) -> None:
        """A page is closed, or cut off with keys down."""
        source, clients = (WEB, int(asked["page"])), server.router.clients
        key, player = clients.key(source), clients.client(source)
        if key in server.engine.sessions:
            server.act(key, lambda session, now: session.lift_keys(now, player), seen=False)
        clients.leave(source)

    def _sessions(self, server: Server, asked: dict[str, Any]) -> None:
        """Who plays: a few lines of each session."""
        rows = [
            {
                "name": str(key)[:40],
                "mode": session.mode,
                "tempo": round(session.timeline.bpm, 2) if session.timeline.kind == "beats" else 0,
                "heard": session.heard,
                "replies": session.turn,
                "playing": session.player.playing,
                "listeners": len(list(server.router.clients.listeners(key))),
            }
            for key, session in list(server.engine.sessions.items())[:MOST_LISTED]
        ]
        middle, worst = server.lateness.figures()
        self._answer(
            asked,
            sessions=rows,
            count=len(server.engine.sessions),
            late_ms=[round(1000 * middle, 3), round(1000 * worst, 3)],
            load=round(self._load.share(), 3),
        )

    def _jam(self, server: Server, asked: dict[str, Any]) -> None:
        """What a page's session has played so far, as a file for the web process to read."""
        key = server.router.clients.key((WEB, int(asked["page"])))
        session = server.engine.sessions.get(key)
        try:
            if session is None:
                raise SettingError("nothing was played yet")
            if session.log is None:
                raise SettingError("this server keeps no log; start it without --no-log")
            log, path = session.log.copy(), Path(asked["path"])
        except ComposerError as error:
            self._answer(asked, error=str(error))
            return

        def saved(result: object, now: float) -> None:
            if isinstance(result, Exception):
                self._answer(asked, error=str(result))
            else:
                self._answer(asked, path=str(path))

        server.job(lambda: save_log(log, path), saved)
