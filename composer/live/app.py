"""Serve: a server put together from what the command line asks for.

This is where sockets, ports, files and threads are opened, and where they are closed again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer import terminal
from composer.errors import SettingError
from composer.live.core.improviser import Improviser
from composer.live.core.parameters import PARAMETERS, Values
from composer.live.core.session import Session
from composer.live.core.sessions import IDLE, Sessions
from composer.live.playing.inference import InferenceScheduler
from composer.live.server import Server, open_udp
from composer.live.wire.midi_player import USUAL, MidiPlayer
from composer.live.wire.osc_codec import encode
from composer.live.wire.osc_router import MAIN, Router
from composer.live.wire.sounding_notes import SoundingFile, left_behind, state_folder
from composer.live.worker_processes import ServerWorkers, check, on_own_cores
from composer.network.predictor import Predictor

logger = logging.getLogger(__name__)

ANYONE, LOOPBACK = "0.0.0.0", "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    """What a server is to be like; see `composer serve --help`."""

    osc_port: int = 9190
    reply_port: int | None = 9191
    listen: bool = False
    midi_in: tuple[str, ...] = ()
    midi_out: tuple[str, ...] = ()
    virtual: str | None = None
    mode: str = "call"
    tempo: float | None = None
    logs: Path | None = None
    files: Path | None = None
    link: bool = False
    learn: bool = False
    idle: float = IDLE
    model: str = "default"
    processes: int = 1
    fellow: bool = False


class Room:
    """A server with all that belongs to it.

    Attributes:
        server: The loop.
        ready: What to tell whoever waits for it to be ready.
        say: Tells whoever looks on something, in a line.
    """

    def __init__(
        self,
        options: Options,
        mind: Callable[[], Improviser],
        studio: InferenceScheduler | None,
        stack: contextlib.ExitStack,
    ) -> None:
        """Open everything; `stack` closes it again.

        Raises:
            OutputError: The OSC port is taken.
            DependencyError: MIDI or Link was asked for and is not installed.
            SettingError: A MIDI port was asked for and is not there.
        """
        self.options = options
        self.say: Callable[[str], None] = terminal.say
        values = Values()
        values.set("mode", options.mode)
        logs = options.logs is not None
        engine = Sessions(mind, values, options.tempo, logs=logs, idle=options.idle)
        check(options.processes, options.reply_port)
        host = ANYONE if options.listen else LOOPBACK
        udp = open_udp(host, options.osc_port, shared=options.fellow)
        port = udp.getsockname()[1]
        several = options.fellow or options.processes > 1
        if options.processes > 1:
            # Now that it is known that nobody else has it.
            udp.close()
            udp = open_udp(host, port, shared=True)
        stack.callback(udp.close)
        about = (("model", options.model), ("osc_port", port))
        router = Router(
            engine, reply_port=options.reply_port, files=options.files, about=about,
            job=lambda work, then: self.server.job(work, then), joins=not several,
        )  # fmt: skip
        end_left_behind(udp)
        sounding = SoundingFile()
        stack.callback(sounding.close)
        self.server = Server(router, studio, udp, sounding=sounding, logs=options.logs)
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
            fellows = ServerWorkers(options.processes - 1, _arguments(options, port))
            stack.callback(fellows.close)
            self.ready["pids"] += fellows.pids
            on_own_cores(self.ready["pids"])
        engine.session(MAIN, self.server.now())
        engine.lasting.add(MAIN)
        self.midi: MidiPlayer | None = None
        if options.midi_in or options.midi_out or options.virtual:
            self._open_midi(stack, sounding)
        if options.link:
            self._join_link(stack)

    def _open_midi(self, stack: contextlib.ExitStack, sounding: SoundingFile) -> None:
        from composer.live.wire.midi_port import Port, Ports, advice

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
        engine = server.engine
        player = self.midi = MidiPlayer(
            lambda: engine.session(MAIN, server.now()),
            ports.send,
            sounding,
            lambda: [port.wanted for port in outs if port.name],
        )
        server.player = player
        self._learn(player)
        self.ready["midi_in"] = [port.name for port in ins]
        self.ready["midi_out"] = [port.name for port in outs]

        def receive(moment: float, message: bytes) -> None:
            server.post(lambda now: self._heard(moment, message))

        def changed(port: Port) -> None:
            server.post(lambda now: self._changed(now, port.kind, port.wanted, bool(port.name)))

        ports.start(receive, changed)

    def _learn(self, player: MidiPlayer) -> None:
        """Take up the controllers learned before, or ask for them anew."""
        path = state_folder() / "controllers.json"
        if self.options.learn:
            player.to_learn.extend(USUAL)
            self.say(f"Move the controller for {USUAL[0]}")

            def learned(number: int, name: str) -> None:
                self.say(f"Controller {number} is {name}")
                if player.to_learn:
                    self.say(f"Move the controller for {player.to_learn[0]}")
                else:
                    self.say("All are learned; they are known the next time, too")
                with contextlib.suppress(OSError):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(json.dumps(player.learned), encoding="utf-8")

            player.on_learned = learned
            return
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            known = json.loads(path.read_text(encoding="utf-8"))
            player.learned = {
                int(number): name for number, name in known.items() if name in PARAMETERS
            }

    def _heard(self, moment: float, message: bytes) -> None:
        assert self.midi is not None
        self.midi.receive(moment, message)
        self.server.send(MAIN, self.server.engine.touch(MAIN, self.server.now()))

    def _changed(self, now: float, kind: str, name: str, there: bool) -> None:
        """A port went or came back: whatever was held or sounded there is over."""
        logger.warning("the MIDI %s port %s is %s", kind, name, "back" if there else "gone")
        session = self.server.engine.session(MAIN, now)
        if kind == "in":
            session.control(now, 123, 0, 0)
        elif there:
            session.panic(now)
        else:
            session.hush(now)
        self.server.send(MAIN, self.server.engine.touch(MAIN, now))

    def _join_link(self, stack: contextlib.ExitStack) -> None:
        from composer.live.wire.ableton_link import LinkFollower

        server = self.server

        def each(now: float, act: Callable[[Session], None]) -> None:
            for key, session in list(server.engine.sessions.items()):
                if session.values.on("sync"):
                    act(session)
                    server.send(key, server.engine.touch(key, now))

        def follow(moment: float, tick: float, bpm: float) -> None:
            server.post(lambda now: each(now, lambda s: s.follow(moment, tick, bpm)))

        def transport(moment: float, running: bool) -> None:
            server.post(lambda now: each(now, lambda s: s.transport(moment, running)))

        def bar() -> float:
            session = server.engine.sessions.get(MAIN)
            upper, lower = session.values.metre if session is not None else (4, 4)
            return 4 * upper / lower

        stack.callback(LinkFollower(follow, transport, server.now, bar).close)


def _arguments(options: Options, port: int) -> list[str]:
    """What a fellow is called with to be like this server, without its MIDI ports."""
    given = ["--osc-port", str(port), "--reply-source", "--no-midi", "--mode", options.mode]
    given += ["--model", options.model]
    for name, wanted in (("--listen", options.listen), ("--link", options.link)):
        given += [name] if wanted else []
    for name, value in (("--tempo", options.tempo), ("--files", options.files)):
        given += [] if value is None else [name, str(value)]
    return given + (["--no-log"] if options.logs is None else ["--log", str(options.logs)])


@contextlib.contextmanager
def open_room(options: Options, predictor: Predictor) -> Iterator[Room]:
    """A room with the network in it, ready to run."""
    studio = InferenceScheduler(predictor)
    studio.warm_up()
    with contextlib.ExitStack() as stack:
        yield Room(options, studio.mind, studio, stack)


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


def end_left_behind(udp: socket.socket | None = None) -> list[str]:
    """End what an earlier process, killed on the spot, left sounding.

    Returns:
        The destinations to which ends were sent.
    """
    done = []
    own = None
    if udp is None:
        own = udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for destination, keys in left_behind():
        kind, _, where = destination.partition(" ")
        if kind == "osc":
            address, _, port = where.rpartition(" ")
            for channel, pitch in keys:
                packet = encode("/composer/play", (pitch, 0, channel + 1))
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    udp.sendto(packet, (address, int(port)))
        elif kind == "midi":
            _end_midi(where, keys)
        done.append(destination)
    if own is not None:
        own.close()
    return done


def _end_midi(port: str, keys: list[tuple[int, int]]) -> None:
    from composer.errors import ComposerError

    try:
        from composer.live.wire.midi_port import silence_port

        silence_port(port, keys)
    except ComposerError as error:  # the port is gone, and with it what sounded
        logger.warning("%s: %s", port, error)


def wake_up_jitter(seconds: float = 1.0, step: float = 0.005) -> tuple[float, float]:
    """How late this computer wakes a program that waits: median and 99 %, in seconds."""
    late = []
    start = time.perf_counter()
    due = start
    while due < start + seconds:
        due += step
        time.sleep(max(due - time.perf_counter(), 0.0))
        late.append(time.perf_counter() - due)
    late.sort()
    return late[len(late) // 2], late[min(int(len(late) * 0.99), len(late) - 1)]


def on_windows() -> bool:
    """Whether this is Windows, which has no virtual MIDI ports of its own."""
    return sys.platform == "win32"
