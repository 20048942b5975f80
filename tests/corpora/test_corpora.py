"""Fetching corpora, against a real server on loopback that misbehaves on demand."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from composer.corpora import catalogue as corpora
from composer.corpora.catalogue import Corpus, catalogue, find, get
from composer.corpora.download import ATTEMPTS
from composer.corpora.unpack import unpack
from composer.errors import DownloadError, OutputError, SettingError

FILES = {"toy-1.0/a.mid": b"MThd" * 5000, "toy-1.0/more/b.mid": b"MTrk" * 7000}


def zip_of(members: dict[str, bytes]) -> bytes:
    """A zip file that is not compressed, so that it is as large as what is in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def tar_of(members: dict[str, bytes], extra: tarfile.TarInfo | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if extra is not None:
            archive.addfile(extra)
    return buffer.getvalue()


@dataclass
class Shop:
    """What the server hands out, how it fails, and what it was asked for."""

    content: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
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
            handler.send_header("Retry-After", "7")
            if self.location:
                handler.send_header("Location", self.location)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = 0
        same = wanted.get("If-Range", self.etag) == self.etag
        if self.ranges and "Range" in wanted and same:
            start = int(wanted["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.content):
                handler.send_response(416)
                handler.send_header("Content-Range", f"bytes */{len(self.content)}")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            handler.send_response(206)
            last = len(self.content) - 1
            handler.send_header("Content-Range", f"bytes {start}-{last}/{len(self.content)}")
        else:
            handler.send_response(200)
        if self.etag:
            handler.send_header("ETag", self.etag)
        body = self.content[start:]
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


def unpublished(corpus: Corpus) -> Corpus:
    return replace(corpus, size=None, sha256=None)


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s where nothing should be tried again")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
    folder = get(toy, tmp_path / "new", progress=lambda *now: seen.append(now), sleep=no_sleep)
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
    assert get(toy, tmp_path, sleep=no_sleep) == tmp_path / "toy"
    assert shop.asked == []


def test_get_unpacks_gzipped_tar(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = tar_of(FILES)
    folder = get(unpublished(replace(toy, archive="tar.gz")), tmp_path, sleep=no_sleep)
    assert tree(folder) == FILES


def test_dropped_connection_is_resumed(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.breaks = [10_000, 5_000]
    waits: list[float] = []
    folder = get(toy, tmp_path, sleep=waits.append)
    assert tree(folder) == FILES
    assert [asked.get("Range") for asked in shop.asked] == [None, "bytes=10000-", "bytes=15000-"]
    assert shop.asked[1]["If-Range"] == '"one"'
    assert waits == [1.0, 1.0], "each attempt brought something new"


def test_interrupt_leaves_a_part_to_go_on_from(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    def stop(have: int, total: int | None) -> None:
        if have:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(toy, tmp_path, progress=stop, sleep=no_sleep)
    assert names(tmp_path) == ["toy.zip.part", "toy.zip.part.json"]
    have = (tmp_path / "toy.zip.part").stat().st_size
    assert have > 0
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES
    assert shop.asked[1].get("Range", "bytes=none") == f"bytes={have}-"
    assert names(tmp_path) == ["toy", "toy.json"]


def test_changed_file_is_not_spliced(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "toy.zip.part").write_bytes(b"\xff" * 10_000)
    (tmp_path / "toy.zip.part.json").write_text('{"validator": "\\"older\\""}')
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES
    assert shop.asked[0]["If-Range"] == '"older"'


def test_server_that_ignores_range_starts_again(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.ranges = False
    shop.breaks = [10_000]
    assert tree(get(toy, tmp_path, sleep=lambda _: None)) == FILES
    assert len(shop.asked) == 2


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_version_nobody_names_is_not_resumed(
    shop: Shop, toy: Corpus, tmp_path: Path, etag: str | None
) -> None:
    shop.etag = etag
    shop.breaks = [10_000]
    assert tree(get(toy, tmp_path, sleep=lambda _: None)) == FILES
    assert "Range" not in shop.asked[1]


def test_part_that_is_complete_is_not_fetched_again(
    shop: Shop, toy: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "toy.zip.part").write_bytes(shop.content)
    (tmp_path / "toy.zip.part.json").write_text(json.dumps({"validator": shop.etag}))
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES


def test_part_that_is_too_long_is_dropped(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "toy.zip.part").write_bytes(shop.content + b"more")
    (tmp_path / "toy.zip.part.json").write_text(json.dumps({"validator": shop.etag}))
    assert tree(get(toy, tmp_path, sleep=lambda _: None)) == FILES


def test_unknown_length_is_reported_as_unknown(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.tells_length = False
    seen: list[int | None] = []
    folder = get(
        unpublished(toy), tmp_path, progress=lambda _, total: seen.append(total), sleep=no_sleep
    )
    assert tree(folder) == FILES
    assert set(seen) == {None}


# What is refused ----------------------------------------------------------------------


def test_wrong_checksum_leaves_nothing(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = shop.content.replace(b"MThd", b"MThx")
    with pytest.raises(DownloadError, match=f"the catalogue says {toy.sha256}"):
        get(toy, tmp_path, sleep=no_sleep)
    assert names(tmp_path) == []


def test_wrong_size_is_refused_before_the_download(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="not the same file any more"):
        get(replace(toy, size=17), tmp_path, sleep=no_sleep)
    assert names(tmp_path) == []


def test_server_that_sends_too_much_is_stopped(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.tells_length = False
    with pytest.raises(DownloadError, match="more than the 17 bytes"):
        get(replace(toy, size=17), tmp_path, sleep=no_sleep)
    assert names(tmp_path) == []


def test_missing_file_is_not_asked_for_twice(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses = [404]
    with pytest.raises(DownloadError, match="answered 404 Not Found"):
        get(toy, tmp_path, sleep=no_sleep)
    assert len(shop.asked) == 1


def test_busy_server_is_given_the_time_it_asks_for(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses = [503, 429]
    waits: list[float] = []
    assert tree(get(toy, tmp_path, sleep=waits.append)) == FILES
    assert waits == [7.0, 7.0]


def test_gives_up_in_the_end_and_says_what_is_kept(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.breaks = [10_000] + [0] * 20
    waits: list[float] = []
    with pytest.raises(DownloadError, match=r"kept in toy\.zip\.part; try again later"):
        get(toy, tmp_path, sleep=waits.append)
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert len(shop.asked) == ATTEMPTS


def test_nobody_there(toy: Corpus, tmp_path: Path, shop: Shop) -> None:
    # Port 9 (discard) on loopback: nothing listens there, and nothing leaves the machine.
    gone = replace(toy, url="http://127.0.0.1:9/toy.zip")
    with pytest.raises(DownloadError, match=r"refused.*try again later"):
        get(gone, tmp_path, sleep=lambda _: None)


def test_redirect_to_plain_http_is_refused(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses, shop.location = [302], "http://example.org/toy.zip"
    with pytest.raises(DownloadError, match="which is not https"):
        get(toy, tmp_path, sleep=no_sleep)


def test_redirect_that_stays_allowed_is_followed(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.statuses, shop.location = [302], shop.url + "?elsewhere"
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES


def test_corpus_without_archive_points_to_its_page(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"by hand, see https://colinraffel\.com"):
        get(find("lakh"), tmp_path, sleep=no_sleep)


# Trust on first use -------------------------------------------------------------------


def test_unpublished_checksum_is_said_and_kept(
    shop: Shop, toy: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = unpublished(toy)
    with caplog.at_level(logging.WARNING):
        folder = get(corpus, tmp_path, sleep=no_sleep)
    assert f"not verified; sha256 of what arrived is {toy.sha256}" in caplog.text
    assert json.loads((tmp_path / "toy.json").read_text())["verified"] is False

    caplog.clear()
    folder.rename(tmp_path / "elsewhere")
    get(corpus, tmp_path, sleep=no_sleep)
    assert caplog.text == "", "the second download is held to the first, and agrees"

    folder.rename(tmp_path / "elsewhere too")
    shop.content, shop.etag = zip_of({"toy-1.0/c.mid": b"other"}), '"two"'
    with pytest.raises(DownloadError, match=rf"the first download had {toy.sha256}; .*toy\.json"):
        get(corpus, tmp_path, sleep=no_sleep)
    assert not folder.exists()
    assert json.loads((tmp_path / "toy.json").read_text())["sha256"] == toy.sha256

    (tmp_path / "toy.json").unlink()
    assert tree(get(corpus, tmp_path, sleep=no_sleep)) == {"toy-1.0/c.mid": b"other"}


def test_page_instead_of_an_archive_is_not_trusted(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    shop.content = b"<html>Please log in to this network</html>"
    with pytest.raises(DownloadError, match="is damaged"):
        get(unpublished(toy), tmp_path, sleep=no_sleep)
    assert names(tmp_path) == [], "neither an archive nor a checksum to hold later ones to"


def test_archive_fetched_by_hand_is_used(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "toy.zip").write_bytes(shop.content)
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES
    assert shop.asked == []


def test_wrong_archive_fetched_by_hand_is_left_alone(
    shop: Shop, toy: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "toy.zip").write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"gave 4 bytes.*delete .*toy\.zip to fetch it anew"):
        get(toy, tmp_path, sleep=no_sleep)
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
            get(toy, tmp_path, sleep=no_sleep)
    assert names(tmp_path) == ["toy.zip"]
    assert tree(get(toy, tmp_path, sleep=no_sleep)) == FILES
    assert len(shop.asked) == 1


def test_folder_that_cannot_be_made_is_one_line(toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        get(toy, tmp_path / "file" / "corpora", sleep=no_sleep)
    assert "\n" not in str(caught.value)


# Archives that mean no good -----------------------------------------------------------


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_link(target: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("toy/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
    return buffer.getvalue()


BAD_NAMES = ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "C:\\evil", "a\\..\\..\\evil"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_name_that_leads_out_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    pack = zip_of if suffix == "zip" else tar_of
    archive = tmp_path / "deep" / f"toy.{suffix}"
    archive.parent.mkdir()
    archive.write_bytes(pack({"good.mid": b"1", name: b"2"}))
    with pytest.raises(DownloadError, match="unsafe name"):
        unpack(archive, tmp_path / "deep" / "toy")
    assert names(tmp_path) == ["deep"]
    assert names(tmp_path / "deep") == [archive.name]


@pytest.mark.parametrize(
    "extra",
    [
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("link", tarfile.LNKTYPE, "good.mid"),
        special("pipe", tarfile.FIFOTYPE),
        special("device", tarfile.CHRTYPE),
    ],
    ids=["symbolic link", "hard link", "pipe", "device"],
)
def test_what_is_no_file_is_refused(tmp_path: Path, extra: tarfile.TarInfo) -> None:
    (tmp_path / "toy.tar.gz").write_bytes(tar_of({"good.mid": b"1"}, extra))
    with pytest.raises(DownloadError, match="link or device"):
        unpack(tmp_path / "toy.tar.gz", tmp_path / "toy")
    assert names(tmp_path) == ["toy.tar.gz"]


def test_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy.zip").write_bytes(zip_link("/etc/passwd"))
    with pytest.raises(DownloadError, match="link or device"):
        unpack(tmp_path / "toy.zip", tmp_path / "toy")
    assert names(tmp_path) == ["toy.zip"]


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_bomb_is_stopped(tmp_path: Path, suffix: str) -> None:
    pack = zip_of if suffix == "zip" else tar_of
    archive = tmp_path / f"toy.{suffix}"
    archive.write_bytes(pack({"a": bytes(300_000), "b": bytes(300_000)}))
    with pytest.raises(DownloadError, match="unpacks to more than 500000 bytes"):
        unpack(archive, tmp_path / "toy", largest=500_000)
    with pytest.raises(DownloadError, match="more than 1 files"):
        unpack(archive, tmp_path / "toy", most=1)
    unpack(archive, tmp_path / "toy", largest=600_000, most=2)
    assert names(tmp_path) == sorted(["toy", archive.name])


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole, packed = zip_of(FILES), tar_of(FILES)
    damaged = {
        "cut.zip": whole[:-30],
        "bit.zip": whole.replace(b"MThd", b"MThe", 1),  # the CRC no longer fits
        "cut.tar.gz": packed[:-200],
        "text.tar.gz": b"not an archive",
        "empty.zip": b"",
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DownloadError, match=f"{name} is damaged"):
            unpack(tmp_path / name, tmp_path / "toy")
    assert names(tmp_path) == sorted(damaged)


def test_shadow_files_and_repeats_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "toy.zip").write_bytes(
        zip_of({"a.mid": b"1", "__MACOSX/._a.mid": b"2", "a.mid/b.mid": b"3"})
    )
    unpack(tmp_path / "toy.zip", tmp_path / "toy")
    assert tree(tmp_path / "toy") == {"a.mid": b"1"}


def test_what_a_killed_unpack_left_is_cleared(shop: Shop, toy: Corpus, tmp_path: Path) -> None:
    (tmp_path / ".toy.unpacking-x1" / "toy").mkdir(parents=True)
    get(toy, tmp_path, sleep=no_sleep)
    assert names(tmp_path) == ["toy", "toy.json"]
