"""Damaged files: any bytes are read or refused with a SeedError, and nothing else happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.errors import SeedError
from composer.formats import midi, smf


def _chunk(name: bytes, body: str) -> bytes:
    data = bytes.fromhex(body)
    return name + len(data).to_bytes(4, "big") + data


TWO_TRACKS = (
    _chunk(b"MThd", "0001 0002 0060")
    + _chunk(b"MTrk", "00FF5103 07A120  00FF5804 03021808  00FF5902 FE00  00FF0301 41  00FF2F00")
    + _chunk(b"MTrk", "00C028 00B0407F 00903C40 603C00 003E41 60803E40 00B04000 00FF2F00")
)
ONE_TRACK = _chunk(b"MThd", "0000 0001 E728") + _chunk(
    b"MTrk",
    "00993040 10893000  00F0057E7F0901F7  00F701F8  00FF21010100903C40 8360803C00  00FF2F00",
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A small file with a few bytes changed, lost, doubled or put in."""
    data = bytearray(draw(st.sampled_from((TWO_TRACKS, ONE_TRACK))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(("set", "flip", "insert", "delete", "double", "cut"))):
            case "set":
                data[at] = draw(st.sampled_from((0x00, 0x7F, 0x80, 0xF0, 0xF7, 0xFF)))
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=5))
            case "delete":
                del data[at : at + draw(st.integers(1, 5))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 20))]
            case _:
                del data[at:]
        if not data:
            break
    return bytes(data)


def _survives(data: bytes) -> None:
    try:
        file = smf.parse(data)
    except SeedError as error:
        assert "\n" not in str(error)
        return
    # Whatever was read can be written, and is then read as the same messages.
    again = smf.parse(smf.encode(file))
    assert [list(track) for track in again.tracks] == [list(track) for track in file.tracks]
    try:
        piece = midi.to_piece(file)
    except SeedError:
        return
    fresh = midi.to_piece(smf.parse(smf.encode(midi.from_piece(piece))))
    assert len(fresh.parts) == len(piece.parts)
    longer = midi.extend(file, piece.with_parts(()), midi.end_tick(file))
    assert midi.to_piece(smf.parse(smf.encode(longer))).note_count == piece.note_count


@settings(max_examples=600, deadline=None)
@given(mangled())
def test_a_mangled_file_is_read_or_refused(data: bytes) -> None:
    _survives(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_track_is_read_or_refused(body: bytes) -> None:
    header = _chunk(b"MThd", "0001 0001 0060")
    _survives(header + b"MTrk" + len(body).to_bytes(4, "big") + body)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _survives(data)


@settings(max_examples=25, deadline=None)
@given(data=mangled())
def test_load_raises_nothing_but_seed_errors(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path: Path = tmp_path_factory.mktemp("fuzz") / "a.mid"
    path.write_bytes(data)
    try:
        midi.read(path)
    except SeedError as error:
        assert str(error).startswith(str(path))


@pytest.mark.parametrize(
    "events",
    [
        b"\0\x90\x3c\x40",  # ons that never end
        b"\0\xb0\x7b\0\0\x90\x3c\x40",  # all notes off before each
        b"\0\xb0\x40\x7f\0\x90\x3c\x40\0\x80\x3c\0",  # all under the pedal
        b"\1\xff\x51\3\7\xa1\x20",  # nothing but tempo
    ],
)
def test_hostile_files_take_linear_work(events: bytes) -> None:
    def work(size: int) -> int:
        body = events * (size // len(events)) + b"\0\x90\x3c\x40\0\xff\x2f\0"
        data = _chunk(b"MThd", "0001 0001 0060") + b"MTrk" + len(body).to_bytes(4, "big") + body
        return _lines_run(lambda: _survives(data))

    # Eight times the work where it is linear, 64 where it is quadratic.
    assert work(16_000) < 12 * work(2_000)


def _lines_run(call: Callable[[], None]) -> int:
    """Lines of Python that a call runs: its work, whatever else the machine does."""
    count = 0

    def trace(*_: object) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
