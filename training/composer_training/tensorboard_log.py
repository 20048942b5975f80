"""TensorBoard log: curves of a run, in files that TensorBoard shows.

Events are TensorBoard's own messages in its own framing. They are written at once and in this
thread, not by its `EventFileWriter`, so that a full disk ends the run where it is reported.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from composer.distribution import install_extra
from composer.errors import DependencyError


class EventLog:
    """An open event file; a run that is resumed opens a new one beside the old ones."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """A new file.

        Args:
            folder: Where TensorBoard looks.
            clock: Seconds since 1970.

        Raises:
            DependencyError: TensorBoard is not installed.
            OSError: The folder cannot be written.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about what TensorBoard itself imports
                from tensorboard.compat.proto.event_pb2 import Event
                from tensorboard.compat.proto.summary_pb2 import Summary
                from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError as error:
            raise DependencyError(f"curves need tensorboard: {install_extra('train')}") from error
        self._event, self._summary, self._clock = Event, Summary, clock
        folder.mkdir(parents=True, exist_ok=True)
        began = clock()
        # TensorBoard reads files in the order of their names.
        self.path = folder / f"events.out.tfevents.{began:017.6f}.composer.{os.getpid()}"
        self._records = RecordWriter(self.path.open("wb"))
        self._write(Event(wall_time=began, file_version="brain.Event:2"))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write some scalars of one step, so that a reader finds them at once."""
        scalars = [
            self._summary.Value(tag=tag, simple_value=value) for tag, value in values.items()
        ]
        summary = self._summary(value=scalars)
        self._write(self._event(wall_time=self._clock(), step=step, summary=summary))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())
        self._records.flush()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._records.close()
