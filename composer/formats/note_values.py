"""Note values: lengths inside a bar as the notes, dots, ties, tuplets and beams that write them.

Conventions:
    Steps are those of `composer.formats.notation`, 24 to the beat, counted from the bar line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from composer.formats.notation import BEAT

_VALUES: Final = (
    (144, "whole", 1), (96, "whole", 0), (72, "half", 1), (48, "half", 0), (36, "quarter", 1),
    (24, "quarter", 0), (18, "eighth", 1), (12, "eighth", 0), (9, "16th", 1), (6, "16th", 0),
    (3, "32nd", 0),
)  # fmt: skip
"""(steps, note type, dots), longest first: any multiple of 3 steps is a sum of these."""

_TRIPLETS: Final = ((16, "quarter", 0), (12, "eighth", 1), (8, "eighth", 0), (4, "16th", 0))
"""The same, three in the time of two: multiples of 4 steps inside a beat."""

_BEAMS: Final = {"eighth": 1, "16th": 2, "32nd": 3}


@dataclass(frozen=True, slots=True)
class Value:
    """One written note or rest.

    Attributes:
        start: Steps from the bar line.
        steps: Its length.
        kind: "quarter", "eighth" and so on.
        dots: Dots behind it.
        triplet: Whether it is one of three in the time of two.
        item: Index of the span that it writes.
    """

    start: int
    steps: int
    kind: str
    dots: int
    triplet: bool
    item: int

    @property
    def beams(self) -> int:
        """How many beams it has."""
        return _BEAMS.get(self.kind, 0)


def beat_unit(metre: tuple[int, int]) -> int:
    """Steps of the beat that is beamed together: a dotted quarter in 6/8, else by the metre."""
    numerator, denominator = metre
    if denominator >= 8 and numerator % 3 == 0:
        return 3 * 4 * BEAT // denominator
    return BEAT if denominator >= 4 else 4 * BEAT // denominator


def values_of(spans: Sequence[tuple[int, int]], metre: tuple[int, int]) -> list[Value]:
    """Spans (start, stop) of one voice in one bar, in order, as note values.

    A beat in which a span begins or ends on a triplet's place is written in triplets.
    """
    unit = beat_unit(metre)
    triplets = {edge // BEAT for span in spans for edge in span if edge % 3 and edge % 4 == 0}
    values = []
    for item, (start, stop) in enumerate(spans):
        at = start
        while at < stop:
            beat = at // BEAT
            if beat in triplets and (at % BEAT or stop < (beat + 1) * BEAT):
                end = min(stop, (beat + 1) * BEAT)
                values += [Value(*each, True, item) for each in _cut(at, end, _TRIPLETS)]
            else:
                last = stop // BEAT
                end = last * BEAT if last in triplets and stop % BEAT and last > beat else stop
                values += [Value(*each, False, item) for each in _binary(at, end, unit)]
            at = end
    return values


def _binary(start: int, stop: int, unit: int) -> Iterator[tuple[int, int, str, int]]:
    """A span that begins off the beat is cut at the next one, so that beats can be seen."""
    whole = {steps for steps, _, _ in _VALUES}
    line = (start // unit + 1) * unit
    syncopated = stop - start == unit and start % (unit // 2) == 0 if unit % 2 == 0 else False
    if start % unit and stop > line and not (syncopated and stop - start in whole):
        yield from _cut(start, line, _VALUES)
        start = line
    yield from _cut(start, stop, _VALUES)


def _cut(
    start: int, stop: int, values: Sequence[tuple[int, str, int]]
) -> Iterator[tuple[int, int, str, int]]:
    """(start, steps, type, dots) of the longest values that fill a span."""
    while start < stop:
        steps, kind, dots = next(
            (value for value in values if value[0] <= stop - start), values[-1]
        )
        yield start, min(steps, stop - start), kind, dots
        start += steps


def tuplet_marks(values: Sequence[Value]) -> dict[int, str]:
    """Index of a value -> "start", "stop" or "both" of the bracket of its triplet."""
    marks: dict[int, str] = {}
    for index, value in enumerate(values):
        if not value.triplet:
            continue
        beat = value.start // BEAT
        first = (
            index == 0 or not values[index - 1].triplet or values[index - 1].start // BEAT != beat
        )
        last = (
            index + 1 == len(values)
            or not values[index + 1].triplet
            or values[index + 1].start // BEAT != beat
        )
        if first or last:
            marks[index] = "both" if first and last else "start" if first else "stop"
    return marks


def beams_of(values: Sequence[Value], sounds: Sequence[bool], unit: int) -> list[list[str]]:
    """The beams of each value, from the first level on: begin, continue, end or a hook.

    Args:
        values: Of one voice in one bar.
        sounds: Whether each is a note; rests end beams.
        unit: Steps of the beat that is beamed together.
    """
    marks: list[list[str]] = [[] for _ in values]
    groups: list[list[int]] = []
    for index, value in enumerate(values):
        if not sounds[index] or not value.beams:
            continue
        joined = groups and groups[-1][-1] == index - 1
        if joined and values[index - 1].start // unit == value.start // unit:
            groups[-1].append(index)
        else:
            groups.append([index])
    for group in groups:
        if len(group) < 2:
            continue
        for place, index in enumerate(group):
            for level in range(1, values[index].beams + 1):
                before = place > 0 and values[group[place - 1]].beams >= level
                after = place + 1 < len(group) and values[group[place + 1]].beams >= level
                hook = "backward hook" if place else "forward hook"
                marks[index].append(
                    "continue" if before and after else "end" if before else "begin" if after
                    else hook
                )  # fmt: skip
    return marks
