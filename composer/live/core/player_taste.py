"""Player taste: what a session has learnt of what its player likes. No I/O.

Marks name a reply by its id. Its traits are kept until many others have been played, so that one
that has gone by can still be marked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from composer.taste.preference import Preference
from composer.taste.words import told

Span = tuple[int, int]
"""Ticks of the session from which and up to which a reply is played."""

REMEMBERED = 64
"""Replies that can still be marked."""


class PlayerTaste:
    """The taste of one session's player.

    Attributes:
        preference: What has been learnt.
    """

    def __init__(
        self, preference: Preference | None = None, learnt: Callable[[], None] = lambda: None
    ) -> None:
        """Begin.

        Args:
            preference: What is known from before; None: nothing is.
            learnt: Called when something was learnt, or forgotten.
        """
        self.preference = preference or Preference()
        self._learnt = learnt
        self._replies: dict[int, NDArray[np.float64]] = {}
        self._spans: dict[int, Span | None] = {}
        self._marked: dict[int, bool] = {}
        self._favourite = 0  # id of the reply that was liked last

    @property
    def known(self) -> bool:
        """Whether anything has been learnt."""
        return self.preference.count > 0

    @property
    def favourite(self) -> Span | None:
        """Where the reply lies that was liked last; None if none was, or it is long ago."""
        return self._spans.get(self._favourite)

    def heard(
        self, number: int, traits: NDArray[np.float64] | None, span: Span | None = None
    ) -> None:
        """A reply was played, as far as it came.

        Args:
            number: Its id.
            traits: Of `composer.taste.traits`, [K]; None if nothing was played.
            span: Where it lies.
        """
        if traits is None or number in self._replies:
            return
        self.preference.played(traits)
        self._replies[number], self._spans[number] = traits, span
        if len(self._replies) > REMEMBERED:
            oldest = next(iter(self._replies))
            del self._replies[oldest], self._spans[oldest]
            self._marked.pop(oldest, None)

    def mark(self, number: int, liked: bool) -> bool:
        """A reply is liked or disliked. Returns whether anything is learnt from that.

        The same mark twice is one; a reply of which nothing is known says nothing.
        """
        traits = self._replies.get(number)
        if traits is None or self._marked.get(number) == liked:
            return False
        self._marked[number] = liked
        if liked:
            self._favourite = number
        elif self._favourite == number:
            self._favourite = 0
        self.preference.mark(traits, liked)
        self._learnt()
        return True

    def told(self) -> list[str]:
        """What has been learnt, a sentence each."""
        return told(self.preference)

    def reset(self) -> None:
        """Forget all marks."""
        self.preference.reset()
        self._marked.clear()
        self._favourite = 0
        self._learnt()
