"""Fill random bars of random files: whether all else stands, and how the seams are.

    python benchmarks/fill.py FOLDER... --files 200 --takes 1

Of each file some bars in its middle are filled. What is counted:

    untouched   files in which every message outside the bars, and every one that is no note, pedal
                or bend inside them, is in the new file at its tick, in its order
    seams       across the bar lines at which the new bars begin and end: the step of the top line
                and of the bass, in semitones, and the time from the last onset before the line to
                the first one behind it, in beats; beside the same at the file's other bar lines
    told apart  chance that such a figure is larger at a seam than at another bar line
    listener    how often a listener (`composer.evaluation.listener`), which has heard of other
                files what one bar on each side of a line is like, takes the new one of two lines of
                a file for new: with an interval, and the traits that give new ones away most
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
from composer.evaluation.listener import listen
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


def across(piece: Piece, tick: int) -> dict[str, float] | None:
    """What can be told of a bar on each side of a line; None where one side is empty."""
    width = piece.metres.position(tick, piece.ticks_per_beat).length
    sixteenth = piece.ticks_per_beat / 4
    sides, found = [], steps(piece, tick)
    for start, end in ((tick - width, tick), (tick, tick + width)):
        notes = [
            (number, note)
            for number, part in enumerate(piece.parts)
            for note in part.notes
            if start <= note.onset < end
        ]
        tones = [note for number, note in notes if not piece.parts[number].is_drums]
        if found is None or not tones:
            return None
        onsets = {round((note.onset - start) / sixteenth) for _, note in notes}
        classes = np.bincount([note.pitch % 12 for note in tones], minlength=12) / len(tones)
        sides.append((notes, tones, onsets, classes))
    (before, low, times, profile), (behind, high, later, other) = sides
    top, bass, beats = found
    first = min(note.onset for note in high)
    begun = {note.pitch % 12 for note in high if note.onset == first}
    last = max(note.onset for note in low)
    left = {note.pitch % 12 for note in low if note.onset == last}
    sounding = [note for note in low if note.end > tick]
    players = [{number for number, _ in notes} for notes in (before, behind)]
    return {
        "step of the top line": top,
        "the top line stays": float(top == 0),
        "a leap of the top line": float(top > 7),
        "step of the bass": bass,
        "the bass stays": float(bass == 0),
        "beats from onset to onset": beats,
        "a note on the line": float(first - tick < sixteenth / 2),
        "notes that sound over it": float(len(sounding)),
        "notes behind, beside before": float(np.log(len(behind) / len(before))),
        "change of the notes": float(abs(np.log(len(behind) / len(before)))),
        "change of the onsets": 1 - len(times & later) / len(times | later),
        "change of the pitch classes": float(np.abs(profile - other).sum() / 2),
        "change of the height": float(abs(_mean(high, "pitch") - _mean(low, "pitch"))),
        "change of the lengths": float(
            abs(np.log(_mean(high, "duration") / _mean(low, "duration")))
        ),
        "change of the loudness": float(abs(_mean(high, "velocity") - _mean(low, "velocity"))),
        "change of who plays": 1 - len(players[0] & players[1]) / len(players[0] | players[1]),
        "tones that both onsets have": len(begun & left) / len(begun | left),
        "semitones on the first onset": float(any((pitch + 1) % 12 in begun for pitch in begun)),
    }


def _mean(notes: list[Note], field: str) -> float:
    return float(np.mean([getattr(note, field) for note in notes]))


def both(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of what is told of some lines."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


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
    edges, lines_there = [], []
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
        told = [found for tick in (made.start, made.end) if (found := across(made.whole, tick))]
        there = [found for tick in some if (found := across(seed.piece, tick))]
        if len(told) == 2 and len(there) >= 2:
            edges.append(both(told))
            lines_there.append(both(there[:2]))
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
    if edges:
        figures["listener"] = listen(lines_there, edges).as_dict(6)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
