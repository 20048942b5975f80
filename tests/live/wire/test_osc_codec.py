"""OSC on the wire: byte for byte, against python-osc, and against those who mean harm."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from composer.live.wire.osc_codec import (
    Message,
    OscError,
    _any,
    _usual,
    encode,
    encode_bundle,
    parse,
)


def test_a_note_byte_for_byte() -> None:
    assert encode("/composer/play", (60, 0.5, "x")) == (
        b"/composer/play\0\0" b",ifs\0\0\0\0" b"\0\0\0\x3c" b"\x3f\0\0\0" b"x\0\0\0"
    )  # fmt: skip


ARGUMENTS = st.lists(
    st.integers(-(2**31), 2**31 - 1)
    | st.floats(width=32, allow_nan=False)
    | st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=20),
    max_size=8,
)


@given(ARGUMENTS)
def test_there_and_back(arguments: list[object]) -> None:
    packet = encode("/a/b", arguments)
    assert parse(packet) == [Message("/a/b", tuple(arguments))]  # type: ignore[arg-type]


PIECES = st.sampled_from(
    [b"/a\0\0", b"/a,b\0\0\0\0", b"/composer/note\0\0", b",i\0\0", b",if\0", b",\0\0\0", b",s\0\0",
     b"\0\0\0\0", b"\0\0\0\x07", b",iiiiiii\0\0\0\0", b",i\0x", b"\xff,i\0", b"#bundle\0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_the_short_way_is_the_long_way(packet: bytes) -> None:
    known = _usual(packet)
    assert known is None or [known] == _any(packet)


@given(ARGUMENTS)
def test_python_osc_reads_what_we_write_and_we_what_it_does(arguments: list[object]) -> None:
    assert OscMessage(encode("/a", arguments)).params == arguments
    builder = OscMessageBuilder("/a")
    for argument in arguments:
        builder.add_arg(argument)
    assert list(parse(builder.build().dgram)[0].arguments) == pytest.approx(arguments)


def test_bundles_in_bundles_in_order() -> None:
    one, two, three = (encode(f"/{n}", (n,)) for n in (1, 2, 3))
    packet = encode_bundle([one, encode_bundle([two]), three])
    assert [message.address for message in parse(packet)] == ["/1", "/2", "/3"]


def test_a_date_is_told() -> None:
    inside = encode("/a")
    stamp = struct.pack(">Q", (1_000 + 2_208_988_800) << 32)
    packet = b"#bundle\0" + stamp + struct.pack(">i", len(inside)) + inside
    assert parse(packet) == [Message("/a", (), 1_000.0)]


def nested(depth: int) -> bytes:
    packet = encode("/a")
    for _ in range(depth):
        packet = encode_bundle([packet])
    return packet


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0",
        b"/a",
        b"a\0\0\0,\0\0\0",
        b"/a\0\0i\0\0\0",
        b"/a\0\0,i\0\0\0\0",
        b"/a\0\0,x\0\0",
        b"/a\0\0,s\0\0abc",
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"/a\0\0,b\0\0\x7f\xff\xff\xff",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc" + bytes(8),  # python-osc: for ever
        b"#bundle\0" + bytes(8) + b"\0\0\0\0",
        b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff",
        b"#bundle\0" + bytes(8) + b"\0",
        nested(100),
    ],
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(OscError):
        parse(packet)


@given(st.binary(max_size=200) | st.binary(max_size=64).map(lambda b: b"#bundle\0" + b))
def test_any_bytes_are_read_or_refused(packet: bytes) -> None:
    with contextlib.suppress(OscError):
        parse(packet)


def test_what_does_not_fit_is_not_sent() -> None:
    with pytest.raises(OscError):
        encode("/a", (2**31,))
    with pytest.raises(OscError):
        encode("/a", (b"x",))
