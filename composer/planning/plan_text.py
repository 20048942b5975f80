"""A plan as a musician reads it: four bars to a line, with letters, chords and what comes back.

     1  A   | C       | Am      | F       | G       ||
     5  A'  | C    =1 | Am   =2 | F    ~3 | Dm G    ||

Bars are counted from 1. Behind a bar's chords stands the bar that it takes up: =1 all but
exactly, ~1 nearly, (1) in part; =1+2 two semitones higher. A double bar line ends a phrase.
"""

from __future__ import annotations

import itertools
from typing import Final

from composer.music.chords import NO_CHORD, chord_name
from composer.music.keys import Key
from composer.music.plan import EXACT, NEAR, NONE, Plan, PlannedBar
from composer.planning.form_letters import sections_of

LINE: Final = 4
"""Bars of a line at most; every phrase begins one."""


def bar_text(bar: PlannedBar, first: int = 0, key: Key | None = None) -> str:
    """The chords of a bar, and what it takes up: "Dm G ~3"; `first` is the bar called 1."""
    return f"{chords_text(bar, key)} {reference_text(bar, first)}".rstrip()


def chords_text(bar: PlannedBar, key: Key | None = None) -> str:
    """The chords of a bar, spelt by a key: "Dm", "Dm G", "-" for none."""
    first, second = bar.chords
    if first == second:
        return "-" if first == NO_CHORD else chord_name(first, key)
    return f"{chord_name(first, key)} {chord_name(second, key)}"


def reference_text(bar: PlannedBar, first: int = 0) -> str:
    """What a bar takes up: "=1", "~1", "(1)", "=1+2"; empty for nothing."""
    if bar.reference == NONE:
        return ""
    moved = f"{bar.transposition:+d}" if bar.transposition else ""
    name = f"{bar.reference - first + 1}{moved}"
    if bar.nearness >= EXACT:
        return f"={name}"
    return f"~{name}" if bar.nearness == NEAR else f"({name})"


def plan_lines(plan: Plan, heard: int, key: Key | None = None) -> list[str]:
    """The lines of a plan.

    Args:
        plan: Of a seed and of what follows.
        heard: Bars of the seed; a line stands behind them.
        key: By which chords are spelt.
    """
    texts = [bar_text(bar, key=key) for bar in plan.bars]
    width = max((len(text) for text in texts), default=0)
    digits = len(str(len(plan)))
    lines: list[str] = []
    for section in sections_of(plan):
        end = section.start + section.bars
        starts = {*range(section.start, end, LINE)}
        if section.start < heard < end:
            starts |= {*range(heard, end, LINE)}
            starts -= {start for start in starts if heard < start and (start - heard) % LINE}
        ordered = [*sorted(starts), end]
        for start, stop in itertools.pairwise(ordered):
            if start == heard and heard:
                lines.append("-" * (digits + 6) + " what follows")
            name = section.name if start == section.start else ""
            row = " | ".join(text.ljust(width) for text in texts[start:stop])
            closing = "||" if stop == end and plan.bars[end - 1].phrase == 1 else "|"
            lines.append(f"{start + 1:{digits}}  {name:3s} | {row} {closing}")
    return lines
