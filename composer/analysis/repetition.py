"""Repetition: how often one stream of events repeats itself, and how much it plays at once.

Every bar is compared with the `LOOK_BACK` bars before it; of each part it is counted how often
it begins an onset with the same pitch again; and the notes of the bar and of the chord so far
are counted.

Conventions:
    Ticks are event ticks. A tracker is changed by `update`; `copy` keeps the old one.
"""

from __future__ import annotations

from dataclasses import dataclass

from composer.encoding.events import PART, PITCH, SHIFT, SHIFT_TICKS, SLOTS, Events

LOOK_BACK = 4
"""Bars with which a finished bar is compared."""
HEARD = 512
"""Last notes of a seed that are looked at."""

_FOLD, _MASK = 6364136223846793005, (1 << 64) - 1
"""A step of a linear congruential generator (Knuth, TAOCP 2, 3.3.4): folds a bar's notes
into its print."""
_TICKS = SHIFT_TICKS.tolist()


@dataclass(frozen=True, slots=True)
class RepetitionLimits:
    """How much a seed repeats itself, and so how much its continuation may.

    Attributes:
        bars: Most repeats of a bar in a row.
        strikes: Most onsets in a row at which a part began with the same key.
    """

    bars: int
    strikes: int


class RepetitionTracker:
    """See the module's docstring.

    Attributes:
        repeats: Bars in a row that were like one shortly before.
        lowest: Of every part's last onset its lowest key, -1 for none yet, [32].
        strikes: How often in a row it was that, [32].
        in_bar: Notes that began in this bar.
        in_chord: Notes of the last note's part on its onset.
    """

    __slots__ = ("_current", "_here", "_past", "in_bar", "in_chord", "lowest", "repeats", "strikes")

    def __init__(self) -> None:
        self.repeats = 0
        self.lowest = [-1] * SLOTS
        self.strikes = [0] * SLOTS
        self.in_bar = self.in_chord = 0
        self._current = 0  # print of the bar so far
        self._past: tuple[int, ...] = ()  # prints of the bars before it, the latest first
        self._here = 0  # a bit for each part that has played on this onset

    def update(self, ticks: int, inside: int, bar: int, part: int, key: int) -> None:
        """Take in one more note.

        Args:
            ticks: From the last note to it.
            inside: From the bar line to the last note.
            bar: Ticks of the bar.
            part: Its slot.
            key: Its pitch.
        """
        after = inside + ticks
        if after >= bar:
            done = self._current
            self.repeats = self.repeats + 1 if done and done in self._past else 0
            self._past = (done, *self._past[: LOOK_BACK - 1])
            self._current = self.in_bar = 0
        # Place in the bar, part and pitch of every note.
        place = after % bar * 4096 + part * 128 + key + 1
        self._current = (self._current * _FOLD + place) & _MASK
        if ticks:
            self._here = 0
        if self._here >> part & 1:
            self.in_chord += 1
        else:
            self._here |= 1 << part
            self.strikes[part] = self.strikes[part] + 1 if self.lowest[part] == key else 1
            self.lowest[part] = key
            self.in_chord = 1
        self.in_bar += 1

    def begins(self, ticks: int, part: int) -> bool:
        """Whether a part's note that many ticks ahead would be the lowest of its onset."""
        return ticks > 0 or not self._here >> part & 1

    def copy(self) -> RepetitionTracker:
        """Another tracker at the same place."""
        made = RepetitionTracker()
        made.repeats, made.in_bar, made.in_chord = self.repeats, self.in_bar, self.in_chord
        made.lowest, made.strikes = self.lowest.copy(), self.strikes.copy()
        made._current, made._past, made._here = self._current, self._past, self._here
        return made


def measure_repetition(events: Events, bar: int) -> tuple[RepetitionLimits, RepetitionTracker]:
    """Measure how much a seed (its last `HEARD` notes) repeats itself.

    Args:
        events: The seed.
        bar: Ticks of a bar.

    Returns:
        What it allows itself, and a tracker that has its last bars in memory.
    """
    tracker = RepetitionTracker()
    inside = bars = strikes = 0
    for row in events.rows[-HEARD:].tolist():
        ticks, part = _TICKS[row[SHIFT]], row[PART]
        tracker.update(ticks, inside, bar, part, row[PITCH])
        inside = (inside + ticks) % bar
        bars, strikes = max(bars, tracker.repeats), max(strikes, tracker.strikes[part])
    tracker.repeats = 0
    tracker.strikes = [0] * SLOTS
    return RepetitionLimits(bars, strikes), tracker
