"""Whoever wishes the server ill: refused in a line, and an honest player beside them plays on."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_server import TOKEN, Running

from composer.live.bench.client import memory
from composer.web.pages import MOST_MALFORMED, MOST_PAGES

pytestmark = pytest.mark.slow

MANY = 10_000
LEAK = 40.0
"""Megabytes that a process may be larger by after ten thousand refusals."""
SOON = 5.0
"""Seconds in which an honest player is answered, on a busy machine."""

ODD_FRAMES = [
    "{", "[", "null", "[[[[[]]]]]", '{"address": 1}', '{"address": "/composer/nothing"}',
    '{"address": "/composer/note", "arguments": ["x", {}]}',
    '{"address": "/composer/set", "arguments": ["temperature", 1e999]}',
    '{"address": "/composer/session", "arguments": ["' + "../" * 100 + '"]}',
    '{"address": "/composer/seed", "arguments": ["../../etc/passwd"]}', "\u2028", "[" * 5000,
]  # fmt: skip


@contextlib.contextmanager
def honest(server: Running, name: str) -> Iterator[None]:
    """A player who is answered before, while and after something goes on."""
    with server.page(name) as page:
        page.send("session", name)
        page.until("ok", "/composer/session")
        for number in range(2):
            if number:
                yield
            began = time.monotonic()
            page.send("note", 60, 90, 1, 0.05)
            page.send("phrase/end")
            page.until("play", 72, 0)
            assert time.monotonic() - began < SOON


@contextlib.contextmanager
def flat(server: Running) -> Iterator[None]:
    """Neither the web process nor the live server grows by it."""
    before = memory([server.web.pid])
    yield
    assert memory([server.web.pid]) - before < LEAK


def test_ten_thousand_malformed_frames(server: Running) -> None:
    chance = random.Random(1)
    refused = 0
    with flat(server), honest(server, "frames"):
        while refused < MANY:
            with server.page() as page:
                for _ in range(MOST_MALFORMED // 2):
                    page.socket.send(chance.choice(ODD_FRAMES))
                page.send("ping", "over")
                page.until("pong", "over")
            assert len(page.errors) > MOST_MALFORMED // 4
            assert not any("\n" in text for text in page.errors)
            refused += MOST_MALFORMED // 2


def test_who_sends_nothing_but_nonsense_is_let_go(server: Running) -> None:
    from websockets.exceptions import ConnectionClosed

    with pytest.raises(ConnectionClosed), server.page() as page:
        for _ in range(10 * MOST_MALFORMED):
            page.socket.send("{")
        while True:
            page.next()


def test_a_frame_that_is_too_long_ends_its_connection_alone(server: Running) -> None:
    from websockets.exceptions import ConnectionClosed

    with honest(server, "long frame"), pytest.raises(ConnectionClosed), server.page() as page:
        page.socket.send("x" * 1_000_000)
        while True:
            page.next()


ODD_REQUESTS = [
    b"GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n\r\n",
    b"GET /page/../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"POST /v1/read HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer wrong\r\n"
    b"Content-Length: 3\r\n\r\nabc",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"BREW /pot HTCPCP/1.0\r\n\r\n",
    b"GET " + b"/x" * 20000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
    b"POST /v1/read HTTP/1.1\r\nHost: {host}\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/read HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
]


def test_ten_thousand_malformed_requests(server: Running) -> None:
    host = server.host.encode()
    with flat(server), honest(server, "requests"):
        for number in range(MANY):
            packet = ODD_REQUESTS[number % len(ODD_REQUESTS)].replace(b"{host}", host)
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", server.web.port), 30) as wire,
            ):
                wire.sendall(packet)
                if number % 50 == 0:
                    wire.shutdown(socket.SHUT_WR)
                    answer = wire.recv(4096)
                    assert not answer or answer.split()[1][:1] == b"4"


def test_declared_gigabytes(server: Running) -> None:
    head = (
        f"POST /v1/continue HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {1 << 30}\r\n\r\n"
    ).encode()
    with flat(server), honest(server, "gigabytes"), contextlib.ExitStack() as stack:
        for _ in range(50):
            wire = socket.create_connection(("127.0.0.1", server.web.port), 30)
            stack.callback(wire.close)
            wire.sendall(head)
            with contextlib.suppress(OSError):
                wire.sendall(bytes(1 << 16))
                assert wire.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_that_grows_without_end_is_cut_off(server: Running) -> None:
    head = (
        f"POST /v1/read HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with (
        flat(server),
        honest(server, "endless"),
        socket.create_connection(("127.0.0.1", server.web.port), 30) as wire,
    ):
        wire.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(64):
                wire.sendall(chunk)
        with contextlib.suppress(OSError):
            assert wire.recv(64).startswith(b"HTTP/1.1 413")


def test_a_thousand_connections_that_say_nothing(server: Running) -> None:
    with honest(server, "crowd"), contextlib.ExitStack() as stack:
        for _ in range(1000):
            wire = socket.create_connection(("127.0.0.1", server.web.port), 30)
            stack.callback(wire.close)
        assert server.ask("GET", "/v1/seeds")[0] == 200
        with server.page() as page:
            page.send("ping", 1)
            assert page.until("pong") == [1]


def test_more_pages_than_there_is_room_for_are_told_so(server: Running) -> None:
    from websockets.exceptions import ConnectionClosed

    with contextlib.ExitStack() as stack:
        for _ in range(MOST_PAGES - 5):
            stack.enter_context(server.page())
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(20):
                stack.enter_context(server.page())
        assert (
            closed.value.rcvd is not None and "pages are open already" in closed.value.rcvd.reason
        )


def test_bombs_and_damage_in_files_are_refused_in_a_line(server: Running, tmp_path: Path) -> None:
    import base64
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.musicxml", b" " * (200 << 20))
    nested = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "' + b"x" * 999 + b'">' + b"".join(
        f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 1}{("&" + chr(97 + n) + ";") * 9}">'
        .encode() for n in range(9)
    ) + b"]><score-partwise>&j;</score-partwise>"  # fmt: skip
    hostile = {
        "bomb.mxl": packed.getvalue(),
        "laughs.musicxml": nested,
        "deep.musicxml": b"<a>" * 100_000,
        "random.mid": random.Random(2).randbytes(50_000),
        "cut.mid": b"MThd\x00\x00\x00\x06\x00\x01\xff\xff\x00\x60MTrk\x7f\xff\xff\xff",
        "tune.abc": b"X:1\nK:C\n" + b"|:" * 5000 + b"c" * 10 + b":|" * 5000,
    }
    with honest(server, "bombs"):
        for name, data in hostile.items():
            asked = {"file": base64.b64encode(data).decode(), "name": name}
            status, answer = server.ask("POST", "/v1/read", asked)
            assert status in (200, 413, 422), (name, answer)
            assert status == 200 or "\n" not in json.dumps(answer["error"])
