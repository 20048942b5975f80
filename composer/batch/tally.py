"""Tally: how far a batch run is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_LISTED = 1000
"""Failures that a tally names; the manifest has all."""


@dataclass(slots=True)
class Tally:
    """How far a run is, and what came of it.

    Attributes:
        seeds: Seeds found.
        total: Continuations there will be in the end, without failures.
        made: Written by this run.
        found: Done by an earlier run.
        failed: Failures, in whole seeds or single continuations.
        notes: Written by this run.
        seconds: Of music written by this run.
        took: Seconds of the run.
        failures: The first `MOST_LISTED` of them, (seed, reason).
        unused: Lines of settings tables that match no seed.
    """

    seeds: int = 0
    total: int = 0
    made: int = 0
    found: int = 0
    failed: int = 0
    notes: int = 0
    seconds: float = 0.0
    took: float = 0.0
    failures: list[tuple[str, str]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Continuations that are in the output folder."""
        return self.made + self.found

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}
