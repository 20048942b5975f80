"""The manifest on a disk that fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from composer.batch import manifest
from composer.batch.manifest import Manifest


def record(seed: str, variation: int) -> dict[str, Any]:
    return {"seed": seed, "variation": variation, "notes": 12}


def lines(path: Path) -> list[tuple[str, int]]:
    return [(line["seed"], line["variation"]) for line in manifest.read(path)]


def test_a_manifest_that_cannot_be_replaced_stays_and_can_be_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows while another program has the file open."""
    log = Manifest(tmp_path / manifest.NAME)
    log.add(record("b.mid", 1))
    log.add(record("a.mid", 1))

    def replace(source: Any, target: Any) -> None:
        raise PermissionError(errno.EACCES, "in use", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(PermissionError, match="in use"):
            log.settle()
    assert lines(log.path) == [("b.mid", 1), ("a.mid", 1)]
    assert [path.name for path in tmp_path.iterdir()] == [manifest.NAME]
    log.add(record("c.mid", 1))
    log.settle()
    log.close()
    assert lines(log.path) == [("a.mid", 1), ("b.mid", 1), ("c.mid", 1)]


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    log = Manifest(tmp_path / manifest.NAME)
    log.close()
    other = os.open(tmp_path / manifest.NAME, os.O_RDONLY)  # takes the number that is free now
    log.close()
    assert os.fstat(other).st_size == 0  # still open
    os.close(other)


def test_lines_written_in_pieces_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    log = Manifest(tmp_path / manifest.NAME)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, data[:7]))
        log.add(record("a.mid", 1))
        log.add(record("b.mid", 2))
    assert log.of("b.mid") == [record("b.mid", 2)]
    log.close()
    assert lines(log.path) == [("a.mid", 1), ("b.mid", 2)]


def test_a_line_that_the_disk_has_no_room_for_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    log = Manifest(tmp_path / manifest.NAME)
    log.add(record("a.mid", 1))
    room = 20

    def full(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "no room")
        written = write(file, data[:room])
        room -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="no room"):
            log.add(record("b.mid", 1))
    log.add(record("c.mid", 1))
    log.close()
    assert lines(log.path) == [("a.mid", 1), ("c.mid", 1)]
