"""Constraints of what is written inside a piece, made from the piece and from the settings.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    LONGEST,
    PART,
    PITCH,
    SHIFT,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    UNLIMITED,
    Events,
)
from composer.encoding.given import Opening
from composer.errors import SettingError
from composer.generation.backing import BASS, FILLING, SOLE, Backing
from composer.generation.constraints import Constraints
from composer.generation.limits import Bools, Density, PartLimits, Span
from composer.generation.part_limits import (
    KIT,
    RARE,
    NoteTable,
    key_bias,
    part_limits,
    policy_for_seed,
    scale_pitches,
)
from composer.generation.seed_constraints import (
    DENSER,
    asked_density,
    notes_per_bar,
    places_of,
    rests_of,
)
from composer.generation.settings import Settings
from composer.inside.instruments import Instrument
from composer.inside.whole_piece import WholePiece
from composer.music.beat_grid import FREE
from composer.music.chords import chord_tones
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan

BELOW = 53
"""Who plays half of their notes below this pitch leaves no room for another bass."""
ROOM = 12
"""Semitones above its usual pitch that an instrument has, however low the music lies."""
SHORTEST = TICKS_PER_BEAT // 4
"""Ticks that a note of a part lasts at least which has not played yet."""
_KITS = np.isin(np.arange(SIZES[2]), KIT)


def constraints_inside(
    whole: WholePiece,
    events: Events,
    opening: Opening,
    settings: Settings,
    added: Mapping[int, Instrument],
    chords: Plan | None = None,
    ring: int = 0,
    first: int | None = None,
    stood: int | None = None,
) -> Constraints:
    """What may be written in an opening.

    Args:
        whole: The piece.
        events: Its notes as the network hears them.
        opening: Where something is written, and which parts write.
        settings: Key, range, density and takes.
        added: Instrument of each slot that has no notes yet.
        chords: Whose tones are allowed whatever the scale: those that were asked for, or that
            further parts are written over.
        ring: Ticks for which notes may sound beyond its end.
        first: The first tick of it at which something is written; None: its start.
        stood: Notes that stood where something is written, if about as many are to be; None: as
            many as elsewhere.

    Raises:
        SettingError: The settings leave some part nothing to play.
    """
    table = whole.notes.copy()
    table[:, DURATION] = DURATION_TICKS[table[:, DURATION]]
    notes, programs = NoteTable(table), whole.programs
    scale = scale_pitches(notes, programs, settings, settings.wanted_key or whole.key)
    scale = scale | _tones_of(chords, scale)
    limits = part_limits(
        notes,
        programs,
        scale,
        settings.pitch_range,
        policy_for_seed(settings.takes),
        int(np.quantile(notes.durations, RARE, method="lower")),
    )
    for slot, instrument in added.items():
        top = _top(whole, instrument) if instrument.role == FILLING else SIZES[PITCH]
        _limit(limits, slot, instrument, scale, settings.pitch_range, top)
    parts = np.zeros(SLOTS, dtype=bool)
    parts[sorted(opening.parts)] = True
    for slot in sorted(opening.parts):
        if not limits.pitches[slot].any():
            name = settings.key if settings.wanted_key else "the key"
            raise SettingError(
                f"no note of {name} lies within the pitches that part {slot + 1} from the top may"
                " play; widen the pitch range or change the key"
            )
    bar = whole.bar_at(opening.start)
    first = opening.start if first is None else first
    shifts = np.diff(np.unique(table[:, SHIFT]))
    longest = min(max(int(shifts.max(initial=0)), bar), LONGEST) if not added else bar
    rests = rests_of(events, bar)
    rests[list(added)] = 2 * bar
    return Constraints.of(
        Span(
            earliest=opening.start,
            latest_first=opening.end if added else first + bar - 1,
            end=opening.end,
            longest=min(longest, 2 * bar, LONGEST),
            ring=ring,
        ),
        _density(whole, table, opening, settings, added, bar, stood),
        replace(
            limits,
            parts=parts,
            rests=rests,
            pitch_bias=key_bias(programs, settings, whole.key),
        ),
        places=places_of(events),
        backing=_backing(whole, opening, added) if added else None,
    )


def _backing(whole: WholePiece, opening: Opening, added: Mapping[int, Instrument]) -> Backing:
    """What parts that are added keep to: the chords of the plan, and drums a groove."""
    players = {slot: instrument.role for slot, instrument in added.items()}
    filling = [slot for slot, role in players.items() if role == FILLING]
    if filling and BASS not in players.values() and not _has_bass(whole, added):
        players[max(filling)] = SOLE
    lengths = np.array([whole.bar_at(tick) for tick in whole.lines(opening)])
    return Backing.of(players, int(np.bincount(lengths).argmax()), beats=whole.kind != FREE)


def _top(whole: WholePiece, instrument: Instrument) -> int:
    """The highest pitch for what fills the harmony: it stays under the highest note given."""
    drums = np.array(whole.programs)[whole.notes[:, PART]] == DRUM_PROGRAM
    tones = whole.notes[~drums, PITCH]
    return max(int(tones.max(initial=0)), instrument.usual + ROOM)


def _has_bass(whole: WholePiece, added: Mapping[int, Instrument]) -> bool:
    """Whether somebody plays below already."""
    return any(
        program != DRUM_PROGRAM
        and slot not in added
        and np.median(whole.notes[whole.notes[:, PART] == slot, PITCH]) < BELOW
        for slot, program in enumerate(whole.programs)
    )


def _density(
    whole: WholePiece,
    table: np.ndarray,
    opening: Opening,
    settings: Settings,
    added: Mapping[int, Instrument],
    bar: int,
    stood: int | None,
) -> Density:
    """As much as the parts that write play elsewhere, or there; added ones at their own pace."""
    own = table[np.isin(table[:, PART], sorted(opening.parts)), SHIFT]
    moved = np.diff(np.unique(table[:, SHIFT]))
    slow = int(np.median(moved)) if len(moved) else 1
    if settings.density is not None:
        per_bar, pace = asked_density(settings.density, bar, whole.kind)
        return Density(per_bar=per_bar, pace=pace)
    paces = sum(instrument.pace for instrument in added.values())
    many = round(2 * paces * bar / TICKS_PER_BEAT)
    busiest = int(np.bincount(own // bar).max(initial=0)) if len(own) else 0
    per_bar = notes_per_bar(busiest) * (busiest > 0) + many
    if stood is not None:
        length = opening.end - opening.start
        return Density(
            per_bar=per_bar,
            rate=DENSER * stood / length,
            burst=max(stood // 4, 2),
            slow_shift=min(max(slow, length // max(stood, 1)), bar),
        )
    length = max(whole.line(whole.bars), bar)
    rate = DENSER * (len(own) / length + paces / TICKS_PER_BEAT)
    return Density(per_bar=per_bar, rate=rate, burst=busiest + many // 2, slow_shift=min(slow, bar))


def _limit(
    limits: PartLimits,
    slot: int,
    instrument: Instrument,
    scale: Bools,
    pitch_range: tuple[int, int] | None,
    top: int,
) -> None:
    """Narrow the limits of a part without notes to what its instrument plays, up to a pitch."""
    limits.chords[slot] = instrument.chord
    if instrument.program == DRUM_PROGRAM:
        limits.pitches[slot] = _KITS
        return
    low, high = pitch_range or (instrument.low, min(instrument.high, top))
    limits.pitches[slot] = False
    limits.pitches[slot, low : high + 1] = scale[low : high + 1]
    # Voices sing notes, not the ornaments of instruments.
    shortest, longest = (
        (TICKS_PER_BEAT // 2, 4 * TICKS_PER_BEAT) if instrument.voice else (SHORTEST, UNLIMITED)
    )
    limits.durations[slot] = (shortest <= DURATION_TICKS) & (longest >= DURATION_TICKS)


def _tones_of(chords: Plan | None, scale: Bools) -> Bools:
    """Pitches of the chords of a plan."""
    tones: set[int] = set()
    for bar in chords.bars if chords is not None else ():
        for code in bar.chords:
            tones |= chord_tones(code)
    return np.isin(np.arange(len(scale)) % 12, list(tones))
