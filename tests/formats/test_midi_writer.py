"""MIDI out: a piece as a fresh file, and a seed that goes on: what is written where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_shorthand import a_file, control, heard, off, on, pedal, program, timed
from mido import Message, MetaMessage, MidiFile

from composer.errors import OutputError
from composer.formats import midi, smf
from composer.formats.midi_text import decode_text, encode_text
from composer.formats.midi_timeline import timeline
from composer.formats.midi_writer import Voice, untangle
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap, TempoMap


class TestFromPiece:
    def test_a_trio_as_messages(self) -> None:
        piece = Piece(
            parts=(
                Part((Note(0, 60, 96, 80),), program=40, name="Violin", channel=3),
                Part((Note(0, 36, 24, 90),), program=DRUM_PROGRAM),
                Part((Note(0, 48, 96, 70),), program=32, channel=9),
            ),
            ticks_per_beat=96,
            tempos=TempoMap(((0, 400_000), (96, 500_000))),
            metres=MetreMap(((0, 3, 4),)),
            title="Trio",
        )
        file = midi.from_piece(piece)
        assert [timed(track) for track in file.tracks] == [
            [
                (0, str(MetaMessage("track_name", name="Trio"))),
                (0, str(MetaMessage("time_signature", numerator=3, denominator=4))),
                (0, str(MetaMessage("set_tempo", tempo=400_000))),
                (96, str(MetaMessage("set_tempo", tempo=500_000))),
                (96, str(MetaMessage("end_of_track"))),
            ],
            [
                (0, str(MetaMessage("track_name", name="Violin"))),
                (0, "program_change channel=3 program=40"),
                (0, "note_on channel=3 note=60 velocity=80"),
                (96, "note_off channel=3 note=60 velocity=0"),
                (96, str(MetaMessage("end_of_track"))),
            ],
            [
                (0, "note_on channel=9 note=36 velocity=90"),
                (24, "note_off channel=9 note=36 velocity=0"),
                (24, str(MetaMessage("end_of_track"))),
            ],
            [
                (0, "program_change channel=0 program=32"),
                (0, "note_on channel=0 note=48 velocity=70"),
                (96, "note_off channel=0 note=48 velocity=0"),
                (96, str(MetaMessage("end_of_track"))),
            ],
        ]

    def test_an_orchestra_goes_on_over_a_second_port(self) -> None:
        part = Part((Note(0, 60, 96, 80),))
        file = midi.from_piece(Piece(tuple(replace(part, program=n) for n in range(17))))
        again = midi.to_piece(smf.parse(smf.encode(file)))
        assert [p.program for p in again.parts] == list(range(17))
        channels = [p.channel for p in again.parts]
        assert channels == [*range(9), *range(10, 16), 0, 1]

    def test_too_fine_a_resolution(self) -> None:
        with pytest.raises(OutputError, match="32767 ticks per beat"):
            midi.from_piece(Piece((), ticks_per_beat=40_000))

    def test_overlapping_notes_on_a_key_end_where_the_next_begins(self) -> None:
        notes = (Note(0, 60, 30, 1), Note(10, 60, 5, 2), Note(10, 60, 50, 3), Note(60, 60, 9, 4))
        file = midi.from_piece(Piece((Part(notes),)))
        assert heard(file) == [(0, 10, 60), (10, 60, 60), (60, 69, 60)]

    def test_tracks_that_share_a_channel_keep_the_notes_that_they_begin_together(self) -> None:
        """A riff on two guitars whose tracks are all on one channel, as many DAWs write them."""
        kept = untangle(
            [
                Voice(Note(0, 40, 20, 80), 1, 0),
                Voice(Note(0, 40, 24, 70), 2, 0),
                Voice(Note(0, 43, 20, 80), 1, 0),
                Voice(Note(30, 40, 10, 80), 1, 0),
                Voice(Note(30, 40, 5, 60), 1, 0),
                Voice(Note(30, 40, 9, 70), 2, 0),
                Voice(Note(36, 40, 9, 90), 1, 0),
            ]
        )
        found = [(v.track, v.note.onset, v.note.end, v.note.velocity) for v in kept]
        # The off of the second track comes after the ons of the first, so both end a tick before.
        assert sorted(found[:-1]) == [
            (1, 0, 24, 80),
            (1, 30, 35, 80),
            (1, 36, 45, 90),
            (2, 0, 24, 70),
            (2, 30, 35, 70),
        ]
        assert found[-1] == (1, 0, 20, 80)

    def test_of_notes_of_one_track_that_begin_together_the_longest_stays(self) -> None:
        same = [Voice(Note(0, 60, length, length), 1, 0) for length in (9, 20, 5)]
        assert untangle(same) == [same[1]]


NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FFF), max_size=12).filter(
    lambda name: decode_text(encode_text(name)) == name
)


@st.composite
def _notes(draw: st.DrawFn) -> tuple[Note, ...]:
    """Notes of one part that do not overlap on a key."""
    gaps = st.lists(
        st.tuples(st.integers(0, 2000), st.integers(1, 2000), st.integers(1, 127)), max_size=5
    )
    keys = draw(st.dictionaries(st.integers(0, 127), gaps.filter(bool), min_size=1, max_size=4))
    notes = []
    for pitch, rows in keys.items():
        tick = 0
        for rest, duration, velocity in rows:
            notes.append(Note(tick + rest, pitch, duration, velocity))
            tick += rest + duration
    return tuple(notes)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Pieces numbered as `from_piece` numbers them: a track per part, after the conductor."""
    programs = draw(st.lists(st.integers(0, 127), min_size=1, max_size=6))
    free = [channel for channel in range(16) if channel != 9]
    channels = draw(st.permutations(free))
    parts = [
        Part(draw(_notes()), number, draw(NAMES), track, channel)
        for track, (number, channel) in enumerate(zip(programs, channels, strict=False), start=1)
    ]
    if draw(st.booleans()):
        parts.append(Part(draw(_notes()), DRUM_PROGRAM, "Drums", len(parts) + 1, 9))
    ticks = st.integers(0, 100_000)
    tempos = draw(st.lists(st.tuples(ticks, st.integers(1, 0xFFFFFF)), max_size=4))
    beats = st.sampled_from((1, 2, 4, 8, 16, 32, 64))
    metres = draw(st.lists(st.tuples(ticks, st.integers(1, 255), beats), max_size=4))
    return Piece(
        tuple(parts),
        draw(st.integers(1, 32767)),
        TempoMap(tuple(tempos)),
        MetreMap(tuple(metres)),
        draw(NAMES),
    )


@settings(max_examples=60, deadline=None)
@given(pieces())
def test_a_piece_comes_back_from_its_file(piece: Piece) -> None:
    data = smf.encode(midi.from_piece(piece))
    assert midi.to_piece(smf.parse(data)) == piece
    assert smf.encode(midi.from_piece(piece)) == data


class TestExtend:
    """A seed of one bar, and what goes on from tick 384."""

    def seed(self) -> MidiFile:
        return a_file(
            [MetaMessage("set_tempo", tempo=400_000), MetaMessage("end_of_track", time=400)],
            [
                MetaMessage("lyrics", text="Ah"),
                program(40),
                on(60),
                off(60, 96),
                MetaMessage("end_of_track"),
            ],
        )

    def going_on(self, *notes: Note, number: int = 40) -> Piece:
        return Piece((Part(notes, program=number, track=1),), ticks_per_beat=96)

    def test_notes_go_to_their_track_and_a_marker_to_the_first(self) -> None:
        longer = midi.extend(self.seed(), self.going_on(Note(384, 62, 96, 80)), 384)
        assert timed(longer.tracks[0])[1:] == [
            (384, str(MetaMessage("marker", text="composer"))),
            (400, str(MetaMessage("end_of_track"))),  # where it was: nothing comes later
        ]
        assert timed(longer.tracks[1])[4:] == [
            (384, "note_on channel=0 note=62 velocity=80"),
            (480, "note_off channel=0 note=62 velocity=0"),
            (480, str(MetaMessage("end_of_track"))),
        ]

    def test_the_seed_is_neither_changed_nor_shared(self) -> None:
        seed = self.seed()
        longer = midi.extend(seed, self.going_on(Note(384, 62, 96, 80)), 384)
        assert [list(track) for track in seed.tracks] == [list(t) for t in self.seed().tracks]
        ours = {id(message) for track in seed.tracks for message in track}
        assert not ours & {id(message) for track in longer.tracks for message in track}

    def test_what_was_left_open_is_silenced_first(self) -> None:
        seed = a_file(
            [
                pedal(127),
                control(66, 127),
                control(69, 100),
                on(60),
                on(62, 96),
                Message("pitchwheel", pitch=2000, time=90),
                off(62, 6),
            ]
        )
        notes = (Note(200, 60, 10, 80),)
        longer = midi.extend(seed, Piece((Part(notes),), ticks_per_beat=96), 200)
        assert timed(longer.tracks[0])[7:] == [
            (200, str(MetaMessage("marker", text="composer"))),
            (200, "note_off channel=0 note=60 velocity=0"),
            (200, "control_change channel=0 control=64 value=0"),
            (200, "control_change channel=0 control=66 value=0"),
            (200, "control_change channel=0 control=69 value=0"),
            (200, "pitchwheel channel=0 pitch=0"),
            (200, "note_on channel=0 note=60 velocity=80"),
            (210, "note_off channel=0 note=60 velocity=0"),
            (210, str(MetaMessage("end_of_track"))),
        ]

    def test_a_note_ended_by_all_notes_off_gets_its_own_off_too(self) -> None:
        # Editors that pass over "all notes off" would show it as never ended.
        longer = midi.extend(a_file([on(60), control(123, 0, 9)]), Piece((), 96), 20)
        assert (20, "note_off channel=0 note=60 velocity=0") in timed(longer.tracks[0])
        assert heard(longer) == [(0, 9, 60)]

    @pytest.mark.parametrize(
        "tail",
        [
            [pedal(127), pedal(0, 9)],
            [pedal(127), control(121, 0, 9)],
            [Message("pitchwheel", pitch=99), Message("pitchwheel", pitch=0, time=9)],
        ],
    )
    def test_what_is_closed_is_left_alone(self, tail: list[Message]) -> None:
        longer = midi.extend(a_file([on(60), off(60, 9), *tail]), Piece((), 96), 20)
        assert timed(longer.tracks[0])[-2:] == [
            (20, str(MetaMessage("marker", text="composer"))),
            (20, str(MetaMessage("end_of_track"))),
        ]

    def test_a_part_gets_its_program_where_another_is_in_force(self) -> None:
        notes = self.going_on(Note(384, 62, 96, 80), number=56)
        longer = midi.extend(self.seed(), notes, 384)
        assert timed(longer.tracks[1])[4] == (384, "program_change channel=0 program=56")

    def test_what_makes_no_sound_among_the_new_notes_moves_to_the_join(self) -> None:
        seed = a_file([on(60), off(60, 96), control(7, 1, 104), control(7, 2, 200)])
        notes = (Note(200, 62, 100, 80),)
        longer = midi.extend(seed, Piece((Part(notes),), ticks_per_beat=96), 150)
        assert timed(longer.tracks[0])[2:] == [
            # Among the new notes it would silence them, and nothing of the seed sounds there.
            (150, "control_change channel=0 control=7 value=1"),
            (150, str(MetaMessage("marker", text="composer"))),
            (150, "control_change channel=0 control=7 value=100"),
            (200, "note_on channel=0 note=62 velocity=80"),
            (300, "note_off channel=0 note=62 velocity=0"),
            (400, "control_change channel=0 control=7 value=2"),
            (400, str(MetaMessage("end_of_track"))),
        ]

    def test_a_repeated_note_is_ended_before_it_is_struck_again(self) -> None:
        notes = self.going_on(Note(384, 62, 200, 80), Note(480, 62, 96, 81))
        track = midi.extend(self.seed(), notes, 384).tracks[1]
        assert timed(track)[4:8] == [
            (384, "note_on channel=0 note=62 velocity=80"),
            (480, "note_off channel=0 note=62 velocity=0"),
            (480, "note_on channel=0 note=62 velocity=81"),
            (576, "note_off channel=0 note=62 velocity=0"),
        ]

    def test_an_off_in_a_later_track_does_not_cut_a_note_in_an_earlier_one(self) -> None:
        # Both hands on channel 0: the left hand's C must be over before the right's begins.
        hands = a_file([on(60), off(60, 9)], [on(48), off(48, 9)])
        right = Part((Note(200, 60, 50, 80),), track=0)
        left = Part((Note(100, 60, 100, 70),), track=1)
        longer = midi.extend(hands, Piece((right, left), 96), 100)
        assert heard(longer, part=1)[1] == (100, 199, 60)

    def test_type_0_takes_it_all_in_one_track(self) -> None:
        seed = a_file([on(60), off(60, 9), on(48, channel=1), off(48, 9, channel=1)], kind=0)
        parts = (Part((Note(50, 62, 9, 80),)), Part((Note(50, 50, 9, 80),), channel=1))
        longer = midi.extend(seed, Piece(parts, 96), 50)
        assert (longer.type, len(longer.tracks)) == (0, 1)
        assert [row for row in timed(longer.tracks[0]) if row[0] >= 50][:3] == [
            (50, str(MetaMessage("marker", text="composer"))),
            (50, "note_on channel=0 note=62 velocity=80"),
            (50, "note_on channel=1 note=50 velocity=80"),
        ]

    @pytest.mark.parametrize(
        ("piece", "line"),
        [
            (Piece((), 480), "480 ticks per beat, must be the seed's 96"),
            (Piece((Part((Note(400, 60, 1, 1),), track=2),), 96), "track is 2, must be 0..1"),
            (Piece((Part((Note(383, 60, 1, 1),)),), 96), "onset is 383, must be at least"),
        ],
    )
    def test_what_does_not_fit_the_seed_is_refused(self, piece: Piece, line: str) -> None:
        with pytest.raises(ValueError, match=line):
            midi.extend(self.seed(), piece, 384)


@st.composite
def _messy_tracks(draw: st.DrawFn) -> list[Message | MetaMessage]:
    """Tracks that leave notes, pedals and bends open."""
    channel = st.integers(8, 10)
    time = st.integers(0, 50)
    key = st.integers(60, 62)
    message = st.one_of(
        st.builds(on, key, time, st.integers(0, 127), channel),
        st.builds(off, key, time, channel),
        st.builds(control, st.sampled_from((7, 64, 66, 120, 121, 123)), key, time, channel),
        st.builds(pedal, st.sampled_from((0, 127)), time, channel),
        st.builds(lambda p, t, c: Message("pitchwheel", pitch=p, time=t, channel=c), key, time,
                  channel),
        st.builds(program, key, time, channel),
        st.builds(lambda t: MetaMessage("midi_port", port=1, time=t), time),
    )  # fmt: skip
    track = draw(st.lists(message, max_size=12))
    return [*track, MetaMessage("end_of_track", time=draw(time))]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(_messy_tracks(), min_size=1, max_size=3),
    st.data(),
)
def test_a_seed_is_a_prefix_of_its_continuation(
    tracks: list[list[Message | MetaMessage]], data: st.DataObject
) -> None:
    seed = a_file(*tracks)
    join = midi.end_tick(seed) + data.draw(st.integers(0, 10))
    part = st.builds(
        lambda notes, track, channel: Part(
            tuple(replace(note, onset=note.onset + join) for note in notes),
            DRUM_PROGRAM if channel == 9 else 60,
            track=track,
            channel=channel,
        ),
        _notes(),
        st.integers(0, len(tracks) - 1),
        st.integers(8, 10),
    )
    piece = Piece(tuple(data.draw(st.lists(part, max_size=3))), 96)
    longer = midi.extend(seed, piece, join)

    for before, after in zip(seed.tracks, longer.tracks, strict=True):
        assert list(after)[: len(before) - 1] == list(before)[:-1]
        assert [message.type for message in after].count("end_of_track") == 1
        assert after[-1].type == "end_of_track"
    assert not _sounding(longer, midi.end_tick(longer))
    if piece.note_count == 0:
        assert not _sounding(longer, join)
    else:
        # Played by a synthesizer it lasts as long as the notes say, on every key.
        notes = {
            (part.channel, note.onset, note.end, note.pitch)
            for part in midi.to_piece(longer).parts
            for note in part.notes
            if note.onset > midi.end_tick(seed)
        }
        played = _played(longer)
        assert {row for row in played if row[1] > midi.end_tick(seed)} == notes
        assert len(notes) <= piece.note_count
    assert smf.encode(smf.parse(smf.encode(longer))) == smf.encode(longer)


def _played(file: MidiFile) -> set[tuple[int, int, int, int]]:
    """(channel, onset, end, pitch) where an off ends whatever sounds on its key."""
    events, _ = timeline(file)
    down: dict[tuple[int, int], list[int]] = {}
    rows = set()
    for tick, _, line, message in events:
        if message.type == "note_on" and message.velocity:
            down.setdefault((line, message.note), []).append(tick)
        elif message.type in ("note_on", "note_off"):
            onsets = down.pop((line, message.note), [])
            rows |= {(line % 16, onset, tick, message.note) for onset in onsets}
    return rows


def _sounding(file: MidiFile, tick: int) -> dict[object, int]:
    """Keys struck and not ended, by track: a plain count, for the test above."""
    struck: dict[object, int] = {}
    for index, track in enumerate(file.tracks):
        now, port = 0, 0
        for message in track:
            now += message.time
            if now > tick:
                break
            if message.type == "midi_port":
                port = message.port
            elif message.type == "note_on" and message.velocity:
                key = (index, port, message.channel, message.note)
                struck[key] = struck.get(key, 0) + 1
            elif message.type in ("note_on", "note_off"):
                key = (index, port, message.channel, message.note)
                struck[key] = max(struck.get(key, 0) - 1, 0)
    return {key: count for key, count in struck.items() if count}
