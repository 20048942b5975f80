"""OSC marks: what a player thinks of replies, in the log of the session."""

from __future__ import annotations

from composer.errors import SettingError
from composer.live.core.session import Session
from composer.live.core.session_log import SessionLog
from composer.live.wire.osc_request import Request


def like(request: Request, id: int | None = None) -> None:
    """A reply was good."""
    _mark(request, "like", id)


def dislike(request: Request, id: int | None = None) -> None:
    """A reply was bad."""
    _mark(request, "dislike", id)


def log_of(log: SessionLog | None, session: bool) -> SessionLog:
    """The log of a session that is there.

    Raises:
        SettingError: There is no session, or the server keeps no log.
    """
    if not session:
        raise SettingError("nothing was played yet")
    if log is None:
        raise SettingError("this server keeps no log; start it without --no-log")
    return log


def largest_id(request: Request, session: Session) -> int:
    """The largest id of a session's replies, those that a client numbered among them."""
    return max(session.turn, request.shared.largest_ids.get(request.key, 0))


def _mark(request: Request, word: str, number: int | None) -> None:
    session = request.existing()
    log = log_of(session.log if session is not None else None, session is not None)
    if session is None or not session.turn:
        raise SettingError("there was no reply yet")
    number = session.turn if number is None else number
    if not 0 < number <= largest_id(request, session):
        raise SettingError(f"there was no reply {number}; the last one is {session.turn}")
    log.mark(request.now, f"{word} {number}")
