"""A real server with a web process, and clients for both of its doors."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from live.running import PATIENCE
from live.scripted import Echo

from composer.live.app import App, Options
from composer.live.playing.inference import InferenceScheduler
from composer.network.predictor import Predictor
from composer.web.web_process import Web, WebOptions, web_process

TOKEN = "a-token-of-thirty-two-characters-or-more"


@dataclass
class Running:
    """A server that runs, and its web process."""

    app: App
    web: Web

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.web.port}"

    def ask(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        headers: dict[str, str] | None = None,
        token: str | None = TOKEN,
        body: bytes | None = None,
    ) -> tuple[int, Any]:
        """Ask over HTTP: the status, and the answer as JSON where it is JSON, else as bytes."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        given = dict(headers or {})
        if token is not None:
            given.setdefault("Authorization", f"Bearer {token}")
        if content is not None:
            body = json.dumps(content).encode()
        with contextlib.closing(connection):
            connection.request(method, path, body, given)
            response = connection.getresponse()
            data = response.read()
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response.status, json.loads(data)
        return response.status, data

    @contextlib.contextmanager
    def page(self, name: str = "", **headers: str) -> Iterator[Talk]:
        """A WebSocket, as a page opens it."""
        from websockets.sync.client import connect

        given = {"Authorization": f"Bearer {TOKEN}"} | headers
        address = f"ws://{self.host}/v1/live?name={quote(name)}"
        with connect(address, additional_headers=given, compression=None) as socket:
            talk = Talk(socket)
            talk.number = talk.until("page")[0]
            yield talk


class Talk:
    """One side of a WebSocket."""

    number = 0

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.heard: list[tuple[str, list[Any]]] = []
        self.errors: list[str] = []

    def send(self, address: str, *arguments: object) -> None:
        message = {"address": f"/composer/{address}", "arguments": list(arguments)}
        self.socket.send(json.dumps(message))

    def next(self, seconds: float = PATIENCE) -> list[tuple[str, list[Any]]]:
        content = json.loads(self.socket.recv(timeout=seconds))
        rows = content if isinstance(content, list) else [content]
        told = [(row["address"].removeprefix("/composer/"), row["arguments"]) for row in rows]
        self.heard += told
        self.errors += [arguments[1] for name, arguments in told if name == "error"]
        return told

    def until(self, address: str, *first: object) -> list[Any]:
        """Listen until an address (with its first arguments) has come; what that brought."""
        end = time.monotonic() + PATIENCE
        at = 0
        while True:
            while at < len(self.heard):
                name, arguments = self.heard[at]
                at += 1
                if name == address and arguments[: len(first)] == list(first):
                    del self.heard[:at]
                    return arguments
            self.next(max(end - time.monotonic(), 0.001))


@contextlib.contextmanager
def web_running(
    folder: Path,
    mind: Callable[[], object] = Echo,
    *,
    port: int = 0,
    network: Predictor | None = None,
    **options: Any,
) -> Iterator[Running]:
    """A server in a thread, with a web process beside it.

    Args:
        folder: Takes its files.
        mind: The improviser, if it is not the network.
        port: Of the web server.
        network: What plays; None for `mind`.
        options: Of the server.
    """
    given = {"osc_port": 0, "logs": folder / "jams"} | options
    asked = WebOptions(token=TOKEN, config=folder / "composer.toml", port=port)
    with web_process(asked) as web, contextlib.ExitStack() as stack:
        scheduler = None if network is None else InferenceScheduler(network)
        improviser = mind if scheduler is None else scheduler.improviser
        app = App(Options(**given), improviser, scheduler, stack, web.live)  # type: ignore[arg-type]
        web.live.attach(app.server)
        thread = threading.Thread(target=app.server.run)
        thread.start()
        try:
            yield Running(app, web)
        finally:
            app.server.stop()
            thread.join(timeout=PATIENCE)
            assert not thread.is_alive()
