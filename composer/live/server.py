"""Server: the one loop. It waits for messages and deadlines, and acts on them.

All state belongs to the thread that runs `Server.run`. It reads the OSC socket itself;
other threads (MIDI ports, files, Link) hand in what they have through `Server.post`. In
the time between, the network is given slices of work, never one that would make a note late.

Conventions:
    Moments are seconds on the server's clock.
"""

from __future__ import annotations

import contextlib
import gc
import heapq
import logging
import math
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from composer.errors import OutputError
from composer.live.core.clock import Clock, SystemClock
from composer.live.core.scheduler import Play
from composer.live.core.session import Control, Output, Tell
from composer.live.core.session_log import MOST, SessionLog
from composer.live.core.sessions import Key
from composer.live.playing.inference import InferenceScheduler
from composer.live.wire.osc_codec import LARGEST, Message, encode, parse
from composer.live.wire.osc_guard import OscError
from composer.live.wire.osc_router import MAIN, Endpoint, Router
from composer.live.wire.session_files import save_log
from composer.live.wire.sounding_notes import SoundingFile

logger = logging.getLogger(__name__)

AT_ONCE = 32
"""Datagrams read before it is looked whether something is due."""
STARVED = 0.002
"""Seconds after which the network gets a slice even if a note might be late for it: with many
sessions something is always about to be due."""
PATIENCE = 64e-6
"""Seconds in a crowd for each session from one round of the network's work to the next. What
comes together by then is done together, which the larger a crowd is the more it needs."""
LATE = 1.5
"""Times this patience after which a round is late."""
STILL, SELDOM = 0.5, 60.0
"""Seconds for which nothing is due, and from one time to the next, when Python searches for
cycles of objects. With hundreds of sessions a search of the newest takes 10 ms, of all 50;
what a session leaves behind is not part of any, so that nothing is lost by waiting."""
FARTHEST = 10.0
"""Seconds ahead for which a bundle's date is believed; others are meant at once."""
MOST_DATED = 4096
SWEEP = 1.0
"""Seconds between two looks at what is not urgent."""
SAVED_EVERY = 60.0
"""Seconds between two writings of a session's log."""

_PLAY = encode("/composer/play", (0, 0, 0))[:-12]
_THREE = struct.Struct(">iii")


class Player(Protocol):
    """Where the main session's notes also go: the MIDI ports."""

    def play(self, play: Play) -> None:
        """Send a note."""
        ...

    def control(self, control: Control) -> None:
        """Send a controller or program change."""
        ...


class Server:
    """A running jam room.

    Attributes:
        late: Seconds by which the last notes left after they were due.
        player: Where the main session's notes also go.
    """

    def __init__(
        self,
        router: Router,
        studio: InferenceScheduler | None,
        udp: socket.socket,
        *,
        clock: Clock | None = None,
        sounding: SoundingFile | None = None,
        logs: Path | None = None,
    ) -> None:
        """Not running yet.

        Args:
            router: What messages mean, with the engine.
            studio: The network; None if minds think by themselves.
            udp: A bound socket; it is closed at the end.
            clock: None for the computer's.
            sounding: Where sounding notes are noted down.
            logs: Folder in which sessions are kept; None for nowhere.
        """
        self.router, self.engine, self.studio = router, router.engine, studio
        self.late: deque[float] = deque(maxlen=8192)
        self.player: Player | None = None
        self._udp, self._clock = udp, clock or SystemClock()
        self._sounding, self._logs = sounding, logs
        self._inbox: SimpleQueue[Callable[[float], None]] = SimpleQueue()
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._running = True
        self._cost, self._worked, self._swept = 0.002, 0.0, -math.inf
        self._rested = self._tidied = -math.inf
        self._took = 0.0  # seconds, of the last round
        self._saved: dict[Key, tuple[Path, float]] = {}
        self._dated: list[tuple[float, int, Endpoint, Message]] = []
        self._count = 0
        udp.setblocking(False)
        router.vitals = self.vitals

    def lateness(self) -> tuple[float, float]:
        """Seconds by which the last notes left after they were due: median and 99 %."""
        late = sorted(self.late) or [0.0]
        return late[len(late) // 2], late[int(len(late) * 0.99)]

    def vitals(self) -> list[tuple[str, object]]:
        """How the server does, as names and values for a status."""
        middle, worst = self.lateness()
        return [
            ("late_median_ms", round(1000 * middle, 3)),
            ("late_99_ms", round(1000 * worst, 3)),
        ]

    def now(self) -> float:
        """The moment, on the server's clock."""
        return self._clock.now()

    # From any thread.

    def post(self, act: Callable[[float], None]) -> None:
        """Have the server's thread call something, with the moment at which it does."""
        self._inbox.put(act)
        self._wake()

    def stop(self) -> None:
        """End `run` soon; for signal handlers too."""
        self._running = False
        self._wake()

    def job(self, work: Callable[[], Any], then: Callable[[Any, float], None]) -> None:
        """Run something beside the server, and hand its result (or error) back to it."""

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # handed on to `then`
                result = error
            self.post(lambda now: then(result, now))

        self._jobs.put(run)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already
            self._far.send(b"\0")

    # The server's thread.

    def run(self) -> None:
        """Serve until `stop`; on every way out, all that sounds is silenced."""
        worker = threading.Thread(target=self._work_off, name="composer files", daemon=True)
        worker.start()
        # What there is by now stays; for what comes, see `_turn`.
        gc.collect()
        gc.freeze()
        usual = gc.isenabled()
        gc.disable()
        try:
            while self._running:
                try:
                    self._turn()
                except Exception:  # one session's trouble is not the others'
                    logger.exception("session %s is closed", self.engine.at)
                    self.close_session(self.engine.at, self._clock.now())
        finally:
            self._silence()
            self._jobs.put(None)
            worker.join(timeout=10)
            gc.unfreeze()
            if usual:
                gc.enable()
            self._udp.close()
            self._near.close()
            self._far.close()
            if self._sounding is not None:
                self._sounding.close()

    def _turn(self) -> None:
        clock, engine = self._clock, self.engine
        for key, outputs in engine.advance(clock.now()):
            self.send(key, outputs)
        now = clock.now()
        while self._dated and self._dated[0][0] <= now:
            _, _, source, message = heapq.heappop(self._dated)
            self.router.receive(now, source, message)
        if now - self._swept >= SWEEP:
            self._swept = now
            self._sweep(now)
        self._flush()
        deadline = min(engine.deadline(), self._swept + SWEEP)
        if self._dated:
            deadline = min(deadline, self._dated[0][0])
        wait = max(deadline - clock.now(), 0.0)
        studio = self.studio
        busy = studio is not None and not studio.idle
        may_work = False
        if studio is not None and busy:
            patience = PATIENCE * studio.minds
            if not studio.going_round and now - self._rested >= patience:
                studio.begin_round(self._took > LATE * patience)
                self._rested = now
            if studio.pressing:
                may_work = wait > self._cost or self._hungry(now)
            else:
                wait = min(wait, self._rested + patience - now)
        elif wait > STILL and now - self._tidied > SELDOM:
            self._tidied = now
            gc.collect()
        ready, _, _ = select.select((self._udp, self._near), (), (), 0.0 if may_work else wait)
        if self._near in ready:
            with contextlib.suppress(OSError):
                self._near.recv(4096)
        if self._udp in ready:
            self._read()
        while not self._inbox.empty():
            self._inbox.get()(clock.now())
            self._flush()
        if may_work:
            self._slice()
        elif not busy:
            self._worked = now

    def _slice(self) -> None:
        assert self.studio is not None
        start, in_round = self._clock.now(), self.studio.going_round
        news = self.studio.work()
        for key, outputs in self.engine.news(news, self._clock.now()):
            self.send(key, outputs)
        self._worked = self._clock.now()
        if in_round:
            self._took = self._worked - self._rested
        # Twice the usual: a slice is rather thought too long. What the system took for
        # other programs says nothing about the next one.
        taken = min(self._worked - start, 0.005)
        self._cost = 0.9 * self._cost + 0.1 * 2 * taken

    def _hungry(self, now: float) -> bool:
        """Whether the network has to be given a slice though something is about to be due."""
        assert self.studio is not None
        return self.studio.crowded or now - self._worked > STARVED

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            try:
                packet, source = self._udp.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:  # Windows reports what happened to an earlier packet
                continue
            now = self._clock.now()
            try:
                messages = parse(packet)
            except OscError:
                self.router.counts["refused"] += 1
                continue
            for message in messages:
                ahead = message.date - time.time() if message.date else 0.0
                if 0.0 < ahead <= FARTHEST and len(self._dated) < MOST_DATED:
                    self._count += 1
                    dated = (now + ahead, self._count, source[:2], message)
                    heapq.heappush(self._dated, dated)
                else:
                    self.router.receive(now, source[:2], message)
            self._flush()

    def _flush(self) -> None:
        """Send what the router has."""
        outputs, self.router.outputs = self.router.outputs, []
        for key, some in outputs:
            self.send(key, some)
        replies, self.router.replies = self.router.replies, []
        for to, address, arguments in replies:
            self._sendto(self._packet(address, arguments), to)
        while self.router.faults:
            key = self.router.faults.pop()
            logger.error("session %s is closed", key)
            self.close_session(key, self._clock.now())

    def send(self, key: Key, outputs: Sequence[Output]) -> None:
        """Send a session's music to all who listen to it."""
        if not outputs:
            return
        listeners = self.router.listeners.get(key, ())
        player = self.player if key == MAIN else None
        now = self._clock.now()
        # Music first: what is said about it may be a dozen messages.
        for output in sorted(outputs, key=_is_said) if len(outputs) > 1 else outputs:
            if isinstance(output, Play):
                packet = _PLAY + _THREE.pack(output.pitch, output.velocity, output.channel + 1)
                for to in listeners:
                    # Noted down before it begins and after it has ended: who is killed in
                    # between leaves a note too many to end, never one too few.
                    if output.velocity:
                        self._note(to, output)
                    self._sendto(packet, to)
                    if not output.velocity:
                        self._note(to, output)
                if player is not None:
                    player.play(output)
                if output.velocity:
                    self.late.append(now - output.due)
            elif isinstance(output, Tell):
                packet = self._packet(f"/composer/{output.address}", output.arguments)
                for to in listeners:
                    self._sendto(packet, to)
            elif player is not None:
                player.control(output)

    def _note(self, to: Endpoint, play: Play) -> None:
        if self._sounding is not None:
            destination = f"osc {to[0]} {to[1]}"
            self._sounding.set(destination, play.channel, play.pitch, play.velocity > 0)

    def _packet(self, address: str, arguments: Sequence[object]) -> bytes:
        try:
            packet = encode(address, arguments)
        except (OscError, OverflowError):
            logger.exception("cannot send %s", address)
            return encode(address)
        return packet if len(packet) <= LARGEST else encode(address)

    def _sendto(self, packet: bytes, to: Endpoint) -> None:
        for _ in range(3):
            try:
                self._udp.sendto(packet, to)
                return
            except BlockingIOError:
                time.sleep(0.0005)
            except (OSError, OverflowError):  # no way there: as lost as on the way
                return

    # Now and then.

    def _sweep(self, now: float) -> None:
        for key in self.engine.expired(now):
            self.close_session(key, now)
        for key, session in self.engine.sessions.items():
            log = session.log
            if self._logs is None or log is None or not log.changed:
                continue
            path, saved = self._saved.get(key, (None, -math.inf))
            if path is None:
                self._saved[key] = (self._log_path(key), now)
            elif len(log) >= MOST:
                self._save(log, path)
                session.log = log.rotate()
                del self._saved[key]
            elif now - saved >= SAVED_EVERY:
                log.changed = False
                self._save(log.copy(), path)
                self._saved[key] = (path, now)

    def close_session(self, key: Key, now: float) -> None:
        """End a session, keep its log, and forget who listened."""
        session = self.engine.sessions.get(key)
        if session is None:
            return
        self.router.close(key, now)
        self._flush()
        if self._sounding is not None:
            for to in self.router.listeners.get(key, ()):
                self._sounding.forget(f"osc {to[0]} {to[1]}")
        self.router.forget(key)
        if self.studio is not None:
            self.studio.forget(session.mind)  # type: ignore[arg-type]  # its own minds
        if self._logs is not None and session.log is not None and len(session.log):
            path, _ = self._saved.pop(key, (self._log_path(key), 0.0))
            self._save(session.log, path)

    def _log_path(self, key: Key) -> Path:
        assert self._logs is not None
        name = "".join(c if c.isalnum() or c in ".-" else "-" for c in str(key))[:40]
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self._count += 1
        return self._logs / f"{stamp}-{name}-{self._count}.mid"

    def _save(self, log: SessionLog, path: Path) -> None:
        def work() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_log(log, path, force=True)

        def saved(result: object, now: float) -> None:
            if isinstance(result, Exception):
                logger.error("the session could not be kept: %s", result)

        self.job(work, saved)

    def _work_off(self) -> None:
        while (run := self._jobs.get()) is not None:
            run()

    def _silence(self) -> None:
        """End everything: the loop is over, however it came to be."""
        now = self._clock.now()
        for key in list(self.engine.sessions):
            try:
                self.close_session(key, now)
            except Exception:  # the others are to be silenced all the same
                logger.exception("closing %s", key)


def _is_said(output: Output) -> bool:
    return isinstance(output, Tell)


def open_udp(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket for OSC.

    Args:
        host: Address to listen on.
        port: 0 for a free one.
        shared: Whether other processes listen on it too.

    Raises:
        OutputError: The port is taken, or there is no such address here.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if shared:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, option, 1 << 22)
    try:
        udp.bind((host, port))
    except (OSError, OverflowError) as error:
        udp.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"cannot listen on UDP port {port} of {host}: {reason}; "
            "is another composer running? choose another with --osc-port"
        ) from error
    return udp
