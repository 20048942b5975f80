"""Strategy: how composer takes part in a mode: it answers, or plays along.

`composer.live.core.session` hands on what the player does; a strategy decides when the reply
player asks for a reply and when it commits to it.

Conventions:
    Moments are seconds on the session's clock.
"""

from __future__ import annotations

from typing import Protocol


class Strategy(Protocol):
    """One way of taking part."""

    def strike(self, now: float) -> None:
        """The player is about to strike a key: it is not heard yet."""
        ...

    def struck(self, now: float) -> None:
        """The note that the player struck is heard."""
        ...

    def deadline(self) -> float:
        """The moment at which `rest` has something to do; infinite if never."""
        ...

    def rest(self, now: float) -> None:
        """Nothing holds the phrase open: do what is due in this silence."""
        ...
