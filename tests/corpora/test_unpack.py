"""Archives that are no plain files in folders are refused, and nothing of them is left."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from archives import FILES, names, tar_of, tree, zip_of

from composer.corpora.unpack import unpack
from composer.errors import DownloadError


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
