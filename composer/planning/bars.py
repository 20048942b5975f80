"""Bars as the planner reads them: the plan of each, and in a few numbers what is played in it.

Conventions:
    N bars. Chords are codes of `composer.music.chords`, as the plan has them; they are told
    relative to a tonic later (`composer.planning.features`), so that a key costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import PART, PITCH, TICKS_PER_BEAT, Events
from composer.encoding.features import places_in_bars
from composer.music.chords import CHORDS, chord_tones, root_of
from composer.music.keys import MINOR, fitting_key
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import NEAR, Plan

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

CONTENT = (
    "notes",  # log2(1 + pitched notes) / 5
    "hits",  # log2(1 + drum hits) / 5
    "height",  # mean pitch, two octaves from middle C to 1
    "top",  # highest pitch, likewise
    "bottom",  # lowest pitch, likewise
    "onsets",  # log2(1 + moments at which something begins) / 5
    "parts",  # parts that play, 8 to 1
    "same",  # share of notes in common with the bar before, by place and pitch
    "rest",  # share of the bar that is left after its last pitched onset
)
"""What is counted in a bar that was heard; 0 where there is nothing to count."""

_MIDDLE, _SPAN = 60, 24
_SIXTEENTH = TICKS_PER_BEAT // 4
_KEY_KEYS = 1 << 16  # more than places and pitches together


@dataclass(frozen=True, slots=True)
class Bars:
    """A row of bars, known in part: those that are still to be planned have their length only.

    Attributes:
        references: Earlier bar that each takes up, -1 for none, [N].
        nearness: 0..3, [N].
        chords: Of the two halves of each, [N, 2].
        phrase: Bars to the end of the phrase, [N], 0: not known.
        ending: Bars to the end of the piece, [N], 0: not known.
        lengths: In event ticks, [N].
        content: What was heard in each, columns as in `CONTENT`, float32 [N, 9].
        heard: How many of the bars, from the first, were heard.
    """

    references: Ints
    nearness: Ints
    chords: Ints
    phrase: Ints
    ending: Ints
    lengths: Ints
    content: Floats
    heard: int

    def __len__(self) -> int:
        return len(self.lengths)

    def first(self, count: int) -> Bars:
        """Its first bars, as a copy."""
        return replace(
            self,
            **{
                name: getattr(self, name)[:count].copy()
                for name in self.__slots__
                if name != "heard"
            },
            heard=min(self.heard, count),
        )

    def originals(self) -> Ints:
        """The bar of which each is, over one or several references, nearly a copy, [N]."""
        found = np.arange(len(self))
        returns = (self.references >= 0) & (self.nearness >= NEAR)
        for bar in np.flatnonzero(returns).tolist():
            found[bar] = found[self.references[bar]]
        return found

    def cut(self, first: int, count: int) -> Bars:
        """Some bars of it, as if there were nothing before them.

        A bar that takes up one before them takes up its first copy among them, if there is one.
        """
        window = slice(first, first + count)
        references = self.references[window] - first
        originals = self.originals()
        for bar in np.flatnonzero((references < 0) & (self.references[window] >= 0)).tolist():
            model = originals[self.references[first + bar]]
            copies = np.flatnonzero(originals[first : first + bar] == model)
            references[bar] = copies[0] if len(copies) else -1
        return replace(
            self,
            references=np.maximum(references, -1),
            nearness=np.where(references < 0, 0, self.nearness[window]),
            chords=self.chords[window],
            phrase=self.phrase[window],
            ending=self.ending[window],
            lengths=self.lengths[window],
            content=self.content[window],
            heard=min(max(self.heard - first, 0), count),
        )


def bars_of(events: Events, plan: Plan) -> Bars:
    """The bars of music that was heard.

    Args:
        events: On a beat grid.
        plan: Of these events.
    """
    count = len(plan)
    return Bars(
        references=np.array([bar.reference for bar in plan.bars], dtype=np.int64),
        nearness=np.array([bar.nearness for bar in plan.bars], dtype=np.int64),
        chords=np.array([bar.chords for bar in plan.bars], dtype=np.int64).reshape(count, 2),
        phrase=np.array([bar.phrase for bar in plan.bars], dtype=np.int64),
        ending=np.array([bar.ending for bar in plan.bars], dtype=np.int64),
        lengths=bar_lengths(events, count),
        content=content_of(events, count),
        heard=count,
    )


def bar_lengths(events: Events, count: int) -> Ints:
    """Length of each of the first bars in event ticks, [count]."""
    lengths = []
    tick = 0
    for _ in range(count):
        length = events.metres.position(tick, TICKS_PER_BEAT).length
        lengths.append(length)
        tick += length
    return np.array(lengths, dtype=np.int64)


def content_of(events: Events, count: int) -> Floats:
    """What is played in each bar, float32 [count, 9]; see `CONTENT`."""
    found = np.zeros((count, len(CONTENT)), dtype=np.float32)
    if not len(events.rows):
        return found
    bars, inside, lengths = places_in_bars(events.onsets, events.kind, events.metres).T
    pitches = events.rows[:, PITCH].astype(np.int64)
    parts = events.rows[:, PART].astype(np.int64)
    drums = np.array(events.programs)[parts] == DRUM_PROGRAM
    tones = ~drums

    def distinct(keys: Ints) -> Ints:
        """How many different keys each bar has."""
        which = np.unique(bars * _KEY_KEYS + keys) // _KEY_KEYS
        return np.bincount(which, minlength=count)[:count]

    notes = np.bincount(bars[tones], minlength=count)[:count]
    found[:, 0] = np.log2(1 + notes) / 5
    found[:, 1] = np.log2(1 + np.bincount(bars[drums], minlength=count)[:count]) / 5
    found[:, 5] = np.log2(1 + distinct(inside)) / 5
    found[:, 6] = distinct(parts) / 8
    places = ((inside + 2) // _SIXTEENTH) * 128 + pitches
    used = np.unique(bars * _KEY_KEYS + places)
    sizes = np.bincount(used // _KEY_KEYS, minlength=count)[:count]
    shared = used[np.isin(used - _KEY_KEYS, used)] // _KEY_KEYS
    common = np.bincount(shared, minlength=count)[:count]
    found[1:, 7] = 2 * common[1:] / np.maximum(sizes[1:] + sizes[:-1], 1)
    some = notes > 0
    if some.any():
        sums = np.bincount(bars[tones], pitches[tones], minlength=count)[:count]
        top, bottom = np.full(count, -1), np.full(count, 128)
        np.maximum.at(top, bars[tones], pitches[tones])
        np.minimum.at(bottom, bars[tones], pitches[tones])
        last = np.zeros(count)
        np.maximum.at(last, bars[tones], inside[tones] / lengths[tones])
        for column, values in (
            (2, sums / np.maximum(notes, 1)),
            (3, top.astype(float)),
            (4, bottom.astype(float)),
        ):
            found[some, column] = (values[some] - _MIDDLE) / _SPAN
        found[some, 8] = 1 - last[some]
    return found


_TONES = np.zeros((CHORDS, 12))
for _code in range(1, CHORDS):
    _TONES[_code, list(chord_tones(_code))] = 1
    _TONES[_code, root_of(_code)] += 1  # a root says more than a fifth


def tonic_of(chords: Ints) -> tuple[int, bool]:
    """(tonic, whether the key is minor) that chords speak for, [N, 2]; C major without any."""
    key = fitting_key(_TONES[chords.reshape(-1)].sum(axis=0))
    return (0, False) if key is None else (key.tonic, key.mode == MINOR)
