"""What sounds, written where it outlives the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.live.wire.sounding_notes import SoundingFile, left_behind


def test_a_second_file_of_one_process_does_not_wipe_the_first(tmp_path: Path) -> None:
    """Two containers may share a folder and a process number."""
    first = SoundingFile(tmp_path)
    first.set("midi synth", 0, 60, True)
    second = SoundingFile(tmp_path)
    second.set("midi organ", 1, 62, True)
    first.set("midi synth", 0, 64, True)  # a file cut short beneath would end the process
    assert len(list(tmp_path.iterdir())) == 2
    assert list(left_behind(tmp_path)) == []  # both live
    second.close()
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    first.close()
    path.write_bytes(data)  # as if it had been killed
    assert list(left_behind(tmp_path)) == [("midi synth", [(0, 60), (0, 64)])]
    assert not list(tmp_path.iterdir())


def test_what_has_ended_is_not_left_behind(tmp_path: Path) -> None:
    sounding = SoundingFile(tmp_path)
    sounding.set("osc 127.0.0.1 9191", 0, 60, True)
    sounding.set("osc 127.0.0.1 9191", 0, 60, False)
    sounding.set("osc 127.0.0.1 9192", 0, 60, True)
    sounding.forget("osc 127.0.0.1 9192")
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    sounding.close()
    path.write_bytes(data)
    assert list(left_behind(tmp_path)) == []


def test_without_a_place_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    sounding = SoundingFile(tmp_path / "file" / "folder")
    sounding.set("midi synth", 0, 60, True)
    sounding.close()
    assert list(left_behind(tmp_path / "file" / "folder")) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert list(left_behind(tmp_path / "none")) == []


@pytest.mark.parametrize("junk", [b"", b"x" * 100])
def test_a_damaged_record_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "sounding-1").write_bytes(junk)
    assert list(left_behind(tmp_path)) == []
