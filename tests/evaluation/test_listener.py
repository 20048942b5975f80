"""The listener: a draw between halves of one source, sure of a wrong trait, never told before."""

from __future__ import annotations

import numpy as np
import pytest
from bars_of_music import Note, segment

from composer.analysis.segment import Segment
from composer.encoding.events import DURATION, VELOCITY
from composer.evaluation.listener import FEWEST_PIECES, folds, listen
from composer.evaluation.traits import Traits, traits_of
from composer.music.keys import Key

KEY = Key(0, "major")
WHITE = [60, 62, 64, 65, 67, 69, 71, 72]
PIECES = 40


def draw(rng: np.random.Generator, count: int, traits: int = 12) -> list[Traits]:
    table = rng.normal(size=(count, traits))
    return [{f"trait {n}": float(value) for n, value in enumerate(row)} for row in table]


def melody(rng: np.random.Generator, bars: int, pitches: list[int] | None = None) -> list[Note]:
    """Eighths up and down a scale, over the same bass in every bar."""
    tune = [(0.5 * n, 0.5, 0, int(rng.choice(pitches or WHITE))) for n in range(8 * bars)]
    return tune + [(4.0 * bar, 4.0, 1, 36) for bar in range(bars)]


def passages(rng: np.random.Generator, pitches: list[int] | None = None) -> list[Traits]:
    return [
        traits_of(segment(melody(rng, 4), 4), segment(melody(rng, 4, pitches), 4), KEY)
        for _ in range(PIECES)
    ]


def test_halves_of_one_source_are_a_draw() -> None:
    rng = np.random.default_rng(1)
    area = listen(draw(rng, 80), draw(rng, 80)).area
    assert area.low < 0.5 < area.high
    assert abs(area.value - 0.5) < 0.12


def test_music_by_the_same_dice_is_a_draw_and_a_wrong_note_gives_it_away() -> None:
    rng = np.random.default_rng(2)
    true, same = passages(rng), passages(rng)
    assert listen(true, same).area.low < 0.55
    sharp = passages(rng, [*WHITE, 61, 63, 66])
    verdict = listen(true, sharp)
    assert verdict.area.value > 0.95
    first = verdict.tells[0]
    assert first.area > 0.99 and first.made > first.true
    assert "notes outside the key" in [tell.trait for tell in verdict.tells[:3]]


def test_a_weak_trait_is_heard_as_often_as_it_can_be() -> None:
    # Two normal distributions one deviation apart: no one can be right more often than 0.76.
    rng = np.random.default_rng(3)
    true, made = draw(rng, 200, 3), draw(rng, 200, 3)
    for each in made:
        each["trait 1"] += 1.0
    verdict = listen(true, made)
    assert verdict.area.value == pytest.approx(0.76, abs=0.06)
    assert verdict.area.low < 0.76 < verdict.area.high
    assert verdict.tells[0].trait == "trait 1"
    assert verdict.tells[0].area == pytest.approx(0.76, abs=0.05)


def test_every_piece_is_asked_about_once_and_by_those_who_never_heard_it() -> None:
    dealt = folds(23, 5, np.random.default_rng(0))
    assert sorted(np.concatenate(dealt).tolist()) == list(range(23))
    # What only says which piece it is says nothing of who made it. A listener that had heard a
    # piece's other half would take this one for the opposite, and always be wrong.
    names = [f"piece {n}" for n in range(20)]
    known = [{name: float(name == own) for name in names} for own in names]
    assert listen(known, known).area.value == 0.5


def test_a_trait_that_few_have_and_one_that_never_changes_do_no_harm() -> None:
    rng = np.random.default_rng(4)
    true, made = draw(rng, 40, 3), draw(rng, 40, 3)
    for number, each in enumerate([*true, *made]):
        each["trait 2"] = 7.0
        each["seldom"] = float(number) if number < 2 else float("nan")
        each["never"] = float("nan")
    verdict = listen(true, made)
    assert verdict.area.low < 0.5 < verdict.area.high
    assert not {"seldom", "never"} & {tell.trait for tell in verdict.tells}


def test_the_same_pieces_get_the_same_verdict_and_few_get_none() -> None:
    true, made = draw(np.random.default_rng(5), 20), draw(np.random.default_rng(6), 20)
    assert listen(true, made) == listen(true, made)
    few = listen(true[: FEWEST_PIECES - 1], made[: FEWEST_PIECES - 1])
    assert np.isnan(few.area.value) and few.tells == ()


def played(like: Segment, rng: np.random.Generator) -> Segment:
    """The same notes as hands play them: a little early or late, shorter, loud and soft."""
    rows = like.rows.copy()
    rows[:, VELOCITY] = rng.integers(0, 32, len(rows))
    rows[:, DURATION] -= 1
    onsets = np.maximum(like.onsets + rng.integers(-2, 3, len(rows)), 0)
    order = np.argsort(onsets, kind="stable")
    return Segment(rows[order], onsets[order], like.programs, like.bar, False, like.length)


def test_neither_the_hand_nor_the_grid_is_a_trait() -> None:
    rng = np.random.default_rng(7)
    seed, written = segment(melody(rng, 4), 4), segment(melody(rng, 4), 4)
    found = traits_of(seed, played(written, rng), KEY)
    assert found == pytest.approx(traits_of(seed, written, KEY), nan_ok=True)


def test_neither_is_the_transposition() -> None:
    rng = np.random.default_rng(8)
    seed, made = melody(rng, 4), melody(rng, 4)
    up = [[(beat, long, part, pitch + 5) for beat, long, part, pitch in each]
          for each in (seed, made)]  # fmt: skip
    here = traits_of(segment(seed, 4), segment(made, 4), KEY)
    there = traits_of(segment(up[0], 4), segment(up[1], 4), Key(5, "major"))
    assert there == pytest.approx(here, nan_ok=True)
