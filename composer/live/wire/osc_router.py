"""Router: what OSC messages mean. No sockets.

A client is told apart by its address and, where replies go to the port it sends from, by
its port; each has a session of its own. Where replies go to one port for all, so do all
clients of one computer share a session, and this computer's is "main", which also has the
MIDI ports.

Conventions:
    Channels are 1..16 on the wire and 0..15 inside. An endpoint is (address, port).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from composer import __version__
from composer.encoding.events import TICKS_PER_BEAT, TICKS_PER_SECOND
from composer.errors import ComposerError, SeedError, SettingError
from composer.live.core.improviser import ProposedNote
from composer.live.core.parameters import as_number, find
from composer.live.core.session import Output, Session
from composer.live.core.sessions import Key, Sessions
from composer.live.wire.osc_addresses import INCOMING
from composer.live.wire.osc_codec import Argument, Message
from composer.live.wire.session_files import Seed, fit, inside, load_seed, save_inside
from composer.music.beat_grid import BEATS, FREE

logger = logging.getLogger(__name__)

Endpoint = tuple[str, int]
Job = Callable[[Callable[[], Any], Callable[[Any, float], None]], None]
"""Runs its first argument elsewhere, and then its second with the result (or the error)
and the moment."""

MAIN = "main"
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
MOST_LISTENERS = 16
MOST_SEED_NOTES = 4096
MOST_CLIENTS = 8192
FARTHEST_BEAT = 1_000_000
PER_STATUS = 8
"""Names and values in one status message."""


class Reply(NamedTuple):
    """A message to one endpoint."""

    to: Endpoint
    address: str
    arguments: tuple[object, ...]


class Router:
    """All clients.

    Attributes:
        engine: Their sessions.
        listeners: Where each session is heard.
        replies: Answers to be sent to whoever asked.
        outputs: Music to be sent to a session's listeners.
        counts: How many messages were understood and how many were not.
        vitals: Names and values of how the server itself does, for every status.
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
    ) -> None:
        """No clients yet.

        Args:
            engine: The sessions.
            reply_port: Port for replies; None for the one that the client sends from.
            files: Folder of seeds and saved sessions; None for none.
            job: Runs what takes long; None for at once.
            about: Names and values that every status begins with.
            joins: Whether clients can join other sessions than their own.
        """
        self.engine = engine
        self.listeners: dict[Key, dict[Endpoint, None]] = {}
        self.replies: list[Reply] = []
        self.outputs: list[tuple[Key, list[Output]]] = []
        self.counts = {"understood": 0, "refused": 0}
        self.vitals: Callable[[], list[tuple[str, object]]] = list
        self.faults: list[Key] = []
        self._reply_port, self._files, self._about = reply_port, files, tuple(about)
        self._joins = joins
        self._job: Job = job or _at_once
        self._joined: dict[object, Key] = {}
        self._seeds: dict[Key, list[ProposedNote]] = {}
        self._handlers = {
            "/composer/" + name: getattr(self, "_on_" + name.replace("/", "_"))
            for address in INCOMING
            for name in (address.name.removeprefix("/composer/"),)
            if name != "param/NAME"
        }
        self._answered = {address.name for address in INCOMING if address.answered}

    def receive(self, now: float, source: Endpoint, message: Message) -> None:
        """Act on a message."""
        address, arguments = message.address, message.arguments
        to = self._reply_to(source)
        try:
            if address.startswith("/composer/param/"):
                self._param(now, source, address.removeprefix("/composer/param/"), arguments)
            elif address in self._handlers:
                done = self._handlers[address](now, source, arguments)
                if address in self._answered and done is not None:
                    self.replies.append(Reply(to, "/composer/ok", (done,)))
            else:
                raise SettingError("there is no such address; /composer/help lists them")
            self.counts["understood"] += 1
        except ComposerError as error:
            self._refuse(to, address, error)
        except Exception:  # nothing a client sends may silence the others
            logger.exception("%s from %s", address[:60], source)
            self.faults.append(self.key(source))
            self._refuse(to, address, SettingError("this is a defect in composer; see its log"))

    def close(self, key: Key, now: float) -> None:
        """End a session: what it still has to say is in `outputs`."""
        closed = self.engine.close(key, now)
        if closed is not None:
            self.outputs.append((key, closed[1]))

    def forget(self, key: Key) -> None:
        """A closed session's last words are sent: forget who listened."""
        self.listeners.pop(key, None)
        self._seeds.pop(key, None)
        for client in [client for client, joined in self._joined.items() if joined == key]:
            del self._joined[client]

    # Who is who.

    def _reply_to(self, source: Endpoint) -> Endpoint:
        return source if self._reply_port is None else (source[0], self._reply_port)

    def _client(self, source: Endpoint) -> object:
        return source if self._reply_port is None else source[0]

    def key(self, source: Endpoint) -> Key:
        """The session that a client is in, or would be."""
        joined = self._joined.get(self._client(source))
        if joined is not None:
            return joined
        if self._reply_port is None:
            return f"{source[0]}:{source[1]}"
        return MAIN if source[0] in LOOPBACK else source[0]

    def _session(self, now: float, source: Endpoint) -> Session:
        key = self.key(source)
        session = self.engine.session(key, now)
        listeners = self.listeners.setdefault(key, {})
        to = self._reply_to(source)
        if to not in listeners:
            self._listen(listeners, to)
        return session

    def _listen(self, listeners: dict[Endpoint, None], to: Endpoint) -> None:
        if len(listeners) >= MOST_LISTENERS:
            raise SettingError(f"{MOST_LISTENERS} programs listen to this session already")
        listeners[to] = None

    def _touch(self, now: float, source: Endpoint) -> None:
        key = self.key(source)
        self.outputs.append((key, self.engine.touch(key, now)))

    def _refuse(self, to: Endpoint, name: object, error: Exception) -> None:
        self.counts["refused"] += 1
        shown = name if isinstance(name, int) else str(name)[:60]
        self.replies.append(Reply(to, "/composer/error", (shown, str(error)[:300])))

    # What they say, in the order of the table.

    def _on_note(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        pitch, velocity = _whole(arguments, 0, "pitch", 127), _whole(arguments, 1, "velocity", 127)
        channel = _channel(arguments, 2)
        length = None
        if len(arguments) > 3:
            length = _number(arguments, 3, "length", 0.001, 3600)
        self._session(now, source).note_on(now, pitch, velocity, channel, length)
        self._touch(now, source)

    def _on_noteoff(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        pitch, channel = _whole(arguments, 0, "pitch", 127), _channel(arguments, 1)
        self._session(now, source).note_off(now, pitch, channel)
        self._touch(now, source)

    def _on_cc(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        number, value = _whole(arguments, 0, "controller", 127), _whole(arguments, 1, "value", 127)
        self._session(now, source).control(now, number, value, _channel(arguments, 2))
        self._touch(now, source)

    def _on_program(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        program = _whole(arguments, 0, "program", 127)
        self._session(now, source).program(_channel(arguments, 1), program)
        self._touch(now, source)

    def _on_seed(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        folder = self._folder()
        name = _text(arguments, 0, "path")
        inside(folder, name)
        self._session(now, source)
        self._job(
            lambda: load_seed(folder, name),
            lambda result, then: self._sown(then, source, result),
        )

    def _sown(self, now: float, source: Endpoint, seed: Seed | Exception) -> None:
        to = self._reply_to(source)
        if isinstance(seed, Exception):
            self._refuse(to, "/composer/seed", _clear(seed))
            return
        session = self._session(now, source)
        if session.timeline.kind == FREE and seed.kind == BEATS:
            session.tempo(now, seed.bpm)
        timeline = session.timeline
        ideas = fit(seed, timeline.kind, timeline.ticks_per_second)
        session.seed(now, ideas, seed.programs)
        self.replies.append(Reply(to, "/composer/ok", ("/composer/seed",)))
        self._touch(now, source)

    def _on_seed_notes(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        if not arguments or len(arguments) % 4:
            raise SeedError("notes come as pitch start_beat duration_beats velocity")
        session = self._session(now, source)
        per_beat = TICKS_PER_BEAT if session.timeline.kind == BEATS else TICKS_PER_SECOND / 2
        ideas = self._seeds.setdefault(self.key(source), [])
        if len(ideas) + len(arguments) // 4 > MOST_SEED_NOTES:
            raise SeedError(f"a seed has {MOST_SEED_NOTES} notes at most")
        new = []
        for at in range(0, len(arguments), 4):
            new.append(
                ProposedNote(
                    round(_number(arguments, at + 1, "start", 0, FARTHEST_BEAT) * per_beat),
                    0,
                    _whole(arguments, at, "pitch", 127),
                    max(round(_number(arguments, at + 2, "duration", 0, 1000) * per_beat), 1),
                    max(_whole(arguments, at + 3, "velocity", 127), 1),
                )
            )
        ideas += new
        return "/composer/seed/notes"

    def _on_seed_end(
        self, now: float, source: Endpoint, arguments: Sequence[Argument]
    ) -> str | None:
        if _released(arguments):
            return None
        ideas = self._seeds.pop(self.key(source), [])
        if not ideas:
            raise SeedError("there are no notes; send them with /composer/seed/notes")
        self._session(now, source).seed(now, ideas, {0: 0})
        self._touch(now, source)
        return "/composer/seed/end"

    def _on_generate(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> object:
        if len(arguments) == 1 and not isinstance(arguments[0], str):
            if _released(arguments):  # a button
                return None
            arguments = ()
        if len(arguments) % 2:
            raise SettingError("wishes come as names and values")
        wishes: dict[str, object] = {
            str(arguments[at])[:40]: arguments[at + 1] for at in range(0, len(arguments), 2)
        }
        given = wishes.pop("id", None)
        number = None
        if given is not None:
            number = _whole([given], 0, "id", 2**31 - 1)
        try:
            turn = self._session(now, source).generate(now, wishes, number)
        except ComposerError as error:
            if number is None:
                raise
            self._refuse(self._reply_to(source), number, error)
            return None
        self._touch(now, source)
        return turn

    def _on_set(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        if len(arguments) < 2:
            raise SettingError("set takes a name and a value")
        self._session(now, source).set(now, arguments[0], arguments[1])
        self._touch(now, source)
        return "/composer/set"

    def _on_get(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        name = find(_text(arguments, 0, "name")).name
        value = self._session(now, source).values.get(name)
        self.replies.append(Reply(self._reply_to(source), "/composer/status", (name, value)))

    def _param(
        self, now: float, source: Endpoint, name: str, arguments: Sequence[Argument]
    ) -> None:
        parameter = find(name)
        value = parameter.from_fader(_number(arguments, 0, name[:40], 0, 1))
        self._session(now, source).set(now, parameter.name, value)
        self._touch(now, source)

    def _on_mode(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        self._session(now, source).set(now, "mode", _text(arguments, 0, "mode"))
        self._touch(now, source)
        return "/composer/mode"

    def _on_tempo(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        bpm = _number(arguments, 0, "tempo", 0, 400)
        if 0 < bpm < 10:
            raise SettingError(f"tempo is {bpm:g}, must be 10 to 400, or 0 for free time")
        self._session(now, source).tempo(now, bpm)
        self._touch(now, source)

    def _on_beat(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        beat = _number(arguments, 0, "beat", 0, FARTHEST_BEAT)
        self._session(now, source).beat(now, beat)
        self._touch(now, source)

    def _on_transport(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        running = _number(arguments, 0, "transport", 0, 1) >= 0.5
        self._session(now, source).transport(now, running)
        self._touch(now, source)
        return "/composer/transport"

    def _on_phrase_end(
        self, now: float, source: Endpoint, arguments: Sequence[Argument]
    ) -> str | None:
        if _released(arguments):
            return None
        self._session(now, source).phrase_end(now)
        self._touch(now, source)
        return "/composer/phrase/end"

    def _on_reset(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str | None:
        if _released(arguments):
            return None
        self._session(now, source).reset(now)
        self._touch(now, source)
        return "/composer/reset"

    def _on_panic(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str | None:
        if _released(arguments):
            return None
        self._session(now, source).panic(now)
        self._touch(now, source)
        return "/composer/panic"

    def _on_like(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        return self._mark(now, source, arguments, "like")

    def _on_dislike(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        return self._mark(now, source, arguments, "dislike")

    def _mark(self, now: float, source: Endpoint, arguments: Sequence[Argument], word: str) -> str:
        session = self._session(now, source)
        number = session.turn if not arguments else _whole(arguments, 0, "id", 2**31 - 1)
        if session.log is None:
            raise SettingError("this server keeps no log; start it without --no-log")
        session.log.mark(now, f"{word} {number}")
        return f"/composer/{word}"

    def _on_save(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        folder, name = self._folder(), _text(arguments, 0, "path")
        inside(folder, name)
        log = self._session(now, source).log
        if log is None:
            raise SettingError("this server keeps no log; start it without --no-log")
        to, copied = self._reply_to(source), log.copy()

        def saved(result: object, then: float) -> None:
            if isinstance(result, Exception):
                self._refuse(to, "/composer/save", _clear(result))
            else:
                self.replies.append(Reply(to, "/composer/ok", ("/composer/save",)))

        self._job(lambda: save_inside(copied, folder, name), saved)

    def _on_subscribe(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        port = _whole(arguments, 0, "port", 65535)
        to = (source[0], port or source[1])
        self._session(now, source)
        listeners = self.listeners[self.key(source)]
        if len(arguments) > 1 and _released(arguments[1:]):
            listeners.pop(to, None)
        elif to not in listeners:
            self._listen(listeners, to)
        return "/composer/subscribe"

    def _on_session(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> str:
        name = _text(arguments, 0, "name")
        if not self._joins:
            raise SettingError("this server is several processes, and each has its own sessions")
        if not (name.isprintable() and 0 < len(name) <= 40):
            raise SettingError("a session's name has 1 to 40 characters")
        if len(self._joined) >= MOST_CLIENTS:
            raise SettingError("too many clients have joined sessions")
        left = self.key(source)
        if left != name:
            heard = self.listeners.get(left)
            if heard is not None:
                heard.pop(self._reply_to(source), None)
            self._joined[self._client(source)] = name
        self._session(now, source)
        return "/composer/session"

    def _on_ping(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        token = arguments[0] if arguments else 0
        if isinstance(token, bool) or not isinstance(token, int | float | str):
            token = 0
        if isinstance(token, int) and not -(2**31) <= token < 2**31:
            token = str(token)
        if isinstance(token, str):
            token = token[:200]
        self.replies.append(Reply(self._reply_to(source), "/composer/pong", (token,)))

    def _on_status(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        session = self.engine.sessions.get(self.key(source))
        rows: list[tuple[str, object]] = [("version", __version__), *self._about]
        rows += [("sessions", len(self.engine.sessions)), ("session", str(self.key(source))[:60])]
        rows += self.vitals()
        rows += session.status() if session is not None else []
        for at in range(0, len(rows), PER_STATUS):
            flat = tuple(value for row in rows[at : at + PER_STATUS] for value in row)
            self.replies.append(Reply(self._reply_to(source), "/composer/status", flat))

    def _on_help(self, now: float, source: Endpoint, arguments: Sequence[Argument]) -> None:
        to = self._reply_to(source)
        for row in INCOMING:
            self.replies.append(Reply(to, "/composer/help", row[:3]))

    def _folder(self) -> Path:
        if self._files is None:
            raise SettingError("this server has no folder; start it with --files DIR")
        return self._files


def _at_once(work: Callable[[], Any], then: Callable[[Any, float], None]) -> None:
    try:
        result = work()
    except Exception as error:  # handed on, as from another thread
        result = error
    then(result, 0.0)


def _clear(error: Exception) -> Exception:
    """An error that may be told; others are for the log."""
    if isinstance(error, ComposerError):
        return error
    logger.error("unexpected", exc_info=error)
    return SettingError("this is a defect in composer; see its log")


def _number(arguments: Sequence[object], at: int, name: str, low: float, high: float) -> float:
    if at >= len(arguments):
        raise SettingError(f"{name} is missing")
    number = as_number(arguments[at]) if not isinstance(arguments[at], str) else None
    if number is None or not low <= number <= high:
        raise SettingError(f"{name} is {str(arguments[at])[:40]}, must be {low:g} to {high:g}")
    return number


def _whole(arguments: Sequence[object], at: int, name: str, high: int) -> int:
    return math.floor(_number(arguments, at, name, 0, high) + 0.5)


def _channel(arguments: Sequence[object], at: int) -> int:
    if at >= len(arguments):
        return 0
    return round(_number(arguments, at, "channel", 1, 16)) - 1


def _text(arguments: Sequence[object], at: int, name: str) -> str:
    if at >= len(arguments) or not isinstance(arguments[at], str):
        raise SettingError(f"{name} is missing or no text")
    return str(arguments[at])


def _released(arguments: Sequence[object]) -> bool:
    """Whether a trigger says 0: the button comes up, and nothing is meant."""
    return bool(arguments) and as_number(arguments[0]) == 0
