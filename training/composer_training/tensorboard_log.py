"""Event log: curves that TensorBoard shows, written without TensorBoard or TensorFlow.

A file of TFRecords (length, its checksum, content, its checksum), each an `Event` in
protocol-buffer encoding. The few fields that scalars need are encoded here, so that a run
on JAX or PyTorch writes them too, and none waits for an import.

Source: tensorflow/core/lib/io/record_writer.h (framing, masked CRC-32C),
tensorflow/core/util/event.proto and framework/summary.proto (field numbers).
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType


def _crc_table() -> tuple[int, ...]:
    """CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, by the byte."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """CRC-32C of some bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """The checksum as TFRecords store it: rotated and offset, so that it may be nested."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(content: bytes) -> bytes:
    """One framed TFRecord."""
    length = struct.pack("<Q", len(content))
    return (
        length
        + struct.pack("<I", masked_crc(length))
        + content
        + struct.pack("<I", masked_crc(content))
    )


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _head(wall_time: float) -> bytes:
    return _varint(1 << 3 | 1) + struct.pack("<d", wall_time)


def version_event(wall_time: float) -> bytes:
    """The event with which every file begins."""
    return _head(wall_time) + _message(3, b"brain.Event:2")


def scalars_event(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    """An event with some scalars of one step."""
    summary = b"".join(
        _message(1, _message(1, tag.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", value))
        for tag, value in values.items()
    )
    return _head(wall_time) + _varint(2 << 3) + _varint(step) + _message(5, summary)


class EventLog:
    """An open event file; a run that is resumed opens a new one beside the old ones."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """A new file.

        Args:
            folder: Where TensorBoard looks.
            clock: Seconds since 1970.

        Raises:
            OSError: The folder cannot be written.
        """
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True)
        began = clock()
        # TensorBoard reads files in the order of their names.
        self.path = folder / f"events.out.tfevents.{began:017.6f}.composer.{os.getpid()}"
        self._file = self.path.open("wb")
        self._file.write(record(version_event(began)))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write some scalars of one step, and see that a reader finds them."""
        self._file.write(record(scalars_event(self._clock(), step, values)))
        self._file.flush()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
