"""One file over https, to the last byte: resumed where it broke off, never spliced.

What has arrived is kept in a `.part`, and beside it, in `.part.json`, which version of
the file it is a part of. The standard library's urllib does the fetching: all it takes
are request headers, a stream, and redirects that never leave https.

Conventions:
    Sizes are bytes. Trouble on the network becomes a `DownloadError`; trouble with the
    disk stays the OSError it is, for the caller to report.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol

from composer.errors import DownloadError

logger = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]
"""Called with the bytes that have arrived and the bytes expected, None if unknown."""

ATTEMPTS = 5
"""Tries in a row that bring nothing new before a download is given up."""

TIMEOUT_S = 30.0
LONGEST_WAIT_S = 60.0
CHUNK = 1 << 16

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PASSING_STATUS = (408, 425, 429, 500, 502, 503, 504)


class Response(Protocol):
    """What is needed of an answer; `http.client.HTTPResponse` has it."""

    status: int
    headers: Any

    def read(self, amount: int, /) -> bytes:
        """Up to `amount` bytes, b"" at the end."""


Opener = Callable[[urllib.request.Request], AbstractContextManager[Response]]
"""Sends a request; raises `urllib.error.HTTPError` for a status that is an error."""


def allowed(url: str) -> bool:
    """Whether `url` is https, or plain http that does not leave this machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def fetch(
    url: str,
    part: Path,
    *,
    size: int | None = None,
    progress: Progress | None = None,
    opener: Opener | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Bring `part` to its full length, trying again as long as that makes headway.

    Args:
        url: Of the file; see `allowed`.
        part: Where the bytes go; what it holds of the same version is kept.
        size: Bytes the file should have, None if nobody knows.
        progress: Told how much has arrived.
        opener: Sends a request; by default urllib, following redirects.
        sleep: Waits between attempts, in seconds.

    Raises:
        DownloadError: The file is not there, is not that size, or could not be had in
            `ATTEMPTS` tries without headway; the line says whether a part is kept.
        OSError: `part` cannot be written.
    """
    failures = 0
    while True:
        before = _length(part)
        try:
            _transfer(url, part, size, progress, opener or _open)
            return
        except _PassingError as error:
            failures = 1 if _length(part) > before else failures + 1
            if failures >= ATTEMPTS:
                kept = f"; what has arrived is kept in {part.name}" if _length(part) else ""
                raise DownloadError(
                    f"{url} cannot be fetched: {error}{kept}; try again later"
                ) from error
            wait_s = max(error.wait_s, 2.0 ** (failures - 1))
            logger.info("%s: %s; trying again in %.0f s", url, error, wait_s)
            sleep(wait_s)


def forget(part: Path) -> None:
    """Delete a part and the note of what it is a part of."""
    part.unlink(missing_ok=True)
    _note_of(part).unlink(missing_ok=True)


class _PassingError(Exception):
    """A failure that may be gone at the next attempt; its text is the reason."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _StaysSecure(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never to where anybody on the way could change the file."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not allowed(newurl):
            raise DownloadError(f"{req.full_url} leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(request: urllib.request.Request) -> AbstractContextManager[Response]:
    opened = urllib.request.build_opener(_StaysSecure).open(request, timeout=TIMEOUT_S)
    assert isinstance(opened, http.client.HTTPResponse)
    return opened


def _transfer(
    url: str, part: Path, size: int | None, progress: Progress | None, opener: Opener
) -> None:
    """One request: everything from where `part` ends, or from the beginning.

    Raises:
        _PassingError: The connection broke or the server is busy.
        DownloadError: Trying again will not help.
    """
    have, validator = _length(part), _validator(part)
    headers = {"User-Agent": "composer", "Accept-Encoding": "identity"}
    if have and validator:
        # If-Range: send the rest only if the file is still the one we have a part of,
        # else all of it (RFC 9110, section 13.1.5).
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    try:
        with opener(urllib.request.Request(url, headers=headers)) as response:
            start, total = _span(response, have)
            if total is not None and size is not None and total != size:
                raise DownloadError(
                    f"{url} is {total} bytes now, not the {size} it should be: "
                    "it is not the same file any more"
                )
            if start == 0:
                _begin(part, response)
            _receive(response, part, start, size if total is None else total, progress)
    except urllib.error.HTTPError as error:
        with error:
            _explain_status(error, url, part, have)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"{url}: its certificate cannot be checked ({error.reason.verify_message}); "
                "look at this machine's clock and root certificates"
            ) from error
        raise _PassingError(str(error.reason)) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise _PassingError(str(error) or type(error).__name__) from error


def _span(response: Response, have: int) -> tuple[int, int | None]:
    """(First byte the answer holds, length of the whole file) from its headers."""
    if response.status == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None
    if response.status != 206:
        raise _PassingError(f"the server answered {response.status} instead of the file")
    content_range = response.headers.get("Content-Range", "").strip()
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
    if match is None or int(match[1]) != have:
        raise DownloadError("the server sent another part of the file than was asked for")
    return have, None if match[2] == "*" else int(match[2])


def _receive(
    response: Response, part: Path, start: int, total: int | None, progress: Progress | None
) -> None:
    """Write the answer's bytes to `part` from byte `start` on."""
    have = start
    with part.open("ab" if start else "wb") as stream:
        if progress:
            progress(have, total)
        while chunk := _read(response):
            have += len(chunk)
            if total is not None and have > total:
                break
            stream.write(chunk)
            if progress:
                progress(have, total)
    if total is not None and have > total:
        forget(part)
        raise DownloadError(f"the server sent more than the {total} bytes it should have")
    if total is not None and have < total:
        # Python's reader ends quietly when the connection does, so the count must tell.
        raise _PassingError(f"the connection ended after {have} of {total} bytes")


def _read(response: Response) -> bytes:
    """The next bytes; what goes wrong here is the network's fault, not the disk's."""
    try:
        return response.read(CHUNK)
    except (http.client.HTTPException, OSError) as error:
        raise _PassingError(str(error) or type(error).__name__) from error


def _explain_status(error: urllib.error.HTTPError, url: str, part: Path, have: int) -> None:
    """Turn an error status into an exception, or return if the file is in fact complete."""
    if error.code == 416 and have:
        whole = error.headers.get("Content-Range", "").rpartition("/")[2]
        if whole == str(have):
            return
        forget(part)
        raise _PassingError("what had arrived does not fit the file any more")
    if error.code in _PASSING_STATUS:
        after = error.headers.get("Retry-After", "")
        wait_s = min(LONGEST_WAIT_S, float(after)) if after.isdigit() else 0.0
        raise _PassingError(f"the server answered {error.code} {error.reason}", wait_s)
    raise DownloadError(
        f"{url} cannot be fetched: the server answered {error.code} {error.reason}"
    ) from error


def _begin(part: Path, response: Response) -> None:
    """Start `part` anew and note which version of the file it is the beginning of."""
    tag = response.headers.get("ETag", "")
    # A weak tag does not promise the same bytes, and is not allowed in If-Range.
    strong = tag if tag and not tag.startswith("W/") else None
    validator = strong or response.headers.get("Last-Modified")
    part.unlink(missing_ok=True)
    _note_of(part).write_text(json.dumps({"validator": validator}) + "\n", encoding="utf-8")


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _validator(part: Path) -> str | None:
    """The entity tag or date of the version `part` was begun from, None if unknown."""
    try:
        noted = json.loads(_note_of(part).read_text(encoding="utf-8"))["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return noted if isinstance(noted, str) else None


def _length(part: Path) -> int:
    """Bytes that have arrived, 0 without a file."""
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0
