"""OSC guard: packets as python-osc can stand them, from a socket that anyone may send to.

python-osc reads well-formed packets well. A bundle that states a negative size keeps it
busy for ever; text that is not UTF-8, and a date beyond the calendar, raise past its own
error; types that it does not know are left out with a line in the log. What is checked here
takes no longer than its length, whatever the packet says of itself.

Conventions:
    "OSC 1.0" (Wright, 2002), with the types of 1.1 and the common others: i f s b h d t S
    c r m T F N I and arrays.
"""

from __future__ import annotations

import struct

DEEPEST = 8
"""Bundles in bundles, and arrays in arrays."""
MOST_MESSAGES = 512
"""Messages in a packet."""

_BUNDLE = b"#bundle\0"
_SIZES = {"i": 4, "f": 4, "h": 8, "d": 8, "t": 8, "c": 4, "r": 4, "m": 4}
_PLAIN = {"S": b"s", "I": b"T", "c": b"i", "m": b"r", "t": b"h"}
"""Types that python-osc does not know, or gives as something else than a number or a text,
and types of the same size that it does."""


class OscError(ValueError):
    """Bytes that are no OSC packet, or values that fit into none."""


def checked(packet: bytes) -> bytes:
    """A packet that python-osc reads without harm: the same one, if it is plain.

    Bytes of texts that are not UTF-8 become question marks, and types that python-osc does
    not know become their nearest relatives.

    Raises:
        OscError: It is no OSC packet; nothing of it counts.
    """
    plain = bytearray(packet)
    messages = 0
    waiting = [(0, len(packet), 0)]
    while waiting:
        start, end, depth = waiting.pop()
        if packet[start : start + 8] == _BUNDLE:
            if depth >= DEEPEST:
                raise OscError(f"more than {DEEPEST} bundles in one another")
            waiting += [(*part, depth + 1) for part in _parts(packet, start, end)]
        else:
            messages += 1
            _check_message(packet, start, end, plain)
        if messages + len(waiting) > MOST_MESSAGES:
            raise OscError(f"more than {MOST_MESSAGES} messages in a packet")
    return bytes(plain)


def _parts(packet: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where the messages and bundles of a bundle lie."""
    if end - start < 16:
        raise OscError("a bundle breaks off")
    parts, at = [], start + 16
    while at < end:
        if end - at < 4:
            raise OscError("a bundle breaks off")
        (size,) = struct.unpack_from(">i", packet, at)
        at += 4
        if size <= 0 or size > end - at:
            raise OscError(f"a bundle states a size of {size}")
        parts.append((at, at + size))
        at += size
    return parts


def _check_message(packet: bytes, start: int, end: int, plain: bytearray) -> None:
    if packet[start : start + 1] != b"/":
        raise OscError("an address does not begin with a slash")
    at = _after_text(packet, start, end, plain)
    if at >= end:
        return
    tags_at = at + 1
    if packet[at : at + 1] != b",":
        raise OscError("there are no type tags")
    at = _after_text(packet, at, end, plain)
    depth = 0
    for place, tag in enumerate(packet[tags_at : packet.index(b"\0", tags_at)].decode("latin-1")):
        if tag in _SIZES:
            at += _SIZES[tag]
        elif tag in "sS":
            at = _after_text(packet, at, end, plain)
        elif tag == "b":
            at = _after_blob(packet, at, end)
        elif tag in "[]":
            depth += 1 if tag == "[" else -1
            if not 0 <= depth <= DEEPEST:
                raise OscError("arrays do not end as they begin, or are too many in one another")
        elif tag not in "TFNI":
            raise OscError(f"unknown type {tag!r}")
        if at > end:
            raise OscError("an argument breaks off")
        if tag in _PLAIN:
            plain[tags_at + place : tags_at + place + 1] = _PLAIN[tag]
    if depth:
        raise OscError("an array does not end")


def _after_text(packet: bytes, start: int, end: int, plain: bytearray) -> int:
    """The place after a text and its padding."""
    stop = packet.find(b"\0", start, end)
    if stop < 0:
        raise OscError("a text breaks off")
    after = start + (stop - start) // 4 * 4 + 4
    if after > end:
        raise OscError("a text breaks off")
    try:
        packet[start:stop].decode("utf-8")
    except UnicodeDecodeError:
        marked = (byte if byte < 0x80 else ord("?") for byte in packet[start:stop])
        plain[start:stop] = bytes(marked)
    return after


def _after_blob(packet: bytes, start: int, end: int) -> int:
    if end - start < 4:
        raise OscError("an argument breaks off")
    (size,) = struct.unpack_from(">i", packet, start)
    if size < 0 or size > end - start - 4:
        raise OscError(f"a blob states a size of {size}")
    return start + 4 + (int(size) + 3) // 4 * 4
