"""How answers take up phrases of real pieces: `python benchmarks/answers.py FOLDER [--part NAME]`.

A piece's part is cut into phrases where it waits. One phrase of each piece is played in fake time
to a session of its own, and composer answers. The answer is held against the phrase, and so is
the piece's own next phrase (*people*). *Chance* is the same answers held against the phrases of
the other pieces. A piece counts if the training of the shipped model has not seen it, as
`composer prepare` splits (`--all`: every piece).

    python benchmarks/answers.py pop909 --part MELODY
    python benchmarks/answers.py maestro/validation --free

Conventions:
    Times are beats of the piece's tempo at the phrase; a line is the highest note of each onset.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from composer_training.data.sources import find_sources, split_of
from numpy.typing import NDArray

from composer import models
from composer.analysis.answer_fit import USUAL, AnswerFit
from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import ComposerError
from composer.formats import midi
from composer.live.core.scheduler import Play
from composer.live.offline_session import OfflineSession
from composer.live.playing.batch_slots import BLOCKS
from composer.music.keys import MINOR, Key, fitting_key, sounding_time
from composer.music.notes import Piece
from composer.music.timing import tempo_to_bpm
from composer.network.predictor import Predictor

SHORTEST, LONGEST = 3.0, 15.0
"""Seconds of a phrase."""
REST, WAITS = 0.4, 2.5
"""A phrase ends before a step from onset to onset of so many seconds that is also so many times
the usual step."""
TOGETHER = 0.06
"""Beats within which onsets are one, and on the beat."""
FIGURE = 3
"""Intervals, or lengths, of a figure."""
SIXTEENTH = 0.25
PATIENT = 12.0
"""Seconds for which the player waits for the answer to begin."""


class Played(NamedTuple):
    """A note, in beats."""

    onset: float
    pitch: int
    duration: float
    velocity: int = 80


Notes = list[Played]


@dataclass(frozen=True)
class Pair:
    """A phrase and the next one of its piece, from the bar line before the first note.

    Attributes:
        phrase: Its notes.
        following: Those of the next one.
        bpm: Beats per minute.
        metre: As the parameter has it.
    """

    phrase: Notes
    following: Notes
    bpm: float
    metre: str


# Phrases.


def pairs_of(piece: Piece, part: str) -> Iterator[Pair]:
    """Phrases that are followed by another one.

    Args:
        piece: It.
        part: Part of the name of the part; the first one that fits is taken.
    """
    own = next((p for p in piece.parts if part.lower() in p.name.lower() and p.notes), None)
    if own is None or own.is_drums:
        return
    beat = piece.ticks_per_beat
    found = [
        Played(note.onset / beat, note.pitch, note.duration / beat, note.velocity)
        for note in own.notes
    ]
    seconds = [piece.tempos.seconds(note.onset, beat) for note in own.notes]
    steps = [b - a for a, b in pairwise(seconds) if b - a > 0.03]
    if not steps:
        return
    waits = max(REST, WAITS * median(steps))
    cuts = [at for at, (a, b) in enumerate(pairwise(seconds), 1) if b - a >= waits]
    spans = [(a, b) for a, b in pairwise([0, *cuts, len(found)]) if b - a >= 6]
    for (first, last), (then, end) in pairwise(spans):
        lengths = [seconds[b - 1] - seconds[a] for a, b in ((first, last), (then, end))]
        if then != last or not all(SHORTEST <= length <= LONGEST for length in lengths):
            continue
        start = own.notes[first].onset
        place = piece.metres.position(start, beat)
        line = (start - place.tick) / beat
        upper, lower = piece.metres.metre_at(start)
        yield Pair(
            _until(found[first:last], found[last].onset, line),
            _until(found[then:end], found[end].onset if end < len(found) else np.inf, line),
            tempo_to_bpm(piece.tempos.tempo_at(start)),
            f"{upper}/{lower}",
        )


def _until(notes: Notes, end: float, line: float) -> Notes:
    """Notes counted from a bar line, none longer than to the next phrase."""
    return [
        note._replace(
            onset=note.onset - line, duration=max(min(note.duration, end - note.onset - 0.1), 0.05)
        )
        for note in notes
    ]


def pairs(folder: Path, part: str, count: int, every: bool) -> Iterator[Pair]:
    """One pair of each of so many pieces, the folder's whole width."""
    sources = find_sources([folder])
    if not every:
        sources = [
            source
            for source in sources
            if split_of(source, hashlib.sha256(source.path.read_bytes()).hexdigest()) == "valid"
        ]
    found = 0
    order = np.random.default_rng(0).permutation(len(sources))
    for source in (sources[number] for number in order.tolist()):
        try:
            own = list(pairs_of(midi.read(source.path), part))
        except ComposerError:
            continue
        if own:
            yield own[len(own) // 3]
            found += 1
            if found == count:
                return


# Answers.


def answer(predictor: Predictor, pair: Pair, told: bool, number: int) -> Notes:
    """What composer plays to a phrase.

    Args:
        predictor: The network.
        pair: The phrase.
        told: Whether the session is told tempo and bar line.
        number: From which all chance comes.
    """
    beat = 60 / pair.bpm
    parameters = {"metre": pair.metre} if told else {}
    session = OfflineSession(
        predictor, bpm=pair.bpm if told else None, rng_seed=number, **parameters
    )
    if told:
        session.session.beat(0.0, 0.0)
    keys = [(note.onset * beat, 1, note) for note in pair.phrase]
    keys += [((note.onset + note.duration) * beat - 0.004, 0, note) for note in pair.phrase]
    for moment, down, note in sorted(keys):
        if down:
            session.note_on(max(moment, session.now), note.pitch, note.velocity)
        else:
            session.note_off(max(moment, session.now), note.pitch)
    up = session.now
    sent = session.until(up + PATIENT)
    while session.session.player.on_turn:
        sent += session.until(session.now + 1.0)
    notes: Notes = []
    open_at: dict[int, int] = {}
    for moment, out in sent:
        if not isinstance(out, Play) or moment < up:
            continue
        if out.pitch in open_at:
            at = open_at.pop(out.pitch)
            notes[at] = notes[at]._replace(duration=moment / beat - notes[at].onset)
        if out.velocity:
            open_at[out.pitch] = len(notes)
            notes.append(Played(moment / beat, out.pitch, 0.05, out.velocity))
    return notes


# What is counted.


def line_of(notes: Sequence[Played]) -> Notes:
    """The highest note of each onset."""
    line: Notes = []
    for note in sorted(notes):
        if line and note.onset - line[-1].onset <= TOGETHER:
            if note.pitch > line[-1].pitch:
                line[-1] = note._replace(onset=line[-1].onset)
        else:
            line.append(note)
    return line


def interval_figures(notes: Notes) -> list[tuple[int, ...]]:
    """Three intervals of the line on end."""
    return _figures([b.pitch - a.pitch for a, b in pairwise(line_of(notes))])


def length_figures(notes: Notes) -> list[tuple[int, ...]]:
    """Three steps from onset to onset on end, in sixteenths."""
    line = line_of(notes)
    return _figures([round((b.onset - a.onset) / SIXTEENTH) for a, b in pairwise(line)])


def _figures(values: list[int]) -> list[tuple[int, ...]]:
    return [tuple(values[at : at + FIGURE]) for at in range(len(values) - FIGURE + 1)]


def taken_up(
    figures: Callable[[Notes], list[tuple[int, ...]]], notes: Notes, phrase: Notes
) -> float:
    """Share of the figures that the phrase has, too."""
    own, there = figures(notes), set(figures(phrase))
    return fmean(figure in there for figure in own) if own else 0.0


def longest_copy(notes: Notes, phrase: Notes) -> int:
    """Intervals on end that the phrase has in the same order, the longest such run."""
    own, there = (
        [b.pitch - a.pitch for a, b in pairwise(line_of(some))] for some in (notes, phrase)
    )
    best, before = 0, [0] * (len(there) + 1)
    for interval in own:
        now = [0] * (len(there) + 1)
        for at, other in enumerate(there, 1):
            if interval == other:
                now[at] = before[at - 1] + 1
        best, before = max(best, *now), now
    return best


def key_of(notes: Notes) -> Key | None:
    """The key that fits."""
    pitches = np.array([note.pitch for note in notes])
    return fitting_key(sounding_time(pitches, np.array([note.duration for note in notes]), 1.0))


def figures_of(notes: Notes, phrase: Notes, grid: bool) -> dict[str, float]:
    """All that is counted of an answer, or of people's next phrase.

    Args:
        notes: It.
        phrase: What it follows.
        grid: Whether it is known where beats are.
    """
    found = {
        "intervals": taken_up(interval_figures, notes, phrase),
        "lengths": taken_up(length_figures, notes, phrase),
        "copy": float(longest_copy(notes, phrase)),
        "length": (notes[-1].onset - notes[0].onset) / (phrase[-1].onset - phrase[0].onset),
        "notes": len(notes) / len(phrase),
    }
    key, own = key_of(phrase), key_of(notes)
    if key is not None:
        last = line_of(notes)[-1].pitch % 12
        triad = {
            key.tonic,
            (key.tonic + (3 if key.mode == MINOR else 4)) % 12,
            (key.tonic + 7) % 12,
        }
        found |= {"key": own == key, "tonic": last == key.tonic, "triad": last in triad}
    if grid:
        onsets = [note.onset for note in line_of(notes)]
        found["on_beat"] = fmean(abs(onset - round(onset)) <= TOGETHER for onset in onsets)
    return found


ROWS = {
    "intervals": "figures of three intervals that the phrase has",
    "lengths": "figures of three lengths that the phrase has",
    "key": "in the key of the phrase",
    "tonic": "ends on the tonic of the phrase",
    "triad": "ends on a note of its triad",
    "on_beat": "onsets on the beat",
    "copy": "longest run of its intervals",
    "notes": "notes, in those of the phrase",
    "length": "length, in that of the phrase",
}


def table(pairs: list[Pair], answers: list[list[Notes]], told: bool) -> Iterator[str]:
    """The lines of the table.

    Args:
        pairs: The phrases.
        answers: To each of them, one or several.
        told: Whether composer was told the tempo.
    """
    rows: dict[str, list[dict[str, float]]] = {
        "answer": [],
        "chance": [],
        "people": [],
        "phrase": [],
    }
    for number, (pair, own) in enumerate(zip(pairs, answers, strict=True)):
        others = [other.phrase for at, other in enumerate(pairs) if at != number]
        for notes in own:
            rows["answer"].append(figures_of(notes, pair.phrase, told))
            rows["chance"] += [figures_of(notes, other, told) for other in others]
        rows["people"].append(figures_of(pair.following, pair.phrase, True))
        rows["phrase"].append(figures_of(pair.phrase, pair.phrase, True))
    yield f"{'':48s}" + "".join(f"{name:>9s}" for name in rows)
    for name, words in ROWS.items():
        cells = []
        for column, found in rows.items():
            values = [row[name] for row in found if name in row]
            empty = not values or (column == "chance" and name in ("notes", "length", "on_beat"))
            cells.append(f"{'':9s}" if empty else f"{fmean(values):9.2f}")
        yield f"{words:48s}" + "".join(cells)


def _rows(notes: Notes) -> NDArray[np.int64]:
    """Onset, part, pitch and ticks of each note, [notes, 4]."""
    beats = [(note.onset, 0, note.pitch / TICKS_PER_BEAT, note.duration) for note in sorted(notes)]
    return np.round(TICKS_PER_BEAT * np.array(beats)).astype(np.int64)


def traits(pairs: list[Pair]) -> Iterator[str]:
    """Mean and standard deviation of what people's next phrases have of `USUAL`."""
    found: dict[str, list[float]] = {name: [] for name in USUAL}
    for pair in pairs:
        fit = AnswerFit(_rows(pair.phrase), frozenset(), TICKS_PER_BEAT, False)
        for name, value in fit.traits(_rows(pair.following)).items():
            found[name].append(value)
    for name, values in found.items():
        yield f"{name:12s} {np.mean(values):6.2f} {np.std(values):6.2f}"


def main() -> None:
    """Play the phrases, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="", help="part of a track's name; the first track")
    parser.add_argument("--phrases", type=int, default=8, help="pieces, a phrase of each")
    parser.add_argument("--tries", type=int, default=2, help="answers to each phrase")
    parser.add_argument("--all", action="store_true", help="pieces of the training, too")
    parser.add_argument(
        "--traits", action="store_true", help="tell what people do, and play nothing"
    )
    parser.add_argument("--model", default="default")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--tempo", action="store_true", help="with a tempo only")
    how.add_argument("--free", action="store_true", help="without a tempo only")
    options = parser.parse_args()
    chosen = list(pairs(options.folder, options.part, options.phrases, options.all))
    if not chosen:
        raise SystemExit(f"{options.folder} has no two phrases of {SHORTEST:g} to {LONGEST:g} s")
    if options.traits:
        print("\n".join(traits(chosen)))
        return
    predictor = Predictor.load(models.find(options.model), threads=1, sizes=BLOCKS)
    for told in (True, False):
        if (options.free and told) or (options.tempo and not told):
            continue
        answers = [
            [
                notes
                for number in range(options.tries)
                if len(notes := answer(predictor, pair, told, number)) > 1
            ]
            for pair in chosen
        ]
        count = sum(map(len, answers))
        told_as = "told the tempo" if told else "in free time"
        print(f"{options.folder.name} {options.part}, {told_as}: {count} answers to {len(chosen)}")
        print("\n".join(table(chosen, answers, told)), flush=True)


if __name__ == "__main__":
    main()
