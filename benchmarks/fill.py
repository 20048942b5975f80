"""Fill random bars of random files: whether all else stands, and how the seams are.

    python benchmarks/fill.py FOLDER... --files 200 --takes 1

Of each file some bars in its middle are filled. What is counted:

    untouched   files in which every message outside the bars, and every one that is no note, pedal
                or bend inside them, is in the new file at its tick, in its order
    seams       across the bar lines at which the new bars begin and end: the step of the top line
                and of the bass, in semitones, and the time from the last onset before the line to
                the first one behind it, in beats; beside the same at the file's other bar lines
    told apart  chance that such a figure is larger at a seam than at another bar line
    refused     files in which nothing could be filled, by what was said
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import mido
import numpy as np

import composer
from composer.errors import ComposerError
from composer.formats.suffixes import MIDI_SUFFIXES
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.inside.insertion import Insertion
from composer.inside.verbs import write_inside
from composer.inside.whole_piece import WholePiece
from composer.inside.writing import FILL, Writing
from composer.music.notes import Note, Piece

INSIDE = ("note_on", "note_off", "control_change", "pitchwheel")
MOST_BYTES, MOST_NOTES = 400_000, 8_000


def timed(track: Iterable[mido.Message]) -> list[tuple[int, str]]:
    """(tick, message) of a track, its end left out."""
    found, tick = [], 0
    for message in track:
        tick += message.time
        if message.type != "end_of_track":
            found.append((tick, repr(message.copy(time=0))))
    return found


def missing(before: mido.MidiFile, after: mido.MidiFile, made: Insertion) -> int:
    """Messages that should stand and do not."""
    gone = {(note.onset, note.pitch) for _, note in made.removed}
    ends = {(note.end, note.pitch) for _, note in made.removed}
    ends |= {(tick, pitch) for tick, pitch in released(before, gone)}
    count = 0
    for old, new in zip(before.tracks, after.tracks, strict=False):
        left = iter(timed(new))
        tick = 0
        for message in old:
            tick += message.time
            if message.type == "end_of_track":
                continue
            inside = made.start <= tick <= made.end and message.type in INSIDE[2:]
            note = message.type in INSIDE[:2]
            if inside or (note and (tick, message.note) in gone | ends):
                continue
            wanted = tick, repr(message.copy(time=0))
            if wanted not in left:
                count += 1
                left = iter(timed(new))
    return count


def released(file: mido.MidiFile, gone: set[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """(tick, pitch) at which keys come up whose notes last longer, under the pedal."""
    for track in file.tracks:
        tick, down = 0, collections.defaultdict(list)
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                down[message.channel, message.note].append(tick)
            elif message.type in INSIDE[:2] and down[message.channel, message.note]:
                begun = down[message.channel, message.note].pop(0)
                if (begun, message.note) in gone:
                    yield tick, message.note


def steps(piece: Piece, tick: int) -> tuple[int, int, float] | None:
    """Steps of top line and bass, and beats, across a line; None where one side is empty."""
    notes = [note for part in piece.parts if not part.is_drums for note in part.notes]
    width = 4 * piece.ticks_per_beat
    before = [note for note in notes if tick - width <= note.onset < tick]
    behind = [note for note in notes if tick <= note.onset < tick + width]
    if not before or not behind:
        return None
    last, first = max(n.onset for n in before), min(n.onset for n in behind)
    here = [note for note in before if note.onset == last]
    there = [note for note in behind if note.onset == first]
    return (
        abs(_top(there) - _top(here)),
        abs(_bass(there) - _bass(here)),
        (first - last) / piece.ticks_per_beat,
    )


def _top(notes: list[Note]) -> int:
    return max(note.pitch for note in notes)


def _bass(notes: list[Note]) -> int:
    return min(note.pitch for note in notes)


def told_apart(seams: np.ndarray, others: np.ndarray) -> float:
    """Chance that a seam's value is larger than another line's, equals half: 0.5 for no telling."""
    larger = seams[:, None] > others[None, :]
    return float((larger + 0.5 * (seams[:, None] == others[None, :])).mean())


def main() -> None:
    """Fill, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--takes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    names = sorted(
        path
        for folder in given.folders
        for path in folder.rglob("*")
        if path.suffix.lower() in MIDI_SUFFIXES and path.stat().st_size < MOST_BYTES
    )
    predictor = composer.open_predictor()
    new, people, refused = [], [], collections.Counter()
    untouched = filled = notes = 0
    seconds = 0.0
    for index in rng.permutation(len(names)).tolist():
        if filled == given.files:
            break
        try:
            seed = open_seed(names[index])
            if seed.piece.note_count > MOST_NOTES:
                continue
            whole = WholePiece.of(seed.piece)
            if whole.bars < 8:
                continue
            length = int(rng.integers(1, 5))
            first = whole.first_bar + int(rng.integers(2, whole.bars - length - 1))
            begun = time.perf_counter()
            [made] = write_inside(
                seed,
                predictor,
                Settings(takes=given.takes, rng_seed=given.seed),
                Writing(FILL, (first, first + length - 1)),
            )
            seconds += time.perf_counter() - begun
        except ComposerError as error:
            refused[" ".join(str(error).split())[:60].replace(str(names[index]), "FILE")] += 1
            continue
        filled += 1
        notes += made.piece.note_count
        file = made.file(seed.file)
        lost = missing(seed.file, file, made)
        untouched += lost == 0
        if lost:
            print(f"{names[index]}: {lost} messages are missing", file=sys.stderr)
        new += [found for tick in (made.start, made.end) if (found := steps(made.whole, tick))]
        lines = [made.analysis.tick(whole.line(bar)) for bar in range(1, whole.bars)]
        lines = [line for line in lines if not made.start <= line <= made.end]
        some = rng.choice(lines, size=min(4, len(lines)), replace=False).tolist() if lines else []
        people += [found for tick in some if (found := steps(seed.piece, tick))]
    figures = {
        "files": filled,
        "untouched": untouched,
        "new notes": notes,
        "seconds a file": round(seconds / max(filled, 1), 2),
        "refused": dict(refused),
        **{
            name: {
                "lines": len(rows),
                **{
                    what: {
                        "median": round(float(np.median(column)), 2),
                        "mean": round(float(np.mean(column)), 2),
                        "over an octave" if at < 2 else "over a beat": round(
                            float(np.mean(column > (12 if at < 2 else 1))), 3
                        ),
                    }
                    for at, (what, column) in enumerate(
                        zip(("top step", "bass step", "beats"), np.array(rows).T, strict=True)
                    )
                },
            }
            for name, rows in (("seams", new), ("other bar lines", people))
            if rows
        },
    }
    if new and people:
        figures["told apart"] = {
            what: round(told_apart(*(np.array(rows)[:, at] for rows in (new, people))), 3)
            for at, what in enumerate(("top step", "bass step", "beats"))
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
