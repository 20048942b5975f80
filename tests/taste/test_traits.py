"""Traits of a reply say what one hears: higher, denser, off the beat, close to the phrase."""

from __future__ import annotations

import numpy as np
import pytest

from composer.analysis.segment import Segment
from composer.encoding.events import DURATION_TICKS
from composer.music.notes import DRUM_PROGRAM
from composer.taste.traits import TRAITS, named, traits_of

BAR = 96
KIT = 1


def segment(*notes: tuple[int, int, int], part: int = 0, bars: int = 2, loud: int = 20) -> Segment:
    """Notes of (onset, pitch, ticks)."""
    rows = np.array(
        [(0, part, pitch, int(np.searchsorted(DURATION_TICKS, ticks)), loud)
         for _, pitch, ticks in notes]
    )  # fmt: skip
    onsets = np.array([onset for onset, _, _ in notes])
    return Segment(rows.reshape(-1, 5), onsets, (0, DRUM_PROGRAM), BAR, False, bars * BAR)


def line(*pitches: int, step: int = 24, ticks: int = 24, late: int = 0, **how: int) -> Segment:
    return segment(*((late + step * i, pitch, ticks) for i, pitch in enumerate(pitches)), **how)


PHRASE = line(60, 62, 64, 65, 67, 65, 64, 62)


def trait(name: str, reply: Segment) -> float:
    return float(traits_of(reply, PHRASE)[[trait.name for trait in TRAITS].index(name)])


def chords(*pitches: int) -> Segment:
    return segment(*((24 * i, p + up, 24) for i, p in enumerate(pitches) for up in (0, 4, 7)))


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("register", line(60, 62, 64, 65), line(72, 74, 76, 77)),
        ("density", line(60, 62, 64, 65), line(60, 62, 64, 65, 67, 65, 64, 62)),
        ("articulation", line(60, 62, 64, 65, ticks=6), line(60, 62, 64, 65, ticks=24)),
        ("syncopation", line(60, 62, 64, 65), line(60, 62, 64, 65, late=12)),
        ("closeness", line(60, 67, 59, 70, 61), line(67, 69, 71, 72, 74)),
        ("loudness", line(60, 62, 64, 65, loud=8), line(60, 62, 64, 65, loud=26)),
        ("spread", line(60, 62, 60, 62), line(48, 72, 50, 74)),
        ("chords", line(60, 62, 64, 65), chords(60, 62, 64, 65)),
        ("colour", line(60, 62, 64, 65), line(61, 63, 66, 68)),
        ("length", line(60, 62, bars=1), line(60, 62, bars=4)),
        ("freedom", line(60, 62, 64, 65), line(60, 62, 64, 65, step=9)),
        ("drums", line(38, 38, part=KIT), line(36, 42, 38, 42, 36, 42, 38, 42, part=KIT)),
    ],
)
def test_more_of_it_is_more(name: str, less: Segment, more: Segment) -> None:
    assert trait(name, more) > trait(name, less) + 0.5


def test_the_phrase_itself_is_as_close_as_can_be() -> None:
    assert trait("closeness", PHRASE) == pytest.approx(3.0)
    assert trait("colour", PHRASE) == 0
    assert trait("freedom", PHRASE) == 0


def test_freedom_is_the_share_of_rhythm_that_the_phrase_does_not_have() -> None:
    """Steps of a beat, a beat, half a beat, half a beat: of three pairs one is the phrase's."""
    reply = segment(*((onset, 60, 6) for onset in (0, 24, 48, 60, 72)))
    assert trait("freedom", reply) == pytest.approx(3 * 2 / 3)
    # Steps that are a little uneven, as played, are the same rhythm.
    played = segment(*((onset, 60, 6) for onset in (0, 25, 48, 73, 95)))
    assert trait("freedom", played) == 0


def test_drums_alone_have_no_register() -> None:
    found = named(traits_of(line(36, 38, part=KIT), PHRASE))
    assert set(found) == {"drums", "length"}


def test_nothing_played_has_a_length_only() -> None:
    silent = Segment(np.zeros((0, 5), np.int64), np.zeros(0, np.int64), (0,), BAR, False, BAR)
    assert set(named(traits_of(silent, PHRASE))) == {"length"}
