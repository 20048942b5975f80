"""OSC packets <-> messages, for a socket that anyone may send to.

python-osc reads well-formed packets well, but a bundle that states a negative size keeps
its parser busy for ever, and text that is not UTF-8 raises past its own error. What is
read here never takes longer than its length, whatever it says of itself.

Conventions:
    "OSC 1.0" (Wright, 2002), with the types of 1.1 and the common others: i f s b h d t S
    c r m T F N I and arrays, which are flattened. Packets we send are at most `LARGEST`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

Argument = int | float | str | bytes | bool | None

LARGEST = 1400
"""Bytes of a packet that every network passes in one piece."""
DEEPEST = 8
"""Bundles in bundles."""
MOST = 512
"""Messages in a packet."""
IMMEDIATELY = 1
_BUNDLE = b"#bundle\0"
_EPOCH = 2_208_988_800
"""Seconds from 1900, where OSC counts from, to 1970."""


class OscError(ValueError):
    """Bytes that are no OSC packet."""


class Message(NamedTuple):
    """One message.

    Attributes:
        address: With its slash.
        arguments: As they came.
        date: Seconds since 1970 at which it is meant, 0 for at once.
    """

    address: str
    arguments: tuple[Argument, ...]
    date: float = 0.0


def parse(packet: bytes) -> list[Message]:
    """All messages of a packet, those of bundles included, in order.

    Raises:
        OscError: It is no OSC packet; nothing of it counts.
    """
    known = _usual(packet)
    if known is not None:
        return [known]
    return _any(packet)


def _any(packet: bytes) -> list[Message]:
    """All messages of a packet that may be anything."""
    messages: list[Message] = []
    waiting: list[tuple[int, int, float, int]] = [(0, len(packet), 0.0, 0)]
    while waiting:
        start, end, date, depth = waiting.pop()
        if packet[start : start + 8] != _BUNDLE:
            messages.append(_message(packet, start, end, date))
            if len(messages) > MOST:
                raise OscError(f"more than {MOST} messages in a packet")
            continue
        if depth >= DEEPEST:
            raise OscError(f"more than {DEEPEST} bundles in one another")
        if end - start < 16:
            raise OscError("a bundle breaks off")
        (stamp,) = struct.unpack_from(">Q", packet, start + 8)
        own = date if stamp <= IMMEDIATELY else stamp / 2**32 - _EPOCH
        inside, at = [], start + 16
        while at < end:
            if end - at < 4:
                raise OscError("a bundle breaks off")
            (size,) = struct.unpack_from(">i", packet, at)
            at += 4
            if size <= 0 or size > end - at:
                raise OscError(f"a bundle states a size of {size}")
            inside.append((at, at + size, own, depth + 1))
            at += size
        if len(inside) > MOST:
            raise OscError(f"more than {MOST} messages in a packet")
        waiting += reversed(inside)
    return messages


@lru_cache(maxsize=256)
def _header(header: bytes) -> tuple[str, struct.Struct] | None:
    """Address and arguments of a packet that begins so; None unless these are numbers.

    Only whole headers get here, and few programs send more than a dozen kinds of them.
    """
    address, at = _text(header, 0, len(header))
    tags, at = _text(header, at, len(header))
    numbers = tags.startswith(",") and all(tag in "if" for tag in tags[1:])
    if not numbers or at != len(header) or not address.startswith("/"):
        return None
    return address, struct.Struct(">" + tags[1:])


def _usual(packet: bytes) -> Message | None:
    """A packet that is one message with up to eight numbers, as most are; None for others."""
    comma = packet.find(b",", 0, 64)
    if comma < 4 or comma % 4:
        return None
    end = packet.find(b"\0", comma, comma + 10)
    if end < 0:
        return None
    size = (end // 4 + 1) * 4
    if packet[comma - 1] or size > len(packet):
        return None
    try:
        known = _header(packet[:size])
    except OscError:
        return None
    if known is None or size + known[1].size != len(packet):
        return None
    return Message(known[0], known[1].unpack_from(packet, size))


def _message(packet: bytes, start: int, end: int, date: float) -> Message:
    address, at = _text(packet, start, end)
    if not address.startswith("/"):
        raise OscError("an address does not begin with a slash")
    if at >= end:
        return Message(address, (), date)
    tags, at = _text(packet, at, end)
    if not tags.startswith(","):
        raise OscError("there are no type tags")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag in _SIZED:
            form = _SIZED[tag]
            if end - at < form.size:
                raise OscError("an argument breaks off")
            (value,) = form.unpack_from(packet, at)
            arguments.append(value)
            at += form.size
        elif tag in "sS":
            text, at = _text(packet, at, end)
            arguments.append(text)
        elif tag == "b":
            if end - at < 4:
                raise OscError("an argument breaks off")
            (size,) = struct.unpack_from(">i", packet, at)
            if size < 0 or size > end - at - 4:
                raise OscError(f"a blob states a size of {size}")
            arguments.append(packet[at + 4 : at + 4 + size])
            at += 4 + (size + 3) // 4 * 4
        elif tag in _CONSTANTS:
            arguments.append(_CONSTANTS[tag])
        elif tag not in "[]":
            raise OscError(f"unknown type {tag!r}")
    return Message(address, tuple(arguments), date)


_SIZED = {
    "i": struct.Struct(">i"),
    "f": struct.Struct(">f"),
    "h": struct.Struct(">q"),
    "d": struct.Struct(">d"),
    "t": struct.Struct(">Q"),
    "c": struct.Struct(">i"),
    "r": struct.Struct(">I"),
    "m": struct.Struct(">I"),
}
_CONSTANTS: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": True}


def _text(packet: bytes, start: int, end: int) -> tuple[str, int]:
    """A text and the place after its padding."""
    stop = packet.find(b"\0", start, end)
    if stop < 0:
        raise OscError("a text breaks off")
    try:
        text = packet[start:stop].decode("utf-8")
    except UnicodeDecodeError:
        text = packet[start:stop].decode("latin-1")
    return text, start + (stop - start) // 4 * 4 + 4


def encode(address: str, arguments: Sequence[object] = ()) -> bytes:
    """A message as a packet: ints as i, floats as f, texts as s.

    Raises:
        OscError: An argument is none of these, or an int beyond 32 bits.
    """
    form = _form(address, tuple(map(type, arguments)))
    if form is not None:
        try:
            return form[0] + form[1].pack(*arguments)
        except (struct.error, OverflowError) as error:
            raise OscError(f"{list(arguments)} do not fit into 32 bits each") from error
    tags, body = [","], []
    for value in arguments:
        if isinstance(value, int):
            tags.append("i")
            try:
                body.append(struct.pack(">i", value))
            except struct.error as error:
                raise OscError(f"{value} does not fit into 32 bits") from error
        elif isinstance(value, float):
            tags.append("f")
            body.append(struct.pack(">f", value))
        elif isinstance(value, str):
            tags.append("s")
            body.append(_padded(value))
        else:
            raise OscError(f"cannot send a {type(value).__name__}")
    return b"".join((_padded(address), _padded("".join(tags)), *body))


@lru_cache(maxsize=256)
def _form(address: str, kinds: tuple[type, ...]) -> tuple[bytes, struct.Struct] | None:
    """The beginning of a message and how to pack the rest; None unless these are numbers."""
    if not all(kind is int or kind is float for kind in kinds) or len(address) > 64:
        return None
    tags = "".join("i" if kind is int else "f" for kind in kinds)
    return _padded(address) + _padded("," + tags), struct.Struct(">" + tags)


def encode_bundle(packets: Sequence[bytes]) -> bytes:
    """Packets as one bundle, meant at once."""
    sized = [struct.pack(">i", len(packet)) + packet for packet in packets]
    return b"".join((_BUNDLE, struct.pack(">Q", IMMEDIATELY), *sized))


def _padded(text: str) -> bytes:
    data = text.replace("\0", "").encode("utf-8", "replace")
    return data + b"\0" * (4 - len(data) % 4)
