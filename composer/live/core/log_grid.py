"""Log grid: where the beats of a jam lay, for the file that keeps it.

A jam's tempo comes from a host, whose clock wanders a little, from messages, or from nobody.
The grid keeps the places at which the jam was really elsewhere than the tempo so far says:
small corrections are left out, so that a steady host is one tempo in the file, and a tempo
change stands where it was made, not at the next note.

Conventions:
    Moments are seconds on the session's clock. Beats are quarter notes from the bar line at or
    before the first note, which is beat 0 of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from composer.music.timing import MetreMap, TempoMap, bpm_to_tempo

FREE_BPM: Final = 120.0
"""The tempo that a file has where nobody gave one."""
WANDER: Final = 0.01
"""Share of the tempo by which a clock wanders, and nothing is meant."""
NEAR: Final = 0.017
"""Beats from where the grid says it is within which the host is on it: some 8 ms at 120."""
JUMP: Final = 0.5
"""Beats from there from which on the host is at another place in the music."""


class Anchor(NamedTuple):
    """A moment at which it is known which beat it was.

    Attributes:
        moment: When.
        beat: In the file.
        bpm: Quarter notes per minute from here on.
        ahead: Beats that the host's place is ahead of the file's.
    """

    moment: float
    beat: float
    bpm: float
    ahead: float


@dataclass(slots=True)
class LogGrid:
    """The beats of one jam.

    Attributes:
        anchors: In order; none before anything is known.
        metres: (beat of a bar line, numerator, denominator), from which on bars are so long.
    """

    anchors: list[Anchor] = field(default_factory=list)
    metres: list[tuple[float, int, int]] = field(default_factory=list)

    def place(
        self, moment: float, beat: float | None, bpm: float, metre: tuple[int, int] = (4, 4)
    ) -> None:
        """The jam is at a beat now and goes at a tempo.

        Args:
            moment: Now; what lies before the last anchor is left out.
            beat: The host's or the session's, counted from a bar line; None in free time.
            bpm: Quarter notes per minute, in free time `FREE_BPM`.
            metre: In force.
        """
        bar = 4 * metre[0] / metre[1]
        if not self.anchors:
            here = 0.0 if beat is None else beat % bar
            self.anchors.append(Anchor(moment, here, bpm, 0.0 if beat is None else beat - here))
            self.metres.append((0.0, *metre))
            return
        last = self.anchors[-1]
        if moment < last.moment:
            return
        expected = last.beat + (moment - last.moment) * last.bpm / 60
        off = 0.0 if beat is None else beat - last.ahead - expected
        if abs(off) < JUMP:
            if abs(off) > NEAR or abs(bpm / last.bpm - 1) > WANDER:
                # No earlier than the last one: beats do not run backwards.
                here = max(expected + off, last.beat)
                self._anchor(last._replace(moment=moment, beat=here, bpm=bpm))
            if self.metres[-1][1:] != metre and beat is not None:
                self._bar_line(expected + -beat % bar, metre)
            return
        assert beat is not None
        self._anchor(Anchor(moment, expected, bpm, beat - expected))
        self._bar_line(expected + -beat % bar, metre)

    def copy(self) -> LogGrid:
        """The same, for another thread to read."""
        return LogGrid([*self.anchors], [*self.metres])

    def since(self, moment: float) -> LogGrid:
        """A grid for a file that begins in the bar of a moment, after the last anchor."""
        if not self.anchors:
            return LogGrid()
        last, (line, upper, lower) = self.anchors[-1], self.metres[-1]
        here = self.beat(moment)
        inside = (here - line) % (4 * upper / lower)
        begin = Anchor(moment, inside, last.bpm, last.ahead + here - inside)
        return LogGrid([begin], [(0.0, upper, lower)])

    def beat(self, moment: float) -> float:
        """The beat at a moment; before the first anchor at the first tempo."""
        for index in range(len(self.anchors) - 1, -1, -1):
            anchor = self.anchors[index]
            if moment >= anchor.moment or not index:
                return anchor.beat + (moment - anchor.moment) * self._bpm(index) / 60
        return moment * FREE_BPM / 60

    def tempos(self, ticks_per_beat: int) -> TempoMap:
        """Tempo over time, for a file."""
        changes = [
            (round(anchor.beat * ticks_per_beat), bpm_to_tempo(self._bpm(index)))
            for index, anchor in enumerate(self.anchors)
        ]
        if changes:
            changes[0] = (0, changes[0][1])
        return TempoMap(tuple(changes)) if changes else TempoMap()

    def metre_map(self, ticks_per_beat: int) -> MetreMap:
        """Metre over time, for a file."""
        changes = tuple((round(beat * ticks_per_beat), n, d) for beat, n, d in self.metres)
        return MetreMap(changes) if changes else MetreMap()

    def _anchor(self, anchor: Anchor) -> None:
        if self.anchors[-1].moment == anchor.moment:
            self.anchors.pop()
        self.anchors.append(anchor)

    def _bar_line(self, beat: float, metre: tuple[int, int]) -> None:
        while self.metres and self.metres[-1][0] >= beat - 1e-6:
            self.metres.pop()
        self.metres.append((max(beat, 0.0), *metre))

    def _bpm(self, index: int) -> float:
        """The tempo from an anchor to the next, which is reached on its beat."""
        anchor = self.anchors[index]
        if index + 1 == len(self.anchors):
            return anchor.bpm
        after = self.anchors[index + 1]
        beats, seconds = after.beat - anchor.beat, after.moment - anchor.moment
        if beats <= 0 or seconds <= 0:
            return anchor.bpm
        return min(max(60 * beats / seconds, 10.0), 400.0)
