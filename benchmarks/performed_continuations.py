"""Whether performances go on as performances: their timing and loudness beside people's own.

    python benchmarks/performed_continuations.py RECORDINGS --pieces 20

RECORDINGS holds MIDI files of people playing the piano in free time. The first minute of each is
the seed, and composer plays half a minute. What `benchmarks/performed_timing.py` measures is
measured of the seeds, of the half minute in which the people went on, and of composer's; and of
the two that go on, how many notes have a length and a loudness that the seed had, too.

Conventions:
    All are measured on composer's clock in free time, which ticks every 10 ms, and with its
    classes of length and loudness. The figures are means over pieces.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from performed_timing import Measured, mean_of, measure

from composer import models
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    TICKS_PER_SECOND,
    VELOCITY,
    Events,
    decode,
    velocity_of,
)
from composer.encoding.placement import encode
from composer.formats import midi
from composer.generation.best_of_n import BestOfN
from composer.generation.generate import make_streams, seed_state
from composer.generation.seed_analysis import analyse_seed
from composer.generation.settings import Settings
from composer.music.beat_grid import FREE, Grid
from composer.network.predictor import Predictor

SEED, NEXT = 60, 30
"""Seconds."""
FEWEST = 60
"""Least number of notes of what is measured."""
SHARE = 0.95
"""Of the seed's notes that make up its range of lengths, and of loudness."""


def milliseconds(rows: NDArray[np.int64], onsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Notes as `performed_timing.measure` takes them, int32 [notes, 5]."""
    scale = 1000 // TICKS_PER_SECOND
    table = rows.astype(np.int32)
    table[:, 0] = (onsets - onsets[0]) * scale
    table[:, 3] = DURATION_TICKS[rows[:, DURATION]] * scale
    table[:, 4] = velocity_of(rows[:, VELOCITY])
    return table


def inside(seed: NDArray[np.int32], notes: NDArray[np.int32]) -> Measured:
    """Share of the notes in the range that most of the seed's lengths, and velocities, lie in."""
    found = {}
    for name, column in (("length", 3), ("velocity", 4)):
        low, high = np.quantile(seed[:, column], ((1 - SHARE) / 2, (1 + SHARE) / 2))
        own = notes[:, column]
        found[f"{name} in the seed's range"] = float(((own >= low) & (own <= high)).mean())
        shares = [
            np.bincount(which[:, column] // (100 if column == 3 else 4), minlength=64)[:64]
            for which in (seed, notes)
        ]
        one, other = (share / share.sum() for share in shares)
        found[f"{name}, distance from the seed's histogram"] = float(np.abs(one - other).sum() / 2)
    found["velocity, distance of means"] = float(abs(seed[:, 4].mean() - notes[:, 4].mean()))
    found["notes a second, to the seed's"] = (len(notes) / max(notes[-1, 0], 1)) / (
        len(seed) / seed[-1, 0]
    )
    return found


def cut(events: Events) -> tuple[Events, Events] | None:
    """The minute and what follows it, if both have enough notes."""
    onsets = events.onsets
    first, last = np.searchsorted(
        onsets, (SEED * TICKS_PER_SECOND, (SEED + NEXT) * TICKS_PER_SECOND)
    )
    if first < FEWEST or last - first < FEWEST:
        return None
    return replace(events, rows=events.rows[:first]), replace(events, rows=events.rows[first:last])


@click.command()
@click.argument("recordings", type=click.Path(exists=True, path_type=Path))
@click.option("--model", default="default", help="A model's name or folder.")
@click.option("--pieces", default=20, help="Most pieces.")
@click.option("--takes", default=32, help="Tries of each bar.")
def main(recordings: Path, model: str, pieces: int, takes: int) -> None:
    """Continue performances and measure."""
    predictor = Predictor.load(models.find(model))
    files = sorted(path for path in recordings.rglob("*") if path.suffix in (".mid", ".midi"))
    columns: dict[str, list[Measured]] = {"seeds": [], "people": [], "composer": []}
    for path in files[:: max(len(files) // pieces, 1)]:
        halves = cut(encode(midi.read(path), Grid(FREE))[0])
        if halves is None or len(columns["seeds"]) >= pieces:
            continue
        analysis = analyse_seed(decode(halves[0]), grid=FREE)
        settings = Settings(seconds=NEXT, takes=takes)
        (stream,) = make_streams(analysis, seed_state(analysis, predictor), settings, [0])
        drawn = BestOfN(predictor)
        drawn.add([(analysis, stream)])
        while drawn.streams:
            drawn.step()
        tables = [milliseconds(half.rows.astype(np.int64), half.onsets) for half in halves]
        rows = stream.events().astype(np.int64)
        tables.append(milliseconds(rows, replace(halves[0], rows=rows.astype(np.int16)).onsets))
        for name, table in zip(columns, tables, strict=True):
            columns[name].append(measure(table) | inside(tables[0], table))
        click.echo(f"{path.name}: {[len(t) for t in tables]}", err=True)
    table = {name: mean_of(found) for name, found in columns.items()}
    click.echo(f"{len(columns['seeds'])} pieces")
    click.echo(f"{'':44}" + "".join(f"{name:>11}" for name in table))
    for name in table["seeds"]:
        click.echo(f"{name:44}" + "".join(f"{of.get(name, np.nan):11.3f}" for of in table.values()))


if __name__ == "__main__":
    main()
