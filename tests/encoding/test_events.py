"""Events: what goes in comes out, on the grid and in the bar."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from drawn_events import canonical
from hypothesis import given, settings
from hypothesis import strategies as st
from piece_of_rows import piece

from composer.encoding import events as ev
from composer.encoding.columns import BEATS_IN_BAR, POSITIONS
from composer.encoding.events import (
    DURATION_TICKS,
    END,
    FIELDS,
    LONGEST,
    NO_SHIFT,
    SHIFT,
    SHIFT_TICKS,
    SIZES,
    Events,
    decode,
    nearest_duration,
    quantise,
)
from composer.encoding.features import features
from composer.encoding.placement import encode, place, rebase_metres, seconds_of
from composer.errors import SeedError
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap


def heard(piece: Piece) -> list[list[tuple[int, int, int, int]]]:
    """The inverse of `piece`."""
    return [[(n.onset, n.pitch, n.duration, n.velocity) for n in p.notes] for p in piece.parts]


# The vocabulary ---------------------------------------------------------------------------


def test_sizes_of_the_vocabulary_are_what_models_were_trained_on() -> None:
    assert dict(zip(FIELDS, SIZES, strict=True)) == {
        "shift": 122, "part": 32, "pitch": 128, "duration": 76, "velocity": 32,
    }  # fmt: skip
    assert END == 121 and LONGEST == 384
    assert SHIFT_TICKS[[0, 96, 97, 120]].tolist() == [0, 96, 108, 384]
    assert DURATION_TICKS[[0, 23, 24, 35, 36, 51, 52, 67, 68, 75]].tolist() == [
        1, 24, 26, 48, 51, 96, 102, 192, 216, 384,
    ]  # fmt: skip


@given(st.floats(0.01, 2000, allow_nan=False))
def test_nearest_duration_is_nearest(ticks: float) -> None:
    chosen = int(nearest_duration(np.array([ticks]))[0])
    apart = np.abs(DURATION_TICKS - ticks)
    assert apart[chosen] == apart.min()


def test_a_length_between_two_classes_goes_to_the_shorter() -> None:
    between = np.array([25.0, 49.5, 99.0, 204.0])
    assert DURATION_TICKS[nearest_duration(between)].tolist() == [24, 48, 96, 192]


# Events -> Piece -> events ----------------------------------------------------------------


@given(canonical())
@settings(max_examples=300)
def test_canonical_events_survive_the_way_through_a_piece(events: Events) -> None:
    again, placement = encode(decode(events), Grid(events.kind))
    assert again == events
    assert placement.slots == tuple(range(len(events.programs)))
    assert again.rows.dtype == np.int16


# Piece -> events -> Piece -----------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60), st.integers(21, 108), st.integers(1, 96), st.integers(1, 127)
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([24, 48, 96, 120, 384, 480, 960]),
    st.integers(0, 3),
    st.data(),
)
def test_a_piece_near_the_grid_comes_back_on_it(
    notes: list[tuple[int, int, int, int]], beat: int, offset: int, data: st.DataObject
) -> None:
    """Notes a little off the grid: by up to a third of an event tick, and a whole offset."""
    scale = beat / 24
    wobble = st.integers(-int(scale / 3), int(scale / 3))
    moved = []
    for position, pitch, length, velocity in notes:
        onset = round(position * scale) + data.draw(wobble) + offset
        end = round(onset + length * scale)
        if onset < 0:
            onset = 0
        moved.append((onset, pitch, max(end - onset, 1), velocity))
    events, placement = encode(piece(moved, ticks_per_beat=beat), Grid(BEATS, offset))
    # The longest of what falls together.
    together: dict[tuple[int, int], tuple[int, int]] = {}
    for (position, pitch, _, velocity), note in zip(notes, moved, strict=True):
        length = int(nearest_duration(np.array([max(note[2] / scale, 1.0)]))[0])
        key = (position, pitch)
        kept = together.get(key)
        if kept is None or length > kept[0] or (length == kept[0] and velocity // 4 < kept[1]):
            together[key] = (length, velocity // 4)
    assert placement.origin == 0
    assert heard(decode(events)) == [
        [
            (position, pitch, int(DURATION_TICKS[length]), 4 * velocity + 2)
            for (position, pitch), (length, velocity) in sorted(together.items())
        ]
    ]


def test_a_small_piece_by_hand() -> None:
    """480 ticks to the beat: 20 to an event tick."""
    song = piece(
        [(1915, 60, 475, 64), (2400, 64, 241, 127), (2400, 67, 239, 1)],
        [(1923, 36, 1920, 100)],
        ticks_per_beat=480,
    )
    events, placement = encode(song, Grid(BEATS))
    assert placement.origin == 1920  # 1915 is a hair before bar 2 and counts to it
    assert events.rows.tolist() == [
        # shift, part, pitch, duration (class 11 is 12 ticks, 51 is 96), velocity
        [0, 0, 60, 23, 16],
        [0, 1, 36, 51, 25],
        [24, 0, 64, 11, 31],
        [0, 0, 67, 11, 0],
    ]
    assert heard(decode(events)) == [
        [(0, 60, 24, 66), (24, 64, 12, 126), (24, 67, 12, 2)],
        [(0, 36, 96, 102)],
    ]


def test_the_longest_of_two_notes_at_once_is_kept() -> None:
    events, _ = encode(
        piece([(0, 60, 10, 100), (0, 60, 32, 50), (1, 60, 24, 90)], ticks_per_beat=96), Grid(BEATS)
    )
    assert heard(decode(events)) == [[(0, 60, 8, 50)]]


def test_a_first_onset_inside_a_bar_keeps_its_place() -> None:
    """An upbeat of an eighth to bar 3 of a waltz."""
    waltz = piece(
        [(5 * 96 + 48, 67, 48, 80), (6 * 96, 72, 96, 80)],
        ticks_per_beat=96,
        metres=MetreMap(((0, 3, 4),)),
    )
    events, placement = encode(waltz, Grid(BEATS))
    assert placement.origin == 3 * 96
    assert events.onsets.tolist() == [60, 72]
    assert events.metres.changes == ((0, 3, 4),)
    assert features(events)[1:, 6:9].tolist() == [[12, 2, 6], [0, 0, 6]]


def test_an_upbeat_before_the_true_first_bar_line_is_counted_in_its_own_metre() -> None:
    """The file's bars stand a beat too early: bar lines are at 1, 4, 7... beats."""
    waltz = piece(
        [(beat * 24, 60, 24, 80) for beat in range(7)],
        ticks_per_beat=24,
        metres=MetreMap(((0, 3, 4),)),
    )
    events, placement = encode(waltz, Grid(BEATS, 0, 24))
    assert placement.origin == -48
    assert events.onsets.tolist() == [48, 72, 96, 120, 144, 168, 192]
    assert features(events)[1:, 7:9].tolist() == [
        [2, 6], [0, 6], [1, 6], [2, 6], [0, 6], [1, 6], [2, 6],
    ]  # fmt: skip
    assert [placement.to_piece(tick, waltz.tempos) for tick in events.onsets] == [
        note.onset for note in waltz.parts[0].notes
    ]


def test_an_offset_is_taken_out_and_put_back() -> None:
    late = piece([(7 + 24 * beat, 60, 24, 80) for beat in range(5)], ticks_per_beat=24)
    events, placement = encode(late, Grid(BEATS, 7))
    assert events.onsets.tolist() == [0, 24, 48, 72, 96]
    assert placement.to_piece(24, late.tempos) == 31
    assert placement.to_event(31, late.tempos) == 24


@given(
    st.floats(0, 1e5),
    st.integers(24, 960),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(200_000, 2_000_000)), max_size=4),
    st.sampled_from([BEATS, FREE]),
)
def test_placements_convert_both_ways(
    tick: float, beat: int, tempos: list[tuple[int, int]], kind: str
) -> None:
    song = piece([(100, 60, 10, 80)], ticks_per_beat=beat, tempos=TempoMap(((0, 500_000), *tempos)))
    placement = place(song, Grid(kind, 3 if kind == BEATS else 0))
    there = placement.to_event(tick, song.tempos)
    assert placement.to_piece(there, song.tempos) == pytest.approx(tick, rel=1e-6, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(200_000, 2_000_000)), max_size=5),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=20),
    st.integers(24, 960),
)
def test_seconds_of_an_array_are_those_of_each_tick(
    changes: list[tuple[int, int]], ticks: list[int], beat: int
) -> None:
    tempos = TempoMap(((0, 500_000), *changes))
    found = seconds_of(tempos, np.array(ticks, dtype=float), beat)
    assert found == pytest.approx([tempos.seconds(tick, beat) for tick in ticks])


def test_free_time_counts_hundredths_of_a_second_from_the_first_onset() -> None:
    """100 ticks to the beat; 60 beats per minute, then 120 from the third second on."""
    performance = piece(
        [(100, 60, 50, 80), (250, 62, 100, 80), (500, 64, 200, 80)],
        ticks_per_beat=100,
        tempos=TempoMap(((0, 1_000_000), (300, 500_000))),
    )
    events, placement = encode(performance, Grid(FREE))
    assert placement.origin == 1.0
    assert events.onsets.tolist() == [0, 144, 300]  # 1.5 s lies between two classes
    # Half a second is nearest 51; the second note sounds half a second at each tempo.
    assert DURATION_TICKS[events.rows[:, 3]].tolist() == [51, 75, 102]
    assert events.metres == MetreMap()
    assert (features(events)[:, 6:8] == (POSITIONS - 1, BEATS_IN_BAR - 1)).all()
    assert (features(events)[:, 8] == 0).all()
    back = decode(events)
    assert back.tempos.seconds(back.parts[0].notes[1].onset, back.ticks_per_beat) == 1.44


def test_of_more_parts_than_slots_the_small_ones_join_others() -> None:
    """34 pianos, each a semitone lower than the one before, and two of them hardly play."""
    parts = [[(24 * k, 100 - index, 12, 80) for k in range(3)] for index in range(34)]
    parts[4], parts[30] = parts[4][:1], parts[30][:2]
    crowd = piece(*parts, ticks_per_beat=24)
    events, placement = encode(crowd, Grid(BEATS))
    assert placement.slots == tuple(index for index in range(34) if index not in (4, 30))
    assert placement.joined == ((4, 0), (30, 0))  # all have as many notes: the first of them
    assert len(events.programs) == 32
    first = events.rows[events.rows[:, 1] == 0]
    assert first[:, 2].tolist() == [70, 96, 100, 70, 100, 100]  # nobody's notes are lost


def test_parts_in_another_order_get_the_same_slots() -> None:
    """A melody, a bass and drums, in every order of tracks."""
    tracks = [
        ([(0, 72, 24, 80), (24, 74, 24, 80)], 0),
        ([(0, 36, 48, 90)], 33),
        ([(0, 38, 6, 100), (24, 42, 6, 60)], DRUM_PROGRAM),
        ([(0, 60, 24, 80), (24, 62, 24, 80)], 0),
    ]
    wanted = None
    for order in permutations(range(4)):
        parts = [Part(tuple(Note(*note) for note in tracks[n][0]), tracks[n][1]) for n in order]
        events, placement = encode(Piece(tuple(parts), 24), Grid(BEATS))
        assert [order[index] for index in placement.slots] == [0, 3, 1, 2]
        wanted = wanted or events
        assert events == wanted


def test_a_piece_without_notes_is_refused() -> None:
    with pytest.raises(SeedError, match="no notes"):
        encode(piece([]), Grid(BEATS))


@pytest.mark.parametrize(
    ("rows", "programs", "kind", "word"),
    [
        (np.zeros((1, 4)), (0,), BEATS, "shape"),
        (np.zeros((1, 5)), (), BEATS, "parts"),
        (np.zeros((1, 5)), (0,) * 33, BEATS, "parts"),
        (np.zeros((1, 5)), (0,), "swing", "kind"),
    ],
)
def test_events_are_valid_from_birth(
    rows: np.ndarray, programs: tuple[int, ...], kind: str, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        Events(rows.astype(np.int16), programs, kind)


def test_no_notes_make_no_rows() -> None:
    nothing = np.zeros(0)
    none = nothing.astype(np.int64)
    events = quantise(nothing, nothing, none, none, none, (5, 7), BEATS, MetreMap())
    assert events.rows.shape == (0, 5)
    assert features(events, end=True)[:, SHIFT].tolist() == [NO_SHIFT, NO_SHIFT, END]


def test_channels_never_put_a_pitched_part_on_the_drums() -> None:
    for slot in range(16):
        assert ev.channel_of(slot, 0) != 9
        assert ev.channel_of(slot, DRUM_PROGRAM) == 9
    assert len({ev.channel_of(slot, 0) for slot in range(15)}) == 15


def test_metres_are_counted_from_a_new_origin() -> None:
    metres = MetreMap(((0, 4, 4), (1920, 3, 4), (3360, 6, 8)))
    assert rebase_metres(metres, 1920, 480).changes == ((0, 3, 4), (72, 6, 8))
    assert rebase_metres(metres, 0, 480).changes == ((0, 4, 4), (96, 3, 4), (168, 6, 8))
    # An origin before the file's own beginning: its first metre holds from there.
    assert rebase_metres(MetreMap(((0, 3, 4),)), -1440, 480).metre_at(0) == (3, 4)
