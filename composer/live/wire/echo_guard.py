"""Echo guard: whether a note that comes in is one of composer's own, sent back by a loop.

A loop (a DAW's track that sends composer's notes on to it) gives back every note, after the
same few milliseconds. A player who doubles composer's part gives back one now and then, and
on a keyboard of one velocity those look alike. So a match counts as an echo while the loop
shows: while at least half of the notes that were sent last came back, or none were sent long
enough ago to tell.

Conventions:
    Moments are seconds.
"""

from __future__ import annotations

from collections import deque

ECHO = 0.25
"""Seconds within which the very note that was sent comes back, if there is a loop."""
JUDGED = 8
"""Notes sent last by which it is judged whether there is one."""
REMEMBERED = 512


class EchoGuard:
    """Compares what comes in with what was sent.

    Attributes:
        echoes: Notes that were taken for echoes.
    """

    def __init__(self) -> None:
        self.echoes = 0
        self._sent: deque[tuple[float, int, int, int]] = deque(maxlen=REMEMBERED)
        self._outcomes: deque[bool] = deque(maxlen=JUDGED)  # whether it came back
        self._back: set[tuple[int, int]] = set()

    def sent(self, moment: float, channel: int, pitch: int, velocity: int) -> None:
        """A note was sent."""
        self._sent.append((moment, channel, pitch, velocity))

    def is_echo(self, now: float, channel: int, pitch: int, velocity: int) -> bool:
        """Whether a note that begins is one of composer's own."""
        self._settle(now)
        self._back.discard((channel, pitch))
        for index, sent in enumerate(self._sent):
            if sent[1:] == (channel, pitch, velocity):
                looped = 2 * sum(self._outcomes) >= len(self._outcomes)
                del self._sent[index]
                self._outcomes.append(True)
                if looped:
                    self.echoes += 1
                    self._back.add((channel, pitch))
                return looped
        return False

    def is_end_of_echo(self, channel: int, pitch: int) -> bool:
        """Whether a note that ends is an echo's."""
        if (channel, pitch) in self._back:
            self._back.discard((channel, pitch))
            return True
        return False

    def _settle(self, now: float) -> None:
        """What did not come back by now will not."""
        while self._sent and now - self._sent[0][0] > ECHO:
            self._sent.popleft()
            self._outcomes.append(False)
