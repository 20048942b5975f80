"""To which part a channel's notes belong."""

from __future__ import annotations

from composer.encoding.events import SLOTS
from composer.live.core.parts import Parts
from composer.music.notes import DRUM_PROGRAM


def test_each_channel_is_a_part_and_the_tenth_is_a_drum_kit() -> None:
    parts = Parts()
    assert parts.note_on(0) == {}
    assert parts.note_on(0) is None
    assert parts.note_on(9) == {}
    assert parts.programs == {0: 0, 9: DRUM_PROGRAM}


def test_an_mpe_zone_that_is_configured_is_one_part_without_drums() -> None:
    parts = Parts()
    for number, value in ((101, 0), (100, 6), (6, 15)):
        parts.control(0, number, value)
    for channel in range(1, 16):
        parts.note_on(channel)
    assert parts.programs == {0: 0}


def test_an_mpe_keyboard_that_says_nothing_is_known_by_its_channels() -> None:
    parts = Parts()
    moved: dict[int, int] = {}
    for channel in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]:
        moved |= parts.note_on(channel) or {}
        parts.note_off(channel)
    assert parts.programs == {1: 0}
    assert moved == {2: 1, 3: 1, 4: 1}  # known at the fifth; what was heard of them moves along


def test_players_who_have_taken_instruments_stay_apart() -> None:
    parts = Parts()
    for channel in range(6):
        parts.program(channel, 40 + channel)
    for channel in range(6):
        parts.note_on(channel)
    assert parts.programs == {channel: 40 + channel for channel in range(6)}


def test_no_more_parts_than_the_network_knows_beside_the_band() -> None:
    parts = Parts()
    for channel in range(16):
        parts.program(channel, 40)
        parts.note_on(channel)
    parts.reserve(SLOTS - 14)
    assert len(parts.programs) == 14
    assert parts.programs[9] == DRUM_PROGRAM
    assert {parts.slot(channel) for channel in range(16)} == set(parts.programs)
