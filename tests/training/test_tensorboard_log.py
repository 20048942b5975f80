"""The TensorBoard log, read by TensorBoard."""

from __future__ import annotations

from pathlib import Path

import pytest
from composer_training.tensorboard_log import EventLog


@pytest.mark.filterwarnings("ignore")  # TensorBoard's own imports
def test_tensorboard_reads_it_while_it_is_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with EventLog(tmp_path, clock=lambda: 1e9) as log:
        log.add(10, {"train/total": 7.5, "train/pitch": 2.0})
        log.add(20, {"train/total": 6.25})
        read = EventAccumulator(str(tmp_path)).Reload()
    assert read.Tags()["scalars"] == ["train/total", "train/pitch"]
    scalars = [(event.wall_time, event.step, event.value) for event in read.Scalars("train/total")]
    assert scalars == [(1e9, 10, 7.5), (1e9, 20, 6.25)]
    assert log.path.name == "events.out.tfevents.1000000000.000000.composer." + log.path.suffix[1:]


def test_a_run_that_is_resumed_writes_a_file_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    first, second = (EventLog(tmp_path, clock=lambda now=now: now) for now in (1e9, 2e9))
    assert sorted(tmp_path.iterdir()) == [first.path, second.path]
    for log in (first, second):
        log.__exit__(None, None, None)
