"""What all tests of live playing need."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _log_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command run in this process before may have taken the log from `caplog`."""
    monkeypatch.setattr(logging.getLogger("composer"), "propagate", True)
