"""OSC clients: which session each is in, and where each session is heard. No sockets.

A client is told apart by its address and, where replies go to the port it sends from, by
its port; each has a session of its own. Where replies go to one port for all, all clients
of one computer share a session, and this computer's is `MAIN`, which also has the MIDI
ports. A page in a browser counts as a program of this computer, and is always told apart; so is
a plug-in in a host, which has a session of its own.

Conventions:
    An endpoint is (address, port), of a page (`WEB`, its number).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Final

from composer.errors import SettingError
from composer.live.core.sessions import SessionKey

Endpoint = tuple[str, int]

MAIN: Final = "main"
WEB: Final = "web"
LOOPBACK: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
MOST_LISTENERS: Final = 16
MOST_JOINED: Final = 8192
"""Clients that have joined sessions of others; beyond, the one that was silent longest is
back in its own."""


class Clients:
    """Which session each client is in, and the listeners of each session."""

    def __init__(self, reply_port: int | None, *, most_joined: int = MOST_JOINED) -> None:
        """No clients yet.

        Args:
            reply_port: Port for replies; None for the one that the client sends from.
            most_joined: Clients remembered that have joined sessions of others.
        """
        self._reply_port, self._most = reply_port, most_joined
        self._listeners: dict[SessionKey, dict[Endpoint, None]] = {}
        self._joined: OrderedDict[Hashable, tuple[SessionKey, Endpoint]] = OrderedDict()
        self._hosted: dict[Endpoint, SessionKey] = {}

    def host(self, source: Endpoint) -> SessionKey:
        """The client is a plug-in in a host. Returns the key of its own session."""
        key = self._hosted.get(source)
        if key is None:
            self.leave(source)
            key = self._hosted[source] = f"plug-in {source[0]}:{source[1]}"
        return key

    def reply_to(self, source: Endpoint) -> Endpoint:
        """Where a client is answered."""
        if self._reply_port is None or self._apart(source):
            return source
        return (source[0], self._reply_port)

    def key(self, source: Endpoint) -> SessionKey:
        """The session that a client is in, or would be in."""
        if self._hosted and source in self._hosted:
            return self._hosted[source]
        if self._joined:
            client = self.client(source)
            joined = self._joined.get(client)
            if joined is not None:
                self._joined.move_to_end(client)
                return joined[0]
        if self._reply_port is None:
            return f"{source[0]}:{source[1]}"
        return MAIN if source[0] in LOOPBACK or source[0] == WEB else source[0]

    def listeners(self, key: SessionKey) -> Iterable[Endpoint]:
        """Where a session is heard."""
        return self._listeners.get(key, ())

    def listen(self, key: SessionKey, to: Endpoint) -> None:
        """Let a session be heard at an endpoint, too.

        Raises:
            SettingError: It is heard at too many already.
        """
        listeners = self._listeners.setdefault(key, {})
        if to not in listeners:
            if len(listeners) >= MOST_LISTENERS:
                raise SettingError(f"{MOST_LISTENERS} programs listen to this session already")
            listeners[to] = None

    def unlisten(self, key: SessionKey, to: Endpoint) -> None:
        """Let a session be heard no longer at an endpoint."""
        self._listeners.get(key, {}).pop(to, None)

    def join(self, source: Endpoint, key: SessionKey) -> None:
        """Move a client to a session that exists; it listens there and no longer where it was.

        Raises:
            SettingError: Too many listen there; the client stays where it is.
        """
        left, to = self.key(source), self.reply_to(source)
        self.listen(key, to)
        if left == key:
            return
        self.unlisten(left, to)
        client = self.client(source)
        self._joined[client] = (key, to)
        self._joined.move_to_end(client)
        if len(self._joined) > self._most:
            _, (key, to) = self._joined.popitem(last=False)
            self.unlisten(key, to)

    def leave(self, source: Endpoint) -> None:
        """A client is gone: it listens nowhere and is in no session."""
        self.unlisten(self.key(source), self.reply_to(source))
        self._joined.pop(self.client(source), None)

    def forget(self, key: SessionKey) -> None:
        """A session is closed: nobody listens to it or is in it."""
        self._listeners.pop(key, None)
        for client in [client for client, row in self._joined.items() if row[0] == key]:
            del self._joined[client]
        for source in [source for source, own in self._hosted.items() if own == key]:
            del self._hosted[source]

    def client(self, source: Endpoint) -> Hashable:
        """Which client sends: known by its address alone where all reply to one port."""
        return source if self._reply_port is None or self._apart(source) else source[0]

    def _apart(self, source: Endpoint) -> bool:
        return source[0] == WEB or source in self._hosted
