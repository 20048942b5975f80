"""Harmonise the sopranos of Bach's chorales, and count parallels and crossings beside Bach's.

    python benchmarks/chorales.py --chorales 10 --takes 8

The four-part chorales are those that come with music21; of each the soprano stands, and alto,
tenor and bass are written. Per hundred moments (times at which a voice begins a note): parallel
fifths, parallel octaves and unisons, and crossings, as `composer.analysis.voice_leading` has them;
and the share of time in which each new voice sings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from music21 import corpus

import composer
from composer.analysis.voice_leading import voice_leading
from composer.errors import ComposerError
from composer.formats import midi
from composer.formats.score_streams import to_piece
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, Writing
from composer.music.notes import Piece


def sung(piece: Piece) -> float:
    """Share of time in which the voices below the first one sing, on average."""
    length = max(part.end for part in piece.parts)
    shares = [sum(note.duration for note in part.notes) / length for part in piece.parts[1:]]
    return float(np.mean(shares))


def main() -> None:
    """Harmonise, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chorales", type=int, default=10)
    parser.add_argument("--takes", type=int, default=8)
    given = parser.parse_args()
    predictor = composer.open_predictor()
    counts: dict[str, dict[str, float]] = {"Bach": {}, "composer": {}}
    shares: dict[str, list[float]] = {"Bach": [], "composer": []}
    done = 0
    names = sorted(str(path) for path in corpus.getComposer("bach") if "bwv" in str(path))
    for name in names[:: max(len(names) // (3 * given.chorales), 1)]:
        if done == given.chorales:
            break
        score = corpus.parse(name)
        if len(score.parts) != 4:
            continue
        piece = to_piece(score, {})
        if len(piece.parts) != 4 or not all(part.notes for part in piece.parts):
            continue
        file = midi.from_piece(piece.with_parts(piece.parts[:1]))
        seed = Seed(Path("soprano.mid"), file, midi.to_piece(file))
        settings = Settings(takes=given.takes, rng_seed=1)
        writing = Writing(ARRANGE, add=("alto", "tenor", "bass"))
        try:
            [made] = write_inside(seed, predictor, settings, writing)
        except ComposerError as error:
            print(name, error)
            continue
        done += 1
        bach = voice_leading([part.notes for part in piece.parts])
        for who, own in (("Bach", bach), ("composer", made.figures)):
            for what, count in own.items():
                counts[who][what] = counts[who].get(what, 0) + count
        shares["Bach"].append(sung(piece))
        shares["composer"].append(sung(made.whole))
    figures = {
        who: {
            **{
                what: round(100 * count / own["moments"], 2)
                for what, count in own.items()
                if what != "moments"
            },
            "moments": own["moments"],
            "sung": round(float(np.mean(shares[who])), 3),
        }
        for who, own in counts.items()
        if own
    }
    print(json.dumps({"chorales": done, **figures}, indent=2))


if __name__ == "__main__":
    main()
