"""Site: the routes of the web server, and what lies behind each.

Conventions:
    Whatever is refused is answered by {"error": line}, the line that the command line prints.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from composer import __version__, models
from composer.errors import ComposerError, OutputError, SettingError
from composer.live import config_file
from composer.live.wire.osc_codec import Message
from composer.shipped import shipped
from composer.web import openapi
from composer.web.bodies import body_of, content_of, json_of
from composer.web.frames import error_message, frame_of
from composer.web.gate import PROTOCOL, Gate
from composer.web.given_music import seed_names
from composer.web.page_files import page_files
from composer.web.pages import MOST_MALFORMED, Page, Pages
from composer.web.rate import Rate
from composer.web.requests import REQUESTS
from composer.web.worker import Busy, Refused, Worker

PER_SECOND, BURST = 50.0, 200.0
"""Requests of all clients that are answered in a second, and at once."""
MOST_BATCHED: Final = 64
"""Messages in a frame that is sent."""
STREAM: Final = "application/x-ndjson"
STATUSES: Final = {"Busy": 503, "Timeout": 504, "Defect": 500}
"""Status of a refusal by its kind; 422 for all others."""


@dataclass(frozen=True, slots=True)
class About:
    """What the site is to know.

    Attributes:
        token: What a request has to have.
        model: Name or folder.
        config: The file with the presets.
        anyone: Whether other computers may come in.
        opened: Files that the page shows, each with the beat at which a continuation begins.
    """

    token: str
    model: str
    config: Path
    anyone: bool = False
    opened: tuple[tuple[Path, float], ...] = ()


class Site:
    """All routes over one link and one worker."""

    def __init__(self, about: About, pages: Pages, worker: Worker) -> None:
        """Ready to be served as `app`."""
        self._about, self._pages, self._worker = about, pages, worker
        self._files = page_files()
        self._rate = Rate(PER_SECOND, BURST)
        self._began = time.monotonic()
        self._seeds = seed_names(shipped(""))
        self._table, self._document = openapi.table(), openapi.document()
        gets = {
            "/v1/status": self._status,
            "/v1/models": self._models,
            "/v1/table": self._get_table,
            "/v1/seeds": self._get_seeds,
            "/v1/presets": self._presets,
            "/v1/opened": self._opened,
            "/v1/jam": self._jam,
            "/v1/openapi.json": self._get_document,
        }
        assert set(gets) == set(openapi.GETS)
        routes = [
            Route("/", self._index),
            Route("/page/{name:path}", self._page_file),
            *(Route(path, act) for path, act in gets.items()),
            Route("/v1/presets/{name:path}", self._preset, methods=["PUT", "DELETE"]),
            Route("/v1/{name}", self._request, methods=["POST"]),
            WebSocketRoute("/v1/live", self._live),
        ]
        handlers: Any = {
            HTTPException: _http_error,
            ComposerError: _composer_error,
            Exception: _defect,
        }
        self.app = Gate(
            Starlette(routes=routes, exception_handlers=handlers), about.token, anyone=about.anyone
        )

    # The page.

    async def _index(self, request: Request) -> Response:
        return self._file("index.html", request)

    async def _page_file(self, request: Request) -> Response:
        return self._file(request.path_params["name"], request)

    def _file(self, name: str, request: Request) -> Response:
        file = self._files.get(name)
        if file is None:
            raise HTTPException(404, "there is no such file")
        headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        return Response(file.data, media_type=file.kind, headers=headers)

    # What can be fetched.

    async def _status(self, request: Request) -> Response:
        self._slow_down()
        now = asyncio.get_running_loop().time()
        live = await self._pages.ask("sessions")
        pages = [
            {
                "page": page.number,
                "name": page.name,
                "session": page.session,
                "minutes": round((now - page.since) / 60, 1),
                "notes": page.heard // 2,
            }
            for page in self._pages
        ]
        return JSONResponse(
            {
                "version": __version__,
                "model": self._about.model,
                "seconds": round(time.monotonic() - self._began),
                "sessions": live["sessions"],
                "session_count": live["count"],
                "load": live["load"],
                "late_ms": {"median": live["late_ms"][0], "p99": live["late_ms"][1]},
                "pages": pages,
                "requests": {"waiting": self._worker.waiting, "done": self._worker.done},
            }
        )

    async def _models(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse(
            {
                "models": [
                    {
                        "name": info.name,
                        "size": info.size,
                        "megabytes": round(info.megabytes, 1),
                        "nats_per_note": info.nats_per_note,
                        "licence": info.licence,
                        "in_use": info.name == self._about.model,
                    }
                    for info in models.installed()
                ]
            }
        )

    async def _get_table(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse(self._table)

    async def _get_document(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse(self._document)

    async def _get_seeds(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse({"seeds": self._seeds})

    async def _opened(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse(
            {
                "files": [
                    {
                        "name": path.name,
                        "file": base64.b64encode(path.read_bytes()).decode("ascii"),
                        "join_beat": beat,
                    }
                    for path, beat in self._about.opened
                ]
            }
        )

    async def _presets(self, request: Request) -> Response:
        self._slow_down()
        return JSONResponse({"presets": config_file.presets(self._about.config)})

    async def _preset(self, request: Request) -> Response:
        self._slow_down()
        name = request.path_params["name"]
        if request.method == "DELETE":
            config_file.delete(self._about.config, name)
            return JSONResponse({})
        kept = config_file.keep(self._about.config, name, json_of(await body_of(request)))
        return JSONResponse({"preset": kept})

    async def _jam(self, request: Request) -> Response:
        self._slow_down()
        number = request.query_params.get("page", "")
        page = self._pages.find(int(number)) if number.isdecimal() and len(number) < 10 else None
        if page is None:
            raise SettingError("there is no such page; give page=NUMBER, which a page is told")
        with tempfile.TemporaryDirectory(prefix="composer-") as folder:
            path = Path(folder) / "jam.mid"
            await self._pages.ask("jam", page, path)
            data = path.read_bytes()
        return Response(data, media_type="audio/midi", headers=_attached("jam.mid"))

    # What takes longer.

    async def _request(self, request: Request) -> Response:
        self._slow_down()
        name = request.path_params["name"]
        if name not in REQUESTS:
            raise HTTPException(404, f"there is no such request; there are {', '.join(REQUESTS)}")
        content = await content_of(request, REQUESTS[name].takes)
        accept = request.headers.get("accept", "")
        if STREAM in accept:
            return StreamingResponse(self._told(name, content), media_type=STREAM)
        found = await self._while_wanted(request, name, content)
        if "variations" in found and "audio/midi" in accept:
            data = base64.b64decode(found["variations"][0]["midi"])
            return Response(data, media_type="audio/midi", headers=_attached(f"{name}.mid"))
        if name == "convert" and found["type"] in accept:
            data = base64.b64decode(found["file"])
            headers = _attached(found["name"])
            return Response(data, media_type=found["type"], headers=headers)
        return JSONResponse(found)

    async def _while_wanted(self, request: Request, name: str, content: Any) -> dict[str, Any]:
        """Have a request done, as long as whoever asked is there."""
        work = asyncio.ensure_future(self._worker.run(name, content))
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise OutputError("whoever asked is gone")
            return work.result()
        finally:
            for task in (work, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, ComposerError):
                    await task

    async def _told(self, name: str, content: Any) -> AsyncIterator[str]:
        """A request as lines of JSON: how far it is, and at last what came of it."""
        lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        work = asyncio.ensure_future(
            self._worker.run(
                name, content, lambda share: lines.put_nowait({"progress": round(share, 3)})
            )
        )
        work.add_done_callback(lambda task: lines.put_nowait({}))
        try:
            yield json.dumps({"progress": 0}) + "\n"
            while line := await lines.get():
                yield json.dumps(line) + "\n"
            try:
                yield json.dumps({"result": work.result()}) + "\n"
            except ComposerError as error:
                yield json.dumps({"error": str(error)}) + "\n"
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, ComposerError):
                await work

    # The WebSocket.

    async def _live(self, socket: WebSocket) -> None:
        offered = socket.headers.get("sec-websocket-protocol", "")
        protocol = PROTOCOL if PROTOCOL in offered else None
        name = socket.query_params.get("name", "")[:40]
        try:
            page = self._pages.join(name if name.isprintable() else "")
        except SettingError as error:
            await socket.accept(subprotocol=protocol)
            await socket.close(1013, str(error))
            return
        await socket.accept(subprotocol=protocol)
        welcome = Message("/composer/page", (page.number, page.name, __version__))
        page.deliver(welcome)
        sending = asyncio.ensure_future(self._send(socket, page))
        if self._worker.done == 0 and self._worker.waiting == 0:
            self._loading = asyncio.ensure_future(self._worker.load())
        try:
            await self._hear(socket, page)
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: closed by `_send`
            pass
        finally:
            self._pages.leave(page)
            sending.cancel()

    async def _hear(self, socket: WebSocket, page: Page) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            message = await socket.receive()
            if message["type"] != "websocket.receive":
                return
            frame = message.get("text")
            packets, wait = page.take(message.get("bytes") or b"" if frame is None else frame,
                                      clock())  # fmt: skip
            for packet in packets:
                self._pages.send(page, packet)
            if page.malformed > MOST_MALFORMED:
                page.deliver(error_message("frame", "too much that is no message; good-bye"))
                page.unsent.put_nowait(None)
                return
            if wait > 0:
                await asyncio.sleep(min(wait, 5.0))

    async def _send(self, socket: WebSocket, page: Page) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                messages = [await page.unsent.get()]
                while len(messages) < MOST_BATCHED and not page.unsent.empty():
                    messages.append(page.unsent.get_nowait())
                there = [message for message in messages if message is not None]
                if there:
                    await socket.send_text(frame_of(there))
                if len(there) < len(messages):
                    await socket.close(1008, "good-bye")
                    return

    def _slow_down(self) -> None:
        """Refuse what comes too fast."""
        if not self._rate.allows(asyncio.get_running_loop().time()):
            raise HTTPException(429, "too many requests at once; wait a moment")


async def _gone(request: Request) -> None:
    """Wait until whoever asked is gone."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.25)


def _attached(name: str) -> dict[str, str]:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    return {"Content-Disposition": f'attachment; filename="{plain}"'}


def _answer(status: int, text: str) -> Response:
    headers = {"Connection": "close"} if status in (408, 413) else None
    return JSONResponse({"error": text}, status_code=status, headers=headers)


async def _http_error(request: Request, error: HTTPException) -> Response:
    texts = {404: "there is nothing here", 405: "this cannot be done here"}
    text = error.detail
    if text in ("Not Found", "Method Not Allowed"):
        text = texts[error.status_code]
    return _answer(error.status_code, text)


async def _composer_error(request: Request, error: ComposerError) -> Response:
    kind = error.kind if isinstance(error, Refused) else type(error).__name__
    status = 503 if isinstance(error, Busy) else STATUSES.get(kind, 422)
    return _answer(status, str(error))


async def _defect(request: Request, error: Exception) -> Response:
    return _answer(500, "this is a defect in composer; see its log")
