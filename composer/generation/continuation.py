"""Continuation: what was drawn as music in the seed's ticks, played in the seed's manner.

Conventions:
    Rows as in `composer.encoding.events`; slots are the network's, 0..31.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    UNLIMITED,
    VELOCITY,
    velocity_of,
)
from composer.generation.part_limits import KNOWN
from composer.generation.seed_analysis import TAIL, SeedAnalysis
from composer.generation.stream import Stream
from composer.music.notes import DRUM_PROGRAM, Note, Piece
from composer.music.plan import Plan


@dataclass(frozen=True, slots=True)
class Continuation:
    """Music that goes on from a seed.

    Attributes:
        piece: Only the new notes, in the seed's ticks, in parts that carry the seed's
            tracks, channels and programs. Its tempo and metre are the seed's.
        join: The tick at which it begins.
        end: The tick of the bar line at which it ends.
        analysis: How the seed was understood.
        variation: Its number.
        plan: What was planned for the seed's bars and the new ones; None if nothing was.
    """

    piece: Piece
    join: int
    end: int
    analysis: SeedAnalysis
    variation: int
    plan: Plan | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        piece = self.piece
        start, end = (
            piece.tempos.seconds(tick, piece.ticks_per_beat) for tick in (self.join, self.end)
        )
        return end - start


@dataclass(frozen=True, slots=True)
class PerformanceStyle:
    """Dynamics and articulation of a seed, for new notes to be like its own.

    Attributes:
        velocities: The commonest velocity of each (slot, velocity class) it uses.
        single: Slots of the parts that sound one note at a time.
    """

    velocities: Mapping[tuple[int, int], int]
    single: frozenset[int]

    @classmethod
    def of(cls, analysis: SeedAnalysis) -> PerformanceStyle:
        """Those of a seed."""
        counts: dict[tuple[int, int], Counter[int]] = {}
        for slot, index in enumerate(analysis.placement.slots):
            for note in analysis.piece.parts[index].notes:
                counts.setdefault((slot, note.velocity // 4), Counter())[note.velocity] += 1
        velocities = {
            place: min(seen.most_common(), key=lambda item: (-item[1], item[0]))[0]
            for place, seen in counts.items()
        }
        rows, onsets = analysis.events.rows, analysis.events.onsets
        single = set()
        for slot, program in enumerate(analysis.events.programs):
            own = np.flatnonzero(rows[:, PART] == slot)
            if program == DRUM_PROGRAM or len(own) < KNOWN:
                continue
            late = onsets[own] + DURATION_TICKS[rows[own, DURATION]] - TAIL
            if (np.diff(onsets[own]) > 0).all() and (late[:-1] <= onsets[own[1:]]).all():
                single.add(slot)
        return cls(velocities, frozenset(single))

    def velocity(self, slot: int, velocity_class: int) -> int:
        """The MIDI velocity of a new note."""
        return self.velocities.get((slot, velocity_class), velocity_of(velocity_class))


def to_continuation(
    analysis: SeedAnalysis,
    stream: Stream,
    style: PerformanceStyle | None = None,
) -> Continuation:
    """A finished stream as music in the seed's ticks.

    Args:
        analysis: Of the seed.
        stream: What was drawn.
        style: From `PerformanceStyle.of`, when there are several of one seed.
    """
    rows = stream.events()
    clock = int(stream.state.context.clock[0])
    onsets = clock + np.cumsum(SHIFT_TICKS[rows[:, SHIFT]])
    ends = onsets + DURATION_TICKS[rows[:, DURATION]]
    end = int(stream.constraints.end[0])
    if end == UNLIMITED:
        bars = -(-(int(ends.max()) - analysis.join) // analysis.bar)
        end = analysis.join + max(bars, 1) * analysis.bar
    if style is None:
        style = PerformanceStyle.of(analysis)
    for slot in style.single:
        own = np.flatnonzero(rows[:, PART] == slot)
        ends[own[:-1]] = np.minimum(ends[own[:-1]], onsets[own[1:]])
    notes: dict[int, list[Note]] = {}
    starts, stops = analysis.ticks(onsets), analysis.ticks(ends)
    for row, start, stop in zip(rows.tolist(), starts, stops, strict=True):
        length = max(stop - start, 1)
        velocity = style.velocity(row[PART], row[VELOCITY])
        index = analysis.placement.slots[row[PART]]
        notes.setdefault(index, []).append(Note(start, row[PITCH], length, velocity))
    parts = tuple(
        replace(part, notes=tuple(notes.get(index, ())))
        for index, part in enumerate(analysis.piece.parts)
    )
    return Continuation(
        analysis.piece.with_parts(parts),
        analysis.tick(analysis.join),
        analysis.tick(end),
        analysis,
        stream.variation,
        stream.plan,
    )
