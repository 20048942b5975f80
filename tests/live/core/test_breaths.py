"""Answers to pauses that may be breaths: late ones, taken back ones, and those that taught."""

from __future__ import annotations

import pytest
from live.jam import Jam
from live.scripted import Echo, Ponderer

CALL = [(0.0, 0.4, 60), (0.5, 0.9, 62), (1.0, 1.5, 64)]


@pytest.mark.parametrize(
    ("bpm", "start", "late", "first"),
    [
        (None, "beat", 0.05, 2.0),
        (None, "beat", 0.7, 2.7),
        (120, "beat", 0.7, 3.0),
        (120, "bar", 0.7, 4.0),
        (120, "now", 0.75, 2.75),
    ],
)
def test_an_answer_thought_of_late_begins_late_and_is_whole(
    bpm: float | None, start: str, late: float, first: float
) -> None:
    improviser = Ponderer()
    jam = Jam(improviser, bpm=bpm, wait=0.5, start=start)
    jam.play(CALL)
    jam.until(2.0 + late)
    improviser.ready = True
    jam.at(2.0 + late, lambda s, t: None)
    # Interrupted after its third note, it has played so much of what was thought of.
    jam.at(first + 1.1, lambda s, t: s.note_on(t, 60, 80, 0))
    begun = [(moment, pitch) for moment, pitch, velocity in jam.plays if velocity]
    assert begun == [(max(first, 2.0 + late), 72), (first + 0.5, 74), (first + 1.0, 76)]
    ticks = 100 if bpm is None else 48
    assert improviser.dropped[-1] == pytest.approx(3.1 * ticks, abs=1)


def test_an_answer_to_a_breath_gives_way_and_was_never_there() -> None:
    improviser = Ponderer()
    improviser.ready = True
    jam = Jam(improviser, wait=0.5)
    jam.play(CALL)
    jam.until(2.6)
    assert [pitch for _, pitch, velocity in jam.plays if velocity] == [72, 74]
    jam.at(2.7, lambda s, t: s.note_on(t, 60, 80, 0))
    assert improviser.dropped[-1] == 200  # from its first note on, at 2 s
    assert jam.session.phrases.count == len(CALL) + 1  # the phrase goes on
    assert jam.session.phrases.began == 0.0


def test_who_goes_on_before_the_beat_was_never_answered() -> None:
    jam = Jam(Echo(), bpm=60, start="beat")
    jam.play([(0.0, 0.4, 60), (1.0, 1.2, 62)])  # over at 2.2; an answer would begin at 3
    jam.until(2.8)
    assert jam.said == []
    jam.at(2.85, lambda s, t: s.note_on(t, 64, 80, 0))
    jam.at(2.95, lambda s, t: s.note_on(t, 64, 0, 0))
    assert (jam.said, jam.plays) == ([], [])
    jam.until(8.0)
    # The pause of 1.65 s was a breath: the next is waited for a quarter longer, up to a beat.
    assert [row for row in jam.said if row[0] == "phrase/begin"] == [("phrase/begin", 1, 60.0, 3.0)]
    assert jam.plays[0] == (6.0, 72, 80)


def test_a_player_whose_breath_was_answered_is_left_longer_breaths() -> None:
    jam = Jam(Echo(), wait=0)
    rhythm = [(0.25 * step, 0.25 * step + 0.2, 60) for step in range(8)]
    jam.play(rhythm)
    jam.until(2.8)
    assert jam.plays[0][0] == pytest.approx(1.95 + 2.5 * 0.25, abs=0.01)  # of the player's steps
    jam.play([(3.0 + on, 3.0 + off, pitch) for on, off, pitch in rhythm])  # 1.05 s after the last
    begun = len(jam.plays)
    jam.until(9.0)
    assert jam.plays[begun][0] == pytest.approx(4.95 + 2 * 1.05, abs=0.05)


def test_an_answer_that_was_listened_to_makes_the_next_one_come_sooner() -> None:
    jam = Jam(Echo(), wait=0)
    rhythm = [(0.25 * step, 0.25 * step + 0.2, 60) for step in range(8)]
    jam.play(rhythm)
    jam.until(2.8)
    jam.play([(3.0 + on, 3.0 + off, pitch) for on, off, pitch in rhythm])
    jam.until(20.0)
    jam.play([(20.0 + on, 20.0 + off, pitch) for on, off, pitch in rhythm])
    begun = len(jam.plays)
    jam.until(30.0)
    assert jam.plays[begun][0] == pytest.approx(21.95 + 0.6 * 2 * 1.05, abs=0.05)


def test_an_answer_that_the_player_asked_for_is_played_over() -> None:
    improviser = Ponderer()
    improviser.ready = True
    jam = Jam(improviser, wait=5.0)
    jam.play(CALL)
    jam.at(2.0, lambda s, t: s.phrase_end(t))
    jam.until(2.6)
    jam.at(2.7, lambda s, t: s.note_on(t, 60, 80, 0))
    assert improviser.dropped[-1] == 270  # what was played has been played
    assert jam.session.phrases.count == 1
