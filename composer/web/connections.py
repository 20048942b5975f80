"""Connections: uvicorn's HTTP protocol with a bound on how many there are and how long they idle.

uvicorn waits for ever for the first request of a connection. A program that opens a thousand
and says nothing would hold them all. Here whoever comes takes the place of the one that has
said nothing for longest, and whoever is in the middle of something stays.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST: Final = 256
"""Connections at a time, WebSockets counted."""
SILENT: Final = 10.0
"""Seconds in which a connection has to make a whole request."""


class Connection(H11Protocol):
    """One connection over HTTP/1.1, closed when it is one too many or says nothing."""

    # Those that are waited for, of all connections, the longest first.
    _silent: ClassVar[dict[Connection, None]] = {}
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            oldest = next(iter(self._silent), self)
            oldest._forget()
            oldest.transport.abort()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """A WebSocket has other limits: the page's."""
        self._forget()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The next request is waited for."""
        super().on_response_complete()
        self._expect()

    def _expect(self) -> None:
        self._forget()
        self._silent[self] = None
        self._watch = self.loop.call_later(SILENT, self._close_if_silent)

    def _forget(self) -> None:
        self._silent.pop(self, None)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _close_if_silent(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
