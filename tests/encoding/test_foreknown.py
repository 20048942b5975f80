"""A verse that is hidden is found in the one that stands behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from phrase import PHRASE, after

from composer.encoding.columns import CONFIDENCE, LIKENESS
from composer.encoding.events import SHIFT_TICKS, TICKS_PER_BEAT, Events
from composer.encoding.features import features
from composer.encoding.foreknown import HEARD_AGAIN, Recall, foreknow
from composer.encoding.given import Given, Opening
from composer.encoding.match_model import CONFIDENCES, NOTHING, PAGE
from composer.encoding.running_features import Context

OTHER = [(24, 0, pitch, 23, 20) for pitch in (48, 50, 53, 49, 55, 51, 58, 52)]


def test_what_comes_later_is_expected_now() -> None:
    recall = foreknow(after(OTHER + PHRASE[:4]), PHRASE)
    expected = recall.expected
    assert expected[1:] == PHRASE[4]
    # Four notes are right already: they were held against what is to come.
    assert expected.confidence == after(PHRASE + PHRASE[:4]).expected.confidence > 0


def test_notes_to_come_are_followed_as_those_heard_are() -> None:
    known: Recall = foreknow(after(OTHER + PHRASE[:4]), PHRASE)
    heard: Recall = after(PHRASE + OTHER + PHRASE[:4])
    for row in PHRASE[4:]:
        assert known.expected == heard.expected
        assert known.expected[1:] == row
        known, heard = known.hear(row), heard.hear(row)


def test_of_two_places_the_one_that_was_right_more_often_counts() -> None:
    twice = [*PHRASE[:5], (24, 0, 80, 23, 20), *OTHER, *PHRASE[2:5]]
    assert after(twice).expected.pitch == 80
    behind = [*PHRASE[2:5], (24, 0, 81, 23, 20)]
    assert foreknow(after(twice), behind).expected.pitch == 80  # as often: what was heard
    longer = [*OTHER[-2:], *PHRASE[2:5], (24, 0, 81, 23, 20)]
    assert foreknow(after(twice), longer).expected.pitch == 81


def test_nothing_to_come_leaves_what_was_heard_and_forgets_what_was_foreknown() -> None:
    heard = after(PHRASE + PHRASE[:4])
    assert foreknow(heard, []) is heard
    assert foreknow(foreknow(heard, OTHER), []) is heard
    assert foreknow(after(OTHER), PHRASE).expected == NOTHING


def test_a_recall_is_a_value() -> None:
    known = foreknow(after(OTHER + PHRASE[:4]), PHRASE)
    one, other = known.hear(PHRASE[4]), known.hear((24, 0, 90, 23, 20))
    assert known.expected[1:] == PHRASE[4] and one.expected[1:] == PHRASE[5]
    assert other.expected[1:] == PHRASE[5]  # a changed note does not lose the place
    assert known.distance > 0 and known.suspend(10).expected == NOTHING


@pytest.mark.parametrize("count", [1, HEARD_AGAIN, PAGE, PAGE + 5, 3 * PAGE])
def test_the_last_notes_are_those_that_were_heard(count: int) -> None:
    rows = [(12, 0, 40 + index % 40, 11, index % 32) for index in range(count)]
    recall = after(rows)
    recall.hear((12, 0, 1, 11, 0))  # somebody else's last note, on the same page
    assert recall.last_rows(HEARD_AGAIN) == rows[-HEARD_AGAIN:]


def song() -> tuple[Events, Given, list[tuple[int, list[tuple[int, ...]]]]]:
    """Two bars, two that are hidden, two bars as the first four would go on; what is known then."""
    rows = np.array(OTHER[:4] + PHRASE + OTHER[:4] + PHRASE, dtype=np.int16)
    events = Events(rows, (0,))
    lines = np.concatenate([[0], np.cumsum(SHIFT_TICKS[rows[:, 0]])])
    given = Given.around(events, [Opening(int(lines[6]), int(lines[12]), frozenset({0}))])
    assert len(given) == len(rows) - 6
    return events, given, [(int(lines[6]), given.behind(int(lines[12])))]


def test_the_hidden_bars_of_a_song_are_expected_where_they_stand_later() -> None:
    events, _, behind = song()
    hidden = slice(1 + 7, 1 + 11)  # behind the part's declaration and the first hidden note
    plain = features(events)[hidden]
    assert (plain[:, CONFIDENCE] == 0).all()
    known = features(replace(events, foreknown=behind))[hidden]
    assert (known[:, CONFIDENCE] > 0).all() and known[-1, CONFIDENCE] < CONFIDENCES
    assert (known[:, CONFIDENCE + 1 : LIKENESS] == known[:, :5]).all()


def test_note_by_note_as_all_at_once() -> None:
    events, given, behind = song()
    opening = given.openings[0]
    table = features(replace(events, foreknown=behind))
    first = int(np.searchsorted(events.onsets, opening.start))
    heard = Events(events.rows[:first], events.programs)
    context = Context.after(heard).foreknowing(given.behind(opening.end))
    recall = context.recalls[0]
    for step, row in zip(table[1 + first :], events.rows[first:].tolist(), strict=True):
        expected = recall.expected
        assert step[CONFIDENCE] == expected.confidence
        recall = recall.hear(tuple(row))
    assert events.onsets[first] // TICKS_PER_BEAT == 6
