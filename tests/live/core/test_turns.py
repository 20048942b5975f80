"""Whose turn it is: the table, and what has no place in it."""

from __future__ import annotations

import pytest

from composer.live.core.turns import Event, ReplyState, after

LISTENING, PREPARED = ReplyState.LISTENING, ReplyState.PREPARED
COMMITTED, COMPLETE = ReplyState.COMMITTED, ReplyState.COMPLETE


def test_a_reply_is_requested_committed_known_and_played() -> None:
    state = LISTENING
    for event, expected in [
        (Event.REQUEST, PREPARED),
        (Event.COMMIT, COMMITTED),
        (Event.KNOWN, COMPLETE),
        (Event.PLAYED, LISTENING),
    ]:
        state = after(state, event)
        assert state is expected


@pytest.mark.parametrize("state", list(ReplyState))
def test_every_reply_can_be_withdrawn(state: ReplyState) -> None:
    assert after(state, Event.CANCEL) is LISTENING


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (LISTENING, Event.COMMIT),
        (LISTENING, Event.KNOWN),
        (PREPARED, Event.PLAYED),
        (COMMITTED, Event.COMMIT),
        (COMPLETE, Event.REQUEST),
    ],
)
def test_what_cannot_happen_is_refused_by_name(state: ReplyState, event: Event) -> None:
    with pytest.raises(ValueError, match=f"{event.name} cannot happen while {state.name}"):
        after(state, event)
