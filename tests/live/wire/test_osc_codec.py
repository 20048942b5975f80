"""OSC on the wire: byte for byte, and always as python-osc reads and writes it."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.osc_bundles import bundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from composer.live.wire.osc_codec import Message, encode, parse
from composer.live.wire.osc_guard import OscError

INTS = st.integers(-(2**31), 2**31 - 1)
FLOATS = st.floats(width=32)
TEXTS = st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=20)
ADDRESSES = st.sampled_from(
    ["/composer/note", "/composer/play", "/composer/phrase/note", "/a", "/abc", "/a,if", "/é"]
)


def written_by_python_osc(address: str, arguments: list[object]) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument, {int: "i", float: "f", str: "s"}[type(argument)])
    return bytes(builder.build().dgram)


def same(one: object, other: object) -> bool:
    """Equal, or both no number at all."""
    return one == other or (one != one and other != other)


def test_a_note_byte_for_byte() -> None:
    assert encode("/composer/play", (60, 0.5, "x")) == (
        b"/composer/play\0\0" b",ifs\0\0\0\0" b"\0\0\0\x3c" b"\x3f\0\0\0" b"x\0\0\0"
    )  # fmt: skip
    assert encode("/composer/play", (60, 100, 1)) == (
        b"/composer/play\0\0" b",iii\0\0\0\0" b"\0\0\0\x3c" b"\0\0\0\x64" b"\0\0\0\x01"
    )  # fmt: skip


@given(ADDRESSES, st.lists(INTS | FLOATS | TEXTS, max_size=10))
def test_what_composer_writes_is_what_python_osc_writes(
    address: str, arguments: list[object]
) -> None:
    assert encode(address, arguments) == written_by_python_osc(address, arguments)


@given(ADDRESSES, st.lists(INTS | FLOATS | TEXTS, max_size=10))
def test_what_composer_reads_is_what_python_osc_reads(
    address: str, arguments: list[object]
) -> None:
    packet = written_by_python_osc(address, arguments)
    (message,) = parse(packet)
    theirs = OscMessage(packet)
    assert message.address == theirs.address
    assert len(message.arguments) == len(theirs.params)
    assert all(map(same, message.arguments, theirs.params))
    assert [type(a) for a in message.arguments] == [type(a) for a in theirs.params]


PIECES = st.sampled_from(
    [b"/a\0\0", b"/a,b\0\0\0\0", b"/composer/note\0\0", b",i\0\0", b",if\0", b",\0\0\0", b",s\0\0",
     b"\0\0\0\0", b"\0\0\0\x07", b",iiiiiii\0\0\0\0", b",i\0x", b",[i]\0\0\0\0", b",d\0\0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_python_osc_decides_what_a_message_is(packet: bytes) -> None:
    """Whatever composer takes, python-osc takes, and for the same message."""
    try:
        messages = parse(packet)
    except OscError:
        return
    theirs = OscPacket(packet).messages
    assert [m.address for m in messages] == [m.message.address for m in theirs]
    flat = [
        a for m in theirs for p in m.message.params for a in (p if isinstance(p, list) else [p])
    ]
    assert [a for m in messages for a in m.arguments] == flat


@given(st.lists(PIECES, min_size=1, max_size=4).map(b"".join))
def test_the_last_bytes_are_never_passed_over(packet: bytes) -> None:
    """A packet that python-osc refuses is refused here too."""
    try:
        OscPacket(packet)
    except ParseError:
        with pytest.raises(OscError):
            parse(packet)


def test_bundles_in_bundles_in_order() -> None:
    one, two, three = (encode(f"/{n}", (n,)) for n in (1, 2, 3))
    packet = bundle([one, bundle([two]), three])
    assert [message.address for message in parse(packet)] == ["/1", "/2", "/3"]


def test_a_date_to_come_is_told_and_one_gone_by_is_now() -> None:
    inside = encode("/a")
    for date, told in ((2_000_000_000, 2e9), (1_000, 0.0)):
        stamp = struct.pack(">Q", (date + 2_208_988_800) << 32)
        packet = b"#bundle\0" + stamp + struct.pack(">i", len(inside)) + inside
        assert parse(packet) == [Message("/a", (), pytest.approx(told))]
    assert time.time() < 2e9, "the date to come has gone by"


def test_types_that_python_osc_does_not_know() -> None:
    body = b"name" + bytes(4) + struct.pack(">iIq", 65, 0x00903C64, 2**40)
    packet = b"/a\0\0" + b",ScmtI\0\0" + body
    assert parse(packet) == [Message("/a", ("name", 65, 0x00903C64, 2**40, True))]


def test_arrays_are_flattened() -> None:
    packet = b"/a\0\0" + b",i[i[s]]\0\0\0\0"[:12] + struct.pack(">ii", 1, 2) + b"x\0\0\0"
    assert parse(packet)[0].arguments == (1, 2, "x")


def test_text_that_is_not_utf8_is_marked() -> None:
    assert parse(b"/a\0\0,s\0\0sch\xf6n.m\0\0")[0].arguments == ("sch?n.m",)


@pytest.mark.parametrize(
    "argument", [2**31, -(2**31) - 1, 1e39, b"x", None], ids=lambda value: str(value)
)
def test_what_does_not_fit_is_not_sent(argument: object) -> None:
    with pytest.raises(OscError):
        encode("/a", (argument,))
    with pytest.raises(OscError):
        encode("/a", ("a text", argument))


def test_a_zero_byte_or_half_a_character_does_not_end_a_text() -> None:
    assert parse(encode("/a", ("one\0two", "\ud800", 1)))[0].arguments == ("onetwo", "?", 1)
