"""Strategies: metres and canonical events of any kind, for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from composer.encoding.events import DURATION_TICKS, END, SHIFT_TICKS, SLOTS, Events
from composer.encoding.part_order import part_order
from composer.music.beat_grid import BEATS, FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import MetreMap

METRES = ((4, 4), (3, 4), (2, 4), (6, 8), (5, 8), (7, 8), (12, 8), (2, 2), (5, 4))


@st.composite
def metre_maps(draw: st.DrawFn, first_onset: int = 0) -> MetreMap:
    """A metre from the start, and a few changes after the first onset."""
    changes = [(0, *draw(st.sampled_from(METRES)))]
    for _ in range(draw(st.integers(0, 3))):
        tick = draw(st.integers(first_onset + 1, 3000))
        changes.append((tick, *draw(st.sampled_from(METRES))))
    return MetreMap(tuple(changes))


@st.composite
def canonical(draw: st.DrawFn) -> Events:
    """Events that satisfy what `composer.encoding.events` calls canonical, each slot with a
    note."""
    kind = draw(st.sampled_from([BEATS, FREE]))
    slots = draw(st.integers(1, SLOTS))
    count = slots + draw(st.integers(0, 24))
    first = draw(st.integers(0, 47)) if kind == BEATS else 0  # in the first bar; or at once
    metres = draw(metre_maps(first)) if kind == BEATS else MetreMap()
    long_ones = draw(st.sampled_from([0.0, 0.2, 1.0]))
    # The bulk from a generator: drawn by hypothesis, it would take seconds a piece.
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    programs = tuple(rng.integers(0, DRUM_PROGRAM, slots, endpoint=True).tolist())
    short = rng.choice([0, 0, 0, 6, 12, 24, 96], count - 1)
    shifts = np.where(rng.random(count - 1) < long_ones, rng.integers(0, END, count - 1), short)
    onsets = np.cumsum([first, *SHIFT_TICKS[shifts].tolist()]).tolist()
    players = [*rng.permutation(slots).tolist(), *rng.integers(0, slots, count - slots).tolist()]
    notes = {
        (onset, player, int(rng.integers(0, 128))): (
            int(rng.integers(0, len(DURATION_TICKS))),
            int(rng.integers(0, 32)),
        )
        for onset, player in zip(onsets, players, strict=True)
    }
    # Slots in the order that follows from what is played.
    played = np.array([(player, pitch, onset, *note)
                       for (onset, player, pitch), note in notes.items()])  # fmt: skip
    order = part_order(programs, played[:, 0], played[:, 1:])
    programs = tuple(programs[player] for player in order)
    notes = {(onset, order.index(player), pitch): note
             for (onset, player, pitch), note in notes.items()}  # fmt: skip
    before, rows = 0, []
    for (onset, player, pitch), (duration, velocity) in sorted(notes.items()):
        shift = int(np.searchsorted(SHIFT_TICKS, onset - before))
        rows.append((shift, player, pitch, duration, velocity))
        before = onset
    return Events(np.array(rows, dtype=np.int16), programs, kind, metres)
