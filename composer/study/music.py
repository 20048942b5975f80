"""Music: a piece as a study looks at it: its notes on the events' clock, cut into cells and beats.

Conventions:
    N notes, C cells, S stretches. Times are event ticks unless a name says seconds. A *cell* is a
    bar, or two seconds in free time; a *stretch* is a beat, or a second in free time. Bars are
    numbered from 1 where people read them, from 0 in code.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    FREE_BAR,
    PART,
    PITCH,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    Events,
)
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_files import open_seed
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan
from composer.music.timing import counted_beat
from composer.study.instruments import numbered, part_name

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_NOTES: Final = 6000
"""Notes that are studied; of a longer piece its beginning."""


@dataclass(frozen=True, eq=False)
class Music:
    """A piece to be studied.

    Attributes:
        path: Of its file.
        analysis: How composer understood it.
        events: What the network hears: its notes, at most `MOST_NOTES`, without a plan, so that
            nothing of what is to come is told.
        plan: Of its bars; None in free time.
        names: Of the parts, by slot.
        left_out: Notes behind the last that is studied.
        remarks: What had to be decided when the file was read, a line each.
    """

    path: Path
    analysis: SeedAnalysis
    events: Events
    plan: Plan | None
    names: tuple[str, ...]
    left_out: int
    remarks: tuple[str, ...]

    @property
    def free(self) -> bool:
        """Whether it is in free time."""
        return self.events.kind == FREE

    @cached_property
    def onsets(self) -> Ints:
        """Of each note, [N]."""
        return self.events.onsets

    @cached_property
    def ends(self) -> Ints:
        """Where each note ends, [N]."""
        return self.onsets + DURATION_TICKS[self.events.rows[:, DURATION]]

    @cached_property
    def pitches(self) -> Ints:
        """Of each note, [N]."""
        return self.events.rows[:, PITCH].astype(np.int64)

    @cached_property
    def parts(self) -> Ints:
        """Slot of each note, [N]."""
        return self.events.rows[:, PART].astype(np.int64)

    @cached_property
    def drums(self) -> Bools:
        """Whether each note is a drum's, [N]."""
        return np.asarray(np.array(self.events.programs)[self.parts] == DRUM_PROGRAM)

    @cached_property
    def end(self) -> int:
        """The bar line behind the last note, or the last sound in free time."""
        last = int(self.ends.max())
        if self.free:
            return -(-last // FREE_BAR) * FREE_BAR
        # A note held a hair over the line does not open another bar.
        after = max(last - 2, int(self.onsets[-1]) + 1)
        return self.events.metres.bar_line_at_or_after(after, TICKS_PER_BEAT)

    @cached_property
    def lines(self) -> Ints:
        """Where each cell begins, and where the last ends, [C + 1]."""
        if self.free:
            return np.arange(0, self.end + 1, FREE_BAR)
        lines = [0]
        while lines[-1] < self.end:
            lines.append(lines[-1] + self.events.metres.position(lines[-1], TICKS_PER_BEAT).length)
        return np.array(lines)

    @cached_property
    def cells(self) -> Ints:
        """The cell that each note begins in, [N]."""
        return np.asarray(np.searchsorted(self.lines, self.onsets, side="right") - 1)

    @cached_property
    def stretches(self) -> Ints:
        """Where each beat begins, and where the last ends, [S + 1]."""
        if self.free:
            return np.arange(0, self.end + 1, TICKS_PER_SECOND)
        found: list[int] = []
        for start, stop in zip(self.lines[:-1].tolist(), self.lines[1:].tolist(), strict=True):
            found += range(
                start, stop, counted_beat(*self.events.metres.metre_at(start), TICKS_PER_BEAT)
            )
        return np.array([*found, self.end])

    def seconds(self, ticks: Ints) -> Floats:
        """The moments of ticks, in seconds from the beginning of the file."""
        piece = self.analysis.piece
        at = self.analysis.ticks(np.asarray(ticks, dtype=np.int64))
        return np.array([piece.tempos.seconds(tick, piece.ticks_per_beat) for tick in at])

    def place(self, tick: int) -> str:
        """Where a tick lies, as people say it: "bar 3, beat 2.5", "0:07" in free time."""
        if self.free:
            second = float(self.seconds(np.array([tick]))[0])
            return f"{int(second // 60)}:{second % 60:04.1f}"
        at = self.events.metres.position(tick, TICKS_PER_BEAT)
        beat = 1 + at.tick / counted_beat(*self.events.metres.metre_at(tick), TICKS_PER_BEAT)
        return f"bar {at.bar + 1}, beat {beat:.2f}".rstrip("0").rstrip(".")

    def cell_name(self, cell: int) -> str:
        """What a cell is called: "bar 3", "0:04" in free time."""
        return self.place(int(self.lines[cell])) if self.free else f"bar {cell + 1}"


def open_music(path: str | os.PathLike[str]) -> Music:
    """Read a piece to study.

    Raises:
        SeedError: It cannot be read, or has no notes. The line names the file.
    """
    seed = open_seed(path)
    return music_of(seed.analysis(), Path(path), tuple(seed.remarks))


def music_of(analysis: SeedAnalysis, path: Path, remarks: tuple[str, ...] = ()) -> Music:
    """A piece to study.

    Args:
        analysis: How composer understood it.
        path: Of the file that it came from.
        remarks: What had to be decided when that was read.
    """
    events = analysis.events
    left_out = max(len(events.rows) - MOST_NOTES, 0)
    parts = [analysis.piece.parts[index] for index in analysis.placement.slots]
    names = numbered([part_name(part.program, part.name) for part in parts])
    plan = events.plan
    events = replace(events, plan=None, rows=events.rows[:MOST_NOTES])
    music = Music(path, analysis, events, None, tuple(names), left_out, remarks)
    return music if plan is None else replace(music, plan=plan.cut(len(music.lines) - 1))
