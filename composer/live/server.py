"""Server: the one loop. It waits for messages and deadlines, and acts on them.

All state belongs to the thread that runs `Server.run`. Other threads (MIDI ports, files,
Link) hand in what they have through `Server.post`. In the time between, the network is
given slices of work.

What goes wrong is the fault of where it came from: an error while a session is brought up
to date closes that session, and one in anything else that was handed in is logged. The
others play on.

Conventions:
    Moments are seconds on the server's clock.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from typing import Any, Protocol

from composer.live.core.clock import Clock, SystemClock
from composer.live.core.output import Control, Output, Tell
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.core.sessions import SessionKey
from composer.live.garbage import RareCollection
from composer.live.jobs import Jobs
from composer.live.lateness import Lateness
from composer.live.log_keeper import LogKeeper
from composer.live.slice_budget import Network, SliceBudget
from composer.live.wire.dated_messages import DatedMessages
from composer.live.wire.osc_clients import MAIN, Endpoint
from composer.live.wire.osc_codec import parse
from composer.live.wire.osc_guard import OscError
from composer.live.wire.osc_router import Router
from composer.live.wire.osc_sender import OscSender, SoundingNotes, music_first
from composer.live.wire.udp_transport import Datagram

logger = logging.getLogger(__name__)

AT_ONCE = 32
"""Datagrams read before it is looked whether something is due."""
SWEEP = 1.0
"""Seconds between two looks at what is not urgent."""


class Transport(Protocol):
    """Datagrams in and out; see `composer.live.wire.udp_transport`."""

    def wait(self, seconds: float) -> bool:
        """Wait for a datagram or `wake`, so long at most. Returns whether there is a datagram."""
        ...

    def wake(self) -> None:
        """End a wait; from any thread."""
        ...

    def receive(self) -> Datagram | None:
        """The next datagram, None if there is none."""
        ...

    def send(self, packet: bytes, to: Endpoint) -> None:
        """Send a datagram."""
        ...


class Player(Protocol):
    """Where the main session's notes also go: the MIDI ports."""

    def play(self, play: Play) -> None:
        """Send a note."""
        ...

    def control(self, control: Control) -> None:
        """Send a controller or program change."""
        ...


class Improvisers(Network, Protocol):
    """The network behind the sessions' improvisers.

    Attributes:
        failed: Improvisers that raised an error and are served no more; the server takes
            them off the list and closes their sessions.
    """

    failed: list[Any]

    def step(self) -> Iterable[Any]:
        """Do one step. Returns the improvisers that have news."""
        ...

    def remove(self, improviser: Any) -> None:
        """An improviser is gone."""
        ...


class Server:
    """A running server.

    Attributes:
        engine: The sessions.
        router: What messages mean.
        lateness: How late the last notes left.
        player: Where the main session's notes also go.
        logs: What writes sessions to files; None if nothing does.
        each_second: Called once a second, with the moment.
    """

    def __init__(
        self,
        router: Router,
        network: Improvisers | None,
        transport: Transport,
        *,
        clock: Clock | None = None,
        date: Callable[[], float] = time.time,
        sounding: SoundingNotes | None = None,
    ) -> None:
        """Not running yet.

        Args:
            router: What messages mean, with the sessions.
            network: None if improvisers think by themselves.
            transport: Datagrams in and out.
            clock: None for the computer's.
            date: Says how many seconds have passed since 1970.
            sounding: Where sounding notes are noted down.
        """
        self.engine, self.router = router.engine, router
        self.lateness = Lateness()
        self.player: Player | None = None
        self.logs: LogKeeper | None = None
        self.each_second: list[Callable[[float], None]] = []
        self._network, self._transport = network, transport
        self._clock, self._date = clock or SystemClock(), date
        self._sender = OscSender(transport.send, sounding)
        self._budget, self._collection = SliceBudget(), RareCollection()
        self._dated = DatedMessages()
        self._inbox: SimpleQueue[Callable[[float], None]] = SimpleQueue()
        self._jobs = Jobs(self.post)
        self._running = True
        self._swept = -math.inf
        router.tell_vitals(self._vitals)

    def now(self) -> float:
        """The moment, on the server's clock."""
        return self._clock.now()

    # From any thread.

    def post(self, act: Callable[[float], None]) -> None:
        """Have the server's thread call something, with the moment at which it does."""
        self._inbox.put(act)
        self._transport.wake()

    def stop(self) -> None:
        """End `run` soon; for signal handlers too."""
        self._running = False
        self._transport.wake()

    def job(self, work: Callable[[], Any], then: Callable[[Any, float], None]) -> None:
        """Run something beside the server, and hand its result (or error) back to it."""
        self._jobs.run(work, then)

    # The server's thread.

    def prepare(self) -> None:
        """Do what takes long before anyone may expect an answer."""
        self._collection.prepare()

    def run(self) -> None:
        """Serve until `stop`; on every way out, all that sounds is silenced."""
        self._jobs.start()
        with self._collection:
            try:
                while self._running:
                    self.turn()
            finally:
                self._silence()
                self._jobs.close()

    def turn(self) -> None:
        """One turn of the loop: do what is due, wait for what comes, and act on it."""
        self._advance()
        now = self._clock.now()
        for source, message in self._dated.due(now):
            self.router.receive(now, source, message)
        if now - self._swept >= SWEEP:
            self._swept = now
            self._sweep(now)
        self._flush()
        now = self._clock.now()
        wait = max(self._deadline() - now, 0.0) if self._inbox.empty() else 0.0
        may_work, wait = self._budget.plan(now, wait, self._network)
        self._collection.pause(now, wait)
        if self._transport.wait(wait):
            self._read()
        self._act_on_posted()
        if may_work:
            self._work()
        if self.engine.hosts:
            self._settle()

    def act(
        self, key: SessionKey, act: Callable[[Session, float], None], *, seen: bool = True
    ) -> None:
        """Do something to a session and send what comes of it; an error closes the session.

        Args:
            key: Of the session, which is begun if there is none.
            act: What to do, given the session and the moment.
            seen: Whether this counts as something that arrived from the player.
        """
        now = self._clock.now()
        try:
            session = self.engine.session(key, now) if seen else self.engine.sessions[key]
            act(session, now)
            outputs = self.engine.touch(key, now)
        except Exception:
            self._close_faulty(key)
            return
        self.send(key, outputs)

    def send(self, key: SessionKey, outputs: Sequence[Output]) -> None:
        """Send a session's music to all its listeners."""
        listeners = self.router.clients.listeners(key)
        player = self.player if key == MAIN else None
        now = self._clock.now()
        for output in music_first(outputs):
            if isinstance(output, Play):
                self._sender.play(output, listeners)
                if output.velocity:
                    self.lateness.add(now - output.due)
            elif isinstance(output, Tell):
                self._sender.tell(output, listeners)
            if player is not None:
                _hand_to(player, output)

    def close_session(self, key: SessionKey, now: float) -> None:
        """End a session, keep its log, and forget its listeners."""
        session = self.engine.sessions.get(key)
        if session is None:
            return
        self.router.close(key, now)
        self._flush()
        self._sender.forget(self.router.clients.listeners(key))
        self.router.forget(key)
        if self._network is not None:
            self._network.remove(session.improviser)
        if self.logs is not None and session.log is not None:
            self.logs.end(key, session.log)

    def _advance(self) -> None:
        try:
            for key, outputs in self.engine.advance(self._clock.now()):
                self.send(key, outputs)
        except Exception:
            self._close_faulty(self.engine.at)

    def _deadline(self) -> float:
        return min(self.engine.deadline(), self._dated.deadline(), self._swept + SWEEP)

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            datagram = self._transport.receive()
            if datagram is None:
                return
            try:
                messages = parse(datagram.data)
            except OscError:
                self.router.refuse()
                continue
            now = self._clock.now()
            for message in messages:
                ahead = message.date - self._date() if message.date else 0.0
                if not self._dated.keep(now, ahead, datagram.source, message):
                    self.router.receive(now - datagram.age, datagram.source, message)
            self._flush()

    def _act_on_posted(self) -> None:
        """Call what was handed in by now, until something is due: music first."""
        for _ in range(self._inbox.qsize()):
            try:
                self._inbox.get()(self._clock.now())
            except Exception:  # no session is to blame for what others hand in
                logger.exception("something that was handed in to the server failed")
            self._flush()
            if self._deadline() <= self._clock.now():
                return

    def _work(self) -> None:
        """Have the network do one slice, and send what its improvisers have made ready."""
        network = self._network
        assert network is not None
        start, in_round = self._clock.now(), network.in_cycle
        try:
            news = network.step()
        except Exception:  # what an improviser does wrong is known by the network alone
            logger.exception("the network failed")
            news = ()
        while network.failed:
            key = self.engine.owner(network.failed.pop())
            if key is not None:
                logger.error("session %s is closed", key)
                self.close_session(key, self._clock.now())
        try:
            for key, outputs in self.engine.news(news, self._clock.now()):
                self.send(key, outputs)
        except Exception:
            self._close_faulty(self.engine.at)
        self._budget.spent(start, self._clock.now(), in_round=in_round)

    def _settle(self) -> None:
        """Tell hosts that wait what is known."""
        try:
            for key, outputs in self.engine.settle():
                self.send(key, outputs)
        except Exception:
            self._close_faulty(self.engine.at)

    def _flush(self) -> None:
        """Send what the router has."""
        for key, outputs in self.router.take_outputs():
            self.send(key, outputs)
        for to, play in self.router.take_ends():
            self._sender.play(play, (to,))
        for to, address, arguments in self.router.take_replies():
            self._sender.reply(to, address, arguments)
        for key in self.router.take_ended():
            self.close_session(key, self._clock.now())
        while self.router.faults:
            key = self.router.faults.pop()
            logger.error("session %s is closed", key)
            self.close_session(key, self._clock.now())

    def _close_faulty(self, key: SessionKey) -> None:
        """The error that is being handled is a session's: close it."""
        logger.exception("session %s is closed", key)
        self.close_session(key, self._clock.now())

    def _sweep(self, now: float) -> None:
        """Do what is not urgent."""
        for key in self.engine.expired(now):
            self.close_session(key, now)
        if self.logs is not None:
            for key, session in self.engine.sessions.items():
                if session.log is not None:
                    session.log = self.logs.keep(now, key, session.log)
        for call in self.each_second:
            call(now)

    def _vitals(self) -> list[tuple[str, object]]:
        """How the server does, as names and values for a status."""
        middle, worst = self.lateness.figures()
        return [
            ("late_median_ms", round(1000 * middle, 3)),
            ("late_99_ms", round(1000 * worst, 3)),
        ]

    def _silence(self) -> None:
        """End everything: the loop is over, however it came to be."""
        now = self._clock.now()
        for key in list(self.engine.sessions):
            try:
                self.close_session(key, now)
            except Exception:  # the others are to be silenced all the same
                logger.exception("closing %s", key)


def _hand_to(player: Player, output: Output) -> None:
    try:
        if isinstance(output, Play):
            player.play(output)
        elif isinstance(output, Control):
            player.control(output)
    except Exception:  # a port's trouble is not the session's
        logger.exception("a note could not be sent over MIDI")
