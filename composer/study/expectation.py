"""Expectation: how surprising each note was to the network, and what it expected instead.

The network hears the piece from its first note, told no plan (a plan is found from the whole piece
and would give away what is to come), with the float weights of which the graph that plays is an
approximation. Nats of when a note comes, who plays it and which pitch it has count as surprise;
length and loudness, which are mostly a performer's, are told apart.

Conventions:
    N notes, F = 5 fields. Nats are -log p, natural logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    END,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    TICKS_PER_BEAT,
    Events,
)
from composer.encoding.features import features, parts_of
from composer.encoding.part_order import ranks_of
from composer.network.gate_trace import GateTrace
from composer.network.heads import Heads
from composer.network.likelihood import field_nats, lengths_of
from composer.network.numpy_trunk import FloatTrunk
from composer.network.trunk import Floats
from composer.study.music import Music

_CHOICES: Final = 4
"""What is expected that is told."""
_TOLD: Final = 0.005
"""Probability from which on it is told."""
_LEAST: Final = 2.5
"""Nats from which on a note may count as surprising: one in twelve."""
_SHARE: Final = 0.06
"""Share of the notes of a piece that are told as surprising, at most, and how many."""
_MOST: Final = 40

_VALUES: Final = {
    3: "a thirty-second", 6: "a sixteenth", 8: "an eighth triplet", 9: "a dotted sixteenth",
    12: "an eighth", 16: "a quarter triplet", 18: "a dotted eighth", 24: "a quarter",
    36: "a dotted quarter", 48: "a half", 72: "a dotted half", 96: "a whole",
}  # fmt: skip

_NEARLY: Final = 0.09
"""How much a length may differ from a note value and still be called by it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that might have come.

    Attributes:
        value: A pitch, or ticks from the note before or of a length.
        text: As people say it, but for pitches, whose name depends on the key.
        probability: That the network gave it.
    """

    value: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Surprise:
    """A note that was not expected.

    Attributes:
        note: Its index.
        nats: Of its time, part and pitch.
        field: Which of them surprised most: "time", "part" or "pitch".
        pitches: Expected pitches, the likeliest first, its time and part given.
        times: Expected times after the note before.
        lengths: Expected lengths, its pitch given.
    """

    note: int
    nats: float
    field: str
    pitches: tuple[Choice, ...]
    times: tuple[Choice, ...]
    lengths: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """A piece as the network heard it.

    Attributes:
        steps: int16 [parts + N + 1, 39].
        trace: What every gate did, at [parts + N] steps.
        nats: float32 [N, F].
    """

    steps: NDArray[np.int16]
    trace: GateTrace
    nats: Floats

    @property
    def declared(self) -> int:
        """Steps before the first note."""
        return len(self.steps) - 1 - len(self.nats)

    @property
    def surprise(self) -> Floats:
        """Nats of time, part and pitch of each note, [N]."""
        return np.asarray(self.nats[:, [SHIFT, PART, PITCH]].sum(axis=1))


def hear(events: Events, trunk: FloatTrunk, heads: Heads) -> Hearing:
    """Hear a whole piece.

    Args:
        events: The piece, without a plan.
        trunk: Of the network.
        heads: Of the network.
    """
    steps = features(events, end=True)
    trace = trunk.trace(steps[:-1])
    declared = len(events.programs)
    hidden = trace.hidden[declared - 1 : -1]
    targets = steps[declared:-1].astype(np.int32)
    told, ranks = parts_of(events, steps), np.array(ranks_of(events.programs), dtype=np.int64)
    parts, lengths = [(row, ranks) for row in told], lengths_of(events)[:-1].astype(np.int64)
    nats = field_nats(heads, hidden, targets, parts, lengths)
    return Hearing(steps, trace, nats)


def surprises_of(music: Music, hearing: Hearing, heads: Heads) -> list[Surprise]:
    """The notes that surprised most, in order of time; never the first of the piece."""
    nats = hearing.surprise
    count = min(_MOST, max(round(_SHARE * len(nats)), 3))
    order = np.argsort(-nats, kind="stable")
    chosen = sorted(int(index) for index in order[: count + 1] if index and nats[index] >= _LEAST)[
        :count
    ]
    if not chosen:
        return []
    hidden = hearing.trace.hidden[hearing.declared - 1 : -1][chosen]
    targets = hearing.steps[hearing.declared : -1].astype(np.int32)[chosen]
    pitches, times, lengths = (
        _odds(heads, field, hidden, targets) for field in (PITCH, SHIFT, DURATION)
    )
    found = []
    for row, note in enumerate(chosen):
        own = hearing.nats[note]
        field = max((SHIFT, PART, PITCH), key=lambda index: own[index])
        before = int(music.onsets[note - 1])
        found.append(
            Surprise(
                note,
                float(nats[note]),
                {SHIFT: "time", PART: "part", PITCH: "pitch"}[field],
                tuple(Choice(at, "", odds) for at, odds in _likeliest(pitches[row])),
                tuple(
                    Choice(int(SHIFT_TICKS[at]), shift_text(music, before, at), odds)
                    for at, odds in _likeliest(times[row])
                    if at != END
                ),
                _named_lengths(music, lengths[row]),
            )
        )
    return found


def shift_text(music: Music, before: int, shift: int) -> str:
    """When a note comes, after one at a tick: "with the note before", "at bar 3, beat 2"."""
    if shift == END:
        return "the end"
    ticks = int(SHIFT_TICKS[shift])
    if ticks == 0:
        return "with the note before"
    if music.free:
        return f"{ticks / 100:.2f} s later"
    return f"at {music.place(before + ticks)}"


def length_text(music: Music, ticks: int) -> str:
    """How long a note is: "a dotted quarter", "1.25 beats", "0.4 s" in free time."""
    if music.free:
        return f"{ticks / 100:.2f} s"
    near = min(_VALUES, key=lambda value: abs(value - ticks))
    if abs(near - ticks) <= _NEARLY * near:  # what is played is a little shorter than written
        return _VALUES[near]
    return f"{ticks / TICKS_PER_BEAT:.2g} quarters"


def _named_lengths(music: Music, odds: Floats) -> tuple[Choice, ...]:
    """Lengths by their names: what is called alike is one choice."""
    named: dict[str, tuple[int, float]] = {}
    for ticks, share in zip(DURATION_TICKS.tolist(), odds.tolist(), strict=True):
        name = length_text(music, ticks)
        first, before = named.get(name, (ticks, 0.0))
        named[name] = (first, before + share)
    order = sorted(named.items(), key=lambda item: -item[1][1])[:_CHOICES]
    return tuple(Choice(ticks, name, share) for name, (ticks, share) in order if share >= _TOLD)


def _likeliest(odds: Floats) -> list[tuple[int, float]]:
    order = np.argsort(-odds, kind="stable")[:_CHOICES]
    return [(int(index), float(odds[index])) for index in order if odds[index] >= _TOLD]


def _odds(heads: Heads, field: int, hidden: Floats, targets: NDArray[np.int32]) -> Floats:
    """The probability of each class, [rows, classes]; in blocks that stay in the cache."""
    found = []
    for start in range(0, len(targets), 512):
        rows = slice(start, start + 512)
        logits = heads(field, hidden[rows], targets[rows].astype(np.int64)).astype(np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        found.append(odds / odds.sum(axis=1, keepdims=True))
    return np.asarray(np.concatenate(found), dtype=np.float32)
