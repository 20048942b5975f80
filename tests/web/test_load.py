"""The share of a processor that a process takes."""

from __future__ import annotations

from composer.web.load import Load


def test_the_share_is_of_the_time_since_it_was_last_taken() -> None:
    moments, spent = iter([0.0, 0.5, 2.0, 2.5, 4.0]), iter([10.0, 10.5, 11.0, 11.2, 11.1])
    load = Load(lambda: next(moments), lambda: next(spent))
    assert load.share() == 0.0  # half a second says nothing
    assert load.share() == 0.5  # one second of two
    assert load.share() == 0.5
    assert round(load.share(), 6) == 0.05
