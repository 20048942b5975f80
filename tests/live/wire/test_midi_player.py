"""MIDI bytes in, MIDI bytes out: echo guard, clock, learned controllers."""

from __future__ import annotations

import random

import pytest
from live.scripted import Echo

from composer.live.core.midi_clock import ClockFollower
from composer.live.core.output import Control
from composer.live.core.scheduler import Play
from composer.live.core.sessions import Sessions
from composer.live.core.turns import PlayerState
from composer.live.wire.midi_player import MidiPlayer


class Stage:
    def __init__(self) -> None:
        self.engine = Sessions(Echo)
        self.session = self.engine.session("main", 0.0)
        self.sent: list[tuple[int, ...]] = []
        self.player = MidiPlayer(lambda: self.session, lambda m: self.sent.append(tuple(m)))


def test_a_note_comes_in() -> None:
    stage = Stage()
    stage.player.receive(0.0, bytes((0x91, 60, 100)))
    assert stage.session.phrases.count == 1
    stage.player.receive(0.5, bytes((0x91, 60, 0)))
    assert stage.session.phrases.quiet_since == 0.5


def test_what_we_sent_and_comes_back_is_no_phrase() -> None:
    stage = Stage()
    stage.player.play(Play(60, 82, 0, 1.0))
    stage.player.receive(1.01, bytes((0x90, 60, 82)))
    stage.player.receive(1.2, bytes((0x80, 60, 0)))
    assert stage.session.phrases.state is PlayerState.SILENT
    assert stage.player.echoes.echoes == 1
    stage.player.receive(1.3, bytes((0x90, 60, 82)))  # once sent, once back: this is played
    assert stage.session.phrases.count == 1


def test_notes_and_controllers_go_out() -> None:
    stage = Stage()
    stage.player.play(Play(60, 82, 3, 1.0))
    stage.player.play(Play(60, 0, 3, 1.0))
    stage.player.control(Control(64, 0, 2))
    stage.player.control(Control(-1, 33, 1))
    assert stage.sent == [(0x93, 60, 82), (0x83, 60, 0), (0xB2, 64, 0), (0xC1, 33)]


def test_a_controller_is_learned() -> None:
    stage = Stage()
    stage.player.to_learn += ["temperature", "density"]
    stage.player.receive(0.0, bytes((0xB0, 21, 0)))
    stage.player.receive(0.1, bytes((0xB0, 21, 127)))
    assert stage.player.learned == {21: "temperature"}
    stage.player.receive(0.2, bytes((0xB0, 22, 127)))
    assert stage.player.learned == {21: "temperature", 22: "density"}
    # The movement by which it was learned sets nothing; the next one does.
    assert stage.session.values.number("temperature") == 0.95
    stage.player.receive(5.0, bytes((0xB0, 21, 127)))
    stage.player.receive(5.1, bytes((0xB0, 22, 127)))
    assert stage.session.values.number("temperature") == 2.0
    assert stage.session.values.number("density") == 16.0


def test_a_button_says_its_word_once_each_time_it_is_pressed() -> None:
    stage = Stage()
    said: list[str] = []
    stage.session.call.again = lambda now: said.append("again") or 1  # type: ignore[method-assign,func-returns-value]
    stage.player.learned = {30: "again", 31: "like"}
    for moment, value in enumerate((127, 127, 90, 0, 127, 10)):
        stage.player.receive(float(moment), bytes((0xB0, 30, value)))
    assert said == ["again", "again"]
    stage.player.receive(9.0, bytes((0xB0, 31, 127)))  # of a reply that never was


def test_the_pedal_is_not_to_be_learned() -> None:
    stage = Stage()
    stage.player.to_learn.append("temperature")
    stage.player.receive(0.0, bytes((0xB0, 64, 127)))
    assert stage.player.learned == {}


def test_nonsense_does_nothing() -> None:
    """Bytes of MIDI that are cut short, or that no message begins with."""
    stage = Stage()
    chance = random.Random(0)
    for length in range(6):
        for _ in range(200):
            data = bytes(chance.randrange(128) for _ in range(length))  # data, no status
            stage.player.receive(0.0, data)
            status = bytes((chance.randrange(0x80, 0xF0),))  # one byte of two or three
            stage.player.receive(0.0, status)
    assert stage.session.phrases.count == 0
    assert stage.sent == []
    for length in range(6):  # and whatever else may come is at least survived
        for _ in range(200):
            stage.player.receive(0.0, bytes(chance.randrange(256) for _ in range(length)))
    count = stage.session.phrases.count
    stage.player.receive(1.0, bytes((0x90, 60, 100)))
    assert stage.session.phrases.count == count + 1


class Host:
    """What a clock follower says."""

    def __init__(self) -> None:
        self.where: tuple[float, float, float] | None = None
        self.running: list[bool] = []
        self.clock = ClockFollower(self.follow, lambda now, on: self.running.append(on))

    def follow(self, now: float, tick: float, bpm: float) -> None:
        self.where = (now, tick, bpm)

    def pulses(self, start: float, count: int, bpm: float, shake: float = 0.0) -> float:
        chance = random.Random(1)
        step = 60 / bpm / 24
        for index in range(count):
            moment = start + index * step
            self.clock.receive(moment + chance.uniform(0, shake), b"\xf8")
        return start + count * step


def test_a_clock_is_followed_through_its_jitter() -> None:
    host = Host()
    host.clock.receive(0.0, b"\xfa")
    end = host.pulses(0.01, 24 * 8 + 1, 128, shake=0.003)
    assert host.running == [True]
    assert host.where is not None
    assert host.where[2] == pytest.approx(128, rel=0.005)
    assert host.where[1] == pytest.approx(24 * 8, abs=0.2)
    assert end > 0


def test_a_song_position_counts_sixteenths() -> None:
    host = Host()
    host.clock.receive(0.0, bytes((0xF2, 8, 0)))  # two beats in
    host.clock.receive(0.0, b"\xfb")
    host.pulses(0.1, 25, 120)
    assert host.where is not None
    assert host.where[1] == pytest.approx(48 + 24)


def test_stop_and_continue_go_on_from_there() -> None:
    host = Host()
    host.clock.receive(0.0, b"\xfa")
    host.pulses(0.0, 49, 120)
    host.clock.receive(1.1, b"\xfc")
    host.pulses(1.2, 30, 120)  # on and on; the music stands
    host.clock.receive(5.0, b"\xfb")
    host.pulses(5.1, 25, 120)  # the first of them is the one that was due when it stopped
    assert host.running == [True, False, True]
    assert host.where is not None
    assert host.where[1] == pytest.approx(48 + 25)


def test_pulses_between_a_song_position_and_its_continue_count_for_nothing() -> None:
    host = Host()
    host.clock.receive(0.0, b"\xfa")
    host.pulses(0.0, 49, 120)
    host.clock.receive(1.1, b"\xfc")
    host.pulses(1.2, 10, 120)
    host.clock.receive(1.5, bytes((0xF2, 64, 0)))
    host.pulses(1.6, 10, 120)
    host.clock.receive(2.0, b"\xfb")
    host.pulses(2.1, 25, 120)
    assert host.where is not None
    assert host.where[1] == pytest.approx(64 * 6 + 24)


def test_a_reply_falls_on_the_hosts_bar() -> None:
    stage = Stage()
    stage.session.set(0.0, "start", "bar")
    step = 60 / 100 / 24
    plays: list[tuple[float, int]] = []
    stage.player.receive(0.0, b"\xfa")
    now = 0.0
    for pulse in range(24 * 12):
        now = pulse * step
        for _, outputs in stage.engine.advance(now):
            plays += [(o.due, o.pitch) for o in outputs if isinstance(o, Play) and o.velocity]
        stage.player.receive(now, b"\xf8")
        if pulse == 24:
            stage.player.receive(now, bytes((0x90, 60, 90)))
        if pulse == 40:
            stage.player.receive(now, bytes((0x80, 60, 0)))
        stage.engine.touch("main", now)
    assert [pitch for _, pitch in plays] == [72]
    assert plays[0][0] == pytest.approx(4 * 0.6, abs=0.001)
