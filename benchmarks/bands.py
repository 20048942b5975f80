"""What the bands of a dataset are like: `python benchmarks/bands.py DATASET [DATASET ...]`.

The figures of each corpus with bands in it are: the number of parts; the notes a bar of each role
(the median over its parts, in the bars in which they play); the share of a song that a part plays;
how often parts enter and leave; the share of second and fourth beats with a snare; and the share
of the bar lines played by the bass on which its note is the lowest.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from composer_training.data import dataset
from composer_training.data.dataset import FINE_PER_BEAT, Notes, Record

from composer.music.beat_grid import BEATS
from composer.music.notes import DRUM_PROGRAM

BAR = 4 * FINE_PER_BEAT
SNARES = (38, 40)
ROLES = {
    "drums": range(128, 129),
    "keys": range(0, 8),
    "organ": range(16, 24),
    "guitar": range(24, 32),
    "bass": range(32, 40),
    "strings, choir": range(40, 56),
    "brass, reeds": range(56, 80),
    "synthesiser": range(80, 104),
}
"""General MIDI programs of each role."""
FEWEST_PARTS = 3
"""Least number of parts of a band, drums among them."""


def measure(record: Record, notes: Notes, found: dict[str, list[float]]) -> None:
    """Add one piece's figures to the lists."""
    bar = notes[:, 0].clip(0) // BAR
    bars = int(bar.max()) + 1
    counts = np.zeros((len(record.programs), bars))
    np.add.at(counts, (notes[:, 1], bar), 1)
    found["bars"].append(bars)
    found["parts"].append(len(record.programs))
    found["parts with another's program"].append(len(record.programs) - len(set(record.programs)))
    sounding = counts > 0
    # A part that is silent for fewer than four bars has not left.
    for slot, program in enumerate(record.programs):
        played = counts[slot][sounding[slot]]
        for role, programs in ROLES.items():
            if program in programs and len(played):
                found[f"notes a bar: {role}"].append(float(played.mean()))
        found["share of bars in which a part plays"].append(float(sounding[slot].mean()))
        at = np.flatnonzero(sounding[slot])
        found["times a part comes back after four bars and more"].append(
            float((np.diff(at) > 4).sum())
        )
    drums = np.isin(notes[:, 1], [s for s, p in enumerate(record.programs) if p == DRUM_PROGRAM])
    snares = notes[drums & np.isin(notes[:, 2], SNARES), 0]
    kit = np.unique(bar[drums])
    if len(snares) and len(kit):
        beats = (kit[:, None] * BAR + np.array([1, 3]) * FINE_PER_BEAT).ravel()
        nearest = np.abs(snares[:, None] - beats[None, :]).min(axis=0)
        found["second and fourth beats with a snare"].append(
            float((nearest <= FINE_PER_BEAT // 8).mean())
        )
    low = [slot for slot, program in enumerate(record.programs) if program in ROLES["bass"]]
    for slot in low[:1]:
        own = notes[notes[:, 1] == slot]
        pitched = notes[~drums]
        lowest = [
            pitch <= pitched[np.abs(pitched[:, 0] - onset) < FINE_PER_BEAT // 8, 2].min()
            for onset, pitch in own[:, [0, 2]].tolist()
            if (onset + FINE_PER_BEAT // 8) % BAR < FINE_PER_BEAT // 4
        ]
        if lowest:
            found["bass on the bar line is the lowest"].append(float(np.mean(lowest)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", type=Path, nargs="+")
    data = dataset.load(parser.parse_args().datasets)
    corpora: dict[str, dict[str, list[float]]] = {}
    for record in data.records:
        many = len(record.programs) >= FEWEST_PARTS and DRUM_PROGRAM in record.programs
        if record.kind == BEATS and many:
            own = corpora.setdefault(record.corpus, defaultdict(list))
            measure(record, np.asarray(data.notes(record)), own)
    names = sorted({name for own in corpora.values() for name in own})
    print(f"{'one in ten, half, nine in ten':50}" + "".join(f"{name:>22}" for name in corpora))
    for name in names:
        row = ""
        for own in corpora.values():
            low, mid, high = np.quantile(own.get(name) or [np.nan], [0.1, 0.5, 0.9])
            row += f"{low:8.2f}{mid:7.2f}{high:7.2f}"
        print(f"{name:50}{row}")


if __name__ == "__main__":
    main()
