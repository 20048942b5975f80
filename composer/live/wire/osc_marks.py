"""OSC marks: what a player likes of composer's replies, and other takes of them."""

from __future__ import annotations

from typing import Final

from composer.errors import SettingError
from composer.live.core.marks import mark
from composer.live.core.session import Session
from composer.live.core.session_log import SessionLog
from composer.live.wire.osc_request import Request

RESET: Final = "reset"


def like(request: Request, id: int | None = None) -> None:
    """A reply was good."""
    _mark(request, id, liked=True)


def dislike(request: Request, id: int | None = None) -> None:
    """A reply was bad."""
    _mark(request, id, liked=False)


def again(request: Request) -> None:
    """The last reply is played in another way."""
    request.ok(_playing(request).call.again(request.now))


def taste(request: Request, word: str | None = None) -> None:
    """What has been learnt is told, or forgotten."""
    learnt = _playing(request).call.taste
    if word is not None and word != RESET:
        raise SettingError(f"{word[:20]!r} is no word here; there is {RESET!r}, or none")
    if word == RESET:
        learnt.reset()
    request.reply("taste", *learnt.told())


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


def _playing(request: Request) -> Session:
    session = request.existing()
    if session is None:
        raise SettingError("nothing was played yet")
    return session


def _mark(request: Request, number: int | None, *, liked: bool) -> None:
    session = _playing(request)
    mark(session, request.now, liked, number, largest_id(request, session))
