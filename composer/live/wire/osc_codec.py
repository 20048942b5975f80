"""OSC codec: packets <-> messages, by python-osc.

Most packets of a jam are one message of numbers, and few programs send more than a dozen
kinds of these. What python-osc makes of the beginning of such a packet (address and types)
is remembered; the numbers behind it are read and written without asking it again.

Conventions:
    Packets that composer sends are one message each, at most `LARGEST` bytes. Arrays are
    flattened.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, cast

from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from composer.live.core.output import Double
from composer.live.wire.osc_guard import OscError, checked

Argument = int | float | str | bytes | bool | None

LARGEST = 1400
"""Bytes of a packet that every network passes in one piece."""
LONGEST_HEADER = 64
"""Bytes of address and types that are remembered."""
_SLASH = ord("/")
_NUMBERS = {int: "i", float: "f", Double: "d"}


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
    """All messages of a packet, those of bundles included, in the order of their dates.

    Raises:
        OscError: It is no OSC packet; nothing of it counts.
    """
    known = _of_numbers(packet)
    if known is not None:
        return [known]
    try:
        timed = OscPacket(checked(packet)).messages
    except ParseError as error:
        raise OscError(str(error)) from error
    now = time.time()
    return [
        Message(message.address, tuple(_flat(message.params)), date if date > now else 0.0)
        for date, message in timed
    ]


def _flat(arguments: Iterable[object]) -> Iterator[Argument]:
    for argument in arguments:
        if isinstance(argument, list):
            yield from _flat(argument)
        else:
            yield cast(Argument, argument)


def _of_numbers(packet: bytes) -> Message | None:
    """A packet that is one message of up to eight numbers, as most are; None for others."""
    comma = packet.find(b",", 0, LONGEST_HEADER)
    if comma < 4 or comma % 4 or packet[0] != _SLASH:  # a bundle, say
        return None
    end = packet.find(b"\0", comma, comma + 10)
    if end < 0:
        return None
    size = (end // 4 + 1) * 4
    known = _beginning(packet[:size])
    if known is None or size + known[1].size != len(packet):
        return None
    return Message(known[0], known[1].unpack_from(packet, size))


@lru_cache(maxsize=256)
def _beginning(header: bytes) -> tuple[str, struct.Struct] | None:
    """Address and arguments of a packet that begins so; None unless these are numbers."""
    types = header[header.index(b",") + 1 :].rstrip(b"\0").decode("latin-1")
    if not all(kind in "ifd" for kind in types):
        return None
    try:
        packet = OscPacket(checked(header + bytes(struct.calcsize(">" + types))))
    except (OscError, ParseError):
        return None
    message = packet.messages[0].message
    return message.address, struct.Struct(">" + types)


def encode(address: str, arguments: Sequence[object] = ()) -> bytes:
    """A message as a packet: ints as i, floats as f, `Double` as d, texts as s.

    Raises:
        OscError: An argument is none of these, or a number beyond 32 bits.
    """
    form = _form(address, tuple(map(type, arguments)))
    try:
        if form is not None:
            return form[0] + form[1].pack(*arguments)
        return _built(address, arguments)
    except (struct.error, OverflowError, BuildError) as error:
        raise OscError(f"{list(arguments)} do not fit into an OSC message") from error


@lru_cache(maxsize=256)
def _form(address: str, kinds: tuple[type, ...]) -> tuple[bytes, struct.Struct] | None:
    """The beginning of a message and how to pack the rest; None unless these are numbers."""
    if not all(kind in _NUMBERS for kind in kinds) or len(address) > LONGEST_HEADER:
        return None
    packet = _built(address, [kind() for kind in kinds])
    numbers = struct.Struct(">" + "".join(_NUMBERS[kind] for kind in kinds))
    return packet[: len(packet) - numbers.size], numbers


def _built(address: str, arguments: Sequence[object]) -> bytes:
    """A message as python-osc builds it."""
    builder = OscMessageBuilder(_clean(address))
    for argument in arguments:
        if isinstance(argument, str):
            builder.add_arg(_clean(argument), "s")
        elif isinstance(argument, int):
            builder.add_arg(int(argument), "i")
        elif isinstance(argument, Double):
            builder.add_arg(float(argument), "d")
        elif isinstance(argument, float):
            builder.add_arg(argument, "f")
        else:
            raise OscError(f"cannot send a {type(argument).__name__}")
    return cast(bytes, builder.build().dgram)


def _clean(text: str) -> str:
    """A text that OSC can carry: it ends at the first zero byte, and is UTF-8."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
