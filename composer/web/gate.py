"""Gate: who may come in, and what every answer says to the browser.

A page of another site can make a browser send requests here, and by DNS rebinding even under
a name of its own. So a request has to name a host that is this computer, an origin, where one
is named, that is the same, and for all that is no file of the page a token.

Conventions:
    Headers are as ASGI has them: (lower-case name, value) as bytes.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY: Final = 6 << 20
"""Bytes of a request's body: 4 MB of a file, in base64."""
PROTOCOL: Final = "composer.v1"
"""The WebSocket's protocol; a browser names its token as a second one, `token.TOKEN`."""

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "midi=(self), camera=(), microphone=(), geolocation=()",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class Gate:
    """An ASGI application in front of another one."""

    def __init__(self, app: App, token: str, *, anyone: bool = False) -> None:
        """Closed but for who has the token.

        Args:
            app: What lies behind.
            token: What a request has to have.
            anyone: Whether other computers may come in, by this one's address or name.
        """
        self._app, self._token = app, token
        self._names = {"localhost"}
        if anyone:
            name = socket.gethostname().lower()
            self._names |= {name, f"{name}.local"}
        self._anyone = anyone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it in a line."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        if refusal is None:
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "http":
            await _refuse(with_headers, *refusal)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and line of a request that is refused; None of one that may come in."""
        headers = scope["headers"]
        hosts = _all(headers, b"host")
        if len(hosts) != 1 or not self._is_here(hosts[0]):
            return 421, "this is not the name of the computer that composer runs on"
        origins = _all(headers, b"origin")
        if len(origins) > 1 or (origins and origins[0].lower() != f"http://{hosts[0].lower()}"):
            return 403, "a page of another site may not ask composer"
        lengths = _all(headers, b"content-length")
        if lengths and not (lengths[0].isdecimal() and int(lengths[0][:20]) <= LARGEST_BODY):
            return 413, f"a request has {LARGEST_BODY >> 20} MB at most"
        if scope["path"].startswith("/v1/") and not self._has_token(headers):
            return 401, "the token is missing or wrong; 'composer serve --web' prints it"
        return None

    def _is_here(self, host: str) -> bool:
        """Whether a Host header names this computer, and not what someone's DNS says it is."""
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._anyone or address.is_loopback

    def _has_token(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        given = [value[7:] for value in _all(headers, b"authorization") if value[:7] == "Bearer "]
        for value in _all(headers, b"sec-websocket-protocol"):
            given += [p.strip()[6:] for p in value.split(",") if p.strip().startswith("token.")]
        return any(secrets.compare_digest(one.encode(), self._token.encode()) for one in given)


def _all(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


async def _refuse(send: Send, status: int, text: str) -> None:
    body = json.dumps({"error": text}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what is declared is not read
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
