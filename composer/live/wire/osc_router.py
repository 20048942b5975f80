"""OSC router: finds what a message asks for, and has it done. No sockets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from composer.errors import ComposerError, SettingError
from composer.generation.settings import Settings
from composer.inside.process import NewNote
from composer.inside.writing import Writing
from composer.live.core.output import Output
from composer.live.core.scheduler import Play
from composer.live.core.sessions import SessionKey, Sessions
from composer.live.wire.osc_clients import Clients, Endpoint
from composer.live.wire.osc_codec import Message
from composer.live.wire.osc_handlers import INCOMING
from composer.live.wire.osc_request import DEFECT, Job, Reply, Request, Shared, at_once

logger = logging.getLogger(__name__)


class Router:
    """All clients of a server, and what they ask for.

    Attributes:
        engine: Their sessions.
        clients: Which client is in which session, and who listens.
        understood: How many messages were acted on.
        faults: Sessions in which something went wrong, to be closed.
    """

    def __init__(
        self,
        engine: Sessions,
        *,
        reply_port: int | None = 9191,
        files: Path | None = None,
        job: Job | None = None,
        about: Sequence[tuple[str, object]] = (),
        joins: bool = True,
        inside: Callable[[bytes, Settings, Writing], list[NewNote]] | None = None,
    ) -> None:
        """No clients yet.

        Args:
            engine: The sessions.
            reply_port: Port for replies; None for the one that the client sends from.
            files: Folder of seeds and saved sessions; None for none.
            job: Runs what takes long; None for at once.
            about: Names and values that every status begins with.
            joins: Whether clients can join other sessions than their own.
            inside: Writes inside a MIDI file, on the thread of jobs; None: nothing does.
        """
        self.engine = engine
        self.clients = Clients(reply_port)
        self.understood = 0
        self.faults: list[SessionKey] = []
        self._shared = Shared(engine, self.clients, files, job or at_once, tuple(about), joins)
        self._shared.inside = inside

    @property
    def refused(self) -> int:
        """How many messages were not acted on."""
        return self._shared.refused

    def refuse(self) -> None:
        """Count bytes that were no message."""
        self._shared.refused += 1

    def tell_vitals(self, vitals: Callable[[], Sequence[tuple[str, object]]]) -> None:
        """Have every status say these names and values, too."""
        self._shared.vitals = vitals

    def receive(self, now: float, source: Endpoint, message: Message) -> None:
        """Act on a message."""
        if self.engine.hosts:
            now = self.engine.moment(self.clients.key(source), now)
        request = Request(self._shared, now, source)
        name = message.address
        try:
            address, rest = INCOMING.find(name)
            values = address.read(message.arguments)
            if values is not None and address.handler is not None:
                address.handler(request, *rest, *values)
                request.finish()
                if address.ok:
                    request.ok(address.name)
            self.understood += 1
        except ComposerError as error:
            request.refuse(name, error)
        except Exception:  # nothing a client sends may silence the others
            logger.exception("%s from %s", name[:60], source)
            self.faults.append(request.key)
            request.refuse(name, SettingError(DEFECT))

    def close(self, key: SessionKey, now: float) -> None:
        """End a session: what it still has to send is among the outputs."""
        closed = self.engine.close(key, now)
        if closed is not None:
            self._shared.outputs.append((key, closed[1]))

    def forget(self, key: SessionKey) -> None:
        """What a closed session had to send is sent: forget its clients and listeners."""
        self.clients.forget(key)
        self._shared.seeds.pop(key, None)
        self._shared.largest_ids.pop(key, None)

    def take_outputs(self) -> list[tuple[SessionKey, list[Output]]]:
        """Music for the sessions' listeners, which was not taken yet."""
        outputs, self._shared.outputs = self._shared.outputs, []
        return outputs

    def take_ended(self) -> list[SessionKey]:
        """Sessions whose client is gone, which were not taken yet."""
        ended, self._shared.ended = self._shared.ended, []
        return ended

    def take_ends(self) -> list[tuple[Endpoint, Play]]:
        """Ends of notes for single endpoints, which were not taken yet."""
        ends, self._shared.ends = self._shared.ends, []
        return ends

    def take_replies(self) -> list[Reply]:
        """Answers to the clients that asked, which were not taken yet."""
        replies, self._shared.replies = self._shared.replies, []
        return replies
