"""What is liked tilts what is drawn; where nothing is known, nothing is tilted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from composer import models
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import make_streams, seed_state
from composer.generation.leaning import Leaning
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream, segment_of
from composer.network.predictor import Predictor
from composer.network.state import State
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS, traits_of

SEEDS = Path(__file__).parents[2] / "midi_data"
NAMES = [trait.name for trait in TRAITS]


@cache
def network() -> Predictor:
    return Predictor.load(models.find(models.DEFAULT))


@cache
def heard(name: str) -> tuple[SeedAnalysis, State]:
    analysis = open_seed(str(SEEDS / name)).analysis("auto", "auto")
    return analysis, seed_state(analysis, network())


def drawn(name: str, leaning: Leaning | None, count: int = 8) -> list[Stream]:
    analysis, state = heard(name)
    streams = make_streams(analysis, state, Settings(bars=2, rng_seed=1), range(count))
    for stream in streams:
        stream.leaning = leaning
        if leaning is not None:
            stream.constraints = leaning.widened(stream.constraints)
    decoder = BatchDecoder(network())
    decoder.add(streams)
    while decoder.streams:
        decoder.step()
    return streams


def mean(trait: str, name: str, leaning: Leaning | None) -> float:
    analysis, _ = heard(name)
    seed = analysis.segment()
    found = [traits_of(segment_of(analysis, stream), seed) for stream in drawn(name, leaning)]
    return float(np.nanmean([traits[NAMES.index(trait)] for traits in found]))


@pytest.mark.parametrize(
    ("trait", "name"),
    [
        ("register", "waltz.mid"),
        ("density", "waltz.mid"),
        ("articulation", "waltz.mid"),
        ("syncopation", "rag.mid"),
        ("chords", "waltz.mid"),
        ("loudness", "waltz.mid"),
        ("drums", "band.mid"),
    ],
)
def test_more_is_drawn_of_what_is_liked(trait: str, name: str) -> None:
    less, more = (mean(trait, name, Leaning(**{trait: sign})) for sign in (-1.0, 1.0))
    assert more > less


def test_one_stream_leans_and_the_one_beside_it_does_not() -> None:
    plain = [stream.rows for stream in drawn("waltz.mid", None, 3)]
    analysis, state = heard("waltz.mid")
    streams = make_streams(analysis, state, Settings(bars=2, rng_seed=1), range(3))
    streams[1].leaning = Leaning(register=1.0)
    decoder = BatchDecoder(network())
    decoder.add(streams)
    while decoder.streams:
        decoder.step()
    assert [stream.rows == rows for stream, rows in zip(streams, plain, strict=True)] == [
        True, False, True,
    ]  # fmt: skip


def test_a_leaning_follows_from_what_is_known() -> None:
    preference = Preference()
    assert Leaning.of(preference) is None
    rng = np.random.default_rng(0)
    for _ in range(30):
        traits = 0.7 * rng.standard_normal(len(TRAITS))
        preference.mark(traits, bool(traits[NAMES.index("density")] < 0))
    leaning = Leaning.of(preference)
    assert leaning is not None
    assert leaning.density < -0.5
    assert all(abs(getattr(leaning, name)) < 0.5 for name in ("register", "chords", "loudness"))


def test_one_who_likes_it_dense_may_have_more_notes_to_a_bar() -> None:
    analysis, state = heard("waltz.mid")
    (stream,) = make_streams(analysis, state, Settings(bars=2, rng_seed=1), [0])
    limits = stream.constraints
    assert Leaning(density=1.0).widened(limits).table["per_bar"] == 2 * limits.table["per_bar"]
    assert Leaning(density=1.0).widened(limits).table["places"][0, ::6].all()
    assert Leaning(density=-1.0, register=1.0).widened(limits) is limits
