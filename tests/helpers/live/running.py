"""A real server on loopback, in a thread or as a process, and clients for it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from composer.live.app import App, Options
from composer.live.wire.osc_codec import Message, encode, parse
from composer.live.wire.osc_guard import OscError

from .scripted import Echo

SERVER = Path(__file__).parent / "echo_server.py"

PATIENCE = 300.0
"""Seconds after which a test gives up: far more than a busy machine takes for anything here."""


class Client:
    """A program that speaks OSC to a server on this computer."""

    def __init__(self, port: int) -> None:
        self.to = ("127.0.0.1", port)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.heard: list[Message] = []

    def send(self, address: str, *arguments: object) -> None:
        self.udp.sendto(encode("/composer/" + address, arguments), self.to)

    def raw(self, packet: bytes) -> None:
        with contextlib.suppress(OSError):  # too long to be sent at all
            self.udp.sendto(packet, self.to)

    def next(self, seconds: float = PATIENCE) -> Message:
        self.udp.settimeout(seconds)
        message = parse(self.udp.recv(65536))[0]
        self.heard.append(message)
        return message

    def until(self, address: str, *first: object) -> Message:
        """Listen until an address (with its first arguments) comes."""
        end = time.monotonic() + PATIENCE
        while True:
            message = self.next(max(end - time.monotonic(), 0.001))
            if message.address == f"/composer/{address}" and message.arguments[: len(first)] == (
                first
            ):
                return message

    def drain(self, seconds: float = 0.2) -> None:
        with contextlib.suppress(TimeoutError, OscError):
            while True:
                self.next(seconds)

    @property
    def plays(self) -> list[tuple[int, int, int]]:
        return [
            message.arguments  # type: ignore[misc]
            for message in self.heard
            if message.address == "/composer/play"
        ]

    def close(self) -> None:
        self.udp.close()


@contextlib.contextmanager
def running(mind: Callable[[], object] = Echo, **options: object) -> Iterator[tuple[App, Client]]:
    """A server in a thread, and a client that it replies to."""
    options = {"osc_port": 0, "reply_port": None} | options
    with contextlib.ExitStack() as stack:
        app = App(Options(**options), mind, None, stack)  # type: ignore[arg-type]
        client = Client(app.ready["osc_port"])
        stack.callback(client.close)
        thread = threading.Thread(target=app.server.run)
        thread.start()
        try:
            yield app, client
        finally:
            app.server.stop()
            thread.join(timeout=PATIENCE)
            assert not thread.is_alive()


@contextlib.contextmanager
def process(state: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process of its own, with its OSC port."""
    root = Path(__file__).parents[3]
    environment = os.environ | {"COMPOSER_STATE": str(state), "PYTHONPATH": str(root)}
    serving = subprocess.Popen(
        [sys.executable, str(SERVER), *arguments],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        yield serving, json.loads(serving.stdout.readline())["osc_port"]
    finally:
        serving.kill()
        serving.wait()
        assert serving.stdout is not None
        serving.stdout.close()
