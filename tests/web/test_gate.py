"""Who gets in: hosts, origins, tokens, sizes and names of files."""

from __future__ import annotations

import socket
import stat
import sys
from pathlib import Path

import pytest
from web_server import TOKEN, Running

from composer.web.token_file import NAME, token


def test_the_page_needs_no_token_and_all_else_does(server: Running) -> None:
    assert server.ask("GET", "/", token=None)[0] == 200
    assert server.ask("GET", "/v1/status", token=None)[0] == 401
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "x" * 5000, "ÿ"):
        status, answer = server.ask("GET", "/v1/status", token=wrong)
        assert status == 401 and "token" in answer["error"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example",
                                  "10.0.0.1", "localhost.evil", ""])  # fmt: skip
def test_a_host_that_is_not_this_computer_is_refused(server: Running, host: str) -> None:
    assert server.ask("GET", "/v1/status", headers={"Host": host})[0] in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:80", "LOCALHOST:9180"])
def test_names_of_this_computer_get_in(server: Running, host: str) -> None:
    assert server.ask("GET", "/v1/seeds", headers={"Host": host})[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1",
                                    "http://127.0.0.1:1"])  # fmt: skip
def test_a_page_of_another_origin_gets_nothing(server: Running, origin: str) -> None:
    from websockets.exceptions import InvalidStatus

    for path in ("/", "/v1/status"):
        assert server.ask("GET", path, headers={"Origin": origin})[0] == 403
    with pytest.raises(InvalidStatus) as refused, server.page(Origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_the_pages_own_origin_gets_in(server: Running) -> None:
    with server.page(Origin=f"http://{server.host}") as page:
        page.send("ping", 3)
        assert page.until("pong") == [3]


def test_a_websocket_takes_its_token_from_the_protocol_as_browsers_send_it(
    server: Running,
) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = f"ws://{server.host}/v1/live"
    with connect(address, subprotocols=["composer.v1", f"token.{TOKEN}"]) as page:  # type: ignore[list-item]
        assert page.subprotocol == "composer.v1"
    with pytest.raises(InvalidStatus):
        connect(address, subprotocols=["composer.v1", "token.wrong"])  # type: ignore[list-item]


def test_every_answer_forbids_inline_scripts_and_frames(server: Running) -> None:
    import http.client

    for path, status in (("/", 200), ("/v1/status", 401), ("/nothing", 404)):
        connection = http.client.HTTPConnection(server.host)
        connection.request("GET", path)
        response = connection.getresponse()
        policy = response.headers["Content-Security-Policy"]
        connection.close()
        assert response.status == status
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    ["../site.py", "%2e%2e/site.py", "..%2fsite.py", "/etc/passwd", "page_files.py", "x%00.js"],
)
def test_names_lead_nowhere_but_to_the_pages_files(server: Running, name: str) -> None:
    status, answer = server.ask("GET", f"/page/{name}")
    assert status == 404 and "error" in answer


def test_a_declared_gigabyte_is_refused_before_it_is_sent(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.web.port)) as wire:
        wire.sendall(
            f"POST /v1/read HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Length: {1 << 30}\r\n\r\n".encode()
        )
        assert wire.makefile("rb").readline().startswith(b"HTTP/1.1 413")


def test_the_token_outlives_a_restart_and_is_the_users_alone(tmp_path: Path) -> None:
    made = token(tmp_path)
    assert len(made) >= 32 and token(tmp_path) == made
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    (tmp_path / NAME).write_text("short")
    assert token(tmp_path) not in (made, "short")
