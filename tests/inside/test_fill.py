"""Some bars of a piece written anew between what stands."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import tiny_encoder
import tiny_model
from small_seeds import BEAT, duet, messages, quarters, seed_of

from composer.errors import SettingError
from composer.formats import midi, smf
from composer.generation.seed_files import Seed, open_seed
from composer.generation.settings import Settings
from composer.inside.drawing import draw
from composer.inside.insertion import Insertion
from composer.inside.passages import passage_of
from composer.inside.streams import streams_inside
from composer.inside.verbs import write_inside
from composer.inside.whole_piece import WholePiece
from composer.inside.writing import FILL, Writing
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return tiny_model.predictor()


def fill(
    seed: Seed, predictor: Predictor, bars: tuple[int, int], takes: int = 2, **settings: object
) -> Insertion:
    chosen = Settings(**{"rng_seed": 3, "takes": takes} | settings)  # type: ignore[arg-type]
    return write_inside(seed, predictor, chosen, Writing(FILL, bars))[0]


def outside(file: mido.MidiFile, start: int, end: int) -> list[list[tuple[int, object]]]:
    return [[row for row in track if not start <= row[0] < end] for track in messages(file)]


def test_only_the_bars_asked_for_are_touched(predictor: Predictor) -> None:
    seed = duet()
    made = fill(seed, predictor, (3, 4))
    start, end = 2 * 4 * BEAT, 4 * 4 * BEAT
    assert (made.start, made.end) == (start, end)
    notes = [note for part in made.piece.parts for note in part.notes]
    assert notes and all(start <= note.onset and note.end <= end for note in notes)
    assert len(made.removed) == 16
    written = made.file(seed.file)
    # Ends of the last old notes, and of new ones, lie on the bar line behind.
    kept = [
        [row for row in track if not (row[0] == end and row[1].type == "note_off")]
        for track in outside(seed.file, start + 1, end)
    ]
    now = [
        [row for row in track if not (row[0] == end and row[1].type == "note_off")]
        for track in outside(written, start + 1, end)
    ]
    for before, after in zip(kept, now, strict=True):
        gone = [row for row in before if row not in after]
        assert all(row[0] == start and row[1].type.startswith("note_on") for row in gone)
    assert midi.to_piece(written).note_count == 64 - 16 + len(notes)


def test_the_same_numbers_give_the_same_bytes_and_others_others(predictor: Predictor) -> None:
    seed = duet()
    again = [smf.encode(fill(seed, predictor, (3, 4)).file(seed.file)) for _ in range(2)]
    assert again[0] == again[1]
    numbers = Settings(rng_seed=3, takes=2)
    both = write_inside(seed, predictor, numbers, Writing(FILL, (3, 4)), (0, 1))
    files = [smf.encode(one.file(seed.file)) for one in both]
    assert files[0] == again[0] != files[1]


def test_of_one_part_the_others_stand(predictor: Predictor) -> None:
    seed = duet()
    made = fill(seed, predictor, (3, 4), parts=("bass",))
    assert {index for index, _ in made.removed} == {1}
    assert not made.piece.parts[0].notes and made.piece.parts[1].notes
    assert messages(made.file(seed.file))[1] == messages(seed.file)[1]


def test_the_first_and_the_last_bars_can_be_filled(predictor: Predictor) -> None:
    seed = duet()
    assert fill(seed, predictor, (1, 2)).start == 0
    last = fill(seed, predictor, (8, 8))
    assert last.end == 8 * 4 * BEAT and last.piece.note_count


def test_bars_in_which_nothing_is_played_are_there_to_be_filled(predictor: Predictor) -> None:
    # Nine bars of rest are more than one shift can say: heard, they would be fewer.
    seed = duet(14, without=range(2, 11))
    whole = WholePiece.of(seed.piece)
    assert whole.bars == 14
    made = fill(seed, predictor, (5, 8))
    assert not made.removed
    onsets = [note.onset // (4 * BEAT) for part in made.piece.parts for note in part.notes]
    assert min(onsets) == 4 and max(onsets) == 7
    # And what stands behind such a rest is heard in its own bar.
    behind = fill(seed, predictor, (13, 13))
    assert {note.onset // (4 * BEAT) for part in behind.piece.parts for note in part.notes} == {12}


def test_a_span_across_a_change_of_metre(predictor: Predictor) -> None:
    metres = MetreMap(((0, 4, 4), (4 * 4 * BEAT, 3, 4)))
    seed = duet(8, metres=metres)
    made = fill(seed, predictor, (4, 5))
    assert (made.start, made.end) == (3 * 4 * BEAT, (4 * 4 + 3) * BEAT)
    notes = [note for part in made.piece.parts for note in part.notes]
    assert notes and all(made.start <= note.onset < note.end <= made.end for note in notes)


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        ((9, 12), "there is not all of bars 9-12: the music has bars 1-8"),
        ((0, 1), "there is not all of bars 0-1"),
        ((8, 9), "there is not all of bars 8-9"),
        ((30, 30), "there is no bar 30: the music has bars 1-8"),
    ],
)
def test_bars_that_are_not_there(predictor: Predictor, bars: tuple[int, int], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        fill(duet(), predictor, bars)


def test_a_part_that_is_not_there(predictor: Predictor) -> None:
    with pytest.raises(SettingError, match=r"no part is called 'flute'.*1 Piano, 2 Bass"):
        fill(duet(), predictor, (3, 4), parts=("flute",))


def test_something_has_to_stand(predictor: Predictor) -> None:
    with pytest.raises(SettingError, match="nothing would stand"):
        fill(duet(), predictor, (1, 8))


@pytest.mark.parametrize("name", ["waltz.mid", "band.mid", "gymnopedie.mid", "arpeggio.mid"])
def test_files_of_every_kind(predictor: Predictor, name: str) -> None:
    seed = open_seed(SEEDS / name)
    whole = WholePiece.of(seed.piece)
    middle = whole.first_bar + whole.bars // 2
    made = fill(seed, predictor, (middle, middle), takes=1)
    written = midi.to_piece(made.file(seed.file))
    gone = {(index, note.onset, note.pitch) for index, note in made.removed}
    stands = sorted(
        (index, note)
        for index, part in enumerate(seed.piece.parts)
        for note in part.notes
        if (index, note.onset, note.pitch) not in gone
    )
    new = sorted((index, note) for index, part in enumerate(written.parts) for note in part.notes)
    assert [row for row in stands if row not in new] == []


def test_given_notes_pass_where_they_stand_and_are_never_lost(predictor: Predictor) -> None:
    # The second part plays on thirds of a beat and after gaps that no shift class has.
    odd = tuple(Note(tick, 60, 8, 90) for tick in (0, 133, 427, 800, 1100, 1463, 1900, 2300, 2999))
    seed = seed_of(Piece((Part(quarters(8, 72), 0, "A", 1, 0), Part(odd, 32, "B", 2, 1)), BEAT))
    whole = WholePiece.of(seed.piece)
    passage, _ = passage_of(seed, Settings(parts=("A",)), Writing(FILL, (2, 6)))
    [stream] = streams_inside(passage, predictor, Settings(rng_seed=1, parts=("A",)), (0,))
    draw(passage, [stream], predictor)
    origins, onsets = np.array(stream.origins), np.array(stream.onsets)
    again = origins >= 0
    given = passage.given.notes
    assert (onsets[again] == given[origins[again], 0]).all()
    expected = [
        index
        for index, note in enumerate(given.tolist())
        if passage.opening.start <= note[0] < passage.opening.end
    ]
    assert origins[again].tolist()[: len(expected)] == expected
    rows = np.array(stream.rows)
    assert (rows[again][:, 1:] == given[origins[again], 1:]).all()
    assert whole.notes.shape[1] == 5


def test_where_another_part_begins_notes_at_every_moment(predictor: Predictor) -> None:
    busy = tuple(Note(4 * tick, 60 + tick % 7, 4, 80) for tick in range(3 * 96))
    piece = Piece((Part(busy, 0, "A", 1, 0), Part(quarters(3, 48), 32, "B", 2, 1)), BEAT)
    made = fill(seed_of(piece), predictor, (2, 2), takes=1, parts=("B",))
    assert made.given.parts[0].notes == busy and made.piece.parts[1].notes
    written = midi.to_piece(made.file(seed_of(piece).file))
    assert written.parts[0].notes == busy


def test_new_notes_may_sound_into_what_follows_up_to_the_next_on_their_key(
    predictor: Predictor,
) -> None:
    # Whole notes on the bar lines, and over them.
    tied = tuple(
        Note((4 * bar + beat) * BEAT, pitch, 4 * BEAT, 80)
        for bar in range(12)
        for beat, pitch in ((0, 60), (2, 64), (2, 65), (2, 67))
    )
    seed = seed_of(Piece((Part(tied, 48, "Strings", 1, 0),), BEAT))
    filled = [fill(seed, predictor, (5, 6), rng_seed=number) for number in range(8)]
    over = [
        (one, note) for one in filled for note in one.piece.parts[0].notes if note.end > one.end
    ]
    assert over and all(note.end <= one.end + 4 * BEAT for one, note in over)
    # Where what follows strikes their key, they are over.
    for one, note in over:
        struck = [old.onset for old in one.given.parts[0].notes if old.pitch == note.pitch]
        assert note.end <= min((onset for onset in struck if onset > note.onset), default=note.end)
    assert any(note.end == one.end + 2 * BEAT for one, note in over)
    last = fill(seed, predictor, (11, 12))
    assert max(note.end for note in last.piece.parts[0].notes) <= 13 * 4 * BEAT
    # One note after another: any key ends them.
    alone = seed_of(Piece((Part(quarters(12, 60), 73, "Flute", 1, 0),), BEAT))
    made = [fill(alone, predictor, (5, 6), rng_seed=number) for number in range(4)]
    assert all(note.end <= one.end for one in made for note in one.piece.parts[0].notes)


def test_an_encoder_is_told_to_the_heads(predictor: Predictor) -> None:
    seed = duet()
    passage, _ = passage_of(seed, Settings(), Writing(FILL, (3, 6)))

    def drawn(encoder: object) -> list[list[int]]:
        [stream] = streams_inside(
            passage,
            predictor,
            Settings(rng_seed=1),
            (0,),
            encoder,  # type: ignore[arg-type]
        )
        draw(passage, [stream], predictor)
        given = [index for index in stream.origins if index >= 0]
        assert given == sorted(given)
        return stream.rows

    assert drawn(None) != drawn(tiny_encoder.encoder())
