"""Bar lines are where the file says, unless many notes say otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from composer.music.beat_grid import find_grid
from composer.music.downbeat import find_downbeat
from composer.music.notes import Note, Part, Piece
from composer.music.timing import MetreMap

BEAT = 480
METRES = ((4, 4), (3, 4), (2, 4), (6, 8), (3, 8), (2, 2), (12, 8), (9, 8))
SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 14)


def ordinary_tune(seed: int) -> Piece:
    """4 to 32 bars in one voice or two, with an upbeat or none, and one note held too long."""
    random = np.random.default_rng(seed)
    over, under = METRES[random.integers(len(METRES))]
    bar, pulse = 4 * over * BEAT // under, BEAT if under <= 4 else BEAT // 2
    upbeat = int(random.integers(0, 2)) * pulse
    start = bar - upbeat if upbeat else 0
    end = start + upbeat + int(random.integers(4, 33)) * bar
    root, parts = int(random.integers(55, 70)), []
    for voice in range(int(random.integers(1, 3))):
        motif = [
            int(x) for x in random.choice([pulse // 2, pulse, 2 * pulse], 6, p=[0.5, 0.4, 0.1])
        ]
        notes, tick, step = [], start, 4
        while tick < end:
            again = random.random() < 0.6
            length = motif[len(notes) % 6] if again else int(random.choice([pulse // 2, pulse]))
            length = min(length, end - tick)
            step = int(np.clip(step + random.integers(-2, 3), 0, 8))
            pitch, velocity = root - 12 * voice + SCALE[step], int(random.integers(70, 100))
            notes.append(Note(tick, pitch, max(length * 9 // 10, 1), velocity))
            tick += length
        held = int(random.integers(len(notes))) if random.random() < 0.5 else len(notes) - 1
        note = notes[held]
        longer = note.duration + int(random.choice([BEAT // 2, BEAT, 2 * BEAT, bar]))
        notes[held] = Note(note.onset, note.pitch, longer, note.velocity)
        parts.append(Part(tuple(notes), track=voice))
    return Piece(tuple(parts), BEAT, metres=MetreMap(((0, over, under),)))


def test_no_ordinary_tune_is_moved_by_one_long_note() -> None:
    assert [seed for seed in range(500) if find_grid(ordinary_tune(seed)).downbeat] == []


@pytest.mark.parametrize("repeats", [1, 2, 4])
@pytest.mark.parametrize("ring", [0, 240, 480, 960])
def test_a_last_note_that_rings_past_the_bar_moves_nothing(repeats: int, ring: int) -> None:
    theme = (60, 64, 67, 64, 69, 67, 65, 62, 67, 65, 64, 62, 60, 64, 62, 60)
    notes = [Note(i * 240, pitch, 216, 80) for i, pitch in enumerate(theme * repeats)]
    last = notes.pop()
    notes.append(Note(last.onset, last.pitch, 240 + ring, 80))
    assert find_downbeat(Piece((Part(tuple(notes)),), BEAT)) == 0


def test_many_held_notes_do_move_it() -> None:
    # Every bar as the music has it begins a beat late: a bass note held, then three chords.
    notes = []
    for bar in range(16):
        start, root = (4 * bar + 1) * BEAT, (36, 41, 43, 36)[bar % 4]
        notes.append(Note(start, root, 4 * BEAT, 90))
        for beat in (1, 2, 3):
            notes += [Note(start + beat * BEAT, root + up, BEAT, 70) for up in (12, 16, 19)]
    assert find_downbeat(Piece((Part(tuple(notes)),), BEAT)) == BEAT
