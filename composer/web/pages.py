"""Pages: the browsers that are connected, each an OSC client of the live server.

What a page sends goes over the link as the packet that an OSC program would send, and what
the server sends to it comes back the same way. A page that does not take what it is sent is
let go: its browser connects again and knows where things stand.

Conventions:
    Moments are seconds on the event loop's clock. A page's number is never used again.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from composer.errors import OutputError, SettingError
from composer.live.wire.osc_codec import Message, parse
from composer.live.wire.osc_guard import OscError
from composer.web.frames import error_message, messages_of, packet_of
from composer.web.link import CONTROL, control, framed, unframed
from composer.web.rate import Rate

MOST_PAGES: Final = 64
MOST_UNSENT: Final = 2000
"""Messages that wait for a page that does not take them."""
MOST_MALFORMED: Final = 200
"""Frames in a row that are no messages, after which a page is let go."""
PER_SECOND, BURST = 600.0, 1200.0
"""Messages of one page that are handed on in a second, and at once."""
PATIENCE: Final = 5.0
"""Seconds in which the live server answers."""


class Page:
    """One WebSocket.

    Attributes:
        number: Its number on the link.
        name: Who plays there, as they call themselves.
        since: Moment at which it came.
        session: The session that it joined by name; "" for the one it began in.
        unsent: What is still to be sent to it; None says that it is to be let go.
    """

    def __init__(self, number: int, name: str, now: float) -> None:
        self.number, self.name, self.since = number, name, now
        self.session = ""
        self.unsent: asyncio.Queue[Message | None] = asyncio.Queue(MOST_UNSENT + 1)
        self.malformed = 0
        self.heard = 0
        self._rate = Rate(PER_SECOND, BURST)

    def deliver(self, message: Message) -> None:
        """Have a message sent to it, or let it go if it has not taken those before."""
        if self.unsent.qsize() < MOST_UNSENT:
            self.unsent.put_nowait(message)
        elif self.unsent.qsize() == MOST_UNSENT:
            self.unsent.put_nowait(None)

    def take(self, frame: str | bytes, now: float) -> tuple[list[bytes], float]:
        """Read a frame that it sent.

        Returns:
            Packets for the live server, and the seconds until its next frame is read.
        """
        packets: list[bytes] = []
        try:
            messages = messages_of(frame)
        except SettingError as error:
            self._refuse("frame", error)
            return packets, self._rate.wait(now)
        for message in messages:
            try:
                address, arguments, packet = packet_of(message)
            except SettingError as error:
                self._refuse("frame", error)
                continue
            self.malformed = 0
            self._keep_track(address, arguments)
            packets.append(packet)
        return packets, self._rate.wait(now, max(len(messages), 1))

    def _refuse(self, label: str, error: SettingError) -> None:
        self.malformed += 1
        self.deliver(error_message(label, str(error)))

    def _keep_track(self, address: str, arguments: tuple[object, ...]) -> None:
        """Note down what others are told of it."""
        if address in ("/composer/note", "/composer/noteoff"):
            self.heard += 1
        elif address == "/composer/session" and arguments and isinstance(arguments[0], str):
            self.session = arguments[0][:40]


class Pages:
    """All of them, and the web process's end of the link."""

    def __init__(self, end: socket.socket, clock: Callable[[], float]) -> None:
        """Nobody is there yet.

        Args:
            end: From `composer.web.link.open_link`, connected.
            clock: Says the moment.
        """
        self._end, self._clock = end, clock
        self._pages: dict[int, Page] = {}
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._transport: asyncio.DatagramTransport | None = None

    def __len__(self) -> int:
        """How many are connected."""
        return len(self._pages)

    def __iter__(self) -> Any:
        """Each of them."""
        return iter(list(self._pages.values()))

    async def open(self) -> None:
        """Begin to listen to the live server."""
        loop = asyncio.get_running_loop()
        pages = self

        class Protocol(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                pages.receive(data)

        self._transport, _ = await loop.create_datagram_endpoint(Protocol, sock=self._end)

    def close(self) -> None:
        """Listen no more, and let all pages go."""
        for page in self:
            page.unsent = asyncio.Queue()
            page.unsent.put_nowait(None)
        if self._transport is not None:
            self._transport.close()

    def find(self, number: int) -> Page | None:
        """A page that is connected."""
        return self._pages.get(number)

    def join(self, name: str) -> Page:
        """A page is there.

        Raises:
            SettingError: There are too many.
        """
        if len(self._pages) >= MOST_PAGES:
            raise SettingError(f"{MOST_PAGES} pages are open already; close one")
        self._count += 1
        page = Page(self._count, name or f"Player {self._count}", self._clock())
        self._pages[page.number] = page
        return page

    def leave(self, page: Page) -> None:
        """A page is gone; the live server lets go what it held."""
        if self._pages.pop(page.number, None) is None:
            return
        self._send(control({"do": "gone", "page": page.number}))

    def send(self, page: Page, packet: bytes) -> None:
        """Hand a packet of a page on to the live server."""
        self._send(framed(page.number, packet))

    def receive(self, datagram: bytes) -> None:
        """Something came from the live server."""
        try:
            number, packet = unframed(datagram)
            if number == CONTROL:
                answer = json.loads(packet)
                waiting = self._asked.get(answer.get("id"))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
            elif (page := self._pages.get(number)) is not None:
                for message in parse(packet):
                    page.deliver(message)
        except (ValueError, OscError):  # a datagram of someone who had this port before
            return

    async def ask(self, do: str, page: Page | None = None, path: Path | None = None) -> Any:
        """Ask the live server something.

        Raises:
            SettingError: It refuses; the line says why.
            OutputError: It does not answer.
        """
        self._count += 1
        number = self._count
        asked = {"do": do, "id": number}
        if page is not None:
            asked["page"] = page.number
        if path is not None:
            asked |= {"path": str(path)}
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(control(asked))
            async with asyncio.timeout(PATIENCE):
                answer = await waiting
        except TimeoutError:
            raise OutputError("the live server does not answer") from None
        finally:
            del self._asked[number]
        if "error" in answer:
            raise SettingError(answer["error"])
        return answer

    def _send(self, datagram: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram)
