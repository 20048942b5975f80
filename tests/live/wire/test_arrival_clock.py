"""When messages came, from a reader that is now and then late."""

from __future__ import annotations

import random

import pytest

from composer.live.wire.arrival_clock import LATEST, ArrivalClock


def test_a_late_reader_is_made_up_for() -> None:
    clock = ArrivalClock()
    assert clock.moment(10.000, 0.0) == 10.000
    assert clock.moment(10.130, 0.1) == pytest.approx(10.100, abs=1e-4)
    assert clock.moment(10.205, 0.1) == pytest.approx(10.200, abs=1e-4)


def test_a_message_is_never_read_before_it_came() -> None:
    clock = ArrivalClock()
    clock.moment(10.040, 0.0)  # the first was read late: the second shows it
    assert clock.moment(10.101, 0.1) == 10.101
    assert clock.moment(10.230, 0.1) == pytest.approx(10.201, abs=1e-4)


def test_messages_of_one_instant() -> None:
    clock = ArrivalClock()
    clock.moment(10.0, 0.0)
    assert clock.moment(10.007, 0.0) == 10.0


def test_a_driver_that_tells_no_time() -> None:
    clock = ArrivalClock()
    assert [clock.moment(read, None) for read in (1.0, 1.5, 1.6)] == [1.0, 1.5, 1.6]


def test_clocks_that_part_are_compared_anew() -> None:
    clock = ArrivalClock()
    clock.moment(10.0, 0.0)
    assert clock.moment(12.0, 0.5) == 12.0
    assert clock.moment(12.0 + 0.1 + 0.9 * LATEST, 0.1) == pytest.approx(12.1, abs=1e-3)


@pytest.mark.parametrize("drift", [-5e-5, 5e-5])
def test_a_quartz_that_drifts_is_followed_for_an_hour(drift: float) -> None:
    chance, clock = random.Random(1), ArrivalClock()
    worst = 0.0
    for pulse in range(36_000):
        came = pulse * 0.1
        read = came + chance.random() * 0.001 + (0.03 if chance.random() < 0.05 else 0.0)
        moment = clock.moment(read, 0.1 * (1 - drift) if pulse else 0.0)
        if pulse > 100:
            worst = max(worst, abs(moment - came))
    assert worst < 0.0015
