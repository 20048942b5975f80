"""Following: the given notes behind a passage, and how likely the network finds them after a take.

A passage is to lead somewhere: the better it does, the likelier what comes. The network says so
by itself, without what the encoder tells, which knows what comes whatever leads there.

Conventions:
    B takes, K notes. Ticks are event ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import DURATION, FIELDS, LONGEST, PART, SHIFT, SHIFT_TICKS
from composer.encoding.given import Given, Opening
from composer.generation.guide import placed
from composer.inside.whole_piece import Ints, WholePiece
from composer.music.beat_grid import FREE
from composer.music.timing import MetreMap
from composer.network.predictor import NoteModel
from composer.network.state import State

BARS: Final = 2
NOTES: Final = 12
"""Given notes behind an opening by which takes are judged: of so many bars, or so many. Twice as
many chose the same of 32 takes in each of eight pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Some notes that stand behind a passage.

    Attributes:
        notes: int64 [K, 5], as `WholePiece.notes` has them.
        metres: Of the piece, over event ticks; None in free time.
        predictor: The network.
    """

    notes: Ints
    metres: MetreMap | None
    predictor: NoteModel

    @classmethod
    def of(
        cls, whole: WholePiece, given: Given, opening: Opening, predictor: NoteModel
    ) -> Following:
        """Those behind an opening."""
        behind = given.notes[given.notes[:, SHIFT] >= opening.end]
        near = behind[:, SHIFT] < opening.end + BARS * whole.bar_at(opening.end)
        if len(behind) > NOTES:
            near &= behind[:, SHIFT] < behind[NOTES, SHIFT]
        return cls(behind[near], None if whole.kind == FREE else whole.metres, predictor)

    def nats(self, state: State) -> NDArray[np.float64]:
        """What each of the notes costs, [B, K].

        Args:
            state: Of B takes, each after its last note.
        """
        nats = np.zeros((len(state.hidden), len(self.notes)))
        for number, (onset, *fields) in enumerate(self.notes.tolist()):
            columns, clock = state.context.fresh(), state.context.clock
            self._score(SHIFT, state, columns, self._shifts(onset - clock), nats[:, number])
            state = self._placed(state, columns[:, SHIFT], onset)
            for field, value in zip(range(PART, len(FIELDS)), fields, strict=True):
                if field <= DURATION:
                    state.context.follow(columns, field - 1)
                self._score(field, state, columns, value, nats[:, number])
            if number + 1 < len(self.notes):
                state = self.predictor.step(columns[:, : len(FIELDS)], state, columns)
        return nats

    def _shifts(self, ticks: Ints) -> Ints:
        """The shift class that leads on by so many ticks, or by as many of them as one can."""
        return np.searchsorted(SHIFT_TICKS, ticks.clip(0, LONGEST), side="right") - 1

    def _score(
        self, field: int, state: State, columns: Ints, value: Ints | int, nats: NDArray[np.float64]
    ) -> None:
        """Choose a field of the next note, and add to `nats`, [B], what that costs."""
        logits = self.predictor.logits(field, state, columns).astype(np.float64)
        columns[:, field] = value
        logits -= logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(logits)), columns[:, field]]
        nats += np.log(np.exp(logits).sum(axis=1)) - chosen

    def _placed(self, state: State, shifts: Ints, onset: int) -> State:
        """The state moved so that the shifts lead right to an onset."""
        metres, clock = self.metres, state.context.clock
        off = clock + SHIFT_TICKS.take(shifts) != onset
        if metres is not None and len(metres.changes) > 1:
            off[:] = True
        places = [(row, onset, metres or MetreMap()) for row in np.flatnonzero(off).tolist()]
        return replace(state, context=placed(state.context, places, shifts)) if places else state
