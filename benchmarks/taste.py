"""Simulated listeners with hidden tastes: how soon composer plays what they like.

    python benchmarks/taste.py FILE_OR_FOLDER... [--phrases 40] [--takes 6] [--jams 2]

The last four bars of the first halves of pieces are phrases, which the network answers by two bars.
A listener likes half of what it plays for nobody in particular: what lies above the middle of a
hidden taste. In a jam, phrases come in some order. An answer is drawn in several takes that lean to
what has been learnt; one of them is chosen by it, played and marked. Told are the share of replies
that are liked, and how far neighbouring replies lie apart beside those for nobody.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from composer.evaluation.evaluate import find_files, read_file
from composer.evaluation.split_piece import split_piece
from composer.generation.decoder import BatchDecoder
from composer.generation.generate import make_streams, seed_state
from composer.generation.leaning import Leaning
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import Settings
from composer.generation.stream import segment_of
from composer.models import find
from composer.network.predictor import Predictor
from composer.network.state import State
from composer.taste.preference import Preference
from composer.taste.traits import TRAITS, traits_of

Floats = NDArray[np.float64]
NAMES = [trait.name for trait in TRAITS]
LISTENERS: dict[str, tuple[dict[str, float], float]] = {
    "high": ({"register": 1}, 0),
    "dense": ({"density": 1}, 0),
    "legato": ({"articulation": 1}, 0),
    "syncopated": ({"syncopation": 1}, 0),
    "close to the phrase": ({"closeness": 1}, 0),
    "free of its rhythm": ({"freedom": 1}, 0),
    "high, sparse, close": ({"register": 1, "density": -1, "closeness": 1}, 0),
    "soft, in chords": ({"loudness": -1, "chords": 1}, 0),
    "drums busy": ({"drums": 1}, 0),
    "drums busy, low": ({"drums": 1, "register": -1}, 0),
    "dense, errs in one of five": ({"density": 1}, 0.2),
}
"""What each likes, and how often a mark is the wrong one."""
CHANGES = "changes"
"""What one who changes their mind is called."""
CHANGE = 30
"""Mark at which one who likes it high comes to like it low."""
PHRASE_BARS, REPLY_BARS = 4, 2
LEAST = 0.25
"""Of a trait that replies for nobody hardly differ in, what counts as its spread."""
MOST = 4096
"""Notes of an answer at most."""
HEARD = 20
"""Marks after which the share of replies that are liked is counted."""


@dataclass(frozen=True)
class Phrase:
    """What a player plays.

    Attributes:
        analysis: Of it.
        state: The network's, behind it.
    """

    analysis: SeedAnalysis
    state: State


def phrases_of(predictor: Predictor, paths: Sequence[Path], count: int) -> list[Phrase]:
    """One phrase of each of the first files that have one."""
    found: list[Phrase] = []
    for path, corpus in find_files(paths):
        for piece in read_file(path, corpus)[:1]:
            split = split_piece(piece, seed_bars=PHRASE_BARS)
            if split is not None:
                found.append(Phrase(split.analysis, seed_state(split.analysis, predictor)))
        if len(found) == count:
            break
    return found


def answers(
    predictor: Predictor,
    phrase: Phrase,
    takes: int,
    number: int,
    preference: Preference | None = None,
) -> Floats:
    """Traits of several takes of an answer, [takes, K]."""
    settings = Settings(bars=REPLY_BARS, takes=1, rng_seed=number)
    heard = phrase.analysis.segment()
    leaning = None if preference is None else Leaning.of(preference, heard)
    if leaning is not None:
        settings = leaning.freed(settings)
    streams = make_streams(phrase.analysis, phrase.state, settings, range(takes))
    for stream in streams:
        stream.leaning = leaning
        if leaning is not None:
            stream.constraints = leaning.widened(stream.constraints)
            stream.max_notes = MOST  # as in a jam, where limits alone say how many there are
    drawn = BatchDecoder(predictor)
    drawn.add(streams)
    while drawn.streams:
        drawn.step()
    return np.array([traits_of(segment_of(phrase.analysis, one), heard) for one in streams])


@dataclass
class Listener:
    """Likes half of what is played for nobody in particular.

    Attributes:
        likes: Weights of the hidden taste, [K].
        middle: Of replies for nobody.
        means: Of the traits of these, [K].
        spreads: Of the traits of these, [K].
        errs: Share of marks that are the wrong one.
    """

    likes: Floats
    means: Floats
    spreads: Floats
    middle: float
    errs: float

    @classmethod
    def of(cls, weights: dict[str, float], errs: float, pool: Floats) -> Listener:
        """One with a taste, who has heard replies for nobody, [N, K]."""
        likes = np.array([float(weights.get(trait, 0)) for trait in NAMES])
        there = _heard(pool)
        means = np.nanmean(np.where(there, pool, 0.0), axis=0)
        spreads = np.maximum(np.nanstd(np.where(there, pool, 0.0), axis=0), LEAST)
        made = cls(likes, means, spreads, 0.0, errs)
        made.middle = float(np.median(made.units(pool) @ likes))
        return made

    def units(self, traits: Floats) -> Floats:
        """Traits in spreads; 0 for one that is not there."""
        return np.asarray(np.nan_to_num((traits - self.means) / self.spreads))


def jam(
    predictor: Predictor,
    phrases: Sequence[Phrase],
    listener: Listener,
    takes: int,
    marks: int,
    change: int,
    seed: int,
) -> tuple[list[bool], float]:
    """Whether each reply of a jam is liked, and how far neighbouring replies lie apart.

    Args:
        predictor: The network.
        phrases: What is played, in some order.
        listener: Who marks.
        takes: Of each answer.
        marks: Replies, each of which is marked.
        change: Mark from which on the listener likes the opposite.
        seed: Of everything that is drawn.
    """
    rng = np.random.default_rng(seed)
    preference, liked, played = Preference(), [], []
    for number in range(marks):
        phrase = phrases[int(rng.integers(len(phrases)))]
        drawn = answers(predictor, phrase, takes, 1000 * seed + number, preference)
        take = max(drawn, key=preference.varied(rng))
        preference.played(take)
        units = listener.units(take)
        likes_it = bool(units @ listener.likes > listener.middle) != (number >= change)
        liked.append(likes_it)
        preference.mark(take, likes_it != (rng.random() < listener.errs))
        played.append(units)
    return liked, _apart(np.array(played[HEARD:]))


def _heard(pool: Floats) -> NDArray[np.bool_]:
    """Which traits any of some replies has, [K]."""
    return np.asarray(np.any(np.isfinite(pool), axis=0))


def _apart(units: Floats) -> float:
    return float(np.linalg.norm(np.diff(units, axis=0), axis=1).mean())


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--phrases", "count", default=40, show_default=True, help="One of each file.")
@click.option("--takes", default=6, show_default=True, help="Takes of each answer.")
@click.option("--jams", default=2, show_default=True, help="Of each listener.")
@click.option("--marks", default=50, show_default=True, help="Of each jam.")
@click.option(
    "--only", multiple=True, help="Listeners, by what they like, or changes; all if not given."
)
def main(
    paths: tuple[Path, ...], count: int, takes: int, jams: int, marks: int, only: tuple[str, ...]
) -> None:
    """Let simulated listeners mark answers to phrases of the files under PATHS."""
    predictor = Predictor.load(find("default"))
    phrases = phrases_of(predictor, paths, count)
    pool = np.concatenate(
        [answers(predictor, phrase, 4, number) for number, phrase in enumerate(phrases)]
    )
    click.echo(f"{len(phrases)} phrases, {takes} takes, {jams} jams of {marks} marks a listener")
    click.echo(f"{'likes':28}  first 10  after {HEARD}  variety")
    never = 10**9
    for name, (weights, errs) in LISTENERS.items():
        if only and name not in only:
            continue
        lacking = [trait for trait in weights if not _heard(pool)[NAMES.index(trait)]]
        if lacking:
            click.echo(f"{name:28}  no reply has {', '.join(lacking)}")
            continue
        listener = Listener.of(weights, errs, pool)
        # As far apart as one answer to each phrase, in some order.
        nobody = _apart(listener.units(pool[np.random.default_rng(0).permutation(len(pool))]))
        heard = [jam(predictor, phrases, listener, takes, marks, never, s) for s in range(jams)]
        early = np.mean([liked[:10] for liked, _ in heard])
        late = np.mean([liked[HEARD:] for liked, _ in heard])
        variety = np.mean([far for _, far in heard]) / nobody
        click.echo(f"{name:28}{early:10.2f}{late:10.2f}{variety:9.2f}")
    if only and CHANGES not in only:
        return
    listener = Listener.of({"register": 1}, 0.0, pool)
    heard = [
        jam(predictor, phrases, listener, takes, CHANGE + 45, CHANGE, seed) for seed in range(jams)
    ]
    before, since, later = (
        np.mean([liked[part] for liked, _ in heard])
        for part in (slice(HEARD, CHANGE), slice(CHANGE, CHANGE + 30), slice(CHANGE + 30, None))
    )
    click.echo(
        f"high, then low from mark {CHANGE} on: {before:.2f} before, {since:.2f} in the next 30, "
        f"{later:.2f} after them"
    )
    preference, rng, spent = Preference(), np.random.default_rng(0), []
    for number in range(200):
        began = time.perf_counter()
        preference.mark(pool[number % len(pool)], bool(rng.random() < 0.5))
        spent.append(time.perf_counter() - began)
    click.echo(f"one mark: {1000 * float(np.median(spent)):.2f} ms")


if __name__ == "__main__":
    main()
