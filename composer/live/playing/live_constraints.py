"""Constraints of a reply, made from what was played and from the parameters.

The live counterpart of `composer.generation.seed_constraints.make_constraints`: the same limits,
for a jam of which only the last notes are known, and in which parts may play that have not
played yet.

Conventions:
    Ticks are event ticks; slots are the network's, 0..31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from composer.encoding.events import (
    LONGEST,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    UNLIMITED,
)
from composer.generation.backing import BASS as FROM_BELOW
from composer.generation.backing import EIGHTHS, FILLING, KIT, Backing
from composer.generation.constraints import Constraints
from composer.generation.limits import Density, Ints, Span
from composer.generation.part_limits import (
    BASS,
    KNOWN,
    LimitPolicy,
    NoteTable,
    key_bias,
    part_limits,
    pitch_bounds,
    scale_pitches,
)
from composer.generation.seed_constraints import DENSER, asked_density, notes_per_bar
from composer.live.core.improviser import GenerateRequest
from composer.live.core.parameters import MOST_CHART_BARS
from composer.music.beat_grid import BEATS, FREE
from composer.music.chords import chord_tones
from composer.music.keys import Key, fitting_key, sounding_time
from composer.music.notes import DRUM_PROGRAM
from composer.planning.chart import read_chart

MOST_PER_BAR = 64
"""Notes in a bar that no reply goes beyond."""

KEEPS_UP = 0.7
"""Share of the player's notes per second that a reply without an end does not fall below."""

NEWCOMER = 8
"""Notes in a bar for each part that has not played yet, beyond what the player would play."""

POLICY = LimitPolicy(
    chord_notes=4, together=2, kit_below=UNLIMITED, settled=UNLIMITED, velocity_weight=0.0
)
"""Hands do not strike keys on the same tick; a jam has only begun to show what its drums and
its dynamics are."""
ENDLESS_POLICY = replace(POLICY, wider=2)
"""A reply without an end goes on from its own notes for minutes: a little wider again and again
is an octave in the end."""


def make_live_constraints(
    heard: Ints,
    programs: Sequence[int],
    kind: str,
    bar: int,
    ask: GenerateRequest,
    slots: Sequence[int],
) -> Constraints:
    """What a reply may play.

    Args:
        heard: The player's last notes, at least one, as in `NoteTable`.
        programs: Of all slots.
        kind: "beats" or "free".
        bar: Ticks of a bar.
        ask: What is wanted.
        slots: The parts that are to play it.
    """
    settings, notes = ask.settings, NoteTable(heard)
    parts = np.zeros(SLOTS, dtype=bool)
    parts[list(slots)] = True
    heard_key = _heard_key(notes, programs)
    scale = scale_pitches(notes, programs, settings, settings.wanted_key or heard_key)
    if settings.chords:  # their tones may be played in any key
        chart = read_chart(settings.chords, MOST_CHART_BARS)
        tones = {tone for pair in chart for chord in pair for tone in chord_tones(chord)}
        scale = scale | np.isin(np.arange(len(scale)) % 12, list(tones))
    endless = ask.end is None and not ask.by_band
    policy = ENDLESS_POLICY if endless and len(notes) >= KNOWN else POLICY
    limits = part_limits(notes, programs, scale, settings.pitch_range, policy)
    counts = np.bincount(notes.slots, minlength=SLOTS).tolist()
    for slot, program in enumerate(programs):
        if not limits.pitches[slot].any():
            # A range too narrow for its key: the key gives way, silence would not do.
            low, high = settings.pitch_range or pitch_bounds(notes.of_part(slot), program)
            limits.pitches[slot, low : high + 1] = True
        if counts[slot] < POLICY.chord_notes and program in BASS:
            limits.chords[slot] = 1
    beat = TICKS_PER_SECOND if kind == FREE else TICKS_PER_BEAT
    pitch_bias = key_bias(programs, settings, heard_key)
    rests = np.full(SLOTS, UNLIMITED, dtype=np.int64)
    steps = notes.onsets[1:] - notes.onsets[:-1]
    backing, places, longest = None, None, _longest_step(steps, beat, bar)
    if ask.by_band:
        longest = max(longest, beat)  # under quick notes, too, there is an eighth to come
        rests[list(slots)] = bar
        backing = Backing.of(
            {slot: _role(programs[slot]) for slot in slots},
            bar,
            beats=kind == BEATS,
            join=ask.join,
            harmony=ask.harmony,
        )
        places = EIGHTHS if kind == BEATS else None
    new = sum(not counts[slot] for slot in {*slots})
    busiest, slow_shift, rate = _density(notes.onsets, steps, bar)
    per_bar, pace = min(notes_per_bar(busiest) + NEWCOMER * new, MOST_PER_BAR), 0.0
    if endless:
        pace = KEEPS_UP * rate
    if settings.density is not None:
        per_bar, pace = asked_density(settings.density, bar, kind)
    return Constraints.of(
        Span(
            earliest=ask.join,
            latest_first=ask.first_by,
            end=UNLIMITED if ask.end is None else ask.end,
            longest=min(longest, LONGEST),
        ),
        Density(
            per_bar=per_bar,
            pace=pace,
            rate=0.0 if new or settings.density is not None else DENSER * rate,
            burst=busiest,
            slow_shift=slow_shift,
        ),
        replace(limits, parts=parts, rests=rests, pitch_bias=pitch_bias),
        places,
        backing,
    )


def _role(program: int) -> int:
    """How a member of a band takes up the harmony."""
    if program == DRUM_PROGRAM:
        return KIT
    return FROM_BELOW if program in BASS else FILLING


def _heard_key(notes: NoteTable, programs: Sequence[int]) -> Key | None:
    """The key of what was played; None for none."""
    tones = notes.tones(programs)
    return fitting_key(sounding_time(tones.pitches, tones.durations, TICKS_PER_BEAT))


def _density(onsets: Ints, steps: Ints, bar: int) -> tuple[int, int, float]:
    """How densely someone plays.

    Args:
        onsets: Of the notes.
        steps: From each to the next.
        bar: Ticks of a bar.

    Returns:
        (notes in the busiest bar, the usual step from one onset to the next in ticks, notes
        per tick while playing: what is longer than a bar is silence between phrases).
    """
    busiest = int(np.bincount((onsets - onsets[0]) // bar).max())
    moved = steps[(steps > 0) & (steps <= bar)]
    moved.sort()
    usual = int(moved[len(moved) // 2]) if len(moved) else 1
    return busiest, usual, len(onsets) / max(int(moved.sum()) + usual, bar)


def _longest_step(steps: Ints, least: int, bar: int) -> int:
    """Ticks from one onset to the next at most: the player's longest, within a bar."""
    return int(steps[steps <= bar].max(initial=0)) or least
