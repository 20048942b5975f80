"""The process that does requests: one at a time, not for ever, and replaced when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import pytest

from composer.web.rate import Rate
from composer.web.worker import MOST_WAITING, Busy, Refused, Worker

NOTES = {"notes": [{"pitch": 60, "start_beat": 0}, {"pitch": 64, "start_beat": 1}]}


def test_a_request_is_done_and_a_wrong_one_refused_by_the_same_process() -> None:
    async def ask() -> None:
        worker = Worker("default")
        try:
            answer = await worker.run("read", NOTES)
            assert [note["pitch"] for note in answer["music"]["notes"]] == [60, 64]
            process = worker.pid
            with pytest.raises(Refused, match="there are no notes") as refused:
                await worker.run("read", {"notes": "none"})
            assert refused.value.kind == "SeedError"
            assert worker.pid == process and worker.done == 1
        finally:
            await worker.close()

    asyncio.run(ask())


def test_what_takes_too_long_is_ended_and_the_next_is_done() -> None:
    async def ask() -> None:
        worker = Worker("default", patience=0.01)
        try:
            with pytest.raises(Refused, match="this took longer than") as refused:
                await worker.run("read", NOTES)
            assert refused.value.kind == "Timeout"
            worker.patience = 300.0
            assert (await worker.run("read", NOTES))["grid"] == "beats"
        finally:
            await worker.close()

    asyncio.run(ask())


def test_a_process_that_is_killed_is_replaced() -> None:
    async def ask() -> None:
        worker = Worker("default")
        try:
            await worker.run("read", NOTES)
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGTERM)
            with contextlib.suppress(Refused):  # it may have been written to before it ended
                await worker.run("read", NOTES)
            assert (await worker.run("read", NOTES))["grid"] == "beats"
        finally:
            await worker.close()

    asyncio.run(ask())


def test_more_than_a_few_do_not_wait_in_line() -> None:
    async def ask() -> None:
        worker = Worker("default")
        waiting = [asyncio.ensure_future(worker.run("read", NOTES)) for _ in range(MOST_WAITING)]
        try:
            await asyncio.sleep(0)
            with pytest.raises(Busy, match="wait already"):
                await worker.run("read", NOTES)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await worker.close()
        assert worker.waiting == 0

    asyncio.run(ask())


def test_a_rate_gives_its_burst_at_once_and_the_rest_with_time() -> None:
    rate = Rate(per_second=10, burst=3)
    assert [rate.allows(1.0) for _ in range(4)] == [True, True, True, False]
    assert not rate.allows(1.05)
    assert rate.allows(1.2)
    assert [rate.allows(9.0) for _ in range(4)] == [True, True, True, False]
