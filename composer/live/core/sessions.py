"""Sessions: all of them, and which of them wants attention next. No I/O.

Conventions:
    Moments are seconds on one clock, handed in.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Hashable, Iterable, Iterator

from composer.errors import SettingError
from composer.live.core.host_line import HostLine, HostPosition
from composer.live.core.host_session import follow
from composer.live.core.improviser import Improviser
from composer.live.core.output import Double, Output, Tell
from composer.live.core.parameters import Values
from composer.live.core.player_taste import PlayerTaste
from composer.live.core.session import Session
from composer.live.core.session_log import SessionLog
from composer.taste.preference import Preference

SessionKey = Hashable
"""Whatever the transports tell sessions apart by."""

IDLE = 600.0
"""Seconds without a message after which a session is closed."""
MOST_SESSIONS = 2048


class Sessions:
    """The sessions.

    Attributes:
        sessions: By key.
        lasting: Keys of sessions that never expire.
        hosts: Sessions that live on the clock of a host; see `composer.live.core.host_line`.
        at: SessionKey of the session looked after last: the culprit if something goes wrong.
    """

    def __init__(
        self,
        improviser: Callable[[], Improviser],
        values: Values | None = None,
        bpm: float | None = None,
        *,
        logs: bool = False,
        idle: float = IDLE,
        most: int = MOST_SESSIONS,
        taste: Preference | None = None,
        learnt: Callable[[], None] = lambda: None,
    ) -> None:
        """Nobody plays yet.

        Args:
            improviser: Makes the improviser of a session.
            values: Parameters with which sessions begin.
            bpm: Tempo with which they begin; None for free time.
            logs: Whether sessions keep what was played.
            idle: Seconds without a message after which a session is closed.
            most: Sessions at most.
            taste: That all of them begin with and teach; None: each has its own.
            learnt: Called when one has learnt from a mark, or has forgotten.
        """
        self.sessions: dict[SessionKey, Session] = {}
        self.lasting: set[SessionKey] = set()
        self.hosts: dict[SessionKey, HostLine] = {}
        self.at: SessionKey = None
        self._make, self._values, self._bpm = improviser, values or Values(), bpm
        self._logs, self._idle, self._most = logs, idle, most
        self._taste, self._learnt = taste, learnt
        self._due: list[tuple[float, int, SessionKey]] = []
        self._when: dict[SessionKey, float] = {}
        self._count = 0
        self._owners: dict[int, SessionKey] = {}
        self._sweep = -math.inf

    def moment(self, key: SessionKey, now: float) -> float:
        """What time it is for a session: its host's, where it has one."""
        line = self.hosts.get(key)
        return now if line is None else line.moment

    def follow_host(self, key: SessionKey, position: HostPosition, *, waits: bool) -> bool:
        """The host of a session is somewhere. Returns whether the session is new.

        Args:
            key: Of the session, which is begun if there is none.
            position: Where its host is.
            waits: Whether the host waits until all is known up to there.

        Raises:
            SettingError: There are too many sessions.
        """
        new = key not in self.sessions
        if new:
            session = self.session(key, position.moment)
            session.values.set("sync", 0)  # it has its host, and needs no other
            line = HostLine(position.moment, position.epoch)
            self.hosts[key] = session.player.host = line
        session, line = self.sessions[key], self.hosts[key]
        self.at = key
        follow(session, line, position)
        line.waits = line.waits or waits
        return new

    def settle(self) -> Iterator[tuple[SessionKey, list[Output]]]:
        """Tell hosts that wait whatever is known by now: yields what is to be sent, by session."""
        for key, line in self.hosts.items():
            if not line.waits or self.sessions[key].improviser.busy:
                continue
            outputs = self.touch(key, line.moment)
            if not self.sessions[key].improviser.busy:
                line.waits = False
                outputs.append(Tell("host/ready", (Double(line.moment),)))
            yield key, outputs

    def session(self, key: SessionKey, now: float) -> Session:
        """The session of a key, begun if there is none.

        Raises:
            SettingError: There are too many.
        """
        session = self.sessions.get(key)
        if session is None:
            if len(self.sessions) >= self._most:
                raise SettingError(f"there are {self._most} sessions already; try again later")
            log = SessionLog() if self._logs else None
            session = Session(now, self._make(), self._values.copy(), self._bpm, log)
            session.call.taste = PlayerTaste(self._taste, self._learnt)
            self.sessions[key] = session
            self._owners[id(session.improviser)] = key
        session.seen = self.moment(key, now)
        self.at = key
        return session

    def close(self, key: SessionKey, now: float) -> tuple[Session, list[Output]] | None:
        """End a session. Returns it and what is left to be sent."""
        session = self.sessions.pop(key, None)
        if session is None:
            return None
        session.close(self.moment(key, now))
        self.hosts.pop(key, None)
        self._when.pop(key, None)
        self._owners.pop(id(session.improviser), None)
        return session, session.take_output()

    def touch(self, key: SessionKey, now: float) -> list[Output]:
        """Something arrived for a session: bring it up to date. Returns what is to be sent."""
        session = self.sessions.get(key)
        if session is None:
            return []
        self.at = key
        if key in self.hosts:  # its time goes on when its host says so
            session.update(self.hosts[key].moment)
            return session.take_output()
        session.update(now)
        deadline = session.deadline()
        if self._when.get(key) != deadline:
            self._when[key] = deadline
            if deadline < math.inf:
                self._count += 1
                heapq.heappush(self._due, (deadline, self._count, key))
        return session.take_output()

    def owner(self, improviser: object) -> SessionKey | None:
        """The key of the session that an improviser belongs to."""
        return self._owners.get(id(improviser))

    def news(
        self, improvisers: Iterable[object], now: float
    ) -> Iterator[tuple[SessionKey, list[Output]]]:
        """Improvisers have news: yields what is to be sent, by session."""
        for improviser in improvisers:
            key = self.owner(improviser)
            if key is not None and self.sessions[key].waits:
                yield key, self.touch(key, now)

    def deadline(self) -> float:
        """The moment at which `advance` has something to do; infinite if never."""
        due = self._due
        while due and self._when.get(due[0][2]) != due[0][0]:
            heapq.heappop(due)
        return due[0][0] if due else math.inf

    def advance(self, now: float) -> Iterator[tuple[SessionKey, list[Output]]]:
        """Do all that is due by now: yields what is to be sent, by session."""
        while self.deadline() <= now:
            _, _, key = heapq.heappop(self._due)
            del self._when[key]
            yield key, self.touch(key, now)

    def expired(self, now: float) -> list[SessionKey]:
        """Sessions from which nothing has come for long; looked for once in a while."""
        if now - self._sweep < min(self._idle / 10, 10.0):
            return []
        self._sweep = now
        for line in self.hosts.values():
            if line.active:
                line.active, line.seen = False, now
        return [
            key
            for key, session in self.sessions.items()
            if now - self._seen(key, session) > self._idle and key not in self.lasting
        ]

    def _seen(self, key: SessionKey, session: Session) -> float:
        line = self.hosts.get(key)
        return session.seen if line is None else line.seen
