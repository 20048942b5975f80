"""Stream: one continuation in the making, and what can be counted in it.

Conventions:
    Rows as in `composer.encoding.events`; ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import RepetitionLimits, RepetitionTracker
from composer.analysis.segment import Segment
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    FIELDS,
    SHIFT,
    SHIFT_TICKS,
    UNLIMITED,
    Rows,
)
from composer.generation.constraints import Constraints
from composer.generation.guide import Guide
from composer.generation.leaning import Leaning
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import Settings
from composer.music.beat_grid import FREE
from composer.music.plan import Plan
from composer.network.state import State

Ints = NDArray[np.int64]


class Fit(Protocol):
    """What judges the takes of a stream."""

    def misfits(self, takes: Sequence[Stream]) -> list[float]:
        """How badly each of some takes fits so far."""
        ...


@dataclass(eq=False, kw_only=True)
class Stream:
    """One continuation in the making.

    Attributes:
        state: Of one stream, before its first new note.
        last_note: int [5], the last note heard.
        constraints: Of one stream.
        settings: Temperature and cuts.
        limits: How much the seed repeats itself, and so how much the stream may.
        variation: Number of the variation; with `Settings.rng_seed` it fixes the randomness.
        max_notes: Notes at most.
        tracker: What the stream has heard of the current bars; brought up to date at its end.
        copied_ticks: Ticks, up to the last note, for which every note was the expected one.
        suspended: Ticks for which recall is suspended from here on.
        rows: The notes drawn so far, [notes][5].
        nats: Log p of each of them, where likelihoods are wanted.
        done: Whether it has ended.
        after: The state after its last note, once it has ended by itself.
        take: Number of the choice it is a candidate for, and its own among the candidates
            (`composer.generation.best_of_n`): they fix the randomness, too.
        plan: Of the seed and of this continuation, where there is one.
        leaning: Of what is liked, where that is known.
        guide: What it is written around; None: nothing stands behind what has been heard.
        fit: Of a guided stream, what judges its takes.
        leg: Of a guided stream, notes from one choice among takes to the next, given ones counted.
        next_given: Of a guided stream, index of the next given note.
        own_in_bar: Of a guided stream, notes it has written in the bar it has reached.
        earlier: Of a guided stream, pitch of each slot before the onset it has reached, -1: none;
            empty before the first note.
        onsets: Of a guided stream, the tick of each note.
        origins: Of a guided stream, which given note each is, -1 for a written one.
        expected: Of a guided stream, log p of each note before anything is ruled out.
    """

    state: State
    last_note: Ints
    constraints: Constraints
    settings: Settings
    limits: RepetitionLimits
    variation: int
    max_notes: int
    tracker: RepetitionTracker = field(default_factory=RepetitionTracker)
    copied_ticks: int = 0
    suspended: int = 0
    rows: list[list[int]] = field(default_factory=list)
    nats: list[float] = field(default_factory=list)
    done: bool = False
    after: State | None = None
    take: tuple[int, int] | None = None
    plan: Plan | None = None
    leaning: Leaning | None = None
    guide: Guide | None = None
    fit: Fit | None = None
    leg: int = 0
    next_given: int = 0
    own_in_bar: int = 0
    earlier: list[int] = field(default_factory=list)
    onsets: list[int] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = (self.settings.rng_seed, self.variation, *(self.take or ()))
        if max(numbers) < 1 << 32:
            sequence = np.random.SeedSequence(numbers)
        else:
            # Larger numbers count as several of 32 bits and could come to be the same as
            # another stream's; those of a spawn key are kept apart.
            sequence = np.random.SeedSequence(numbers[0], spawn_key=numbers[1:])
        self._rng = np.random.Generator(np.random.PCG64(sequence))

    @cached_property
    def controls(self) -> tuple[float, float, float, int, int]:
        """Numbers for a decoder: temperature, top_p, min_p, bars of recall, notes at most."""
        return (*self.settings.draw, self.settings.recall, self.max_notes)

    def random(self, notes: int) -> NDArray[np.float64]:
        """Five numbers in [0, 1) for each of its next notes, [notes, 5]."""
        return self._rng.random((notes, len(FIELDS)))

    def events(self) -> Rows:
        """The notes drawn, int16 [notes, 5]."""
        return np.array(self.rows, dtype=np.int16).reshape(-1, len(FIELDS))

    def ticks(self) -> Ints:
        """The onset of each of them, int64 [notes]."""
        if self.guide is not None:
            return np.array(self.onsets, dtype=np.int64)
        clock = int(self.state.context.clock[0])
        return np.asarray(clock + np.cumsum(SHIFT_TICKS[self.events()[:, SHIFT]]))


def segment_of(analysis: SeedAnalysis, stream: Stream) -> Segment:
    """A finished continuation, counted from where the seed ends.

    Args:
        analysis: Of its seed.
        stream: With any number of notes.
    """
    clock, end = int(stream.state.context.clock[0]), int(stream.constraints.end[0])
    if end == UNLIMITED:
        rows = stream.events()
        ends = clock + np.cumsum(SHIFT_TICKS[rows[:, SHIFT]]) + DURATION_TICKS[rows[:, DURATION]]
        end = int(ends.max(initial=analysis.join))
    return segment_so_far(analysis, stream, clock, end)


def segment_so_far(
    analysis: SeedAnalysis, stream: Stream, clock: int, end: int | None = None
) -> Segment:
    """What a stream has drawn, counted from where the seed ends.

    Args:
        analysis: Of its seed.
        stream: With any number of notes.
        clock: Tick from which the first shift counts.
        end: Tick at which the continuation ends; None if it goes on after its last onset.
    """
    rows = stream.events().astype(np.int64)
    onsets = clock + np.cumsum(SHIFT_TICKS[rows[:, SHIFT]]) - analysis.join
    so_far = int(onsets[-1]) + 1 if len(rows) else 0
    length = so_far if end is None else end - analysis.join
    free = analysis.events.kind == FREE
    return Segment(rows, onsets, analysis.events.programs, analysis.bar, free, length)
