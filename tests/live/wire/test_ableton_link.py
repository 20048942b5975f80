"""Ableton Link: who is there, and a host whose tempo stays its own."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
import time
import types

import pytest

from composer.live.core.clock import SystemClock
from composer.live.wire.ableton_link import (
    ALIVE,
    BYE,
    GONE,
    GROUP,
    HEADER,
    SETTLED,
    LinkFollower,
    Presence,
)

THERE, LEFT = HEADER + bytes([ALIVE]) + bytes(99), HEADER + bytes([BYE]) + bytes(11)


def test_only_who_has_been_there_for_a_while_is_joined() -> None:
    presence = Presence()
    assert not presence.settled(0.0)
    presence.hear(0.0, THERE)
    assert not presence.settled(0.9 * SETTLED)
    presence.hear(0.9 * SETTLED, THERE)
    assert presence.settled(SETTLED)
    assert not presence.settled(SETTLED + GONE)


def test_who_leaves_or_comes_back_is_new() -> None:
    presence = Presence()
    presence.hear(0.0, THERE)
    presence.hear(2.0, LEFT)
    assert not presence.settled(2.0)
    presence.hear(3.0, THERE)
    presence.hear(3.0 + 1.5 * GONE, THERE)  # something was lost on the way, or it began anew
    assert not presence.settled(3.0 + 1.5 * GONE)


@pytest.mark.parametrize("packet", [b"", HEADER, b"_asdp_v\x02\x01", b"/composer/ping", LEFT])
def test_other_messages_are_nobody(packet: bytes) -> None:
    presence = Presence()
    presence.hear(0.0, packet)
    presence.hear(SETTLED, packet)
    assert not presence.settled(SETTLED)


def test_a_thread_that_fails_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    library = types.ModuleType("aalink")

    def fail(*given: object) -> None:
        raise RuntimeError("no such session")

    library.Link = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aalink", library)
    follower = LinkFollower(lambda *row: None, lambda now, playing: None, SystemClock().now)
    end = time.monotonic() + 60
    while "followed no longer" not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.005)
    follower.close()
    assert "no such session" in caplog.text


def multicast() -> bool:
    """Whether this machine lets a program listen to the group in which Link hosts meet."""
    group = socket.inet_aton(GROUP) + socket.inet_aton("0.0.0.0")  # on any network
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as joining:
            joining.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    except OSError:
        return False
    return sys.platform != "win32"


@pytest.mark.skipif(importlib.util.find_spec("aalink") is None, reason="aalink is not installed")
@pytest.mark.skipif(not multicast(), reason="no multicast here")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("beats", [4.0, 3.0])
def test_a_host_that_comes_later_keeps_its_tempo_and_its_bars(beats: float) -> None:
    clock = SystemClock()
    heard: list[tuple[float, float, float]] = []
    follower = LinkFollower(
        lambda *row: heard.append(row), lambda now, playing: None, clock.now, lambda: beats
    )
    try:

        async def host() -> float:
            import aalink

            member = aalink.Link(97.0)
            member.quantum = beats
            member.enabled = True
            while not heard:
                await asyncio.sleep(0.05)
            tempo = float(member.tempo)
            # Both say the same place in the bar, as exactly as they can be asked at once.
            agreed = 0
            while agreed < 5:
                await asyncio.sleep(0.05)
                moment, tick, bpm = heard[-1]
                there = tick / 24 + (clock.now() - moment) * bpm / 60
                apart = (there - member.beat + beats / 2) % beats - beats / 2
                agreed = agreed + 1 if abs(apart) < 0.3 else 0
            member.tempo = 88.0
            while abs(heard[-1][2] - 88.0) > 0.01:
                await asyncio.sleep(0.05)
            member.enabled = False
            return tempo

        assert asyncio.run(host()) == pytest.approx(97.0)
        assert heard[0][2] == pytest.approx(97.0)
    finally:
        follower.close()
