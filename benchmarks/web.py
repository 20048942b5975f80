"""Web: what the page costs, in time to an answer and beside many sessions.

    latency   from the last key up to the answer's first note, beyond the silence that ends a
              phrase: in the page, in a real browser, over a WebSocket without one, and over OSC,
              turn by turn in one run
    polls     processor time that ten open pages take of the live server and of the web process
    crowd     many sessions over OSC, with ten pages open and polling, and without, turn by turn

    python benchmarks/web.py --phrases 60 --seconds 30

`latency` needs the extra `web`, playwright and a Chromium. The pages of `crowd` are clients that
send what a page sends, because ten browsers would take the cores that are measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from composer.live.bench.client import Wire, cpu_seconds
from composer.live.bench.load import crowd, quantiles
from composer.live.worker_processes import composer_command

WAIT = 0.4
"""Seconds of silence that end a phrase."""
NOTES = (0, 2, 4, 5)
PAGES = 10
SETTLED = 8.0
"""Seconds after which open pages have loaded all that they ask for at first."""

IN_PAGE = """async ([base, wait]) => {
    const letters = ["KeyZ", "KeyX", "KeyC", "KeyV"];
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const say = (kind, code) =>
        document.body.dispatchEvent(new KeyboardEvent(kind, { code, bubbles: true }));
    let up = 0;
    for (const code of letters) {
        say("keydown", code);
        await pause(20);
        say("keyup", code);
        up = performance.now();
    }
    const first = await new Promise((done) => {
        window.answered = done;
        setTimeout(() => done(NaN), 5000);
    });
    return (first - up) / 1000 - wait;
}"""


@contextlib.contextmanager
def served(*more: str) -> Iterator[dict[str, Any]]:
    """A server started for this measurement, ready to play."""
    with tempfile.TemporaryDirectory() as state:
        command = [*composer_command(), "serve", "--json", "--osc-port", "0", "--reply-source",
                   "--no-log", "--no-midi", *more]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"COMPOSER_STATE": state}
        )
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


def over_osc(wire: Wire) -> float:
    """Seconds to the first note of an answer, beyond the wait."""
    over = 0.0
    for step in NOTES:
        wire.send("note", 48 + step, 84)
        time.sleep(0.02)
        over = wire.send("note", 48 + step, 0)
    wire.drain()
    moment, _ = wire.wait("play")
    return moment - over - WAIT


def tell(socket: Any, address: str, *values: object) -> None:
    """Send a message over a WebSocket."""
    socket.send(json.dumps({"address": f"/composer/{address}", "arguments": values}))


def over_websocket(socket: Any) -> float:
    """The same over a WebSocket, without a browser."""
    tell(socket, "ping", "new")
    while '"new"' not in socket.recv(timeout=10):  # what is left of the answer before
        pass
    over = 0.0
    for step in NOTES:
        tell(socket, "note", 48 + step, 84)
        time.sleep(0.02)
        over = time.time()
        tell(socket, "note", 48 + step, 0)
    while True:
        content = json.loads(socket.recv(timeout=10))
        for row in content if isinstance(content, list) else [content]:
            if row["address"] == "/composer/play" and row["arguments"][1]:
                late = time.time() - over - WAIT
                tell(socket, "reset")
                return late


def latency(phrases: int) -> dict[str, Any]:
    """Phrases over OSC, a WebSocket and the page, turn by turn."""
    from playwright.sync_api import sync_playwright
    from websockets.sync.client import connect

    results: dict[str, list[float]] = {"page": [], "websocket": [], "osc": []}
    with (
        served("--web", "--web-port", "0") as ready,
        sync_playwright() as playwright,
        contextlib.ExitStack() as stack,
    ):
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        # Playwright puts a script into the page, which the page's policy would forbid.
        page = chromium.new_context(bypass_csp=True).new_page()
        page.goto(ready["web_url"])
        page.wait_for_selector("body[data-state=open]", timeout=120_000)
        wire = Wire(ready["osc_port"])
        for name, value in (("wait", WAIT), ("bars", 1)):
            wire.send("set", name, value)
            page.evaluate(f"composer.connection.send('set', '{name}', {value})")
        page.evaluate(
            "composer.connection.on('play', (pitch, velocity) =>"
            " velocity && window.answered?.(performance.now()))"
        )
        token = {"Authorization": "Bearer " + ready["web_url"].partition("token=")[2]}
        address = f"ws://127.0.0.1:{ready['web_port']}/v1/live"
        socket = stack.enter_context(connect(address, additional_headers=token, compression=None))
        for name, value in (("wait", WAIT), ("bars", 1)):
            tell(socket, "set", name, value)
        for _ in range(phrases):
            results["websocket"].append(over_websocket(socket))
            results["page"].append(page.evaluate(IN_PAGE, [48, WAIT]))
            page.evaluate("composer.connection.send('reset')")
            results["osc"].append(over_osc(wire))
            wire.send("reset")
            time.sleep(0.1)
            wire.drain()
        wire.close()
        chromium.close()
    return {way: quantiles([v for v in late if v == v]) for way, late in results.items()}


class Poll:
    """Ten clients that send what ten open pages send, in a process of their own."""

    def __init__(self, ready: dict[str, Any]) -> None:
        command = [sys.executable, __file__, "--poll", ready["web_url"]]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)
        time.sleep(SETTLED)

    def close(self) -> None:
        """They are gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def poll(url: str) -> None:
    """Poll until standard input ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=_page, args=(url, ended)) for _ in range(PAGES)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()


def _page(url: str, ended: threading.Event) -> None:
    import http.client

    from websockets.sync.client import connect

    host = url.removeprefix("http://").partition("/")[0]
    token = {"Authorization": "Bearer " + url.partition("token=")[2]}
    messages = [
        {"address": "/composer/ping", "arguments": [1]},
        {"address": "/composer/status", "arguments": []},
    ]
    with connect(f"ws://{host}/v1/live", additional_headers=token, compression=None) as socket:
        while not ended.wait(2.0):
            socket.send(json.dumps(messages))
            with contextlib.suppress(TimeoutError):
                while True:
                    socket.recv(timeout=0.05)
            asked = http.client.HTTPConnection(host)
            asked.request("GET", "/v1/status", headers=token)
            asked.getresponse().read()
            asked.close()


def polls(seconds: float) -> dict[str, Any]:
    """Processor time that ten open pages take, whatever else the computer does.

    Returns:
        Milliseconds a second of the live server, without and with them, and of the web process.
    """
    with served("--web", "--web-port", "0") as ready:
        processes = {"live": ready["pids"], "web": [ready["web_pid"]]}
        found: dict[str, Any] = {"pages": PAGES, "seconds": seconds}
        for way in ("without", "with"):
            pages = Poll(ready) if way == "with" else None
            before = {name: cpu_seconds(pids) for name, pids in processes.items()}
            time.sleep(seconds)
            for name, pids in processes.items():
                spent = 1000 * (cpu_seconds(pids) - before[name]) / seconds
                found[f"{name} {way}"] = round(spent, 2)
            if pages is not None:
                pages.close()
    return found


def crowds(sessions: int, seconds: float, turns: int) -> dict[str, Any]:
    """A crowd without and with pages, turn by turn; the middle of the turns of each."""
    found: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    for _ in range(turns):
        for way, more in (("without", ()), ("with", ("--web", "--web-port", "0"))):
            with served(*more) as ready:
                pages = Poll(ready) if more else None
                figures = crowd(ready["osc_port"], ready["pids"], sessions, seconds)
                if pages is not None:
                    pages.close()
                found[way].append(figures)
    rows: dict[str, Any] = {"sessions": sessions, "seconds": seconds, "turns": turns}
    for way, turns_ in found.items():
        rows[way] = {
            f"{line} {share}": sorted(turn[line][share] for turn in turns_)[len(turns_) // 2]
            for line in ("first_note", "all_notes")
            for share in ("median", "p99")
        }
        rows[way]["lost"] = sum(turn["lost"] + turn["not_played"] for turn in turns_)
    return rows


@click.command()
@click.option("--phrases", default=60, show_default=True, help="Phrases each way; 0 for none.")
@click.option("--sessions", default=100, show_default=True, help="Sessions at once.")
@click.option(
    "--seconds",
    default=30.0,
    show_default=True,
    help="Seconds of a turn; 0 for none.",
)
@click.option("--turns", default=3, show_default=True, help="Turns with and without pages.")
@click.option("--out", type=click.Path(path_type=Path), help="File for the figures.")
@click.option("--poll", "url", hidden=True)
def main(
    phrases: int, sessions: int, seconds: float, turns: int, out: Path | None, url: str | None
) -> None:
    """Measure what the page costs."""
    if url:
        poll(url)
        return
    figures: dict[str, Any] = {}
    if phrases:
        figures["latency"] = latency(phrases)
    if seconds:
        figures["polls"] = polls(seconds)
    if seconds and turns:
        figures["crowds"] = crowds(sessions, seconds, turns)
    text = json.dumps(figures, indent=2)
    click.echo(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
