"""Further parts written to a piece."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model
from small_seeds import BEAT, duet, messages, quarters, seed_of

from composer.errors import OutputError, SettingError
from composer.formats import midi, smf
from composer.generation.best_of_n import BestOfN
from composer.generation.seed_files import Seed, open_seed
from composer.generation.settings import Settings
from composer.inside.insertion import Insertion
from composer.inside.instruments import instruments_called
from composer.inside.passages import passage_of
from composer.inside.streams import planned, streams_inside
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, FILL, Writing
from composer.music.chords import NO_CHORD, chord_name, chord_tones, parse_chord, root_of
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.network.predictor import Predictor


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return tiny_model.predictor()


def melody(bars: int = 4) -> Seed:
    return seed_of(Piece((Part(quarters(bars, 72), 73, "Flute", 1, 0),), BEAT))


def arrange(
    seed: Seed, predictor: Predictor, *add: str, crossing: bool = False, **settings: object
) -> Insertion:
    chosen = Settings(**({"rng_seed": 3, "takes": 2} | settings))  # type: ignore[arg-type]
    writing = Writing(ARRANGE, add=add, crossing=crossing)
    return write_inside(seed, predictor, chosen, writing)[0]


def test_new_parts_have_tracks_channels_and_programs_of_their_own(predictor: Predictor) -> None:
    seed = melody()
    made = arrange(seed, predictor, "bass", "piano", "drums")
    written = made.file(seed.file)
    assert messages(written)[: len(seed.file.tracks)] == messages(seed.file)
    parts = midi.to_piece(written).parts
    assert [part.program for part in parts] == [73, 33, 0, DRUM_PROGRAM]
    assert [part.name for part in parts] == ["Flute", "Bass", "Piano", "Drums"]
    assert len({part.channel for part in parts}) == 4 and parts[3].channel == 9
    assert len({part.track for part in parts}) == 4
    assert smf.encode(arrange(seed, predictor, "bass", "piano", "drums").file(seed.file)) == (
        smf.encode(written)
    )


def test_each_plays_what_its_instrument_can(predictor: Predictor) -> None:
    made = arrange(melody(), predictor, "bass", "piano")
    bass, piano = made.piece.parts[1], made.piece.parts[2]
    assert bass.notes and piano.notes
    assert all(28 <= note.pitch <= 55 for note in bass.notes)
    onsets = [note.onset for note in bass.notes]
    assert len(set(onsets)) == len(onsets)
    assert all(36 <= note.pitch <= 88 for note in piano.notes)
    assert all(note.end <= 16 * BEAT for part in made.piece.parts for note in part.notes)


def test_voices_stay_in_their_ranges_and_do_not_cross(predictor: Predictor) -> None:
    made = arrange(melody(8), predictor, "alto", "tenor", "bass", takes=4)
    ranges = {"Alto": (53, 74), "Tenor": (47, 69), "Bass": (40, 64)}
    for part in made.piece.parts[1:]:
        low, high = ranges[part.name]
        assert part.notes and all(low <= note.pitch <= high for note in part.notes)
    assert set(made.figures) == {"moments", "parallel fifths", "parallel octaves", "crossings"}
    assert made.figures["moments"] > 0


def test_bass_alone_is_the_instrument_and_among_voices_the_voice() -> None:
    assert instruments_called(["bass"])[0].program == 33
    assert [one.voice for one in instruments_called(["alto", "bass"])] == [True, True]
    assert instruments_called(["41"])[0].program == 40
    with pytest.raises(SettingError, match="no part is called 'kazoo'; there are"):
        instruments_called(["kazoo"])
    with pytest.raises(SettingError, match="no part is called"):
        instruments_called(["\N{SUPERSCRIPT TWO}"])  # a digit, and no number


def test_chords_that_are_asked_for_are_planned(predictor: Predictor) -> None:
    settings = Settings(chords="| C F | G |", key="off")
    passage, _ = passage_of(melody(), settings, Writing(ARRANGE, add=("piano",)))
    names = [parse_chord(name) for name in ("C", "F", "G", "G")]
    assert passage.chords[0] == (names[0], names[1]) and passage.chords[1] == (names[2], names[3])
    assert passage.chords[2] == passage.chords[0]
    assert chord_tones(names[0]) == {0, 4, 7}


def test_chord_symbols_of_a_score_are_followed_as_it_is_played(tmp_path: Path) -> None:
    def measure(number: int, chord: str, more: str = "") -> str:
        return (
            f'<measure number="{number}">{more if "forward" in more else ""}'
            + (
                "<attributes><divisions>1</divisions><time><beats>4</beats>"
                "<beat-type>4</beat-type></time></attributes>"
                if number == 1
                else ""
            )
            + f"<harmony><root><root-step>{chord}</root-step></root><kind>major</kind></harmony>"
            + "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration>"
            + f"<type>whole</type></note>{more if 'backward' in more else ''}</measure>"
        )

    back = '<barline location="right"><repeat direction="backward"/></barline>'
    score = (
        '<score-partwise><part-list><score-part id="P1"><part-name>A</part-name></score-part>'
        '</part-list><part id="P1">'
        + measure(1, "C")
        + measure(2, "F", back)
        + measure(3, "G")
        + "</part></score-partwise>"
    )
    path = tmp_path / "lead.musicxml"
    path.write_text(score, encoding="utf-8")
    passage, _ = passage_of(open_seed(path), Settings(), Writing(ARRANGE, add=("bass",)))
    played = [passage.chords[bar][0] for bar in range(5)]
    assert played == [parse_chord(name) for name in ("C", "F", "C", "F", "G")]


def test_what_cannot_be_added_is_said(predictor: Predictor) -> None:
    with pytest.raises(SettingError, match="add which parts"):
        Writing(ARRANGE)
    with pytest.raises(SettingError, match="--parts names parts that are there"):
        arrange(duet(), predictor, "bass", parts=("1",))
    notes = quarters(1, 60)
    full = tuple(
        Part(notes, 1, f"P{index}", 1, index if index < 9 else index + 1) for index in range(15)
    )
    seed = seed_of(Piece(full, BEAT))
    seed.file.type = 1
    assert arrange(seed, predictor, "bass", takes=1).file(seed.file).tracks
    from composer.formats.midi_insert import inserted

    single = midi.from_piece(Piece(full, BEAT))
    single.tracks[:] = [single.tracks[0] + sum(single.tracks[1:], single.tracks[0].__class__())]
    single.type = 0
    new = Piece((*full, Part((Note(0, 40, 10, 80),), 33, "Bass", 0, 0)), BEAT)
    with pytest.raises(OutputError, match="all channels of the file are taken"):
        inserted(single, new, added=(15,))


def test_voices_do_not_move_in_parallel_fifths_or_octaves(predictor: Predictor) -> None:
    for number in range(3):
        seed = melody(8)
        made = arrange(seed, predictor, "alto", "tenor", "bass", rng_seed=number, takes=1)
        moments = made.figures["moments"]
        assert made.figures["parallel fifths"] + made.figures["parallel octaves"] <= moments / 20


def bars_with(made: Insertion, keys: set[int], beat: int) -> set[int]:
    """Bars in which the drums, the last part, strike one of some keys on a beat."""
    onsets = [note.onset for note in made.piece.parts[-1].notes if note.pitch in keys]
    return {onset // (4 * BEAT) for onset in onsets if onset % (4 * BEAT) == beat * BEAT}


def test_drums_have_a_bass_drum_on_the_one_and_a_backbeat(predictor: Predictor) -> None:
    made = arrange(melody(6), predictor, "drums", takes=1)
    assert bars_with(made, {35, 36}, 0) == set(range(6))
    assert bars_with(made, {37, 38, 40}, 1) == bars_with(made, {37, 38, 40}, 3) == set(range(6))
    # Under drums that are there, too: they come last in canonical order, and the bass before them.
    kit = tuple(Note(BEAT * beat, 36, 60, 90) for beat in range(16))
    drummer = seed_of(Piece((Part(kit, DRUM_PROGRAM, "Kit", 1, 9),), BEAT))
    bass = arrange(drummer, predictor, "bass", takes=1).piece.parts[1].notes
    assert {note.onset // (4 * BEAT) for note in bass if note.onset % (4 * BEAT) == 0} == {
        0, 1, 2, 3,
    }  # fmt: skip


def test_bass_and_piano_are_in_the_chords_that_are_given(predictor: Predictor) -> None:
    made = arrange(
        melody(8), predictor, "bass", "piano", takes=1, chords="| Dm | G7 | C | Am |", key="off"
    )
    chords = [parse_chord(name) for name in ("Dm", "G7", "C", "Am")] * 2
    bass, piano = (made.piece.parts[index].notes for index in (1, 2))
    strong = [note for note in bass if note.onset % (2 * BEAT) == 0]
    assert len(strong) >= 8
    roots = [note.pitch % 12 == root_of(chords[note.onset // (4 * BEAT)]) for note in strong]
    assert sum(roots) >= 0.5 * len(roots)
    tones = [note.pitch % 12 in chord_tones(chords[note.onset // (4 * BEAT)]) for note in strong]
    assert sum(tones) >= 0.9 * len(tones)
    within = [note.pitch % 12 in chord_tones(chords[note.onset // (4 * BEAT)]) for note in piano]
    assert sum(within) >= 0.7 * len(within)


def test_what_fills_the_harmony_stays_under_the_melody(predictor: Predictor) -> None:
    made = arrange(melody(4), predictor, "piano", takes=1)
    assert max(note.pitch for note in made.piece.parts[1].notes) <= 72


def chords_under(seed: Seed, *add: str) -> list[str]:
    passage, _ = passage_of(seed, Settings(), Writing(ARRANGE, add=add))
    plan = planned(passage, Settings())
    assert plan is not None
    return [chord_name(chord) for bar in plan.bars for chord in bar.chords]


def test_a_line_alone_is_harmonised_and_chords_that_sound_are_followed() -> None:
    tune = [60, 64, 67, 64, 69, 65, 72, 69, 67, 71, 74, 71, 72, 67, 64, 60]
    line = tuple(Note(BEAT * at, pitch, BEAT, 90) for at, pitch in enumerate(tune))
    alone = seed_of(Piece((Part(line, 73, "Flute", 1, 0),), BEAT))
    assert chords_under(alone, "bass") == ["C", "C", "F", "F", "G", "G", "C", "C"]
    passage, _ = passage_of(duet(4), Settings(parts=("bass",)), Writing(FILL, (2, 3)))
    plan = planned(passage, Settings())
    # Of a part that goes on playing under it, it tells nothing.
    assert plan is not None and {bar.chords for bar in plan.bars[1:3]} == {(NO_CHORD,) * 2}
    assert NO_CHORD not in plan.bars[0].chords + plan.bars[3].chords
    # Over chords that are played, the same tune is what they say.
    played = tuple(
        Note(4 * BEAT * bar, pitch, 4 * BEAT, 80)
        for bar, chord in enumerate([(57, 60, 64), (50, 53, 57), (52, 55, 59), (57, 60, 64)])
        for pitch in chord
    )
    duo = Part(played, 0, "Piano", 2, 1)
    both = seed_of(Piece((Part(line, 73, "Flute", 1, 0), duo), BEAT))
    assert chords_under(both, "bass")[::2] == ["Am7", "Dm7", "Em7", "Am7"]


def test_voices_know_where_others_came_from_across_choices_among_takes(
    predictor: Predictor,
) -> None:
    settings = Settings(rng_seed=1, takes=2)
    writing = Writing(ARRANGE, add=("alto", "tenor", "bass"))
    passage, _ = passage_of(melody(8), settings, writing)
    [stream] = streams_inside(passage, predictor, settings, (0,))
    stream.leg = 7
    takes = BestOfN(predictor)
    takes.add([(passage.analysis, stream)])
    while len(takes.streams[0].rows) < 10:
        takes.step()
    # A leg may end within a chord: the pitches before it are handed on.
    take = takes.streams[0]
    rows = list(zip(take.onsets[:7], take.rows[:7], strict=True))
    last = [{row[1]: row[2] for onset, row in rows if onset < take.onsets[6]}.get(s, -1)
            for s in range(4)]  # fmt: skip
    assert take.earlier[:4] == last and max(last) > 0
