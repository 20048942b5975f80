"""Lookback: what the last bar did here, told in the order in which a note is chosen."""

from __future__ import annotations

from composer.encoding.earlier_bar import NO_NOTE
from composer.encoding.events import NO_SHIFT
from composer.encoding.lookback import LIKENESSES, Lookback
from composer.encoding.match_model import NO_PART

BAR = 72
# An oom-pah-pah in 3/4: (shift, part, pitch, duration, velocity), a bass and two chords.
OOM = [(24, 1, 36, 23, 20), (24, 1, 48, 11, 15), (0, 1, 52, 11, 15), (24, 1, 48, 11, 15),
       (0, 1, 52, 11, 14)]  # fmt: skip


def after(rows: list[tuple[int, ...]], bar: int = BAR) -> Lookback:
    lookback = Lookback.start(0)
    for row in rows:
        lookback = lookback.hear(row, bar)
    return lookback


def test_there_is_nothing_before_the_first_bar() -> None:
    lookback = Lookback.start(0)
    assert lookback.likeness_and_shift() == (0, NO_SHIFT)
    assert lookback.part_after(24) == NO_PART
    assert lookback.note_after(24, 1) == NO_NOTE


def test_the_bar_before_says_when_who_and_what() -> None:
    lookback = after(OOM)
    assert lookback.likeness_and_shift()[1] == 24  # the bass came on one
    assert lookback.part_after(24) == 1
    assert lookback.note_after(24, 1) == (36, 23, 20)
    assert lookback.note_after(24, 0) == NO_NOTE
    assert lookback.part_after(12) == NO_PART  # nobody came on the half of three


def test_it_is_told_of_another_chord_too() -> None:
    """The bass has moved; the chords still come when they came."""
    lookback = after([*OOM, (24, 1, 41, 23, 20)])
    assert lookback.likeness_and_shift()[1] == 24
    assert lookback.note_after(24, 1) == (48, 11, 15)


def test_the_rest_of_a_chord() -> None:
    lookback = after([*OOM, (24, 1, 36, 23, 20), (24, 1, 48, 11, 15)])
    assert lookback.likeness_and_shift()[1] == 0
    assert lookback.part_after(0) == 1
    assert lookback.note_after(0, 1) == (52, 11, 15)


def test_likeness_counts_times_and_pitches() -> None:
    assert after([*OOM, *OOM[:3]]).likeness_and_shift()[0] == 1 + 3 * 3 + 1
    moved = [(row[0], row[1], row[2] + 5, *row[3:]) for row in OOM]
    assert after([*OOM, *moved]).likeness_and_shift()[0] == 1 + 3 * 5 + 0
    assert after(OOM * 4).likeness_and_shift()[0] == LIKENESSES - 1


def test_a_player_may_be_a_little_late() -> None:
    late = [(26, 1, 36, 23, 20), (23, 1, 48, 11, 15), (1, 1, 52, 11, 15)]
    lookback = after([*OOM, *late])
    assert lookback.likeness_and_shift()[0] >= 1 + 3 * 2
    assert lookback.note_after(22, 1) == (48, 11, 15)


def test_it_is_two_ticks_at_most() -> None:
    """The bass came on one, 24 ticks from here."""
    lookback = after(OOM)
    told = [lookback.part_after(shift) for shift in (21, 22, 26, 27)]
    assert told == [NO_PART, 1, 1, NO_PART]
    likeness = [after([*OOM, (on, 1, 36, 23, 20)]).likeness_and_shift()[0] for on in range(21, 28)]
    assert likeness == [1, 4, 4, 4, 4, 4, 1]


def test_a_note_two_ticks_behind_another_is_of_its_chord() -> None:
    def told_on_one(behind: int) -> tuple[int, int]:
        """Of a chord whose upper part struck so late, once the lower has struck again."""
        chord = [(24, 0, 36, 23, 20), (behind, 1, 60, 23, 20)]
        lookback = after([*chord, (72 - behind, 0, 36, 23, 20)])
        return lookback.part_after(0), lookback.likeness_and_shift()[1]

    assert [told_on_one(behind) for behind in (2, 3)] == [(1, 2), (NO_PART, 3)]


def test_so_is_one_two_ticks_before_it() -> None:
    def told_on_one(before: int) -> int:
        """Of a chord whose upper part struck so soon, once the lower has struck again."""
        chord = [(24 - before, 1, 60, 23, 20), (before, 0, 36, 23, 20)]
        return after([*chord, (72, 0, 36, 23, 20)]).part_after(0)

    assert [told_on_one(before) for before in (2, 3)] == [1, NO_PART]


def test_free_time_has_no_bars() -> None:
    assert after(OOM * 3, bar=0).likeness_and_shift() == (0, NO_SHIFT)


def test_a_lookback_is_a_value() -> None:
    lookback = after(OOM)
    one = lookback.hear((24, 0, 72, 5, 5), BAR)
    two = lookback.hear(OOM[0], BAR)
    assert lookback.likeness_and_shift()[1] == 24
    assert two.note_after(24, 1) == (48, 11, 15) and one.note_after(24, 1) == (48, 11, 15)
    assert one.part_after(0) == 1  # the bass, after the melody's note on one


def test_a_metre_change_looks_back_over_the_new_bar() -> None:
    lookback = after(OOM).hear((24, 1, 36, 23, 20), 48)
    assert lookback.note_after(24, 1) == (48, 11, 15)  # two quarters before the next one
