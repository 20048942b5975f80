"""Generation with the model that ships: what a musician is promised of a continuation."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import cache
from pathlib import Path

import mido
import numpy as np
import pytest
import tiny_model

from composer import models
from composer.analysis.repetition import RepetitionLimits, measure_repetition
from composer.encoding.events import FIELDS, SHIFT_TICKS
from composer.formats import midi
from composer.generation.continuation import Continuation
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import continue_seed, seed_state
from composer.generation.seed_analysis import analyse_seed
from composer.generation.seed_constraints import make_constraints
from composer.generation.seed_files import alone, continued, open_seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.music.keys import parse_key
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap
from composer.network.heads import Heads
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"
MIDI_SEEDS = sorted(path.name for path in SEEDS.glob("*.mid"))


@cache
def predictor() -> Predictor:
    return Predictor.load(models.find(), threads=1)


def go_on(name: str, **settings: object) -> Continuation:
    seed = open_seed(SEEDS / name)
    wanted = Settings(**({"rng_seed": 1} | settings))  # type: ignore[arg-type]
    return continue_seed(seed.analysis(wanted.grid), predictor(), wanted)[0]


def absolute(track: list) -> list[tuple[int, object]]:  # type: ignore[type-arg]
    """(tick, message without its delta time) of a track, its end left out."""
    rows, tick = [], 0
    for message in track:
        tick += message.time
        if message.type != "end_of_track":
            rows.append((tick, message.copy(time=0)))
    return rows


def test_a_part_that_sounds_one_note_at_a_time_goes_on_so() -> None:
    made = go_on("folk.mid", bars=8, temperature=2.0, min_p=0.0, top_p=1.0)
    for part in made.piece.parts:
        for before, after in itertools.pairwise(part.notes):
            assert before.end <= after.onset


@pytest.mark.parametrize("name", MIDI_SEEDS)
def test_every_seed_goes_on(name: str) -> None:
    seed = open_seed(SEEDS / name)
    made = go_on(name, bars=4)
    file = continued(seed, made)

    # The seed stays in front of it, message for message.
    for before, after in zip(seed.file.tracks, file.tracks, strict=True):
        ours = absolute(before)
        assert absolute(after)[: len(ours)] == ours

    # New notes lie between the join and the last bar line, in the seed's own parts.
    assert made.piece.note_count > 0
    for part, old in zip(made.piece.parts, seed.piece.parts, strict=True):
        assert (part.track, part.channel, part.program) == (old.track, old.channel, old.program)
        assert all(made.join <= note.onset and note.end <= made.end for note in part.notes)

    # It starts with its first bar, and every bar line is where the seed's metre has it.
    analysis = made.analysis
    first = min(note.onset for _, note in made.piece.notes())
    assert first < analysis.tick(analysis.join + analysis.bar)
    if analysis.grid.kind == "beats":
        position = seed.piece.metres.position(
            made.join - analysis.grid.offset - analysis.grid.downbeat, seed.piece.ticks_per_beat
        )
        assert position.tick == 0
        assert made.end - made.join == pytest.approx(4 * position.length, abs=2)


@pytest.mark.parametrize("name", MIDI_SEEDS)
def test_no_note_is_left_sounding(name: str) -> None:
    file = continued(open_seed(SEEDS / name), go_on(name, bars=2))
    sounding: Counter[tuple[int, int]] = Counter()
    pedal: dict[int, int] = {}
    for message in file.merged_track:
        if message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note] += 1
        elif message.type in ("note_on", "note_off"):
            sounding[message.channel, message.note] -= 1
        elif message.is_cc(64):
            pedal[message.channel] = message.value
    assert not any(count > 0 for count in sounding.values())
    assert not any(value >= 64 for value in pedal.values())


def test_one_number_one_music() -> None:
    once, again, other = (
        continued(open_seed(SEEDS / "waltz.mid"), go_on("waltz.mid", bars=8, rng_seed=number))
        for number in (1, 1, 2)
    )
    assert midi_bytes(once) == midi_bytes(again)
    assert midi_bytes(once) != midi_bytes(other)


def midi_bytes(file: object) -> bytes:
    from composer.formats.smf import encode

    return encode(file)  # type: ignore[arg-type]


def test_a_variation_does_not_depend_on_its_company() -> None:
    analysis = open_seed(SEEDS / "song.mid").analysis()
    settings = Settings(bars=2, rng_seed=5)
    many = continue_seed(analysis, predictor(), settings, range(20))
    for number in (0, 7, 19):
        alone_made = continue_seed(analysis, predictor(), settings, [number])[0]
        assert alone_made.piece == many[number].piece
    assert len({made.piece for made in many}) > 15


def test_the_key_asked_for_holds() -> None:
    made = go_on("chorale.mid", key="C:minor", bars=4)
    scale = parse_key("C:minor").pitch_classes()
    assert {note.pitch % 12 for _, note in made.piece.notes()} <= scale


def test_range_parts_and_density_hold() -> None:
    made = go_on("song.mid", pitch_range=(60, 72), parts=("1",), density=2.0, bars=4)
    assert all(60 <= note.pitch <= 72 for _, note in made.piece.notes())
    assert {index for index, _ in made.piece.notes()} == {0}
    analysis = made.analysis
    bar = analysis.tick(analysis.join + analysis.bar) - made.join
    per_bar = Counter((note.onset - made.join) // bar for _, note in made.piece.notes())
    most = 2 * analysis.bar // 24
    assert max(per_bar.values()) <= most


def test_lengths_in_notes_and_seconds() -> None:
    assert go_on("waltz.mid", notes=25).piece.note_count == 25
    made = go_on("prelude.mid", seconds=4.0)
    assert made.analysis.grid.kind == "free"
    tempos, beat = made.piece.tempos, made.piece.ticks_per_beat
    length = tempos.seconds(made.end, beat) - tempos.seconds(made.join, beat)
    assert length == pytest.approx(4.0, abs=0.02)


def test_a_constant_offset_is_kept() -> None:
    made = go_on("minuet.mid", bars=2)  # the file lies 37 ticks late
    assert made.analysis.grid.offset == 37
    quantum = made.piece.ticks_per_beat // 24
    assert all((note.onset - 37) % quantum == 0 for _, note in made.piece.notes())


def test_the_continuation_alone_begins_at_bar_one() -> None:
    file = alone(go_on("rag.mid", bars=2))
    piece = midi.to_piece(file)
    assert min(note.onset for _, note in piece.notes()) < piece.ticks_per_beat * 2
    assert any(message.type == "program_change" for track in file.tracks for message in track)


def test_a_score_goes_on_too() -> None:
    made = go_on("ode.musicxml", bars=2)
    assert made.piece.note_count > 0


def test_seeds_of_one_note() -> None:
    single = Piece((Part((Note(0, 60, 480, 80),)),))
    made = continue_seed(analyse_seed(single), predictor(), Settings(bars=2, rng_seed=3))[0]
    assert made.join == 4 * 480
    assert made.end == 12 * 480


def test_a_long_rest_before_the_end_does_not_move_the_join() -> None:
    notes = [Note(0, 60, 480, 80), Note(480 * 4 * 20, 64, 480, 80)]  # 20 bars apart
    made = continue_seed(
        analyse_seed(Piece((Part(tuple(notes)),))), predictor(), Settings(bars=2, rng_seed=3)
    )[0]
    assert made.join == 480 * 4 * 21
    assert all(note.onset >= made.join for _, note in made.piece.notes())


class TestLoops:
    """What keeps the music from getting stuck."""

    def stuck(self) -> Piece:
        """One note, over and over: the worst example there is."""
        return Piece((Part(tuple(Note(i * 240, 60, 240, 80) for i in range(8))),))

    def test_the_ear_counts_repeated_bars_and_strikes(self) -> None:
        analysis = analyse_seed(
            Piece((Part(tuple(Note(i * 480, 60, 480, 80) for i in range(24))),))
        )
        limits, _ = measure_repetition(analysis.events, analysis.bar)
        assert limits.strikes == 24
        assert limits.bars == 4  # of six bars, the last is still open

    def test_an_octave_under_a_tune_is_a_key_struck_again(self) -> None:
        octaves = [Note(i * 480, pitch, 480, 80) for i in range(24) for pitch in (36, 48)]
        tune = [Note(i * 480, 60 + i * 5 % 12, 480, 80) for i in range(24)]
        analysis = analyse_seed(Piece((Part(tuple(tune)), Part(tuple(octaves)))))
        assert measure_repetition(analysis.events, analysis.bar)[0].strikes == 24
        analysis = analyse_seed(Piece((Part(tuple(tune)),)))
        assert measure_repetition(analysis.events, analysis.bar)[0].strikes == 1

    def test_even_the_likeliest_choice_breaks_out_of_a_loop(self) -> None:
        analysis = analyse_seed(self.stuck())
        settings = Settings(bars=32, temperature=0.0, rng_seed=1, key="off")
        made = continue_seed(analysis, predictor(), settings)[0]
        bars: dict[int, list[tuple[int, int]]] = {}
        for _, note in made.piece.notes():
            bar, inside = divmod(note.onset - made.join, 4 * 480)
            bars.setdefault(bar, []).append((inside, note.pitch))
        prints = [tuple(bars.get(bar, ())) for bar in range(32)]
        longest = run = 1
        for last, this in itertools.pairwise(prints):
            run = run + 1 if this == last else 1
            longest = max(longest, run)
        assert longest <= 12
        assert len(set(prints)) > 4

    def test_a_seed_that_repeats_may_be_answered_in_kind(self) -> None:
        analysis = open_seed(SEEDS / "drums.mid").analysis()
        limits, _ = measure_repetition(analysis.events, analysis.bar)
        assert isinstance(limits, RepetitionLimits)


class TestRecall:
    """With a network that always believes its recall: how much comes back."""

    THEME = Piece(
        (
            Part(
                tuple(
                    Note(480 * beat, 60 + pitch, 480, 80)
                    for beat, pitch in enumerate(2 * [7 * step % 20 for step in range(20)])
                ),
                0,
            ),
        )
    )
    """Five bars in quarters, twice."""

    def bars_again(self, recall: int) -> list[bool]:
        """Which of the next ten bars are those of the theme."""
        weights = tiny_model.weights()
        for field in FIELDS:
            if field != "part":  # there is one
                weights[f"head_{field}/gain/embeddings"][:] = 10.0
        heads = Heads(weights, tiny_model.CONFIG.head_units)
        believer = Predictor(tiny_model.CONFIG, tiny_model.predictor().trunk, heads)
        analysis = analyse_seed(self.THEME)
        settings = Settings(bars=10, rng_seed=1, recall=recall, density=1.0)
        made = continue_seed(analysis, believer, settings)[0]
        heard = {(n.onset - made.join, n.pitch) for _, n in made.piece.notes()}
        theme = {(n.onset, n.pitch) for n in self.THEME.parts[0].notes}
        return [
            {note for note in theme if note[0] // 1920 == bar}
            == {note for note in heard if note[0] // 1920 == bar}
            for bar in range(10)
        ]

    def test_what_was_heard_comes_back(self) -> None:
        assert self.bars_again(100) == [True] * 10

    def test_for_so_many_bars_in_a_row(self) -> None:
        again = self.bars_again(2)
        assert again[:2] == [True, True]
        assert not all(again[2:5])

    def test_or_not_at_all(self) -> None:
        assert not any(self.bars_again(0))


@pytest.mark.parametrize("number", [1, 2])
def test_a_part_of_single_notes_stays_one_and_chords_grow_no_fuller(number: int) -> None:
    def fullest(part: Part) -> int:
        return max(Counter(note.onset for note in part.notes).values(), default=0)

    made = go_on("band.mid", bars=4, rng_seed=number)
    for old, new in zip(made.analysis.piece.parts, made.piece.parts, strict=True):
        assert fullest(new) <= fullest(old)
    trumpet = made.piece.parts[0].notes
    assert trumpet
    assert all(one.end <= after.onset for one, after in itertools.pairwise(trumpet))


def test_no_note_comes_before_the_join_of_a_bar_longer_than_any_shift() -> None:
    notes = tuple(Note(i * 24, 60 + i, 24, 80) for i in range(8))
    analysis = analyse_seed(Piece((Part(notes),), 24, metres=MetreMap(((0, 47, 4),))))
    made = continue_seed(analysis, predictor(), Settings(bars=1, rng_seed=1))[0]
    assert made.join == 47 * 24
    assert made.piece.parts[0].notes[0].onset >= made.join


def test_streams_that_join_or_move_midway_play_the_same() -> None:
    analysis = open_seed(SEEDS / "quartet.mid").analysis()
    settings = Settings(bars=2, rng_seed=9)
    rules, state = make_constraints(analysis, settings), seed_state(analysis, predictor())
    limits, ear = measure_repetition(analysis.events, analysis.bar)
    before = analysis.events.rows[-1].astype(np.int64)

    def stream(number: int) -> Stream:
        return Stream(
            state=state,
            last_note=before,
            constraints=rules,
            settings=settings,
            limits=limits,
            variation=number,
            max_notes=500,
            tracker=ear,
        )

    early, late, moved = (stream(number) for number in range(3))
    ensemble, other = BatchDecoder(predictor()), BatchDecoder(predictor())
    ensemble.add([early])
    for _ in range(5):
        ensemble.step()
    ensemble.add([late])
    other.add([moved])
    for _ in range(3):
        other.step()
        ensemble.step()
    ensemble.merge(other)
    assert not other.streams
    while ensemble.streams:
        ensemble.step()
    for number, drawn in enumerate((early, late, moved)):
        solo, single = BatchDecoder(predictor()), stream(number)
        solo.add([single])
        while solo.streams:
            solo.step()
        assert np.array_equal(drawn.events(), single.events())


@pytest.mark.parametrize("last", [53, 59, 61, 90])
def test_after_a_long_note_one_shift_leads_to_the_bar_line(last: int) -> None:
    # The last onset is off the places that long shifts reach, and sounds to the second bar line.
    notes = (*(Note(i * 12, 60 + i, 12, 80) for i in range(4)), Note(last, 72, 192 - last, 80))
    analysis = analyse_seed(Piece((Part(notes),), 24))
    assert analysis.join == 192
    context = seed_state(analysis, tiny_model.predictor()).context
    gap = analysis.join - int(context.clock[0])
    assert gap in SHIFT_TICKS
    assert int(context.inside[0]) == -gap % 96
    assert abs(gap - (192 - last)) < 12  # moved by less than half a beat


@pytest.mark.parametrize("name", ["band.mid", "chorale.mid"])
def test_parts_in_another_order_play_the_same(name: str) -> None:
    """Whoever sorts a seed's tracks gets the same notes, each from its own part."""
    seed = open_seed(SEEDS / name).piece
    wanted = continue_seed(analyse_seed(seed), predictor(), Settings(bars=2, rng_seed=3))[0].piece
    order = [2, 0, 3, 1]
    moved = Piece(
        tuple(seed.parts[index] for index in order),
        seed.ticks_per_beat,
        tempos=seed.tempos,
        metres=seed.metres,
    )
    made = continue_seed(analyse_seed(moved), predictor(), Settings(bars=2, rng_seed=3))[0].piece
    assert [part.notes for part in made.parts] == [wanted.parts[index].notes for index in order]


def test_parts_that_are_heard_as_others_are_spoken_of(tmp_path: Path) -> None:
    parts = tuple(Part((Note(0, 60 + n % 12, 480, 80),), n, track=n) for n in range(34))
    midi.save(midi.from_piece(Piece(parts, 480)), tmp_path / "crowd.mid")
    seed = open_seed(tmp_path / "crowd.mid")
    (line,) = seed.remarks_on(seed.analysis())
    assert line.startswith("of 34 parts, 32 go on; 2 with the fewest notes do not (")
    # One of 34 notes each: whichever they are, they have no notes in what follows.
    lost = {int(number) - 1 for number in re.findall(r"[(,] ?(\d+)", line.partition("do not")[2])}
    made = continue_seed(seed.analysis(), predictor(), Settings(bars=4, rng_seed=3))[0].piece
    assert len(lost) == 2
    assert not any(made.parts[index].notes for index in lost)
    band = open_seed(SEEDS / "band.mid")
    assert band.remarks_on(band.analysis()) == []


@pytest.mark.parametrize("name", ["band.mid", "quartet.mid"])
def test_tracks_in_another_order_change_the_numbers_of_parts_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    """The file of a continuation, too: each track has the messages that it had elsewhere."""
    file = mido.MidiFile(SEEDS / name)
    _, *tracks = file.tracks
    assert len(tracks) > 3
    shuffled = [tracks[index] for index in np.random.default_rng(4).permutation(len(tracks))]
    assert shuffled != tracks
    file.tracks[1:] = shuffled
    file.save(tmp_path / name)
    made = []
    for path in (SEEDS / name, tmp_path / name):
        seed, wanted = open_seed(path), Settings(bars=2, takes=4, rng_seed=1)
        (continuation,) = continue_seed(seed.analysis(), predictor(), wanted)
        assert sum(len(part.notes) for part in continuation.piece.parts) > 8
        written = continued(seed, continuation)
        assert len(written.tracks) == len(tracks) + 1
        made.append(written)
    one, other = ([str(track) for track in written.tracks[1:]] for written in made)
    assert str(made[0].tracks[0]) == str(made[1].tracks[0])
    assert one != other and sorted(one) == sorted(other)
