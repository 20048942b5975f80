"""What plug-ins send over OSC, and where they are answered, without a socket."""

from __future__ import annotations

import math

import pytest
from live.scripted import Echo

from composer.live.core.output import Double, Output, Tell
from composer.live.core.sessions import Sessions
from composer.live.wire.osc_codec import Message, encode, parse
from composer.live.wire.osc_router import Router

ONE, OTHER = ("127.0.0.1", 5000), ("127.0.0.1", 5001)
SIZE = {"bpm": 120.0, "upper": 4, "lower": 4, "running": 1, "epoch": 1}


class Wire:
    """A router that answers at one port, as `composer serve` does if nothing else is said."""

    def __init__(self) -> None:
        self.engine = Sessions(Echo)
        self.router = Router(self.engine)

    def send(self, source: tuple[str, int], address: str, *arguments: object) -> list[object]:
        message = Message("/composer/" + address, arguments)  # type: ignore[arg-type]
        self.router.receive(1e9, source, message)  # the server's clock is another one
        return [(to, address, *values) for to, address, values in self.router.take_replies()]

    def here(self, source: tuple[str, int], moment: float, beat: float, **other: float) -> object:
        return self.send(source, "host", moment, beat, *(SIZE | other).values())

    def outputs(self) -> list[tuple[object, Output]]:
        return [(key, o) for key, some in self.router.take_outputs() for o in some]


def test_every_plug_in_has_a_session_of_its_own_and_is_answered_where_it_sends_from() -> None:
    wire = Wire()
    assert wire.here(ONE, 0.0, 0.0) == [(ONE, "/composer/host/new", 1)]
    assert wire.here(OTHER, 0.0, 0.0, epoch=7) == [(OTHER, "/composer/host/new", 7)]
    assert wire.here(ONE, 0.1, 0.2) == []
    keys = set(wire.engine.sessions)
    assert keys == {"plug-in 127.0.0.1:5000", "plug-in 127.0.0.1:5001"}
    assert wire.send(ONE, "ping", 3) == [(ONE, "/composer/pong", 3)]
    for key, source in zip(sorted(keys), (ONE, OTHER), strict=True):
        assert list(wire.router.clients.listeners(key)) == [source]


def test_notes_count_at_the_moment_that_the_host_told_last() -> None:
    wire = Wire()
    wire.here(ONE, 0.0, 0.0)
    wire.send(ONE, "note", 60, 100)
    wire.here(ONE, 0.5, 1.0)
    wire.send(ONE, "noteoff", 60)
    wire.here(ONE, 1.2, 2.4)
    notes = [o.arguments for _, o in wire.outputs() if isinstance(o, Tell)]
    assert notes == [(1, 2.0, 1.0, 72, 100, 1)]


def test_parameters_are_a_plug_ins_own() -> None:
    wire = Wire()
    wire.here(ONE, 0.0, 0.0)
    wire.here(OTHER, 0.0, 0.0)
    wire.send(ONE, "set", "density", 5)
    assert wire.send(ONE, "get", "density") == [(ONE, "/composer/status", "density", 5.0)]
    assert wire.send(OTHER, "get", "density") == [(OTHER, "/composer/status", "density", 0.0)]


def test_a_plug_in_that_closes_ends_its_session_and_no_other() -> None:
    wire = Wire()
    wire.here(ONE, 0.0, 0.0)
    wire.send(OTHER, "note", 60, 100)
    wire.send(ONE, "host/close")
    wire.send(OTHER, "host/close")
    assert wire.router.take_ended() == ["plug-in 127.0.0.1:5000"]
    assert wire.router.take_ended() == []


def test_a_session_that_is_forgotten_begins_anew() -> None:
    wire = Wire()
    wire.here(ONE, 0.0, 0.0)
    wire.router.close("plug-in 127.0.0.1:5000", 0.0)
    wire.router.forget("plug-in 127.0.0.1:5000")
    assert wire.here(ONE, 5.0, 0.0, epoch=3) == [(ONE, "/composer/host/new", 3)]


def test_after_a_restart_beats_begin_where_the_host_says() -> None:
    wire = Wire()
    wire.here(ONE, 0.0, 0.0)
    wire.send(ONE, "note", 60, 100)
    assert wire.send(ONE, "host/restart") == [(ONE, "/composer/ok", "/composer/host/restart")]
    session = wire.engine.sessions["plug-in 127.0.0.1:5000"]
    assert session.heard == 0
    wire.here(ONE, 0.1, 5.5)
    assert session.timeline.host_tick(session.timeline.tick(0.1)) == 5.5 * 24


@pytest.mark.parametrize(
    "wrong",
    [{"bpm": 5.0}, {"bpm": 500.0}, {"upper": 0}, {"lower": 3}, {"running": 2}, {"epoch": -1}],
)
def test_a_position_that_cannot_be_is_refused_and_begins_nothing(wrong: dict[str, float]) -> None:
    wire = Wire()
    [(_, address, *_)] = wire.here(ONE, 0.0, 0.0, **wrong)  # type: ignore[misc]
    assert address == "/composer/error"
    assert not wire.engine.sessions


def test_a_moment_that_is_no_number_is_refused() -> None:
    wire = Wire()
    [(_, address, *_)] = wire.here(ONE, math.nan, 0.0)  # type: ignore[misc]
    assert address == "/composer/error"


def test_time_does_not_run_backwards() -> None:
    wire = Wire()
    wire.here(ONE, 5.0, 0.0)
    wire.here(ONE, 3.0, 0.0)
    assert wire.engine.moment("plug-in 127.0.0.1:5000", 0.0) == 5.0


def test_places_keep_all_their_digits_on_the_wire() -> None:
    place = 12345.0416666666667
    [message] = parse(encode("/composer/host/note", (1, Double(place), Double(0.5), 60, 90, 1)))
    assert message.arguments == (1, place, 0.5, 60, 90, 1)
