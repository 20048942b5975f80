"""The fast way to put notes behind a seed writes the bytes of the plain one."""

from __future__ import annotations

import random
from pathlib import Path

import mido
import pytest

from composer.errors import OutputError
from composer.formats import midi, smf
from composer.formats.midi_append import Extender
from composer.music.notes import Note, Part, Piece

SEEDS = Path(__file__).parents[2] / "midi_data"


def some_notes(piece: Piece, join: int, number: int) -> Piece:
    """Notes behind a join, overlapping and repeated, in the seed's parts."""
    draw = random.Random(number)
    beat = piece.ticks_per_beat
    parts = []
    for part in piece.parts:
        notes = {
            Note(join + draw.randrange(8 * beat), draw.randrange(60, 66),
                 draw.randrange(1, 2 * beat), draw.randrange(1, 128))
            for _ in range(draw.randrange(40))
        }  # fmt: skip
        parts.append(Part(tuple(notes), draw.choice([part.program, 5]), part.name, part.track,
                          part.channel) if not part.is_drums else part)  # fmt: skip
    kept = tuple(p if not p.is_drums else Part((), 128, p.name, p.track, p.channel) for p in parts)
    return piece.with_parts(kept)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.mid")), ids=lambda path: path.stem)
def test_the_same_bytes_as_extend(path: Path) -> None:
    file = midi.load(path)
    piece = midi.to_piece(file)
    extender = Extender(file)
    for number, late in enumerate((0, 0, 1, 100_000)):
        join = midi.end_tick(file) + late
        more = some_notes(piece, join, number)
        assert extender.encode(more, join).data == smf.encode(midi.extend(file, more, join))
        end = join + 20 * file.ticks_per_beat
        assert extender.encode(more, join, end=end).data == smf.encode(
            midi.extend(file, more, join, end=end)
        )


def odd_seed() -> mido.MidiFile:
    """Ports, pedals, bends, sysex, keys left down, and an end of track that comes late."""
    first = mido.MidiTrack(
        [
            mido.MetaMessage("midi_port", port=1),
            mido.Message("program_change", channel=3, program=7),
            mido.Message("note_on", channel=3, note=60, velocity=9, time=5),
            mido.Message("control_change", channel=3, control=64, value=127, time=5),
            mido.Message("pitchwheel", channel=3, pitch=100),
            mido.MetaMessage("end_of_track", time=5000),
        ]
    )
    second = mido.MidiTrack(
        [
            mido.Message("note_on", channel=3, note=60, velocity=64, time=480),
            mido.Message("note_off", channel=3, note=60, time=480),
            mido.Message("sysex", data=(1, 2, 3), time=3),
            mido.MetaMessage("end_of_track", time=0),
        ]
    )
    empty = mido.MidiTrack([mido.MetaMessage("end_of_track", time=0)])
    return mido.MidiFile(type=1, ticks_per_beat=480, tracks=[first, second, empty])


def test_what_a_seed_leaves_open_is_closed_in_the_same_bytes() -> None:
    file = odd_seed()
    piece = midi.to_piece(file)
    for join in (963, 1920):
        more = some_notes(piece, join, join)
        assert Extender(file).encode(more, join).data == smf.encode(midi.extend(file, more, join))


def test_it_refuses_what_extend_refuses() -> None:
    file = odd_seed()
    piece = midi.to_piece(file)
    extender = Extender(file)
    with pytest.raises(ValueError, match=r"must be at least the join's 1920"):
        extender.encode(some_notes(piece, 970, 1), 1920)
    far = piece.with_parts((Part((Note(1 << 29, 60, 1, 1),), 0, "", 0, 3),))
    with pytest.raises(OutputError, match="rest"):
        extender.encode(far, 1920)
    with pytest.raises(OutputError, match="rest"):
        smf.encode(midi.extend(file, far, 1920))
