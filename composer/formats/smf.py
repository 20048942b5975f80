"""Standard MIDI File bytes <-> mido messages: the container, not the music.

mido has the messages and the writer; the reading is done here, because a seed has to
come back message for message and mido 1.3 loses some on the way in: it drops the delta
time of meta events it does not know (everything after them moves), turns F7 escapes
into F0, gives up on a key signature out of range, on chunks other than MTrk and on
RMID files. Whatever mido could not write back to the same bytes is kept as `RawEvent`
or `UnknownMetaMessage`. Reading from one `bytes` object is also three times as fast.

Conventions:
    Delta times are ticks. The specification is "Standard MIDI Files 1.0" (MMA, 1996).
    Text is kept as mido keeps it, one latin-1 character per byte, so that any bytes
    survive; `composer.formats.midi_text` makes readable strings of it and back.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Any

import mido
from mido.midifiles.meta import build_meta_message, encode_variable_int

from composer.errors import OutputError, SeedError
from composer.formats import smpte
from composer.formats.remarks import Remark, to_log

LONGEST_TICKS = 0x0FFF_FFFF
"""The largest delta time a file can hold (four bytes of seven bits), in ticks."""

_END_OF_TRACK = 0x2F
_TEXT_EVENTS = range(0x01, 0x0A)

_CHANNEL_EVENTS: dict[int, tuple[str, str, str | None]] = {
    0x80: ("note_off", "note", "velocity"),
    0x90: ("note_on", "note", "velocity"),
    0xA0: ("polytouch", "note", "value"),
    0xB0: ("control_change", "control", "value"),
    0xC0: ("program_change", "program", None),
    0xD0: ("aftertouch", "value", None),
}
"""Status nibble -> mido's type and the names of its data bytes (0xE0 is read apart)."""

_SYSTEM_SIZES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
"""Data bytes of the system messages, which no file should hold and some do."""


class RawEvent(mido.UnknownMetaMessage):  # type: ignore[misc]  # mido has no types
    """An event that mido's classes cannot write back to the bytes it came from.

    It passes for a meta message, because mido's writer puts those into a file as they are.

    Attributes:
        data: The whole event without its delta time, status byte first.
        time: Delta time in ticks.
    """

    def __init__(self, data: Iterable[int], time: int = 0, **_: Any) -> None:
        super().__init__(type_byte=0, data=data, time=time, type="raw")

    def __repr__(self) -> str:
        return f"RawEvent({bytes(self.data).hex(' ')}, time={self.time})"

    def bytes(self) -> list[int]:
        """The event as it stands in the file."""
        return list(self.data)


def parse(data: bytes, remark: Remark = to_log) -> mido.MidiFile:
    """Read the bytes of a file into mido messages.

    RMID wrappers are opened, all tracks that are there are read, however many the header
    promises, chunks of other kinds are passed over, data bytes above 127 are lowered to
    127. A file in SMPTE time is brought to beats by `composer.formats.smpte`.

    Args:
        data: The whole file.
        remark: Told in a line each what the bytes had to be bent for.

    Returns:
        A type 0 file of one track, or a type 1 file. Every track ends with exactly one
        end_of_track.

    Raises:
        SeedError: The bytes are not a MIDI file, break off, are damaged, or of type 2.
            The line does not name the file: the caller knows it.
    """
    data = _unwrap_riff(data)
    if data[:4] != b"MThd":
        raise SeedError("is not a MIDI file (it does not begin with MThd)")
    if len(data) < 14:
        raise SeedError("breaks off inside the header; get a whole copy of the file")
    size, kind, track_count, division = struct.unpack(">LHHH", data[4:14])
    if size < 6:
        raise SeedError(f"has a damaged header ({size} bytes long, should be 6)")
    if kind == 2:
        raise SeedError(
            "is a type 2 MIDI file (independent patterns, not one piece);"
            " save it as type 0 or 1 in the program it came from"
        )
    if kind > 2:
        raise SeedError(f"has a damaged header (type {kind}, should be 0 or 1)")
    if division == 0:
        raise SeedError("has a damaged header (0 ticks per beat)")

    tracks = _read_tracks(data, 8 + size, track_count, remark)
    # mido refuses to write a type 0 file of several tracks, which some programs make.
    kind = 0 if kind == 0 and len(tracks) == 1 else 1
    if division & 0x8000:
        return smpte.to_beats(tracks, division, kind, remark)
    return mido.MidiFile(type=kind, ticks_per_beat=division, tracks=tracks)


def encode(file: mido.MidiFile) -> bytes:
    """The bytes of a file, the same for the same messages.

    Raises:
        OutputError: It holds something that no MIDI file can, such as a rest of more
            than `LONGEST_TICKS`.
    """
    for number, track in enumerate(file.tracks):
        longest = max((message.time for message in track), default=0)
        if longest > LONGEST_TICKS:
            raise OutputError(
                f"track {number} has a rest of {longest} ticks,"
                f" a MIDI file can hold {LONGEST_TICKS} at most"
            )
    buffer = io.BytesIO()
    try:
        file.save(file=buffer)
    except (ValueError, TypeError, KeyError, struct.error) as error:
        # What mido raises for messages, headers and texts that do not fit the format.
        raise OutputError(f"the music does not fit into a MIDI file: {error}") from error
    return buffer.getvalue()


def note_count(file: mido.MidiFile) -> int:
    """How many notes a file begins, whether it ends them or not."""
    return sum(
        message.type == "note_on" and message.velocity > 0
        for track in file.tracks
        for message in track
    )


def _unwrap_riff(data: bytes) -> bytes:
    """The MIDI file inside an RMID file ("RIFF" size "RMID", then chunks); others as is."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    position = 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sL", data, position)
        position += 8
        if name == b"data":
            return data[position : position + size]
        position += size + size % 2  # RIFF pads chunks to even lengths
    raise SeedError("is an RMID file without music in it")


def _read_tracks(data: bytes, position: int, count: int, remark: Remark) -> list[mido.MidiTrack]:
    """Read all MTrk chunks from `position` on, passing over other chunks.

    Args:
        data: The whole file.
        position: Of the first chunk after the header.
        count: How many tracks the header promises: many programs get it wrong.
        remark: Told what does not fit the header.
    """
    tracks: list[mido.MidiTrack] = []
    while position + 8 <= len(data):
        name, size = struct.unpack_from(">4sL", data, position)
        position += 8
        if name == b"MTrk":
            body = data[position : position + size]
            try:
                track, used = _read_track(body, len(tracks) + 1, len(body) == size, remark)
            except SeedError:
                if len(tracks) < max(count, 1):
                    raise
                remark("what follows the last track looks like one more, but is damaged: left out")
                return tracks
            tracks.append(track)
            # Some programs state a length that is too long: trust the next header instead.
            if data[position + used : position + used + 4] == b"MTrk":
                size = used
        position += size
    if not tracks:
        raise SeedError("has no tracks")
    if len(tracks) < count and data[position : position + 4] in (b"M", b"MT", b"MTr", b"MTrk"):
        raise SeedError(
            f"breaks off after track {len(tracks)} of {count}; get a whole copy of the file"
        )
    if len(tracks) != count:
        there = "track is" if len(tracks) == 1 else "tracks are"
        remark(f"the header promises {count} tracks, {len(tracks)} {there} there and read")
    return tracks


def _read_track(
    body: bytes, number: int, whole: bool, remark: Remark
) -> tuple[mido.MidiTrack, int]:
    """Read the events of one track.

    Args:
        body: What the chunk holds.
        number: Which track it is, from 1, for the error line.
        whole: Whether the chunk has the length that its header states.
        remark: Told of data bytes that had to be lowered.

    Returns:
        The track, and how many bytes of the chunk it took up (to its end_of_track).
    """
    track = mido.MidiTrack()
    position = 0
    ended = False
    try:
        position, ended, lowered = _read_events(body, track)
        if lowered:
            remark(f"track {number} has {lowered} messages with data bytes above 127, read as 127")
    except IndexError:  # one of the look-ups below went past the end of the chunk
        whole = False
    except _DamagedError as error:
        raise SeedError(f"is damaged: in track {number}, {error}") from None
    if not ended:
        if not whole:
            raise SeedError(f"breaks off inside track {number}; get a whole copy of the file")
        track.append(mido.MetaMessage("end_of_track"))
    if sum(message.time for message in track) > LONGEST_TICKS:
        raise SeedError(f"is damaged: track {number} lasts longer than {LONGEST_TICKS} ticks")
    return track, position


class _DamagedError(Exception):
    """Something in a track that no reading makes sense of."""


def _read_events(body: bytes, track: mido.MidiTrack) -> tuple[int, bool, int]:
    """Append the events in `body` to `track`, to its end_of_track and no further.

    Messages are put together here rather than by `mido.Message`, whose checks take
    longer than everything else; a test holds the result to mido's own.

    Returns:
        The position after the last event read, whether that was end_of_track, and how
        many messages had data bytes above 127.

    Raises:
        IndexError: The last event breaks off.
    """
    new, cls, append = mido.Message.__new__, mido.Message, track.append
    events = _CHANNEL_EVENTS
    position, stop, status, clipped = 0, len(body), 0, 0
    ended = False
    while position < stop and not ended:
        delta = body[position]
        position += 1
        if delta >= 0x80:
            delta, position = _read_length(body, position - 1)
        byte = body[position]
        if byte < 0x80:  # running status: the last channel message's
            if not status:
                raise _DamagedError(f"byte {position} should begin a message")
        else:
            position += 1
            if byte >= 0xF0:
                message, position = _read_system(body, position, byte, delta)
                append(message)
                ended = message.type == "end_of_track"
                # Running status should end here (SMF 1.0), but there are files that
                # rely on it to last, and none that could mean anything else.
                continue
            status = byte

        kind = status & 0xF0
        first = body[position]
        if kind == 0xC0 or kind == 0xD0:
            position += 1
            second = 0
        else:
            second = body[position + 1]
            position += 2
        if first > 127 or second > 127:
            first, second = min(first, 127), min(second, 127)
            clipped += 1
        message = new(cls)
        fields = message.__dict__
        if kind == 0xE0:
            fields["type"] = "pitchwheel"
            fields["time"] = delta
            fields["pitch"] = (first | second << 7) - 8192
        else:
            fields["type"], name, other = events[kind]
            fields["time"] = delta
            fields[name] = first
            if other is not None:
                fields[other] = second
        fields["channel"] = status & 0x0F
        append(message)
    return position, ended, clipped


def _read_system(body: bytes, position: int, status: int, delta: int) -> tuple[Any, int]:
    """Read a meta event, sysex, escape or stray system message after its status byte."""
    start = position - 1
    if status == 0xFF:
        kind = body[position]
        length, position = _read_length(body, position + 1)
        data = _take(body, position, length)
        return _meta_message(kind, data, delta), position + length
    if status in (0xF0, 0xF7):
        length, position = _read_length(body, position)
        data = _take(body, position, length)
        position += length
        if status == 0xF0 and data[-1:] == b"\xf7" and max(data[:-1], default=0) < 0x80:
            return mido.Message("sysex", data=data[:-1], time=delta), position
        # An escape, or one packet of a sysex that later F7 events go on with.
        event = bytes((status, *encode_variable_int(length))) + data
        return RawEvent(event, delta), position
    if status not in _SYSTEM_SIZES:
        raise _DamagedError(f"byte {start} is 0x{status:02X}, which begins no message")
    size = _SYSTEM_SIZES[status]
    return RawEvent(bytes([status]) + _take(body, position, size), delta), position + size


def _meta_message(kind: int, data: bytes, delta: int) -> Any:
    """A meta event as mido knows it, or as bytes where mido would not give them back."""
    if kind == _END_OF_TRACK:
        return mido.MetaMessage("end_of_track", time=delta)
    try:
        message = build_meta_message(kind, data, delta)
        exact = kind in _TEXT_EVENTS or bytes(message.bytes()).endswith(
            bytes((kind, *encode_variable_int(len(data)))) + data
        )
    except Exception:
        # mido's decoders raise whatever comes first (IndexError, KeyError, ValueError,
        # its own KeySignatureError, struct.error) on lengths and values they do not
        # expect; whichever it was, the event is kept as bytes.
        exact = False
    if not exact:
        return mido.UnknownMetaMessage(kind, data, time=delta)
    message.time = delta  # mido forgets it for the kinds it does not know
    return message


def _read_length(body: bytes, position: int) -> tuple[int, int]:
    """Read a variable-length quantity: (value, position after it)."""
    value = 0
    for offset in range(4):
        byte = body[position + offset]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise _DamagedError(f"the length at byte {position} has more than four bytes")


def _take(body: bytes, position: int, length: int) -> bytes:
    """`length` bytes from `position` on; IndexError if there are fewer."""
    data = body[position : position + length]
    if len(data) < length:
        raise IndexError
    return data
