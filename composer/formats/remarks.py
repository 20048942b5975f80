"""Remarks: what a reader could not make sense of, in lines for whoever wants to know."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

Remark = Callable[[str], None]
"""Takes one line, which does not name the file: the caller knows it."""


def to_log(line: str) -> None:
    """The remark as a warning in the log."""
    logger.warning("%s", line)
