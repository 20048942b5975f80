"""Console view: what was heard, what is coming and how things stand, on the terminal.

On a terminal a few lines that are drawn again and again; elsewhere a plain line for each
turn. It reads the server's state on the server's own thread and draws on another.
"""

from __future__ import annotations

import contextlib
import logging
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import SettingError
from composer.live.console_keys import keys_to
from composer.live.core.marks import AGAIN, say
from composer.live.core.session import Session
from composer.live.core.session_log import DISLIKE, LIKE
from composer.live.core.sessions import SessionKey, Sessions
from composer.live.wire.osc_clients import MAIN
from composer.music.beat_grid import BEATS
from composer.music.pitch_names import pitch_name

if TYPE_CHECKING:
    from composer.live.app import App

EVERY = 0.25
"""Seconds between two drawings."""
PATIENCE = 2.0
COMING = 12
"""Notes to come that are shown."""
KEYS = {"l": LIKE, "+": LIKE, "d": DISLIKE, "-": DISLIKE, "a": AGAIN}
"""What a key says of the last reply."""
KEY_LINE = "keys      l like · d dislike · a again"


def _names(pitches: Sequence[int]) -> str:
    return " ".join(pitch_name(pitch) for pitch in pitches)


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at a server.

    Attributes:
        mode: Of the session that plays, or else of the one heard from last.
        tempo: Beats per minute; 0 in free time.
        running: Whether the transport runs.
        beat: Where in the music, from beat 0 on; None in free time.
        heard: Notes of the phrase so far.
        played: Pitches that the player struck last.
        sounding: Pitches that sound.
        coming: Pitches that composer is about to play.
        playing: Id of the reply that plays, 0 for none.
        last: Moment at which the last reply of anyone began, and its id.
        sessions: How many there are; the main one counts when something was played in it.
        late: Milliseconds by which notes left late, median and 99 %.
        dropped: Notes left out because they came too late.
    """

    mode: str
    tempo: float
    running: bool
    beat: float | None
    heard: int
    played: tuple[int, ...]
    sounding: tuple[int, ...]
    coming: tuple[int, ...]
    playing: int
    last: tuple[float, int]
    sessions: int
    late: tuple[float, float]
    dropped: int

    def lines(self) -> list[str]:
        """For a terminal."""
        tempo = f"{self.tempo:.1f} BPM" if self.tempo else "free time"
        if not self.running:
            tempo += ", stopped"
        if self.beat is not None and self.running:
            tempo += f", beat {int(self.beat)}"
        doing = f"playing reply {self.playing}" if self.playing else "listening"
        if self.heard:
            doing += f", {self.heard} notes heard" if self.heard > 1 else ", a note heard"
        return [
            f"{self.mode} · {tempo} · {doing}",
            f"you       {_names(self.played)}",
            f"composer  [{_names(self.sounding)}] {_names(self.coming)}",
            f"sessions {self.sessions} · notes late: median {self.late[0]:.2f} ms, "
            f"99 % {self.late[1]:.2f} ms · dropped {self.dropped}",
        ]


def glance(app: App) -> Glance:
    """Look; on the server's thread only."""
    server = app.server
    if not server.engine.sessions:  # closed after an error, say
        server.engine.session(MAIN, server.now())
    sessions = server.engine.sessions
    session = sessions[_shown(server.engine)]
    late = server.lateness.figures()
    timeline = session.timeline
    return Glance(
        mode=session.mode,
        tempo=timeline.bpm if timeline.kind == BEATS else 0.0,
        running=timeline.running,
        beat=timeline.tick(server.now()) / TICKS_PER_BEAT if timeline.kind == BEATS else None,
        heard=session.phrases.count,
        played=tuple(session.phrases.pitches),
        sounding=tuple(sorted(pitch for _, pitch in session.schedule.sounding)),
        coming=tuple(session.schedule.coming(COMING)),
        playing=session.player.playing,
        last=max((s.player.answered, s.turn) for s in sessions.values()),
        sessions=sum(1 for key, s in sessions.items() if key != MAIN or s.heard or s.turn),
        late=(1000 * late[0], 1000 * late[1]),
        dropped=sum(s.schedule.dropped for s in sessions.values()),
    )


def _shown(engine: Sessions) -> SessionKey:
    """The session that is looked at: the one that was answered or heard last."""
    sessions = engine.sessions
    playing = [key for key, one in sessions.items() if one.player.playing]
    if playing:
        return max(playing, key=lambda key: sessions[key].player.answered)
    return max(sessions, key=lambda key: sessions[key].seen)


def press(app: App, key: str) -> None:
    """A key was pressed: say what it means of the last reply of the session that is shown."""
    word = KEYS.get(key.lower())
    if word is None:
        return

    def act(session: Session, now: float) -> None:
        try:
            app.say(say(session, now, word))
        except SettingError as error:
            app.say(str(error).capitalize())

    def pressed(now: float) -> None:
        del now
        if app.server.engine.sessions:
            app.server.act(_shown(app.server.engine), act, seen=False)

    app.server.post(pressed)


@contextlib.contextmanager
def view_of(app: App, *, shown: bool = True) -> Iterator[None]:
    """Show an app while this lasts."""
    if not shown:
        yield
        return
    ended = threading.Event()
    draw = _draw if sys.stderr.isatty() else _write
    thread = threading.Thread(target=draw, args=(app, ended), name="composer view", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=PATIENCE)


def _look(app: App, ended: threading.Event) -> Glance | None:
    """A glance, fetched from the server's thread; None when that is over."""
    found: list[Glance] = []
    there = threading.Event()

    def look(now: float) -> None:
        found.append(glance(app))
        there.set()

    app.server.post(look)
    while not there.wait(0.1):
        if ended.is_set():
            return None
    return found[0]


def _draw(app: App, ended: threading.Event) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False, markup=False)
    with (
        _notices(app) as notices,
        keys_to(lambda key: press(app, key)) as keys,
        Live(console=console, auto_refresh=False, transient=True) as live,
    ):
        while not ended.wait(EVERY):
            now = _look(app, ended)
            while not notices.empty():
                console.print(notices.get())  # above the picture, and not through it
            if now is not None:
                # Cut, not wrapped: a line more or less would make the picture jump.
                lines = [*now.lines(), KEY_LINE] if keys else now.lines()
                text = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
                live.update(text, refresh=True)


class _Handler(logging.Handler):
    """Puts what is logged where it is printed between two pictures."""

    def __init__(self, notices: SimpleQueue[str]) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        self._notices = notices

    def emit(self, record: logging.LogRecord) -> None:
        self._notices.put(self.format(record))


@contextlib.contextmanager
def _notices(app: App) -> Iterator[SimpleQueue[str]]:
    """What is said and logged while this lasts, instead of on standard error."""
    notices: SimpleQueue[str] = SimpleQueue()
    log, say = logging.getLogger("composer"), app.say
    usual, log.handlers = log.handlers, [_Handler(notices)]
    app.say = notices.put
    try:
        yield notices
    finally:
        app.say, log.handlers = say, usual
        while not notices.empty():
            say(notices.get())


def _write(app: App, ended: threading.Event) -> None:
    """A line whenever composer begins to play or falls silent."""
    playing, last = 0, -math.inf
    while not ended.wait(EVERY):
        now = _look(app, ended)
        if now is None:
            continue
        moment, number = now.last
        if moment > last and not now.playing:  # begun and over since the last look
            print(replace(now, playing=number).lines()[0], file=sys.stderr)
        if now.playing != playing or moment > last:
            print(now.lines()[0], file=sys.stderr, flush=True)
        playing, last = now.playing, max(moment, last)
