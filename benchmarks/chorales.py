"""Harmonise the sopranos of Bach's chorales, and count parallels and crossings beside Bach's.

    python benchmarks/chorales.py --chorales 10 --takes 8
    python benchmarks/chorales.py --nats Jsb16thSeparated.json
    python benchmarks/chorales.py --frames Jsb16thSeparated.json --chorales 100

The four-part chorales are those that come with music21; of each the soprano stands, and alto,
tenor and bass are written. Per hundred moments (times at which a voice begins a note): parallel
fifths, parallel octaves and unisons, and crossings, as `composer.analysis.voice_leading` has them;
the share of time in which each new voice sings; and of all beats the shares at which what sounds
are tones of one triad or seventh chord, and at which it is others than on the beat before.

With a file of the JSB-Chorales-dataset, nats per note of alto, tenor and bass of one of its sides
instead, loudness left out: as the network continues music (all before, the soprano of the same
moment too, no plan); and given the whole soprano, by masks alone and with the encoder, each without
a plan, with the one that `composer fill` finds around it, and with the chords that `composer
arrange` finds to it. All but the first also pay for ending where the soprano's next note comes.

With `--frames`, nats of whole chorales as the literature counts them, for a frame of a sixteenth
and each voice of it: all fields of all notes but loudness, and END, shared out among the frames. A
list of notes, of which equal pitches in a row are one, and a list of frames say the same; where the
bar lines lie is known beforehand and is charged with log 16 a chorale.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from composer_training.encoder.openings import all_but_the_melody, bar_lines
from music21 import corpus

import composer
from composer.analysis.form import half_bars_of
from composer.analysis.harmonisation import harmonised
from composer.analysis.plan_around import notes_ahead, plan_around
from composer.analysis.voice_leading import voice_leading
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    SHIFT,
    TICKS_PER_BEAT,
    VELOCITY,
    Events,
)
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
from composer.music.chords import CHORDS, chord_tones
from composer.music.keys import find_key
from composer.music.notes import Piece
from composer.music.plan import Plan
from composer.network.given_likelihood import given_nats
from composer.network.likelihood import note_nats


def sung(piece: Piece) -> float:
    """Share of time in which the voices below the first one sing, on average."""
    length = max(part.end for part in piece.parts)
    shares = [sum(note.duration for note in part.notes) / length for part in piece.parts[1:]]
    return float(np.mean(shares))


EVERY = [chord_tones(code) for code in range(1, CHORDS)]


def harmony(piece: Piece) -> tuple[float, float]:
    """The share of beats with tones of one chord, and of those with others than before."""
    beat = piece.ticks_per_beat
    heard = [
        {
            note.pitch % 12
            for part in piece.parts
            for note in part.notes
            if note.onset <= tick < note.end
        }
        for tick in range(0, max(part.end for part in piece.parts), beat)
    ]
    full = [tones for tones in heard if len(tones) > 1]
    changes = [one != other for one, other in pairwise(heard)]
    return (
        float(np.mean([any(tones <= chord for chord in EVERY) for tones in full])),
        float(np.mean(changes)),
    )


def sides(path: Path, side: str, count: int) -> Iterator[tuple[tuple[str, int], Piece, Events]]:
    """So many chorales of one side of a file."""
    items = [(item, piece) for item, piece in read_chorales(path).items() if item[0] == side]
    for item, piece in items[:count]:
        yield item, piece, replace(encode(piece, find_grid(piece, "beats"))[0], plan=None)


def nats(path: Path, side: str, count: int) -> dict[str, float]:
    """Nats per note of the lower voices, loudness left out."""
    predictor = composer.open_predictor()
    encoder = encoder_of(predictor)
    sums: collections.Counter[str] = collections.Counter()
    notes = chorales = 0
    for _, piece, events in sides(path, side, count):
        rows = events.rows.astype(np.int64)
        rows[:, SHIFT] = events.onsets
        openings = all_but_the_melody(events)
        hidden = Given.of(rows[:0], openings).may_play(rows[:, SHIFT], rows[:, PART])
        given, bars = Given.of(rows[~hidden], openings), len(bar_lines(events)) - 1
        notes, chorales = notes + int(hidden.sum()), chorales + 1
        for _, own in note_nats(predictor, [events]):
            sums["continuing"] += float(own[: len(rows), :VELOCITY][hidden].sum())
        plans = {
            "no plan": None,
            "the plan that is found": plan_around(events, given, bars),
            "chords that are found": harmonised_plan(piece, given, events, bars),
        }
        for name, plan in plans.items():
            ahead = {} if plan is None else notes_ahead(events, given)
            told = replace(events, plan=plan, ahead=ahead)
            for teller, who in ((None, "masks"), (encoder, "encoder")):
                own = given_nats(predictor, teller, told, given, bars)
                sums[f"{who}, {name}"] += float(own[:, :VELOCITY].sum())
    found = {"chorales": chorales, "notes": notes}
    return found | {name: round(value / max(notes, 1), 3) for name, value in sums.items()}


def harmonised_plan(piece: Piece, given: Given, events: Events, bars: int) -> Plan | None:
    """What `composer arrange` plans over a soprano."""
    plan, key = (
        plan_around(events, given, bars, cautious=False),
        find_key(piece.with_parts(piece.parts[:1])),
    )
    if plan is None or key is None:
        return plan
    chords = harmonised(half_bars_of(given.notes, events, bars)[0], key)
    return Plan(
        tuple(
            bar._replace(chords=(chords[2 * number], chords[2 * number + 1]))
            for number, bar in enumerate(plan.bars)
        )
    )


def frames(path: Path, side: str, count: int) -> dict[str, float]:
    """Nats of a frame and of a voice in it."""
    document = json.loads(path.read_text(encoding="utf-8"))
    some = list(sides(path, side, count))
    own = np.zeros(len(some))
    inexact = notes = 0
    for index, values in note_nats(composer.open_predictor(), [events for *_, events in some]):
        own[index] = values[:, :VELOCITY].sum() + math.log(16)
    for _, piece, events in some:
        lengths = [round(note.duration * TICKS_PER_BEAT / 24) for part in piece.parts
                   for note in part.notes]  # fmt: skip
        kept = sorted(DURATION_TICKS[events.rows[:, DURATION]].tolist())
        notes += len(lengths)
        inexact += sum(a != b for a, b in zip(sorted(lengths), kept, strict=True))
    counts = np.array([len(document[side][item[1]]) for item, *_ in some])
    voices = np.array([len(piece.parts) for _, piece, _ in some])
    return {
        "chorales": len(some),
        "frames": int(counts.sum()),
        "notes": notes,
        "lengths that are not exact": inexact,
        "nats a frame": round(float(own.sum() / counts.sum()), 3),
        "nats a voice and frame": round(float(own.sum() / (counts * voices).sum()), 4),
        "the same, mean of chorales": round(float(np.mean(own / (counts * voices))), 4),
    }


def main() -> None:
    """Harmonise, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chorales", type=int, default=10)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--nats", type=Path, help="a file of chorales with separate voices")
    parser.add_argument("--frames", type=Path, help="such a file")
    parser.add_argument("--side", default="valid")
    given = parser.parse_args()
    if given.nats or given.frames:
        counted = nats if given.nats else frames
        found = counted(given.nats or given.frames, given.side, given.chorales)
        print(json.dumps(found, indent=2))
        return
    predictor = composer.open_predictor()
    counts: dict[str, dict[str, float]] = {"Bach": {}, "composer": {}}
    shares: dict[str, list[tuple[float, ...]]] = {"Bach": [], "composer": []}
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
        for who, whole in (("Bach", piece), ("composer", made.whole)):
            shares[who].append((sung(whole), *harmony(whole)))
    figures = {
        who: {
            **{
                what: round(100 * count / own["moments"], 2)
                for what, count in own.items()
                if what != "moments"
            },
            "moments": own["moments"],
            **{
                what: round(float(value), 3)
                for what, value in zip(
                    ("sung", "in one chord", "changes"), np.mean(shares[who], axis=0), strict=True
                )
            },
        }
        for who, own in counts.items()
        if own
    }
    print(json.dumps({"chorales": done, **figures}, indent=2))


if __name__ == "__main__":
    main()
