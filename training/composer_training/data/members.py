"""Members of a band beside the drummer: their instruments, and what each plays in a passage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from composer.music.notes import DRUM_PROGRAM
from composer_training.data import patterns, players, tunes
from composer_training.data.charts import Chart
from composer_training.data.dataset import FINE_PER_BEAT
from composer_training.data.patterns import Style
from composer_training.data.players import Passage, Row

PARTS = (8, 16)
"""Parts of a band: at least, at most."""
SUNG = ("verse", "pre-chorus", "chorus", "bridge")
LEADS = (52, 53, 54, 56, 64, 65, 66, 68, 71, 73, 80, 81, 22, 40)
SOLOS = (26, 27, 29, 30, 56, 64, 65, 66, 73, 80, 81, 0, 11)
PADS = (48, 49, 50, 51, 52, 88, 89, 90, 91, 92, 94, 95, 16, 19)
STRINGS = (40, 44, 48, 48, 49, 50, 51)
BRASS = (56, 57, 61, 61, 62, 63, 65, 66)
FIGURES = (0, 2, 4, 11, 12, 24, 25, 27, 45, 46, 80, 81, 84, 98, 99)
"""General MIDI programs of each role, common ones more than once."""

Play = Callable[[Passage, np.random.Generator], list[Row]]


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the band.

    Attributes:
        program: General MIDI program.
        play: What it plays in a passage, from a generator that is the same for each passage
            with the same letter.
        enters: Intensity of a section from which on it plays.
        kinds: Kinds of sections in which it plays, or () for all.
    """

    program: int
    play: Play
    enters: float
    kinds: tuple[str, ...] = ()


def members(
    chart: Chart,
    style: Style,
    passages: Sequence[Passage],
    turns: Sequence[int],
    given: int,
    rng: np.random.Generator,
) -> list[Part]:
    """Who plays beside the drummer: always bass, guitar and keys; others as they come.

    Args:
        chart: The song.
        style: How it is played.
        passages: Its sections in their places.
        turns: Beat of the chart at which the tune of each passage lies.
        given: Parts that the song brings, which play instead of the keys.
        rng: Source of all randomness.
    """

    def one(pool: Sequence[int]) -> int:
        return int(rng.choice(pool))

    def some(pool: Sequence[str], count: int = 1) -> list[str]:
        return [str(found) for found in rng.choice(pool, count)]

    def volume() -> int:
        return int(rng.normal(84, 8))

    def varied(make: Callable[[Passage, list[str], int], list[Row]], pool: Sequence[str]) -> Play:
        """Patterns drawn for each letter: one, two in turn, or another one in the fourth bar."""
        loud = volume()
        form = str(rng.choice(("a", "ab", "aaab", "aaab")))
        usual = some(pool, 2)

        def play(passage: Passage, own: np.random.Generator) -> list[Row]:
            fresh = own.random() < 0.4
            chosen = [str(found) for found in own.choice(pool, 2)] if fresh else usual
            return make(passage, [chosen["ab".index(sign)] for sign in form], loud)

        return play

    def doubling(play: Play, octave: int = 0, less: int = 0) -> Play:
        """Another part's notes, which must be `_same`."""
        return lambda passage, own: [
            (at, pitch + octave, length, loud - less)
            for at, pitch, length, loud in play(passage, own)
        ]

    power = rng.random() < style.power
    grip = f"power{one((2, 2, 3))}" if power else f"strum{one((3, 3, 4, 5))}"
    bass = varied(players.bass, style.basses)
    guitar = _same(varied(lambda p, s, v: players.comp(p, s, grip, 52, v), style.comps), rng)
    keys = varied(lambda p, s, v: players.comp(p, s, "3", 62, v), style.comps)
    riff = _same(_riff(style, power, volume(), rng), rng)
    around = float(rng.integers(65, 76))
    melody = _same(_melody(chart, passages, turns, around, volume() + 8, rng), rng)
    figure = varied(lambda p, s, v: players.figure(p, s, 60, v - 8), style.figures)
    guitar_program, riff_program = one(style.guitars), one(style.guitars)
    lead = one(LEADS)
    always = [
        Part(one(style.bass_programs), _same(bass, rng), 0.3),
        Part(guitar_program, guitar, rng.uniform(0.3, 0.6)),
        Part(one(style.keys), keys, rng.uniform(0.3, 0.7)),
    ]
    always = always[:2] if given else always
    stab = some(style.stabs, 2)
    brass = volume() + 8
    clap, clapped = patterns.PERCUSSION[int(rng.integers(len(patterns.PERCUSSION)))]
    shaker, shaken = patterns.PERCUSSION[int(rng.integers(len(patterns.PERCUSSION)))]
    quiet, high, size = volume() - 16, float(rng.integers(72, 84)), int(rng.choice((3, 4)))
    low_pad = float(rng.integers(52, 64))
    optional: list[tuple[float, Part]] = [
        (3.0, Part(lead, melody, 0.4, SUNG)),
        (1.0, Part(one((lead, *LEADS)), doubling(melody, int(rng.choice((0, 12, -12))), 12), 0.85,
                   SUNG)),
        (1.2, Part(one((lead, 52, 53, 54)), _second(melody, quiet + 6), 0.8, SUNG)),
        (2.0, Part(guitar_program if rng.random() < 0.6 else one(style.guitars),
                   doubling(guitar, 0, int(rng.integers(0, 8))), rng.uniform(0.5, 0.95))),
        (1.5, Part(one(style.guitars),
                   varied(lambda p, s, v: players.comp(p, s, "strum3", 52, v - 6), style.comps),
                   rng.uniform(0.5, 0.9))),
        (2.0, Part(riff_program, riff, rng.uniform(0.3, 0.8),
                   ("intro", "verse", "interlude", "chorus", "outro"))),
        (1.0, Part(one((riff_program, 81, 87, 16)), doubling(riff, int(rng.choice((0, 12))), 6),
                   rng.uniform(0.5, 0.9), ("intro", "interlude", "chorus", "outro"))),
        (2.0, Part(one(PADS), lambda p, own: players.pad(p, low_pad, size, quiet),
                   rng.uniform(0.3, 0.8))),
        (0.8, Part(one(PADS), lambda p, own: players.pad(p, 55, 3, quiet - 4),
                   rng.uniform(0.6, 0.95))),
        (1.5, Part(one(STRINGS), lambda p, own: players.line(p, high, size == 4, quiet + 4),
                   rng.uniform(0.6, 0.9))),
        (1.5, Part(one(FIGURES), figure, rng.uniform(0.3, 0.9))),
        (0.7, Part(one(FIGURES),
                   varied(lambda p, s, v: players.figure(p, s, 72, v - 12), style.figures),
                   rng.uniform(0.6, 0.95))),
        (1.2, Part(one(BRASS), lambda p, own: players.comp(p, stab, "3", 67, brass), 0.8)),
        (0.8, Part(one(BRASS), lambda p, own: players.comp(p, stab, "2", 55, brass - 4), 0.8)),
        (1.5, Part(DRUM_PROGRAM, lambda p, own: players.percussion(p, clap, clapped, quiet), 0.6)),
        (0.7, Part(DRUM_PROGRAM, lambda p, own: players.percussion(p, shaker, shaken, quiet),
                   0.75)),
        (1.2, Part(one(SOLOS), _solo(around, volume() + 10), 0.5, ("solo", "interlude"))),
        (0.5, Part(38, doubling(always[0].play, 0, 6), 0.85)),
    ]  # fmt: skip
    if chart.melody:
        optional[0] = (30.0, optional[0][1])
    if style is patterns.METAL:
        optional = [entry for entry in optional if entry[1].program != DRUM_PROGRAM]
    heard = {passage.section.kind for passage in passages}
    weights = np.array(
        [weight if not part.kinds or heard & {*part.kinds} else 0 for weight, part in optional]
    )
    count = int(rng.integers(PARTS[0], PARTS[1] + 1)) - 1 - given - len(always)
    count = min(count, int((weights > 0).sum()))
    chosen = rng.choice(len(optional), count, replace=False, p=weights / weights.sum())
    return always + [optional[index][1] for index in sorted(chosen.tolist())]


def _same(play: Play, rng: np.random.Generator) -> Play:
    """What is drawn by letter alone, whichever part asks: so that doublings double."""
    seed = int(rng.integers(2**32))

    def drawn(passage: Passage, own: np.random.Generator) -> list[Row]:
        letter = crc32(f"{passage.section.letter} {passage.section.kind}".encode())
        return play(passage, np.random.default_rng((seed, letter)))

    return drawn


def _riff(style: Style, power: bool, loud: int, rng: np.random.Generator) -> Play:
    usual = str(rng.choice(style.riffs))
    lowest = int(rng.choice((40, 40, 52)))
    dark = power or style.name in ("rock", "funk", "shuffle", "metal")
    fifths = power and lowest == 40 and rng.random() < 0.6

    def play(passage: Passage, own: np.random.Generator) -> list[Row]:
        pattern = usual if own.random() < 0.7 else str(own.choice(style.riffs))
        rows = players.riff(passage, pattern, lowest, dark, loud)
        if fifths or not dark:
            return rows
        return rows[::2]  # the root of each pair

    return play


def _melody(
    chart: Chart,
    passages: Sequence[Passage],
    turns: Sequence[int],
    around: float,
    loud: int,
    rng: np.random.Generator,
) -> Play:
    """The chart's own tune where it has one, else one that is made for each letter."""
    busy = rng.uniform(0.35, 0.75)
    tune_begins = {passage.start: at for passage, at in zip(passages, turns, strict=True)}

    def play(passage: Passage, own: np.random.Generator) -> list[Row]:
        if not chart.melody:
            return tunes.tune(passage, around, busy, loud, own)
        first = tune_begins[passage.start]
        beats = (passage.end - passage.start) / FINE_PER_BEAT
        rows = []
        for onset, pitch, length in chart.melody:
            if first <= onset < first + beats:
                at = _swung(passage, onset - first)
                end = _swung(passage, onset + length - first)
                rows.append((at, pitch, max(end - at, 20), loud))
        return rows

    return play


def _swung(passage: Passage, beats: float) -> int:
    beat, inside = divmod(beats, 1.0)
    at = passage.start + int(beat) * FINE_PER_BEAT
    if passage.swung and abs(inside * 3 - round(inside * 3)) > 0.02:
        return passage.moment(at, 4 * inside)
    return at + round(inside * FINE_PER_BEAT)


def _second(melody: Play, loud: int) -> Play:
    return lambda passage, own: tunes.below(passage, melody(passage, own), loud)


def _solo(around: float, loud: int) -> Play:
    return lambda passage, own: tunes.tune(passage, around + 3, 0.9, loud, own)
