"""Constraints of a continuation, made from its seed and from the settings.

The limits of each part come from `composer.generation.part_limits`, as those of a live reply do.

Conventions:
    Ticks are event ticks; slots are the network's, 0..31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from composer.encoding.events import (
    LONGEST,
    PART,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    UNLIMITED,
    Events,
)
from composer.encoding.features import context_of
from composer.encoding.placement import Placement
from composer.errors import SettingError
from composer.generation.constraints import Constraints
from composer.generation.habits import habits_of
from composer.generation.limits import Bools, Density, Ints, Span
from composer.generation.part_limits import (
    KNOWN,
    RARE,
    NoteTable,
    key_bias,
    part_limits,
    pitch_bounds,
    policy_for_seed,
    scale_pitches,
)
from composer.generation.part_names import parts_called
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import AUTO, DEFAULT_BARS, Settings
from composer.music.beat_grid import FREE
from composer.music.notes import Piece

SPARE_BARS = 8
"""Bars planned beyond those that a number of notes mostly fills."""
DENSER = 1.25
"""Times the seed's notes per beat that a continuation may have on the whole."""
WRITTEN = 12
"""With more places in the beat than these, a seed was played and not written down."""


def notes_per_bar(busiest: int) -> int:
    """Most notes of a bar of a continuation, by the busiest bar before it."""
    return busiest + max(busiest // 4, 1)


def asked_density(density: float, bar: int, kind: str) -> tuple[int, float]:
    """(Most notes of a bar, notes per tick) for notes per beat, in free time per second."""
    ticks = TICKS_PER_SECOND if kind == FREE else TICKS_PER_BEAT
    return max(int(np.ceil(density * bar / ticks)), 1), density / ticks


def chosen_slots(piece: Piece, placement: Placement, wanted: Sequence[str]) -> list[int]:
    """Slots of the parts that are to play.

    Args:
        piece: The music.
        placement: Of its parts.
        wanted: Numbers from 1 in the order of the piece's parts, or parts of track names;
            empty for all.

    Raises:
        SettingError: A number or name fits no part; the message lists them.
    """
    slots = placement.slots
    if not wanted:
        return list(range(len(slots)))
    heard = dict(placement.joined) | {index: slot for slot, index in enumerate(slots)}
    called = parts_called([part.name for part in piece.parts], wanted)
    return sorted({heard[index] for index in called if index in heard})


def make_constraints(analysis: SeedAnalysis, settings: Settings) -> Constraints:
    """What one continuation of a seed may play.

    Raises:
        SettingError: The settings leave some part nothing to play.
    """
    events, bar = analysis.events, analysis.bar
    notes = NoteTable.of(events)
    playing = chosen_slots(analysis.piece, analysis.placement, settings.parts)
    parts = np.zeros(SLOTS, dtype=bool)
    parts[playing] = True
    scale = scale_pitches(notes, events.programs, settings, settings.wanted_key or analysis.key)
    limits = part_limits(
        notes,
        events.programs,
        scale,
        settings.pitch_range,
        policy_for_seed(settings.takes),
        int(np.quantile(notes.durations, RARE, method="lower")),
        # A key that was asked for is kept to, unless chords were asked for, too.
        ~scale if settings.key == AUTO or settings.chords else None,
    )
    for slot in playing:
        if not limits.pitches[slot].any():
            own, program = notes.of_part(slot), events.programs[slot]
            low, high = settings.pitch_range or pitch_bounds(own, program)
            raise SettingError(
                f"no note of {settings.key} lies within pitches {low} to {high}; "
                "widen the pitch range or change the key"
            )
    busiest = int(np.bincount(events.onsets // bar).max())
    per_bar, pace = notes_per_bar(busiest), 0.0
    rate = DENSER * len(notes) / max(analysis.join - int(events.onsets[0]), bar)
    if settings.density is not None:
        (per_bar, pace), rate = asked_density(settings.density, bar, events.kind), 0.0
    shifts = SHIFT_TICKS[events.rows[1:, SHIFT]]
    moved = shifts[shifts > 0]
    return Constraints.of(
        Span(
            earliest=analysis.join,
            latest_first=analysis.join + bar - 1,
            end=end_of(analysis, settings),
            longest=min(max(int(shifts.max(initial=0)), bar), LONGEST),
        ),
        Density(
            per_bar=per_bar,
            pace=pace,
            rate=rate,
            burst=busiest,
            slow_shift=int(np.median(moved)) if len(moved) else 1,
        ),
        replace(
            limits,
            parts=parts,
            rests=rests_of(events, bar),
            by_phrase=True,
            pitch_bias=key_bias(events.programs, settings, analysis.key),
        ),
        places=places_of(events),
        of_drums=None
        if events.kind == FREE
        else habits_of(events.onsets, events.rows, events.programs, bar, analysis.join),
    )


def end_of(analysis: SeedAnalysis, settings: Settings) -> int:
    """The event tick at which a continuation ends; `UNLIMITED` when notes are counted."""
    if settings.notes is not None:
        return UNLIMITED
    if settings.seconds is not None:
        if analysis.events.kind == FREE:
            return analysis.join + max(round(settings.seconds * TICKS_PER_SECOND), 1)
        tempo = analysis.piece.tempos.tempo_at(analysis.tick(analysis.join))
        beats = settings.seconds * 1e6 / tempo
        bars = int(np.ceil(beats * TICKS_PER_BEAT / analysis.bar - 1e-6))
        return analysis.join + max(bars, 1) * analysis.bar
    return analysis.join + (settings.bars or DEFAULT_BARS) * analysis.bar


def places_of(events: Events) -> Bools:
    """Ticks of the beat on which a continuation's notes may begin, bool [24].

    A seed that was written down begins its notes on a few of them, and a continuation that
    does not would sound as if it had lost the beat. One that was played uses nearly all.
    """
    if events.kind == FREE:
        return np.ones(TICKS_PER_BEAT, dtype=bool)
    inside = context_of(events.onsets, events.kind, events.metres)[:, 0]
    used = np.bincount(inside, minlength=TICKS_PER_BEAT) > RARE * len(inside)
    if np.count_nonzero(used) > WRITTEN:
        return np.ones(TICKS_PER_BEAT, dtype=bool)
    used[0] = True
    return np.asarray(used)


def rests_of(events: Events, bar: int) -> Ints:
    """How long each part of a continuation may be silent, in ticks [32].

    A bar longer than between any two of its onsets in the seed; parts that have hardly
    played may keep silent.
    """
    longest = np.full(SLOTS, UNLIMITED, dtype=np.int64)
    for slot in range(len(events.programs)):
        own = events.onsets[events.rows[:, PART] == slot]
        if len(own) >= KNOWN:
            longest[slot] = max(int(np.diff(own).max()), bar) + bar
    return longest


def bars_to_come(analysis: SeedAnalysis, settings: Settings) -> int:
    """How many bars are to be planned; of music that is asked for in notes, a guess."""
    end = end_of(analysis, settings)
    if end == UNLIMITED:
        seed = analysis.segment()
        per_note = seed.length / len(seed.rows) / seed.bar
        return round((settings.notes or 0) * per_note) + SPARE_BARS
    return (end - analysis.join) // analysis.bar
