"""Download: one file over https, by pooch, whole or not at all.

pooch tries again when the connection breaks, and gives the file its name once it is whole. Added
here: redirects never leave https, nobody sends more bytes than expected, and whatever goes wrong
is one line.

Conventions:
    Sizes are bytes. Trouble on the network becomes a `DownloadError`; trouble with the disk stays
    the OSError it is, for the caller to report.
"""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import Any

from composer.distribution import install_extra
from composer.errors import DependencyError, DownloadError
from composer.terminal import Advance

ATTEMPTS = 5
"""Tries before a download is given up."""
TIMEOUT_S = 30.0
CHUNK = 1 << 16

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PASSING_STATUS = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be others a few seconds later."""


def allowed(url: str) -> bool:
    """Whether `url` is https, or plain http that does not leave this machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def fetch(
    url: str, target: Path, *, size: int | None = None, progress: Advance | None = None
) -> None:
    """Fetch a file.

    Args:
        url: Of the file; see `allowed`.
        target: Where it goes; its folder must be there.
        size: Bytes it should have, None if nobody knows.
        progress: Called with the bytes that have arrived, and those expected if that is known.

    Raises:
        DependencyError: pooch is not installed.
        DownloadError: The file is not there, is larger than `size`, or did not arrive in
            `ATTEMPTS` tries.
        OSError: `target` cannot be written.
    """
    try:
        import pooch
        import requests
    except ImportError as error:
        raise DependencyError(f"downloads need pooch: {install_extra('train')}") from error
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(
        progressbar=_Counter(size, progress),
        chunk_size=CHUNK,
        timeout=TIMEOUT_S,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _check_response},
    )
    shelf = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: None},
        urls={target.name: url},
        retry_if_failed=ATTEMPTS - 1,
    )
    try:
        shelf.fetch(target.name, downloader=downloader)
    except requests.exceptions.SSLError as error:
        raise DownloadError(
            f"{url}: its certificate cannot be checked ({_reason(error)}); "
            "look at this machine's clock and root certificates"
        ) from error
    except requests.RequestException as error:
        raise DownloadError(
            f"{url} cannot be fetched: {_reason(error)}; try again later"
        ) from error


class _Counter:
    """Counts what arrives, as pooch asks of a progress bar, and stops what is too much."""

    def __init__(self, size: int | None, progress: Advance | None) -> None:
        self._size, self._progress = size, progress
        self._have = 0
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes of the whole file as the server says, 0 if it does not."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        # pooch sets it once to each attempt.
        if self._size is not None and total and total != self._size:
            raise DownloadError(
                f"the file is {total} bytes now, not the {self._size} it should be: "
                "it is not the same file any more"
            )
        self._have, self._total = 0, total
        self.update(0)

    def update(self, count: int) -> None:
        """Count a chunk; pooch gives the size of a full one for the last one, too."""
        self._have += count
        if self._size is not None and self._have >= self._size + CHUNK:
            raise DownloadError(f"the server sent more than the {self._size} bytes it should have")
        if self._progress:
            total = self._total or None
            self._progress(min(self._have, total or self._have), total)

    def reset(self) -> None:
        """Count from the beginning."""
        self._have = 0

    def close(self) -> None:
        """Nothing is open."""


def _check_response(response: Any, **_: Any) -> None:
    """Refuse what no further try would mend: a redirect that leaves https, an answer like 404."""
    if response.is_redirect:
        target = urllib.parse.urljoin(response.url, response.headers["Location"])
        if not allowed(target):
            raise DownloadError(f"{response.url} leads to {target}, which is not https")
    elif response.status_code >= 400 and response.status_code not in _PASSING_STATUS:
        raise DownloadError(
            f"{response.url} cannot be fetched: "
            f"the server answered {response.status_code} {response.reason}"
        )


def _reason(error: Exception) -> str:
    """What is at the bottom of an error, in one line."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    return " ".join(str(getattr(error, "reason", None) or error).split())
