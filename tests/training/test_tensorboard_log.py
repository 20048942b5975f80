"""Event log: the bytes TensorBoard expects."""

from __future__ import annotations

from pathlib import Path

import pytest
from composer_training.tensorboard_log import (
    EventLog,
    crc32c,
    masked_crc,
    record,
    scalars_event,
    version_event,
)


def test_checksums_of_the_standard() -> None:
    """RFC 3720, appendix B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283


def test_a_record_by_hand() -> None:
    framed = record(b"abc")
    assert framed[:8] == bytes.fromhex("03 00 00 00 00 00 00 00")
    assert framed[8:12] == masked_crc(framed[:8]).to_bytes(4, "little")
    assert framed[12:15] == b"abc" and len(framed) == 19


def test_events_by_hand() -> None:
    assert version_event(1.0) == bytes.fromhex("09 000000000000F03F 1A 0D") + b"brain.Event:2"
    event = scalars_event(1.0, 300, {"a": 0.5})
    assert event == bytes.fromhex(
        "09 000000000000F03F"  # field 1, double: wall time
        "10 AC02"  # field 2, varint: step
        "2A 0A"  # field 5, message: summary of 10 bytes
        "0A 08"  # field 1, message: value of 8 bytes
        "0A 01 61"  # field 1, string: tag "a"
        "15 0000003F"  # field 2, float: 0.5
    )


@pytest.mark.filterwarnings("ignore")  # TensorBoard's own imports
def test_tensorboard_reads_it(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with EventLog(tmp_path, clock=lambda: 1e9) as log:
        log.add(10, {"train/total": 7.5, "train/pitch": 2.0})
        log.add(20, {"train/total": 6.25})
    read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["scalars"] == ["train/total", "train/pitch"]
    assert [(e.step, e.value) for e in read.Scalars("train/total")] == [(10, 7.5), (20, 6.25)]
