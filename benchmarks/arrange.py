"""Write the accompaniment of songs anew to their melody, and count how it agrees with people's.

    python benchmarks/arrange.py POP909 --songs 12 --takes 8 --bars 16 --markov 100 --drums GROOVE

Of each song of the folder's validation side (as `composer prepare` splits) the melody stands, for
so many bars, and parts are added to it: over the chords that composer finds, over the song's own
chords, and by a Markov player in the network's place that has counted so many songs of the
training side. The song's chords are those of half bars that `composer.analysis.form` finds in all
of it. Beside them: the song's own accompaniment, and triads in root position, on the chords that
are looked for in the melody as they would be in any music. Counted are

    bass on chord   lowest notes struck on the beginnings of half bars that are tones of the chord
    bass on root    those that are its root
    in one chord    such moments at which all that begins are tones of one triad or seventh chord
    chords          half bars in which root and third are those of people
    together        onsets of the accompaniment at which the melody begins a note, too
    backbeat        bars with a snare on the second and the fourth beat
    kick            bars with a bass drum on the first
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from composer_training.baselines.markov import Markov
from composer_training.baselines.markov_player import MarkovPlayer
from composer_training.data.sources import find_sources, split_of

import composer
from composer.analysis.form import plan_of
from composer.encoding.placement import encode
from composer.errors import ComposerError
from composer.formats import midi
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, Writing
from composer.music.beat_grid import find_grid
from composer.music.chords import CHORDS, TONES, chord_name, chord_tones, quality_of, root_of
from composer.music.downbeat import find_downbeat
from composer.music.notes import Note, Part, Piece

Chords = list[int]
KICKS, SNARES = (35, 36), (37, 38, 39, 40)
OWN = ("MELODY", "PIANO")


def songs(folder: Path, side: str, count: int, bars: int) -> Iterator[tuple[str, Piece]]:
    """So many songs of one side of a folder, their melody and their piano, cut."""
    sources = find_sources([folder])
    for number in np.random.default_rng(0).permutation(len(sources)).tolist():
        if not count:
            return
        source = sources[number]
        if split_of(source, hashlib.sha256(source.path.read_bytes()).hexdigest()) != side:
            continue
        piece = midi.read(source.path)
        own = [part for name in OWN for part in piece.parts if part.name == name and part.notes]
        if (
            len(own) < len(OWN)
            or len(piece.metres.changes) > 1
            or piece.metres.metre_at(0) != (4, 4)
        ):
            continue
        song = cut(piece.with_parts(tuple(own)), bars)
        if len(song.parts[0].notes) >= bars and len(song.parts[1].notes) >= 4 * bars:
            yield source.path.name, song
            count -= 1


def cut(piece: Piece, bars: int) -> Piece:
    """The first bars of a song, from where its highest part begins."""
    bar = piece.metres.position(0, piece.ticks_per_beat).length
    first = min(note.onset for note in piece.parts[0].notes) + bar // 32
    line = find_downbeat(piece) % bar
    start = line + (first - line) // bar * bar
    end = start + bars * bar
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
    accompaniment: Sequence[Part], melody: set[int], made: Chords, true: Chords, half: int
) -> dict[str, tuple[float, float]]:
    """(hits, of how many) of each figure.

    Args:
        accompaniment: Its parts.
        melody: Ticks at which the melody begins notes.
        made: Chords of all of it, by half bar.
        true: Those of people.
        half: Ticks of a half bar.
    """
    notes = [note for part in accompaniment if not part.is_drums for note in part.notes]
    lowest = lowest_of(notes, half)
    struck = [(number, pitch) for number, pitch in lowest.items() if number < len(true)]
    struck = [(number, pitch) for number, pitch in struck if true[number]]
    onsets = {note.onset for note in notes}
    pairs = [(a, b) for a, b in zip(made, true, strict=False) if b]
    begun = [tones for tones in begun_at(notes, half).values() if len(tones) > 1]
    found: dict[str, tuple[float, float]] = {
        "bass on chord": (sum(p % 12 in chord_tones(true[h]) for h, p in struck), len(struck)),
        "bass on root": (sum(p % 12 == root_of(true[h]) for h, p in struck), len(struck)),
        "in one chord": (sum(any(t <= c for c in EVERY) for t in begun), len(begun)),
        "chords": (sum(bool(a) and _same(a, b) for a, b in pairs), len(pairs)),
        "together": (len(onsets & melody), len(onsets)),
    }
    drums = [note for part in accompaniment if part.is_drums for note in part.notes]
    if drums:
        found |= drum_figures(drums, 2 * half)
    return found


def drum_figures(drums: Sequence[Note], bar: int) -> dict[str, tuple[float, float]]:
    """Bars of four beats with a backbeat, and with a bass drum on the one."""

    def bars_with(keys: tuple[int, ...], beat: int) -> set[int]:
        near = bar // 32
        return {
            (note.onset + near) // bar
            for note in drums
            if note.pitch in keys and (note.onset - beat * bar // 4 + near) % bar <= 2 * near
        }

    count = len({note.onset // bar for note in drums})
    return {
        "backbeat": (len(bars_with(SNARES, 1) & bars_with(SNARES, 3)), count),
        "kick": (len(bars_with(KICKS, 0)), count),
    }


EVERY = [chord_tones(code) for code in range(1, CHORDS)]


def begun_at(notes: Sequence[Note], half: int) -> dict[int, frozenset[int]]:
    """Pitch classes that begin together where half bars do."""
    found: dict[int, frozenset[int]] = {}
    for note in notes:
        number, inside = divmod(note.onset + half // 16, half)
        if inside <= half // 8:
            found[number] = found.get(number, frozenset()) | {note.pitch % 12}
    return found


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


def chart(chords: Chords) -> str:
    """A chart of the chords of half bars."""
    names = [chord_name(code) for code in chords]
    bars = [" ".join(names[at : at + 2]) for at in range(0, len(names), 2)]
    return f"| {' | '.join(bars)} |"


def drummers(folder: Path, count: int) -> dict[str, tuple[float, float]]:
    """The figures of people's drums."""
    total: dict[str, np.ndarray] = {}
    sources = find_sources([folder])
    for number in np.random.default_rng(0).permutation(len(sources)).tolist():
        piece = midi.read(sources[number].path)
        bar = 4 * piece.ticks_per_beat
        notes = [note for part in piece.parts if part.is_drums for note in part.notes]
        if piece.metres.metre_at(0) != (4, 4) or len(notes) < 64:
            continue
        for name, pair in drum_figures(notes, bar).items():
            total[name] = total.get(name, np.zeros(2)) + np.array(pair)
        count -= 1
        if not count:
            break
    return {name: (float(pair[0]), float(pair[1])) for name, pair in total.items()}


def markov_player(folder: Path, count: int) -> MarkovPlayer:
    """One that has counted so many songs."""
    pieces = []
    for _, song in songs(folder, "train", count, 64):
        events, _ = encode(song, find_grid(song, "beats"))
        pieces.append(events)
    return MarkovPlayer(Markov.fit(pieces))


def main() -> None:
    """Arrange, count, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--add", default="bass,drums,piano")
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--markov", type=int, default=0, help="songs that it counts")
    parser.add_argument("--drums", type=Path, help="people's, to compare with")
    parser.add_argument("--keep", type=Path, help="folder for what is written")
    given = parser.parse_args()
    network = composer.open_predictor()
    players = {"composer": network, "composer, its chords given": network}
    if given.markov:
        players["Markov"] = markov_player(given.folder, given.markov)
    total: dict[str, dict[str, np.ndarray]] = {}

    def count(who: str, found: dict[str, tuple[float, float]]) -> None:
        own = total.setdefault(who, {})
        for name, pair in found.items():
            own[name] = own.get(name, np.zeros(2)) + np.array(pair)

    done = 0
    for name, song in songs(given.folder, "valid", given.songs, given.bars):
        tune = song.with_parts(song.parts[:1])
        file = midi.from_piece(tune)
        seed = Seed(Path("tune.mid"), file, midi.to_piece(file))
        half = song.metres.position(0, song.ticks_per_beat).length // 2
        melody = {note.onset for note in tune.parts[0].notes}
        true, alone = chords_of(song, given.bars), chords_of(tune, given.bars)
        triads = [
            Note(number * half, 36 + (root_of(code) + step) % 12 + 12 * (step > 0), half, 80)
            for number, code in enumerate(alone)
            if code
            for step in TONES[quality_of(code)][:3]
        ]
        count("people", figures(song.parts[1:], melody, true, true, half))
        count("root position", figures([Part(tuple(triads), 0)], melody, alone, true, half))
        for who, player in players.items():
            settings = Settings(
                takes=given.takes if player is network else 1, rng_seed=1, grid="beats",
                chords=chart(true) if "given" in who else None,
            )  # fmt: skip
            writing = Writing(ARRANGE, add=tuple(given.add.split(",")))
            try:
                [made] = write_inside(seed, player, settings, writing)
            except ComposerError as error:
                print(name, who, error)
                continue
            chords = chords_of(made.whole, given.bars)
            count(who, figures(made.piece.parts[1:], melody, chords, true, half))
            if given.keep:
                midi.from_piece(made.whole).save(given.keep / f"{name[:-4]} {who}.mid")
        done += 1
    if given.drums:
        count("people", drummers(given.drums, 40))
    rounded = {
        who: {name: round(float(a / max(b, 1)), 3) for name, (a, b) in values.items()}
        for who, values in total.items()
    }
    print(json.dumps({"songs": done} | rounded, indent=2))


if __name__ == "__main__":
    main()
