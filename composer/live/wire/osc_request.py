"""OSC request: one message, from whom it came, and all that its handler may use.

Conventions:
    Moments are seconds on the server's clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from composer.errors import ComposerError, SettingError
from composer.generation.settings import Settings
from composer.inside.process import NewNote
from composer.inside.writing import Writing
from composer.live.core.improviser import ProposedNote
from composer.live.core.output import Output
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.core.sessions import SessionKey, Sessions
from composer.live.wire.osc_clients import Clients, Endpoint

logger = logging.getLogger(__name__)

Job = Callable[[Callable[[], Any], Callable[[Any, float], None]], None]
"""Runs its first argument elsewhere, and then its second with the result (or the error)
and the moment."""

DEFECT = "this is a defect in composer; see its log"


class Reply(NamedTuple):
    """A message to one endpoint."""

    to: Endpoint
    address: str
    arguments: tuple[object, ...]


@dataclass(slots=True)
class Shared:
    """What all requests to a server share.

    Attributes:
        engine: The sessions.
        clients: Which client is in which session, and who listens.
        files: Folder of seeds and saved sessions; None for none.
        job: Runs what takes long.
        about: Names and values that every status begins with.
        joins: Whether clients can join other sessions than their own.
        vitals: Names and values of how the server itself does, for every status.
        seeds: Notes of seeds that are not complete yet.
        largest_ids: The largest id that a client gave to a reply.
        replies: Answers to be sent to the clients that asked.
        outputs: Music to be sent to a session's listeners.
        refused: How many messages were not understood.
        ends: Ends of notes, each for one endpoint that hears a session no longer.
        ended: Sessions whose client is gone, to be closed.
        inside: Writes inside a MIDI file, from another thread; None: this server does not.
    """

    engine: Sessions
    clients: Clients
    files: Path | None
    job: Job
    about: tuple[tuple[str, object], ...] = ()
    joins: bool = True
    vitals: Callable[[], Sequence[tuple[str, object]]] = tuple
    seeds: dict[SessionKey, list[ProposedNote]] = field(default_factory=dict)
    largest_ids: dict[SessionKey, int] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    outputs: list[tuple[SessionKey, list[Output]]] = field(default_factory=list)
    refused: int = 0
    ends: list[tuple[Endpoint, Play]] = field(default_factory=list)
    ended: list[SessionKey] = field(default_factory=list)
    inside: Callable[[bytes, Settings, Writing], list[NewNote]] | None = None


@dataclass(slots=True)
class Request:
    """One message that is being acted on.

    Attributes:
        shared: What all requests share.
        now: The moment at which it came, for the client's session.
        source: Who sent it.
        used: The session that was asked for, and may have something to send.
    """

    shared: Shared
    now: float
    source: Endpoint
    used: SessionKey | None = None

    @property
    def client(self) -> Hashable:
        """Who sends: of two who play in one session, the one."""
        return self.shared.clients.client(self.source)

    @property
    def key(self) -> SessionKey:
        """The session that the client is in, or would be in."""
        return self.shared.clients.key(self.source)

    def session(self) -> Session:
        """The client's session, begun if there is none; from now on the client listens to it.

        Raises:
            SettingError: There are too many sessions, or too many listen.
        """
        key = self.key
        session = self.shared.engine.session(key, self.now)
        self.shared.clients.listen(key, self.shared.clients.reply_to(self.source))
        self.used = key
        return session

    def existing(self) -> Session | None:
        """The client's session if there is one: for what means nothing without."""
        return self.session() if self.key in self.shared.engine.sessions else None

    def folder(self) -> Path:
        """The server's folder of files.

        Raises:
            SettingError: It has none.
        """
        if self.shared.files is None:
            raise SettingError("this server has no folder; start it with --files DIR")
        return self.shared.files

    def reply(self, name: str, *arguments: object) -> None:
        """Answer the client."""
        to = self.shared.clients.reply_to(self.source)
        self.shared.replies.append(Reply(to, "/composer/" + name, arguments))

    def ok(self, label: object) -> None:
        """Say that it is done: with the id it was given, or its address."""
        self.reply("ok", label)

    def refuse(self, label: object, error: Exception) -> None:
        """Say that it is not done, and why; what is no error of the client's goes to the log."""
        if not isinstance(error, ComposerError):
            logger.error("unexpected", exc_info=error)
            error = SettingError(DEFECT)
        self.shared.refused += 1
        shown = label if isinstance(label, int) else str(label)[:60]
        self.reply("error", shown, str(error)[:300])

    def silence_at(self, key: SessionKey, to: Endpoint) -> None:
        """An endpoint hears a session no longer: what sounds there ends."""
        session = self.shared.engine.sessions.get(key)
        for channel, pitch in sorted(session.player.sounding) if session is not None else ():
            self.shared.ends.append((to, Play(pitch, 0, channel, self.now)))

    def finish(self) -> None:
        """Bring the session that was used up to date."""
        if self.used is not None:
            outputs = self.shared.engine.touch(self.used, self.now)
            self.shared.outputs.append((self.used, outputs))

    def later(self, work: Callable[[], Any], then: Callable[[Request, Any], None]) -> None:
        """Run something that takes long, and then act on its result (or error) as if it came."""

        def done(result: Any, now: float) -> None:
            request = Request(self.shared, self.shared.engine.moment(self.key, now), self.source)
            then(request, result)
            request.finish()

        self.shared.job(work, done)


def at_once(work: Callable[[], Any], then: Callable[[Any, float], None]) -> None:
    """A `Job` that does not run elsewhere."""
    try:
        result = work()
    except Exception as error:  # handed on, as from another thread
        result = error
    then(result, 0.0)
