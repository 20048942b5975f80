"""Datagrams of those who mean harm, or have a bug."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.osc_bundles import bundle

from composer.live.wire.osc_codec import encode, parse
from composer.live.wire.osc_guard import DEEPEST, MOST_MESSAGES, OscError, checked


def nested(depth: int) -> bytes:
    packet = encode("/a")
    for _ in range(depth):
        packet = bundle([packet])
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
        b"/a\0\0,[\0\0",
        b"/a\0\0,]\0\0",
        b"/a\0\0," + b"[" * 9 + b"]" * 9 + bytes(1),
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc" + bytes(8),  # python-osc: for ever
        b"#bundle\0" + bytes(8) + b"\0\0\0\0",
        b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff",
        b"#bundle\0" + bytes(8) + b"\0",
        nested(DEEPEST + 1),
        nested(100),
        bundle([encode("/a")] * (MOST_MESSAGES + 1)),
        bundle([bundle([encode("/a")] * MOST_MESSAGES), encode("/a")]),
    ],
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(OscError):
        checked(packet)
    with pytest.raises(OscError):
        parse(packet)


def test_the_limits_themselves_are_allowed() -> None:
    assert len(parse(nested(DEEPEST))) == 1
    assert len(parse(bundle([encode("/a")] * MOST_MESSAGES))) == MOST_MESSAGES


def test_a_plain_packet_stays_as_it_is() -> None:
    packet = bundle([encode("/composer/note", (60, 100)), encode("/a", ("schön", 0.5))])
    assert checked(packet) == packet


HEADERS = (b"#bundle\0", b"/a\0\0,", b"#bundle\0" + bytes(7) + b"\1\0\0\0\x10/a\0\0,")


@given(st.sampled_from((b"", *HEADERS)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(header: bytes, packet: bytes) -> None:
    try:
        messages = parse(header + packet)
    except OscError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert len(messages) <= MOST_MESSAGES


TYPES = st.text(alphabet="ifsbhdtScrmTFNI[]", max_size=12)


@given(TYPES, st.binary(max_size=120))
def test_any_types_are_read_or_refused(types: str, body: bytes) -> None:
    tags = b"," + types.encode()
    packet = b"/a\0\0" + tags + bytes(4 - len(tags) % 4) + body
    with contextlib.suppress(OscError):
        for argument in parse(packet)[0].arguments:
            assert isinstance(argument, int | float | str | bytes | None)


@given(st.integers(0, 2**64 - 1))
def test_any_date_is_read(stamp: int) -> None:
    inside = encode("/a")
    packet = b"#bundle\0" + struct.pack(">Qi", stamp, len(inside)) + inside
    assert parse(packet)[0].address == "/a"
