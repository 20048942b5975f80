"""Timing and loudness of recorded performances, and of scores rendered as performances.

    python benchmarks/performed_timing.py recordings
    python benchmarks/performed_timing.py recordings --scores scores

The first folder holds MIDI files of people playing the piano. The second one holds scores, which
are rendered as in training (`composer_training.data.performance`) and measured in the same
way. The figures are means over pieces, each of which counts the same.

Conventions:
    A *chord* is all notes that begin within 50 ms of its first. Times are milliseconds. Lengths
    are as composer reads them: a note under the pedal lasts until the pedal comes up or its key
    is struck again. Loudness is MIDI velocity.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from composer_training.data.dataset import Notes, to_record
from composer_training.data.performance import perform
from composer_training.data.prepare import read_source
from composer_training.data.sources import find_sources
from numpy.typing import NDArray

from composer.formats import midi
from composer.music.beat_grid import BEATS, FREE, Grid
from composer.music.notes import DRUM_PROGRAM

CHORD = 50
"""Milliseconds after its first note within which a note belongs to a chord."""
FEWEST = 300
"""Least number of notes of a piece that is measured."""

Measured = dict[str, float]


def chords_of(notes: Notes) -> NDArray[np.int64]:
    """Number of the chord of each note, int64 [notes]; notes are sorted by onset."""
    numbers = np.zeros(len(notes), dtype=np.int64)
    number, first = 0, int(notes[0, 0])
    for index, onset in enumerate(notes[:, 0].tolist()):
        if onset - first > CHORD:
            number, first = number + 1, onset
        numbers[index] = number
    return numbers


def _quantiles(name: str, values: NDArray[np.float64]) -> Measured:
    shares = (0.1, 0.5, 0.9)
    if not len(values):
        return {}
    return {
        f"{name} {int(100 * share)} %": float(value)
        for share, value in zip(shares, np.quantile(values, shares), strict=True)
    }


def measure(notes: Notes) -> Measured:
    """What is measured of one performance.

    Args:
        notes: int32 [notes, 5], times in milliseconds, sorted by onset.
    """
    onset, pitch, length, loud = (notes[:, column].astype(float) for column in (0, 2, 3, 4))
    number = chords_of(notes)
    _, start, size = np.unique(number, return_index=True, return_counts=True)
    found: Measured = {"notes a second": len(notes) / max((onset[-1] - onset[0]) / 1000, 1)}
    steps = np.round(np.diff(onset) / 10)
    for low, high in ((0, 0), (1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 39), (40, 10**6)):
        share = ((steps >= low) & (steps <= high)).mean()
        found[f"next note after {low * 10}..{high * 10} ms"] = float(share)
    # A row for each chord of three to six notes that is no arpeggio of its own.
    top_lead, bass_lead, spread, top_loud, bass_loud, scatter, unequal = [], [], [], [], [], [], []
    for first, count in zip(start.tolist(), size.tolist(), strict=True):
        if not 2 <= count <= 8:
            continue
        own = slice(first, first + count)
        order = np.argsort(pitch[own])
        times, louds = onset[own][order], loud[own][order]
        spread.append(times.max() - times.min())
        if count >= 3:
            top_lead.append(np.mean(times[:-1]) - times[-1])
            bass_lead.append(np.mean(times[1:]) - times[0])
            top_loud.append(louds[-1] - np.mean(louds[:-1]))
            bass_loud.append(louds[0] - np.mean(louds[1:-1]))
            scatter.append(np.std(times))
            unequal.append(np.std(louds[:-1]))
    found |= _quantiles("chord spread", np.array(spread))
    if top_lead:
        found |= _quantiles("top note ahead by", np.array(top_lead))
        found |= _quantiles("bass ahead by", np.array(bass_lead))
        found |= _quantiles("top note louder by", np.array(top_loud))
        found |= _quantiles("bass louder than inner by", np.array(bass_loud))
        found["scatter of a chord's onsets"] = float(np.mean(scatter))
        found["scatter of a chord's other velocities"] = float(np.mean(unequal))
    when = onset[start]
    gaps = np.diff(when)
    found |= _quantiles("time between chords", gaps)
    ratio = np.log2(np.maximum(gaps[1:], 1) / np.maximum(gaps[:-1], 1))
    even = np.abs(ratio) < 0.4
    found["unevenness of even notes (sd of log2)"] = float(np.std(ratio[even]))
    # A chord's gap beside the gaps of chords around it that are written alike shows the tempo.
    found |= _quantiles("length", length)
    following = np.append(gaps, np.nan)[number]
    alike = following > 0
    found |= _quantiles("length to next chord", length[alike] / following[alike])
    ends = onset + length
    sounding = np.array([(ends[max(0, i - 60) : i] > onset[i] + 5).sum() for i in start.tolist()])
    found |= _quantiles("notes still sounding", sounding.astype(float))
    # Notes that end together end because the pedal comes up.
    order = np.sort(ends)
    found["ends within 5 ms of another"] = float((np.diff(order) <= 5).mean())
    found["velocity"] = float(loud.mean())
    found["velocity, sd"] = float(loud.std())
    means = np.add.reduceat(loud, start) / size
    centred = means - means.mean()
    variance = max(float((centred**2).mean()), 1e-9)
    for lag in (1, 2, 4, 8, 16, 32):
        found[f"chord velocities, correlation at {lag}"] = float(
            (centred[lag:] * centred[:-lag]).mean() / variance
        )
    found["velocity and pitch, correlation"] = _correlation(loud, pitch)
    found["velocity and chord size, correlation"] = _correlation(means, size.astype(float))
    found["velocity and pace, correlation"] = _correlation(means[:-1], -np.log(np.maximum(gaps, 1)))
    classes = (loud // 4).astype(int)
    found["entropy of velocity class"] = _entropy(classes)
    found["entropy of velocity step"] = _entropy(np.diff(classes))
    found["entropy of shift"] = _entropy(np.minimum(steps, 96).astype(int))
    found["entropy of length"] = _entropy(np.round(8 * np.log2(np.maximum(length, 10))).astype(int))
    return found


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if len(one) < 3 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _entropy(values: NDArray[np.int64]) -> float:
    """Nats."""
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def mean_of(pieces: Sequence[Measured]) -> Measured:
    """The mean of each figure over the pieces that have it."""
    names = dict.fromkeys(name for piece in pieces for name in piece)
    return {name: float(np.mean([p[name] for p in pieces if name in p])) for name in names}


def recordings(folder: Path, limit: int) -> Iterator[Notes]:
    """MIDI files of a folder, evenly spread over it."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".mid", ".midi"))
    for path in files[:: max(len(files) // limit, 1)][:limit]:
        _, notes = to_record(midi.read(path), Grid(FREE), path.name, "", "")
        yield notes


def rendered(folder: Path, limit: int) -> Iterator[Notes]:
    """Scores of a folder, evenly spread over it, rendered."""
    sources = find_sources([folder])
    for number, source in enumerate(sources[:: max(len(sources) // limit, 1)][:limit]):
        for found in read_source(number, (source, "auto")).pieces:
            if not isinstance(found, tuple):
                continue
            record, notes = found
            if record.kind == BEATS and DRUM_PROGRAM not in record.programs:
                yield perform(record, notes, np.random.default_rng(number))[1]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--scores", type=Path, action="append", default=[])
    parser.add_argument("--limit", type=int, default=120, help="pieces of each folder")
    asked = parser.parse_args()
    columns = [("recorded", recordings(asked.recordings, asked.limit))]
    columns += [(path.name, rendered(path, asked.limit)) for path in asked.scores]
    table = [
        mean_of([measure(notes) for notes in pieces if len(notes) >= FEWEST])
        for _, pieces in columns
    ]
    print(f"{'':42}" + "".join(f"{name:>12}" for name, _ in columns))
    for name in table[0]:
        print(f"{name:42}" + "".join(f"{row.get(name, np.nan):12.3f}" for row in table))


if __name__ == "__main__":
    main()
