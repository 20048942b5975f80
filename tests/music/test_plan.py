"""Plan: the form of a piece, bar by bar."""

from __future__ import annotations

from composer.music.chords import NO_CHORD, chord_name
from composer.music.plan import EXACT, Plan, PlannedBar
from composer.planning.chart import read_chart


def test_bars_to_come_move_to_another_key_with_what_they_take_up_of_those_before() -> None:
    [c, g] = read_chart("C | G", 2)
    heard = (PlannedBar(chords=c), PlannedBar(reference=0, nearness=EXACT, chords=g))
    coming = [
        PlannedBar(reference=1, transposition=5, nearness=EXACT, chords=c),
        PlannedBar(reference=2, nearness=EXACT, chords=g),  # there already
        PlannedBar(),
    ]
    moved = Plan((*heard, *coming)).modulated(2, 2)
    assert moved.bars[:2] == heard
    assert [bar.transposition for bar in moved.bars[2:]] == [7, 0, 0]
    assert [bar.reference for bar in moved.bars[2:]] == [1, 2, -1]
    names = [chord_name(bar.chords[0]) for bar in moved.bars[2:4]]
    assert names == ["D", "A"]
    assert moved.bars[4].chords == (NO_CHORD, NO_CHORD)
