"""Markers: a plan's chords and sections in a MIDI file, where every sequencer shows them."""

from __future__ import annotations

from collections.abc import Sequence

import mido

from composer.music.chords import chord_name
from composer.music.keys import Key
from composer.music.plan import Plan
from composer.planning.form_letters import sections_of

Mark = tuple[int, str]
"""(tick, text)."""


def plan_marks(plan: Plan, lines: Sequence[int], key: Key | None = None) -> list[Mark]:
    """A mark where a section begins and wherever the chord changes.

    Args:
        plan: Of a piece.
        lines: Ticks of its bar lines, one more than there are bars.
        key: By which chords are spelt.

    Returns:
        (tick, "[A] Am") or (tick, "F"), in order.
    """
    begins = {section.start: section.name for section in sections_of(plan)}
    marks: list[Mark] = []
    sounding: int | None = None
    for number, bar in enumerate(plan.bars):
        start, middle = lines[number], (lines[number] + lines[number + 1]) // 2
        for tick, chord in zip((start, middle), bar.chords, strict=True):
            section = begins.get(number) if tick == start else None
            if section is not None:
                marks.append((tick, f"[{section}] {chord_name(chord, key)}"))
            elif chord != sounding:
                marks.append((tick, chord_name(chord, key)))
            sounding = chord
    return marks


def marked(file: mido.MidiFile, marks: Sequence[Mark]) -> mido.MidiFile:
    """A file with markers in its first track; all its other messages stay as they are.

    Args:
        file: It is not changed.
        marks: In order; ticks are the file's.
    """
    made = mido.MidiFile(type=file.type, ticks_per_beat=file.ticks_per_beat)
    made.tracks.extend(file.tracks)
    first = file.tracks[0] if file.tracks else mido.MidiTrack()
    placed: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []
    tick = 0
    for message in first:
        tick += message.time
        if message.type != "end_of_track":
            placed.append((tick, 1, message))
    placed += [(at, 0, mido.MetaMessage("marker", text=text)) for at, text in marks]
    placed.sort(key=lambda entry: entry[:2])
    track = mido.MidiTrack()
    before = 0
    for at, _, message in placed:
        track.append(message.copy(time=at - before))
        before = at
    track.append(mido.MetaMessage("end_of_track", time=max(tick - before, 0)))
    made.tracks[:1] = [track]
    return made
