"""View: what was heard, what is coming, and how things stand, for whoever looks on.

On a terminal a few lines that are drawn again and again; elsewhere a plain line for each
turn. It reads the server's state on the server's own thread and draws on another.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from composer.live.router import MAIN

if TYPE_CHECKING:
    from composer.live.serve import Room

EVERY = 0.25
"""Seconds between two drawings."""
PATIENCE = 2.0

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_name(pitch: int) -> str:
    """As musicians write it: 60 is C4."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at a room.

    Attributes:
        mode: Of the main session, or of the one that plays.
        tempo: Beats per minute; 0 in free time.
        running: Whether the transport runs.
        heard: Notes of the phrase so far.
        sounding: Pitches that sound.
        waiting: Beginnings and ends still to come.
        playing: Id of the reply that plays, 0 for none.
        sessions: How many there are.
        late: Milliseconds by which notes left late, median and 99 %.
        dropped: Notes left out because they came too late.
    """

    mode: str
    tempo: float
    running: bool
    heard: int
    sounding: tuple[int, ...]
    waiting: int
    playing: int
    sessions: int
    late: tuple[float, float]
    dropped: int

    def lines(self) -> list[str]:
        """For a terminal."""
        tempo = f"{self.tempo:.1f} BPM" if self.tempo else "free time"
        if not self.running:
            tempo += ", stopped"
        sounding = " ".join(pitch_name(pitch) for pitch in self.sounding) or "-"
        doing = f"playing reply {self.playing}" if self.playing else "listening"
        return [
            f"{self.mode} · {tempo} · {doing}",
            f"heard {self.heard} · coming {self.waiting} · sounding {sounding}",
            f"sessions {self.sessions} · notes late: median {self.late[0]:.2f} ms, "
            f"99 % {self.late[1]:.2f} ms · dropped {self.dropped}",
        ]


def glance(room: Room) -> Glance:
    """Look; on the server's thread only."""
    server = room.server
    sessions = server.engine.sessions
    playing = [s for s in sessions.values() if s.reply is not None and s.reply.committed]
    session = playing[0] if playing else sessions[MAIN]
    late = server.lateness()
    reply = session.reply
    return Glance(
        mode=session.mode,
        tempo=session.timeline.bpm if session.timeline.kind == "beats" else 0.0,
        running=session.timeline.running,
        heard=session.phrases.count,
        sounding=tuple(sorted(pitch for _, pitch in session.schedule.sounding)),
        waiting=len(session.schedule),
        playing=reply.number if reply is not None and reply.committed else 0,
        sessions=len(sessions),
        late=(1000 * late[0], 1000 * late[1]),
        dropped=sum(s.schedule.dropped for s in sessions.values()),
    )


@contextlib.contextmanager
def view_of(room: Room, *, shown: bool = True) -> Iterator[None]:
    """Show a room while this lasts."""
    if not shown:
        yield
        return
    ended = threading.Event()
    draw = _draw if sys.stderr.isatty() else _write
    thread = threading.Thread(target=draw, args=(room, ended), name="composer view", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=PATIENCE)


def _look(room: Room, ended: threading.Event) -> Glance | None:
    """A glance, fetched from the server's thread; None when that is over."""
    found: list[Glance] = []
    there = threading.Event()

    def look(now: float) -> None:
        found.append(glance(room))
        there.set()

    room.server.post(look)
    while not there.wait(0.1):
        if ended.is_set():
            return None
    return found[0]


def _draw(room: Room, ended: threading.Event) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        while not ended.wait(EVERY):
            now = _look(room, ended)
            if now is not None:
                live.update(Text("\n".join(now.lines())), refresh=True)


def _write(room: Room, ended: threading.Event) -> None:
    """A line whenever composer begins to play or falls silent."""
    before = 0
    while not ended.wait(EVERY):
        now = _look(room, ended)
        if now is not None and now.playing != before:
            before = now.playing
            print(now.lines()[0], file=sys.stderr, flush=True)
