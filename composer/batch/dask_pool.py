"""Cluster: the machines of a Dask cluster as workers of a batch.

Seeds and the model travel to the workers and files come back, so that they need share no
folder: composer has to be installed on them, nothing else. Whatever a worker that is lost
had in hand Dask gives to another one.
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
from composer.batch.jobs import BatchSpec, Made
from composer.batch.worker import Numbered, Worker, fail
from composer.distribution import install_extra
from composer.errors import ComposerError, DependencyError
from composer.network.predictor import Predictor

logger = logging.getLogger(__name__)

ROUNDS = 4
"""Streams of one piece of work, in full batches: enough that the end of each, where the
batch runs empty, costs little."""
AHEAD = 2
"""Pieces of work that wait for each thread of the cluster."""
PATIENCE = 30
"""Seconds in which a scheduler must answer."""

_own = threading.local()
"""The network of each thread of a worker: an interpreter serves one thread."""


class Cluster:
    """A Dask cluster that makes what it is handed.

    Args:
        order: What holds for the run.
        model: The model's folder.
        address: Of the scheduler, such as tcp://10.0.0.1:8786.
    """

    def __init__(self, order: BatchSpec, model: Path, address: str) -> None:
        self._order, self._model, self._address = order, model, address

    def make(self, tasks: Iterator[Numbered]) -> Iterator[Made]:
        """Yield what comes of tasks, in any order; see `Worker.make`.

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
            client = Client(self._address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ComposerError(
                f"no Dask scheduler answers at {self._address} ({error})"
            ) from error
        with client:
            files = {name: (self._model / name).read_bytes() for name in models.FILES}
            # As a result of a task, not scattered: if the worker that holds it is lost, Dask
            # makes it again.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")
                model = client.submit(_same, files, pure=False)
            pieces = _pieces(tasks, self._order)
            handed: dict[str, list[Numbered]] = {}
            waiting = as_completed(loop=client.loop)

            def hand(piece: list[Numbered]) -> None:
                future = client.submit(_work, self._order, model, piece, pure=False)
                handed[future.key] = piece
                waiting.add(future)

            def hand_out() -> None:
                threads = sum(client.nthreads().values())
                while len(handed) < AHEAD * max(threads, 1):
                    piece = next(pieces, None)
                    if piece is None:
                        return
                    hand(piece)

            hand_out()
            for future in waiting:
                piece = handed.pop(future.key)
                if future.status == "finished":
                    yield from future.result()
                elif len(piece) > 1:
                    # Its workers died each time: find the seed that does it.
                    for numbered in piece:
                        hand([numbered])
                else:
                    cause = future.exception()
                    told = ComposerError(f"it could not be made on the cluster ({cause})")
                    yield fail(self._order, *piece[0], told)
                hand_out()


def _pieces(tasks: Iterator[Numbered], order: BatchSpec) -> Iterator[list[Numbered]]:
    """Tasks in lots that keep the network busy, with the bytes of their seeds."""
    piece: list[Numbered] = []
    streams = 0
    for number, task in tasks:
        try:
            data = Path(task.path).read_bytes() if Path(task.path).is_file() else None
        except OSError:
            data = None
        # Without data the worker says what is wrong with the path, as it would here.
        piece.append((number, replace(task, data=data)))
        streams += len(task.variations)
        if streams >= ROUNDS * order.size:
            yield piece
            piece, streams = [], 0
    if piece:
        yield piece


def _same(files: dict[str, bytes]) -> dict[str, bytes]:
    return files


def _work(order: BatchSpec, files: dict[str, bytes], piece: list[Numbered]) -> list[Made]:
    """Make some tasks, in a thread of a worker of the cluster."""
    known: dict[str, Any] = _own.__dict__.setdefault("predictors", {})
    if order.model[1] not in known:
        with tempfile.TemporaryDirectory(prefix="composer-") as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            known.clear()
            known[order.model[1]] = Predictor.load(Path(folder), threads=1)
    return list(Worker(order, known[order.model[1]]).make(iter(piece)))
