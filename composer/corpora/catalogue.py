"""The corpora one can train on: the catalogue of them, and fetching one.

The catalogue is `midi_data/catalogue.json`. Fetching POP909 into a folder leaves there::

    pop909/           the corpus, unpacked; there only when it is whole
    pop909.json       where it came from, its size and its sha256

Conventions:
    Sizes are bytes. A checksum is a SHA-256 in lower-case hexadecimal. Where nobody has
    published one, the first download is trusted, and later ones are held to it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from composer import files
from composer.corpora.download import allowed, fetch
from composer.corpora.unpack import discard_unfinished, unpack
from composer.errors import DownloadError, OutputError, SettingError
from composer.shipped import shipped
from composer.terminal import Advance

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Corpus:
    """One entry of the catalogue.

    Attributes:
        name: What the user calls it, and its folder; lower-case letters, digits, hyphens.
        title: One line for a person.
        url: Where the archive is; or, without `archive`, the page that tells how to get it.
        licence: SPDX identifier, or LicenseRef-... where there is none.
        commercial: Whether the files are cleared for commercial use.
        size: Bytes of the archive, None where nobody has published it.
        sha256: Checksum of the archive, None where nobody has published it.
        pieces: How many pieces it has, None where that is not settled.
        archive: "zip" or "tar.gz"; None when it has to be fetched by hand.
        inside: Where in the unpacked folder the music lies, "" for all of it.
        citation: The paper or people to name.
        note: What one should know before using it.

    Raises:
        ValueError: A field is not as described above; the message names it.
    """

    name: str
    title: str
    url: str
    licence: str
    commercial: bool
    size: int | None
    sha256: str | None
    pieces: int | None
    archive: str | None
    inside: str
    citation: str
    note: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name):
            raise ValueError(f"corpus name {self.name!r} is not lower-case letters and digits")
        if not allowed(self.url):
            raise ValueError(f"url of {self.name} is {self.url!r}, must be https")
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"sha256 of {self.name} is {self.sha256!r}, must be 64 hex digits")
        if self.size is not None and self.size < 1:
            raise ValueError(f"size of {self.name} is {self.size} bytes, must be at least 1")
        if self.archive not in ("zip", "tar.gz", None):
            raise ValueError(f"archive of {self.name} is {self.archive!r}, must be zip or tar.gz")


def catalogue() -> tuple[Corpus, ...]:
    """Every corpus known, in the order of the catalogue."""
    text = shipped("catalogue.json").read_text(encoding="utf-8")
    return tuple(Corpus(**entry) for entry in json.loads(text))


def find(name: str) -> Corpus:
    """The corpus of that name, in any case.

    Raises:
        SettingError: There is none; the line offers the nearest names.
    """
    known = {corpus.name: corpus for corpus in catalogue()}
    asked = name.strip().lower()
    if asked in known:
        return known[asked]
    close = difflib.get_close_matches(asked, known, n=3, cutoff=0.5)
    if close:
        raise SettingError(f"no corpus is called {name!r}; did you mean {' or '.join(close)}?")
    raise SettingError(f"no corpus is called {name!r}; there are {', '.join(known)}")


def get(corpus: Corpus, folder: Path, *, progress: Advance | None = None) -> Path:
    """Fetch a corpus and unpack it, or find that it is there already.

    An archive that lies in `folder` under its name (`pop909.zip`),
    because unpacking it failed or because somebody fetched it by hand, is used instead.
    Two fetches of one corpus into one folder must not run at once.

    Args:
        corpus: From `find` or `catalogue`.
        folder: Where corpora are kept; made if it is not there.
        progress: Called with the bytes that have arrived, and those expected if known.

    Returns:
        The corpus's own folder in `folder`; its music lies in `corpus.inside` of that.

    Raises:
        DownloadError: It cannot be fetched, is not what the catalogue says, or is no
            archive of music. Nothing of it is left.
        OutputError: `folder` cannot be written, or the disk is full.
    """
    target = folder / corpus.name
    if target.is_dir():
        return target
    if corpus.archive is None:
        raise DownloadError(f"{corpus.name} has to be fetched by hand, see {corpus.url}")
    archive = folder / f"{corpus.name}.{corpus.archive}"
    receipt = folder / f"{corpus.name}.json"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        discard_unfinished(target)
        if archive.is_file():
            try:
                sum_found = _verify(corpus, archive, receipt)
            except DownloadError as error:
                raise DownloadError(f"{error}; delete {archive} to fetch it anew") from error
        else:
            sum_found = _fetch_whole(corpus, archive, receipt, progress)
        size = archive.stat().st_size
        try:
            unpack(archive, target)
        except DownloadError:
            archive.unlink(missing_ok=True)
            raise
        # Only now: what turned out to be no archive must not become what later
        # downloads are held to.
        _write_receipt(corpus, receipt, size, sum_found)
        archive.unlink(missing_ok=True)
    if not (target / corpus.inside).is_dir():
        logger.warning("%s has no folder %r; look for its music in it", target, corpus.inside)
    return target


def _fetch_whole(corpus: Corpus, archive: Path, receipt: Path, progress: Advance | None) -> str:
    """Fetch an archive, check it, and return its checksum."""
    fetch(corpus.url, archive, size=corpus.size, progress=progress)
    try:
        return _verify(corpus, archive, receipt)
    except DownloadError:
        archive.unlink(missing_ok=True)
        raise


def _verify(corpus: Corpus, path: Path, receipt: Path) -> str:
    """Hold what arrived to the catalogue, or else to the first download.

    Returns:
        Its checksum.

    Raises:
        DownloadError: It is not the file it should be.
    """
    size = path.stat().st_size
    if corpus.size is not None and size != corpus.size:
        raise DownloadError(f"{corpus.url} gave {size} bytes, the catalogue says {corpus.size}")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if corpus.sha256 is not None:
        if found != corpus.sha256:
            raise DownloadError(
                f"{corpus.url} gave sha256 {found}, the catalogue says {corpus.sha256}"
            )
        return found
    first = _first_sum(receipt, corpus.url)
    if first is None:
        logger.warning(
            "%s: no published checksum: not verified; sha256 of what arrived is %s",
            corpus.name,
            found,
        )
    elif found != first:
        raise DownloadError(
            f"{corpus.url} gave sha256 {found}, the first download had {first}; "
            f"if you trust the change, delete {receipt} and try again"
        )
    return found


def _first_sum(receipt: Path, url: str) -> str | None:
    """The checksum noted at the first download from `url`, None if there was none."""
    try:
        noted = json.loads(receipt.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(noted, dict) or noted.get("url") != url:
        return None
    found = noted.get("sha256")
    return found if isinstance(found, str) else None


def _write_receipt(corpus: Corpus, receipt: Path, size: int, found: str) -> None:
    facts = {
        "name": corpus.name,
        "url": corpus.url,
        "licence": corpus.licence,
        "size": size,
        "sha256": found,
        "verified": corpus.sha256 is not None,
    }
    files.write((json.dumps(facts, indent=2) + "\n").encode(), receipt, force=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Report what goes wrong with the disk in one line."""
    try:
        yield
    except OSError as error:
        if error.errno in files.FULL:
            raise OutputError(f"the disk of {folder} is full; make room and try again") from error
        where = error.filename or folder
        raise OutputError(f"{where} cannot be written: {error.strerror or error}") from error
