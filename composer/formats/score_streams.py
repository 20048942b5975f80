"""Streams: music21's idea of a score as a Piece.

Conventions:
    A part is a staff or an instrument; unpitched notes make a drum part of their own.
    Ticks are 480 to the beat. Tied notes are one note, repeats are played out, pitches
    are as they sound. A piece with an upbeat starts that far into bar 1, so that bar
    lines are where the metre says. Velocity follows the dynamics written, 80 before any.
    Grace notes, ornaments, articulation and chord symbols are left out: they have no
    length that a score could tell.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from composer.formats.play_order import CAPO, SEGNO, Signs, play_order
from composer.formats.remarks import Remark, to_log
from composer.formats.score_bars import (
    TICKS_PER_BEAT,
    Bar,
    Row,
    metre_map,
    played_notes,
    played_runs,
    played_tempos,
)
from composer.music.notes import DRUM_PROGRAM, Part, Piece
from composer.music.timing import MetreMap, bpm_to_tempo

logger = logging.getLogger(__name__)

_VELOCITY: Final = 80
_SNARE: Final = 38
_DRUM_KEYS: Final = {
    "D4": 44, "E4": 36, "F4": 36, "G4": 41, "A4": 43, "B4": 45, "C5": 38, "D5": 47, "E5": 48,
    "F5": 51, "G5": 42, "A5": 49, "B5": 57,
}  # fmt: skip
"""Place on a treble staff to drum key, for drum notes that name no instrument: Weinberg,
Standardized Drumset Notation, Percussive Notes, June 1994."""

_CHANNELS: Final = tuple(channel for channel in range(16) if channel != 9)
_DRUM_CHANNEL: Final = 9


def to_piece(score: Any, programs: dict[str, int], remark: Remark = to_log) -> Piece:
    """A music21 stream as a Piece; may raise anything.

    Args:
        score: The stream.
        programs: Of the parts whose program is known, by their ids.
        remark: Told of signs that are passed over.
    """
    # In place: the stream is ours, and music21 takes seconds to copy one.
    _best_effort("transposition", lambda: score.toSoundingPitch(inPlace=True), None)
    staves = list(getattr(score, "parts", ())) or [score]
    measures = max((_measures(staff) for staff in staves), key=len)
    bars = _bars(measures)
    order = _played(staves, bars, remark)
    runs = played_runs(bars, order)
    shift, metres = metre_map(bars, order, TICKS_PER_BEAT)
    if not bars:
        metres = _loose_metres(staves[0])
    tempos: list[tuple[Fraction, int, int]] = []
    parts: list[Part] = []
    dynamics: list[tuple[Fraction, int]] = []
    for staff in staves:
        flat = staff.flatten()
        # The second staff of a piano has its dynamics between the two, on the first.
        grand = "PartStaff" in staff.classes
        dynamics = _dynamics(flat) or (dynamics if grand else [])
        instrument = staff.recurse().getElementsByClass("Instrument").first()
        name = getattr(staff, "partName", None) or (instrument.partName if instrument else "") or ""
        program = programs.get(str(instrument.partId)) if instrument else None
        if program is None:
            program = instrument.midiProgram if instrument else None
        if program is None:
            called = instrument.instrumentName if instrument else None
            program = _program_called(str(called or "")) or _program_called(str(name)) or 0
        drums = program == DRUM_PROGRAM or (
            instrument is not None
            and (
                instrument.midiChannel == _DRUM_CHANNEL
                or "UnpitchedPercussion" in instrument.classes
            )
        )
        rows: dict[bool, list[Row]] = {False: [], True: []}
        _collect(flat, dynamics, drums, rows)
        tempos += _tempo_marks(flat)
        for is_drums, found in rows.items():
            notes = tuple(played_notes(found, runs, shift))
            if not notes:
                continue
            count = len(parts)
            channel = _DRUM_CHANNEL if is_drums else _CHANNELS[count % len(_CHANNELS)]
            parts.append(
                Part(notes, DRUM_PROGRAM if is_drums else program, str(name), count + 1, channel)
            )
    title = (score.metadata.bestTitle if score.metadata else None) or ""
    # The most trusted mark of a place goes last.
    best = {beat: tempo for beat, _, tempo in sorted(tempos)}
    return Piece(tuple(parts), TICKS_PER_BEAT, played_tempos(best, runs, shift), metres, title)


def _program_called(name: str) -> int | None:
    """The General MIDI program of an instrument by its name, where music21 knows it."""
    from music21 import exceptions21, instrument

    try:
        program: int | None = instrument.fromString(name).midiProgram
    except exceptions21.Music21Exception:
        return None
    return program


def _best_effort(what: str, change: Callable[[], Any], otherwise: Any) -> Any:
    """The changed score, or the score as it was where music21 cannot."""
    try:
        return change()
    except Exception as error:  # music21 raises anything on repeats that do not add up
        logger.debug("%s left as written: %r", what, error)
        return otherwise


def _measures(staff: Any) -> list[Any]:
    return list(staff.getElementsByClass("Measure"))


def _bars(measures: list[Any]) -> list[Bar]:
    """The bars of a staff as written."""
    starts = [Fraction(measure.offset) for measure in measures]
    lengths = [after - start for start, after in itertools.pairwise(starts)]
    lengths += [Fraction(measure.duration.quarterLength) for measure in measures[-1:]]
    metre = (4, 4)
    bars = []
    for measure, start, length in zip(measures, starts, lengths, strict=True):
        mark = measure.timeSignature
        if mark is not None:
            metre = (mark.numerator, mark.denominator)
        bars.append(Bar(start, length, metre))
    return bars


def _loose_metres(staff: Any) -> MetreMap:
    """The metre of a score without bar lines."""
    mark = staff.flatten().getElementsByClass("TimeSignature").first()
    return MetreMap(((0, mark.numerator, mark.denominator),)) if mark else MetreMap()


def _played(staves: Sequence[Any], bars: Sequence[Bar], remark: Remark) -> list[int]:
    """Indices of the bars as they are played, repeats, endings and da capo followed.

    By composer's own rules: music21 gives up on repeats that do not add up to a whole.
    """
    signs = _signs(staves)[: len(bars)]
    if any(own.jump == SEGNO for own in signs) and not any(own.segno for own in signs):
        remark("a dal segno without a segno goes back to the beginning")
    try:
        return play_order(signs)
    except ValueError as error:
        remark(f"the repeats are passed over: {error}")
        return list(range(len(bars)))


def _signs(staves: Sequence[Any]) -> list[Signs]:
    """The repeat signs, endings and jumps of each bar, as any of the staves has them."""
    found: dict[int, Signs] = {}

    def add(index: int, **signs: Any) -> None:
        found[index] = replace(found.get(index, Signs()), **signs)

    count = 0
    to_codas = []
    for staff in staves:
        measures = _measures(staff)
        count = max(count, len(measures))
        index_of = {id(measure): index for index, measure in enumerate(measures)}
        for index, measure in enumerate(measures):
            left, right = measure.leftBarline, measure.rightBarline
            if left is not None and "Repeat" in left.classes and left.direction == "start":
                add(index, start=True)
            if left is not None and left.type in ("double", "final"):
                add(index, section=True)
            if right is not None and "Repeat" in right.classes and right.direction == "end":
                add(index, times=max(right.times or 2, 2))
            if right is not None and right.type in ("double", "final") and index + 1 < count:
                add(index + 1, section=True)
            for sign in measure.getElementsByClass("RepeatExpression"):
                kind = type(sign).__name__
                if kind.startswith("Da"):
                    add(index, jump=CAPO if kind.startswith("DaCapo") else SEGNO)
                elif kind in ("Segno", "Fine"):
                    add(index, **{kind.lower(): True})
                elif kind == "Coda":
                    to_codas.append((index, "to" in (sign.getText() or "").lower()))
        for bracket in staff.recurse().getElementsByClass("RepeatBracket"):
            inside = [index_of[id(m)] for m in bracket.getSpannedElements() if id(m) in index_of]
            if inside and bracket.numberRange:
                bars = max(inside) - min(inside) + 1
                add(min(inside), endings=frozenset(bracket.numberRange), ending_bars=bars)
    places = sorted({index for index, _ in to_codas})
    for index, leads in to_codas:
        # Of two signs that look alike the first leads to the second.
        leads = leads or (len(places) > 1 and index == places[0])
        add(index, **{"to_coda" if leads else "coda": True})
    return [found.get(index, Signs()) for index in range(count)]


def _tempo_marks(flat: Any) -> list[tuple[Fraction, int, int]]:
    """(written beat, trust, microseconds per beat) of the tempo marks of a staff.

    A number in print goes before one that only playback knows, and that before
    music21's guess at a word such as Andante.
    """
    marks = []
    for mark in flat.getElementsByClass("MetronomeMark"):
        beats_per_minute = mark.getQuarterBPM(useNumberSounding=mark.number is None)
        if not beats_per_minute:
            continue
        trust = 2 if mark.number is None else 1 if mark.numberImplicit else 3
        tempo = min(max(bpm_to_tempo(beats_per_minute), 1), 0xFFFFFF)
        marks.append((Fraction(mark.offset), trust, tempo))
    return marks


def _dynamics(flat: Any) -> list[tuple[Fraction, int]]:
    """(beat, velocity) of the dynamics written in a staff, in time."""
    marks = []
    for mark in flat.getElementsByClass("Dynamic"):
        if mark.volumeScalar is not None:
            marks.append((Fraction(mark.offset), min(max(round(127 * mark.volumeScalar), 1), 127)))
    return sorted(marks)


def _collect(
    flat: Any, dynamics: list[tuple[Fraction, int]], drums: bool, rows: dict[bool, list[Row]]
) -> None:
    """Put the notes of a flat staff into `rows`, under whether they are drums, ties merged."""
    held: dict[tuple[bool, int, Fraction], list[int]] = {}
    mark = 0
    velocity = _VELOCITY
    for element in flat.notes:
        onset, length = Fraction(element.offset), Fraction(element.quarterLength)
        while mark < len(dynamics) and dynamics[mark][0] <= onset:
            velocity, mark = dynamics[mark][1], mark + 1
        if length <= 0 or element.duration.isGrace or "Harmony" in element.classes:
            continue
        for member in _members(element):
            is_drum, pitch = _pitch(member, drums)
            loud = member.volume.velocity if member.hasVolumeInformation() else None
            loud = velocity if loud is None else min(max(int(loud), 1), 127)
            found = rows[is_drum]
            tie = member.tie.type if member.tie is not None else None
            # By where it ends, since another voice may sound the same pitch; and without
            # asking for the tie's other end, which music21 leaves out of ABC's chords.
            waiting = held.get((is_drum, pitch, onset))
            before = waiting.pop(0) if waiting else None
            if before is None:
                before = len(found)
                found.append((onset, length, pitch, loud))
            else:
                begun = found[before]
                found[before] = (begun[0], onset + length - begun[0], pitch, begun[3])
            if tie in ("start", "continue"):
                held.setdefault((is_drum, pitch, onset + length), []).append(before)


def _members(element: Any) -> Iterator[Any]:
    """The notes of a chord, or the note."""
    yield from element.notes if "ChordBase" in element.classes else (element,)


def _pitch(note: Any, drums: bool) -> tuple[bool, int]:
    """(whether it is a drum, MIDI note number or drum key)."""
    if "Unpitched" in note.classes:
        return True, _DRUM_KEYS.get(note.displayPitch().nameWithOctave, _SNARE)
    # Quarter tones are rounded; MIDI has none.
    return drums, min(max(round(note.pitch.ps), 0), 127)
