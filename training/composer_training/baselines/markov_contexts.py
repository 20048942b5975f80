"""Contexts: what a Markov model of events looks back at, field by field.

Each field is predicted along a few *chains*. A chain is a list of levels, from no context
at all to a long one; a level's context is everything its own names and those of the levels
before it say. A chain of pitches may count from an *anchor*, so that what was learnt in one
key holds in all: its symbols are pitch - anchor + 128.

Conventions:
    N positions, one for each note of a piece and one for END; arrays are int64 [N].
    A name with a number looks back that many notes: `pitch1` is the pitch before. What is
    not there is `NONE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from composer.encoding.columns import COLUMNS
from composer.encoding.events import FIELDS, NO_PITCH, PART, PITCH, SHIFT, Events
from composer.encoding.features import features

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Known = Mapping[str, Ints]

NONE = 511
SYMBOLS = 512
"""Bound on symbols of all fields, those counted from an anchor included."""
CENTRE = 128
"""Symbol of the anchor itself."""
LAGS = 6


@dataclass(frozen=True, slots=True)
class Chain:
    """One way of looking back.

    Attributes:
        levels: Names that each level adds; the first adds none.
        anchor: Name of the pitch that symbols count from, "" for plain classes.
    """

    levels: tuple[tuple[str, ...], ...]
    anchor: str = ""


def _chain(*levels: str, anchor: str = "") -> Chain:
    return Chain(tuple(tuple(level.split()) for level in ("", *levels)), anchor)


CHAINS: dict[str, tuple[Chain, ...]] = {
    "shift": (
        _chain("shift1", "place1 bar_length", "shift2", "parts part1", "shift3", "shift4"),
        _chain("stack part1 parts", "place1", "duration1", "shift2 part2", "pitch1"),
    ),
    "part": (
        _chain("parts part1", "shift", "part2", "place", "shift1 part3", "part4"),
        _chain("parts", "place bar_length", "together", "part1", "duration1"),
    ),
    "pitch": (
        _chain("program", "together same", "pitch1", "last_pitch", "pitch2", "pitch3", "pitch4"),
        _chain("program", "together same", "melody1", "hang1", "hang2", "melody2", anchor="tone"),
        _chain("together same", "step1", "step2", "place", "step3", anchor="before"),
        _chain("program", "place bar_length", "last_pitch", "pitch1", "pitch2"),
    ),
    "duration": (
        _chain("together", "program last_duration", "duration1 same", "place", "duration2"),
        _chain("program", "pitch", "last_duration", "place", "gap"),
        _chain("program", "together place", "bar_length", "last_duration", "older_duration"),
    ),
    "velocity": (
        _chain("program", "last_velocity", "together velocity1", "place", "velocity2"),
        _chain("program", "pitch", "place", "last_velocity", "velocity1"),
        _chain("together same", "velocity1", "last_velocity", "older_velocity", "duration"),
    ),
}


def known(events: Events) -> dict[str, Ints]:
    """Every name for every note of a piece and END; see the module's docstring."""
    table = features(events, end=True)[len(events.programs) :].astype(np.int64)
    count = len(table)
    names: dict[str, Ints] = {name: table[:, index] for index, name in enumerate(COLUMNS)}
    names["place"] = names["position"] + 32 * names["beat"]
    names["parts"] = np.full(count, len(events.programs), dtype=np.int64)
    in_chord = np.zeros(count, dtype=np.int64)  # how many notes began with this one, before it
    for index in range(1, count):
        if table[index, SHIFT] == 0:
            in_chord[index] = in_chord[index - 1] + 1
    names["stack"] = _back(in_chord, 1)
    for lag in range(1, LAGS + 1):
        for name in ("shift", "part", "pitch", "duration", "velocity", "place"):
            names[f"{name}{lag}"] = _back(names[name], lag)
    previous = np.full(count, -1, dtype=np.int64)  # of the same part
    order = np.argsort(table[:-1, PART], kind="stable")
    follows = table[order[1:], PART] == table[order[:-1], PART]
    previous[order[1:][follows]] = order[:-1][follows]

    def older(name: str, missing: int) -> Ints:
        return np.where(previous >= 0, names[name][previous], missing)

    names["older_pitch"] = older("last_pitch", NO_PITCH)
    names["oldest_pitch"] = older("older_pitch", NO_PITCH)
    names["older_duration"] = older("last_duration", NONE)
    names["older_velocity"] = older("last_velocity", NONE)
    return names | _derived(names)


def _back(values: Ints, lag: int) -> Ints:
    moved = np.full_like(values, NONE)
    moved[lag:] = values[: max(len(values) - lag, 0)]
    return moved


def _derived(names: Known) -> dict[str, Ints]:
    """What follows from other names at the same position."""
    pitch1 = names["pitch1"]
    before = np.where(pitch1 == NONE, 60, pitch1)
    last, older, oldest = names["last_pitch"], names["older_pitch"], names["oldest_pitch"]
    tone = np.where(last == NO_PITCH, before, last)
    made = {
        "together": (names["shift"] == 0).astype(np.int64),
        "same": (names["part"] == names["part1"]).astype(np.int64),
        "before": before,
        "tone": tone,
        "melody1": np.where(older == NO_PITCH, NONE, last - older),
        "melody2": np.where(oldest == NO_PITCH, NONE, older - oldest),
    }
    for lag in (1, 2, 3):
        there, further = names[f"pitch{lag}"], names[f"pitch{lag + 1}"]
        made[f"step{lag}"] = np.where(further == NONE, NONE, there - further)
        made[f"hang{lag}"] = np.where(there == NONE, NONE, tone - there)
    return made


def _derived_of_one(names: Mapping[str, int]) -> dict[str, int]:
    """`_derived` for one position, in plain numbers: arrays of one take ten times as long."""
    pitch1, last = names["pitch1"], names["last_pitch"]
    older, oldest = names["older_pitch"], names["oldest_pitch"]
    before = 60 if pitch1 == NONE else pitch1
    tone = before if last == NO_PITCH else last
    made = {
        "together": int(names["shift"] == 0),
        "same": int(names["part"] == names["part1"]),
        "before": before,
        "tone": tone,
        "melody1": NONE if older == NO_PITCH else last - older,
        "melody2": NONE if oldest == NO_PITCH else older - oldest,
    }
    for lag in (1, 2, 3):
        there, further = names[f"pitch{lag}"], names[f"pitch{lag + 1}"]
        made[f"step{lag}"] = NONE if further == NONE else there - further
        made[f"hang{lag}"] = NONE if there == NONE else tone - there
    return made


class History:
    """The running counterpart of `known`: one stream, one note at a time."""

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.rows: list[tuple[int, ...]] = []
        self.places: list[int] = []
        self.stack = 0
        self.by_part: dict[int, list[tuple[int, ...]]] = {}

    def next(self, columns: Sequence[int]) -> dict[str, int]:
        """`known` of the coming note; columns as far as they are chosen."""
        values: dict[str, int] = dict(zip(COLUMNS, columns, strict=True))
        values["place"] = values["position"] + 32 * values["beat"]
        values["parts"] = self.parts
        values["stack"] = self.stack if self.rows else NONE
        for lag in range(1, LAGS + 1):
            there = len(self.rows) >= lag
            row = self.rows[-lag] if there else (NONE,) * len(FIELDS)
            for name, value in zip(FIELDS, row, strict=True):
                values[f"{name}{lag}"] = value
            values[f"place{lag}"] = self.places[-lag] if there else NONE
        own = self.by_part.get(values["part"], [])
        # What a part's last note had for its own last note, and so on.
        values["older_pitch"] = own[-2][PITCH] if len(own) > 1 else NO_PITCH
        values["oldest_pitch"] = own[-3][PITCH] if len(own) > 2 else NO_PITCH
        for name, at in (("older_duration", 3), ("older_velocity", 4)):
            missing = NONE if not own else _NOTHING[at]
            values[name] = own[-2][at] if len(own) > 1 else missing
        return values | _derived_of_one(values)

    def add(self, row: Sequence[int], place: int) -> None:
        """One more note, [5], and where in the bar it stands."""
        note = tuple(int(value) for value in row)
        self.stack = self.stack + 1 if note[SHIFT] == 0 and self.rows else 0
        self.rows.append(note)
        self.places.append(place)
        self.by_part.setdefault(note[PART], []).append(note)
        del self.rows[: -LAGS - 1], self.places[: -LAGS - 1]
        del self.by_part[note[PART]][:-3]


def _nothing() -> tuple[int, ...]:
    from composer.encoding.events import NO_DURATION, NO_SHIFT, NO_VELOCITY

    return NO_SHIFT, 0, NO_PITCH, NO_DURATION, NO_VELOCITY


_NOTHING = _nothing()


def hashes(chain: Chain, names: Known, seed: Hashes | int = 0) -> list[Hashes]:
    """The context of each level as a number, uint64 [N] each.

    Args:
        chain: Whose levels.
        names: From `known`.
        seed: What else the context depends on, such as the piece.
    """
    count = len(next(iter(names.values())))
    now = np.full(count, _START, dtype=np.uint64)
    now = _mix(now, np.broadcast_to(np.asarray(seed, dtype=np.uint64), (count,)))
    made = []
    for level in chain.levels:
        for name in level:
            now = _mix(now, (names[name].astype(np.int64) + _POSITIVE).astype(np.uint64))
        now = _mix(now, np.full(count, 1, dtype=np.uint64))
        made.append(now)
    return made


def hashes_of_one(chain: Chain, names: Mapping[str, int]) -> list[int]:
    """`hashes` of one position, in plain numbers."""
    now = _mix_of_one(_START, 0)
    made = []
    for level in chain.levels:
        for name in level:
            now = _mix_of_one(now, names[name] + _POSITIVE)
        now = _mix_of_one(now, 1)
        made.append(now)
    return made


_START, _POSITIVE, _ALL = 0x9E3779B97F4A7C15, 1024, (1 << 64) - 1


def _mix_of_one(a: int, b: int) -> int:
    x = (a ^ b) * 0xBF58476D1CE4E5B9 & _ALL
    x ^= x >> 29
    x = x * 0x94D049BB133111EB & _ALL
    return x ^ x >> 32


def _mix(a: Hashes, b: Hashes) -> Hashes:
    """One round of a multiplicative hash (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = (a ^ b) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(29)
    x = x * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = x ^ (x >> np.uint64(32))
    return mixed


def symbols(chain: Chain, field: str, names: Known) -> Ints:
    """What came, as a chain counts it, [N]."""
    values = names[field]
    return values - names[chain.anchor] + CENTRE if chain.anchor else values
