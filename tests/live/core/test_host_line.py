"""A session on the clock of a host: what it is told, and what it tells, without a wire."""

from __future__ import annotations

import math

import pytest
from live.scripted import Echo, Organ

from composer.live.core.host_line import HostPosition
from composer.live.core.host_session import restart
from composer.live.core.output import Output, Tell
from composer.live.core.scheduler import Play
from composer.live.core.sessions import Sessions


class Host:
    """A host that goes on ten milliseconds at a time, at a tempo or in free time."""

    def __init__(self, improviser: Echo | None = None, bpm: float = 120.0) -> None:
        self.improviser = improviser or Echo()
        self.engine = Sessions(lambda: self.improviser, logs=True)
        self.moment, self.beat, self.bpm = 0.0, 0.0, bpm
        self.epoch, self.running, self.metre = 1, True, (4, 4)
        self.outputs: list[Output] = []
        self.here()

    def here(self, *, waits: bool = False) -> bool:
        at = HostPosition(self.moment, self.beat, self.bpm, self.metre, self.running, self.epoch)
        new = self.engine.follow_host("plug-in", at, waits=waits)
        self.outputs += self.engine.touch("plug-in", self.moment)
        return new

    def until(self, moment: float) -> None:
        while self.moment < moment - 1e-9:
            self.moment += 0.01
            self.beat += 0.01 * self.bpm / 60
            self.here()

    @property
    def session(self):  # type: ignore[no-untyped-def]
        return self.engine.sessions["plug-in"]

    def phrase(self) -> None:
        """C for a beat from beat 0, and the silence after it."""
        self.session.note_on(self.moment, 60, 100, 0)
        self.until(0.5)
        self.session.note_off(self.moment, 60, 0)
        self.until(1.6)

    def told(self, address: str) -> list[tuple[object, ...]]:
        return [
            output.arguments
            for output in self.outputs
            if isinstance(output, Tell) and output.address == address
        ]


def test_notes_are_told_ahead_by_the_beats_of_the_host() -> None:
    host = Host()
    host.phrase()
    # A beat of silence from beat 1: the answer begins on beat 2 and is told before it.
    assert host.told("host/note") == [(1, 2.0, 1.0, 72, 100, 1)]
    assert not [output for output in host.outputs if isinstance(output, Play)]
    assert not host.told("phrase/note")


def test_it_is_told_before_it_begins() -> None:
    host = Host()
    host.session.note_on(0.0, 60, 100, 0)
    host.until(0.5)
    host.session.note_off(0.5, 60, 0)
    host.until(0.95)
    assert not host.told("host/note")
    host.until(0.97)  # the silence is long enough at 1.0, where a beat lies
    assert host.told("host/note") == [(1, 2.0, 1.0, 72, 100, 1)]


def test_a_player_who_goes_on_before_it_begins_is_not_answered() -> None:
    host = Host()
    host.session.note_on(0.0, 60, 100, 0)
    host.until(0.5)
    host.session.note_off(0.5, 60, 0)
    host.until(0.98)
    host.session.note_on(host.moment, 62, 100, 0)
    host.here()
    assert host.told("host/silence") == [(1,)]
    assert host.session.phrases.count == 2


def test_places_count_as_the_host_counts_after_it_has_jumped() -> None:
    host = Host()
    host.until(0.3)
    host.beat, host.epoch = 64.0, 2
    host.here()
    begin = host.moment
    host.session.note_on(begin, 60, 100, 0)
    host.until(begin + 0.5)
    host.session.note_off(host.moment, 60, 0)
    host.until(begin + 1.6)
    [(epoch, place, *_)] = host.told("host/note")
    assert (epoch, place) == (2, pytest.approx(66.0))


def test_in_free_time_places_are_moments() -> None:
    host = Host(bpm=0.0)
    host.session.note_on(0.0, 60, 100, 0)
    host.until(0.5)
    host.session.note_off(0.5, 60, 0)
    host.until(3.0)
    [(_, place, length, *_)] = host.told("host/note")
    assert isinstance(place, float) and 0.9 <= place <= 2.0
    assert length == 0.5


def test_time_stands_until_the_host_goes_on() -> None:
    host = Host()
    host.phrase()
    assert host.engine.deadline() == math.inf
    assert list(host.engine.advance(1e6)) == []


def test_a_late_step_does_each_thing_at_its_own_moment() -> None:
    fine, coarse = Host(), Host()
    fine.phrase()
    coarse.session.note_on(0.0, 60, 100, 0)
    coarse.moment, coarse.beat = 0.5, 1.0
    coarse.here()
    coarse.session.note_off(0.5, 60, 0)
    coarse.moment, coarse.beat = 1.6, 3.2
    coarse.here()
    assert coarse.told("host/note") == fine.told("host/note")


@pytest.mark.parametrize("what", ["stop", "jump", "metre", "panic", "strike"])
def test_whatever_breaks_a_reply_off_silences_the_plug_in(what: str) -> None:
    host = Host(Organ())
    host.phrase()
    assert host.told("host/note") and not host.told("host/silence")
    if what == "stop":
        host.running = False
    elif what == "jump":
        host.epoch = 2
    elif what == "metre":
        host.metre = (3, 4)
    elif what == "panic":
        host.session.panic(host.moment)
    else:
        host.until(2.2)  # past what counts as a breath
        host.session.note_on(host.moment, 50, 90, 0)
    host.here()
    assert host.told("host/silence") == [(1,)]


def test_while_the_host_stands_nothing_is_heard() -> None:
    host = Host()
    host.running = False
    host.here()
    host.session.note_on(host.moment, 60, 100, 0)
    assert host.session.heard == 0
    host.running = True
    host.here()
    host.session.note_on(host.moment, 60, 100, 0)
    assert host.session.heard == 1


def test_a_host_that_waits_is_told_when_all_is_known() -> None:
    class Busy(Echo):
        busy = True

    host = Host(Busy())
    host.here(waits=True)
    assert list(host.engine.settle()) == []
    host.improviser.busy = False  # type: ignore[misc]
    [(key, outputs)] = host.engine.settle()
    assert (key, outputs) == ("plug-in", [Tell("host/ready", (0.0,))])
    assert list(host.engine.settle()) == []


def test_after_a_restart_the_same_notes_are_asked_for_again() -> None:
    host = Host()
    host.phrase()
    first = host.improviser.asked[-1]
    for _ in range(2):  # prepared and withdrawn, as it depends on how fast the computer is
        host.session.note_on(host.moment, 60, 100, 0)
        host.until(host.moment + 0.1)
        host.session.note_off(host.moment, 60, 0)
        host.until(host.moment + 0.39)
    restart(host.session, host.moment)
    host.epoch, host.beat, begin = 2, 0.0, host.moment
    host.here()
    host.session.note_on(begin, 60, 100, 0)
    host.until(begin + 0.5)
    host.session.note_off(host.moment, 60, 0)
    host.until(begin + 1.6)
    assert host.improviser.asked[-1] == first


def test_a_reply_that_was_only_prepared_uses_up_no_chance() -> None:
    host = Host()
    for _ in range(3):
        host.session.note_on(host.moment, 60, 100, 0)
        host.until(host.moment + 0.2)
        host.session.note_off(host.moment, 60, 0)
        host.until(host.moment + 0.3)
    host.until(host.moment + 2)
    assert len(host.improviser.asked) > 1
    assert {request.variation for request in host.improviser.asked} == {1}


def test_it_expires_by_the_clock_of_the_server() -> None:
    host = Host()
    assert host.engine.expired(1000.0) == []  # it was active since the last look
    host.here()
    assert host.engine.expired(1500.0) == []
    assert host.engine.expired(2200.0) == ["plug-in"]


def test_only_the_first_message_begins_a_session() -> None:
    host = Host()
    assert host.here() is False
    host.engine.close("plug-in", 0.0)
    assert host.here() is True
