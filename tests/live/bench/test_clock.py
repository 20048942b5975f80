"""The bench of MIDI clocks: hosts, and replies held against their grids."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from live.running import PATIENCE
from live.scripted import Echo

from composer.live.app import App, Options
from composer.live.bench.clock import BAR, KINDS, STALL, Host, Replies, clock_lines, follow


def host(kind: str, seconds: float = 60.0) -> Host:
    return Host.make(kind, 10.0, seconds, random.Random(1))


def test_a_steady_host_sends_24_pulses_a_beat() -> None:
    steady = host("steady")
    assert steady.grid[:3] == pytest.approx([10.0, 10 + 1 / 48, 10 + 2 / 48])
    assert (steady.sent == steady.grid).all()
    assert steady.beat(11.25) == pytest.approx(2.5)
    assert steady.beat_seconds(2.5) == pytest.approx(0.5)


def test_jitter_stall_and_steps() -> None:
    late = host("jitter").sent - host("jitter").grid
    assert 0.002 < np.abs(late).max() <= 0.003
    stalled = np.diff(host("stall").sent)
    assert STALL <= stalled.max() < STALL + 2 / 48
    assert (host("stall").sent >= host("stall").grid).all()
    steps = host("steps")
    assert steps.beat_seconds(1.0) == pytest.approx(0.5)
    assert steps.beat_seconds(17.0) == pytest.approx(60 / 126)


def test_offsets_by_hand() -> None:
    """A reply at the bar line of beat 4 (12 s), and one at beat 9 (14.5 s)."""
    replies = Replies(
        starts={1: BAR, 2: 1},
        notes={1: [(60, 0.0), (62, 1.5)], 2: [(60, 0.25)]},
        plays=[(12.010, 12.002, 60), (12.75, 12.749, 62), (14.630, 14.626, 60), (15.0, 15.0, 99)],
    )
    rows = list(replies.offsets(host("steady")))
    assert [number for number, _, _ in rows] == [1, 1, 2]
    assert [planned for _, planned, _ in rows] == pytest.approx([0.002, -0.001, 0.001])
    assert [sent for _, _, sent in rows] == pytest.approx([0.010, 0.0, 0.005])


@pytest.mark.slow
def test_a_server_follows_a_steady_host() -> None:
    import contextlib

    with contextlib.ExitStack() as stack:
        app = App(Options(osc_port=0, reply_port=None), Echo, None, stack)
        thread = threading.Thread(target=app.server.run)
        thread.start()
        try:
            figures = follow(app, "steady", 25.0)
        finally:
            app.server.stop()
            thread.join(timeout=PATIENCE)
    assert figures["replies"] == 2
    assert figures["planned"]["count"] >= 8
    assert figures["planned"]["median"] < 20.0
    assert figures["waking"]["count"] > 0


def test_lines() -> None:
    some = {"median": 0.5, "p99": 1.0, "max": 2.0, "count": 7}
    figures = {"replies": 3, "on_the_beat": 2, "planned": some, "sent": some, "bias_ms": 0.1}
    figures["waking"] = some | {"p99": 4.25}
    result = {"seconds": 60.0, "clocks": dict.fromkeys(KINDS, figures)}
    lines = list(clock_lines(result))
    assert len(lines) == 5
    assert "waking: 99 %    4.250" in lines[1]
    assert "replies on the beat 2 of 3" in lines[1]
