"""How often the search for the bar line is wrong, on music that its weights never saw.

    python benchmarks/downbeat.py FOLDER... [--folds 5]
    python benchmarks/downbeat.py FOLDER... --held 300

Each folder is a corpus of MIDI files whose bar lines are taken for true. Three columns of
figures for each: the weights as shipped; weights fitted to four fifths of all pieces and
tried on the fifth left out; weights fitted to the other corpora only. The fit is a
conditional logit over the phases of the bar with a ridge penalty, by Newton's method.

    contradicted   share of all files for which another bar line than their own is found
    put right      share of files in one metre, all notes moved by some pulses, for which the
                   true bar line is found
    put wrong      share of the same files for which a third place is found

With `--held N`, the highest parts of N files of each folder, MIDI or scores, are cut to 4 to 32
bars as tunes. Each is tried as it is, and with its last note held half a beat, a beat, two beats or
a bar longer. The figures are how many tunes have their bar lines moved, and for how many the held
note makes a difference.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.errors import ComposerError
from composer.formats import midi
from composer.formats.music_file import read_pieces
from composer.formats.suffixes import is_music
from composer.music import downbeat
from composer.music.beat_grid import BEATS, find_grid
from composer.music.notes import Piece
from composer.music.timing import bar_ticks

Floats = NDArray[np.float64]
RIDGE = 1.0


@dataclass(frozen=True)
class Song:
    """What speaks for a bar line at each phase of a piece.

    Attributes:
        corpus: The folder it comes from.
        pulses: Of a bar.
        bars: Of the piece.
        tonal: Whether there is more than drums.
        clues: [phase, clue] of the whole and of its stretches.
    """

    corpus: str
    pulses: int
    bars: int
    tonal: bool
    clues: tuple[Floats, ...]

    def moved(self, pulses: int) -> Song:
        """The same music, later over the same bar lines."""
        rolled = tuple(np.roll(part, pulses, axis=0) for part in self.clues)
        return replace(self, clues=rolled)

    def phase(self, weights: Floats) -> int:
        """Where `find_downbeat` would put the bar line with these weights."""
        return downbeat.likeliest_phase(self.clues, self.bars, self.tonal, weights)


def song(path: Path, corpus: str) -> Song | None:
    """A file's bar lines; None where there is nothing to search."""
    piece = midi.read(path)
    grid = find_grid(piece)
    bars = downbeat.bars_of(piece)
    if grid.kind != BEATS or bars is None:
        return None
    clues = downbeat.pulse_clues(piece, bars, grid.offset)
    count = clues.shape[1] // bars.pulses
    if count < downbeat.FEWEST_BARS:
        return None
    found = tuple(downbeat.evidence(clues, bars.pulses))
    return Song(corpus, bars.pulses, count, bool(clues[0].any()), found)


def fit(songs: list[Song]) -> Floats:
    """Weights by which phase 0 is the likeliest."""
    weights = np.zeros(len(downbeat.WEIGHTS))
    for _ in range(60):
        slope, curve = -RIDGE * weights, RIDGE * np.eye(len(weights))
        for clues in (song.clues[0] for song in songs):
            odds = np.exp(clues @ weights - (clues @ weights).max())
            odds /= odds.sum()
            mean = odds @ clues
            slope += clues[0] - mean
            curve += (clues * odds[:, None]).T @ clues - np.outer(mean, mean)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-5:
            break
    return weights


def tell(title: str, songs: list[Song], files: dict[str, int], pick: Callable[[int], Any]) -> None:
    """Print a table: pick gives the weights for the song of that number."""
    print(title)
    for corpus, count in files.items():
        own = [(index, song) for index, song in enumerate(songs) if song.corpus == corpus]
        contradicted = sum(song.phase(pick(index)) != 0 for index, song in own)
        right = wrong = tried = 0
        for index, song in own:
            pulses = 1 + (index * 7 + 3) % (song.pulses - 1)
            found = song.moved(pulses).phase(pick(index))
            tried, right, wrong = (
                tried + 1, right + (found == pulses), wrong + (found not in (0, pulses)),
            )  # fmt: skip
        print(
            f"    {corpus:12} contradicted {contradicted} of {count}; "
            f"of {tried} moved, {right / max(tried, 1):.0%} put right, "
            f"{wrong / max(tried, 1):.1%} put wrong"
        )


def tune(path: Path, dice: np.random.Generator) -> Piece | None:
    """4 to 32 bars of a file's highest part."""
    piece = read_pieces(path, lambda line: None)[0]
    parts = [part for part in piece.parts if len(part.notes) >= 16 and not part.is_drums]
    if not parts:
        return None
    top = max(parts, key=lambda part: np.mean([note.pitch for note in part.notes]))
    bar = bar_ticks(*piece.metres.changes[0][1:], piece.ticks_per_beat)
    stop = top.notes[0].onset // bar * bar + int(dice.integers(4, 33)) * bar
    notes = tuple(note for note in top.notes if note.end <= stop)
    return piece.with_parts((replace(top, notes=notes),)) if len(notes) >= 8 else None


def held_longer(piece: Piece, dice: np.random.Generator) -> Piece:
    """The same piece with its last note held longer."""
    beat = piece.ticks_per_beat
    bar = bar_ticks(*piece.metres.changes[0][1:], beat)
    *notes, last = piece.parts[0].notes
    more = int(dice.choice([beat // 2, beat, 2 * beat, bar]))
    held = (*notes, replace(last, duration=last.duration + more))
    return piece.with_parts((replace(piece.parts[0], notes=held),))


def tell_held(folder: Path, limit: int) -> None:
    """How many tunes of a folder are moved, as they are and with a long last note."""
    dice = np.random.default_rng(0)
    paths = sorted(path for path in folder.rglob("*") if is_music(path))
    dice.shuffle(paths)
    tried = plain = held = changed = 0
    for path in paths:
        try:
            piece = tune(path, dice) if tried < limit else None
        except ComposerError:
            continue
        if piece is None:
            continue
        before = find_grid(piece).downbeat
        after = find_grid(held_longer(piece, dice)).downbeat
        tried, plain, held = tried + 1, plain + (before != 0), held + (after != 0)
        changed += before != after
    print(f"{folder.name}: {tried} tunes, {plain} moved as they are, {held} with a long last note;"
          f" it makes a difference for {changed}")  # fmt: skip


def main() -> None:
    """Read the files, fit the weights and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--held", type=int, metavar="TUNES")
    given = parser.parse_args()
    if given.held:
        for folder in given.folders:
            tell_held(folder, given.held)
        return
    songs: list[Song] = []
    files: dict[str, int] = {}
    for folder in given.folders:
        paths = sorted(folder.rglob("*.mid"))
        files[folder.name] = len(paths)
        songs += [found for path in paths if (found := song(path, folder.name)) is not None]
    fold = np.random.default_rng(0).integers(0, given.folds, len(songs))
    crossed = [
        fit([song for song, own in zip(songs, fold, strict=True) if own != number])
        for number in range(given.folds)
    ]
    tell("As shipped", songs, files, lambda index: downbeat.WEIGHTS)
    tell(f"Cross-fitted, {given.folds} folds", songs, files, lambda index: crossed[fold[index]])
    if len(files) > 1:
        apart = {name: fit([song for song in songs if song.corpus != name]) for name in files}
        tell("Fitted to the other corpora", songs, files, lambda index: apart[songs[index].corpus])


if __name__ == "__main__":
    main()
