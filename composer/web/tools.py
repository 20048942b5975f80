"""Tools: what requests are done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from composer.network.predictor import Predictor

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """What requests are done with.

    Attributes:
        predictor: The network; loaded when it is called for.
        seeds: Folder of the seeds that ship with composer.
        progress: Told the share done, 0..1.
    """

    predictor: Callable[[], Predictor]
    seeds: Path
    progress: Progress
