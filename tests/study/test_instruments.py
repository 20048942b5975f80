"""Names of instruments: what a kit's keys and a piece's parts are called."""

from __future__ import annotations

from composer.study.instruments import drum_name, numbered, part_name


def test_no_two_keys_of_a_kit_are_called_alike() -> None:
    names = [drum_name(key) for key in range(128)]
    assert len(set(names)) == len(names)
    assert (drum_name(42), drum_name(22)) == ("closed hi-hat", "closed hi-hat edge")
    assert (drum_name(36), drum_name(35)) == ("bass drum", "acoustic bass drum")
    assert drum_name(12) == "drum 12"


def test_a_part_is_called_as_its_track_or_else_as_its_instrument() -> None:
    assert part_name(40, " Anna ") == "Anna"
    assert part_name(40, "") == "violin"


def test_parts_that_are_called_alike_are_numbered() -> None:
    assert numbered(["violin", "viola", "violin"]) == ["violin 1", "viola", "violin 2"]
