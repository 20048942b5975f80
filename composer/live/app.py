"""App: a server put together from what the command line asks for.

This is where sockets, ports, files and threads are opened, and where they are closed again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from composer import models, terminal
from composer.errors import SettingError
from composer.inside.process import write_elsewhere
from composer.live.core.improviser import Improviser
from composer.live.core.parameters import Value, Values
from composer.live.core.session import Session
from composer.live.core.sessions import IDLE, Sessions
from composer.live.learned_controllers import ask_for_controllers, load_controllers
from composer.live.left_sounding import RepeatedEnds, end_left_sounding
from composer.live.log_keeper import LogKeeper
from composer.live.playing.inference import InferenceScheduler
from composer.live.server import Server
from composer.live.wire.midi_player import MidiPlayer
from composer.live.wire.osc_clients import MAIN
from composer.live.wire.osc_router import Router
from composer.live.wire.sounding_notes import Keys, SoundingFile
from composer.live.wire.udp_transport import Beside, UdpTransport, open_udp
from composer.live.worker_processes import ServerWorkers, check_processes, on_own_cores
from composer.network.predictor import Predictor
from composer.taste.preference import Preference
from composer.taste.profile import load, save

logger = logging.getLogger(__name__)

ANYONE, LOOPBACK = "0.0.0.0", "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    """What a server is to be like; see `composer serve --help`.

    Attributes:
        logs: Folder in which sessions are kept; None for nowhere.
        logs_kept: Files that are kept there, the newest; None for all.
        profile: File of the taste that sessions begin with and teach; None for none.
        worker: Whether this is one of several processes of a server.
        end_when_idle: Seconds without a message after which the server ends; None for never.
        parameters: Names and values with which sessions begin.
    """

    osc_port: int = 9190
    reply_port: int | None = 9191
    listen: bool = False
    midi_in: tuple[str, ...] = ()
    midi_out: tuple[str, ...] = ()
    virtual: str | None = None
    mode: str = "call"
    tempo: float | None = None
    logs: Path | None = None
    logs_kept: int | None = None
    files: Path | None = None
    link: bool = False
    learn: bool = False
    profile: Path | None = None
    idle: float = IDLE
    model: str = "default"
    processes: int = 1
    worker: bool = False
    end_when_idle: float | None = None
    parameters: tuple[tuple[str, Value], ...] = ()


class App:
    """A server with all that belongs to it.

    Attributes:
        server: The loop.
        ready: What `composer serve` prints when the server is ready.
        say: Shows a line to the person at the terminal.
    """

    def __init__(
        self,
        options: Options,
        improviser: Callable[[], Improviser],
        network: InferenceScheduler | None,
        stack: contextlib.ExitStack,
        beside: Beside | None = None,
    ) -> None:
        """Open everything; `stack` closes it again. `beside` is where pages' packets come from.

        Raises:
            OutputError: The OSC port is taken, or the folder for jams cannot be written.
            DependencyError: MIDI or Link was asked for and is not installed.
            SettingError: A MIDI port was asked for and is not there.
        """
        self.options = options
        self.say: Callable[[str], None] = terminal.say
        values = Values()
        for name, value in (("mode", options.mode), *options.parameters):
            values.set(name, value)
        logs = options.logs is not None
        profile = options.profile
        taste = None if profile is None else load(profile)
        engine = Sessions(
            improviser,
            values,
            options.tempo,
            logs=logs,
            idle=options.idle,
            taste=taste,
            learnt=lambda: self._keep_taste(taste),
        )
        check_processes(options.processes, options.reply_port)
        host = ANYONE if options.listen else LOOPBACK
        udp = self._open_socket(host)
        port = udp.getsockname()[1]
        transport = UdpTransport(udp, beside)
        stack.callback(transport.close)
        router = Router(
            engine,
            reply_port=options.reply_port,
            files=options.files,
            about=(("model", options.model), ("osc_port", port)),
            job=lambda work, then: self.server.job(work, then),
            joins=not options.worker and options.processes == 1,
            inside=partial(write_elsewhere, models.find(options.model)),
        )
        own_ports = (options.virtual,) if options.virtual else ()
        _, still_sounding = end_left_sounding(udp, own_ports)
        sounding = SoundingFile()
        stack.callback(sounding.close)
        self.server = Server(router, network, transport, sounding=sounding)
        if options.logs is not None:
            self.server.logs = LogKeeper(options.logs, self.server.job, most=options.logs_kept)
            if options.logs_kept is None:  # a folder that was asked for
                self.server.logs.prepare()
        self.ready: dict[str, Any] = {
            "ready": True,
            "osc_host": host,
            "osc_port": port,
            "reply_port": options.reply_port,
            "midi_in": [],
            "midi_out": [],
            "model": options.model,
            "pids": [os.getpid()],
        }
        if options.processes > 1:
            workers = ServerWorkers(options.processes - 1, _arguments(options, port))
            stack.callback(workers.close)
            self.ready["pids"] += workers.pids
            on_own_cores(self.ready["pids"])
        engine.session(MAIN, self.server.now())
        engine.lasting.add(MAIN)
        self.midi: MidiPlayer | None = None
        if options.midi_in or options.midi_out or options.virtual:
            self._open_midi(stack, sounding, still_sounding)
        if options.link:
            self._join_link(stack)
        if options.end_when_idle is not None:
            self.server.each_second.append(EndWhenIdle(self.server, options.end_when_idle).look)

    def ask(self) -> None:
        """Ask the player for what is to be learned; for when the server is ready."""
        if self.options.learn and self.midi is not None:
            ask_for_controllers(self.midi, lambda line: self.say(line))

    def _keep_taste(self, taste: Preference | None) -> None:
        """Write what has been learnt into its profile, on another thread."""
        profile = self.options.profile
        if taste is None or profile is None:
            return

        def kept(result: object, now: float) -> None:
            del now
            if isinstance(result, Exception):
                self.say(f"What was learnt is not kept: {result}")

        self.server.job(lambda: save(taste, profile), kept)

    def _open_socket(self, host: str) -> socket.socket:
        options = self.options
        udp = open_udp(host, options.osc_port, shared=options.worker)
        if options.processes == 1:
            return udp
        # Shared only now that it is known that no other program has it.
        port = udp.getsockname()[1]
        udp.close()
        return open_udp(host, port, shared=True)

    def _open_midi(
        self, stack: contextlib.ExitStack, sounding: SoundingFile, still_sounding: Keys
    ) -> None:
        from composer.live.wire.midi_library import advice
        from composer.live.wire.midi_port import Port, Ports

        options, server = self.options, self.server
        ins = [Port("in", name) for name in options.midi_in]
        outs = [Port("out", name) for name in options.midi_out]
        if options.virtual:
            ins.append(Port("in", options.virtual, virtual=True))
            outs.append(Port("out", options.virtual, virtual=True))
        ports = Ports(ins, outs)
        stack.callback(ports.close)
        for port in (*ins, *outs):
            if not port.name:
                raise SettingError(advice(port.wanted, port.names()))
        player = self.midi = MidiPlayer(
            lambda: server.engine.session(MAIN, server.now()),
            ports.send,
            sounding,
            lambda: [port.wanted for port in outs if port.name],
        )
        player.learned = {} if options.learn else load_controllers()
        server.player = player
        if still_sounding:
            server.each_second.append(RepeatedEnds(still_sounding, player.end).send)
        self.ready["midi_in"] = [port.name for port in ins]
        self.ready["midi_out"] = [port.name for port in outs]

        def receive(moment: float, message: bytes) -> None:
            server.post(
                lambda now: server.act(MAIN, lambda session, now: player.receive(moment, message))
            )

        def changed(port: Port) -> None:
            there = bool(port.name)
            logger.warning(
                "the MIDI %s port %s is %s", port.kind, port.wanted, "back" if there else "gone"
            )
            act = _PORT_CHANGES[port.kind, there]
            server.post(lambda now: server.act(MAIN, act))

        ports.start(receive, changed)

    def _join_link(self, stack: contextlib.ExitStack) -> None:
        from composer.live.link_sessions import LinkSessions
        from composer.live.wire.ableton_link import LinkFollower

        sessions = LinkSessions(self.server)
        follower = LinkFollower(sessions.follow, sessions.transport, self.server.now, sessions.bar)
        stack.callback(follower.close)


class EndWhenIdle:
    """Ends a server to which nothing has come for long."""

    def __init__(self, server: Server, seconds: float) -> None:
        self._server, self._seconds = server, seconds
        self._count, self._since = -1, 0.0

    def look(self, now: float) -> None:
        """Once a second: end, if nothing came for so many seconds."""
        count = self._server.router.understood
        if count != self._count:
            self._count, self._since = count, now
        elif now - self._since >= self._seconds:
            self._server.stop()


def _release_keys(session: Session, now: float) -> None:
    session.control(now, 123, 0, 0)


_PORT_CHANGES: dict[tuple[str, bool], Callable[[Session, float], None]] = {
    ("in", False): _release_keys,
    ("in", True): _release_keys,
    ("out", False): lambda session, now: session.silence(now),
    ("out", True): lambda session, now: session.panic(now),
}
"""What a port that went (False) or came back (True) does to what was held or sounded there."""


def _arguments(options: Options, port: int) -> list[str]:
    """What a worker is called with to be like this server, without its MIDI ports."""
    given = ["--osc-port", str(port), "--reply-source", "--no-midi", "--mode", options.mode]
    given += ["--model", options.model]
    for name, wanted in (("--listen", options.listen), ("--link", options.link)):
        given += [name] if wanted else []
    for name, value in (("--tempo", options.tempo), ("--files", options.files)):
        given += [] if value is None else [name, str(value)]
    for parameter, setting in options.parameters:
        given += ["--set", f"{parameter}={setting}"]
    if options.logs is None:
        return [*given, "--no-log"]
    # Only a folder that was not named is tidied, and this process does that.
    return [*given, "--log", str(options.logs)]


@contextlib.contextmanager
def open_app(options: Options, predictor: Predictor, beside: Beside | None = None) -> Iterator[App]:
    """A server with the network behind it, ready to run; `beside` as in `App`."""
    network = InferenceScheduler(predictor)
    network.warm_up()
    with contextlib.ExitStack() as stack:
        app = App(options, network.improviser, network, stack, beside)
        app.server.prepare()
        yield app


@contextlib.contextmanager
def signals_stop(server: Server) -> Iterator[None]:
    """Ctrl-C, SIGTERM and the like end the server in good order while this lasts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
    before = {}
    for name in names:
        number = getattr(signal, name)
        before[number] = signal.signal(number, lambda *_: server.stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
