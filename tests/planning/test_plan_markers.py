"""A plan's chords and sections as markers of a MIDI file."""

from __future__ import annotations

import mido
from planned_songs import planned

from composer.music.chords import parse_chord
from composer.music.plan import Plan
from composer.planning.plan_markers import marked, plan_marks

BAR = 1920


def test_marks_stand_where_sections_begin_and_chords_change() -> None:
    """C, C, F and in its second half G, C; then the same again."""
    plan = planned("C C F C C C F C", [-1] * 4 + [0, 1, 2, 3])
    halves = (parse_chord("F"), parse_chord("G"))
    bars = [bar._replace(chords=halves) if n % 4 == 2 else bar for n, bar in enumerate(plan.bars)]
    assert plan_marks(Plan(tuple(bars)), [BAR * n for n in range(9)]) == [
        (0, "[A] C"), (2 * BAR, "F"), (2 * BAR + 960, "G"), (3 * BAR, "C"),
        (4 * BAR, "[A] C"), (6 * BAR, "F"), (6 * BAR + 960, "G"), (7 * BAR, "C"),
    ]  # fmt: skip


def test_a_file_keeps_its_messages_and_gains_markers() -> None:
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    conductor = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=500_000, time=0),
            mido.MetaMessage("text", text="here", time=480),
            mido.MetaMessage("end_of_track", time=0),
        ]
    )
    notes = mido.MidiTrack(
        [
            mido.Message("note_on", note=60, time=0),
            mido.Message("note_off", note=60, time=480),
            mido.MetaMessage("end_of_track", time=0),
        ]
    )
    file.tracks.extend([conductor, notes])
    made = marked(file, [(0, "[A] C"), (960, "F")])
    assert made.tracks[1] == notes
    told, tick = [], 0
    for message in made.tracks[0]:
        tick += message.time
        told.append((tick, message.type, getattr(message, "text", "")))
    assert told == [
        (0, "marker", "[A] C"),
        (0, "set_tempo", ""),
        (480, "text", "here"),
        (960, "marker", "F"),
        (960, "end_of_track", ""),
    ]
    assert [message.type for message in conductor] == ["set_tempo", "text", "end_of_track"]
