"""Bars of a piece as something else that is still like them, and bars that lead into themselves."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_model
from small_seeds import BEAT, duet, messages, seed_of

from composer.errors import SettingError
from composer.generation.generate import continue_seed
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.insertion import Insertion
from composer.inside.loop import loop_seed
from composer.inside.verbs import write_inside
from composer.inside.writing import FILL, VARY, Writing, parse_bars
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.timing import MetreMap
from composer.network.predictor import Predictor

BAR = 4 * BEAT


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return tiny_model.predictor()


def vary(
    seed: Seed,
    predictor: Predictor,
    keep: str | None = None,
    strength: float = 1.0,
    bars: tuple[int, int] | None = (3, 4),
    **settings: object,
) -> Insertion:
    chosen = Settings(rng_seed=5, takes=2, **settings)  # type: ignore[arg-type]
    writing = Writing(VARY, bars, strength=strength, keep=keep)
    return write_inside(seed, predictor, chosen, writing)[0]


def notes_of(part: Part) -> list[tuple[int, int]]:
    return [(note.onset, note.pitch) for note in part.notes]


def inside(part: Part) -> list[tuple[int, int]]:
    return [row for row in notes_of(part) if 2 * BAR <= row[0] < 4 * BAR]


@pytest.mark.parametrize("keep", [None, "rhythm", "pitches", "contour", "bass"])
def test_what_lies_outside_stands_and_no_strength_changes_nothing(
    predictor: Predictor, keep: str | None
) -> None:
    seed = duet()
    made = vary(seed, predictor, keep)
    for before, after in zip(seed.piece.parts, made.whole.parts, strict=True):
        outside = set(notes_of(before)) - set(inside(before))
        assert outside == set(notes_of(after)) - set(inside(after))
    nothing = vary(seed, predictor, keep, strength=0.0)
    assert messages(nothing.file(seed.file)) == messages(seed.file)


def test_the_rhythm_stays(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, "rhythm")
    for before, after in zip(seed.piece.parts, made.whole.parts, strict=True):
        assert [(n.onset, n.duration, n.velocity) for n in before.notes] == [
            (n.onset, n.duration, n.velocity) for n in after.notes
        ]
        assert inside(before) != inside(after)


def test_every_pitch_that_may_change_does(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, "rhythm")
    for before, after in zip(seed.piece.parts, made.whole.parts, strict=True):
        pairs = zip(inside(before), inside(after), strict=True)
        assert all(old != new for old, new in pairs)


def test_the_contour_stays(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, "contour")
    for before, after in zip(seed.piece.parts, made.whole.parts, strict=True):
        rows = [index for index, note in enumerate(before.notes) if 2 * BAR <= note.onset < 4 * BAR]
        old = np.array([before.notes[index].pitch for index in rows])
        new = np.array([after.notes[index].pitch for index in rows])
        assert (np.sign(np.diff(old)) == np.sign(np.diff(new))).all()
        assert (old != new).any()


def test_the_pitches_stay_in_their_order(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, "pitches")
    for before, after in zip(seed.piece.parts, made.whole.parts, strict=True):
        assert [pitch for _, pitch in inside(before)] == [pitch for _, pitch in inside(after)]
    assert inside(seed.piece.parts[0]) != inside(made.whole.parts[0])


def test_the_bass_stays(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, "bass")
    assert seed.piece.parts[1] == made.whole.parts[1]
    assert seed.piece.parts[0] != made.whole.parts[0]
    with pytest.raises(SettingError, match="only the bass was to be varied"):
        vary(seed, predictor, "bass", parts=("bass",))


@pytest.mark.parametrize("keep", ["rhythm", "contour"])
def test_drums_alone_have_no_pitches_to_vary(predictor: Predictor, keep: str) -> None:
    drums = tuple(Note(BEAT * beat, 36, 40, 90) for beat in range(16))
    seed = seed_of(Piece((Part(drums, DRUM_PROGRAM, "Drums", 1, 9),), BEAT))
    with pytest.raises(SettingError, match=f"only drums are played.*--keep {keep} leaves"):
        vary(seed, predictor, keep)


def test_half_the_strength_leaves_beats_as_they_are(predictor: Predictor) -> None:
    seed = duet()
    made = vary(seed, predictor, None, 0.5, (1, 8))
    assert 8 < len(made.removed) < 56
    stands = [note for part in made.given.parts for note in part.notes]
    assert len(stands) == 64 - len(made.removed)


def test_another_variation_varies_other_beats(predictor: Predictor) -> None:
    writing = Writing(VARY, (1, 8), strength=0.5)
    made = write_inside(duet(), predictor, Settings(rng_seed=5), writing, (0, 1))
    assert made[0].removed != made[1].removed


def test_beats_are_written_anew_wherever_the_first_of_them_lies(predictor: Predictor) -> None:
    writing = Writing(VARY, (1, 8), strength=0.2)
    made = write_inside(duet(), predictor, Settings(rng_seed=5, takes=1), writing, range(12))
    first = [min(note.onset for _, note in each.removed) for each in made]
    assert min(first) < BEAT and max(first) >= BAR  # of some, a whole bar stands before it
    written = [sum(len(part.notes) for part in each.piece.parts) for each in made]
    assert min(written) > 0  # by a network that has learnt nothing, and may rest


@pytest.mark.parametrize(("metre", "beats"), [((3, 4), 1), ((6, 8), 1.5)])
def test_in_three_four_a_beat_is_a_quarter_and_in_six_eight_a_dotted_one(
    predictor: Predictor, metre: tuple[int, int], beats: float
) -> None:
    eighths = tuple(Note(BEAT // 2 * index, 60 + index % 7, 40, 80) for index in range(48))
    metres = MetreMap(((0, *metre),))
    seed = seed_of(Piece((Part(eighths, 0, "Piano", 1, 0),), BEAT, metres=metres))
    made = vary(seed, predictor, None, 0.5, (1, 8))
    gone = {note.onset for _, note in made.removed}
    starts = range(0, 24 * BEAT, round(beats * BEAT))
    of_beats = [
        {note.onset for note in eighths if start <= note.onset < start + beats * BEAT}
        for start in starts
    ]
    # Of a beat all notes are written anew, or none; of a bar some beats, and others not.
    assert all(notes <= gone or not notes & gone for notes in of_beats)
    bars = zip(*[iter(bool(notes & gone) for notes in of_beats)] * round(3 / beats), strict=True)
    assert any(len(set(bar)) == 2 for bar in bars)


def test_bars_with_few_notes_are_varied_with_few_whatever_follows(predictor: Predictor) -> None:
    whole_notes = tuple(Note(4 * BEAT * bar, 60 + bar, BEAT, 80) for bar in range(4))
    busy = tuple(Note(16 * BEAT + BEAT // 4 * i, 60 + i % 12, 20, 80) for i in range(128))
    seed = seed_of(Piece((Part((*whole_notes, *busy), 0, "Piano", 1, 0),), BEAT))
    made = vary(seed, predictor, bars=(1, 4))
    assert len(made.removed) == 4
    assert 0 < sum(len(part.notes) for part in made.piece.parts) <= 8


def test_what_is_asked_for_is_checked() -> None:
    assert parse_bars("9-12") == parse_bars(" 9..12 ") == (9, 12) and parse_bars("7") == (7, 7)
    for wrong in (
        lambda: parse_bars("a-b"),
        lambda: Writing(FILL),
        lambda: Writing(FILL, (4, 3)),
        lambda: Writing(VARY, strength=1.5),
        lambda: Writing(VARY, keep="tempo"),
        lambda: Writing(FILL, (1, 2), keep="bass"),
        lambda: Writing("sing"),
        lambda: Writing("loop", (1, 2)),
    ):
        with pytest.raises(SettingError):
            wrong()


def test_a_loop_is_written_around_its_first_bar(predictor: Predictor) -> None:
    analysis = duet().analysis()
    settings = Settings(bars=4, rng_seed=2)
    [first] = continue_seed(analysis, predictor, Settings(bars=1, rng_seed=2))
    [made] = loop_seed(analysis, predictor, settings)
    assert (made.join, made.end) == (8 * BAR, 12 * BAR)
    for begun, whole in zip(first.piece.parts, made.piece.parts, strict=True):
        assert [note for note in whole.notes if note.onset < 9 * BAR] == list(begun.notes)
    notes = [note for part in made.piece.parts for note in part.notes]
    assert max(note.onset for note in notes) >= 10 * BAR
    assert all(note.end <= 12 * BAR for note in notes)
    with pytest.raises(SettingError, match="at least two bars"):
        loop_seed(analysis, predictor, Settings(bars=1))
    with pytest.raises(SettingError, match="as long as --bars"):
        loop_seed(analysis, predictor, Settings(seconds=4))
