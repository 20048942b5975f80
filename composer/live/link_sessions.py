"""Link sessions: every session that follows Ableton Link, moved a few at a time.

With hundreds of sessions, moving all of them at once would hold up notes for milliseconds,
ten times a second.
"""

from __future__ import annotations

from collections.abc import Callable

from composer.live.core.session import Session
from composer.live.core.sessions import SessionKey
from composer.live.server import Server
from composer.live.wire.osc_clients import MAIN

AT_ONCE = 16
"""Sessions that are moved before the server looks whether something is due."""


class LinkSessions:
    """What Link says, handed to sessions on the server's thread."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def follow(self, moment: float, tick: float, bpm: float) -> None:
        """The host is at a tick at a moment and goes at a tempo; from any thread."""
        self._each(lambda session, now: session.follow(moment, tick, bpm))

    def transport(self, moment: float, running: bool) -> None:
        """The host starts or stops; from any thread."""
        self._each(lambda session, now: session.transport(moment, running))

    def bar(self) -> float:
        """Beats of a bar of the main session."""
        session = self._server.engine.sessions.get(MAIN)
        upper, lower = session.values.metre if session is not None else (4, 4)
        return 4 * upper / lower

    def _each(self, act: Callable[[Session, float], None]) -> None:
        def begin(now: float) -> None:
            keys = [
                key
                for key, session in self._server.engine.sessions.items()
                if session.values.on("sync")
            ]
            go_on(keys)

        def go_on(keys: list[SessionKey]) -> None:
            for key in keys[:AT_ONCE]:
                if key in self._server.engine.sessions:
                    self._server.act(key, act, seen=False)
            if keys[AT_ONCE:]:
                self._server.post(lambda now: go_on(keys[AT_ONCE:]))

        self._server.post(begin)
