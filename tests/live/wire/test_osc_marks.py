"""Marks teach a taste, another take may be asked for, and what was learnt is told in words."""

from __future__ import annotations

import numpy as np
import pytest
from live.osc_wire import Wire
from live.scripted import Echo

from composer.live.core.sessions import Sessions
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS


def improviser(wire: Wire) -> Echo:
    return wire.engine.sessions["main"].improviser  # type: ignore[return-value]


def traits(height: float) -> np.ndarray:
    found = np.zeros(len(TRAITS))
    found[0] = height
    return found


def answered(wire: Wire, height: float) -> None:
    """A phrase, and an answer so high."""
    wire.send("note", 60, 100, 1, 0.1)
    wire.let(0.2)
    improviser(wire).described = traits(height)
    wire.send("phrase/end")
    wire.let(2.0)


def test_after_some_marks_it_is_known_what_is_liked() -> None:
    wire = Wire()
    for number in range(1, 13):
        answered(wire, 1.0 if number % 2 else -1.0)
        assert wire.send("like" if number % 2 else "dislike")[0][0] == "ok"
    ((address, sentence, *_),) = wire.send("taste")
    assert address == "taste"
    assert sentence == "From 12 marks: you like replies that are high."
    taste = wire.engine.sessions["main"].call.taste.preference
    assert taste.expected(traits(1.0)) > 2 > -2 > taste.expected(traits(-1.0))
    assert "Nothing is known" in str(wire.send("taste", "reset"))
    assert wire.send("taste", "backwards")[0][0] == "error"


def test_the_next_answer_is_asked_for_with_what_is_known() -> None:
    wire = Wire()
    answered(wire, 1.0)
    assert improviser(wire).asked[-1].taste is None
    wire.send("like")
    answered(wire, 1.0)
    assert improviser(wire).asked[-1].taste is not None
    assert improviser(wire).asked[-1].taste.preference.count == 1


def test_another_take_of_the_last_reply_is_played_in_its_place() -> None:
    wire = Wire()
    for pitch in (60, 62, 64):
        wire.send("note", pitch, 100, 1, 0.1)
        wire.let(0.2)
    wire.send("phrase/end")
    first = [play.pitch for play in wire.let(3.0) if play.velocity]
    before = improviser(wire).asked[-1]
    assert wire.send("again") == [("ok", 2)]
    after = improviser(wire).asked[-1]
    assert [play.pitch for play in wire.let(3.0) if play.velocity] == first
    assert after.variation == before.variation + 1
    assert (after.end - after.join, after.slots) == (before.end - before.join, before.slots)
    # What was played first is as if it had not been.
    assert before.join in improviser(wire).dropped
    assert wire.send("like") == [("ok", "/composer/like")]


def test_in_the_middle_of_a_reply_another_take_leaves_nothing_sounding() -> None:
    wire = Wire()
    wire.send("note", 60, 100, 1, 0.4)
    wire.let(0.5)
    wire.send("phrase/end")
    played = wire.let(0.05)
    wire.send("again")
    played += wire.let(5.0)
    sounding: set[tuple[int, int]] = set()
    for play in played:
        key = (play.channel, play.pitch)
        (sounding.add if play.velocity else sounding.discard)(key)
    assert not sounding
    assert sum(play.velocity > 0 for play in played) == 2


@pytest.mark.parametrize("address", ["again", "taste", "like"])
def test_nothing_is_begun_by_asking(address: str) -> None:
    wire = Wire()
    label = f"/composer/{address}"
    assert wire.send(address) == [("error", label, "nothing was played yet")]
    assert not wire.engine.sessions


def test_there_is_no_other_take_of_nothing() -> None:
    wire = Wire()
    wire.send("note", 60, 100, 1, 0.1)
    assert wire.send("again")[0][2] == "there was no reply yet; play a phrase first"


def test_likes_are_kept_in_the_log() -> None:
    wire = Wire()
    wire.send("note", 60, 100, 1, 0.1)
    wire.let(0.2)
    wire.send("phrase/end")
    assert wire.send("like") == [("ok", "/composer/like")]
    wire.send("generate", "id", 7)
    wire.send("generate", "id", 3)
    assert wire.send("dislike", 7) == [("ok", "/composer/dislike")]
    log = wire.engine.sessions["main"].log
    assert log is not None
    marks = [text for _, text in log.marks]
    assert marks == ["reply 1", "like 1", "reply 7", "reply 3", "dislike 7"]


def test_a_reply_that_never_was_is_not_liked() -> None:
    wire = Wire()
    nothing = [("error", "/composer/like", "nothing was played yet")]
    assert wire.send("like") == nothing
    assert not wire.engine.sessions
    wire.send("note", 60, 100, 1, 0.1)
    assert wire.send("like") == [("error", "/composer/like", "there was no reply yet")]
    wire.let(0.2)
    wire.send("phrase/end")
    unknown = "there was no reply 9999; the last one is 1"
    assert wire.send("like", 9999) == [("error", "/composer/like", unknown)]


def test_what_is_learnt_is_said_once_for_each_mark() -> None:
    learnt: list[int] = []
    wire = Wire(learnt=lambda: learnt.append(1))
    answered(wire, 1.0)
    wire.send("like")
    wire.send("like")  # once is enough
    assert len(learnt) == 1
    wire.send("taste", "reset")
    assert len(learnt) == 2


def test_sessions_of_a_profile_share_a_taste() -> None:
    taste = Preference()
    engine = Sessions(Echo, taste=taste)
    one, other = engine.session("one", 0.0), engine.session("other", 0.0)
    assert one.call.taste.preference is other.call.taste.preference is taste
    alone = Sessions(Echo)
    assert (
        alone.session("one", 0.0).call.taste.preference
        is not alone.session("other", 0.0).call.taste.preference
    )
