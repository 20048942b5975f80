"""Write the accompaniment of songs anew to their melody, and count how it agrees with people's.

    python benchmarks/arrange.py DATASET --songs 12 --takes 8 --bars 16

Of each song of the dataset's validation split the highest part stands, for so many bars; a piano
is added to it. The chords are those of the halves of each bar as `composer.analysis.form` finds
them in the whole song. Counted are, for people, for composer, and for triads in root position on
the chords that the melody alone tells:

    bass on chord   lowest notes struck on the beginnings of half bars that are tones of the chord
    bass on root    those that are its root
    chords          half bars in which root and third are those of people
    together        onsets of the accompaniment at which the melody begins a note, too
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from composer_training.data.dataset import load
from composer_training.data.heldout import read_split

import composer
from composer.analysis.form import plan_of
from composer.encoding.events import TICKS_PER_BEAT, Events, decode
from composer.encoding.placement import encode
from composer.errors import ComposerError
from composer.formats import midi
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, Writing
from composer.music.beat_grid import find_grid
from composer.music.chords import TONES, chord_tones, quality_of, root_of
from composer.music.notes import Note, Part, Piece

Chords = list[int]


def cut(piece: Piece, bars: int) -> Piece:
    """The first bars of a song, from where its highest part begins."""
    first = min(note.onset for note in piece.parts[0].notes)
    start = piece.metres.position(first, piece.ticks_per_beat).start
    end = start + bars * piece.metres.position(first, piece.ticks_per_beat).length
    parts = tuple(
        Part(
            tuple(
                Note(note.onset - start, note.pitch, min(note.duration, end - note.onset),
                     note.velocity)
                for note in part.notes
                if start <= note.onset < end
            ),
            part.program, part.name or f"part {index + 1}", index + 1, part.channel,
        )
        for index, part in enumerate(piece.parts)
    )  # fmt: skip
    metres = type(piece.metres)(((0, *piece.metres.metre_at(start)),))
    return Piece(parts, piece.ticks_per_beat, piece.tempos, metres)


def chords_of(piece: Piece, bars: int) -> Chords:
    """The chord of each half bar."""
    events, _ = encode(piece, find_grid(piece, "beats"))
    plan = plan_of(events, bars=bars)
    return [] if plan is None else [code for bar in plan.bars[:bars] for code in bar.chords]


def figures(
    lowest: dict[int, int], onsets: set[int], melody: set[int], made: Chords, true: Chords
) -> dict[str, tuple[float, float]]:
    """(hits, of how many) of each figure; lowest pitches by half bar."""
    struck = [(half, pitch) for half, pitch in lowest.items() if half < len(true) and true[half]]
    pairs = [(a, b) for a, b in zip(made, true, strict=False) if b]
    return {
        "bass on chord": (sum(p % 12 in chord_tones(true[h]) for h, p in struck), len(struck)),
        "bass on root": (sum(p % 12 == root_of(true[h]) for h, p in struck), len(struck)),
        "chords": (sum(bool(a) and _same(a, b) for a, b in pairs), len(pairs)),
        "together": (len(onsets & melody), len(onsets)),
    }


def _same(a: int, b: int) -> bool:
    third = [TONES[quality_of(code)][1] for code in (a, b)]
    return root_of(a) == root_of(b) and third[0] == third[1]


def lowest_of(notes: list[Note], half: int) -> dict[int, int]:
    """The lowest note struck on the beginning of each half bar."""
    found: dict[int, int] = {}
    for note in notes:
        number, inside = divmod(note.onset + half // 16, half)
        if inside <= half // 8:
            found[number] = min(found.get(number, note.pitch), note.pitch)
    return found


def main() -> None:
    """Arrange, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--bars", type=int, default=16)
    given = parser.parse_args()
    predictor = composer.open_predictor()
    total: dict[str, dict[str, np.ndarray]] = {}
    songs = 0
    for found in read_split(load([given.dataset]), "valid", None):
        events: Events = found.events
        if songs == given.songs:
            break
        if len(events.programs) < 2 or events.kind != "beats" or 128 in events.programs:
            continue
        song = cut(decode(events), given.bars)
        if len(song.parts[0].notes) < given.bars or sum(len(p.notes) for p in song.parts[1:]) < 64:
            continue
        tune = song.with_parts(song.parts[:1])
        file = midi.from_piece(tune)
        seed = Seed(Path("tune.mid"), file, midi.to_piece(file))
        settings = Settings(takes=given.takes, rng_seed=1, grid="beats")
        try:
            [made] = write_inside(seed, predictor, settings, Writing(ARRANGE, add=("piano",)))
        except ComposerError as error:
            print(found.name, error)
            continue
        songs += 1
        half = song.metres.position(0, TICKS_PER_BEAT).length // 2
        melody = {note.onset for note in tune.parts[0].notes}
        true = chords_of(song, given.bars)
        alone = chords_of(tune, given.bars)
        people = [note for part in song.parts[1:] for note in part.notes]
        new = list(made.piece.parts[1].notes)
        roots = {number: 36 + root_of(code) for number, code in enumerate(alone) if code}
        counted = {
            "people": figures(
                lowest_of(people, half), {n.onset for n in people}, melody, true, true
            ),
            "composer": figures(
                lowest_of(new, half), {n.onset for n in new}, melody,
                chords_of(made.whole, given.bars), true,
            ),
            "root position": figures(
                roots, {number * half for number in roots}, melody, alone, true
            ),
        }  # fmt: skip
        for who, values in counted.items():
            for name, pair in values.items():
                own = total.setdefault(who, {})
                own[name] = own.get(name, np.zeros(2)) + np.array(pair)
    print(
        json.dumps(
            {"songs": songs}
            | {
                who: {name: round(float(a / max(b, 1)), 3) for name, (a, b) in values.items()}
                for who, values in total.items()
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
