"""Web process: the web server, beside the live server and apart from it.

`python -m composer.web.web_process` reads what it is to be like as a line of JSON from its
standard input, says its ports as a line of JSON, and serves until standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from composer import terminal
from composer.errors import DependencyError, OutputError
from composer.files import reason
from composer.live.worker_processes import PATIENCE
from composer.web.link import LiveEnd, open_link

logger = logging.getLogger(__name__)

WEB_PORT: Final = 9180
LOOPBACK, ANYONE = "127.0.0.1", "0.0.0.0"


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What the web server is to be like.

    Attributes:
        port: TCP port; 0 for a free one.
        listen: Whether other computers may come in.
        token: What a page has to have.
        model: Name or folder.
        config: The file with the presets.
        opened: Files that the page shows, each with the beat at which a continuation begins;
            there is then no live server behind it.
    """

    token: str
    config: Path
    opened: tuple[tuple[Path, float], ...] = ()
    port: int = WEB_PORT
    listen: bool = False
    model: str = "default"


@dataclass(slots=True)
class Web:
    """A web process that runs.

    Attributes:
        live: The live server's end of the link, to be attached to it.
        port: Its TCP port.
        url: The address to open, with the token.
        pid: Its number.
    """

    live: LiveEnd
    port: int
    url: str
    pid: int


@contextlib.contextmanager
def web_process(options: WebOptions) -> Iterator[Web]:
    """Run a web process while this lasts.

    Raises:
        DependencyError: The extra is not installed.
        OutputError: The port is taken, or the process does not start.
    """
    check_installed()
    with contextlib.closing(open_link()) as end:
        asked = {
            "link": end.getsockname()[1],
            "port": options.port,
            "listen": options.listen,
            "token": options.token,
            "model": options.model,
            "config": str(options.config),
            "opened": [[str(path.resolve()), beat] for path, beat in options.opened],
        }
        command = [sys.executable, "-P", "-m", "composer.web.web_process"]
        # In a group of its own: Ctrl-C is for the live server, which then ends this one.
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows
        apart: dict[str, Any] = {"creationflags": flags} if flags else {"process_group": 0}
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **apart
        )
        assert process.stdin is not None and process.stdout is not None
        ending = threading.Event()
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            said: dict[str, Any] = json.loads(line) if line else {}
            if "port" not in said:
                raise OutputError(said.get("error", "the web server did not start; see above"))
            end.connect((LOOPBACK, said["link"]))
            threading.Thread(
                target=_watch, args=(process, ending), name="composer web", daemon=True
            ).start()
            url = f"http://{LOOPBACK}:{said['port']}/#token={options.token}"
            yield Web(LiveEnd(end), said["port"], url, process.pid)
        finally:
            ending.set()
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _watch(process: subprocess.Popen[str], ending: threading.Event) -> None:
    process.wait()
    if not ending.is_set():
        logger.error("the web server ended; OSC and MIDI go on, start again for the page")


def check_installed() -> None:
    """See whether there is a web server to run.

    Raises:
        DependencyError: There is none.
    """
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn", "websockets") if find_spec(name) is None]
    if missing:
        raise DependencyError(
            f'the page needs {", ".join(missing)}; run: pip install "composer-lstm[web]"'
        )


def main() -> None:
    """Serve until standard input ends."""
    terminal.show_log()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = json.loads(sys.stdin.readline())
    try:
        listening = _listening(ANYONE if asked["listen"] else LOOPBACK, asked["port"])
    except OutputError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    link = open_link()
    link.connect((LOOPBACK, asked["link"]))
    ports = {"link": link.getsockname()[1], "port": listening.getsockname()[1]}
    asyncio.run(_serve(asked, link, listening, ports))


async def _serve(
    asked: dict[str, Any], link: socket.socket, listening: socket.socket, ports: dict[str, int]
) -> None:
    import uvicorn

    from composer.web.connections import Connection
    from composer.web.frames import LARGEST_FRAME
    from composer.web.pages import Pages
    from composer.web.site import About, Site
    from composer.web.worker import Worker

    loop = asyncio.get_running_loop()
    pages = Pages(link, loop.time)
    worker = Worker(asked["model"])
    opened = tuple((Path(path), beat) for path, beat in asked["opened"])
    about = About(asked["token"], asked["model"], Path(asked["config"]), asked["listen"], opened)
    site = Site(about, pages, worker)
    config = uvicorn.Config(
        site.app,
        http=Connection,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        ws_ping_interval=15.0,
        ws_ping_timeout=15.0,
        ws_per_message_deflate=False,
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=1 << 14,
    )
    # What strangers send wrong is told to them, and fills no log.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    server = uvicorn.Server(config)
    await pages.open()

    def at_end_of_input() -> None:
        sys.stdin.buffer.read()

        def end() -> None:
            pages.close()
            server.should_exit = True

        with contextlib.suppress(RuntimeError):  # the loop is over already
            loop.call_soon_threadsafe(end)

    threading.Thread(target=at_end_of_input, daemon=True).start()
    print(json.dumps(ports), flush=True)
    try:
        await server.serve(sockets=[listening])
    finally:
        await worker.close()


def _listening(host: str, port: int) -> socket.socket:
    """A socket for TCP.

    Raises:
        OutputError: The port is taken.
    """
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two programs share the port
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tcp.bind((host, port))
        tcp.listen(128)
    except OSError as error:
        tcp.close()
        raise OutputError(
            f"cannot listen on TCP port {port} of {host}: {reason(error)}; "
            "is another composer running? choose another with --web-port"
        ) from error
    tcp.setblocking(False)
    return tcp


if __name__ == "__main__":
    main()
