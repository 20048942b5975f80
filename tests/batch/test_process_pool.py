"""A pool of worker processes, with tasks that need no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pool_tasks import DEADLY, Doubled, begin, begin_and_die, begin_without_model, failed

from composer.batch.process_pool import ProcessPool
from composer.errors import ComposerError, ModelError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


def results(pool: ProcessPool[int, Doubled], values: list[int]) -> dict[int, Doubled]:
    return {result.task: result for result in pool.run(enumerate(values))}


@pytest.mark.parametrize("count", [1, 3])
def test_every_task_is_done(count: int) -> None:
    made = results(ProcessPool(begin, failed, count), list(range(10)))
    assert [made[number].value for number in range(10)] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]


def test_no_tasks_no_results() -> None:
    assert results(ProcessPool(begin, failed, 2), []) == {}


def test_a_task_that_kills_its_worker_fails_and_no_other() -> None:
    made = results(ProcessPool(begin, failed, 1), [1, DEADLY, 3, 4])
    assert made == {
        0: Doubled(0, 2),
        1: Doubled(1, error="its worker process died each time (SIGKILL)"),
        2: Doubled(2, 6),
        3: Doubled(3, 8),
    }


def test_workers_that_die_at_once_are_not_replaced_for_ever() -> None:
    with pytest.raises(ComposerError, match=r"worker processes die at once \(SIGKILL\)"):
        results(ProcessPool(begin_and_die, failed, 1), [1])


def test_a_worker_that_cannot_begin_says_why() -> None:
    pool = ProcessPool(begin_without_model, failed, 2)
    with pytest.raises(ModelError, match="there is no model"):
        results(pool, [1])
    assert pool.pids == []


def test_workers_do_not_import_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`random.py` beside somebody's seeds is not Python's."""
    for name in ("random", "tempfile", "struct"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from here')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    assert results(ProcessPool(begin, failed, 1), [21])[0].value == 42
    assert "PYTHONSAFEPATH" not in os.environ
