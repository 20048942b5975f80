"""Form: what returns, which chords there are, and where phrases end, in music read as music."""

from __future__ import annotations

from bars_of_music import Note
from bars_of_music import events as piece

from composer.analysis.form import plan_of, with_plan
from composer.encoding.events import Events
from composer.music.beat_grid import BEATS, FREE
from composer.music.chords import chord_name, chord_tones, parse_chord
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import EXACT, NEAR, NONE
from composer.music.timing import MetreMap


def chord(name: str, beat: float, beats: float = 4) -> list[Note]:
    """In close position under middle C, its root in the bass."""
    code = parse_chord(name)
    tones = chord_tones(code)
    root = parse_chord(name.rstrip("m7")) // 9 % 12
    return [
        (beat, beats, 1, 36 + root),
        *((beat, beats, 1, 48 + tone) for tone in sorted(tones)),
    ]


A = [76, 74, 72, 71]
B = [69, 67, 65, 64]
C = [79, 77, 81, 83]


def tune(*bars: list[int], last: float = 1) -> list[Note]:
    """A bar of quarters each; the last note of all lasts longer."""
    notes = [
        (4 * bar + beat, 1.0, 0, pitch)
        for bar, pitches in enumerate(bars)
        for beat, pitch in enumerate(pitches)
    ]
    return [*notes[:-1], (notes[-1][0], last, 0, notes[-1][3])]


def references(events: Events) -> list[int]:
    plan = plan_of(events)
    assert plan is not None
    return [bar.reference for bar in plan.bars]


def test_a_theme_that_comes_back_is_found() -> None:
    assert references(piece(tune(A, B, C, A, B, C))) == [NONE, NONE, NONE, 0, 1, 2]


def test_a_varied_return_is_near_and_a_literal_one_exact() -> None:
    varied = [76, 74, 72, 69]
    plan = plan_of(piece(tune(A, B, C, A, varied)))
    assert plan is not None
    assert [(bar.reference, bar.nearness) for bar in plan.bars[3:]] == [(0, EXACT), (0, NEAR)]


def test_of_two_like_bars_the_one_that_goes_on_the_run_is_taken() -> None:
    """A B A C, and then all again: its third bar takes up the third, not the first."""
    assert references(piece(tune(A, B, A, C, A, B, A, C)))[4:] == [0, 1, 2, 3]


def test_the_harmony_decides_where_only_the_drums_go_on() -> None:
    beat = [(quarter, 0.25, 2, 42) for quarter in range(24)]
    played = piece([*tune(A, B, C, A, B, C), *beat], (0, 0, DRUM_PROGRAM))
    assert references(played) == [NONE, NONE, NONE, 0, 1, 2]


def test_drums_alone_have_a_form_too() -> None:
    one = [(0, 36), (1, 38), (2, 36), (3, 38)]
    two = [(0, 36), (0.5, 36), (1, 38), (2.5, 36), (3, 40), (3.5, 40)]
    hits = [
        (4 * bar + place, 0.25, 0, key)
        for bar, pattern in enumerate((one, two, one, two))
        for place, key in pattern
    ]
    assert references(piece(hits, (DRUM_PROGRAM,)))[2:] == [0, 1]


def test_bars_of_another_length_are_not_compared() -> None:
    events = piece(tune(A, A))
    metres = MetreMap(((0, 4, 4), (96, 5, 4)))
    assert references(Events(events.rows, events.programs, BEATS, metres)) == [NONE, NONE]


def test_chords_by_half_bar() -> None:
    notes = [*chord("Am", 0), *chord("F", 4, 2), *chord("G", 6, 2), *chord("C", 8)]
    plan = plan_of(piece(notes))
    assert plan is not None
    names = [tuple(chord_name(code) for code in bar.chords) for bar in plan.bars]
    assert names == [("Am", "Am"), ("F", "G"), ("C", "C")]


def test_a_broken_chord_is_one_and_drums_are_none() -> None:
    notes: list[Note] = [(0.5 * step, 0.5, 0, 48 + tone)
                         for step, tone in enumerate([0, 7, 12, 16, 19, 16, 12, 7])]  # fmt: skip
    notes += [(quarter, 0.25, 1, 38) for quarter in range(4)]
    plan = plan_of(piece(notes, (0, DRUM_PROGRAM)))
    assert plan is not None
    assert [chord_name(code) for code in plan.bars[0].chords] == ["C", "C"]
    hits: list[Note] = [(beat, 0.25, 0, 38) for beat in range(4)]
    drums = plan_of(piece(hits, (DRUM_PROGRAM,)))
    assert drums is not None and drums.bars[0].chords == (0, 0)


def test_phrases_of_four_bars_and_the_end() -> None:
    """Each ends on a long note, and the second begins as the first did."""
    phrase = [A, B, C]
    notes = [*tune(*phrase), (12, 4, 0, 72)]
    again = [(beat + 16, beats, part, pitch) for beat, beats, part, pitch in notes]
    plan = plan_of(piece([*notes, *again]))
    assert plan is not None
    assert [bar.phrase for bar in plan.bars] == [4, 3, 2, 1, 4, 3, 2, 1]
    assert [bar.ending for bar in plan.bars] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_a_seed_goes_on_and_may_end_in_rests() -> None:
    plan = plan_of(piece(tune(A, B)), bars=4, closes=False)
    assert plan is not None and len(plan) == 4
    assert [bar.ending for bar in plan.bars] == [0, 0, 0, 0]


def test_free_time_and_silence_have_no_bars() -> None:
    events = piece(tune(A))
    assert plan_of(Events(events.rows, events.programs, FREE)) is None
    assert with_plan(Events(events.rows[:0], events.programs)).plan is None
