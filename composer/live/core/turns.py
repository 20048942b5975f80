"""Turns: whose turn it is, as two state machines, one for each side.

The player's side follows from keys and silence (`composer.live.core.phrases`):

    SILENT      no phrase: nothing was played since the last one was taken
    PLAYING     a phrase, and a key or pedal holds it open
    RESTING     a phrase, and everything is up: it may be over, or go on

The composer's side moves by events only, and only as the table says:

    LISTENING   no reply is asked for
    PREPARED    a reply is asked for in a silence that may end; nothing of it was sent
    COMMITTED   it is composer's turn: notes are sent when they are due, more may be drawn
    COMPLETE    every note of the reply is known and its end was announced; it plays out

The two sides move independently but for three rules, which `composer.live.core.call` and
`composer.live.core.accompaniment` hold: a key struck withdraws a PREPARED reply, and a COMMITTED
or COMPLETE one too unless `interrupt` is off; a phrase is taken (SILENT) when a reply to it
is committed; no reply is prepared or committed while another is COMMITTED or COMPLETE.

Why a table: a reply that is cancelled, replaced and completed within one pass through the
server's loop leaves no room for a flag that nobody lowered. An event that has no place
in the table is a defect of ours and raises.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class PlayerState(Enum):
    """The player's side."""

    SILENT = auto()
    PLAYING = auto()
    RESTING = auto()


class ReplyState(Enum):
    """Composer's side."""

    LISTENING = auto()
    PREPARED = auto()
    COMMITTED = auto()
    COMPLETE = auto()


class Event(Enum):
    """What moves composer's side.

    REQUEST: Notes are asked for. COMMIT: It is composer's turn. KNOWN: No more notes will
    come. PLAYED: The last note has ended. CANCEL: The reply is withdrawn or broken off.
    """

    REQUEST = auto()
    COMMIT = auto()
    KNOWN = auto()
    PLAYED = auto()
    CANCEL = auto()


TRANSITIONS: Final[dict[ReplyState, dict[Event, ReplyState]]] = {
    ReplyState.LISTENING: {
        Event.REQUEST: ReplyState.PREPARED,
        Event.CANCEL: ReplyState.LISTENING,
    },
    ReplyState.PREPARED: {
        Event.REQUEST: ReplyState.PREPARED,  # for another place, or with other parameters
        Event.COMMIT: ReplyState.COMMITTED,
        Event.CANCEL: ReplyState.LISTENING,
    },
    ReplyState.COMMITTED: {
        Event.REQUEST: ReplyState.COMMITTED,  # the accompaniment asks anew for what follows
        Event.KNOWN: ReplyState.COMPLETE,
        Event.CANCEL: ReplyState.LISTENING,
    },
    ReplyState.COMPLETE: {
        Event.PLAYED: ReplyState.LISTENING,
        Event.CANCEL: ReplyState.LISTENING,
    },
}

ON_TURN: Final = frozenset({ReplyState.COMMITTED, ReplyState.COMPLETE})
"""States in which it is composer's turn."""


def after(state: ReplyState, event: Event) -> ReplyState:
    """The state that follows.

    Raises:
        ValueError: The event cannot happen in this state.
    """
    following = TRANSITIONS[state].get(event)
    if following is None:
        raise ValueError(f"{event.name} cannot happen while {state.name}")
    return following
