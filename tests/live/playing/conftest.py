"""The network of live sessions, small."""

from __future__ import annotations

import pytest
from live.tiny import tiny_predictor

from composer.live.playing.inference import InferenceScheduler


@pytest.fixture
def scheduler() -> InferenceScheduler:
    return InferenceScheduler(tiny_predictor())
