"""Marks of replies, in the log of the session."""

from __future__ import annotations

from live.osc_wire import Wire


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
    assert [text for _, text in log.marks] == ["like 1", "dislike 7"]


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
