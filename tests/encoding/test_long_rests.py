"""Events across long rests: whole bars are left out, and the place in the bar is kept."""

from __future__ import annotations

import numpy as np
from drawn_events import METRES
from hypothesis import given, settings
from hypothesis import strategies as st
from piece_of_rows import piece

from composer.encoding.events import DURATION_TICKS, LONGEST, SIZES, Events, decode, quantise
from composer.encoding.features import context_of, features
from composer.encoding.placement import encode
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.timing import MetreMap


def long_way(onsets: list[int], metres: MetreMap) -> Events:
    """Events of single notes at these event ticks."""
    notes = [(onset, 60 + number, 12, 80) for number, onset in enumerate(onsets)]
    return encode(piece(notes, ticks_per_beat=24, metres=metres), Grid(BEATS))[0]


def test_a_long_rest_loses_whole_bars() -> None:
    """4/4: ten bars and a beat of rest become three bars and a beat."""
    events = long_way([0, 10 * 96 + 24], MetreMap())
    assert events.onsets.tolist() == [0, 3 * 96 + 24]


def test_the_longest_rest_that_can_be_said_is_left_alone() -> None:
    assert long_way([0, 384], MetreMap()).onsets.tolist() == [0, 384]
    assert long_way([0, 396], MetreMap()).onsets.tolist() == [0, 300]


def test_a_rest_off_the_classes_goes_to_the_nearest_and_no_error_builds_up() -> None:
    events = long_way([0, 101, 202, 303], MetreMap())
    assert events.onsets.tolist() == [0, 96, 204, 300]


def test_a_chord_after_a_rest_off_the_classes_stays_a_chord() -> None:
    assert long_way([0, 101, 101, 101, 202], MetreMap()).onsets.tolist() == [0, 96, 96, 96, 204]


def test_a_metre_change_in_a_long_rest_comes_at_the_first_bar_line_after_the_note() -> None:
    """A note on beat 2, 4/4; 3/4 from bar 11; the next note on its second bar's beat 3."""
    change = 10 * 96
    events = long_way([24, change + 72 + 48], MetreMap(((0, 4, 4), (change, 3, 4))))
    assert events.metres.changes == ((0, 4, 4), (96, 3, 4))
    assert events.onsets.tolist() == [24, 96 + 48]


def test_a_metre_change_in_a_long_rest_leaves_the_note_before_in_its_own_metre() -> None:
    """The note before stands on a bar line: the change comes at the next."""
    events = long_way([0, 960 + 48], MetreMap(((0, 4, 4), (960, 3, 4))))
    assert features(events)[1:, 6:9].tolist() == [[0, 0, 8], [0, 2, 6]]


def test_of_several_metre_changes_in_a_long_rest_the_last_holds() -> None:
    metres = MetreMap(((0, 4, 4), (192, 5, 4), (192 + 240, 6, 8)))
    events = long_way([0, 24, 192 + 240 + 10 * 72 + 36], metres)
    assert events.metres.changes == ((0, 4, 4), (96, 6, 8))
    assert events.onsets.tolist() == [0, 24, 96 + 36]


@st.composite
def sparse(draw: st.DrawFn) -> tuple[list[int], MetreMap]:
    """Onsets on sixteenths' halves, with rests of any length; metres that change at bar lines."""
    changes, tick = [], 0
    for _ in range(draw(st.integers(1, 5))):
        metre = draw(st.sampled_from(METRES))
        changes.append((tick, *metre))
        tick += draw(st.integers(1, 12)) * (96 * metre[0] // metre[1])
    first = draw(st.integers(0, 3)) * 12
    gaps = draw(
        st.lists(st.one_of(st.integers(0, 8), st.integers(0, 120)), min_size=1, max_size=12)
    )
    onsets = np.cumsum([first, *[12 * gap for gap in gaps]]).tolist()
    return onsets, MetreMap(tuple(changes))


@given(sparse())
@settings(max_examples=500)
def test_rests_of_any_length_keep_every_place_in_the_bar(case: tuple[list[int], MetreMap]) -> None:
    onsets, metres = case
    onsets = sorted(set(onsets))
    events = long_way(onsets, metres)
    origin = metres.position(onsets[0], 24).start
    wanted = context_of(np.array(onsets), BEATS, metres)
    assert context_of(events.onsets, BEATS, events.metres).tolist() == wanted.tolist()
    gaps, before = np.diff(events.onsets), np.diff(onsets)
    assert (gaps <= LONGEST).all() and (gaps[before <= LONGEST] == before[before <= LONGEST]).all()
    assert events.onsets[0] == onsets[0] - origin
    # What comes out needs no more shortening.
    assert encode(decode(events), Grid(BEATS))[0] == events


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=20),
    st.lists(
        st.tuples(st.integers(1, 20_000), st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16])),
        max_size=5,
    ),
    st.sampled_from([BEATS, FREE]),
)
@settings(max_examples=500)
def test_any_gaps_in_any_metres_become_events(
    gaps: list[int], changes: list[tuple[int, int, int]], kind: str
) -> None:
    """Bars longer than the longest shift and changes anywhere: nothing fails, all is in range."""
    onsets = np.cumsum(gaps).tolist()
    metres = MetreMap(((0, 4, 4), *changes))
    notes = [(onset, 60 + index % 12, 12, 80) for index, onset in enumerate(onsets)]
    events, _ = encode(piece(notes, ticks_per_beat=24, metres=metres), Grid(kind))
    assert len(events.rows) == len(set(zip(onsets, [n[1] for n in notes], strict=True)))
    assert (events.rows >= 0).all() and (events.rows < np.array(SIZES)).all()
    assert (np.diff(events.onsets) <= LONGEST).all()
    assert (features(events) >= 0).all()
    again = quantise(
        events.onsets.astype(float),
        DURATION_TICKS[events.rows[:, 3]].astype(float),
        events.rows[:, 1].astype(np.int64),
        events.rows[:, 2].astype(np.int64),
        events.rows[:, 4].astype(np.int64) * 4 + 2,
        events.programs,
        kind,
        events.metres,
    )
    assert np.array_equal(again.rows, events.rows)
