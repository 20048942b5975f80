"""Passages: of what is asked for, where it is written, and what stands.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from composer.encoding.events import PART, PITCH, SHIFT, SLOTS, TICKS_PER_BEAT
from composer.encoding.given import Given, Opening
from composer.errors import SettingError
from composer.formats.suffixes import MUSICXML_SUFFIXES
from composer.generation.loose_notes import LooseNotes
from composer.generation.seed_constraints import chosen_slots
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.generation.voices import Voices
from composer.inside.instruments import Instrument, instruments_called
from composer.inside.streams import Passage
from composer.inside.whole_piece import Ints, WholePiece
from composer.inside.writing import ARRANGE, BASS, CONTOUR, FILL, PITCHES, VARY, Writing
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM, Part
from composer.music.timing import counted_beat
from composer.planning import musicxml_chart
from composer.planning.chart import read_chart

_BEATS: Final = 7
"""Sets the choice of what is varied apart from all other chance."""


def passage_of(
    seed: Seed, settings: Settings, writing: Writing, variation: int = 0
) -> tuple[Passage, tuple[int, ...]]:
    """Where something is written, and the indices of the parts that are new.

    Args:
        seed: The file that is there.
        settings: Parts, chords and the number from which all chance comes.
        writing: What is to be written.
        variation: Its number: another one varies other notes.

    Raises:
        SettingError: It does not fit the piece.
    """
    if writing.task == ARRANGE:
        return _arranged(seed, settings, writing)
    whole = WholePiece.of(seed.piece, grid=settings.grid)
    slots = chosen_slots(whole.piece, whole.placement, settings.parts)
    opening = whole.opening(writing.bars, slots)
    if writing.task == FILL:
        return filled(whole, opening, chords_of(whole, opening, settings)), ()
    if writing.task == VARY:
        numbers = (settings.rng_seed, variation, _BEATS)
        return _varied(whole, opening, writing, np.random.default_rng(numbers)), ()
    raise SettingError(f"{writing.task} is not written inside a piece")


def filled(whole: WholePiece, opening: Opening, chords: Mapping[int, tuple[int, int]]) -> Passage:
    """An opening in which everything is written anew.

    Raises:
        SettingError: Nothing would stand.
    """
    given = whole.around(opening)
    if not len(given):
        raise SettingError(
            "nothing would stand: all notes of the file lie in these bars and parts; "
            "choose fewer, or go on from it with 'composer generate'"
        )
    return Passage(whole, given, opening, chords=chords)


def chords_of(
    whole: WholePiece, opening: Opening, settings: Settings
) -> dict[int, tuple[int, int]]:
    """The chords that were asked for, by the number of their bar.

    Raises:
        SettingError: They cannot be read, or are more than there are bars.
    """
    if settings.chords is None:
        return {}
    if whole.kind == FREE:
        raise SettingError("in free time there are no bars for chords: give --grid beats")
    first = whole.metres.position(opening.start, TICKS_PER_BEAT).bar
    behind = whole.metres.position(opening.end - 1, TICKS_PER_BEAT).bar + 1
    return dict(enumerate(read_chart(settings.chords, behind - first), first))


def _arranged(seed: Seed, settings: Settings, writing: Writing) -> tuple[Passage, tuple[int, ...]]:
    """All that is there, with further parts to it."""
    if settings.parts:
        raise SettingError("--parts names parts that are there; give --add for further ones")
    instruments = instruments_called(writing.add)
    count = len(seed.piece.parts)
    added = tuple(range(count, count + len(instruments)))
    last = max((part.track for part in seed.piece.parts), default=0)
    new = tuple(
        Part((), instrument.program, instrument.name.title(), last + number, 0)
        for number, instrument in enumerate(instruments, 1)
    )
    piece = seed.piece.with_parts((*seed.piece.parts, *new))
    if sum(1 for part in seed.piece.parts if part.notes) + len(new) > SLOTS:
        raise SettingError(f"there would be more than {SLOTS} parts: add fewer")
    expected = {
        index: instrument.usual for index, instrument in zip(added, instruments, strict=True)
    }
    whole = WholePiece.of(piece, grid=settings.grid, expected=expected)
    slots = {whole.placement.slots.index(index): index - count for index in added}
    opening = whole.opening(writing.bars, slots)
    players = {slot: instruments[number] for slot, number in slots.items()}
    chords = chords_of(whole, opening, settings)
    if not chords and writing.bars is None and whole.kind != FREE:
        chords = _lead_sheet(seed, whole)
    given = Given.of(whole.notes, [opening])
    voices = None if writing.crossing else _voices(whole, players)
    return Passage(whole, given, opening, players, None, voices, chords), added


def _lead_sheet(seed: Seed, whole: WholePiece) -> dict[int, tuple[int, int]]:
    """The chord symbols of a score, by the number of their bar; none where it has none."""
    if seed.path.suffix.lower() not in MUSICXML_SUFFIXES:
        return {}
    found = musicxml_chart.played_chart(seed.path)
    if found is None:
        return {}
    first, bars = found
    chords = read_chart(f"| {' | '.join(bars)} |", len(bars))
    return {number: pair for number, pair in enumerate(chords, first) if number < whole.bars}


def _voices(whole: WholePiece, players: Mapping[int, Instrument]) -> Voices | None:
    """The voices that may not cross: those that are added, and a melody that they sing under."""
    sung = [slot for slot, instrument in players.items() if instrument.voice]
    if not sung:
        return None
    others = [
        slot
        for slot, program in enumerate(whole.programs)
        if slot not in players and program != DRUM_PROGRAM
    ]
    return Voices(tuple(sorted(sung + (others if len(sung) + len(others) <= 4 else []))))


def _varied(
    whole: WholePiece, opening: Opening, writing: Writing, rng: np.random.Generator
) -> Passage:
    """Some of a passage written anew, or moved."""
    if writing.keep is None or writing.keep == BASS:
        return _beats_anew(whole, opening, writing, rng)
    notes = whole.notes
    inside = Given.of(notes[:0], [opening]).may_play(notes[:, SHIFT], notes[:, PART])
    drums = np.array(whole.programs)[notes[:, PART]] == DRUM_PROGRAM
    given = Given.of(notes, [])
    if writing.keep == PITCHES:
        whole_onsets = np.array(
            [bool(inside[notes[:, SHIFT] == onset].all()) for onset in notes[:, SHIFT]]
        )
        free = inside & whole_onsets
        most = round(writing.strength * whole.bar_at(opening.start) / 2)
        free &= most > 0
        loose = LooseNotes.at_other_times(given, free, most, opening.start, opening.end)
    else:
        free = inside & ~drums
        if inside.any() and not free.any():
            raise SettingError(
                f"only drums are played in these bars and parts, and --keep {writing.keep} leaves"
                " them as they are: choose other parts, or --keep pitches"
            )
        # Of one part on one onset all notes, or none.
        chords, member = np.unique(notes[:, :PITCH], axis=0, return_inverse=True)
        free &= (rng.random(len(chords)) < writing.strength)[member.reshape(-1)]
        loose = LooseNotes.on_other_pitches(given, free, contour=writing.keep == CONTOUR)
    if not inside.any():
        raise SettingError("nothing is played in these bars and parts: there is nothing to vary")
    return Passage(whole, given, opening, loose=loose)


def _beats_anew(
    whole: WholePiece, opening: Opening, writing: Writing, rng: np.random.Generator
) -> Passage:
    """A share of the beats of a passage, written anew."""
    notes = whole.notes
    if writing.keep == BASS:
        bass, own_part = _bass(whole)
        parts = opening.parts - ({bass} if own_part else set())
        if not parts:
            raise SettingError("only the bass was to be varied, and it is kept: name other parts")
        opening = opening._replace(parts=frozenset(parts))
    beat = TICKS_PER_BEAT
    if whole.kind != FREE:
        beat = counted_beat(*whole.metres.metre_at(opening.start), TICKS_PER_BEAT)
    starts = np.arange(opening.start, opening.end, beat)
    chosen = starts[rng.random(len(starts)) < writing.strength]
    openings = [
        Opening(int(start), min(int(start) + beat, opening.end), opening.parts) for start in chosen
    ]
    hidden = Given.of(notes[:0], openings).may_play(notes[:, SHIFT], notes[:, PART])
    if writing.keep == BASS:
        hidden &= ~_bass_notes(whole)
    if hidden.all():
        raise SettingError("nothing would stand: give less --strength, fewer bars or parts")
    return Passage(whole, Given.of(notes[~hidden], openings), opening, alike=True)


def _bass(whole: WholePiece) -> tuple[int, bool]:
    """The slot that plays the bass, and whether it is a part of its own."""
    pitched = [slot for slot, program in enumerate(whole.programs) if program != DRUM_PROGRAM]
    if not pitched:
        raise SettingError("there is no bass to keep: all parts are drums")
    return pitched[-1], len(pitched) > 1


def _bass_notes(whole: WholePiece) -> np.ndarray:
    """Which notes are the bass: those of its part, or the lowest of each onset, [notes]."""
    slot, own_part = _bass(whole)
    notes: Ints = whole.notes
    mine = notes[:, PART] == slot
    if own_part:
        return np.asarray(mine)
    lowest = np.zeros(len(notes), dtype=bool)
    own = np.flatnonzero(mine)
    _, first = np.unique(notes[own, SHIFT], return_index=True)
    lowest[own[first]] = True
    return lowest
