"""Ticks, beats, seconds and bars, by hand arithmetic."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.music.timing import (
    BarPosition,
    MetreMap,
    TempoMap,
    bar_ticks,
    bpm_to_tempo,
    counted_beat,
    tempo_to_bpm,
)

SLOWER = TempoMap(((0, 500_000), (960, 1_000_000)))  # 120, then 60 beats per minute


def test_without_events_it_is_120_beats_per_minute_in_4_4() -> None:
    assert TempoMap().seconds(480, 480) == 0.5
    assert MetreMap().metre_at(10_000) == (4, 4)


def test_seconds_across_a_tempo_change() -> None:
    # Two beats at half a second, then a beat a second.
    assert [SLOWER.seconds(tick, 480) for tick in (0, 480, 960, 1440, 1680)] == [0, 0.5, 1, 2, 2.5]


def test_ticks_across_a_tempo_change() -> None:
    assert [SLOWER.tick(second, 480) for second in (0, 0.5, 1, 2, 2.5)] == [0, 480, 960, 1440, 1680]


def test_before_the_beginning_the_first_tempo_holds() -> None:
    assert SLOWER.seconds(-480, 480) == -0.5
    assert SLOWER.tick(-0.5, 480) == -480


def test_the_tempo_in_force() -> None:
    assert [SLOWER.tempo_at(tick) for tick in (0, 959, 960, 9999)] == [500_000] * 2 + [
        1_000_000
    ] * 2


def test_changes_are_sorted_and_the_last_on_a_tick_holds() -> None:
    tempos = TempoMap(((96, 1), (0, 2), (96, 3)))
    assert tempos.changes == ((0, 2), (96, 3))
    metres = MetreMap(((96, 3, 4), (96, 6, 8)))
    assert metres.changes == ((0, 4, 4), (96, 6, 8))


@pytest.mark.parametrize("change", [(-1, 500_000), (0, 0), (0, 0x1000000)])
def test_a_tempo_no_file_can_hold_is_refused(change: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="tempo"):
        TempoMap((change,))


@pytest.mark.parametrize("change", [(-1, 4, 4), (0, 0, 4), (0, 256, 4), (0, 4, 3), (0, 4, 128)])
def test_a_metre_no_one_can_count_is_refused(change: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="metre"):
        MetreMap((change,))


def test_bars_across_a_change_of_metre() -> None:
    # Two bars of 3/4 (1440 ticks), then 6/8 (1440 ticks too), counted from 2.
    metres = MetreMap(((0, 3, 4), (2880, 6, 8)))
    assert metres.position(1439, 480) == BarPosition(0, 1439, 1440, 0)
    assert metres.position(1440, 480) == BarPosition(1, 0, 1440, 1440)
    assert metres.position(3000, 480) == BarPosition(2, 120, 1440, 2880)
    assert metres.bar_line_at_or_after(2880, 480) == 2880
    assert metres.bar_line_at_or_after(2881, 480) == 4320


def test_a_change_inside_a_bar_cuts_it_short() -> None:
    # An upbeat of one quarter, written as 4/4 that gives way to 4/4 after 480 ticks.
    metres = MetreMap(((0, 4, 4), (480, 4, 4)))
    assert metres.position(479, 480) == BarPosition(0, 479, 480, 0)
    assert metres.position(480, 480) == BarPosition(1, 0, 1920, 480)
    assert metres.bar_line_at_or_after(1, 480) == 480


def test_one_map_at_two_resolutions() -> None:
    metres = MetreMap(((0, 3, 4), (288, 4, 4)))
    assert metres.position(288, 96).bar == 1
    assert metres.position(288, 24).bar == 4


@pytest.mark.parametrize(
    ("metre", "ticks"), [((4, 4), 1920), ((6, 8), 1440), ((5, 16), 600), ((1, 64), 30)]
)
def test_the_length_of_a_bar(metre: tuple[int, int], ticks: int) -> None:
    assert bar_ticks(*metre, 480) == ticks


def test_a_bar_is_never_shorter_than_a_tick() -> None:
    assert bar_ticks(1, 64, 1) == 1


def test_tempo_and_beats_per_minute() -> None:
    assert tempo_to_bpm(500_000) == 120
    assert bpm_to_tempo(90) == 666_667


def test_maps_are_values() -> None:
    for one, other in (
        (TempoMap(((0, 1), (5, 2))), TempoMap(((5, 2), (0, 1)))),
        (MetreMap(((0, 3, 4),)), MetreMap(((0, 3, 4),))),
    ):
        if isinstance(one, MetreMap):
            one.position(100, 24)  # fills what it remembers, which is no part of the value
        assert one == other
        assert hash(one) == hash(other)
        assert repr(one) == repr(other)
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


TEMPOS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(1000, 0xFFFFFF)), max_size=8
).map(lambda changes: TempoMap(tuple(changes)))  # fmt: skip


@given(TEMPOS, st.integers(0, 20_000), st.integers(1, 960))
def test_seconds_and_ticks_undo_each_other(tempos: TempoMap, tick: int, resolution: int) -> None:
    assert tempos.tick(tempos.seconds(tick, resolution), resolution) == pytest.approx(
        tick, abs=1e-6
    )


@given(TEMPOS, st.integers(0, 200), st.integers(1, 960))
def test_seconds_add_up_tick_by_tick(tempos: TempoMap, tick: int, resolution: int) -> None:
    steps = sum(tempos.tempo_at(before) for before in range(tick))
    assert tempos.seconds(tick, resolution) == pytest.approx(steps / resolution / 1e6)


METRES = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 12), st.sampled_from((2, 4, 8))), max_size=5
).map(lambda changes: MetreMap(tuple(changes)))  # fmt: skip


@given(METRES, st.integers(0, 6000))
def test_bars_follow_on_one_another(metres: MetreMap, tick: int) -> None:
    here = metres.position(tick, 24)
    assert here.start <= tick < here.start + here.length
    assert here.tick == tick - here.start
    after = metres.position(here.start + here.length, 24)
    assert (after.bar, after.tick) == (here.bar + 1, 0)


@pytest.mark.parametrize(
    ("metre", "beat"),
    [((4, 4), 480), ((3, 4), 480), ((6, 8), 720), ((9, 8), 720), ((2, 2), 960), ((5, 8), 480),
     ((1, 16), 120), ((3, 16), 360)],
)  # fmt: skip
def test_beats_are_counted_as_musicians_do(metre: tuple[int, int], beat: int) -> None:
    assert counted_beat(*metre, 480) == beat
