"""History: the notes of a jam as the network hears them, with the way back.

Every note goes in as soon as it begins, with a provisional length while it is held. The
network's state is a value, so a note that turns out otherwise, or comes to lie before
others, costs one step back to the state before it and the few steps since. The states on
the way are kept for the last notes, and further back for every so many.

Conventions:
    Ticks are event ticks with a bar line at 0. Slots are the network's, 0..31.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    END,
    LONGEST,
    SHIFT_TICKS,
    nearest_duration,
)
from composer.music.beat_grid import BEATS, FREE
from composer.music.plan import Plan
from composer.network.state import State

Ints = NDArray[np.int64]

KEPT = 256
"""Notes that are remembered one by one; earlier ones live on in the state alone."""
NEAR, STRIDE = 12, 32
"""States are kept before the last so many notes, and before every so many further back; and
the one before composer's last reply, which its end or whoever plays over it leads back to."""

_CLASSES: list[int] = nearest_duration(np.arange(385)).tolist()
_SHIFTS: list[int] = SHIFT_TICKS.tolist()


def duration_class(ticks: int) -> int:
    """The class of a duration in ticks."""
    return _CLASSES[min(max(ticks, 1), 384)]


@dataclass(slots=True, eq=False)
class HeardNote:
    """A note of the history.

    Attributes:
        onset: Tick.
        slot: Who plays it.
        pitch: 0..127.
        duration: Ticks; provisional while it is held.
        loudness: Velocity class.
        own: Whether it is composer's.
    """

    onset: int
    slot: int
    pitch: int
    duration: int
    loudness: int
    own: bool

    @property
    def order(self) -> tuple[int, int, int]:
        """What events are sorted by."""
        return self.onset, self.slot, self.pitch


class PlayerHistory:
    """What one jam sounds like so far.

    Attributes:
        notes: In canonical order.
    """

    def __init__(self, kind: str, bar: int, start: State) -> None:
        """Nothing heard.

        Args:
            kind: "beats" or "free".
            bar: Ticks of a bar.
            start: The state that knows who plays.
        """
        self.kind, self.bar = kind, bar
        self.notes: list[HeardNote] = []
        self._states: list[State | None] = [start]
        self._before_reply: State | None = None
        self._fresh = True  # no note of this jam is in the first state

    @property
    def behind(self) -> int:
        """Notes that the network has not heard yet."""
        return len(self.notes) - len(self._states) + 1

    @property
    def kept_states(self) -> int:
        """How many states are kept for the way back, each some kilobytes; bounded by a test."""
        return sum(state is not None for state in self._states)

    @property
    def behind_player(self) -> int:
        """Of these, the ones up to the player's last note.

        Composer's own notes after it may be thrown away yet, or come to lie after others:
        they are heard when something is to follow them.
        """
        heard = len(self._states) - 1
        for index in range(len(self.notes) - 1, heard - 1, -1):
            if not self.notes[index].own:
                return index + 1 - heard
        return 0

    @property
    def state(self) -> State:
        """After all that was heard so far."""
        state = self._states[-1]
        assert state is not None
        return state

    def add(self, note: HeardNote) -> HeardNote:
        """Take in a note. Returns the one that stands for it: two alike are one."""
        index = len(self.notes)
        order = note.order
        while index and self.notes[index - 1].order >= order:
            index -= 1
        if index < len(self.notes) and self.notes[index].order == order:
            return self.notes[index]
        self.notes.insert(index, note)
        self._back_to(index)
        return note

    def lengthen(self, note: HeardNote, duration: int) -> bool:
        """A note turned out to last so long. Returns whether the network is to hear that."""
        heard, note.duration = note.duration, max(duration, 1)
        if duration_class(heard) == duration_class(duration):
            return False
        for index in range(len(self.notes) - 1, -1, -1):
            if self.notes[index] is note:
                self._back_to(index)
                return True
        return False

    def amend(self, order: tuple[int, int, int], pitch: int) -> bool:
        """Composer's own note was played at another pitch. Returns whether it is here."""
        for index in range(len(self.notes) - 1, -1, -1):
            note = self.notes[index]
            if note.onset < order[0]:
                break
            if note.own and note.order == order:
                del self.notes[index]
                self._back_to(index)
                self.add(replace(note, pitch=pitch))
                return True
        return False

    def drop(self, tick: int) -> None:
        """Forget composer's own notes at or after a tick."""
        for index in range(len(self.notes) - 1, -1, -1):
            if self.notes[index].onset < tick:
                return
            if self.notes[index].own:
                del self.notes[index]
                self._back_to(index)

    def move(self, tick: int, later: int) -> None:
        """Shift composer's own notes at or after a tick."""
        moved = [note for note in self.notes if note.own and note.onset >= tick]
        self.drop(tick)
        for note in moved:
            note.onset += later
            self.add(note)

    def next_step(self) -> tuple[Ints, State]:
        """The first note not heard yet, int64 [1, 5], and the state in which to hear it."""
        index = len(self._states) - 1
        note = self.notes[index]
        state = self.state
        if not note.own and state.context.returns[0].plan:
            # What was planned was for composer's own notes.
            state = replace(state, context=state.context.planned(Plan(())))
        state, shift = self.aligned(state, note.onset, first=self._fresh and index == 0)
        row = (shift, note.slot, note.pitch, duration_class(note.duration), note.loudness)
        return np.array([row], dtype=np.int64), state

    def advance(self, state: State, count: int = 1) -> None:
        """The state after `next_step`, or after so many notes that were drawn on end."""
        states = self._states
        if count > 1:
            last, self._before_reply = self._before_reply, states[-1]
            for index in range(len(states) - NEAR):
                if states[index] is last and index % STRIDE:
                    states[index] = None
        for _ in range(count):
            states.append(None)
            old = len(states) - 1 - NEAR
            if old > 0 and old % STRIDE and states[old] is not self._before_reply:
                states[old] = None
        states[-1] = state
        if len(states) > KEPT + STRIDE:
            # What leads back to before a reply that has just been drawn stays, however long that
            # is: it may never be played.
            before = len(states) - (count if count > 1 else 0)
            kept = (index for index in range(STRIDE, before) if states[index] is not None)
            first = next(kept, 0)
            del self.notes[:first], states[:first]
            self._fresh = self._fresh and not first

    def aligned(self, state: State, onset: int, *, first: bool = False) -> tuple[State, int]:
        """A state from which a shift class leads exactly to an onset, and that class.

        Longer rests than the network knows lose whole bars, and its clock moves by under
        a sixteenth where no class fits (see `composer.encoding.events.quantise`); on it the onset
        stays where it is in the bar.
        """
        context = state.context
        clock = context.clock.item()
        if first:
            gap, skipped = onset % self.bar, onset - onset % self.bar - clock
        else:
            gap, skipped = self.heard_step(onset - clock)
        upper = min(bisect_left(_SHIFTS, gap), END - 1)
        low, high = _SHIFTS[max(upper - 1, 0)], _SHIFTS[upper]
        shift = upper if high - gap <= gap - low else upper - 1
        placed = onset - _SHIFTS[shift]
        if placed != clock or context.bar.item() != self.bar:
            bar = np.array([self.bar])
            turned = placed // self.bar - (clock + skipped) // self.bar
            if self.kind == FREE:
                turned = min(placed // self.bar - clock // self.bar, LONGEST // self.bar + 2)
            number = np.maximum(context.number + turned, 0)
            context = context.moved(np.array([placed]), placed % bar, bar, number)
            state = replace(state, context=context)
        return state, shift

    def heard_step(self, gap: int) -> tuple[int, int]:
        """Of so many ticks to the next onset, those that the network hears, and those it does not.

        The latter are whole bars.
        """
        skipped = 0
        if gap > LONGEST:
            skipped = -(-(gap - LONGEST) // self.bar) * self.bar if self.kind == BEATS else gap
            gap = gap - skipped if 0 <= gap - skipped <= LONGEST else LONGEST
        return max(gap, 0), skipped

    def listened(self, count: int) -> Ints:
        """The last notes of the player, or composer's where there are none; see `last`."""
        heard = self.last(count, own=False)
        return heard if len(heard) else self.last(count, own=True)

    def take_over(self, old: PlayerHistory, slots: Sequence[int | None], count: int) -> None:
        """Take in the last notes of another history.

        Args:
            old: It.
            slots: Slot here of each slot there; None: its notes are left out.
            count: Notes at most.
        """
        kept = [(note, slots[note.slot]) for note in old.notes if slots[note.slot] is not None]
        for note, slot in kept[-count:]:
            assert slot is not None
            note.slot = slot
            self.add(note)

    def last(self, count: int, *, own: bool) -> Ints:
        """The last notes of the player, or of composer too if `own`."""
        wanted = (note for note in reversed(self.notes) if own or not note.own)
        found = [
            (note.onset, note.slot, note.pitch, note.duration, note.loudness)
            for note in islice(wanted, count)
        ]
        return np.array(found[::-1], dtype=np.int64).reshape(-1, 5)

    def own(self, count: int) -> NDArray[np.bool_]:
        """Which of the last notes of all are composer's, bool [notes]."""
        return np.array([note.own for note in self.notes[-count:]], dtype=bool)

    @property
    def last_row(self) -> Ints:
        """Of the last note: 0, slot, pitch, 0, loudness, [5]."""
        last = self.notes[-1]
        return np.array([0, last.slot, last.pitch, 0, last.loudness], dtype=np.int64)

    @property
    def keeps_bars(self) -> bool:
        """Whether a plan can refer to what was heard."""
        return self.state.context.returns[0].plan is not None

    def bar_number(self, tick: int) -> int:
        """By which number the network will know the bar of a tick to come, with a tempo."""
        context = self.state.context
        clock = int(context.clock[0])
        skipped = self.heard_step(max(tick - clock, 0))[1]
        return int(context.number[0]) + tick // self.bar - (clock + skipped) // self.bar

    def places(self) -> list[int]:
        """Tick of each note from a bar line, as the network counts: long rests have lost bars."""
        onsets = [note.onset for note in self.notes]
        places = [onset % self.bar for onset in onsets[:1]]
        for one, other in pairwise(onsets):
            places.append(places[-1] + self.heard_step(other - one)[0])
        return places

    def _back_to(self, index: int) -> None:
        """The notes from here on are to be heard again."""
        if len(self._states) > index + 1:
            del self._states[index + 1 :]
            while self._states[-1] is None:
                self._states.pop()
