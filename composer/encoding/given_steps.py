"""Given steps: a whole piece among its given notes, step by step, for all steps at once.

What `composer.encoding.given` and `composer.encoding.given_tokens` say of a moment, for every
step of a piece that is there: to train on, and to score it.

Conventions:
    Steps as in `composer.encoding.features`: P declarations, then the notes. S = steps that go in,
    P + notes; the step behind each is a declaration, a note or END.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from composer.encoding.events import END, PART, PITCH, SHIFT, SIZES, Events
from composer.encoding.given import Bools, Given, Ints
from composer.encoding.given_tokens import GivenTokens

NO_CAP = SIZES[PITCH]
"""Pitch bound of a step without one."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenSteps:
    """A piece of which some notes are given.

    Attributes:
        tokens: Of the given notes.
        clock: int [S], onset of the last note.
        index: int [S], of the next given note.
        token: int [S], of the next token.
        reaches: bool [S], whether the step that comes falls on the next given note's onset.
        is_given: bool [S], whether it is that note.
        shift_mask: bool [S, END + 1], what may come.
        part_mask: bool [S, P].
        given_part: int [S], part of the given note that is reached, -1 for none.
        pitch_cap: int [S], pitch of the given note that bounds this one; `NO_CAP` for none.
        pitch_only: bool [S], whether that pitch is the only one.
        possible: bool [S], whether the masks allow what comes. They leave it out where no shift
            class leads right to the next given note.
    """

    tokens: GivenTokens
    clock: Ints
    index: Ints
    token: Ints
    reaches: Bools
    is_given: Bools
    shift_mask: Bools
    part_mask: Bools
    given_part: Ints
    pitch_cap: Ints
    pitch_only: Bools
    possible: Bools

    @classmethod
    def of(cls, events: Events, given: Given, bars: int) -> GivenSteps:
        """Of a piece and the given notes among its own.

        Args:
            events: With its plan, if any.
            given: Notes of it.
            bars: Bars of the piece.
        """
        parts, count = len(events.programs), len(events.rows)
        onsets, rows = events.onsets, events.rows.astype(np.int64)
        tokens = GivenTokens.of(given, events, bars)
        clock, before, below = np.zeros((3, parts + count), dtype=np.int64)
        clock[parts:], before[parts:], below[parts:] = onsets, rows[:, PART], rows[:, PITCH]
        index, token = given.after(clock, before, below), tokens.after(clock, before, below)
        index[:parts] = token[:parts] = 0  # nothing is heard yet
        # Behind all declarations but the last comes one more, which is not predicted.
        coming = np.append(np.zeros(parts - 1, dtype=np.int64), np.arange(count + 1))
        shifts = np.append(rows[:, SHIFT], END)[coming]
        at, next_parts, pitches = (
            np.append(column, 0)[coming] for column in (onsets, rows[:, PART], rows[:, PITCH])
        )
        reaches = given.reaches(clock, index, shifts)
        player = np.append(given.notes[:, PART], -1)[index]
        bounded = reaches & (player == next_parts)
        cap = np.where(bounded, np.append(given.notes[:, PITCH], 0)[index], NO_CAP)
        only = bounded & ~given.may_play(at, next_parts)
        shift_mask = given.shift_mask(clock, index)
        part_mask = given.part_mask(at, index, reaches)[:, :parts]
        every = np.arange(len(coming))
        fits = part_mask[every, next_parts] & ((pitches == cap) | ((pitches < cap) & ~only))
        return cls(
            tokens,
            clock,
            index,
            token,
            reaches,
            given.is_given(next_parts, pitches, index, reaches),
            shift_mask,
            part_mask,
            np.where(reaches, player, -1),
            cap,
            only,
            shift_mask[every, shifts] & ((shifts == END) | fits),
        )

    def pitch_mask(self, steps: slice) -> Bools:
        """Pitches that may sound at some steps, [steps, 128]."""
        pitches, cap = np.arange(SIZES[PITCH]), self.pitch_cap[steps, None]
        return np.asarray((pitches == cap) | ((pitches < cap) & ~self.pitch_only[steps, None]))
