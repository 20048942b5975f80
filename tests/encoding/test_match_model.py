"""Recall: a phrase that comes back is recognised, and followed through small changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phrase import PHRASE, after

from composer.encoding.events import END, SHIFT_TICKS
from composer.encoding.match_model import CONFIDENCES, HISTORY, NOTHING, PAGE, PAGES, MatchModel
from composer.music.beat_grid import BEATS, FREE


def test_nothing_is_expected_of_new_music() -> None:
    assert after([]).expected == NOTHING
    assert after(PHRASE).expected == NOTHING


def test_three_notes_heard_before_bring_back_the_fourth() -> None:
    assert after(PHRASE + PHRASE[:2]).expected == NOTHING
    expected = after(PHRASE + PHRASE[:3]).expected
    assert expected[1:] == PHRASE[3]
    assert expected.confidence == 1 + 4 * 3


def test_confidence_grows_with_every_note_that_comes_true() -> None:
    confidences = [after(PHRASE + PHRASE[:count]).expected.confidence for count in range(3, 8)]
    assert confidences == [13, 18, 23, 27, 32]  # 3 to 7 right; exact once, twice, thrice, longer
    assert after(PHRASE * 3).expected.confidence == CONFIDENCES - 1


def test_another_length_is_still_the_same_phrase_with_less_confidence() -> None:
    shorter = (*PHRASE[3][:3], 5, PHRASE[3][4])
    expected = after([*PHRASE, *PHRASE[:3], shorter]).expected
    assert expected[1:] == PHRASE[4]
    assert expected.confidence == 1 + 4 * 4  # four right, none of them lately in full


def test_a_changed_note_does_not_lose_the_place() -> None:
    changed = (24, 0, 72, 23, 22)
    expected = after([*PHRASE, *PHRASE[:4], changed]).expected
    assert expected[1:] == PHRASE[5]


def test_an_added_note_does_not_lose_the_place() -> None:
    """A grace note between two notes: the old time goes on underneath."""
    added, late = (6, 0, 66, 5, 20), (18, 0, 67, 23, 22)
    recall = after([*PHRASE, *PHRASE[:4], added])
    assert recall.expected[1:] == late
    assert recall.hear(late).expected[1:] == PHRASE[5]


def test_a_note_left_out_does_not_lose_the_place() -> None:
    skipped = (PHRASE[4][0] + PHRASE[5][0], *PHRASE[5][1:])
    assert after([*PHRASE, *PHRASE[:4], skipped]).expected[1:] == PHRASE[6]


def test_a_place_that_has_long_been_right_is_not_left_for_another_at_the_first_miss() -> None:
    changed, elsewhere = (24, 0, 72, 23, 22), (24, 0, 50, 23, 22)
    # The last three notes before the change, and the change, were heard once: 50 came then.
    decoy = [*PHRASE[3:6], changed, elsewhere]
    played = [*PHRASE, *decoy, *PHRASE[:6], changed]
    assert after(played).expected[1:] == PHRASE[7]


def test_a_place_that_is_never_right_is_given_up() -> None:
    strangers = [(24, 0, pitch, 23, 20) for pitch in (40, 47, 42, 49, 44, 51)]
    assert after([*PHRASE, *PHRASE[:3], *strangers]).expected == NOTHING


def test_a_place_is_kept_while_three_of_the_last_eight_notes_were_right() -> None:
    """Three that came back, and five that did not; a sixth leaves two among eight."""
    recall = after([*PHRASE * 2, *PHRASE[:3]])
    for pitch in (40, 47, 42, 49, 44):
        recall = recall.hear((24, 0, pitch, 23, 20))
        assert recall.expected != NOTHING
    assert recall.hear((24, 0, 51, 23, 20)).expected == NOTHING


def test_the_latest_place_counts() -> None:
    other = (*PHRASE[3][:2], 71, 11, 17)
    assert after([*PHRASE, *PHRASE[:3], other, *PHRASE[:3]]).expected[1:] == other


def test_in_free_time_a_phrase_is_known_at_another_speed() -> None:
    slower = [(min(row[0] + 5, END - 1), *row[1:]) for row in PHRASE]
    assert after(PHRASE + slower[:3], BEATS).expected == NOTHING
    expected = after(PHRASE + slower[:5], FREE).expected
    assert expected[2:] == PHRASE[5][1:]


def test_rest_expects_nothing_for_a_while() -> None:
    recall = after(PHRASE + PHRASE[:4]).suspend(48)
    assert recall.expected == NOTHING
    for row in PHRASE[4:6]:  # at 24 ticks; and at 48, when it looks again
        recall = recall.hear(row)
    assert recall.expected[1:] == PHRASE[6]
    assert recall.expected.confidence == 1 + 4 * 3


rows = st.lists(
    st.tuples(
        st.sampled_from([0, 12, 24]),
        st.just(0),
        st.integers(60, 62),
        st.sampled_from([11, 23]),
        st.just(20),
    ),
    max_size=3 * PAGE,
)


@given(rows, rows, rows)
def test_a_recall_is_a_value(
    past: list[tuple[int, ...]], one: list[tuple[int, ...]], other: list[tuple[int, ...]]
) -> None:
    """Two futures of one past know nothing of each other, whichever is heard first."""
    recall = after(past)

    def future(notes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        heard, expected = recall, []
        for row in notes:
            heard = heard.hear(row)
            expected.append(tuple(heard.expected))
        return expected

    first = future(one)
    second = future(other)
    assert future(one) == first
    assert future(other) == second
    alone = MatchModel.start(BEATS)
    for row in [*past, *one]:
        alone = alone.hear(row)
    if one:
        assert tuple(alone.expected) == first[-1]


@given(rows, st.sampled_from([BEATS, FREE]))
def test_what_is_expected_was_played(notes: list[tuple[int, ...]], kind: str) -> None:
    recall, heard = MatchModel.start(kind), set()
    for row in notes:
        recall = recall.hear(row)
        heard.add(row[1:])
        confidence, shift, *note = recall.expected
        assert 0 <= confidence < CONFIDENCES
        assert confidence == 0 or (tuple(note) in heard and 0 <= shift < END)


@pytest.mark.parametrize("kind", [BEATS, FREE])
def test_what_lies_too_far_back_is_forgotten(kind: str) -> None:
    """A memory of bounded size: a phrase longer ago than its pages is new again."""
    rng = np.random.default_rng(1)
    noise = [
        (int(shift), 1, int(pitch), 5, 5)
        for shift, pitch in zip(
            rng.integers(1, 20, PAGE * PAGES), rng.integers(0, 128, PAGE * PAGES), strict=True
        )
    ]
    recall = after(PHRASE + noise[: PAGE * (PAGES - 2)], kind)
    for row in PHRASE[:3]:
        recall = recall.hear(row)
    assert recall.expected[2:] == PHRASE[3][1:]
    recall = after(PHRASE + noise, kind)
    for row in PHRASE[:3]:
        recall = recall.hear(row)
    assert recall.expected == NOTHING


def test_shift_classes_are_those_of_the_events() -> None:
    """A rest past the exact classes comes back as its class."""
    waiting = [(100, 0, 60, 23, 20), (100, 0, 62, 23, 20), (100, 0, 64, 23, 20)]
    assert SHIFT_TICKS[100] == 144
    expected = after([*waiting, (100, 0, 65, 23, 20), *waiting]).expected
    assert expected.shift == 100


def test_history_is_that_of_the_classes_of_confidence() -> None:
    assert CONFIDENCES == 1 + 4 * (HISTORY + 1)
