"""OSC host: what a plug-in in a DAW sends of its host, and what that does to its session.

Conventions:
    Moments are seconds on the host's clock; see `composer.live.core.host_line`.
"""

from __future__ import annotations

from composer.errors import SettingError
from composer.live.core.host_line import HostPosition
from composer.live.core.host_session import restart as restart_session
from composer.live.core.parameters import find
from composer.live.wire.osc_request import Request


def host(
    request: Request,
    moment: float,
    host_beat: float,
    bpm: float,
    upper: int,
    lower: int,
    running: int,
    epoch: int,
    waits: int = 0,
) -> None:
    """A plug-in says where its host is; what it sends afterwards is at that moment."""
    if 0 < bpm < 10:
        raise SettingError(f"tempo is {bpm:g}, must be 10 to 400, or 0 for free time")
    find("metre").check(f"{upper}/{lower}")
    position = HostPosition(moment, host_beat, bpm, (upper, lower), bool(running), epoch)
    engine, clients = request.shared.engine, request.shared.clients
    key = clients.host(request.source)
    try:
        new = engine.follow_host(key, position, waits=bool(waits))
    except SettingError:
        clients.forget(key)
        raise
    clients.listen(key, request.source)
    request.used, request.now = key, engine.moment(key, moment)
    if new:
        request.reply("host/new", epoch)


def restart(request: Request) -> None:
    """A plug-in's host begins a performance that owes nothing to the one before."""
    if (session := request.existing()) is not None:
        restart_session(session, request.now)


def close(request: Request) -> None:
    """A plug-in is taken off its track."""
    if request.key in request.shared.engine.hosts:
        request.shared.ended.append(request.key)
