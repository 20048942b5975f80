"""Ensemble: a chart becomes a band that plays its chords in its sections, on a drummer's beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from composer_training.data import players
from composer_training.data.charts import Bar, Chart, Section
from composer_training.data.chords import Chord, read_chord
from composer_training.data.dataset import DatasetError, Notes, Record, to_events
from composer_training.data.drummers import Drummer, backbeat_of, under
from composer_training.data.ensemble import arrange, arrangements
from composer_training.data.patterns import PERCUSSION, ROCK, STYLES, hits
from composer_training.data.players import Passage

from composer.music.notes import DRUM_PROGRAM

BEAT = 480
BAR = 4 * BEAT
KICK, SNARE, TOM = 36, 38, 45
BASSES = range(32, 40)


def bars(*symbols: str) -> tuple[Bar, ...]:
    return tuple(Bar(4, ((0.0, read_chord(symbol)),)) for symbol in symbols)


VERSE, CHORUS = bars("A:min", "F", "C", "G"), bars("F", "G", "C", "C")
SONG = Chart(
    "song.txt", 120, 0, False,
    (
        Section("A", "intro", VERSE),
        Section("B", "verse", VERSE * 2),
        Section("C", "chorus", CHORUS * 2),
        Section("B", "verse", VERSE * 2),
        Section("C", "chorus", CHORUS * 2),
    ),
)  # fmt: skip


def take(name: str = "rock", split: str = "train") -> tuple[Record, Notes]:
    """Eight bars of kick and snare, the last one on the toms."""
    rows = [
        (bar * BAR + beat * BEAT, 0, TOM if bar == 7 else SNARE if beat % 2 else KICK, 60, 100)
        for bar in range(8)
        for beat in range(4)
    ]
    record = Record(
        name, "drums", split, "beats", (DRUM_PROGRAM,), ((0, 4, 4),), ((0, 500_000),), True
    )
    return record, np.array(rows, dtype=np.int32)


def drummer() -> Drummer:
    found = Drummer.of(*take())
    assert found is not None
    return found


def band(seed: int, chart: Chart = SONG) -> tuple[Record, Notes]:
    return arrange(chart, "train", [drummer()], np.random.default_rng(seed))


def passage(*chords: str, swung: bool = False, follows: Chord | None = None) -> Passage:
    return Passage(Section("A", "verse", bars(*chords)), 0, swung, follows, 0, False)


def test_a_band_has_eight_parts_and_more_and_events() -> None:
    for seed in range(10):
        record, notes = band(seed)
        assert 8 <= len(record.programs) <= 16
        assert {DRUM_PROGRAM} < set(record.programs) and set(record.programs) & set(BASSES)
        assert set(notes[:, 1].tolist()) == set(range(len(record.programs)))
        assert record.corpus == "charts" and record.count == len(notes)
        assert notes[:, 4].min() >= 1 and notes[:, 4].max() <= 127 and notes[:, 3].min() >= 1
        assert notes[:, 0].min() >= 0 and notes[:, 0].max() < 36 * BAR
        assert len(to_events(record, notes).programs) == len(record.programs)


def test_the_same_generator_makes_the_same_band() -> None:
    one, other = band(3), band(3)
    assert one[0] == other[0] and np.array_equal(one[1], other[1])
    assert band(4)[0].programs != one[0].programs


def test_the_bass_plays_the_roots() -> None:
    roots = [bar.chords[0][1].root for s in SONG.sections for bar in s.bars if bar.chords[0][1]]
    for seed in range(10):
        record, notes = band(seed)
        slot = next(s for s, program in enumerate(record.programs) if program in BASSES)
        own = notes[notes[:, 1] == slot]
        on_line = own[(own[:, 0] + 30) % BAR < 60]
        right = [int(p) % 12 == roots[(int(at) + 30) // BAR] for at, p in on_line[:, [0, 2]]]
        assert not right or np.mean(right) > 0.95


def test_the_snare_keeps_the_second_beat_and_the_fourth() -> None:
    song = Passage(Section("A", "verse", VERSE * 4), 0, False, None, 0, False)
    played = under([song], [True], drummer(), ROCK, np.random.default_rng(0))
    snares = set(played[played[:, 2] == SNARE, 0].tolist())
    wanted = {bar * BAR + beat * BEAT for bar in range(16) for beat in (1, 3)}
    assert len(wanted & snares) >= 0.85 * len(wanted)  # but for the bars on the toms
    # Nobody plays where nobody is to play.
    assert not len(under([song], [False], drummer(), ROCK, np.random.default_rng(0)))


def test_more_of_the_band_plays_in_a_chorus_than_in_the_intro() -> None:
    more = []
    for seed in range(12):
        _, notes = band(seed)
        parts = [
            len(set(notes[(notes[:, 0] >= a * BAR) & (notes[:, 0] < b * BAR), 1].tolist()))
            for a, b in ((0, 4), (13, 19))
        ]
        more.append(parts[1] - parts[0])
    assert min(more) >= 0 and np.mean(more) > 3


def test_what_comes_back_is_played_as_it_was() -> None:
    """Of the second verse: each part plays the first one's notes, or has entered or left."""
    compared = 0
    for seed in range(8):
        record, notes = band(seed)
        for slot, program in enumerate(record.programs):
            if program == DRUM_PROGRAM:
                continue
            own = notes[notes[:, 1] == slot]
            bar = (own[:, 0] + 60) // BAR  # a player is early by less than that
            verses = [sorted(own[(bar >= a) & (bar < a + 8), 2].tolist()) for a in (4, 20)]
            if all(verses):
                compared += 1
                assert verses[0] == verses[1]
    assert compared > 20


def test_a_lead_sheet_s_tune_is_sung() -> None:
    tune = tuple((float(beat), 60 + (beat * 7) % 12, 1.0) for beat in range(0, 16, 2))
    sheet = replace(SONG, sections=(Section("A", "verse", VERSE),), melody=tune)
    wanted = [pitch for _, pitch, _ in tune]
    found = 0
    for seed in range(6):
        _, notes = band(seed, sheet)
        for slot in set(notes[:, 1].tolist()):
            found += notes[notes[:, 1] == slot, 2].tolist()[: len(wanted)] == wanted
    assert found >= 5


def test_a_walking_bass_leads_into_the_next_root() -> None:
    walk = passage("C", "F")
    (*_, last), first = (
        [row for row in players.bass(walk, ["R---3---5---a---"], 80) if row[0] // BAR == bar]
        for bar in (0, 1)
    )
    assert abs(last[1] - first[0][1]) == 1
    assert [row[1] % 12 for row in players.bass(walk, ["R---3---5---a---"], 80)][:3] == [0, 4, 7]


def test_a_line_is_one_note_at_a_time_and_stays_in_its_passage() -> None:
    rows = players.bass(passage("C", "F"), ["R-R-R-R-R-R-R-R-"], 80)
    ends = [at + length for at, _, length, _ in rows]
    assert all(end <= at for end, (at, *_) in zip(ends, rows[1:], strict=False))
    assert ends[-1] == 2 * BAR


def test_power_chords_are_fifths_and_keys_stay_close_to_where_they_were() -> None:
    power = players.comp(passage("E:5"), ["X-------x-------"], "power3", 52, 80)
    assert [row[1] for row in power[:3]] == [40, 47, 52]
    keys = players.comp(passage("C", "F", "G", "C"), ["X---------------"], "3", 62, 80)
    tops = [max(row[1] for row in keys if row[0] == bar * BAR) for bar in range(4)]
    assert max(abs(np.diff(tops))) <= 5


def test_a_pad_holds_a_chord_as_long_as_it_stays() -> None:
    rows = players.pad(passage("C", "C", "F"), 60, 3, 70)
    assert {(at, length) for at, _, length, _ in rows} == {(0, 2 * BAR), (2 * BAR, BAR)}


def test_a_chord_that_never_changes_is_taken_again_every_four_bars() -> None:
    still = passage(*["C"] * 10)
    for rows in (players.pad(still, 60, 3, 70), players.line(still, 76, True, 70)):
        assert {at for at, *_ in rows} == {0, 4 * BAR, 8 * BAR}
        assert {length for _, _, length, _ in rows} == {4 * BAR, 2 * BAR}


def test_swung_eighths_are_long_and_short() -> None:
    straight, swung = passage("C"), passage("C", swung=True)
    assert [straight.moment(0, step) for step in (0, 2, 4)] == [0, 240, 480]
    assert [swung.moment(0, step) for step in (0, 2, 4)] == [0, 320, 480]


def test_nothing_is_played_over_no_chord() -> None:
    silent = passage("N")
    assert not players.bass(silent, ["R---R---R---R---"], 80)
    assert not players.comp(silent, ["X---X---X---X---"], "3", 60, 80)
    assert not players.pad(silent, 60, 3, 80)


def test_every_pattern_is_a_bar_and_every_riff_two() -> None:
    for style in STYLES:
        for pattern in (*style.basses, *style.comps, *style.figures, *style.stabs):
            assert len(pattern) == 16 and hits(pattern), (style.name, pattern)
        assert all(len(pattern) == 32 for pattern in style.riffs), style.name
    assert all(len(pattern) == 16 for _, pattern in PERCUSSION)


def test_a_bar_with_the_snare_on_one_of_two_beats_has_half_a_backbeat() -> None:
    _, notes = take()
    first = notes[notes[:, 0] < BAR]
    assert backbeat_of(first) == 1
    assert backbeat_of(first[first[:, 0] != 3 * BEAT]) == 0.5


def test_a_drummer_of_the_same_split_plays() -> None:
    songs = [(SONG, "train"), (replace(SONG, name="other.txt"), "valid")]
    made = [record for record, _ in arrangements(songs, [take("one"), take("two", "valid")])]
    assert [(r.name.split()[-1], r.split) for r in made] == [("one", "train"), ("two", "valid")]


def test_without_drummers_there_is_no_band() -> None:
    with pytest.raises(DatasetError, match="no drums"):
        list(arrangements([(SONG, "train")], []))
