"""A gap is found by what stands around it: before it, behind it, and in the parts that go on."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.plan_around import foreknown, lines_alone, notes_ahead, plan_around
from composer.encoding.events import PART, PITCH, SHIFT, Events
from composer.encoding.given import Given, Opening
from composer.music.chords import NO_CHORD, parse_chord
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import EXACT, NEAR, NONE

BAR = 96
MELODY, BASS = 0, 1
BARS = {
    "A": (60, 64, 67, 72), "B": (65, 69, 72, 77), "C": (67, 71, 74, 79), "D": (57, 60, 64, 69),
    "E": (62, 66, 69, 74), "F": (64, 68, 71, 76), "G": (61, 65, 68, 73), "H": (63, 67, 70, 75),
}  # fmt: skip
"""Arpeggios in quarters."""
ROOTS = {"A": 36, "B": 41, "C": 43, "D": 45, "E": 38, "F": 40, "G": 37, "H": 39}


def song(letters: str) -> Events:
    """A melody in quarters over a whole note, a bar to a letter."""
    notes = []
    for number, letter in enumerate(letters):
        notes += [(number * BAR + 24 * i, MELODY, pitch, 23, 20)
                  for i, pitch in enumerate(BARS[letter])]  # fmt: skip
        notes.append((number * BAR, BASS, ROOTS[letter], 63, 20))
    rows = np.array(sorted(notes), dtype=np.int16)
    rows[:, SHIFT] = np.diff([onset for onset, *_ in sorted(notes)], prepend=0)
    return Events(rows, (0, 33))


def hidden(letters: str, first: int, bars: int, parts: frozenset[int] = frozenset({0, 1})):  # type: ignore[no-untyped-def]
    """The plan around a gap, bars counted from 0."""
    events = song(letters)
    given = Given.around(events, [Opening(first * BAR, (first + bars) * BAR, parts)])
    plan = plan_around(events, given, len(letters))
    assert plan is not None
    return plan, given, events


def references(letters: str, first: int, bars: int) -> list[int]:
    plan, _, _ = hidden(letters, first, bars)
    return [bar.reference for bar in plan.bars[first : first + bars]]


def test_a_gap_in_a_verse_that_was_heard_before_returns_to_it() -> None:
    assert references("ABCDEFGHABCDEFGH", 10, 3) == [2, 3, 4]


def test_a_gap_returns_to_bars_that_come_later() -> None:
    plan, given, events = hidden("ABCDEFGHABCDEFGH", 2, 3)
    assert [bar.reference for bar in plan.bars[2:5]] == [10, 11, 12]
    assert all(bar.nearness >= NEAR for bar in plan.bars[2:5])
    # What stands there is at hand, and its chords are.
    ahead = notes_ahead(events, given)
    assert [note[PITCH] for note in ahead[10] if note[PART] == MELODY] == list(BARS["C"])
    assert plan.bars[2].chords == plan.bars[10].chords != (NO_CHORD, NO_CHORD)


def test_a_gap_begins_as_one_passage_went_on_and_ends_as_another_came_in() -> None:
    found = references("ABCDHGEFGHDCABCDEFGHDC", 14, 4)
    assert (found[0], *found[2:]) == (2, 6, 7)


SHAPES = ((0, 4, 7, 12), (0, 1, 3, 2), (7, 5, 0, 9), (12, 0, 10, 3), (0, 11, 4, 6), (9, 8, 2, 0))
"""Semitones above a bar's lowest note, in quarters: no two are one another's transposition."""


def tune(bars: list[tuple[int, int]], programs: tuple[int, ...] = (0,)) -> Events:
    """A line, of each bar its shape and its lowest pitch, once for each program."""
    notes = sorted(
        (number * BAR + 24 * beat, part, lowest + step, 23, 20)
        for number, (shape, lowest) in enumerate(bars)
        for beat, step in enumerate(SHAPES[shape])
        for part in range(len(programs))
    )
    rows = np.array(notes, dtype=np.int16)
    rows[:, SHIFT] = np.diff([onset for onset, *_ in notes], prepend=0)
    return Events(rows, programs)


def test_nothing_is_said_where_nothing_around_returns() -> None:
    events = tune([(shape, 60 + shape) for shape in range(6)])
    plan = plan_around(events, Given.around(events, [Opening(2 * BAR, 4 * BAR, frozenset({0}))]), 6)
    assert plan is not None
    assert [bar.reference for bar in plan.bars] == [NONE] * 6
    assert plan.bars[3].chords == (NO_CHORD, NO_CHORD)


EXPOSITION = [(0, 60), (1, 62), (2, 60), (3, 65), (4, 64), (5, 60)]


@pytest.mark.parametrize("semitones", [-12, -7, 5, 12])
def test_a_gap_returns_to_bars_that_are_heard_in_another_key(semitones: int) -> None:
    events = tune(EXPOSITION + [(shape, lowest + semitones) for shape, lowest in EXPOSITION])
    opening = Opening(8 * BAR, 10 * BAR, frozenset({0}))
    given = Given.around(events, [opening])
    plan = plan_around(events, given, 12)
    assert plan is not None
    assert [bar[:2] for bar in plan.bars[8:10]] == [(2, semitones), (3, semitones)]
    # What is expected there are the notes of the exposition, moved.
    [(tick, known)] = foreknown(events, given, [opening], plan)
    assert tick == opening.start
    behind, moved = known[:8], known[8:]
    assert [row[PITCH] for row in behind] == events.rows[40:, PITCH].tolist()
    assert [row[PITCH] for row in moved[8:16]] == events.rows[32:40, PITCH].tolist()
    assert foreknown(events, given, [opening], None) == [(tick, behind)]


def test_chords_move_with_the_bars_that_are_taken_up_and_kits_do_not() -> None:
    theme = [*EXPOSITION, (1, 55), (3, 58), (5, 52), (0, 57), (2, 53), (4, 60)]
    events = tune(theme + [(shape, lowest + 5) for shape, lowest in theme], (0, 33))
    given = Given.around(events, [Opening(20 * BAR, 22 * BAR, frozenset({MELODY, BASS}))])
    plan = plan_around(events, given, 24)
    assert plan is not None
    assert [bar[:3] for bar in plan.bars[20:22]] == [(8, 5, EXACT), (9, 5, NEAR)]
    assert plan.bars[9].chords == (parse_chord("A"),) * 2
    assert plan.bars[21].chords == (parse_chord("D"),) * 2

    kit = Events(events.rows, (0, DRUM_PROGRAM))
    [(_, known)] = foreknown(kit, given, given.openings, plan)
    moved = known[len(given.behind(22 * BAR)) :]
    for row, own in zip(moved, given.behind(0), strict=True):
        assert row[PITCH] == own[PITCH] + (5 if row[PART] == MELODY else 0)


def test_of_two_places_that_are_as_like_the_one_in_this_key_is_taken() -> None:
    verse = [(0, 60), (1, 62), (2, 60), (3, 65)]
    lifted = [(shape, lowest + 2) for shape, lowest in verse]
    events = tune([*lifted, (4, 55), *verse, (5, 58), *verse])
    plan = plan_around(
        events, Given.around(events, [Opening(11 * BAR, 13 * BAR, frozenset({0}))]), 14
    )
    assert plan is not None
    assert [bar[:2] for bar in plan.bars[11:13]] == [(6, 0), (7, 0)]


def test_what_is_hidden_is_not_looked_at() -> None:
    one, given, events = hidden("ABCDEFGHABCDEFGH", 10, 2)
    other = plan_around(song("ABCDEFGHABHHEFGH"), given, 16)
    assert one == other
    assert len(one) == 16 and events.plan is None


def test_a_line_alone_says_no_chords_and_its_bars_return_less_nearly() -> None:
    plan, _, _ = hidden("ABCDABCD", 4, 4, frozenset({BASS}))
    assert [bar.reference for bar in plan.bars[4:]] == [0, 1, 2, 3]
    # A bass that sounds on into the first of them is more than a line.
    assert plan.bars[4].nearness == EXACT
    assert {bar.nearness for bar in plan.bars[5:]} == {NEAR}
    assert {bar.chords for bar in plan.bars[5:]} == {(NO_CHORD, NO_CHORD)}
    assert all(bar.chords != (NO_CHORD, NO_CHORD) for bar in plan.bars[:5])
    # Of parts that nobody has heard it is the form.
    _, given, events = hidden("ABCDABCD", 4, 4, frozenset({BASS}))
    told = plan_around(events, given, 8, cautious=False)
    assert told is not None and {bar.nearness for bar in told.bars[4:]} == {EXACT}


def test_a_line_that_comes_back_loosely_says_nothing_of_what_is_under_it() -> None:
    letters = "ABCDABCD"
    events = song(letters)
    events.rows[(events.onsets >= 4 * BAR) & (events.onsets % BAR >= 48), PITCH] += 1
    given = Given.around(events, [Opening(4 * BAR, 8 * BAR, frozenset({BASS}))])
    plan = plan_around(events, given, 8)
    assert plan is not None
    assert [bar.reference for bar in plan.bars[5:]] == [NONE] * 3
    # With what is under it, it does.
    known = plan_around(events, Given.around(events, []), 8)
    assert known is not None and known.bars[5].reference == 1


def test_several_notes_at_a_time_are_no_line_and_drums_are_not_counted() -> None:
    notes = np.array([(0, 0, 60, 23, 20), (0, 0, 64, 23, 20), (BAR, 0, 60, 23, 20),
                      (BAR, 1, 36, 47, 20), (2 * BAR, 1, 38, 47, 20)])  # fmt: skip
    drums = notes[:, PART] == 1
    bounds = np.arange(5) * BAR
    assert lines_alone(notes, drums, bounds).tolist() == [False, True, False, False]
    assert lines_alone(notes, ~drums, bounds).tolist() == [False, True, True, False]
    # Who only sounds on begins nothing.
    held = np.array([(0, 0, 60, 75, 20)])
    assert lines_alone(held, held[:, 0] > 0, bounds).tolist() == [True, False, False, False]


def test_of_a_piece_that_is_all_hidden_or_has_drums_alone_nothing_is_in_another_key() -> None:
    plan, _, _ = hidden("ABCD", 0, 4)
    assert [bar.reference for bar in plan.bars] == [NONE] * 4
    kit = Events(tune(EXPOSITION * 2).rows, (DRUM_PROGRAM,))
    around = plan_around(kit, Given.around(kit, [Opening(8 * BAR, 10 * BAR, frozenset({0}))]), 12)
    assert around is not None
    assert [bar[:2] for bar in around.bars[8:10]] == [(2, 0), (3, 0)]


@pytest.mark.parametrize("first", [0, 6])
def test_a_gap_at_either_end_has_one_side(first: int) -> None:
    later = [4, 5] if first == 0 else [2, 3]
    assert references("ABCDABCD", first, 2) == later


def test_of_a_choir_nothing_is_found_unless_its_parts_are_new() -> None:
    _, given, events = hidden("ABCDABCD", 4, 2)
    choir = Events(events.rows, (52, 53))
    assert plan_around(choir, given, 8) is None
    assert plan_around(choir, given, 8, cautious=False) == plan_around(events, given, 8)
    assert plan_around(Events(events.rows, (52, 33)), given, 8) is not None


def test_in_free_time_there_are_no_bars() -> None:
    events = Events(song("AB").rows, (0, 33), "free")
    given = Given.around(events, [Opening(0, BAR, frozenset({0}))])
    assert plan_around(events, given, 2) is None
    assert notes_ahead(events, given) == {}
