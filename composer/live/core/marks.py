"""Marks: what a player says of a reply, by a message, a key or a controller. No I/O."""

from __future__ import annotations

from typing import Final

from composer.errors import SettingError
from composer.live.core.session import Session
from composer.live.core.session_log import DISLIKE, LIKE

AGAIN: Final = "again"
SAID: Final = (LIKE, DISLIKE, AGAIN)
"""What can be said of the last reply in one word."""


def mark(
    session: Session,
    now: float,
    liked: bool,
    number: int | None = None,
    largest: int | None = None,
) -> int:
    """A reply was good, or bad. Returns its id.

    Args:
        session: In which it was played.
        now: The moment.
        liked: Whether it was good.
        number: Its id; None for the last reply.
        largest: The largest id that there was; None for that of the last reply.

    Raises:
        SettingError: There was no such reply, or nothing is known of it any more.
    """
    if not session.turn:
        raise SettingError("there was no reply yet")
    number = session.turn if number is None else number
    if not 0 < number <= (session.turn if largest is None else largest):
        raise SettingError(f"there was no reply {number}; the last one is {session.turn}")
    learnt = session.call.mark(number, liked)
    if session.log is not None:
        session.log.mark(now, LIKE if liked else DISLIKE, number)
    elif not learnt:
        raise SettingError(f"nothing is known any more of reply {number}, and no log is kept")
    return number


def say(session: Session, now: float, word: str) -> str:
    """Do what one of `SAID` means. Returns what has been done, in words.

    Raises:
        SettingError: There was no reply yet.
    """
    if word == AGAIN:
        return f"Another take: reply {session.call.again(now)}"
    return f"{'Liked' if word == LIKE else 'Disliked'} reply {mark(session, now, word == LIKE)}"
