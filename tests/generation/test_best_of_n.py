"""Bars tried in several ways, of which the one is kept that fits the seed best."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from composer import models
from composer.analysis.seed_distance import SeedDistance
from composer.generation.best_of_n import BestOfN
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import make_streams, seed_state
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream, segment_of
from composer.network.predictor import Predictor

SEEDS = Path(__file__).parents[2] / "midi_data"


@cache
def tiny() -> Predictor:
    return tiny_model.predictor()


@cache
def analysis(name: str = "waltz.mid") -> SeedAnalysis:
    return open_seed(SEEDS / name).analysis()


def stream(settings: Settings, variation: int = 0, name: str = "waltz.mid") -> Stream:
    state = seed_state(analysis(name), tiny())
    return make_streams(analysis(name), state, settings, [variation])[0]


def play(takes: BestOfN) -> list[Stream]:
    ended = []
    while takes.streams:
        ended += takes.step()
    assert takes.places == 0
    return ended


def made(settings: Settings, variation: int = 0) -> list[list[int]]:
    takes = BestOfN(tiny())
    takes.add([(analysis(), stream(settings, variation))])
    (ended,) = play(takes)
    return ended.rows


def test_one_take_is_what_an_ensemble_plays() -> None:
    alone = stream(Settings(bars=4, rng_seed=5))
    ensemble = BatchDecoder(tiny())
    ensemble.add([alone])
    while ensemble.streams:
        ensemble.step()
    assert made(Settings(bars=4, rng_seed=5)) == alone.rows


def test_the_same_number_gives_the_same_music_whoever_plays_beside() -> None:
    settings = Settings(bars=4, rng_seed=5, takes=4)
    alone = made(settings)
    takes = BestOfN(tiny())
    ours = stream(settings)
    takes.add([(analysis(), stream(settings, number)) for number in (1, 2)])
    for _ in range(7):
        takes.step()
    other = stream(replace(settings, takes=1), 3, "rag.mid")
    takes.add([(analysis(), ours), (analysis("rag.mid"), other)])
    assert takes.places >= 4
    play(takes)
    assert ours.rows == alone
    assert made(settings, 1) != alone


def test_more_takes_fit_better() -> None:
    seed = analysis().segment()

    def misfit(takes: int) -> float:
        found = []
        for number in range(4):
            settings = Settings(bars=6, rng_seed=2, takes=takes)
            whole = stream(settings, number)
            several = BestOfN(tiny())
            several.add([(analysis(), whole)])
            play(several)
            found.append(SeedDistance(seed).misfit(segment_of(analysis(), whole)))
        return float(np.mean(found))

    assert misfit(6) < misfit(1)


@pytest.mark.parametrize("notes", [1, 5, 40])
def test_a_length_in_notes_is_kept(notes: int) -> None:
    assert len(made(Settings(notes=notes, rng_seed=1, takes=3))) == notes


def test_nothing_is_tried_where_nothing_is_left_to_chance() -> None:
    settings = Settings(bars=2, temperature=0.0, takes=8)
    takes = BestOfN(tiny())
    takes.add([(analysis(), stream(settings))])
    assert takes.places == 1


def test_rules_hold_over_all_bars() -> None:
    # The limit on notes in a bar goes on counting where a new way begins.
    settings = Settings(bars=8, rng_seed=3, takes=3, density=1.0)
    whole = stream(settings)
    takes = BestOfN(tiny())
    takes.add([(analysis(), whole)])
    play(takes)
    segment = segment_of(analysis(), whole)
    per_bar = np.bincount(segment.onsets // segment.bar)
    assert per_bar.max() <= 3
    assert len(whole.rows) > 12


def test_every_note_has_its_likelihood() -> None:
    takes = BestOfN(tiny(), lambda rows: rows[:, 2].astype(np.float64))
    whole = stream(Settings(bars=3, rng_seed=1, takes=3))
    takes.add([(analysis(), whole)])
    play(takes)
    assert whole.nats[: len(whole.rows)] == [row[2] for row in whole.rows]


def test_the_default_model_stays_nearer_to_a_waltz() -> None:
    predictor = Predictor.load(models.find(), threads=1)
    state = seed_state(analysis(), predictor)
    fit = SeedDistance(analysis().segment())

    def misfit(count: int) -> float:
        takes = BestOfN(predictor)
        settings = Settings(bars=8, rng_seed=1, takes=count)
        (whole,) = make_streams(analysis(), state, settings, [0])
        takes.add([(analysis(), whole)])
        play(takes)
        return fit.misfit(segment_of(analysis(), whole))

    assert misfit(16) < 0.7 * misfit(1)


def test_what_is_chosen_from_is_drawn_more_freely_unless_told_otherwise() -> None:
    once = Settings(min_p=0.2)
    assert once.draw == (0.95, 0.97, 0.2)
    assert replace(once, takes=4).draw == (1.0, 0.99, 0.2)
    assert replace(once, takes=4, temperature=0.5).as_dict()["temperature"] == 0.5
