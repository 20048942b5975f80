"""Generate: a seed Piece -> the music that goes on from it. The offline path.

The seed is read onto its grid, the network hears all of it, and notes are drawn from the
bar line where it ends, under rules made from the settings and from the seed itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from composer.analysis.repetition import listen
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    LONGEST,
    PART,
    PITCH,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    UNLIMITED,
    VELOCITY,
    Events,
    velocity_of,
)
from composer.encoding.features import context_of
from composer.errors import SettingError
from composer.generation.best_of_n import BestOfN
from composer.generation.constraints import (
    KNOWN,
    LEAN,
    LEAN_CHOSEN,
    RARE,
    Constraints,
    lengths_like,
    loudness_like,
)
from composer.generation.seed_analysis import TAIL, SeedAnalysis
from composer.generation.settings import AUTO, DEFAULT_BARS, OFF, Settings
from composer.generation.stream import Stream
from composer.music.beat_grid import BEATS, FREE
from composer.music.notes import DRUM_PROGRAM, Note, Piece
from composer.network.predictor import NoteModel
from composer.network.state import State

MEMORY = 4096
"""Notes of a seed that the network hears at most: its last ones."""
WIDER = 7
"""Semitones by which a part may leave the range it had in the seed."""
USED = 0.03
"""Share of a seed's sounding time from which a pitch class counts as part of its scale."""
KIT = (36, 38, 42, 46, 49)
"""Kick, snare, hi-hat closed and open, crash (General MIDI 1), for drum parts that"""
SMALL_KIT = 4
"""use fewer keys than these."""
SIDE_BY_SIDE = 256
"""Streams that are drawn at a time, all takes of all variations counted."""
DENSER = 1.25
"""Times the seed's notes per beat that a continuation may have on the whole."""
PLAYED = 12
"""With more places in the beat than these, a seed was played and not written down."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """New music.

    Attributes:
        piece: Only the new notes, in the seed's ticks, in parts that carry the seed's
            tracks, channels and programs. Its tempo and metre are the seed's.
        join: The tick at which it begins.
        end: The tick of the bar line at which it ends.
        reading: How the seed was understood.
        variation: Its number.
    """

    piece: Piece
    join: int
    end: int
    reading: SeedAnalysis
    variation: int


def seed_state(reading: SeedAnalysis, predictor: NoteModel) -> State:
    """The network's state where a seed ends, ready for the first new note."""
    return at_join(reading, predictor.prime(reading.events, MEMORY))


def at_join(reading: SeedAnalysis, state: State) -> State:
    """The state of a network that has heard a seed, moved to where it goes on.

    Where the seed's last onset lies too far before the join for one shift, or not so that
    a shift leads right to it, whole bars are skipped and the clock is moved by under a
    sixteenth: nothing sounds there, and the first new note can fall on the bar line.
    """
    context, bar = state.context, reading.bar
    # The continuation's metre, should it change where the seed ends.
    if reading.events.kind == BEATS:
        inside = (context.clock - reading.join) % bar
        context = context.moved(context.clock, inside, np.array([bar]))
    gap = reading.join - int(context.clock[0])
    most = max(LONGEST - bar, bar)
    if gap > most:
        bars = min(-(-(gap - most) // bar), gap // bar)
        context = context.moved(context.clock + bars * bar, context.inside)
        gap -= bars * bar
    if gap > LONGEST:  # in a bar that is longer than any shift
        beats = -(-(gap - LONGEST) // TICKS_PER_BEAT) * TICKS_PER_BEAT
        context = context.moved(context.clock + beats, (context.inside + beats) % bar)
        gap -= beats
    if gap > 96 and gap % 12:
        nudge = gap % 12
        context = context.moved(context.clock + nudge, (context.inside + nudge) % bar)
    return replace(state, context=context)


def chosen_slots(reading: SeedAnalysis, wanted: Sequence[str]) -> list[int]:
    """Slots of the parts that are to play.

    Args:
        reading: Of the seed.
        wanted: Numbers from 1 in the order of the seed's parts, or parts of track names;
            empty for all.

    Raises:
        SettingError: A number or name fits no part; the message lists them.
    """
    slots = reading.placement.slots
    if not wanted:
        return list(range(len(slots)))
    names = [reading.piece.parts[index].name.strip() for index in slots]
    found: set[int] = set()
    for text in wanted:
        if text.strip().isdigit() and 1 <= int(text) <= len(slots):
            matches = [int(text) - 1]
        else:
            matches = [
                slot
                for slot, name in enumerate(names)
                if text.strip() and text.strip().lower() in name.lower()
            ]
        if not matches:
            listed = ", ".join(f"{n} {name}".strip() for n, name in enumerate(names, 1))
            raise SettingError(f"no part is called {text!r}; this seed has: {listed}")
        found.update(matches)
    return sorted(found)


def make_constraints(reading: SeedAnalysis, settings: Settings) -> Constraints:
    """What one continuation of a seed may play.

    Raises:
        SettingError: The settings leave some part nothing to play.
    """
    events, bar = reading.events, reading.bar
    rows = events.rows
    parts = np.zeros(SLOTS, dtype=bool)
    parts[chosen_slots(reading, settings.parts)] = True
    pitches = np.zeros((SLOTS, SIZES[PITCH]), dtype=bool)
    velocities = np.ones((SLOTS, SIZES[VELOCITY]), dtype=bool)
    leaning = np.zeros((SLOTS, SIZES[VELOCITY]), dtype=np.float32)
    scale = _scale(reading, settings)
    lean = LEAN if settings.takes == 1 else LEAN_CHOSEN
    for slot, program in enumerate(events.programs):
        own = rows[rows[:, PART] == slot]
        if program == DRUM_PROGRAM:
            pitches[slot, own[:, PITCH]] = True
            if np.count_nonzero(pitches[slot]) < SMALL_KIT:
                pitches[slot, list(KIT)] = True
        else:
            low, high = settings.pitch_range or (
                max(int(own[:, PITCH].min()) - WIDER, 0),
                min(int(own[:, PITCH].max()) + WIDER, 127),
            )
            pitches[slot, low : high + 1] = scale[low : high + 1]
            if parts[slot] and not pitches[slot].any():
                raise SettingError(
                    f"no note of {settings.key} lies within pitches {low} to {high}; "
                    "widen the pitch range or change the key"
                )
        velocities[slot], leaning[slot] = loudness_like(own[:, VELOCITY], lean)
    first_longest = int(SHIFT_TICKS[rows[1:, 0]].max()) if len(rows) > 1 else 0
    busiest = int(np.bincount(events.onsets // bar).max())
    per_bar, pace = busiest + max(busiest // 4, 1), 0.0
    rate = DENSER * len(rows) / max(reading.join - int(events.onsets[0]), bar)
    if settings.density is not None:
        ticks = TICKS_PER_SECOND if events.kind == FREE else TICKS_PER_BEAT
        per_bar, pace = (
            max(int(np.ceil(settings.density * bar / ticks)), 1),
            settings.density / ticks,
        )
        rate = 0.0
    moved = SHIFT_TICKS[rows[1:, 0]]
    return Constraints.of(
        earliest=reading.join,
        latest_first=reading.join + bar - 1,
        end=_end(reading, settings),
        longest=min(max(first_longest, bar), LONGEST),
        parts=parts,
        pitches=pitches,
        velocities=velocities,
        leaning=leaning,
        per_bar=per_bar,
        pace=pace,
        places=_places(events),
        durations=_durations(events),
        rests=_rests(events, bar),
        chords=_chords(events),
        rate=rate,
        burst=busiest,
        stride=int(np.median(moved[moved > 0])) if moved.any() else 1,
    )


def _places(events: Events) -> NDArray[np.bool_]:
    """Ticks of the beat on which a continuation's notes may begin, bool [24].

    A seed that was written down begins its notes on a few of them, and a continuation that
    does not would sound as if it had lost the beat. One that was played uses nearly all.
    """
    if events.kind == FREE:
        return np.ones(TICKS_PER_BEAT, dtype=bool)
    inside = context_of(events.onsets, events.kind, events.metres)[:, 0]
    used = np.bincount(inside, minlength=TICKS_PER_BEAT) > RARE * len(inside)
    if np.count_nonzero(used) > PLAYED:
        return np.ones(TICKS_PER_BEAT, dtype=bool)
    used[0] = True
    return np.asarray(used)


def _durations(events: Events) -> NDArray[np.bool_]:
    """Duration classes that each part of a continuation may use, bool [16, classes]."""
    rows = events.rows
    shortest = int(np.quantile(rows[:, DURATION], RARE, method="lower"))
    allowed = np.ones((SLOTS, SIZES[DURATION]), dtype=bool)
    allowed[:, :shortest] = False
    for slot in range(len(events.programs)):
        own = rows[rows[:, PART] == slot, DURATION]
        if len(own) >= KNOWN:
            allowed[slot] = lengths_like(DURATION_TICKS[own])
    return allowed


def _rests(events: Events, bar: int) -> NDArray[np.int64]:
    """How long each part of a continuation may be silent, in ticks [16].

    A bar longer than it was between two of its onsets in the seed; parts that were hardly
    heard may keep silent.
    """
    longest = np.full(SLOTS, UNLIMITED, dtype=np.int64)
    for slot in range(len(events.programs)):
        own = events.onsets[events.rows[:, PART] == slot]
        if len(own) >= KNOWN:
            longest[slot] = max(int(np.diff(own).max()), bar) + bar
    return longest


def _chords(events: Events) -> NDArray[np.int64]:
    """How many notes each part of a continuation may play on one onset, [16].

    As many as in the seed, so that a part of single notes stays one.
    """
    most = np.full(SLOTS, UNLIMITED, dtype=np.int64)
    for slot in range(len(events.programs)):
        own = events.onsets[events.rows[:, PART] == slot]
        if len(own) >= KNOWN:
            most[slot] = np.unique(own, return_counts=True)[1].max()
    return most


def _scale(reading: SeedAnalysis, settings: Settings) -> np.ndarray:
    """Which pitches lie in the key asked for, bool [128]."""
    if settings.key == OFF:
        return np.ones(128, dtype=bool)
    key = settings.wanted_key or reading.key
    if key is None:
        return np.ones(128, dtype=bool)
    classes = set(key.pitch_classes())
    if settings.key == AUTO:
        # What the seed itself uses beyond its scale belongs to its language.
        sounding = np.zeros(12)
        rows = reading.events.rows
        drums = np.array(reading.events.programs)[rows[:, PART]] == DRUM_PROGRAM
        tones = rows[~drums]
        np.add.at(sounding, tones[:, PITCH] % 12, np.minimum(DURATION_TICKS[tones[:, 3]], 48))
        classes |= set(np.flatnonzero(sounding >= USED * sounding.sum()).tolist())
    return np.isin(np.arange(128) % 12, sorted(classes))


def _end(reading: SeedAnalysis, settings: Settings) -> int:
    """The event tick at which the continuation ends; far away when notes are counted."""
    if settings.notes is not None:
        return UNLIMITED
    if settings.seconds is not None:
        if reading.events.kind == FREE:
            return reading.join + max(round(settings.seconds * TICKS_PER_SECOND), 1)
        tempo = reading.piece.tempos.tempo_at(reading.tick(reading.join))
        beats = settings.seconds * 1e6 / tempo
        bars = int(np.ceil(beats * TICKS_PER_BEAT / reading.bar - 1e-6))
        return reading.join + max(bars, 1) * reading.bar
    return reading.join + (settings.bars or DEFAULT_BARS) * reading.bar


def continue_seed(
    reading: SeedAnalysis,
    predictor: NoteModel,
    settings: Settings,
    variations: Sequence[int] = (0,),
    progress: Callable[[float], None] | None = None,
) -> list[Continuation]:
    """Go on from a seed, once for each variation.

    A variation depends on the seed, the settings and its number alone, not on which
    others are made with it.

    Args:
        reading: From `analyse_seed`.
        predictor: The network.
        settings: Length, freedom and limits.
        variations: Their numbers.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: The settings do not fit the seed.
    """
    streams = make_streams(reading, seed_state(reading, predictor), settings, variations)
    takes = BestOfN(predictor)
    waiting, ended = streams[::-1], 0
    while waiting or takes.streams:
        while waiting and takes.places < SIDE_BY_SIDE:
            takes.add([(reading, waiting.pop())])
        ended += len(takes.play())
        if progress and takes.streams:
            shares = [_share(stream, reading) for stream in takes.streams]
            playing = len(streams) - len(waiting) - ended
            progress((ended + playing * sum(shares) / len(shares)) / len(streams))
    return [to_continuation(reading, settings, stream) for stream in streams]


def make_streams(
    reading: SeedAnalysis, state: State, settings: Settings, variations: Sequence[int]
) -> list[Stream]:
    """The continuations of a seed before their first note, one for each variation.

    Args:
        reading: Of the seed.
        state: From `seed_state`.
        settings: Length, freedom and limits.
        variations: Their numbers.

    Raises:
        SettingError: The settings do not fit the seed.
    """
    rules = make_constraints(reading, settings)
    habits, ear = listen(reading.events, reading.bar)
    before = reading.events.rows[-1].astype(np.int64)
    # Bounds the work, should a setting ask for very dense music.
    most = settings.notes or int(rules.table["per_bar"][0]) * -(
        -(int(rules.end[0]) - reading.join) // reading.bar
    )
    return [
        Stream(state, before, rules, settings, habits, number, most, ear) for number in variations
    ]


def _share(stream: Stream, reading: SeedAnalysis) -> float:
    if int(stream.rules.end[0]) == UNLIMITED:
        return len(stream.rows) / stream.most
    played = sum(int(SHIFT_TICKS[row[0]]) for row in stream.rows[1:])
    return min(played / (int(stream.rules.end[0]) - reading.join), 1.0)


def to_continuation(
    reading: SeedAnalysis,
    settings: Settings,
    stream: Stream,
    touch: Touch | None = None,
) -> Continuation:
    """A finished stream as music in the seed's ticks.

    Args:
        reading: Of the seed.
        settings: Its length is in them.
        stream: What was drawn.
        touch: From `touch_of`, when there are several of one seed.
    """
    rows = stream.events()
    clock = int(stream.state.context.clock[0])
    onsets = clock + np.cumsum(SHIFT_TICKS[rows[:, 0]])
    ends = onsets + DURATION_TICKS[rows[:, 3]]
    end = int(stream.rules.end[0])
    if end == UNLIMITED:
        bars = -(-(int(ends.max()) - reading.join) // reading.bar)
        end = reading.join + max(bars, 1) * reading.bar
    if touch is None:
        touch = touch_of(reading)
    for slot in touch.single:
        own = np.flatnonzero(rows[:, PART] == slot)
        ends[own[:-1]] = np.minimum(ends[own[:-1]], onsets[own[1:]])
    notes: dict[int, list[Note]] = {}
    starts, stops = reading.ticks(onsets), reading.ticks(ends)
    for row, start, stop in zip(rows.tolist(), starts, stops, strict=True):
        length = max(stop - start, 1)
        velocity = touch.velocity(row[PART], row[VELOCITY])
        index = reading.placement.slots[row[PART]]
        notes.setdefault(index, []).append(Note(start, row[PITCH], length, velocity))
    parts = tuple(
        replace(part, notes=tuple(notes.get(index, ())))
        for index, part in enumerate(reading.piece.parts)
    )
    return Continuation(
        reading.piece.with_parts(parts),
        reading.tick(reading.join),
        reading.tick(end),
        reading,
        stream.variation,
    )


@dataclass(frozen=True, slots=True)
class Touch:
    """How a seed's notes are struck and let go, for notes to be like them.

    Attributes:
        velocities: The commonest velocity of each (slot, velocity class) it uses.
        single: Slots of the parts that sound one note at a time.
    """

    velocities: Mapping[tuple[int, int], int]
    single: frozenset[int]

    def velocity(self, slot: int, velocity_class: int) -> int:
        """The MIDI velocity of a new note."""
        return self.velocities.get((slot, velocity_class), velocity_of(velocity_class))


def touch_of(reading: SeedAnalysis) -> Touch:
    """How the seed's notes are struck and let go."""
    counts: dict[tuple[int, int], Counter[int]] = {}
    for slot, index in enumerate(reading.placement.slots):
        for note in reading.piece.parts[index].notes:
            counts.setdefault((slot, note.velocity // 4), Counter())[note.velocity] += 1
    velocities = {
        place: min(seen.most_common(), key=lambda item: (-item[1], item[0]))[0]
        for place, seen in counts.items()
    }
    rows, onsets = reading.events.rows, reading.events.onsets
    single = set()
    for slot, program in enumerate(reading.events.programs):
        own = np.flatnonzero(rows[:, PART] == slot)
        if program == DRUM_PROGRAM or len(own) < KNOWN:
            continue
        late = onsets[own] + DURATION_TICKS[rows[own, DURATION]] - TAIL
        if (np.diff(onsets[own]) > 0).all() and (late[:-1] <= onsets[own[1:]]).all():
            single.add(slot)
    return Touch(velocities, frozenset(single))
