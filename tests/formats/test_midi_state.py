"""What goes on sounds as the seed did before it ended, whatever its last messages did."""

from __future__ import annotations

import pytest
from mido import Message, MetaMessage, MidiFile, MidiTrack

from composer.formats import midi, smf
from composer.formats.midi_append import Extender
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece

BEAT, BAR = 96, 384
JOIN = 4 * BAR


def seed(*rows: tuple[int, Message | MetaMessage], channel: int = 0) -> MidiFile:
    """Four bars of quarter notes, and other messages at their ticks."""
    timed = [*rows]
    for beat in range(16):
        note = 60 + beat % 5
        timed.append((beat * BEAT, Message("note_on", note=note, channel=channel)))
        timed.append((beat * BEAT + 90, Message("note_off", note=note, channel=channel)))
    track, now = MidiTrack(), 0
    # What sets a channel up comes before the note on its tick.
    for tick, message in sorted(timed, key=lambda row: (row[0], row[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    return MidiFile(type=1, ticks_per_beat=BEAT, tracks=[track])


def cc(control: int, value: int, channel: int = 0) -> Message:
    return Message("control_change", control=control, value=value, channel=channel)


def at_join(file: MidiFile, join: int = JOIN, **parts: int) -> list[str]:
    """Messages between the marker at the join and the first new note."""
    part = Part((Note(join, 72, BEAT, 80),), **parts)
    piece = Piece((part,), BEAT)
    longer = midi.extend(file, piece, join)
    assert Extender(file).encode(piece, join).data == smf.encode(longer)
    texts = [str(message).removesuffix(" time=0") for message in longer.tracks[0]]
    begin = next(i for i, text in enumerate(texts) if "marker" in text)
    new = next(i for i, text in enumerate(texts) if "note_on" in text and "note=72" in text)
    return texts[begin + 1 : new]


def ramp(control: int, first: int, last: int, begin: int, steps: int) -> list[tuple[int, Message]]:
    step = (JOIN - 10 - begin) // steps
    return [
        (begin + i * step, cc(control, round(first + (last - first) * i / (steps - 1))))
        for i in range(steps)
    ]


def value(control: int, number: int) -> str:
    return f"control_change channel=0 control={control} value={number}"


class TestControllers:
    def test_a_fade_to_nothing_is_undone(self) -> None:
        file = seed((0, cc(7, 90)), *ramp(7, 90, 0, 2 * BAR, 20))
        assert at_join(file) == [value(7, 90)]

    def test_a_fade_in_bars_too(self) -> None:
        steps = [(BAR * i, cc(11, level)) for i, level in enumerate((110, 70, 30, 0))]
        assert at_join(seed(*steps)) == [value(11, 110)]

    def test_and_one_from_where_nothing_was_set(self) -> None:
        assert at_join(seed(*ramp(7, 95, 0, 3 * BAR, 12))) == [value(7, 100)]

    @pytest.mark.parametrize(
        ("control", "left", "before"), [(1, 127, 0), (11, 0, 127), (10, 0, 64), (68, 127, 0)]
    )
    def test_what_the_last_beat_sets_is_undone(self, control: int, left: int, before: int) -> None:
        assert at_join(seed((15 * BEAT, cc(control, left)))) == [value(control, before)]

    def test_what_settled_stays(self) -> None:
        assert at_join(seed((0, cc(7, 100)), (2 * BAR, cc(7, 60)), (2 * BAR, cc(1, 40)))) == []

    def test_a_crescendo_goes_on_where_it_led(self) -> None:
        assert at_join(seed((0, cc(11, 50)), *ramp(11, 50, 120, 2 * BAR, 16))) == []

    def test_what_comes_after_the_last_note_is_undone(self) -> None:
        reset = [(JOIN - 2, cc(7, 0)), (JOIN - 2, cc(1, 90))]
        assert at_join(seed((0, cc(7, 80)), *reset)) == [value(1, 0), value(7, 80)]

    def test_reset_all_controllers_at_the_end_is_undone(self) -> None:
        file = seed((0, cc(11, 70)), (0, cc(7, 50)), (JOIN - 2, cc(121, 0)))
        assert at_join(file) == [value(11, 70)]

    def test_a_wheel_left_bent_goes_back_and_a_tuning_stays(self) -> None:
        bent = seed((15 * BEAT + 50, Message("pitchwheel", pitch=3000)))
        assert at_join(bent) == ["pitchwheel channel=0 pitch=0"]
        assert at_join(seed((0, Message("pitchwheel", pitch=-341)))) == []

    def test_pressure_is_let_go(self) -> None:
        pressed = seed((15 * BEAT, Message("aftertouch", value=99)))
        assert at_join(pressed) == ["aftertouch channel=0 value=0"]

    def test_other_channels_are_left_alone(self) -> None:
        assert at_join(seed((15 * BEAT, cc(7, 0, channel=3)))) == []


class TestInstruments:
    SET = ((0, cc(0, 8)), (0, cc(32, 1)), (0, Message("program_change", program=4)))

    def test_a_bank_that_the_end_resets_is_set_again(self) -> None:
        tail = [(JOIN - 2, cc(0, 0)), (JOIN - 2, Message("program_change", program=0))]
        program = "program_change channel=0 program=4"
        assert at_join(seed(*self.SET, *tail), program=4) == [value(0, 8), program]

    def test_after_a_system_reset_all_is_set_again(self) -> None:
        gm_on = Message("sysex", data=(0x7E, 0x7F, 9, 1))
        file = seed(*self.SET, (0, cc(7, 60)), (JOIN - 2, gm_on))
        expected = [value(7, 60), value(0, 8), value(32, 1), "program_change channel=0 program=4"]
        assert at_join(file, program=4) == expected

    def test_a_kit_stays(self) -> None:
        kit = Message("program_change", program=25, channel=9)
        assert at_join(seed((0, kit), channel=9), program=DRUM_PROGRAM, channel=9) == []


class TestStrays:
    def test_a_late_controller_does_not_cut_the_new_notes(self) -> None:
        file = seed((0, cc(7, 80)), (JOIN + 20, cc(123, 0)), (JOIN + 30, cc(7, 0)))
        assert at_join(file) == [value(7, 80)]
        longer = midi.extend(file, Piece((Part((Note(JOIN, 72, 96, 80),)),), BEAT), JOIN)
        last = midi.to_piece(longer).parts[0].notes[-1]
        assert (last.onset, last.duration) == (JOIN, 96)

    def test_one_behind_the_new_notes_stays_where_it_is(self) -> None:
        file = seed((JOIN + 5000, cc(123, 0)))
        longer = midi.extend(file, Piece((Part((Note(JOIN, 72, 96, 80),)),), BEAT), JOIN)
        assert midi.end_tick(longer) == JOIN + 5000


class TestTempo:
    def test_it_is_written_where_it_differs(self) -> None:
        file = seed((0, MetaMessage("set_tempo", tempo=600_000)))
        piece = Piece((), BEAT)
        for tempo, count in ((None, 1), (600_000, 1), (500_000, 2)):
            longer = midi.extend(file, piece, JOIN, tempo=tempo)
            assert smf.encode(longer) == Extender(file).encode(piece, JOIN, tempo=tempo).data
            assert sum(m.type == "set_tempo" for m in longer.tracks[0]) == count
