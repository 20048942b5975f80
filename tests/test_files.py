"""Files: whole or absent, and what goes wrong in one line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from composer import files
from composer.errors import OutputError


def refusal(path: str | Path, *, force: bool = False) -> str:
    with pytest.raises(OutputError) as caught:
        files.write(b"new", path, force=force)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with files.whole(tmp_path / "a") as stream:
        stream.write(b"one")
        stream.flush()
        assert not (tmp_path / "a").exists()
        assert len(os.listdir(tmp_path)) == 1
    assert (tmp_path / "a").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, ValueError])
def test_what_fails_half_way_leaves_what_was_there(
    tmp_path: Path, error: type[BaseException]
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(error), files.whole(tmp_path / "a", force=True) as stream:
        stream.write(b"half")
        raise error
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_there_stays_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    assert "a exists" in refusal(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"old"
    files.write(b"new", tmp_path / "a", force=True)
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_link_to_nowhere_is_something(tmp_path: Path) -> None:
    try:
        (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("links are not allowed here")
    assert "a exists" in refusal(tmp_path / "a")
    assert not (tmp_path / "nowhere").exists()


def test_places_that_cannot_be(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path, force=True)
    assert "does not exist; make it first" in refusal(tmp_path / "no" / "a")
    assert "cannot be written" in refusal(tmp_path / ("x" * 300))
    assert "cannot be written" in refusal(f"{tmp_path}/zero\0")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "the disk is full; make room"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "cannot be written: "),
    ],
)
def test_what_the_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, line: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    assert line in refusal(tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_names_are_shown_on_one_line() -> None:
    assert files.shown("a\nb\udc80.mid") == r"a\nb\udc80.mid"
    assert files.reason(OSError("two\nlines")) == "two lines"
    assert files.reason(ValueError()) == "ValueError"


def test_files_that_belong_together_come_together(tmp_path: Path) -> None:
    with files.together() as begin:
        for name in ("a", "b"):
            with begin(tmp_path / name) as stream:
                stream.write(name.encode())
        assert not (tmp_path / "a").exists()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def test_where_one_of_several_fails_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"), files.together() as begin:
        with begin(tmp_path / "a") as stream:
            stream.write(b"whole")
        with begin(tmp_path / "no" / "b") as stream:
            stream.write(b"nowhere to go")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("force", [False, True])
def test_where_one_of_several_loses_its_name_all_is_as_before(
    tmp_path: Path, force: bool, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not links:  # as on FAT
        monkeypatch.setattr(os, "link", no_link)
    if force:
        (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"b (exists|cannot be written)"):  # noqa: SIM117
        with files.together(force=force) as begin:
            for name in ("new", "a", "b"):
                with begin(tmp_path / name) as stream:
                    stream.write(b"new")
            (tmp_path / "b").mkdir()  # someone else is quicker
    assert sorted(os.listdir(tmp_path)) == (["a", "b"] if force else ["b"])
    assert not force or (tmp_path / "a").read_bytes() == b"old"


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal(tmp_path / "pipe", force=True)
    assert (tmp_path / "pipe").is_fifo()
