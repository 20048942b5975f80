"""Figures of form of the planner's plans and of people's music, by corpus.

    python benchmarks/plans.py DATASET... [--model FOLDER]

The first 16 bars of every validation piece of a dataset that `composer prepare` made are the seed.
The plan of the next 16 bars is found in the piece itself and proposed by the planner. The figures
of endings are counted over whole pieces, and over proposals that are asked to close.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from composer_training.data import dataset

from composer.analysis.form import plan_of
from composer.encoding.events import TICKS_PER_BEAT, Events
from composer.models import find
from composer.music.chords import NO_CHORD, quality_of, root_of
from composer.music.plan import NONE, Plan
from composer.planning.bars import tonic_of
from composer.planning.planner import Planner, Temperatures

SEED = NEXT = 16
FIGURES = (
    ("bars that take up another", "refers"),
    ("of these nearly or exactly", "near"),
    ("of these one bar on from the last", "runs"),
    ("bars ago: 1", "ago_1"),
    ("bars ago: 2", "ago_2"),
    ("bars ago: 4", "ago_4"),
    ("bars ago: 8", "ago_8"),
    ("bars ago: more than 8", "far"),
    ("pairs of chords new to the seed", "new_pairs"),
    ("changes of chord a bar", "changes"),
    ("different chords", "chords"),
    ("bars with the chords of the bar taken up", "same_chords"),
    ("phrases of 4 or 8 bars", "square"),
    ("ends on the tonic", "tonic"),
    ("ends on the chord of the tonic", "tonic_chord"),
)


def figures(plan: Plan) -> dict[str, float]:
    """What is counted in the bars behind the seed."""
    bars = plan.bars[SEED : SEED + NEXT]
    last = plan.bars[SEED - 1].reference
    refers = [(number, bar) for number, bar in enumerate(bars, SEED) if bar.reference != NONE]
    ago = [number - bar.reference for number, bar in refers]
    runs = []
    for bar in bars:
        if bar.reference != NONE and last != NONE:
            runs.append(bar.reference == last + 1)
        last = bar.reference
    line = _line(plan.bars[:SEED])
    seed = set(itertools.pairwise(line))
    line = _line(plan.bars[SEED - 1 : SEED + NEXT])[1:]
    pairs = list(itertools.pairwise(line))
    lengths = []
    for before, bar in zip(plan.bars[SEED - 1 :], bars, strict=False):
        if before.phrase == 1:
            lengths.append(bar.phrase)
    found = {
        "refers": len(refers) / len(bars),
        "near": _mean(bar.nearness >= 2 for _, bar in refers),
        "runs": _mean(runs),
        **{f"ago_{bars_ago}": _mean(a == bars_ago for a in ago) for bars_ago in (1, 2, 4, 8)},
        "far": _mean(a > 8 for a in ago),
        "new_pairs": _mean(pair not in seed for pair in pairs),
        "changes": sum(a != b for a, b in pairs) / len(bars),
        "chords": len(set(line)),
        "same_chords": _mean(bar.chords == plan.bars[bar.reference].chords for _, bar in refers),
        "square": _mean(length in (4, 8) for length in lengths),
    }
    return found


def _line(bars: Iterable[object]) -> list[int]:
    return [code for bar in bars for code in bar.chords]  # type: ignore[attr-defined]


def ends(plan: Plan, seed: Plan) -> dict[str, float]:
    """Whether the last chord is the tonic's, in the key of its seed."""
    last = next((code for code in reversed(_line(plan.bars)) if code != NO_CHORD), NO_CHORD)
    if last == NO_CHORD:
        return {}
    tonic, minor = tonic_of(np.array([bar.chords for bar in seed.bars]))
    on = root_of(last) == tonic
    third = quality_of(last) in ((1, 6) if minor else (0, 4, 5))
    return {"tonic": on, "tonic_chord": on and third}


def _mean(values: Iterable[float]) -> float:
    listed = [float(value) for value in values]
    return sum(listed) / len(listed) if listed else float("nan")


def seed_of(events: Events) -> Events:
    """The first 16 bars."""
    tick = 0
    for _ in range(SEED):
        tick += events.metres.position(tick, TICKS_PER_BEAT).length
    return replace(events, rows=events.rows[events.onsets < tick], plan=None)


def rows_of(table: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each figure over the pieces that have it."""
    names = {name for row in table for name in row}
    return {name: float(np.nanmean([row[name] for row in table if name in row])) for name in names}


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", default="default")
@click.option("--pieces", default=60, help="Most pieces of each corpus.")
@click.option("--corpus", multiple=True, help="A corpus to take; repeatable. All if none is given.")
@click.option(
    "--temperature",
    "heats",
    type=(float, float, float),
    multiple=True,
    help="Of references, chords, phrases.",
)
def main(
    datasets: tuple[Path, ...],
    model: str,
    pieces: int,
    corpus: tuple[str, ...],
    heats: tuple[tuple[float, float, float], ...],
) -> None:
    """Print the table."""
    folder = Path(model) if Path(model).is_dir() else find(model)
    planner = Planner.load(folder)
    loaded = dataset.load(datasets)
    ways = [Temperatures(*heat) for heat in heats] or [planner.temperatures]
    for name, records in sorted(loaded.corpora("valid").items()):
        if corpus and name not in corpus:
            continue
        people: list[dict[str, float]] = []
        proposed: list[list[dict[str, float]]] = [[] for _ in ways]
        spent = []
        for record in records[:pieces]:
            events = dataset.to_events(record, loaded.notes(record))
            whole = plan_of(events)
            if whole is None or len(whole) < SEED + NEXT:
                continue
            seed = seed_of(events)
            own = plan_of(seed, bars=SEED, closes=False)
            assert own is not None
            people.append(figures(whole.cut(SEED + NEXT)) | ends(whole, own))
            told = replace(seed, plan=own)
            for way, table in zip(ways, proposed, strict=True):
                asked = replace(planner, temperatures=way)
                for number in range(4):
                    rng = np.random.default_rng(number)
                    began = time.perf_counter()
                    plan = asked.propose(told, NEXT, closes=False, rng=rng)
                    spent.append(time.perf_counter() - began)
                    closing = asked.propose(told, NEXT, closes=True, rng=rng)
                    table.append(figures(plan) | ends(closing, own))
        if not people:
            continue
        click.echo(f"\n{name}, {len(people)} pieces; {1000 * np.median(spent):.1f} ms a plan")
        columns = [rows_of(people), *(rows_of(table) for table in proposed)]
        for told_as, figure in FIGURES:
            values = "  ".join(f"{column.get(figure, float('nan')):6.3f}" for column in columns)
            click.echo(f"{told_as:45s} {values}")


if __name__ == "__main__":
    main()
