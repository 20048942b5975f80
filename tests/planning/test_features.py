"""What the planner is told of bars: relative to the key, and of earlier bars by what they are."""

from __future__ import annotations

import numpy as np
from planned_songs import band, song

from composer.music.chords import parse_chord
from composer.planning.bars import CONTENT, content_of, tonic_of
from composer.planning.features import (
    PAIRS,
    STEP_COLUMNS,
    absolute,
    imagined,
    pair_features,
    relative,
    steps,
)


def column(name: str) -> int:
    return list(STEP_COLUMNS).index(name)


def pair(name: str) -> int:
    return PAIRS.index(name)


def test_a_song_in_another_key_is_told_the_same() -> None:
    in_c, in_e = song("C Am F G C Am F G"), song("E C#m A B E C#m A B")
    assert tonic_of(in_c.chords) == (0, False) and tonic_of(in_e.chords) == (4, False)
    told, told_too = steps(in_c, 0, False)[0], steps(in_e, 4, False)[0]
    assert np.array_equal(told, told_too)


def test_chords_told_from_a_tonic_and_back() -> None:
    for name in ("N.C.", "C", "Bbm7", "F#7"):
        code = parse_chord(name)
        for tonic in range(12):
            assert absolute(int(relative(np.array(code), tonic)), tonic) == code
    assert relative(np.array(parse_chord("G7")), 7) == parse_chord("C7")


def test_a_step_knows_the_bar_before_and_only_the_place_of_its_own() -> None:
    bars = song("C F G C", references=[-1, -1, -1, 0])
    told, _ = steps(bars, 0, False)
    assert told[1, column("first_chord")] == parse_chord("C")
    changed = song("C F G Am", references=[-1, -1, -1, 1])
    assert np.array_equal(told, steps(changed, 0, False)[0])


def test_the_bar_after_the_last_reference_goes_on() -> None:
    bars = song("C F G C C F", references=[-1, -1, -1, -1, 0, -1])
    features, may = pair_features(imagined(bars))
    assert features[5, :5, pair("goes_on")].tolist() == [0, 1, 0, 0, 0]
    assert features[5, :5, pair("again")].tolist() == [1, 0, 0, 0, 0]
    assert may[5].tolist() == [True] * 5 + [False]


def test_a_bar_after_a_copy_of_the_last_bar_is_told_apart() -> None:
    """A B A' C A'': what came after the first A and after the second is at hand."""
    bars = song("C F C G C Am", references=[-1, -1, 0, -1, 2, -1])
    features, _ = pair_features(bars)
    assert features[5, :5, pair("goes_on_alike")].tolist() == [0, 1, 0, 1, 0]


def test_how_often_a_bar_was_taken_up_is_counted_up_to_now_only() -> None:
    bars = song("C C C C C", references=[-1, 0, 0, 0, 0])
    features, _ = pair_features(bars)
    assert (4 * features[:, 0, pair("times_taken_up")]).tolist() == [0, 0, 1, 2, 3]


def test_one_bar_is_told_as_all_are() -> None:
    bars = imagined(song("C Am F G C Am F C", references=[-1, -1, -1, -1, 0, 1, 2, -1]))
    every, may = pair_features(bars)
    last, may_last = pair_features(bars, 7)
    assert np.array_equal(every[7:], last) and np.array_equal(may[7:], may_last)


def test_bars_of_another_length_are_not_taken_up() -> None:
    bars = song("C C C")
    bars.lengths[1] = 72
    assert pair_features(bars)[1][2].tolist() == [True, False, False]


def test_part_of_a_song_takes_up_its_own_first_copy() -> None:
    """Verse, chorus, verse, chorus, verse, from the first chorus on: the third verse is like
    the second, though both take up the first."""
    verse, chorus = [-1, -1, -1, -1, 0, 1, 2, 3, 0, 1], 2
    part = song("C F G C C F G C C F", references=verse).cut(chorus, 8)
    assert part.references.tolist() == [-1, -1, -1, -1, 0, 1, 2, 3]


def test_what_is_not_heard_is_imagined_like_the_bar_it_takes_up() -> None:
    bars = song("C F C G", references=[-1, -1, 0, -1], heard=2)
    bars.content[:2] = [[0.2] * len(CONTENT), [0.6] * len(CONTENT)]
    content = imagined(bars).content[:, 0]
    assert np.allclose(content, [0.2, 0.6, 0.2, 0.2])
    told, heard = steps(bars, 0, False)
    assert told[:, column("heard")].tolist() == [0, 1, 1, 0]
    assert np.allclose(heard[:, 0], [0, 0.2, 0.6, 0])


def test_content_counts_what_is_played() -> None:
    """Four quarters of melody over a bass, with four strokes of a drum; then the same again."""
    content = dict(zip(CONTENT, content_of(band(bars=2), 2).T.tolist(), strict=True))
    assert np.allclose(content["notes"], np.log2(1 + 5) / 5)
    assert np.allclose(content["hits"], np.log2(1 + 4) / 5)
    assert content["top"] == [0.5, 0.5] and content["bottom"] == [-1.0, -1.0]
    assert content["parts"] == [3 / 8, 3 / 8]
    assert content["same"] == [0, 1] and content["rest"] == [0.25, 0.25]
