"""Band: a song for piano gets drums, a bass and a band's instruments, and stays the song."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest
from composer_training.data.band import (
    BAR,
    BASS_PITCHES,
    BASSES,
    arrangements,
    bass_line,
    drum_track,
)
from composer_training.data.dataset import DatasetError, Notes, Record

from composer.music.notes import DRUM_PROGRAM

BEAT = BAR // 4
KICK, SNARE = 36, 38


def record(name: str, corpus: str, programs: tuple[int, ...], split: str = "train") -> Record:
    return Record(
        name, corpus, split, "beats", programs, ((0, 4, 4),), ((0, 500_000),), True,
        sha256=f"{crc32(name.encode()):08x}" * 8,
    )  # fmt: skip


def table(*rows: tuple[int, int, int, int, int]) -> Notes:
    return np.array(sorted(rows), dtype=np.int32)


SONG = table(
    *((beat * BEAT, 0, 72 + beat % 5, BEAT, 90) for beat in range(0, 64, 2)),
    *((beat * BEAT, 1, pitch, BEAT, 70) for beat in range(64) for pitch in (43, 60, 64)),
)
"""Sixteen bars: a melody in half notes over chords in quarters, G2 at the bottom."""

BEATS = table(
    *((bar * BAR + beat * BEAT, 0, KICK if beat % 2 == 0 else SNARE, 60, 100)
      for bar in range(8) for beat in range(4)),
    *((bar * BAR + 3, 0, 49, 60, 100) for bar in (0, 4)),
)  # fmt: skip
"""Eight bars of kick and snare; a crash, a hair late, every four."""

SONGS = [(record("song", "songs", (0, 0)), SONG)]
DRUMS = [(record("drummer", "drums", (DRUM_PROGRAM,)), BEATS)]


def part_of(made: Record, notes: Notes, programs: set[int]) -> Notes:
    slots = [slot for slot, program in enumerate(made.programs) if program in programs]
    return notes[np.isin(notes[:, 1], slots)]


def test_a_song_gets_drums_and_a_bass() -> None:
    ((made, notes),) = arrangements(SONGS, DRUMS)
    assert made.corpus == "band" and made.split == "train"
    assert made.name == "song with drummer"
    assert len(made.programs) == 4 and made.count == len(notes)
    drums = part_of(made, notes, {DRUM_PROGRAM})
    assert set(drums[:, 2].tolist()) == {KICK, SNARE, 49}
    assert (drums[drums[:, 2] == KICK, 0] % (2 * BEAT) == 0).all()
    assert drums[:, 0].max() < 16 * BAR
    bass = part_of(made, notes, set(BASSES))
    assert set(bass[:, 2].tolist()) == {43}
    order = np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))
    assert (order == np.arange(len(notes))).all()


def test_the_song_stays_the_song() -> None:
    ((made, notes),) = arrangements(SONGS, DRUMS)
    tonal = notes[np.array(made.programs)[notes[:, 1]] != DRUM_PROGRAM]
    played = {tuple(row) for row in tonal[:, [0, 2, 3, 4]].tolist()}
    assert {tuple(row) for row in SONG[:, [0, 2, 3, 4]].tolist()} <= played


def test_the_same_seed_makes_the_same_band() -> None:
    ((one, notes),) = arrangements(SONGS, DRUMS, seed=3)
    ((two, again),) = arrangements(SONGS, DRUMS, seed=3)
    assert one == two and np.array_equal(notes, again)


def test_a_drummer_of_the_same_split_is_taken() -> None:
    kept_out = [(record("other", "songs", (0, 0), "valid"), SONG)]
    drummers = [*DRUMS, (record("late", "drums", (DRUM_PROGRAM,), "valid"), BEATS)]
    names = {made.name for made, _ in arrangements([*SONGS, *kept_out], drummers)}
    assert names == {"song with drummer", "other with late"}


def test_a_bass_line_is_the_lowest_note_moved_into_a_bass_s_range() -> None:
    line = bass_line(table((0, 0, 24, 480, 80), (0, 0, 60, 480, 80), (480, 0, 55, 480, 80),
                           (960, 0, 70, 480, 80)))  # fmt: skip
    assert line[:, [0, 2]].tolist() == [[0, 36], [480, 43]]  # the chord at 960 has no low note
    assert (line[:, 2] >= BASS_PITCHES[0]).all() and (line[:, 2] <= BASS_PITCHES[1]).all()


def test_drums_go_round_and_keep_their_place_in_the_bar() -> None:
    track = drum_track(BEATS, 4, 32, np.random.default_rng(0))
    assert track[:, 0].min() >= 4 * BAR and track[:, 0].max() < 32 * BAR
    assert set((track[track[:, 2] == 49, 0] % BAR).tolist()) == {3}
    assert len(track[track[:, 2] == KICK]) == 28 * 2


@pytest.mark.parametrize(
    ("songs", "drums", "missing"), [([], DRUMS, "songs"), (SONGS, SONGS, "drums")]
)
def test_a_band_of_nothing_is_refused(songs: list, drums: list, missing: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(DatasetError, match=f"no {missing}"):
        list(arrangements(songs, drums))
