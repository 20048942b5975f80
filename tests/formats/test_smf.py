"""Files as bytes: what a reader of Standard MIDI Files meets, written out in hex."""

from __future__ import annotations

import io

import mido
import pytest

from composer.errors import OutputError, SeedError
from composer.formats import smf


def hexdump(text: str) -> bytes:
    """Bytes from hex with # comments."""
    return bytes.fromhex(" ".join(line.split("#")[0] for line in text.splitlines()))


def midi_file(*tracks: bytes, kind: int = 1, division: int = 96) -> bytes:
    """A file around the events of its tracks."""
    header = b"MThd" + (6).to_bytes(4, "big")
    for number in (kind, len(tracks), division):
        header += number.to_bytes(2, "big")
    return header + b"".join(b"MTrk" + len(t).to_bytes(4, "big") + t for t in tracks)


def messages(data: bytes) -> list[str]:
    """The messages of the first track, as text, without end_of_track."""
    return [str(message) for message in smf.parse(data).tracks[0][:-1]]


END = hexdump("00 FF 2F 00")
C4 = hexdump("00 90 3C 40  60 80 3C 00")  # middle C for a beat

# What most files look like: mido reads them right, and so do we.
PLAIN = midi_file(
    hexdump(
        """
        00 FF 03 05 54 69 74 6C 65   # track name "Title"
        00 FF 58 04 03 02 18 08      # 3/4
        00 FF 59 02 FE 00            # two flats, major
        00 FF 51 03 07 A1 20         # 500,000 us per beat
        00 F0 05 7E 7F 09 01 F7      # sysex: General MIDI on
        83 60 FF 06 01 41            # marker "A" at tick 480
        00 FF 2F 00
        """
    ),
    hexdump(
        """
        00 C0 28       # violin
        00 B0 40 7F    # pedal down
        00 90 3C 40    # C4 on
        60 3C 00       # C4 off: running status, velocity 0
        00 3E 41       # D4 on
        60 80 3E 40    # D4 off
        00 E0 00 50    # bend up a quarter
        00 D0 11       # channel pressure
        00 A0 3E 12    # key pressure
        00 FF 2F 00
        """
    ),
)


def test_a_plain_file_gives_the_messages_that_mido_reads() -> None:
    ours, theirs = smf.parse(PLAIN), mido.MidiFile(file=io.BytesIO(PLAIN))
    assert (ours.type, ours.ticks_per_beat) == (1, 96)
    assert [list(track) for track in ours.tracks] == [list(track) for track in theirs.tracks]


def test_running_status_and_velocity_0() -> None:
    assert messages(midi_file(hexdump("00 90 3C 40 60 3C 00") + END)) == [
        "note_on channel=0 note=60 velocity=64 time=0",
        "note_on channel=0 note=60 velocity=0 time=96",
    ]


def test_a_length_may_be_written_with_more_bytes_than_it_needs() -> None:
    padded = hexdump("80 40 90 3C 40  80 80 60 3C 00")  # 64 and 96 ticks
    assert messages(midi_file(padded + END)) == [
        "note_on channel=0 note=60 velocity=64 time=64",
        "note_on channel=0 note=60 velocity=0 time=96",
    ]


def test_running_status_outlasts_meta_events_and_sysex() -> None:
    track = hexdump(
        """
        00 90 3C 40
        00 FF 01 00    # text ""
        00 F0 01 F7    # empty sysex
        60 3C 00       # still a note on
        """
    )
    assert messages(midi_file(track + END))[-1] == "note_on channel=0 note=60 velocity=0 time=96"


@pytest.mark.parametrize(
    "event",
    [
        "FF 0A 02 01 02",  # a meta event nobody has defined
        "FF 59 02 09 00",  # a key of nine sharps
        "FF 59 02 00 05",  # a mode that is neither major nor minor
        "FF 00 01 07",  # a sequence number cut short
        "FF 51 02 07 A1",  # a tempo cut short
        "FF 58 02 03 02",  # a metre without its clocks
        "FF 54 05 E0 00 00 00 00",  # an SMPTE offset at an unknown rate
        "FF 03 03 C3 A9 FF",  # a name that is not UTF-8 as a whole
        "FF 7F 03 00 20 33",  # for one sequencer only
        "F0 03 7E 7F 09",  # a sysex that goes on ...
        "F7 02 01 F7",  # ... and ends in an escape
        "F7 01 F8",  # a MIDI clock, escaped
        "F2 10 20",  # song position, which belongs on the wire
    ],
)
def test_what_mido_cannot_write_back_survives_byte_for_byte(event: str) -> None:
    data = midi_file(hexdump("60 " + event) + C4 + END)
    file = smf.parse(data)
    assert file.tracks[0][0].time == 96, "its delta time moves everything after it"
    assert smf.encode(file) == data


def test_the_end_of_a_track_is_its_first_end_of_track() -> None:
    padded = midi_file(C4 + END + bytes(7), C4 + END)
    assert [len(track) for track in smf.parse(padded).tracks] == [3, 3]


def test_a_track_without_end_of_track_gets_one() -> None:
    assert smf.parse(midi_file(C4)).tracks[0][-1] == mido.MetaMessage("end_of_track")


def test_unknown_chunks_and_trailing_garbage_are_passed_over() -> None:
    plain = midi_file(C4 + END)
    foreign = b"XFIH" + (3).to_bytes(4, "big") + b"abc"
    assert messages(plain[:14] + foreign + plain[14:] + b"garbage") == messages(plain)


def test_a_track_length_that_is_too_long_gives_way_to_the_next_header() -> None:
    data = bytearray(midi_file(C4 + END, C4 + END))
    data[14 + 7] += 9
    assert [len(track) for track in smf.parse(bytes(data)).tracks] == [3, 3]


def test_an_rmid_file_is_unwrapped() -> None:
    inner = midi_file(C4 + END)
    info = b"INFO" + (1).to_bytes(4, "little") + b"x\0"  # an odd length is padded
    chunks = b"RMID" + info + b"data" + len(inner).to_bytes(4, "little") + inner
    assert messages(b"RIFF" + len(chunks).to_bytes(4, "little") + chunks) == messages(inner)


def test_data_bytes_above_127_are_lowered() -> None:
    assert messages(midi_file(hexdump("00 90 3C FF 60 80 FE 00") + END)) == [
        "note_on channel=0 note=60 velocity=127 time=0",
        "note_off channel=0 note=127 velocity=0 time=96",
    ]


def test_type_0_with_several_tracks_becomes_type_1() -> None:
    assert smf.parse(midi_file(C4 + END, C4 + END, kind=0)).type == 1
    assert smf.parse(midi_file(C4 + END, kind=0)).type == 0


@pytest.mark.parametrize(
    ("division", "ticks_per_beat", "tempo"),
    [
        (0xE728, 500, 500_000),  # 25 frames x 40 ticks: a tick is a millisecond
        (0xE705, 125, 1_000_000),  # 25 x 5: odd, so a beat is a second
        (0xE804, 48, 500_000),  # 24 x 4
        (0xE202, 30, 500_000),  # 30 x 2
        (0xE302, 30, 500_500),  # 29.97 x 2
    ],
)
def test_smpte_time_becomes_beats_at_one_tempo(
    division: int, ticks_per_beat: int, tempo: int
) -> None:
    tempo_event = hexdump("0A FF 51 03 01 00 00")  # means nothing in such a file
    file = smf.parse(midi_file(tempo_event + C4 + END, division=division))
    assert file.ticks_per_beat == ticks_per_beat
    assert [str(message) for message in file.tracks[0][1:-1]] == [
        "note_on channel=0 note=60 velocity=64 time=10",
        "note_off channel=0 note=60 velocity=0 time=96",
    ]
    assert file.tracks[0][0] == mido.MetaMessage("set_tempo", tempo=tempo)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "is not a MIDI file"),
        (b"PK\x03\x04", "is not a MIDI file"),
        (b"RIFF\0\0\0\0RMIDdisp", "without music"),
        (midi_file(C4 + END)[:12], "breaks off inside the header"),
        (midi_file(kind=1), "has no tracks"),
        (midi_file(C4 + END, kind=2), "type 2"),
        (midi_file(C4 + END, kind=7), "type 7"),
        (midi_file(C4 + END, division=0), "0 ticks per beat"),
        (midi_file(C4 + END, division=0xE700), "25 frames of 0 ticks"),
        (midi_file(C4 + END, division=0x9C04), "100 frames"),
        (midi_file(C4 + END, C4 + END)[:-19], "breaks off after track 1 of 2"),
        (midi_file(C4 + END, C4 + END)[:-6], "breaks off inside track 2"),
        (midi_file(hexdump("00 3C 40") + END), "byte 1 should begin a message"),
        (midi_file(hexdump("00 F5") + END), "0xF5, which begins no message"),
        (midi_file(hexdump("FF FF FF FF 7F 90 3C 40") + END), "more than four bytes"),
        (midi_file(hexdump("FF FF FF 7F 90 3C 40 01 3C 00") + END), "lasts longer than"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(data: bytes, line: str) -> None:
    with pytest.raises(SeedError, match=line) as caught:
        smf.parse(data)
    assert "\n" not in str(caught.value)


def test_every_truncation_is_noticed() -> None:
    second = PLAIN.rindex(b"MTrk")
    for length in range(len(PLAIN)):
        if length == second:  # a whole track, and a header that promises another
            remarks: list[str] = []
            assert len(smf.parse(PLAIN[:length], remarks.append).tracks) == 1
            assert remarks == ["the header promises 2 tracks, 1 track is there and read"]
            continue
        with pytest.raises(SeedError):
            smf.parse(PLAIN[:length])


@pytest.mark.parametrize("promised", [0, 1, 2, 4, 200])
def test_all_tracks_are_read_whatever_the_header_promises(promised: int) -> None:
    data = bytearray(midi_file(C4 + END, C4 + END, C4 + END))
    data[10:12] = promised.to_bytes(2, "big")
    remarks: list[str] = []
    assert [len(track) for track in smf.parse(bytes(data), remarks.append).tracks] == [3, 3, 3]
    assert remarks == [f"the header promises {promised} tracks, 3 tracks are there and read"]


def test_foreign_chunks_between_tracks_are_not_counted() -> None:
    foreign = b"XFKM" + (2).to_bytes(4, "big") + b"ab"
    first, second = midi_file(C4 + END), midi_file(C4 + END)[14:]
    data = first[:11] + b"\x01" + first[12:] + foreign + second
    assert len(smf.parse(data).tracks) == 2


def test_a_damaged_track_beyond_those_promised_is_left_out() -> None:
    data = midi_file(C4 + END) + b"MTrk" + (4).to_bytes(4, "big") + hexdump("00 F5 00 00")
    remarks: list[str] = []
    assert len(smf.parse(data, remarks.append).tracks) == 1
    assert len(remarks) == 1 and "damaged: left out" in remarks[0]


def test_a_file_that_promises_no_track_and_has_a_damaged_one_is_refused() -> None:
    data = midi_file() + b"MTrk" + (4).to_bytes(4, "big") + hexdump("00 F5 00 00")
    with pytest.raises(SeedError, match="track 1"):
        smf.parse(data)


def test_encode_refuses_what_a_file_cannot_hold() -> None:
    late = mido.MidiTrack([mido.Message("note_on", time=smf.LONGEST_TICKS + 1)])
    with pytest.raises(OutputError, match="track 0 has a rest of 268435456 ticks"):
        smf.encode(mido.MidiFile(tracks=[late]))
    clock = mido.MidiTrack([mido.Message("clock")])
    with pytest.raises(OutputError, match="realtime"):
        smf.encode(mido.MidiFile(tracks=[clock]))
