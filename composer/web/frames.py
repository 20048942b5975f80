"""Frames: messages of docs/osc.md as JSON, in and out of a WebSocket.

A frame holds one message, or a list of messages:

    {"address": "/composer/note", "arguments": [60, 100]}

Conventions:
    An OSC packet carries one message; see `composer.live.wire.osc_codec`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from composer.errors import SettingError
from composer.live.wire.osc_addresses import PREFIX
from composer.live.wire.osc_codec import Message, encode
from composer.live.wire.osc_guard import OscError

LARGEST_FRAME: Final = 1 << 14
"""Bytes of a frame that is read."""
MOST_MESSAGES: Final = 256
"""Messages in a frame."""
MOST_ARGUMENTS: Final = 512
LONGEST_TEXT: Final = 500
LARGEST_PACKET: Final = 8192
"""Bytes of a packet, which every system's loopback carries."""
NOT_FOR_PAGES: Final = frozenset({PREFIX + "subscribe"})
"""Addresses that mean nothing over a WebSocket."""


def messages_of(frame: str | bytes) -> list[Any]:
    """What stands in a frame, a message each, not looked into yet.

    Raises:
        SettingError: The frame is no JSON, or holds too much.
    """
    if len(frame) > LARGEST_FRAME:
        raise SettingError(f"a frame has {LARGEST_FRAME} bytes at most")
    try:
        content = json.loads(frame, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise SettingError("a frame has to be JSON") from None
    messages = content if isinstance(content, list) else [content]
    if len(messages) > MOST_MESSAGES:
        raise SettingError(f"a frame has {MOST_MESSAGES} messages at most")
    return messages


def packet_of(message: Any) -> tuple[str, tuple[object, ...], bytes]:
    """A message's address and arguments, and the OSC packet that it is.

    Raises:
        SettingError: It is none.
    """
    if not isinstance(message, dict):
        raise SettingError('a message is {"address": "/composer/...", "arguments": [...]}')
    address, arguments = message.get("address"), message.get("arguments", [])
    if not isinstance(address, str) or not address.startswith(PREFIX) or len(address) > 60:
        raise SettingError("a message needs an address that begins with /composer/")
    if address in NOT_FOR_PAGES:
        raise SettingError(f"{address} is for OSC: a WebSocket hears its session by itself")
    if not isinstance(arguments, list) or len(arguments) > MOST_ARGUMENTS:
        raise SettingError(f"arguments are a list, of {MOST_ARGUMENTS} at most")
    values = tuple(_argument(value) for value in arguments)
    try:
        packet = encode(address, values)
    except OscError:
        raise SettingError("a number is beyond 32 bits") from None
    if len(packet) > LARGEST_PACKET:
        raise SettingError(f"a message has {LARGEST_PACKET} bytes at most")
    return address, values, packet


def frame_of(messages: Iterable[Message]) -> str:
    """Messages as a frame: one as it is, several as a list."""
    rows = [
        {"address": message.address, "arguments": list(message.arguments)} for message in messages
    ]
    return json.dumps(rows[0] if len(rows) == 1 else rows, separators=(",", ":"))


def error_message(label: object, text: str) -> Message:
    """What is said of something that was not done."""
    return Message(PREFIX + "error", (str(label)[:60], text))


def _argument(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, int | float):
        return value
    raise SettingError(f"an argument is a number or a text of {LONGEST_TEXT} characters at most")


def _refuse(constant: str) -> Sequence[object]:
    raise ValueError(constant)
