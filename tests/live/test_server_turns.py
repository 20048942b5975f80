"""The server's loop, turn by turn, in fake time and without a socket."""

from __future__ import annotations

import struct

import pytest
from live.fake_time import BEGAN, FakeTime
from live.scripted import Echo, Organ

from composer.live.core.improviser import ProposedNote
from composer.live.core.scheduler import Play
from composer.live.core.session import Session
from composer.live.link_sessions import AT_ONCE, LinkSessions
from composer.live.wire.osc_codec import encode

OTHER = ("127.0.0.1", 5001)


def play_a_note(server: FakeTime, at: float, source: tuple[str, int] = ("127.0.0.1", 5000)) -> None:
    """Half a second of C, to be answered by the C above it when it is over."""
    server.at(at, "note", 60, 100, source=source)
    server.at(at + 0.5, "note", 60, 0, source=source)
    server.at(at + 0.5, "phrase/end", source=source)


def test_a_phrase_and_its_answer_to_the_millisecond() -> None:
    server = FakeTime()
    play_a_note(server, 1.0)
    server.until(5.0)
    assert server.plays == [(1.5, (72, 100, 1)), (2.0, (72, 0, 1))]


def test_one_who_joins_another_session_is_sent_the_end_of_what_sounds() -> None:
    server = FakeTime()
    play_a_note(server, 1.0)
    server.at(1.7, "session", "elsewhere")
    server.until(5.0)
    assert server.plays == [(1.5, (72, 100, 1)), (1.7, (72, 0, 1))]


class Slow(Echo):
    """Notes down when it heard what."""

    moments: list[int]

    def note_on(self, tick: int, *row: int, **more: int) -> int:
        self.moments = [*getattr(self, "moments", []), tick]
        return super().note_on(tick, *row, **more)


def test_a_message_counts_from_when_it_came_not_from_when_it_is_read() -> None:
    improviser = Slow()
    server = FakeTime(lambda: improviser)
    server.at(0.0, "set", "temperature", 0.5)
    server.until(0.1)
    server.at(1.0, "note", 60, 100)
    server.clock.time = 1.04  # the loop was held up
    server.until(1.5)
    assert improviser.moments == [100]  # hundredths of a second since the session began


def test_a_dated_message_is_heeded_at_its_moment() -> None:
    server = FakeTime()
    inside = encode("/composer/ping", (7,))
    stamp = struct.pack(">Q", int((BEGAN + 6 + 2_208_988_800) * 2**32))
    server.wire.at(1.0, b"#bundle\0" + stamp + struct.pack(">i", len(inside)) + inside)
    server.until(8.0)
    assert server.heard("pong") == [(6.0, (7,))]


def test_a_date_too_far_ahead_is_not_believed() -> None:
    server = FakeTime()
    inside = encode("/composer/ping", (7,))
    stamp = struct.pack(">Q", int((BEGAN + 20 + 2_208_988_800) * 2**32))
    server.wire.at(1.0, b"#bundle\0" + stamp + struct.pack(">i", len(inside)) + inside)
    server.until(2.0)
    assert server.heard("pong") == [(1.0, (7,))]


# What goes wrong is the fault of where it came from.


def test_an_error_in_what_is_handed_in_closes_nobodys_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = FakeTime(Organ)
    play_a_note(server, 0.0)
    server.until(1.0)
    assert [arguments[:2] for _, arguments in server.plays] == [(72, 100)]
    server.server.post(lambda now: 1 / 0)
    server.until(2.0)
    assert "ZeroDivisionError" in caplog.text
    assert list(server.engine.sessions) == ["127.0.0.1:5000"]
    assert len(server.plays) == 1  # it still sounds


class Broken:
    """A MIDI port that fails."""

    def play(self, play: Play) -> None:
        raise OSError("unplugged")

    def control(self, control: object) -> None:
        raise OSError("unplugged")


def test_a_port_that_fails_closes_nobodys_session(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeTime()
    server.server.player = Broken()
    server.at(0.0, "session", "main")
    play_a_note(server, 0.1)
    server.until(3.0)
    assert len(server.plays) == 2
    assert "unplugged" in caplog.text
    assert list(server.engine.sessions) == ["main"]


class Failing(Echo):
    """Has a fault whenever it is asked for notes."""

    def take(self) -> list[ProposedNote]:
        raise RuntimeError("out of order")


def test_an_error_in_a_session_closes_that_one() -> None:
    improvisers = iter([Failing(), Organ()])
    server = FakeTime(lambda: next(improvisers))
    server.at(0.0, "set", "temperature", 0.5)
    play_a_note(server, 0.1, OTHER)
    server.until(0.2)
    play_a_note(server, 0.3)
    server.until(3.0)
    assert list(server.engine.sessions) == ["127.0.0.1:5001"]
    assert [a[:2] for _, a in server.heard("play", OTHER)] == [(72, 100)]


def test_an_act_that_fails_closes_the_session_it_was_meant_for() -> None:
    server = FakeTime()
    server.at(0.0, "set", "temperature", 0.5)
    server.at(0.1, "set", "temperature", 0.5, source=OTHER)
    server.until(1.0)

    def fail(session: Session, now: float) -> None:
        raise RuntimeError("out of order")

    server.server.act("127.0.0.1:5000", fail)
    assert list(server.engine.sessions) == ["127.0.0.1:5001"]


# The network beside the music.


class Busy:
    """A network that always has work, of three milliseconds a slice."""

    idle = crowded = in_cycle = False
    pressing = True
    improvisers = 1

    def __init__(self) -> None:
        self.slices: list[float] = []
        self.failed: list[Echo] = []
        self.server: FakeTime | None = None

    def begin_cycle(self, late: bool = False) -> None:
        pass

    def step(self) -> list[Echo]:
        assert self.server is not None
        self.slices.append(self.server.clock.time)
        self.server.clock.time += 0.003
        return []

    def remove(self, improviser: object) -> None:
        pass


def test_the_network_does_not_starve_where_something_is_always_about_to_be_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Busy()
    server = network.server = FakeTime(network=network)
    monkeypatch.setattr(server.engine, "deadline", lambda: server.clock.time + 0.001)
    server.until(0.1)
    # A slice of 3 ms, and then 2 ms for the notes that are due: a slice every 5 ms or so.
    apart = [b - a for a, b in zip(network.slices, network.slices[1:], strict=False)]
    assert len(apart) > 10
    assert max(apart) == pytest.approx(0.006, abs=0.0011)
    assert min(apart) >= 0.005


def test_hundreds_of_sessions_are_moved_by_link_a_few_at_a_time() -> None:
    server = FakeTime()
    sources = [("127.0.0.1", 6000 + number) for number in range(3 * AT_ONCE + 1)]
    for source in sources:
        server.at(0.0, "set", "temperature", 0.5, source=source)
    play_a_note(server, 0.2)
    server.until(0.699)  # the answer is due at 0.7
    moved: list[int] = []
    LinkSessions(server.server).follow(0.699, 24.0, 120.0)
    while len(moved) < 5:
        server.server.turn()
        moved.append(sum(s.timeline.kind == "beats" for s in server.engine.sessions.values()))
    assert max(b - a for a, b in zip([0, *moved], moved, strict=False)) <= AT_ONCE
    server.until(1.0)
    kinds = {session.timeline.kind for session in server.engine.sessions.values()}
    assert kinds == {"beats"}
