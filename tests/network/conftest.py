"""What the tests of networks share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def float32() -> Iterator[None]:
    """Keras as it starts, whatever precision a test that ran before has asked for."""
    if "keras" in sys.modules:
        import keras

        keras.config.set_dtype_policy("float32")
    yield
