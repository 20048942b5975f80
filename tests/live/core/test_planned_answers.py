"""Answers with a plan: what is foreseen, told, and asked for by form and chords."""

from __future__ import annotations

import numpy as np
from live.jam import Jam
from live.scripted import Echo

from composer.taste.traits import TRAITS

CALL = [(0.0, 0.4, 60), (0.5, 0.9, 62), (1.0, 1.5, 64)]


def test_the_beginning_of_an_answer_tells_of_its_plan() -> None:
    improviser = Echo()
    improviser.planned = "Am F =1 | C"
    jam = Jam(improviser, wait=0.5)
    jam.play(CALL)
    jam.until(5.0)
    assert jam.said[0] == ("phrase/begin", 1, 120.0, 3.0, "Am F =1 | C")


def test_an_answer_is_foreseen_once_a_beat_while_the_player_plays() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, start="bar")
    jam.play([(0.0, 0.2, 60), (0.3, 0.4, 62), (0.5, 0.7, 64), (2.6, 2.8, 60)])
    jam.until(2.9)
    assert [(ask.join, ask.phrase) for ask in improviser.foreseen] == [
        (0, 0), (96, 0), (192, 0),
    ]  # fmt: skip


def test_in_free_time_nothing_is_foreseen() -> None:
    improviser = Echo()
    jam = Jam(improviser)
    jam.play(CALL)
    jam.until(1.6)
    assert improviser.foreseen == []


class Undecided(Echo):
    """Never says that all is known."""

    done = False


def test_the_first_note_is_asked_for_shortly_before_it_is_due() -> None:
    improviser = Undecided()
    jam = Jam(improviser, bpm=120, start="bar", wait=5)
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.at(1.0, lambda s, t: s.phrase_end(t))  # the answer begins at 2.0
    jam.until(1.9)
    assert improviser.hurried == 0
    jam.until(1.98)
    assert improviser.hurried == 1
    jam.until(5.0)
    assert improviser.hurried == 1


def test_in_free_time_it_is_asked_for_at_once() -> None:
    improviser = Undecided()
    jam = Jam(improviser, wait=5)
    jam.play(CALL)
    jam.at(1.7, lambda s, t: s.phrase_end(t))
    assert improviser.hurried == 1


def test_a_form_says_how_long_an_answer_is_and_that_it_begins_on_a_bar() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, start="beat", form="A2 B3")
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.until(3.0)
    [ask] = improviser.asked[-1:]
    assert (ask.join, ask.end) == (96, 96 + 5 * 96)
    assert ask.settings.form == "A2 B3"


def test_a_form_says_how_long_it_is_for_what_is_asked_for_out_of_turn_too() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, form="A2 B3")
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.at(0.8, lambda s, t: s.generate(t, {}))
    assert improviser.asked[-1].end == 96 + 5 * 96


def test_letters_without_numbers_have_a_bar_each_at_least() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, form="AABA")
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.until(3.0)
    assert improviser.asked[-1].end == 96 + 4 * 96


def test_chords_let_an_answer_begin_on_a_bar_and_fill_bars() -> None:
    improviser = Echo()
    jam = Jam(improviser, bpm=120, start="beat", chords="Am F")
    jam.play([(0.0, 0.2, 60), (0.5, 0.7, 62)])
    jam.until(3.0)
    [ask] = improviser.asked[-1:]
    assert (ask.join, ask.end, ask.settings.chords) == (96, 192, "Am F")


def test_a_liked_answer_and_its_place_are_told_with_the_next_one() -> None:
    improviser = Echo()
    improviser.described = np.zeros(len(TRAITS))
    jam = Jam(improviser, bpm=120, start="bar", bars=1)
    jam.play(CALL)
    jam.until(6.0)
    first = improviser.asked[-1]
    assert first.taste is None
    jam.at(6.0, lambda s, t: s.call.mark(s.turn, True))
    jam.play([(8.0 + on, 8.0 + off, pitch) for on, off, pitch in CALL])
    jam.until(12.0)
    assert improviser.asked[-1].taste is not None
    assert improviser.asked[-1].taste.favourite == (first.join, first.join + 96)
    assert improviser.foreseen[-1].taste is improviser.asked[-1].taste


def test_what_is_known_of_an_answer_is_whole_though_an_earlier_one_was_marked_in_it() -> None:
    improviser = Echo()
    improviser.described = np.full(len(TRAITS), 1.0)
    jam = Jam(improviser, bpm=120, start="bar", bars=1)
    jam.play(CALL)
    jam.until(6.0)
    first = jam.session.turn
    jam.play([(8.0 + on, 8.0 + off, pitch) for on, off, pitch in CALL])
    jam.until(10.1)  # in the second answer
    assert jam.session.turn == first + 1
    improviser.described = np.full(len(TRAITS), 2.0)  # its first notes
    jam.at(10.2, lambda s, t: s.call.mark(first, True))
    improviser.described = np.full(len(TRAITS), 3.0)  # all of it
    jam.play([(16.0 + on, 16.0 + off, pitch) for on, off, pitch in CALL])
    jam.until(20.0)
    told = [reply[0] for reply in jam.session.call.taste.preference.replies]
    assert told == [1.0, 3.0]


def length(liked: float) -> int:
    """Ticks of an answer to two bars, for one who likes long answers, or short ones."""
    improviser = Echo()
    jam = Jam(improviser, bpm=120, start="bar")
    taste = jam.session.call.taste.preference
    rng, place = np.random.default_rng(0), [trait.name for trait in TRAITS].index("length")
    for _ in range(30):
        found = 0.7 * rng.standard_normal(len(TRAITS))
        taste.mark(found, bool(found[place] * liked > 0))
    jam.play([(0.0, 1.9, 60), (2.0, 3.9, 62)])
    jam.until(8.0)
    asked = improviser.asked[-1]
    assert asked.end is not None
    return asked.end - asked.join


def test_who_likes_long_answers_gets_longer_ones() -> None:
    assert length(1.0) > 2 * 96 > length(-1.0)
