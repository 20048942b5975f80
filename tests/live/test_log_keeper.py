"""When sessions are written to files, and which files stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from composer.errors import OutputError
from composer.formats import midi
from composer.live.core.session_log import SessionLog
from composer.live.log_keeper import SAVED_EVERY, LogKeeper, remove_oldest


class Keeper:
    """A keeper that writes at once, and notes down what went wrong."""

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self.results: list[object] = []
        self.keeper = LogKeeper(folder, self.job, most=most)

    def job(self, work: object, then: object) -> None:
        try:
            result = work()  # type: ignore[operator]
        except Exception as error:
            result = error
        self.results.append(result)
        then(result, 0.0)  # type: ignore[operator]


def a_note(log: SessionLog, moment: float) -> None:
    log.place(moment, None, 120.0)
    log.begin(moment, (0, 60), 100)
    log.end(moment + 0.5, (0, 60))


def test_a_log_is_written_a_minute_after_its_first_note_and_at_its_end(tmp_path: Path) -> None:
    keeper, log = Keeper(tmp_path), SessionLog()
    a_note(log, 0.0)
    for second in range(int(SAVED_EVERY)):
        keeper.keeper.keep(second, "a", log)
    assert not list(tmp_path.iterdir())
    keeper.keeper.keep(SAVED_EVERY, "a", log)
    (path,) = tmp_path.iterdir()
    assert midi.read(path).note_count == 1
    a_note(log, 70.0)
    keeper.keeper.end("a", log)
    assert list(tmp_path.iterdir()) == [path]
    assert midi.read(path).note_count == 2


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="jams cannot be kept in"):
        LogKeeper(tmp_path / "file" / "jams", Keeper(tmp_path).job).prepare()
    LogKeeper(tmp_path / "new" / "jams", Keeper(tmp_path).job).prepare()
    assert (tmp_path / "new" / "jams").is_dir() and not list((tmp_path / "new/jams").iterdir())


def test_a_mark_without_any_music_is_no_file(tmp_path: Path) -> None:
    keeper, log = Keeper(tmp_path), SessionLog()
    log.mark(0.0, "like", 1)
    for second in range(0, 200, 10):
        keeper.keeper.keep(second, "a", log)
    keeper.keeper.end("a", log)
    assert keeper.results == []
    assert not list(tmp_path.iterdir())


def test_only_the_newest_stay_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for day in range(1, 10):
        (tmp_path / f"2026010{day}-120000-main-1.mid").write_bytes(b"")
    (tmp_path / "my own.mid").write_bytes(b"")
    remove_oldest(tmp_path, 3)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"2026010{day}-120000-main-1.mid" for day in (7, 8, 9)] + ["my own.mid"]
    keeper, log = Keeper(tmp_path, most=2), SessionLog()
    a_note(log, 0.0)
    keeper.keeper.end("main", log)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 3
    assert names[0] == "20260109-120000-main-1.mid"
