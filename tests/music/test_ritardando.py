"""The tempo that music goes on in after an ending that slows down."""

from __future__ import annotations

import pytest

from composer.music.ritardando import tempo_before_ritardando
from composer.music.timing import TempoMap, bpm_to_tempo

BEAT = 480
END = 16 * BEAT


def tempos(*marks: tuple[float, float]) -> TempoMap:
    """(beat, quarter notes a minute) marks."""
    return TempoMap(tuple((round(beat * BEAT), bpm_to_tempo(bpm)) for beat, bpm in marks))


@pytest.mark.parametrize(
    ("marks", "bpm"),
    [
        ([(0, 100)], 100),
        # One step down in the last bar, or several, ever slower.
        ([(0, 100), (14, 80)], 100),
        ([(0, 100), (13, 92), (14, 84), (15, 70)], 100),
        # A slower section of four beats or more is no ending.
        ([(0, 100), (12, 80)], 80),
        ([(0, 120), (8, 100), (14, 80)], 100),
        # It gets faster: nothing slows down.
        ([(0, 100), (14, 120)], 120),
        # A player's wandering by less than a sixteenth part is no ritardando.
        ([(0, 100), (14, 97)], 97),
        # What is set where the last sound ends is what someone wants to go on in ...
        ([(0, 100), (14, 70), (16, 132)], 132),
        # ... but not if it is slower still.
        ([(0, 100), (14, 80), (16, 60)], 100),
    ],
)
def test_music_goes_on_in_the_tempo_before_the_ending(
    marks: list[tuple[float, float]], bpm: float
) -> None:
    assert tempo_before_ritardando(tempos(*marks), END, BEAT) == bpm_to_tempo(bpm)
