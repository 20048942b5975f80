"""Frames: JSON in and OSC packets out, and the other way; hostile ones refused in a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.errors import SettingError
from composer.live.wire.osc_codec import Message, parse
from composer.web.frames import MOST_MESSAGES, frame_of, messages_of, packet_of
from composer.web.pages import MOST_UNSENT, Page


def test_a_message_becomes_the_packet_that_an_osc_program_sends() -> None:
    [message] = messages_of('{"address": "/composer/note", "arguments": [60, 100, 2, 0.5]}')
    address, values, packet = packet_of(message)
    assert (address, values) == ("/composer/note", (60, 100, 2, 0.5))
    assert packet == bytes.fromhex(
        "2f636f6d706f7365722f6e6f74650000"  # /composer/note
        "2c69696966000000"  # ,iiif
        "0000003c 00000064 00000002 3f000000"
    )


NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.floats(
    allow_nan=False, allow_infinity=False, width=32
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100)


@given(st.lists(NUMBERS | TEXTS, max_size=12))
def test_what_goes_out_comes_back(arguments: list[object]) -> None:
    row = {"address": "/composer/ping", "arguments": arguments}
    [message] = messages_of(json.dumps(row)) if len(json.dumps(row)) < 16000 else [row]
    _, _, packet = packet_of(message)
    assert json.loads(frame_of(parse(packet))) == row


def test_several_messages_are_a_list() -> None:
    rows = json.loads(frame_of([Message("/composer/ok", (1,)), Message("/composer/ok", (2,))]))
    assert [row["arguments"] for row in rows] == [[1], [2]]


@pytest.mark.parametrize(
    "frame",
    ["", "{", "nonsense", "[" * 9000, '{"a": NaN}', "\udcff", "x" * 20000,
     json.dumps([{}] * (MOST_MESSAGES + 1))],
)  # fmt: skip
def test_a_frame_that_is_none_is_refused_in_a_line(frame: str) -> None:
    with pytest.raises(SettingError) as refused:
        messages_of(frame)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "message",
    [
        7,
        None,
        [],
        {},
        {"address": 5},
        {"address": "/other/note"},
        {"address": "/composer/" + "x" * 99},
        {"address": "/composer/note", "arguments": "60"},
        {"address": "/composer/note", "arguments": [None]},
        {"address": "/composer/note", "arguments": [{"a": 1}]},
        {"address": "/composer/note", "arguments": [2**40]},
        {"address": "/composer/note", "arguments": [1e60]},
        {"address": "/composer/note", "arguments": ["x" * 600]},
        {"address": "/composer/note", "arguments": [0] * 600},
        {"address": "/composer/subscribe", "arguments": [9000]},
    ],
)
def test_a_message_that_is_none_is_refused_in_a_line(message: object) -> None:
    with pytest.raises(SettingError) as refused:
        packet_of(message)
    assert "\n" not in str(refused.value)


def frame(address: str, *arguments: object) -> str:
    return json.dumps({"address": f"/composer/{address}", "arguments": arguments})


def test_a_page_that_sends_too_fast_has_to_wait() -> None:
    page = Page(1, "", 0.0)
    waits = [page.take(frame("ping"), 1.0)[1] for _ in range(1800)]
    assert waits[1199] == 0.0 and waits[-1] == pytest.approx(1.0)


def test_a_page_that_takes_nothing_is_let_go() -> None:
    page = Page(1, "", 0.0)
    for number in range(MOST_UNSENT + 50):
        page.deliver(Message("/composer/pong", (number,)))
    assert page.unsent.qsize() == MOST_UNSENT + 1
    last = [page.unsent.get_nowait() for _ in range(MOST_UNSENT + 1)][-1]
    assert last is None
