"""Rate: how much may come in how short a time, as a bucket of tokens.

Conventions:
    Moments are seconds on any clock, handed in.
"""

from __future__ import annotations


class Rate:
    """A bucket that fills at a steady rate, and from which what comes takes."""

    def __init__(self, per_second: float, burst: float) -> None:
        """Full.

        Args:
            per_second: Tokens that come back in a second.
            burst: Tokens that it holds.
        """
        self._per_second, self._burst = per_second, burst
        self._left, self._seen = burst, 0.0

    def wait(self, now: float, tokens: float = 1.0) -> float:
        """Take tokens. Returns the seconds for which whoever takes them has to wait."""
        if self._seen:
            self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        self._left -= tokens
        return max(-self._left / self._per_second, 0.0)

    def allows(self, now: float) -> bool:
        """Take a token if there is one."""
        if self.wait(now, 0.0) > 0 or self._left < 1:
            return False
        self._left -= 1
        return True
