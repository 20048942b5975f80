"""How replies end in free time, which keys are struck twice, and what is carried on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from composer.analysis.repetition import RepetitionTracker
from composer.generation.settings import Settings
from composer.live.core.improviser import ProposedNote
from composer.live.playing.carried import Carried
from composer.live.playing.ending import MOST, HeldEnding, last_onset_before
from composer.live.playing.flams import Flams
from composer.music.beat_grid import BEATS, FREE


def test_the_last_note_has_the_players_usual_step_and_a_chord_is_one_step() -> None:
    steps = [0, 40, 80, 120]
    assert last_onset_before(np.array(steps), 200, 600) == 560
    chords = sorted([*steps, 1, 2, 41, 42, 81, 82, 121, 122])
    assert last_onset_before(np.array(chords), 200, 600) == pytest.approx(560, abs=3)


def test_what_begins_last_is_held_to_the_end_but_not_for_long() -> None:
    def held(onset: int) -> int:
        ending = HeldEnding(0, 1000)
        assert ending.add(ProposedNote(onset, 0, 60, 10, 80)) == []
        [note] = ending.close()
        return note.duration

    assert held(900) == 100
    assert held(600) == MOST


@pytest.mark.parametrize(("kind", "within"), [(BEATS, 1), (FREE, 4)])
def test_no_hand_strikes_a_key_again_at_once(kind: str, within: int) -> None:
    def strikes(later: int, pitch: int = 60) -> bool:
        flams = Flams()
        assert not flams.strikes(kind, 100, 0, 60)
        return flams.strikes(kind, 100 + later, 0, pitch)

    assert [strikes(later) for later in (0, within, within + 1)] == [True, True, False]
    assert not strikes(0, pitch=61)


def test_a_reply_that_goes_on_remembers_what_it_copies_and_a_new_one_does_not() -> None:
    def told(*, anew: bool) -> tuple[int, int]:
        carried = Carried()
        ended: Any = SimpleNamespace(
            tracker=RepetitionTracker(), copied_ticks=20, suspended=90, settings=Settings()
        )
        carried.take(ended, 60)
        carried.begin(anew=anew)
        found = carried.told(100)
        return found["copied_ticks"], found["suspended"]

    assert told(anew=False) == (60, 50)
    assert told(anew=True) == (0, 0)
