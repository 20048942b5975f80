"""Dask pool: the machines of a Dask cluster as the workers of a batch.

Seeds and the model are sent to the workers and files come back, so that the machines need no
common folder: composer has to be installed on them, and nothing else. When a worker is lost, Dask
gives its tasks to another one.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from composer import models
from composer.batch.jobs import BatchSpec, Result
from composer.batch.worker import NumberedTask, Worker, fail
from composer.distribution import install_extra
from composer.errors import ComposerError, DependencyError
from composer.generation.seed_plan import planner_of
from composer.network.predictor import Predictor

logger = logging.getLogger(__name__)

FULL_BATCHES = 4
"""Streams of one chunk of tasks, in full batches: enough that the end of a chunk, where the batch
runs empty, costs little."""
CHUNKS_PER_THREAD = 2
"""Chunks handed to the cluster at a time, for each of its threads."""
CONNECT_SECONDS = 30
"""Seconds in which a scheduler must answer."""

_thread = threading.local()
"""The network of each thread of a worker: an interpreter serves one thread."""


class DaskPool:
    """A Dask cluster that does tasks.

    Args:
        spec: What the tasks have in common.
        model: The model's folder.
        address: Of the scheduler, such as tcp://10.0.0.1:8786.
    """

    def __init__(self, spec: BatchSpec, model: Path, address: str) -> None:
        self._spec, self._model, self._address = spec, model, address

    def run(self, tasks: Iterator[NumberedTask]) -> Iterator[Result]:
        """Yield results as they come, in any order.

        Raises:
            DependencyError: Dask is not installed.
            ComposerError: There is no scheduler at the address.
        """
        try:
            from distributed import Client, as_completed
        except ImportError:
            raise DependencyError(
                f"--scheduler needs Dask; run: {install_extra('cluster')}"
            ) from None
        try:
            client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ComposerError(
                f"no Dask scheduler answers at {self._address} ({error})"
            ) from error
        with client:
            names = models.files_of(self._model)
            files = {name: (self._model / name).read_bytes() for name in names}
            # As a result of a task, not scattered: if the worker that holds it is lost, Dask
            # makes it again.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")
                model = client.submit(_identity, files, pure=False)
            chunks = _chunks(tasks, self._spec)
            handed: dict[str, list[NumberedTask]] = {}
            futures = as_completed(loop=client.loop)

            def hand(chunk: list[NumberedTask]) -> None:
                future = client.submit(_work, self._spec, model, chunk, pure=False)
                handed[future.key] = chunk
                futures.add(future)

            def hand_out() -> None:
                threads = sum(client.nthreads().values())
                while len(handed) < CHUNKS_PER_THREAD * max(threads, 1):
                    chunk = next(chunks, None)
                    if chunk is None:
                        return
                    hand(chunk)

            hand_out()
            for future in futures:
                chunk = handed.pop(future.key)
                if future.status == "finished":
                    yield from future.result()
                elif len(chunk) > 1:
                    # Its workers died each time. One task at a time will tell which it is.
                    for numbered in chunk:
                        hand([numbered])
                else:
                    cause = future.exception()
                    failure = ComposerError(f"it could not be made on the cluster ({cause})")
                    yield fail(self._spec, *chunk[0], failure)
                hand_out()


def _chunks(tasks: Iterator[NumberedTask], spec: BatchSpec) -> Iterator[list[NumberedTask]]:
    """Chunks of tasks that keep the network busy, with the bytes of their seeds."""
    chunk: list[NumberedTask] = []
    streams = 0
    for number, task in tasks:
        try:
            data = Path(task.path).read_bytes() if Path(task.path).is_file() else None
        except OSError:
            data = None
        # Without data, the worker's error says what is wrong with the path, as it would here.
        chunk.append((number, replace(task, data=data)))
        streams += len(task.variations)
        if streams >= FULL_BATCHES * spec.batch_size:
            yield chunk
            chunk, streams = [], 0
    if chunk:
        yield chunk


def _identity(files: dict[str, bytes]) -> dict[str, bytes]:
    return files


def _work(spec: BatchSpec, files: dict[str, bytes], chunk: list[NumberedTask]) -> list[Result]:
    """Do a chunk of tasks, in a thread of a worker of the cluster."""
    known: dict[str, Any] = _thread.__dict__.setdefault("predictors", {})
    if spec.model[1] not in known:
        with tempfile.TemporaryDirectory(prefix="composer-") as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            known.clear()
            known[spec.model[1]] = Predictor.load(Path(folder), threads=1)
            planner_of(known[spec.model[1]])  # while the folder is there
    return list(Worker(spec, known[spec.model[1]]).run(iter(chunk)))
