"""Rules: what they allow, note by note, as masks over the classes of each field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import piece_of_rows
import pytest

from composer.encoding.events import DURATION_TICKS, END, SHIFT_TICKS
from composer.encoding.running_features import Context
from composer.errors import SettingError
from composer.generation.constraints import Constraints
from composer.generation.limits import Density, PartLimits, Span
from composer.generation.pacing import Pacing
from composer.generation.part_limits import VELOCITY_WEIGHT
from composer.generation.resting import MOST_BARS
from composer.generation.seed_analysis import analyse_seed
from composer.generation.seed_constraints import chosen_slots, make_constraints
from composer.generation.settings import Settings
from composer.music.chords import parse_chord
from composer.music.notes import DRUM_PROGRAM, Note, Part, Piece
from composer.music.plan import Plan, PlannedBar
from composer.music.timing import MetreMap

BEAT = 24
FIRST = np.array([0])
"""The first part."""
NO_CHORD = np.array([0])
"""Notes played on the onset so far."""


def tune(*pitches: int, velocity: int = 80, program: int = 0, name: str = "") -> Part:
    """Quarter notes one after another."""
    notes = (Note(i * BEAT, p, BEAT, velocity) for i, p in enumerate(pitches))
    return Part(tuple(notes), program, name=name)


def piece(*parts: Part) -> Piece:
    return Piece(parts, BEAT)


C_MAJOR = tune(60, 62, 64, 65, 67, 69, 71, 72, name="Melody")
KICKS = tune(36, 38, 36, 38, 36, 38, 36, 38, program=DRUM_PROGRAM, name="Kit")


def rules_for(*parts: Part, **settings: object):  # type: ignore[no-untyped-def]
    analysis = analyse_seed(piece(*parts))
    return analysis, make_constraints(analysis, Settings(**settings))  # type: ignore[arg-type]


def pitches(rules, slot: int = 0) -> list[int]:  # type: ignore[no-untyped-def]
    return np.flatnonzero(rules.table["pitches"][0, slot]).tolist()


class TestKey:
    def test_auto_holds_to_the_scale_of_the_seed(self) -> None:
        _, rules = rules_for(C_MAJOR)
        assert {p % 12 for p in pitches(rules)} == {0, 2, 4, 5, 7, 9, 11}

    def test_auto_takes_in_what_the_seed_uses_beyond_its_scale(self) -> None:
        blue = tune(60, 63, 64, 67, 69, 67, 64, 63, 60, 60, 60, 62, 64, 67, 60, 60)
        _, rules = rules_for(blue)
        assert 3 in {p % 12 for p in pitches(rules)}

    def test_a_key_by_name_holds_strictly(self) -> None:
        _, rules = rules_for(C_MAJOR, key="Eb:major")
        assert {p % 12 for p in pitches(rules)} == {3, 5, 7, 8, 10, 0, 2}

    def test_off_allows_all(self) -> None:
        _, rules = rules_for(C_MAJOR, key="off")
        assert pitches(rules) == list(range(60 - 7, 72 + 7 + 1))

    def test_drums_have_no_key(self) -> None:
        _, rules = rules_for(C_MAJOR, KICKS, key="Eb:major")
        assert {36, 38} <= set(pitches(rules, 1))


class TestColours:
    """C major, and A7 in force, whose C sharp is not in it."""

    def colours(self, chord: str, **settings: object) -> set[int]:
        """Pitch classes beyond the scale that may sound."""
        analysis, rules = rules_for(C_MAJOR, KICKS, **settings)
        context = Context.after(analysis.events)
        before = analysis.events.rows[-1:].astype(np.int64)
        apart = np.array([False])
        there = np.array([parse_chord(chord) if chord else 0])
        scale, found = (
            np.flatnonzero(
                rules.pitch_mask(context, before, apart, FIRST, context.clock + BEAT, chords)[0]
            )
            for chords in (None, there)
        )
        assert set(scale) <= set(found) and max(found) <= 72 + 7
        return {int(pitch) % 12 for pitch in set(found) - set(scale)}

    def test_a_tone_of_the_chord_in_force_may_sound(self) -> None:
        assert self.colours("A7") == {1}
        assert self.colours("Fm") == {8}
        assert self.colours("F") == self.colours("") == set()

    def test_but_for_a_key_that_was_asked_for(self) -> None:
        assert self.colours("A7", key="C:major") == set()

    def test_unless_chords_were_asked_for_as_well(self) -> None:
        assert self.colours("A7", key="C:major", chords="A7", bars=4) == {1}

    def test_drums_have_no_colours(self) -> None:
        _, rules = rules_for(C_MAJOR, KICKS)
        assert rules.table["coloured"][0, 0].any() and not rules.table["coloured"][0, 1].any()


class TestChangeOfKey:
    """From C major to C minor, E flat and A flat have to be thought of."""

    def bias(self, key: str, slot: int = 0) -> list[int]:
        analysis, rules = rules_for(C_MAJOR, KICKS, key=key)
        context = Context.after(analysis.events)
        bias = rules.pitch_bias(context, np.array([slot]), context.clock)
        return [] if bias is None else [int(np.sign(b) * (abs(b) > 0.5)) for b in bias[0, 60:72]]

    def test_what_tells_the_keys_apart_is_made_likelier_or_less(self) -> None:
        #                                 c  c# d  eb  e  f  f# g  ab  a  bb b
        assert self.bias("C:minor") == [0, 0, 0, 1, -1, 0, 0, 0, 1, -1, 1, 0]

    def test_in_every_octave_alike(self) -> None:
        analysis, rules = rules_for(C_MAJOR, key="C:minor")
        context = Context.after(analysis.events)
        bias = rules.pitch_bias(context, np.array([0]), context.clock)
        assert bias is not None
        assert np.array_equal(bias[0, 24:36], bias[0, 96:108])

    def test_the_key_that_is_heard_needs_none(self) -> None:
        assert self.bias("C:major") == self.bias("auto") == self.bias("off") == []

    def test_drums_know_no_key(self) -> None:
        assert self.bias("C:minor", slot=1) == [0] * 12


class TestRange:
    def test_by_default_near_the_seed(self) -> None:
        _, rules = rules_for(C_MAJOR)
        assert min(pitches(rules)) >= 53
        assert max(pitches(rules)) <= 79

    def test_as_asked(self) -> None:
        _, rules = rules_for(C_MAJOR, pitch_range=(48, 55))
        assert pitches(rules) == [48, 50, 52, 53, 55]

    def test_a_range_without_a_note_of_the_key_is_refused(self) -> None:
        with pytest.raises(SettingError, match="no note of Gb:major lies within pitches 60 to 60"):
            rules_for(C_MAJOR, key="Gb:major", pitch_range=(60, 60))


class TestParts:
    def test_by_number_and_by_name(self) -> None:
        analysis = analyse_seed(piece(C_MAJOR, KICKS))
        music, placement = analysis.piece, analysis.placement
        assert chosen_slots(music, placement, ()) == [0, 1]
        assert chosen_slots(music, placement, ("2",)) == [1]
        assert chosen_slots(music, placement, ("mel",)) == [0]
        assert chosen_slots(music, placement, ("kit", "1")) == [0, 1]

    def test_numbers_are_those_of_the_file_whatever_lies_higher(self) -> None:
        low, high = [(0, 40, 24, 80), (24, 41, 24, 80)], [(0, 80, 24, 80), (24, 81, 24, 80)]
        analysis = analyse_seed(piece_of_rows.piece(low, high, ticks_per_beat=24))
        assert analysis.placement.slots == (1, 0)
        assert chosen_slots(analysis.piece, analysis.placement, ("1",)) == [1]

    def test_an_unknown_one_is_refused_with_the_list(self) -> None:
        analysis = analyse_seed(piece(C_MAJOR, KICKS))
        with pytest.raises(SettingError, match=r"no part is called 'bass'.*1 Melody, 2 Kit"):
            chosen_slots(analysis.piece, analysis.placement, ("bass",))


class TestTime:
    def first(self, rules, analysis):  # type: ignore[no-untyped-def]
        """Onsets allowed for the first new note, in event ticks."""
        context = Context.after(analysis.events)
        before = analysis.events.rows[-1:].astype(np.int64)
        zero = np.zeros(1, dtype=np.int64)
        mask = rules.shift_mask(context, before, zero, rules.chord_room(before, zero), zero)[0]
        return (context.clock[0] + SHIFT_TICKS[mask[:END]]).tolist(), mask

    def test_it_starts_in_the_bar_after_the_seed(self) -> None:
        analysis, rules = rules_for(C_MAJOR)
        onsets, mask = self.first(rules, analysis)
        assert analysis.join == 8 * BEAT
        assert min(onsets) == 8 * BEAT
        assert max(onsets) < 12 * BEAT
        assert not mask[END]

    def test_notes_end_by_the_last_bar_line(self) -> None:
        analysis, rules = rules_for(C_MAJOR, bars=2)
        onset = np.array([analysis.join + 2 * 4 * BEAT - 5])
        allowed = DURATION_TICKS[
            rules.duration_mask(Context.after(analysis.events), onset, FIRST)[0]
        ]
        assert allowed.tolist() == [1, 2, 3, 4, 5]

    def test_a_full_bar_sends_the_next_note_to_the_next_bar(self) -> None:
        analysis, rules = rules_for(C_MAJOR, density=1.0)
        context = Context.after(analysis.events)
        before = analysis.events.rows[-1:].astype(np.int64)
        four = np.array([4])
        mask = rules.shift_mask(context, before, four, rules.chord_room(before, NO_CHORD), four)[0]
        assert (context.clock[0] + SHIFT_TICKS[mask[:END]]).min() == 8 * BEAT

    def test_notes_begin_where_in_the_beat_the_seed_s_do(self) -> None:
        swung = Part(tuple(Note(i * 12 + 4 * (i % 2), 60, 8, 80) for i in range(16)))
        analysis, rules = rules_for(swung)
        onsets, _ = self.first(rules, analysis)
        assert {onset % BEAT for onset in onsets} == {0, 16}

    def test_streams_side_by_side_keep_to_their_own_places(self) -> None:
        swung = Part(tuple(Note(i * 12 + 4 * (i % 2), 60, 8, 80) for i in range(16)))
        straight = Part(tuple(Note(i * 12, 60, 8, 80) for i in range(16)))
        apart = [rules_for(part) for part in (swung, straight, swung)]
        alone = [self.first(rules, analysis)[1] for analysis, rules in apart]
        assert not (alone[0] == alone[1]).all()
        context = Context.join([Context.after(analysis.events) for analysis, _ in apart])
        rules = Constraints.join([rules for _, rules in apart])
        before = np.stack([analysis.events.rows[-1] for analysis, _ in apart]).astype(np.int64)
        zero = np.zeros(3, dtype=np.int64)
        for _ in range(2):  # as found, and as kept
            room = rules.chord_room(before, zero)
            masks = rules.shift_mask(context, before, zero, room, zero)
            assert (masks == alone).all()

    def test_a_seed_that_was_played_is_not_bound_to_places(self) -> None:
        late = Part(tuple(Note(i * 24 + i % 20, 60, 8, 80) for i in range(80)))
        analysis = analyse_seed(piece(late), grid="beats")
        assert make_constraints(analysis, Settings()).table["places"].all()

    def test_the_next_note_of_a_chord_may_follow_wherever_it_is(self) -> None:
        _, rules = rules_for(C_MAJOR)
        assert np.flatnonzero(rules.table["places"][0]).tolist() == [0]
        analysis, _ = rules_for(C_MAJOR)
        context = Context.after(analysis.events)
        context.inside[:] = 5
        context.clock[:] = analysis.join
        before, one = np.array([[0, 0, 60, 0, 20]]), np.array([1])
        mask = rules.shift_mask(context, before, one, rules.chord_room(before, NO_CHORD), one)[0]
        assert mask[0]
        assert {(5 + tick) % BEAT for tick in SHIFT_TICKS[mask[:END]] if tick} == {0}

    def test_each_part_keeps_to_its_lengths(self) -> None:
        """None shorter than the part's own, none over half as long again; a long coda may."""
        bass = Part(tuple(Note(i * 4 * BEAT, 40, 2 * BEAT, 80) for i in range(8)), 32)
        tune_of_8_bars = tune(*(60 + i % 5 for i in range(32)))
        analysis, rules = rules_for(tune_of_8_bars, bass, bars=8)
        context = Context.after(analysis.events)
        for part, (shortest, longest) in enumerate([(BEAT, 1.5 * BEAT), (2 * BEAT, 3 * BEAT)]):
            allowed = DURATION_TICKS[
                rules.duration_mask(context, context.clock, np.array([part]))[0]
            ]
            assert allowed.min() == shortest and 0.9 * longest <= allowed.max() <= longest

    def test_a_part_of_few_notes_may_hold_them(self) -> None:
        analysis, rules = rules_for(tune(60, 62, 64), bars=4)
        context = Context.after(analysis.events)
        allowed = DURATION_TICKS[rules.duration_mask(context, context.clock, FIRST)[0]]
        assert allowed.min() == BEAT and allowed.max() >= 4 * BEAT

    def test_a_texture_that_grew_too_thick_is_thinned(self) -> None:
        analysis, rules = rules_for(C_MAJOR)
        context = Context.after(analysis.events)
        context.clock[:] = analysis.join + 2 * BEAT
        before = analysis.events.rows[-1:].astype(np.int64)
        room = rules.chord_room(before, NO_CHORD)
        few, many = (
            rules.shift_mask(context, before, np.array([1]), room, np.array([drawn]))[0]
            for drawn in (2, 9)
        )
        assert SHIFT_TICKS[few[:END]].min() == 0
        assert SHIFT_TICKS[many[:END]].min() == BEAT

    def test_the_length_in_seconds_ends_on_a_bar_line(self) -> None:
        analysis, rules = rules_for(C_MAJOR, seconds=3.1)  # 6.2 beats at 120
        assert rules.end[0] - analysis.join == 8 * BEAT

    def test_the_metre_at_the_end_counts(self) -> None:
        waltz = Piece((C_MAJOR,), BEAT, metres=MetreMap(((0, 4, 4), (4 * BEAT, 3, 4))))
        analysis = analyse_seed(waltz)
        assert analysis.bar == 3 * BEAT
        assert analysis.join == (4 + 6) * BEAT


class TestSilence:
    """Eight bars: a tune of quarters over a bass on each bar line."""

    def after_beats(self, beats: int, inside: int = 0, plan: Plan | None = None) -> list[int]:
        """Parts that may play so many beats after the seed, in which the bass played on."""
        bass = Part(tuple(Note(i * 4 * BEAT, 40, BEAT, 80) for i in range(8)), 32)
        analysis, rules = rules_for(tune(*(60 + i % 5 for i in range(32))), bass)
        context = Context.after(analysis.events).planned(plan)
        context.heard[0, 1] += beats * BEAT
        before = analysis.events.rows[-1:].astype(np.int64)
        onset = context.clock + beats * BEAT + inside
        return np.flatnonzero(
            rules.part_mask(context, before, rules.chord_room(before, NO_CHORD), onset)[0]
        ).tolist()

    def planned(self, *ends: int) -> Plan:
        """A plan of 16 bars in which phrases end with some of them; the last note is in bar 7."""
        after = [*ends, 16]
        left = [next(end for end in after if end >= bar) - bar + 1 for bar in range(16)]
        return Plan(tuple(PlannedBar(phrase=bars) for bars in left))

    def test_a_part_may_rest_for_a_bar_or_two(self) -> None:
        plan = self.planned(*range(16))
        assert self.after_beats(5, plan=plan) == self.after_beats(8, plan=plan) == [0, 1]

    def test_then_it_comes_in_on_a_beat_of_a_bar_with_which_a_phrase_begins(self) -> None:
        plan = self.planned(7, 9)
        assert self.after_beats(9, plan=plan) == [0]  # on the line of bar 10
        assert self.after_beats(10, plan=plan) == [0]
        assert self.after_beats(9, inside=6, plan=plan) == [0, 1]
        assert self.after_beats(13, plan=plan) == [0, 1]  # a bar late, it waits for the next

    def test_or_of_every_fourth_where_none_are_planned(self) -> None:
        assert [self.after_beats(beats) for beats in (9, 13, 17, 21)] == [[0, 1]] * 2 + [
            [0],
            [0, 1],
        ]


class TestRests:
    """The kit rests in the second bar to come."""

    def may(self, bar: int) -> tuple[list[int], bool]:
        """Who may begin a bar, and whether the same onset may follow once the tune has."""
        analysis, rules = rules_for(C_MAJOR, KICKS)
        resting = np.zeros((MOST_BARS, 32), dtype=bool)
        resting[1, 1] = True
        rules = rules.with_rests(resting, 2)
        context = Context.after(analysis.events)
        onset = context.clock + (1 + 4 * bar) * BEAT
        before = analysis.events.rows[-1:].astype(np.int64)
        room = rules.chord_room(before, NO_CHORD)
        slots = np.flatnonzero(rules.part_mask(context, before, room, onset)[0])
        there = context.moved(onset, np.array([0]), number=np.array([2 + bar]))
        tune = np.array([[4, 0, 72, 0, 20]])
        shifts = rules.shift_mask(there, tune, NO_CHORD, np.array([False]), np.array([8]))
        return slots.tolist(), bool(shifts[0, 0])

    def test_nobody_else_does(self) -> None:
        assert self.may(0) == self.may(2) == ([0, 1], True)
        assert self.may(1) == ([0], False)

    def test_who_rests_next_ends_with_the_bar(self) -> None:
        analysis, rules = rules_for(C_MAJOR, KICKS, bars=16)
        resting = np.zeros((MOST_BARS, 32), dtype=bool)
        resting[1, 1] = True
        rules = rules.with_rests(resting, 2)
        context = Context.after(analysis.events)
        last = context.clock + 4 * BEAT  # the fourth beat of the first bar
        for part, longest in ((0, 1.5 * BEAT), (1, BEAT)):
            allowed = DURATION_TICKS[rules.duration_mask(context, last, np.array([part]))[0]]
            assert 0.9 * longest <= allowed.max() <= longest

    def test_who_rests_is_not_late(self) -> None:
        analysis, rules = rules_for(tune(*(60 + i % 5 for i in range(32))), KICKS)
        resting = np.zeros((MOST_BARS, 32), dtype=bool)
        context = Context.after(analysis.events)
        before = analysis.events.rows[-1:].astype(np.int64)
        onset = context.clock + (1 + 8 * 4) * BEAT
        late = rules.part_mask(context, before, rules.chord_room(before, NO_CHORD), onset)[0]
        assert np.flatnonzero(late).tolist() == [0, 1]  # both have been silent for eight bars
        resting[8, 1] = True
        rules = rules.with_rests(resting, 8)
        late = rules.part_mask(context, before, rules.chord_room(before, NO_CHORD), onset)[0]
        assert np.flatnonzero(late).tolist() == [0]


class TestOrder:
    def test_on_one_onset_parts_and_pitches_only_rise(self) -> None:
        _, rules = rules_for(C_MAJOR, KICKS, key="off")
        analysis, _ = rules_for(C_MAJOR, KICKS)
        context = Context.after(analysis.events)
        before = np.array([[0, 0, 64, 0, 20]])
        together = np.array([True])
        allowed = rules.part_mask(
            context, before, rules.chord_room(before, NO_CHORD), context.clock
        )[0]
        assert np.flatnonzero(allowed).tolist() == [0, 1]
        tones = np.flatnonzero(
            rules.pitch_mask(context, before, together, np.array([0]), context.clock)[0]
        )
        assert tones.min() == 65
        above = np.array([[0, 1, 127, 0, 20]])
        room = rules.chord_room(above, NO_CHORD)
        assert not room[0]
        assert not rules.shift_mask(context, above, NO_CHORD, room, NO_CHORD)[0, 0]


class TestChords:
    """A tune of single notes over chords of three."""

    def after(self, part: int, pitch: int, in_chord: int) -> tuple[bool, list[int]]:
        """Whether the same onset may follow, and who may play there, after a note."""
        triads = Part(tuple(Note(i * BEAT, 48 + n, BEAT, 80) for i in range(8) for n in (0, 4, 7)))
        analysis, rules = rules_for(C_MAJOR, triads)
        context = Context.after(analysis.events)
        context.clock[:] = analysis.join
        before = np.array([[4, part, pitch, 0, 20]])
        count = np.array([in_chord])
        zero = np.array([0])
        shifts = rules.shift_mask(context, before, zero, rules.chord_room(before, count), zero)[0]
        slots = np.flatnonzero(
            rules.part_mask(context, before, rules.chord_room(before, count), context.clock)[0]
        )
        return bool(shifts[0]), slots.tolist()

    def test_a_part_of_single_notes_stays_one(self) -> None:
        assert self.after(0, 60, 1) == (True, [1])

    def test_none_plays_more_at_once_than_its_fullest_chord(self) -> None:
        assert self.after(1, 48, 2) == (True, [1])
        assert not self.after(1, 48, 3)[0]


def test_velocities_stay_near_the_seed() -> None:
    _, rules = rules_for(tune(60, 62, 64, 65, velocity=80))
    classes = np.flatnonzero(rules.table["velocities"][0, 0]).tolist()
    assert classes == [18, 19, 20, 21, 22]


def test_a_part_that_was_heard_for_long_keeps_to_the_velocities_it_used() -> None:
    soft, loud = (tune(*[60, 62, 64, 65] * 12, velocity=v).notes for v in (40, 96))
    later = tuple(replace(note, onset=note.onset + 48 * BEAT) for note in loud[:8])
    _, rules = rules_for(Part((*soft, *later), 0))
    allowed, bias = rules.velocity_mask_and_bias(FIRST)
    assert np.flatnonzero(allowed[0]).tolist() == [10, 24]
    # Six times as often soft as loud: it leans to soft, and to neighbours of what it used.
    assert bias[0, 10] - bias[0, 24] == pytest.approx(VELOCITY_WEIGHT * np.log(6), rel=0.02)
    assert bias[0, 24] > bias[0, 23] > bias[0, 20]


def test_parts_without_rules_of_loudness_do_not_lean() -> None:
    _, rules = rules_for(C_MAJOR)
    one = rules.table[0]
    span = Span(**{name: one[name] for name in ("earliest", "latest_first", "end", "longest")})
    of_parts = {name: one[name] for name in ("parts", "pitches", "velocities")}
    plain = Constraints.of(
        span, Density(per_bar=one["per_bar"]), replace(PartLimits.none(), **of_parts)
    )
    assert not plain.velocity_mask_and_bias(FIRST)[1].any()


def test_where_takes_are_chosen_a_part_leans_less_on_its_own_velocities() -> None:
    soft, loud = (tune(*[60, 62, 64, 65] * 12, velocity=v).notes for v in (40, 96))
    later = tuple(replace(note, onset=note.onset + 48 * BEAT) for note in loud[:8])
    _, rules = rules_for(Part((*soft, *later), 0), takes=8)
    bias = rules.velocity_mask_and_bias(FIRST)[1][0]
    # Six times as often soft as loud, by a weight of a tenth.
    assert bias[10] - bias[24] == pytest.approx(0.1 * np.log(6), rel=0.02)


def test_who_was_led_beyond_the_place_for_a_first_note_by_given_ones_may_still_play() -> None:
    _, rules = rules_for(C_MAJOR)
    latest, longest = (int(rules.table[name][0]) for name in ("latest_first", "longest"))
    [pacing] = Pacing.of(rules.table)
    assert pacing.reach(latest - 24, 0, 0)[1] == 24
    assert pacing.reach(latest + 24, 0, 0) == pacing.reach(latest + 24, 1, 0)
    assert pacing.reach(latest + 24, 0, 0)[1] == longest


def test_a_part_that_has_fallen_behind_its_density_may_not_rest() -> None:
    _, rules = rules_for(C_MAJOR, density=1.0)  # and on beats
    start = int(rules.table["earliest"][0])
    last, two_bars_on = np.array([[0, 0, 60, 23, 20]]), start + 8 * BEAT

    def longest(clock: int, drawn: int) -> int:
        context = Context.start((0,), "beats", (4, 4)).moved(np.array([clock]), np.array([0]))
        one = np.array([drawn])
        shifts = rules.shift_mask(context, last, np.array([0]), np.array([True]), one)
        return int(SHIFT_TICKS[np.flatnonzero(shifts[0])].max())

    assert longest(two_bars_on, 3) == BEAT
    assert longest(two_bars_on, 40) > BEAT
