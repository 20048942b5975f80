"""Drum kits off channel 10, and players whose every note has a channel of its own."""

from __future__ import annotations

import mido
import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack

from composer.formats import midi
from composer.music.notes import DRUM_PROGRAM, Part

ROCK = [(0, 36), (0, 42), (48, 42), (96, 38), (96, 42), (144, 42)]
"""(tick, key) of two beats at 96 ticks each: kick, snare, hi-hat."""
TUNE = [(0, 60), (48, 64), (96, 67), (144, 64)]


def track(
    notes: list[tuple[int, int]], channel: int, *head: Message | MetaMessage, times: int = 8
) -> MidiTrack:
    """Short notes over and over, behind messages on tick 0."""
    rows = [(192 * turn + tick, key) for turn in range(times) for tick, key in notes]
    timed = [(tick, Message("note_on", note=key, channel=channel)) for tick, key in rows]
    timed += [(tick + 40, Message("note_off", note=key, channel=channel)) for tick, key in rows]
    made, now = MidiTrack(head), 0
    for tick, message in sorted(timed, key=lambda row: row[0]):
        made.append(message.copy(time=tick - now))
        now = tick
    return made


def parts(*tracks: MidiTrack) -> tuple[list[Part], list[str]]:
    remarks: list[str] = []
    piece = midi.to_piece(MidiFile(type=1, ticks_per_beat=96, tracks=list(tracks)), remarks.append)
    return list(piece.parts), remarks


def bank(msb: int, channel: int, program: int = 0, lsb: int = 0) -> list[Message]:
    return [
        Message("control_change", control=0, value=msb, channel=channel),
        Message("control_change", control=32, value=lsb, channel=channel),
        Message("program_change", program=program, channel=channel),
    ]


def name(text: str) -> MetaMessage:
    return MetaMessage("track_name", name=text)


def sysex(text: str) -> Message:
    return Message("sysex", data=bytes.fromhex(text))


class TestDrums:
    @pytest.mark.parametrize(
        ("msb", "why"), [(127, "XG's for drum"), (126, "XG's for eff"), (120, "GM2's for rhythm")]
    )
    def test_a_bank_makes_drums_of_any_channel(self, msb: int, why: str) -> None:
        # Even of keys that alone would say nothing.
        found, remarks = parts(track(TUNE, 0), track([(0, 36)], 10, *bank(msb, 10, program=8)))
        assert [part.program for part in found] == [0, DRUM_PROGRAM]
        assert (found[1].bank, found[1].kit) == (msb << 7, 8)
        assert len(remarks) == 1 and why in remarks[0] and "part 2 " in remarks[0]

    def test_a_gs_message_does(self) -> None:
        # Part block 1B is channel 12, block 11 channel 1, block 10 channel 10.
        rhythm = sysex("41 10 42 12 40 1B 15 02 1E")
        found, _ = parts(track(TUNE, 0), track([(0, 36)], 11, rhythm))
        assert [part.is_drums for part in found] == [False, True]
        found, _ = parts(track(TUNE, 0, sysex("41 10 42 12 40 11 15 01 19")))
        assert found[0].is_drums

    def test_a_gs_message_makes_channel_10_play_tones(self) -> None:
        found, _ = parts(track(TUNE, 9, sysex("41 10 42 12 40 10 15 00 1B")))
        assert found[0].program == 0

    def test_an_xg_message_does(self) -> None:
        found, _ = parts(track([(0, 36)], 4, sysex("43 10 4C 08 04 07 02")), track(TUNE, 5))
        assert [part.is_drums for part in found] == [True, False]

    def test_gm2_plays_tones_on_channel_10_in_bank_121(self) -> None:
        assert not parts(track(TUNE, 9, *bank(121, 9)))[0][0].is_drums

    @pytest.mark.parametrize(
        "text", ["Drums", "808 Core Kit", "Schlagzeug", "HiHat", "Drum Loop 2", "Perc."]
    )
    def test_a_name_does_where_the_keys_are_a_kits(self, text: str) -> None:
        hats = [(0, 42), (48, 42), (96, 46), (144, 42)]
        assert parts(track(hats, 0, name(text)))[0][0].is_drums

    @pytest.mark.parametrize("text", ["Steel Drums", "Hang Drum", "Kitty", "Lead", ""])
    def test_other_names_do_not(self, text: str) -> None:
        assert not parts(track([(0, 42), (96, 46)], 0, name(text)))[0][0].is_drums

    def test_nor_where_the_tune_or_the_program_says_otherwise(self) -> None:
        high = [(tick, key + 24) for tick, key in TUNE]
        assert not parts(track(high, 0, name("Drum solo lead")))[0][0].is_drums
        marimba = Message("program_change", program=12)
        assert not parts(track(ROCK, 0, name("Drums?"), marimba))[0][0].is_drums

    def test_what_is_played_does(self) -> None:
        found, remarks = parts(track(ROCK, 0))
        assert found[0].is_drums
        assert "plays what a drum kit plays" in remarks[0] and "--no-drums 1" in remarks[0]

    def test_even_a_little_out_of_time(self) -> None:
        late = [(tick + (key != 42) * 3, key) for tick, key in ROCK]
        assert parts(track(late, 0))[0][0].is_drums

    @pytest.mark.parametrize("lonely", [36, 38])
    def test_kicks_without_cymbals_do_if_the_snares_have_them_and_the_other_way_round(
        self, lonely: int
    ) -> None:
        rock = [(tick + 12 * (key == lonely), key) for tick, key in ROCK]
        assert parts(track(rock, 0))[0][0].is_drums

    def test_a_bass_line_is_none(self) -> None:
        riff = [(0, 36), (48, 43), (96, 38), (144, 42)]
        assert not parts(track(riff, 0))[0][0].is_drums

    def test_low_chords_are_none(self) -> None:
        chords = [(0, 36), (0, 43), (0, 52), (96, 38), (96, 45), (96, 53)]
        assert not parts(track(chords, 0))[0][0].is_drums

    def test_the_kit_is_kept_in_a_fresh_file(self) -> None:
        found, _ = parts(track(ROCK, 10, *bank(127, 10, program=25)), track(ROCK, 9))
        again, _ = parts(*midi.from_piece(midi.Piece(tuple(found), 96)).tracks)
        assert [(p.is_drums, p.bank, p.kit) for p in again] == [
            (True, 127 << 7, 25),
            (True, None, 0),
        ]


def mpe(
    notes: list[tuple[int, int]], *head: Message, first: int = 1, members: int = 5
) -> MidiTrack:
    """A tune with a channel to each note, bent as it begins."""
    made, now = MidiTrack(head), 0
    for turn in range(6):
        for index, (tick, key) in enumerate(notes):
            at = 192 * turn + tick
            channel = first + (turn * len(notes) + index) % members
            rest = [
                Message("pitchwheel", pitch=0, channel=channel, time=at - now),
                Message("control_change", control=74, value=64, channel=channel),
                Message("note_on", note=key, channel=channel),
                Message("pitchwheel", pitch=300, channel=channel, time=10),
                Message("note_off", note=key, channel=channel, time=30),
            ]
            made.extend(rest)
            now = at + 40
    return made


def zone(members: int, channel: int = 0) -> list[Message]:
    return [
        Message("control_change", control=control, value=value, channel=channel)
        for control, value in ((101, 0), (100, 6), (6, members))
    ]


class TestOnePlayer:
    def test_a_zone_is_one_part_on_its_first_member_channel(self) -> None:
        found, remarks = parts(mpe(TUNE, *zone(15), members=15))
        assert [(part.channel, part.program, len(part.notes)) for part in found] == [(1, 0, 24)]
        assert [note.pitch for note in found[0].notes][:5] == [60, 64, 67, 64, 60]
        assert "one MPE player on 15 channels" in remarks[0]

    def test_an_upper_zone_too(self) -> None:
        found, _ = parts(mpe(TUNE, *zone(5, 15), first=10))
        assert [part.channel for part in found] == [10]

    def test_a_zone_with_a_track_for_each_channel(self) -> None:
        members = [track(TUNE, channel) for channel in (1, 2, 3)]
        found, remarks = parts(MidiTrack(zone(3)), *members)
        assert [(part.channel, len(part.notes)) for part in found] == [(1, 3 * 8 * len(TUNE))]
        assert "one MPE player on 3 channels" in remarks[0]
        named = [track(TUNE, 1, Message("program_change", program=40, channel=1)), *members[1:]]
        assert len(parts(MidiTrack(zone(3)), *named)[0]) == 3  # instruments of their own

    def test_without_a_message_by_how_notes_go_round(self) -> None:
        found, _ = parts(mpe(TUNE, first=2, members=7))
        assert [(part.channel, len(part.notes)) for part in found] == [(2, 24)]

    def test_a_zone_of_none_is_none(self) -> None:
        voices = [track(TUNE, 0, *zone(0)), track(TUNE, 1)]
        assert len(parts(*voices)[0]) == 2

    def test_a_quartet_in_one_track_is_four_parts(self) -> None:
        quartet = MidiTrack()
        for turn in range(12):
            for channel, key in enumerate((76, 67, 60, 48)):
                bend = Message("pitchwheel", pitch=turn, channel=channel)
                key += turn % 3
                quartet += [bend, Message("note_on", note=key, channel=channel)]
            for channel, key in enumerate((76, 67, 60, 48)):
                off = Message("note_off", note=key + turn % 3, channel=channel)
                quartet.append(off.copy(time=96 if channel == 0 else 0))
        assert len(parts(quartet)[0]) == 4

    def test_drums_beside_it_stay_drums(self) -> None:
        found, _ = parts(mpe(TUNE, *zone(15)), track(ROCK, 9))
        assert [part.is_drums for part in found] == [False, True]

    def test_its_bends_stay_in_the_file(self) -> None:
        seed = MidiFile(type=1, ticks_per_beat=96, tracks=[mpe(TUNE, *zone(5))])
        piece = midi.to_piece(seed)
        longer = midi.extend(seed, piece.with_parts(()), 1152)
        assert isinstance(longer, mido.MidiFile)
        before = list(seed.tracks[0])
        assert list(longer.tracks[0])[: len(before)] == before
