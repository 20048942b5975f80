"""Fetching corpora, against a real server on loopback that misbehaves on demand."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from archives import FILES, names, tar_of, tree, zip_of

from composer.corpora import catalogue as corpora
from composer.corpora.catalogue import Corpus, catalogue, find, get
from composer.corpora.download import ATTEMPTS
from composer.errors import DownloadError, OutputError, SettingError


@dataclass
class Shop:
    """What the server hands out, how it fails, and what it was asked for."""

    content: bytes = b""
    tells_length: bool = True
    statuses: list[int] = field(default_factory=list)
    """Answers to give before it does its work."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes to drop the connection, one entry an answer."""
    location: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = dict(handler.headers.items())
        self.asked.append(wanted)
        handler.close_connection = True
        if self.statuses:
            handler.send_response(self.statuses.pop(0))
            if self.location:
                handler.send_header("Location", self.location)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(200)
        body = self.content
        if self.tells_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.breaks.pop(0)] if self.breaks else body)


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop(content=zip_of(FILES))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.serve(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}/toy.zip"
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def toy(shop: Shop) -> Corpus:
    """A corpus whose size and checksum are published and right."""
    return Corpus(
        name="toy",
        title="Two files",
        url=shop.url,
        licence="CC0-1.0",
        commercial=True,
        size=len(shop.content),
        sha256=hashlib.sha256(shop.content).hexdigest(),
        pieces=2,
        archive="zip",
        inside="toy-1.0",
        citation="",
        note="",
    )


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited between tries, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def unpublished(corpus: Corpus) -> Corpus:
    return replace(corpus, size=None, sha256=None)


# The catalogue ------------------------------------------------------------------------


def test_catalogue_is_sound() -> None:
    known = catalogue()
    assert len({corpus.name for corpus in known}) == len(known) >= 8
    for corpus in known:
        assert corpus.title and corpus.citation and corpus.note and corpus.licence
        assert not (corpus.commercial and "-NC-" in corpus.licence), corpus.name
        if corpus.sha256 is None and corpus.archive is not None:
            assert "checksum" in corpus.note or "MD5" in corpus.note, corpus.name


def test_catalogue_has_the_published_checksums() -> None:
    groove = find("groove")
    assert groove.size == 3_260_318
    assert groove.sha256 == "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e"
    assert find("maestro").commercial is False


def test_find_takes_any_case_and_offers_near_names() -> None:
    assert find(" POP909 ").name == "pop909"
    with pytest.raises(SettingError, match="did you mean maestro"):
        find("maestros")
    with pytest.raises(SettingError, match="there are pop909, lieder"):
        find("zzz")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "../toy"}, "corpus name"),
        ({"url": "http://example.org/toy.zip"}, "must be https"),
        ({"url": "file:///etc/passwd"}, "must be https"),
        ({"sha256": "ABC"}, "64 hex digits"),
        ({"size": 0}, "at least 1"),
        ({"archive": "rar"}, "must be zip or tar.gz"),
    ],
)
def test_corpus_is_valid_from_birth(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(find("groove"), **change)  # type: ignore[arg-type]


# Fetching -----------------------------------------------------------------------------


def test_get_unpacks_and_leaves_a_receipt(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    folder = get(toy, tmp_path / "new", progress=lambda *now: seen.append(now))
    assert folder == tmp_path / "new" / "toy"
    assert tree(folder) == FILES
    assert names(tmp_path / "new") == ["toy", "toy.json"]
    assert seen[0] == (0, toy.size)
    assert seen[-1] == (toy.size, toy.size)
    receipt = json.loads((tmp_path / "new" / "toy.json").read_text())
    assert receipt["sha256"] == toy.sha256
    assert receipt["verified"] is True


def test_get_returns_at_once_when_it_is_there(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    assert get(toy, tmp_path) == tmp_path / "toy"
    assert shop.asked == []


def test_get_unpacks_gzipped_tar(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = tar_of(FILES)
    folder = get(unpublished(replace(toy, archive="tar.gz")), tmp_path)
    assert tree(folder) == FILES


def test_a_dropped_connection_is_tried_again(
    shop: Shop, toy: Corpus, tmp_path: Path, waits: list[float]
) -> None:
    shop.breaks = [10_000, 5_000]
    assert tree(get(toy, tmp_path)) == FILES
    assert len(shop.asked) == 3 and len(waits) == 2


def test_a_busy_server_is_asked_again(
    shop: Shop, toy: Corpus, tmp_path: Path, waits: list[float]
) -> None:
    shop.statuses = [503, 429]
    assert tree(get(toy, tmp_path)) == FILES
    assert len(shop.asked) == 3 and len(waits) == 2


def test_an_interrupted_download_leaves_nothing(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    def stop(have: int, total: int | None) -> None:
        if have:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(toy, tmp_path, progress=stop)
    assert names(tmp_path) == []
    assert tree(get(toy, tmp_path)) == FILES


def test_unknown_length_is_reported_as_unknown(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.tells_length = False
    seen: list[int | None] = []
    folder = get(unpublished(toy), tmp_path, progress=lambda _, total: seen.append(total))
    assert tree(folder) == FILES
    assert set(seen) == {None}


# What is refused ----------------------------------------------------------------------


def test_wrong_checksum_leaves_nothing(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = shop.content.replace(b"MThd", b"MThx")
    with pytest.raises(DownloadError, match=f"the catalogue says {toy.sha256}"):
        get(toy, tmp_path)
    assert names(tmp_path) == []


def test_wrong_size_is_refused_before_the_download(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="not the same file any more"):
        get(replace(toy, size=17), tmp_path)
    assert names(tmp_path) == []


def test_server_that_sends_too_much_is_stopped(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.tells_length = False
    shop.content = bytes(1 << 20)
    with pytest.raises(DownloadError, match="more than the 17 bytes"):
        get(replace(toy, size=17), tmp_path)
    assert names(tmp_path) == []


def test_missing_file_is_not_asked_for_twice(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses = [404]
    with pytest.raises(DownloadError, match="answered 404 Not Found"):
        get(toy, tmp_path)
    assert len(shop.asked) == 1


def test_it_is_given_up_in_the_end(
    shop: Shop, toy: Corpus, tmp_path: Path, waits: list[float]
) -> None:
    shop.breaks = [10_000] * 20
    with pytest.raises(DownloadError, match=r"cannot be fetched: .*; try again later"):
        get(toy, tmp_path)
    assert len(shop.asked) == ATTEMPTS == len(waits) + 1
    assert names(tmp_path) == []


def test_nobody_there(toy: Corpus, tmp_path: Path, waits: list[float]) -> None:
    # Port 9 (discard) on loopback: nothing listens there, and nothing leaves the machine.
    gone = replace(toy, url="http://127.0.0.1:9/toy.zip")
    with pytest.raises(DownloadError, match=r"refused.*try again later"):
        get(gone, tmp_path)


def test_redirect_to_plain_http_is_refused(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses, shop.location = [302], "http://example.org/toy.zip"
    with pytest.raises(DownloadError, match="which is not https"):
        get(toy, tmp_path)


def test_redirect_that_stays_allowed_is_followed(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses, shop.location = [302], shop.url + "?elsewhere"
    assert tree(get(toy, tmp_path)) == FILES


def test_corpus_without_archive_points_to_its_page(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"by hand, see https://colinraffel\.com"):
        get(find("lakh"), tmp_path)


# Trust on first use -------------------------------------------------------------------


def test_unpublished_checksum_is_said_and_kept(
    shop: Shop, toy: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = unpublished(toy)
    with caplog.at_level(logging.WARNING):
        folder = get(corpus, tmp_path)
    assert f"not verified; sha256 of what arrived is {toy.sha256}" in caplog.text
    assert json.loads((tmp_path / "toy.json").read_text())["verified"] is False

    caplog.clear()
    folder.rename(tmp_path / "elsewhere")
    get(corpus, tmp_path)
    assert caplog.text == "", "the second download is held to the first, and agrees"

    folder.rename(tmp_path / "elsewhere too")
    shop.content = zip_of({"toy-1.0/c.mid": b"other"})
    with pytest.raises(DownloadError, match=rf"the first download had {toy.sha256}; .*toy\.json"):
        get(corpus, tmp_path)
    assert not folder.exists()
    assert json.loads((tmp_path / "toy.json").read_text())["sha256"] == toy.sha256

    (tmp_path / "toy.json").unlink()
    assert tree(get(corpus, tmp_path)) == {"toy-1.0/c.mid": b"other"}


def test_page_instead_of_an_archive_is_not_trusted(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = b"<html>Please log in to this network</html>"
    with pytest.raises(DownloadError, match="is damaged"):
        get(unpublished(toy), tmp_path)
    assert names(tmp_path) == [], "neither an archive nor a checksum to hold later ones to"


def test_archive_fetched_by_hand_is_used(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "toy.zip").write_bytes(shop.content)
    assert tree(get(toy, tmp_path)) == FILES
    assert shop.asked == []


def test_wrong_archive_fetched_by_hand_is_left_alone(
    shop: Shop, toy: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "toy.zip").write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"gave 4 bytes.*delete .*toy\.zip to fetch it anew"):
        get(toy, tmp_path)
    assert (tmp_path / "toy.zip").read_bytes() == b"mine"


# The disk -----------------------------------------------------------------------------


def test_full_disk_while_unpacking_keeps_the_archive(
    shop: Shop, toy: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(archive: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(corpora, "unpack", full)
        with pytest.raises(OutputError, match="is full; make room and try again"):
            get(toy, tmp_path)
    assert names(tmp_path) == ["toy.zip"]
    assert tree(get(toy, tmp_path)) == FILES
    assert len(shop.asked) == 1


def test_folder_that_cannot_be_made_is_one_line(toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        get(toy, tmp_path / "file" / "corpora")
    assert "\n" not in str(caught.value)


def test_what_a_killed_unpack_left_is_cleared(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / ".toy.unpacking-x1" / "toy").mkdir(parents=True)
    get(toy, tmp_path)
    assert names(tmp_path) == ["toy", "toy.json"]
