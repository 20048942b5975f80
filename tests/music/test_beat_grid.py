"""Where beat and bar lie: music on the beat, beside it, and in its own time."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.errors import SettingError
from composer.music.beat_grid import BEATS, FREE, Grid, find_grid
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap

BEAT = 480
BAR = 4 * BEAT


def oompah(bars: int = 16, roots: tuple[int, ...] = (36, 41, 43, 36)) -> Piece:
    """Bass on one, chords on two to four, a tune of eighths over them: 4/4 beyond doubt."""
    bass, chords, tune = [], [], []
    for bar in range(bars):
        start, root = bar * BAR, roots[bar % len(roots)]
        bass.append(Note(start, root, BAR, 90))
        for beat in (1, 2, 3):
            chords += [Note(start + beat * BEAT, root + up, BEAT, 70) for up in (12, 16, 19)]
        tune.append(Note(start, root + 36, 2 * BEAT, 95))
        tune += [Note(start + 2 * BEAT + i * 240, root + 36 + i, 240, 80) for i in range(4)]
    return Piece((Part(tuple(bass)), Part(tuple(chords)), Part(tuple(tune))))


def moved(piece: Piece, ticks: int) -> Piece:
    """Every note `ticks` later, over the same bar lines."""
    return piece.with_parts(
        tuple(
            replace(part, notes=tuple(replace(n, onset=n.onset + ticks) for n in part.notes))
            for part in piece.parts
        )
    )


def at(onsets: list[int], program: int = 0) -> Piece:
    return Piece((Part(tuple(Note(onset, 60, 100, 80) for onset in onsets), program),))


def rubato(count: int = 400, seed: int = 0) -> Piece:
    """Notes about a third of a second apart, in nobody's tempo."""
    steps = np.random.default_rng(seed).gamma(3.0, 110.0, count)
    return at([int(tick) for tick in np.cumsum(steps)])


def drummer(bars: int = 16, spread: float = 12.0, late: float = 0.0) -> Piece:
    """A rock beat played to a click, `spread` ticks of human timing."""
    random = np.random.default_rng(1)
    notes = []
    for bar in range(bars):
        for eighth in range(8):
            keys = [42] + [36] * (eighth in (0, 4)) + [38] * (eighth in (2, 6))
            for key in keys:
                tick = bar * BAR + eighth * 240 + random.normal(late, spread)
                notes.append(Note(max(0, round(tick)), key, 60, 90))
    return Piece((Part(tuple(notes), DRUM_PROGRAM, channel=9),))


def test_plain_music_is_where_the_file_says() -> None:
    assert find_grid(oompah()) == Grid(BEATS, 0, 0, 1.0)


@pytest.mark.parametrize("ticks", [-47, -13, 5, 7, 31, 55])
def test_a_constant_offset_is_found(ticks: int) -> None:
    # A bar of rest first, so that a negative offset has somewhere to go.
    assert find_grid(moved(oompah(), BAR + ticks)) == Grid(BEATS, ticks, 0, 1.0)


def test_rounding_is_no_offset() -> None:
    assert find_grid(moved(oompah(), 1)).offset == 0


@pytest.mark.parametrize("beats", [1, 2, 3])
def test_the_downbeat_is_found(beats: int) -> None:
    assert find_grid(moved(oompah(), beats * BEAT)).downbeat == beats * BEAT


def test_offset_and_downbeat_together() -> None:
    grid = find_grid(moved(oompah(), 3 * BEAT - 9))
    assert (grid.offset, grid.downbeat) == (-9, 3 * BEAT)


def test_the_downbeat_of_a_waltz_in_three_eight() -> None:
    notes = []
    for bar in range(24):
        root = (36, 43, 41, 43)[bar % 4]
        start = (bar * 3 + 1) * 240
        notes.append(Note(start, root, 720, 90))
        notes += [Note(start + 240 * i, root + up, 240, 70) for i in (1, 2) for up in (16, 19)]
    waltz = Piece((Part(tuple(notes)),), metres=MetreMap(((0, 3, 8),)))
    assert find_grid(waltz).downbeat == 240


def test_a_file_with_changing_metre_is_trusted() -> None:
    piece = moved(oompah(), BEAT)
    piece = replace(piece, metres=MetreMap(((0, 4, 4), (8 * BAR, 3, 4))))
    assert find_grid(piece).downbeat == 0


def test_few_bars_do_not_contradict_the_file() -> None:
    assert find_grid(moved(oompah(bars=2), BEAT)).downbeat == 0


def test_triplets_and_swing_keep_the_beat() -> None:
    triplets = at([160 * i for i in range(48)])
    swing = at([beat * 480 + part for beat in range(32) for part in (0, 320)])
    for piece in (triplets, swing):
        assert find_grid(piece) == Grid(BEATS, 0, 0, 1.0)


def test_a_performance_without_a_click_is_free() -> None:
    grid = find_grid(rubato())
    assert (grid.kind, grid.offset, grid.downbeat) == (FREE, 0, 0)


def test_a_drummer_to_a_click_keeps_the_beat_and_the_feel() -> None:
    for late in (0.0, 8.0, -8.0):
        grid = find_grid(drummer(late=late))
        assert (grid.kind, grid.offset, grid.downbeat) == (BEATS, 0, 0)


def test_a_clear_latency_is_removed() -> None:
    assert find_grid(drummer(spread=4.0, late=30.0)).offset == pytest.approx(30, abs=3)


def test_the_kind_can_be_forced() -> None:
    assert find_grid(rubato(), "beats").kind == BEATS
    assert find_grid(moved(oompah(), 7), "free").offset == 0
    with pytest.raises(SettingError, match="auto, beats, free"):
        find_grid(oompah(), "bars")


def test_without_notes_the_file_is_right() -> None:
    assert find_grid(Piece(())) == Grid(BEATS, 0, 0, 0.0)


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=8))
def test_short_seeds_trust_the_file(onsets: list[int]) -> None:
    assert find_grid(at(onsets)).kind == BEATS


def test_short_seeds_have_an_offset_only_when_all_agree() -> None:
    assert find_grid(at([7, 487, 727, 967])).offset == 7
    assert find_grid(at([7, 487, 727, 960])).offset == 0
    assert find_grid(at([7])).offset == 0


@pytest.mark.parametrize("ticks_per_beat", [1, 2, 3, 4, 24, 96, 220, 384, 960, 32767])
def test_any_resolution(ticks_per_beat: int) -> None:
    piece = at([ticks_per_beat * i for i in range(64)])
    assert find_grid(replace(piece, ticks_per_beat=ticks_per_beat)).offset == 0


@given(
    st.lists(st.tuples(st.integers(0, 9_600), st.integers(0, 127)), max_size=60),
    st.sampled_from([1, 5, 24, 120, 480]),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (1, 4), (2, 2), (5, 16), (7, 64)]),
)
def test_the_answer_is_in_range(
    rows: list[tuple[int, int]], ticks_per_beat: int, metre: tuple[int, int]
) -> None:
    notes = tuple(Note(onset, pitch, 10, 80) for onset, pitch in rows)
    piece = Piece((Part(notes),), ticks_per_beat, metres=MetreMap(((0, *metre),)))
    grid = find_grid(piece, "beats")
    assert 0 <= grid.downbeat < max(1, 4 * ticks_per_beat * metre[0] / metre[1])
    assert abs(grid.offset) <= ticks_per_beat / 4
    assert 0 <= grid.share <= 1


def test_memory_grows_no_faster_than_the_piece() -> None:
    def most(bars: int) -> int:
        piece = oompah(bars)
        tracemalloc.start()
        try:
            find_grid(piece)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(20)  # what NumPy sets up once
    assert most(1600) < 12 * most(200)
