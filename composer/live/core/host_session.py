"""Host session: what it does to a session that its host is somewhere. No I/O.

Conventions:
    Moments and places as in `composer.live.core.host_line`.
"""

from __future__ import annotations

from composer.encoding.events import TICKS_PER_BEAT
from composer.live.core.host_line import HostLine, HostPosition
from composer.live.core.session import Session
from composer.music.beat_grid import BEATS

MOST_STEPS = 256
"""Deadlines between two moments of the host that are kept to; beyond, they are passed over."""


def follow(session: Session, line: HostLine, position: HostPosition) -> None:
    """The host is somewhere: let the session's time run up to there, and take that over."""
    now = max(position.moment, line.moment)
    _run(session, now)
    line.moment, line.active = now, True
    if position.epoch != line.epoch:
        session.silence(now)
        line.epoch = position.epoch
    if position.metre != session.values.metre:
        session.set(now, "metre", "{}/{}".format(*position.metre))
    if not position.running:
        session.transport(now, False)
        return
    session.transport(now, True)
    if position.bpm > 0:
        session.follow(now, position.beat * TICKS_PER_BEAT, position.bpm)
    elif session.timeline.kind == BEATS:
        session.tempo(now, 0.0)


def restart(session: Session, now: float) -> None:
    """Forget all that was played, and where the beats lay: what follows owes them nothing."""
    session.reset(now)
    timeline = session.timeline
    running, bpm = timeline.running, timeline.bpm if timeline.kind == BEATS else None
    timeline.restart(now, bpm, session.values.metre)
    if not running:
        timeline.stop(now)


def _run(session: Session, now: float) -> None:
    """Do what is due up to a moment, each at its own."""
    for _ in range(MOST_STEPS):
        due = session.deadline()
        if due > now:
            return
        session.update(due)
        if session.deadline() <= due:
            return  # it waits for the network
