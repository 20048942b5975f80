"""MIDI files in and out: what is heard of them, and that they are written whole."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import mido
import pytest
from midi_shorthand import a_file, control, heard, off, on, pedal, program
from mido import MetaMessage

from composer.errors import OutputError, SeedError
from composer.formats import midi
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import MetreMap, TempoMap


class TestNotes:
    def test_an_on_of_velocity_0_ends_a_note(self) -> None:
        assert heard(a_file([on(60), on(60, 96, velocity=0)])) == [(0, 96, 60)]

    def test_the_first_on_of_a_key_gets_its_first_off(self) -> None:
        track = [on(60), on(60, 10), off(60, 10), off(60, 10)]
        assert heard(a_file(track)) == [(0, 20, 60), (10, 30, 60)]

    def test_a_note_never_ended_lasts_to_the_next_of_its_part(self) -> None:
        # The last one, with no other behind it, lasts as long as the others do.
        track = [on(60), on(64, 96), off(64, 96), control(7, 100, 8), on(67)]
        assert heard(a_file(track)) == [(0, 96, 60), (96, 192, 64), (200, 296, 67)]

    def test_a_melody_without_offs_is_ended_by_its_own_notes(self) -> None:
        remarks: list[str] = []
        file = a_file([on(60), on(62, 48), on(62, 48), on(60, 96), on(64, 1000)])
        piece = midi.to_piece(file, remarks.append)
        assert [(n.onset, n.end, n.pitch) for n in piece.parts[0].notes] == [
            (0, 48, 60),
            (48, 96, 62),
            (96, 192, 62),
            (192, 192 + 4 * 96, 60),  # a rest follows: no more than four beats
            (1192, 1288, 64),  # as long as most
        ]
        assert remarks == ["5 notes are never ended; each lasts to the next, or a beat or so"]

    def test_chords_without_offs_end_together(self) -> None:
        chord = [on(60), on(64), on(67, 5), on(62, 91), on(65), off(62, 96), off(65)]
        assert heard(a_file(chord))[:3] == [(0, 96, 60), (0, 96, 64), (5, 96, 67)]

    def test_an_off_that_is_missing_leaves_later_notes_of_its_key_alone(self) -> None:
        track = [on(60), on(60, 96), off(60, 48), on(60, 48), off(60, 48)]
        assert heard(a_file(track)) == [(0, 96, 60), (96, 144, 60), (192, 240, 60)]

    def test_a_drum_hit_without_an_off_ends_with_the_next(self) -> None:
        hits = [on(36, channel=9), on(42, 48, channel=9), on(38, 48, channel=9)]
        assert heard(a_file(hits)) == [(0, 48, 36), (48, 96, 42), (96, 144, 38)]

    def test_the_last_message_does_not_stretch_what_the_pedal_holds(self) -> None:
        # The pedal is never lifted, and a controller comes minutes later: four beats
        # from the last note on.
        track = [pedal(127), on(60), off(60, 96), control(7, 100, 90_000)]
        assert heard(a_file(track)) == [(0, 4 * 96, 60)]

    def test_a_note_of_no_length_lasts_a_tick(self) -> None:
        assert heard(a_file([on(60, 5), off(60)])) == [(5, 6, 60)]

    def test_an_off_without_an_on_is_nothing(self) -> None:
        assert heard(a_file([off(60), on(60), off(60, 9), off(60, 9)])) == [(0, 9, 60)]

    def test_two_tracks_on_one_channel_end_their_own_notes(self) -> None:
        right, left = [on(60), off(60, 96)], [on(60), off(60, 192)]
        assert heard(a_file(right, left), part=0) == [(0, 96, 60)]
        assert heard(a_file(right, left), part=1) == [(0, 192, 60)]

    @pytest.mark.parametrize("number", [120, 123, 124, 127])
    def test_all_notes_off_and_all_sound_off(self, number: int) -> None:
        track = [on(60), control(number, 0, 50), off(60, 46), on(60), off(60, 10)]
        assert heard(a_file(track)) == [(0, 50, 60), (96, 106, 60)]

    def test_no_notes(self) -> None:
        with pytest.raises(SeedError, match="no notes"):
            midi.to_piece(a_file([program(3)]))


class TestPedal:
    def test_a_note_let_go_under_the_pedal_sounds_until_it_comes_up(self) -> None:
        track = [pedal(127), on(60), off(60, 96), pedal(0, 96), on(62), off(62, 48)]
        assert heard(a_file(track)) == [(0, 192, 60), (192, 240, 62)]

    def test_half_way_counts_as_down_from_64(self) -> None:
        assert heard(a_file([pedal(63), on(60), off(60, 9), pedal(0, 9)])) == [(0, 9, 60)]
        assert heard(a_file([pedal(64), on(60), off(60, 9), pedal(0, 9)])) == [(0, 18, 60)]

    def test_or_until_its_key_is_struck_again(self) -> None:
        track = [pedal(127), on(60), off(60, 24), on(60, 24), off(60, 24), pedal(0, 24)]
        assert heard(a_file(track)) == [(0, 48, 60), (48, 96, 60)]

    def test_a_key_held_through_the_pedal_ends_with_the_key(self) -> None:
        assert heard(a_file([pedal(127), on(60), pedal(0, 24), off(60, 24)])) == [(0, 48, 60)]

    def test_the_pedal_may_stand_in_another_track_of_the_channel(self) -> None:
        file = a_file([pedal(127), pedal(0, 192)], [on(60), off(60, 96)])
        assert heard(file) == [(0, 192, 60)]

    def test_but_not_on_another_channel_or_port(self) -> None:
        notes = [on(60), off(60, 96)]
        assert heard(a_file([pedal(127, channel=1), pedal(0, 192)], notes)) == [(0, 96, 60)]
        other = [MetaMessage("midi_port", port=1), pedal(127), pedal(0, 192)]
        assert heard(a_file(other, notes)) == [(0, 96, 60)]

    def test_left_down_it_holds_to_the_last_message(self) -> None:
        assert heard(a_file([pedal(127), on(60), off(60, 96), program(1, 96)])) == [(0, 192, 60)]

    def test_reset_all_controllers_lifts_it_and_all_notes_off_does_not(self) -> None:
        assert heard(a_file([pedal(127), on(60), off(60, 9), control(121, 0, 9)])) == [(0, 18, 60)]
        track = [pedal(127), on(60), control(123, 0, 9), pedal(0, 9)]
        assert heard(a_file(track)) == [(0, 18, 60)]

    def test_drums_have_none(self) -> None:
        track = [pedal(127, channel=9), on(36, channel=9), off(36, 9, channel=9)]
        assert heard(a_file([*track, pedal(0, 90, channel=9)])) == [(0, 9, 36)]


class TestParts:
    def test_a_part_is_a_track_and_a_channel(self) -> None:
        file = a_file(
            [MetaMessage("track_name", name="Trio")],
            [
                MetaMessage("track_name", name="Horns"),
                on(60, channel=2),
                off(60, 9, channel=2),
                on(64, channel=1),
                off(64, 9, channel=1),
            ],
            [on(36, channel=9), off(36, 9, channel=9)],
        )
        piece = midi.to_piece(file)
        assert piece.title == "Trio"
        assert [(p.track, p.channel, p.name, p.program) for p in piece.parts] == [
            (1, 1, "Horns", 0),
            (1, 2, "Horns", 0),
            (2, 9, "", DRUM_PROGRAM),
        ]

    def test_type_0_is_split_by_channel(self) -> None:
        track = [on(60), on(48, channel=1), off(60, 9), off(48, 9, channel=1)]
        assert heard(a_file(track, kind=0), part=1) == [(0, 18, 48)]

    def test_the_program_at_the_last_note_counts(self) -> None:
        track = [program(40), on(60), off(60, 9), program(56), on(62), off(62, 9), program(0)]
        track[-1] = program(0, 9)
        assert midi.to_piece(a_file(track)).parts[0].program == 56

    def test_a_program_may_stand_in_any_track(self) -> None:
        file = a_file([program(40), program(56, 500)], [on(60), off(60, 9)])
        assert midi.to_piece(file).parts[0].program == 40


class TestTempoAndMetre:
    def test_they_are_gathered_from_all_tracks(self) -> None:
        file = a_file(
            [MetaMessage("set_tempo", tempo=400_000)],
            [on(60), off(60, 96), MetaMessage("set_tempo", tempo=600_000)],
            [MetaMessage("time_signature", numerator=6, denominator=8, time=288)],
        )
        piece = midi.to_piece(file)
        assert piece.tempos == TempoMap(((0, 400_000), (96, 600_000)))
        assert piece.metres == MetreMap(((0, 4, 4), (288, 6, 8)))

    def test_the_last_on_a_tick_holds_and_the_impossible_is_ignored(self) -> None:
        metre = [
            MetaMessage("time_signature", numerator=3, denominator=4),
            MetaMessage("time_signature", numerator=0, denominator=4),
            MetaMessage("time_signature", numerator=3, denominator=128),
        ]
        tempo = [MetaMessage("set_tempo", tempo=t) for t in (400_000, 300_000, 0)]
        piece = midi.to_piece(a_file([*metre, *tempo, on(60), off(60, 9)]))
        assert piece.metres.changes == ((0, 3, 4),)
        assert piece.tempos.changes == ((0, 300_000),)


class TestLoad:
    def test_the_error_names_the_file_on_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "two\nlines.mid"
        path.write_bytes(b"no music")
        with pytest.raises(SeedError) as caught:
            midi.load(path)
        assert str(caught.value).endswith(
            "two\\nlines.mid is not a MIDI file (it does not begin with MThd)"
        )

    def test_missing_folder_empty_and_impossible(self, tmp_path: Path) -> None:
        (tmp_path / "empty.mid").touch()
        for path, line in (
            (tmp_path / "none.mid", "does not exist"),
            (tmp_path, "is a folder"),
            (tmp_path / "empty.mid", "is empty"),
            (tmp_path / "empty.mid" / "in.mid", "cannot be read"),
            ("zero\0.mid", "cannot be read"),
            (tmp_path / ("x" * 300), "cannot be read"),
        ):
            with pytest.raises(SeedError, match=line):
                midi.load(path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.mid")
        with pytest.raises(SeedError, match="is not a file"):
            midi.load(tmp_path / "pipe.mid")

    def test_no_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr("builtins.open", refuse)
        (tmp_path / "a.mid").touch()
        with pytest.raises(SeedError, match="may not be read"):
            midi.load(tmp_path / "a.mid")

    def test_read_names_the_file_that_has_no_notes(self, tmp_path: Path) -> None:
        midi.save(a_file([program(3)]), tmp_path / "silent.mid")
        with pytest.raises(SeedError, match=r"silent\.mid has no notes"):
            midi.read(tmp_path / "silent.mid")


class TestSave:
    file = a_file([on(60), off(60, 96)])

    def test_what_is_saved_is_loaded(self, tmp_path: Path) -> None:
        midi.save(self.file, tmp_path / "a.mid")
        assert [list(track)[:-1] for track in midi.load(tmp_path / "a.mid").tracks] == [
            list(track) for track in self.file.tracks
        ]
        assert os.listdir(tmp_path) == ["a.mid"]

    def test_nothing_is_overwritten_unless_forced(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mid"
        path.write_text("mine")
        with pytest.raises(OutputError, match=r"a\.mid exists"):
            midi.save(self.file, path)
        assert path.read_text() == "mine"
        midi.save(self.file, path, force=True)
        assert heard(midi.load(path)) == [(0, 96, 60)]

    def test_nor_if_it_comes_up_meanwhile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.mid"
        path.write_text("mine")
        monkeypatch.setattr(os.path, "lexists", lambda _: False)
        with pytest.raises(OutputError, match="exists"):
            midi.save(self.file, path)
        assert path.read_text() == "mine"
        assert os.listdir(tmp_path) == ["a.mid"]

    def test_missing_parent_and_folder(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"the folder .*no does not exist"):
            midi.save(self.file, tmp_path / "no" / "a.mid")
        with pytest.raises(OutputError, match="is a folder"):
            midi.save(self.file, tmp_path, force=True)
        with pytest.raises(OutputError, match="cannot be written"):
            midi.save(self.file, tmp_path / ("x" * 300))
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize(
        ("number", "line"),
        [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "may not be written")],
    )
    def test_a_full_disk_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, line: str
    ) -> None:
        def fail(_: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OutputError, match=line):
            midi.save(self.file, tmp_path / "a.mid")
        assert os.listdir(tmp_path) == []

    def test_a_file_system_without_links(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        midi.save(self.file, tmp_path / "a.mid")
        assert heard(midi.load(tmp_path / "a.mid")) == [(0, 96, 60)]
        with pytest.raises(OutputError, match="exists"):
            midi.save(self.file, tmp_path / "a.mid")
        assert os.listdir(tmp_path) == ["a.mid"]

    @pytest.mark.skipif(sys.platform == "win32", reason="permission bits")
    def test_the_usual_permissions(self, tmp_path: Path) -> None:
        midi.save(self.file, tmp_path / "a.mid")
        (tmp_path / "b.mid").touch()
        assert (tmp_path / "a.mid").stat().st_mode == (tmp_path / "b.mid").stat().st_mode


def test_end_tick_does_not_count_the_end_of_track() -> None:
    file = a_file([on(60), off(60, 96), MetaMessage("end_of_track", time=500)], [program(1, 120)])
    assert midi.end_tick(file) == 120
    assert midi.end_tick(mido.MidiFile()) == 0
