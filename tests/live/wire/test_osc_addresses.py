"""How the arguments of an address are read."""

from __future__ import annotations

import math

import pytest

from composer.errors import SettingError
from composer.live.wire.osc_addresses import KINDS, TRIGGER, Address, AddressTable
from composer.live.wire.osc_handlers import INCOMING

NOTE = Address("/note", "pitch velocity [channel] [seconds]", "")


def test_arguments_in_order_and_those_that_may_be_left_out() -> None:
    assert NOTE.read((60, 100)) == [60, 100]
    assert NOTE.read((60.0, 99.5, 2)) == [60, 100, 2]
    assert NOTE.read((60, 100, 2, 0.25, "and more")) == [60, 100, 2, 0.25]


@pytest.mark.parametrize(
    "arguments, text",
    [
        ((), "pitch is missing"),
        ((60,), "velocity is missing"),
        ((60, 128), "velocity is 128, must be 0 to 127"),
        (("60", 1), "pitch is 60, must be 0 to 127"),
        ((math.nan, 1), "pitch is nan, must be 0 to 127"),
        ((60, 1, 0), "channel is 0, must be 1 to 16"),
        ((60, 1, 1, math.inf), "seconds is inf, must be 0.001 to 3600"),
        ((None, 1), "pitch is None, must be 0 to 127"),
    ],
)
def test_a_wrong_argument_is_named_with_what_it_may_be(
    arguments: tuple[object, ...], text: str
) -> None:
    with pytest.raises(SettingError, match=f"^{text}$"):
        NOTE.read(arguments)  # type: ignore[arg-type]


def test_a_trigger() -> None:
    trigger = Address("/panic", TRIGGER, "")
    assert trigger.read(()) == trigger.read((1,)) == trigger.read(("go",)) == []
    assert trigger.read((0,)) is trigger.read((0.0,)) is trigger.read((False,)) is None


def test_any_number_of_groups() -> None:
    pairs = Address("/pairs", "[name value]*", "")
    assert pairs.read(()) == [[]]
    assert pairs.read(("a", 1, "b", "c")) == [[("a", 1), ("b", "c")]]
    assert pairs.read((1,)) == [[]]  # a button
    assert pairs.read((0,)) is None
    with pytest.raises(SettingError, match="name value, any number of times"):
        pairs.read(("a", 1, "b"))


def test_handlers_are_called_by_the_table() -> None:
    table = AddressTable()
    heard: list[tuple[object, ...]] = []

    @table.address("a", "pitch", help="One.")
    def one(*values: object) -> None:
        heard.append(values)

    @table.address("faders/NAME", "share", help="Two.")
    def two(*values: object) -> None:
        heard.append(values)

    address, rest = table.find("/composer/faders/low")
    assert (address.handler, rest) == (two, ("low",))
    assert table.find("/composer/a") == (next(iter(table)), ())
    for name in ("/composer/b", "/composer/faders", "/a", "/composer/faders/NAME/x", ""):
        with pytest.raises(SettingError, match="no such address"):
            table.find(name)


def test_every_argument_of_the_api_has_a_kind() -> None:
    for address in INCOMING:
        for name in address.arguments.replace("]*", " ").replace("[", " ").split():
            name = name.strip("[]")
            assert address.arguments == TRIGGER or name in KINDS, address.name
