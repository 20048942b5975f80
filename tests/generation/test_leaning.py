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
from composer.generation.taken_up import Figures, Rhythms
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


def test_one_who_likes_busy_drums_hears_many_more_strokes() -> None:
    """Half as many again, at the least: where drums are busy is elsewhere up to the phrase."""
    plain, busy = (mean("drums", "band.mid", lean) for lean in (None, Leaning(drums=1.0)))
    assert busy > plain + 0.3
    analysis, _ = heard("band.mid")
    (stream,) = make_streams(analysis, heard("band.mid")[1], Settings(bars=2, rng_seed=1), [0])
    limits = stream.constraints
    assert Leaning(drums=1.0).widened(limits).table["per_bar"] == 2 * limits.table["per_bar"]


def test_who_likes_it_close_hears_more_of_the_phrases_figures() -> None:
    analysis, _ = heard("waltz.mid")
    figures = Figures.of(analysis.segment())
    near, far = (
        mean("closeness", "waltz.mid", Leaning(closeness=sign, figures=figures))
        for sign in (1.0, -1.0)
    )
    assert near > far + 0.3


def test_who_likes_it_free_hears_rhythms_that_the_phrase_does_not_have() -> None:
    rhythms = Rhythms.of(heard("rag.mid")[0].segment())
    plain, free = (
        mean("freedom", "rag.mid", lean) for lean in (None, Leaning(freedom=1.0, rhythms=rhythms))
    )
    assert free > plain + 0.5


def test_who_likes_the_phrases_rhythm_hears_more_of_it() -> None:
    """As if the phrase had gone in quarters only, which the rag hardly ever does."""
    rhythms = Rhythms({(9, 9)})
    plain, kept = (
        np.mean([
            step == 24
            for stream in drawn("rag.mid", lean)
            for step in np.diff(np.unique(stream.ticks()))
        ])
        for lean in (None, Leaning(freedom=-1.0, rhythms=rhythms))
    )  # fmt: skip
    assert kept > 3 * plain


def test_what_completes_a_rhythm_is_worth_more_than_what_begins_one() -> None:
    """The phrase has an eighth and then a quarter: 12 ticks, then 24."""
    rhythms = Rhythms({(7, 9)})
    first, eighth, chord = [5, 0, 60, 9, 9], [12, 0, 62, 9, 9], [0, 0, 65, 9, 9]

    def worth(*rows: list[int]) -> dict[int, float]:
        found = rhythms.next(rows)
        return {int(shift): float(found[shift]) for shift in (0, 6, 12, 24) if found[shift]}

    assert worth() == worth(first) == {12: 0.5}
    assert worth(first, eighth) == worth(first, eighth, chord) == {12: 0.5, 24: 1.0}
    assert worth(first, eighth, [24, 0, 60, 9, 9]) == {12: 0.5}


def test_what_completes_a_figure_is_worth_more_than_what_begins_one() -> None:
    """The phrase goes up by two and by three semitones, and down by one and by two."""
    figures = Figures({(2, 3), (-1, -2)}, frozenset({1}))
    first, second = [0, 0, 60, 10, 20], [12, 0, 62, 10, 20]
    assert not figures.next([], together=False).any()

    def worth(*rows: list[int], together: bool = False) -> dict[int, float]:
        found = figures.next(rows, together=together)
        return {int(pitch): float(found[pitch]) for pitch in np.flatnonzero(found)}

    assert worth(first) == {62: 0.5, 59: 0.5}
    assert worth(first, second) == {64: 0.5, 61: 0.5, 65: 1.0}
    # A note that begins with the last one comes behind the onset before, and drums are no notes.
    assert worth(first, second, together=True) == {62: 0.5, 59: 0.5}
    assert worth(first, [12, 1, 36, 1, 30]) == {62: 0.5, 59: 0.5}
    # The highest of an onset counts.
    assert worth([0, 0, 60, 9, 9], [0, 0, 64, 9, 9]) == {66: 0.5, 63: 0.5}


def test_length_and_temperature_lean() -> None:
    assert [Leaning(length=lean).longer for lean in (0.0, 0.2, 0.5, 1.0, -1.0)] == [
        1.0, 1.0, 2**0.5, 2.0, 0.5,
    ]  # fmt: skip
    settings = Settings(temperature=1.0)
    assert Leaning(closeness=1.0, colour=-1.0).freed(settings).temperature == pytest.approx(2**-0.7)
    assert Leaning(closeness=-1.0).freed(settings).temperature == pytest.approx(2**0.35)
    assert Leaning(closeness=-1.0).freed(Settings(temperature=1.9)).temperature == 2.0
    likeliest = Settings(temperature=0.0)
    assert Leaning(closeness=-1.0).freed(likeliest) is likeliest


def test_one_who_likes_nothing_any_more_is_leant_to_less() -> None:
    preference = Preference()
    rng = np.random.default_rng(0)
    for _ in range(30):
        traits = 0.7 * rng.standard_normal(len(TRAITS))
        preference.mark(traits, bool(traits[0] > -0.4))
    before = Leaning.of(preference)
    high = np.zeros(len(TRAITS))
    high[0] = 1.5
    for _ in range(6):
        preference.mark(high, False)
    after = Leaning.of(preference)
    assert preference.sure == 0
    assert before is not None and after is not None
    assert before.register > 0.5 and after.register == 0
