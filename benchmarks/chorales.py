"""Harmonise the sopranos of Bach's chorales, and count parallels and crossings beside Bach's.

    python benchmarks/chorales.py --chorales 10 --takes 8
    python benchmarks/chorales.py --nats Jsb16thSeparated.json

The four-part chorales are those that come with music21; of each the soprano stands, and alto,
tenor and bass are written. Per hundred moments (times at which a voice begins a note): parallel
fifths, parallel octaves and unisons, and crossings, as `composer.analysis.voice_leading` has them;
and the share of time in which each new voice sings.

With a file of the JSB-Chorales-dataset, nats per note of alto, tenor and bass of its validation
side instead: as the network continues music (all before, the soprano of the same moment too, no
plan), and given the whole soprano: by masks alone; by them and the plan that it tells; with the
encoder, where the model has one.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from composer_training.encoder.openings import all_but_the_melody, bar_lines
from music21 import corpus

import composer
from composer.analysis.plan_around import notes_ahead, plan_around
from composer.analysis.voice_leading import voice_leading
from composer.encoding.events import PART, SHIFT
from composer.encoding.given import Given
from composer.encoding.placement import encode
from composer.errors import ComposerError
from composer.formats import midi
from composer.formats.jsb_chorales import read_chorales
from composer.formats.score_streams import to_piece
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.streams import encoder_of
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, Writing
from composer.music.beat_grid import find_grid
from composer.music.notes import Piece
from composer.network.given_likelihood import given_nats
from composer.network.likelihood import note_nats


def sung(piece: Piece) -> float:
    """Share of time in which the voices below the first one sing, on average."""
    length = max(part.end for part in piece.parts)
    shares = [sum(note.duration for note in part.notes) / length for part in piece.parts[1:]]
    return float(np.mean(shares))


def nats(path: Path, count: int) -> dict[str, float]:
    """Nats per note of the lower voices."""
    predictor = composer.open_predictor()
    encoder = encoder_of(predictor)
    sums, notes = np.zeros(4), 0
    items = [(item, piece) for item, piece in read_chorales(path).items() if item[0] == "valid"]
    for _, piece in items[:count]:
        events, _ = encode(piece, find_grid(piece, "beats"))
        rows = events.rows.astype(np.int64)
        rows[:, SHIFT] = events.onsets
        openings = all_but_the_melody(events)
        hidden = Given.of(rows[:0], openings).may_play(rows[:, SHIFT], rows[:, PART])
        given, bars = Given.of(rows[~hidden], openings), len(bar_lines(events)) - 1
        alone = replace(events, plan=None)
        around = replace(
            events, plan=plan_around(alone, given, bars), ahead=notes_ahead(alone, given)
        )
        notes += int(hidden.sum())
        for _, own in note_nats(predictor, [alone]):
            sums[0] += own[: len(rows)][hidden].sum()
        sums[1] += given_nats(predictor, None, alone, given, bars).sum()
        sums[2] += given_nats(predictor, None, around, given, bars).sum()
        if encoder is not None:
            sums[3] += given_nats(predictor, encoder, around, given, bars).sum()
    found = {"chorales": min(count, len(items)), "notes": notes}
    names = ("continuing", "masks", "masks and plan", "told by the encoder")
    return found | {
        name: round(float(value / max(notes, 1)), 3)
        for name, value in zip(names, sums, strict=True)
        if value
    }


def main() -> None:
    """Harmonise, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chorales", type=int, default=10)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--nats", type=Path, help="a file of chorales with separate voices")
    given = parser.parse_args()
    if given.nats:
        print(json.dumps(nats(given.nats, given.chorales), indent=2))
        return
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
