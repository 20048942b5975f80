"""Guides: where guided streams stand among what they are written around, step by step.

A guided stream has given notes (`composer.encoding.given`). At every step its masks are those of
its constraints, narrowed to what can come before the next given note; the class of that note may
always come, so that no given note is lost. When it comes it has its own length and velocity, and
stands where it stands in the piece, whether or not a shift class leads there. What an encoder has
made of the given notes (`composer.network.encoder`) is told to the heads.

Streams without a guide are left as they are.

Conventions:
    B streams, of which G are guided; arrays of theirs have G along axis 0. Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    END,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SLOTS,
)
from composer.encoding.running_features import Context
from composer.generation.guide import Guide, Guided, late_parts, placed
from composer.music.timing import MetreMap
from composer.network.state import State

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


class Guides:
    """The guided streams among those of a decoder.

    Attributes:
        rows: Which they are, [G].
        written: Notes that each has written, given ones not counted, [G].
    """

    def __init__(
        self,
        guides: Sequence[Guide],
        rows: Ints,
        index: Ints,
        written: Ints,
        in_bar: Ints,
        earlier: Ints,
    ) -> None:
        self._guides = tuple(guides)
        self.rows, self.written = rows, written
        self._index, self._in_bar = index, in_bar  # next given note; written notes of this bar
        self._earlier = earlier  # pitch of each part before the onset that is reached, -1: none
        groups: dict[int, list[int]] = {}
        for number, guide in enumerate(self._guides):
            groups.setdefault(id(guide), []).append(number)
        self._groups = [(self._guides[some[0]], np.array(some)) for some in groups.values()]
        self._reaches = np.zeros(len(rows), dtype=bool)
        self._forced = np.zeros(len(rows), dtype=bool)
        self._gains: Floats | None = None
        self._log_p: NDArray[np.float64] = np.zeros(len(rows))

    @classmethod
    def of(cls, streams: Sequence[Guided]) -> Guides | None:
        """Those of some streams; None if none of them is guided."""
        guided = [(row, stream) for row, stream in enumerate(streams) if stream.guide is not None]
        if not guided:
            return None
        return cls(
            [stream.guide for _, stream in guided if stream.guide is not None],
            np.array([row for row, _ in guided], dtype=np.int64),
            np.array([stream.next_given for _, stream in guided], dtype=np.int64),
            np.array([stream.origins.count(-1) for _, stream in guided], dtype=np.int64),
            np.array([stream.own_in_bar for _, stream in guided], dtype=np.int64),
            np.array([stream.earlier or [-1] * SLOTS for _, stream in guided], dtype=np.int64),
        )

    @staticmethod
    def join(first: Guides | None, count: int, second: Guides | None) -> Guides | None:
        """Streams side by side, the second's behind `count` of the first's."""
        if second is None:
            return first
        moved = Guides(
            second._guides,
            second.rows + count,
            second._index,
            second.written,
            second._in_bar,
            second._earlier,
        )
        if first is None:
            return moved
        return Guides(
            first._guides + moved._guides,
            np.concatenate([first.rows, moved.rows]),
            np.concatenate([first._index, moved._index]),
            np.concatenate([first.written, moved.written]),
            np.concatenate([first._in_bar, moved._in_bar]),
            np.concatenate([first._earlier, moved._earlier]),
        )

    def take(self, stay: Ints) -> Guides | None:
        """Those among the streams that stay; `stay` are their rows, ascending."""
        kept = np.flatnonzero(np.isin(self.rows, stay))
        if not len(kept):
            return None
        return Guides(
            [self._guides[number] for number in kept],
            np.searchsorted(stay, self.rows[kept]),
            self._index[kept],
            self.written[kept],
            self._in_bar[kept],
            self._earlier[kept],
        )

    def leave(self, stream: Guided, row: int) -> None:
        """Note in a stream, if it is guided, where it stands."""
        for number in np.flatnonzero(self.rows == row).tolist():
            stream.next_given = int(self._index[number])
            stream.own_in_bar = int(self._in_bar[number])
            stream.earlier = self._earlier[number].tolist()

    def told(self, state: State, before: Ints) -> State:
        """The state with what the encoder has to say, for the heads.

        Args:
            state: Of all streams.
            before: Their last notes, int [B, 5].
        """
        self._gains = None
        clock, hidden = state.context.clock, None
        for guide, some in self._groups:
            if guide.told is None:
                continue
            if hidden is None:
                hidden = state.hidden.copy()
                self._gains = np.zeros((len(self.rows), 3), dtype=np.float32)
            rows = self.rows[some]
            last = before[rows]
            token = guide.told.tokens.after(clock[rows], last[:, PART], last[:, PITCH])
            added, gains = guide.told(state.hidden[rows], clock[rows], token, self._index[some])
            hidden[rows] += added
            assert self._gains is not None
            self._gains[some] = gains
        return state if hidden is None else replace(state, hidden=hidden)

    def counts(self, in_bar: Ints, drawn: Ints) -> tuple[Ints, Ints]:
        """Notes of the bar and of the stream that count: of guided streams the written ones."""
        in_bar, drawn = in_bar.copy(), drawn.copy()
        in_bar[self.rows], drawn[self.rows] = self._in_bar, self.written
        return in_bar, drawn

    def shifts(self, context: Context, before: Ints, allowed: Bools) -> tuple[Bools, Floats | None]:
        """Shift classes that may come, of all streams, and what is added to their logits.

        Args:
            context: Of all streams.
            before: Their last notes, int [B, 5].
            allowed: What constraints allow, [B, classes].
        """
        allowed = allowed.copy()
        given_class = np.empty(len(self.rows), dtype=np.int64)
        for guide, some in self._groups:
            rows, index = self.rows[some], self._index[some]
            clock = context.clock[rows]
            classes = guide.given.shift_class(clock, index)
            given_class[some] = classes
            own = allowed[rows]
            # It may end, or go on with a given note however far, where a written one may lie
            # behind all that is written.
            behind = clock[:, None] + SHIFT_TICKS >= guide.given.end
            ending = (own[:, :END] & behind).any(axis=1)
            furthest = END - np.argmax(own[:, ::-1], axis=1)
            can = guide.given.shift_mask(clock, index)
            if guide.loose is not None:
                can = guide.loose.shifts(can, clock, index)
            own &= can
            near = (classes <= furthest) & (classes < END)
            nothing = ~own.any(axis=1)
            every = np.arange(len(rows))
            if guide.loose is None or not guide.loose.moves:
                own[every, classes] = ending | near | nothing
            own[~own.any(axis=1)] = can[~own.any(axis=1)]
            if guide.entering:
                late = late_parts(guide, context, rows, clock)
                late &= np.arange(late.shape[1]) > before[rows, PART, None]
                here = late.any(axis=1) & can[:, 0]
                own[here] = np.arange(END + 1) == 0
            allowed[rows] = own
        return allowed, self._bias(SHIFT, allowed.shape, given_class, given_class < END)

    def settle(self, context: Context, columns: Ints, end: Ints) -> tuple[Context, Ints, Bools]:
        """Put the chosen shifts in their place.

        Args:
            context: Of all streams before the note.
            columns: Of the note, with its shift; END becomes the longest shift.
            end: Tick at which each stream that is not guided is over, [B].

        Returns:
            The context from which the shifts lead exactly to where the notes stand, the ticks of
            the shifts, and which streams are over.
        """
        shifts = columns[:, SHIFT]
        ended = shifts == END
        shifts[ended] = END - 1
        ticks = SHIFT_TICKS.take(shifts)
        over = context.clock + ticks >= end
        later = ticks[self.rows] > 0
        heard = context.heard[self.rows] >= 0
        pitches = np.where(heard, context.last[self.rows][..., 0], -1)
        self._earlier = np.where(later[:, None], pitches, self._earlier)
        moved: list[tuple[int, int, MetreMap]] = []
        clock = context.clock
        for guide, some in self._groups:
            rows, index = self.rows[some], self._index[some]
            onsets = clock[rows] + ticks[rows]
            if guide.loose is not None and guide.loose.moves:
                reaches = guide.loose.reaches(onsets, index)
                onsets = np.where(
                    reaches & guide.loose.fixed(index), guide.given.onsets(index), onsets
                )
            else:
                reaches = guide.given.reaches(clock[rows], index, shifts[rows])
                onsets = np.where(reaches, guide.given.onsets(index), onsets)
            reaches &= ~ended[rows]
            self._reaches[some] = reaches
            over[rows] = ended[rows] | (onsets >= guide.stop)
            off = onsets != clock[rows] + ticks[rows]
            if guide.metres is not None and len(guide.metres.changes) > 1:
                off |= True
            if True in off.tolist():
                moved += [
                    (row, onset, guide.metres or MetreMap())
                    for row, onset, out in zip(
                        rows[off].tolist(), onsets[off].tolist(), over[rows[off]].tolist(),
                        strict=True,
                    )
                    if not out
                ]  # fmt: skip
        return (placed(context, moved, shifts) if moved else context), ticks, over

    def parts(
        self, context: Context, onset: Ints, allowed: Bools, owing: Ints
    ) -> tuple[Bools, Floats | None]:
        """Parts that may play, of all streams, and what is added to their logits.

        Args:
            context: Of all streams.
            onset: Of their next notes, [B].
            allowed: What constraints allow, [B, SLOTS].
            owing: First part that may not be passed over, [B].
        """
        allowed = allowed.copy()
        given_part = np.zeros(len(self.rows), dtype=np.int64)
        for guide, some in self._groups:
            rows, index, reaches = self.rows[some], self._index[some], self._reaches[some]
            own = allowed[rows] & guide.given.part_mask(onset[rows], index, reaches)
            given_part[some] = np.append(guide.given.notes[:, PART], 0).take(index)
            # A given note waits for those that are to begin before it in canonical order.
            comes = reaches & (given_part[some] <= owing[rows])
            own[np.flatnonzero(comes), given_part[some][comes]] = True
            if guide.entering:
                late = own & late_parts(guide, context, rows, onset[rows])
                own = np.where(late.any(axis=1)[:, None], late, own)
            stuck = reaches & ~own.any(axis=1)
            own[np.flatnonzero(stuck), given_part[some][stuck]] = True
            lost = ~own.any(axis=1)  # of a stream that is over, whatever it plays
            own[lost] = guide.given.open_parts(onset[rows[lost]])
            own[~own.any(axis=1), 0] = True
            allowed[rows] = own
        return allowed, self._bias(PART, allowed.shape, given_part, self._reaches)

    def pitches(
        self, context: Context, before: Ints, columns: Ints, onset: Ints, allowed: Bools
    ) -> tuple[Bools, Floats | None]:
        """Pitches that may sound, of all streams, and what is added to their logits."""
        allowed = allowed.copy()
        given_pitch, counts = np.zeros((2, len(self.rows)), dtype=np.int64)
        for guide, some in self._groups:
            rows, index, reaches = self.rows[some], self._index[some], self._reaches[some]
            parts = columns[rows, PART]
            notes = np.concatenate([guide.given.notes, np.full((1, 5), -1)]).take(index, axis=0)
            mine = reaches & (notes[:, PART] == parts)
            own = allowed[rows]
            if guide.voices is not None:
                own = guide.voices.narrowed(
                    own, context, rows, parts, onset[rows], self._earlier[some]
                )
            given_pitch[some], counts[some] = notes[:, PITCH], mine
            if guide.loose is not None:
                stacked = (columns[rows, SHIFT] == 0) & (parts == before[rows, PART])
                below = np.where(stacked, before[rows, PITCH], -1)
                own = guide.loose.pitches(own, below, index, context, rows)
            else:
                own &= guide.given.pitch_mask(onset[rows], parts, index, reaches)
            there = np.flatnonzero(mine)
            if guide.loose is None:
                own[there, notes[there, PITCH]] = True
            lost = np.flatnonzero(~own.any(axis=1))
            own[lost] = allowed[rows[lost]]
            own[lost[~own[lost].any(axis=1)], 60] = True
            allowed[rows] = own
        return allowed, self._bias(PITCH, allowed.shape, given_pitch, counts > 0)

    def hold(self, columns: Ints) -> None:
        """See, once the pitches are chosen, which of the notes are the given ones."""
        for guide, some in self._groups:
            rows, index, reaches = self.rows[some], self._index[some], self._reaches[some]
            parts, pitches = columns[rows, PART], columns[rows, PITCH]
            if guide.loose is not None:
                player = np.append(guide.given.notes[:, PART], -1).take(index)
                self._forced[some] = reaches & (player == parts)
            else:
                self._forced[some] = guide.given.is_given(parts, pitches, index, reaches)

    def force(self, field: int, allowed: Bools) -> Bools:
        """Durations or velocities that may come: of given notes only their own."""
        if True not in self._forced.tolist():
            return allowed
        allowed = allowed.copy()
        for guide, some in self._groups:
            forced = some[self._forced[some]]
            if field == DURATION and guide.loose is not None and guide.loose.moves:
                continue
            own = guide.given.notes[self._index[forced], field]
            allowed[self.rows[forced]] = False
            allowed[self.rows[forced], own] = True
        return allowed

    def count(self, field: int, logits: Floats, columns: Ints) -> None:
        """Take in how likely the class drawn of a field was, whatever was ruled out."""
        own = logits[self.rows].astype(np.float64)
        own -= own.max(axis=1, keepdims=True)
        chosen = own[np.arange(len(own)), columns[self.rows, field]]
        value = chosen - np.log(np.exp(own).sum(axis=1))
        self._log_p = value if field == SHIFT else self._log_p + value

    def hear(self, context: Context, ticks: Ints, over: Bools, streams: Sequence[Guided]) -> None:
        """Take in the notes that were drawn, and hand them to their streams.

        Args:
            context: Before them, settled.
            ticks: Of their shifts, [B].
            over: Streams whose note is one too many, [B].
            streams: All of them, [B].
        """
        rows = self.rows
        turned = context.inside[rows] + ticks[rows] >= context.bar[rows]
        onsets, origins = context.clock[rows] + ticks[rows], np.where(self._forced, self._index, -1)
        for row, onset, origin, value, out in zip(
            rows.tolist(),
            onsets.tolist(),
            origins.tolist(),
            self._log_p.tolist(),
            over[rows].tolist(),
            strict=True,
        ):
            if not out:
                streams[row].onsets.append(onset)
                streams[row].origins.append(origin)
                streams[row].expected.append(value)
        heard = ~over[rows]
        self._in_bar = np.where(turned, 0, self._in_bar) + (~self._forced & heard)
        self.written = self.written + (~self._forced & heard)
        self._index = self._index + (self._forced & heard)

    def _bias(
        self, field: int, shape: tuple[int, ...], classes: Ints, which: Bools
    ) -> Floats | None:
        """The gains of the next given notes' classes; None for none."""
        if self._gains is None:
            return None
        bias = np.zeros(shape, dtype=np.float32)
        bias[self.rows[which], classes[which]] = self._gains[which, field]
        return bias
