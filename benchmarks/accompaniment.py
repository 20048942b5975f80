"""How composer accompanies people: `python benchmarks/accompaniment.py FOLDER [--free]`.

Parts of pieces are played in fake time to sessions of their own in mode accompany, and what the
bass and the drums play is held against the player's harmony and beat. *People*: the lowest notes
of the same player below middle C stand for a bass, and the drummers of `--drums FOLDER` for
drums. *Chance*: composer's bass moved by so many beats. The player's chords are those that
`composer.analysis.harmony` finds in the whole part, with all that comes later in view. A piece
counts if the training of the shipped model has not seen it, as `composer prepare` splits
(`--all`: every piece).

One file of more than 400 lines, because a benchmark is a script that runs by itself.

    python benchmarks/accompaniment.py pop909 --parts MELODY PIANO --drums groove
    python benchmarks/accompaniment.py pop909 --parts MELODY PIANO --free --jitter 10

Conventions:
    Places are beats, with a bar line at 0; moments are seconds.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from composer_training.data.sources import find_sources, split_of

from composer import models
from composer.analysis.form import chords_of
from composer.analysis.segment import Segment
from composer.encoding.events import TICKS_PER_BEAT, nearest_duration
from composer.errors import ComposerError
from composer.formats import midi
from composer.live.core.output import Tell
from composer.live.core.scheduler import Play
from composer.live.offline_session import OfflineSession
from composer.live.playing.batch_slots import BLOCKS
from composer.music.chords import NO_CHORD, chord_tones, root_of
from composer.music.downbeat import find_downbeat
from composer.music.notes import Piece
from composer.music.timing import bar_ticks, tempo_to_bpm
from composer.network.predictor import Predictor

CHANCE = (8.5, 13.5)
"""Beats by which the bass is moved to see what chance gives."""
SHORTLY = 0.25
"""Beats in which what the player sounds is compared with a bass note."""
NEAR = 0.03
"""Seconds within which a note lies on an eighth."""
LOW = 60
"""Notes of people's below this pitch, the lowest of their onset, are a bass."""
TOGETHER = 0.08
"""Beats within which onsets are one."""
KICKS, SNARES = (35, 36), (37, 38, 39, 40)
DRUM_CHANNEL = 9


class Played(NamedTuple):
    """A note: onset and end in beats and in seconds, pitch, velocity, channel."""

    onset: float
    end: float
    second: float
    until: float
    pitch: int
    velocity: int
    channel: int


Notes = list[Played]


@dataclass(frozen=True)
class Song:
    """What a player plays.

    Attributes:
        name: Of the file.
        notes: All notes, channel 0 and on, in order; 9 for drums.
        bpm: Tempo at its beginning.
        metre: As the parameter has it.
        bar: Beats of a bar.
        beats: Moments of the beats from the first bar line on.
    """

    name: str
    notes: Notes
    bpm: float
    metre: str
    bar: float
    beats: list[float]

    def place(self, second: float) -> float:
        """The beat at a moment."""
        at = min(
            max(int(np.searchsorted(self.beats, second, side="right")) - 1, 0), len(self.beats) - 2
        )
        return at + (second - self.beats[at]) / (self.beats[at + 1] - self.beats[at])


def song_of(piece: Piece, name: str, parts: Sequence[str], seconds: float) -> Song | None:
    """The first seconds of some parts of a piece; None if it has none of them, or changes metre."""
    found = (
        [
            next((p for p in piece.parts if part.lower() in p.name.lower() and p.notes), None)
            for part in parts
        ]
        if parts
        else list(piece.parts)
    )
    own = [part for part in found if part is not None]
    if not own or len(piece.metres.changes) > 1:
        return None
    beat, tempos = piece.ticks_per_beat, piece.tempos
    piece = piece.with_parts(tuple(own))
    upper, lower = piece.metres.metre_at(0)
    bar = bar_ticks(upper, lower, beat)
    first = min(part.notes[0].onset for part in own)
    line = find_downbeat(piece) % bar
    line += (first - line) // bar * bar  # the bar line before the first note
    start = tempos.seconds(line, beat)
    notes = sorted(
        Played(
            (note.onset - line) / beat,
            (note.onset + note.duration - line) / beat,
            tempos.seconds(note.onset, beat) - start,
            tempos.seconds(note.onset + note.duration, beat) - start,
            note.pitch,
            note.velocity,
            DRUM_CHANNEL if part.is_drums else number,
        )
        for number, part in enumerate(own)
        for note in part.notes
    )
    notes = [note for note in notes if note.second < seconds]
    count = int(notes[-1].end) + 2
    beats = [tempos.seconds(line + number * beat, beat) - start for number in range(count)]
    bpm = tempo_to_bpm(tempos.tempo_at(first))
    return Song(name, notes, bpm, f"{upper}/{lower}", bar / beat, beats)


def songs(
    folder: Path, parts: Sequence[str], count: int, seconds: float, every: bool
) -> Iterator[Song]:
    """So many songs, from the folder's whole width."""
    sources = find_sources([folder])
    if not every:
        sources = [
            source
            for source in sources
            if split_of(source, hashlib.sha256(source.path.read_bytes()).hexdigest()) == "valid"
        ]
    found = 0
    for number in np.random.default_rng(0).permutation(len(sources)).tolist():
        try:
            song = song_of(
                midi.read(sources[number].path), sources[number].path.name, parts, seconds
            )
        except ComposerError:
            continue
        if song is not None and len(song.notes) >= 32 and song.metre == "4/4":
            yield song
            found += 1
            if found == count:
                return


# The session.


def accompany(
    predictor: Predictor, song: Song, told: bool, jitter: float, parameters: dict[str, str]
) -> tuple[Notes, list[tuple[float, float]]]:
    """What composer plays under a song.

    Args:
        predictor: The network.
        song: What the player plays.
        told: Whether the session is told tempo and beats.
        jitter: Seconds, the standard deviation by which the player is early or late.
        parameters: Of the session.

    Returns:
        Its notes, and (moment, beats a minute) of each tempo that was told.
    """
    session = OfflineSession(predictor, bpm=song.bpm if told else None, **parameters)
    rng = np.random.default_rng(1)
    begins = 0.1  # nobody is early for the first beat
    todo: list[tuple[float, int, Played | int]] = []
    for note in song.notes:
        moment = max(begins + note.second + jitter * rng.standard_normal(), 0.0)
        end = max(begins + note.until - 0.004, moment + 0.02)
        todo += [(moment, 2, note), (end, 1, note)]
    if told:
        beats = range(len(song.beats) - 1)
        todo += [(begins + song.beats[number], 0, number) for number in beats]
    for moment, what, thing in sorted(todo, key=lambda entry: (entry[0], entry[1])):
        if isinstance(thing, int):
            step = song.beats[thing + 1] - song.beats[thing]
            session.follow(moment, thing, 60 / step)
        elif what == 2:
            session.note_on(moment, thing.pitch, thing.velocity, thing.channel)
        else:
            session.note_off(moment, thing.pitch, thing.channel)
    sent = session.until(session.now + 8.0)
    notes: Notes = []
    open_at: dict[tuple[int, int], int] = {}
    tempos = []
    for moment, out in sent:
        second = moment - begins
        if isinstance(out, Tell) and out.address == "changed" and out.arguments[0] == "tempo":
            tempos.append((second, float(str(out.arguments[1]))))
        if not isinstance(out, Play):
            continue
        if (out.channel, out.pitch) in open_at:
            at = open_at.pop((out.channel, out.pitch))
            notes[at] = notes[at]._replace(until=second, end=song.place(second))
        if out.velocity:
            open_at[out.channel, out.pitch] = len(notes)
            place = song.place(second)
            notes.append(Played(place, place, second, second, out.pitch, out.velocity, out.channel))
    return notes, tempos


# What is counted.


def half_bars(song: Song) -> list[int]:
    """The player's chord of each half bar."""
    tones = [note for note in song.notes if note.channel != DRUM_CHANNEL]
    onsets = np.array([max(round(note.onset * TICKS_PER_BEAT), 0) for note in tones])
    lengths = np.array([round((note.end - note.onset) * TICKS_PER_BEAT) for note in tones])
    rows = np.zeros((len(tones), 5), dtype=np.int64)
    rows[:, 2] = [note.pitch for note in tones]
    rows[:, 3] = nearest_duration(lengths.clip(1, 384))
    bar = round(song.bar * TICKS_PER_BEAT)
    return chords_of(Segment(rows, onsets, (0,), bar, False, int((onsets + lengths).max())))


def bass_figures(
    bass: Notes, song: Song, chords: list[int], moved: float = 0.0
) -> dict[str, float]:
    """How a bass lies in the player's harmony.

    Args:
        bass: Its notes.
        song: The player's.
        chords: Of half bars.
        moved: Beats by which the bass is moved.
    """
    tones = [note for note in song.notes if note.channel != DRUM_CHANNEL]
    begins = np.array([note.onset for note in tones])
    ends = np.array([note.end for note in tones])
    classes = np.array([note.pitch % 12 for note in tones])
    sounded, in_chord, on_root, strong = [], [], [], []
    half = song.bar / 2
    for note in bass:
        at, pitch = note.onset + moved, note.pitch % 12
        live = (begins < at + SHORTLY) & (ends > at + 0.02)
        if live.any():
            sounded.append(pitch in classes[live])
        number = int((at + TOGETHER) // half)
        if not 0 <= number < len(chords) or chords[number] == NO_CHORD:
            continue
        root = root_of(chords[number])
        in_chord.append(pitch in chord_tones(chords[number]))
        on_root.append(pitch == root)
        if (at + TOGETHER) % half < 2 * TOGETHER:
            strong.append(pitch in (root, (root + 7) % 12))
    lists = {"sounded": sounded, "chord": in_chord, "root": on_root, "strong": strong}
    return {name: fmean(values) for name, values in lists.items() if values}


def drum_figures(drums: Notes, song: Song) -> dict[str, float]:
    """How drums keep the beat."""
    if not drums:
        return {}
    beats = np.array(song.beats)
    eighths = np.sort(np.concatenate([beats, (beats[1:] + beats[:-1]) / 2]))
    seconds = np.array([note.second for note in drums])
    off = np.abs(seconds[:, None] - eighths[None, :]).min(axis=1)
    found = {"eighths": float((off <= NEAR).mean())}

    def on(keys: tuple[int, ...], beat: int) -> set[int]:
        """Bars in which one of the keys falls on a beat."""
        return {
            int((note.onset + 0.15) // song.bar)
            for note in drums
            if note.pitch in keys and abs((note.onset - beat + 0.15) % song.bar - 0.15) < 0.15
        }

    bars = {int((note.onset + 0.15) // song.bar) for note in drums}
    found["backbeat"] = len(on(SNARES, 1) & on(SNARES, 3)) / len(bars)
    found["kick"] = len(on(KICKS, 0)) / len(bars)
    snares = [note for note in drums if note.pitch in SNARES]
    if snares:
        places = [(note.onset + 0.15) % song.bar for note in snares]
        found["snares"] = fmean(1 <= p < 1.3 or 3 <= p < 3.3 for p in places)
    return found


def gaps(bass: Notes, song: Song) -> float:
    """Seconds of the longest silence of a bass while the player plays."""
    last = song.notes[-1].second
    moments = [0.0, *(note.second for note in bass if note.second <= last), last]
    return float(np.diff(moments).max())


def lowest(song: Song) -> Notes:
    """What stands for people's bass."""
    found: Notes = []
    for note in song.notes:
        if note.pitch >= LOW or note.channel == DRUM_CHANNEL:
            continue
        if found and note.onset - found[-1].onset <= TOGETHER:
            if note.pitch < found[-1].pitch:
                found[-1] = note
        else:
            found.append(note)
    return found


ROWS = {
    "sounded": "bass notes in what the player sounds",
    "chord": "bass notes in the player's chord",
    "root": "bass notes on its root",
    "strong": "bass on root or fifth, first and third beats",
    "gap": "longest silence of the bass, seconds",
    "eighths": "drums within 30 ms of an eighth",
    "backbeat": "bars with a snare on two and four",
    "kick": "bars with a kick on one",
    "snares": "snares on two and four",
    "drums": "drum notes a bar",
    "found": "share of the time with a tempo",
    "tempo": "told tempos within 4 % of the beat, its half or double",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="*", default=[], help="parts of names; all if not given")
    parser.add_argument("--drums", type=Path, help="drummers to compare with")
    parser.add_argument("--songs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--free", action="store_true", help="without being told the tempo")
    parser.add_argument("--jitter", type=float, default=0.0, help="the player's, milliseconds")
    parser.add_argument("--band", default="bass drums")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    predictor = Predictor.load(models.find(), threads=1, sizes=BLOCKS)
    columns: dict[str, dict[str, list[float]]] = {
        name: defaultdict(list) for name in ("composer", "chance", "people")
    }

    def add(column: str, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            columns[column][name].append(value)

    for song in songs(args.folder, args.parts, args.songs, args.seconds, args.all):
        parameters = {"mode": "accompany", "band": args.band}
        played, tempos = accompany(predictor, song, not args.free, args.jitter / 1000, parameters)
        last = song.notes[-1].second
        played = [note for note in played if note.second <= last]
        bass = [note for note in played if note.channel != DRUM_CHANNEL]
        drums = [note for note in played if note.channel == DRUM_CHANNEL]
        chords = half_bars(song)
        own = bass_figures(bass, song, chords) | drum_figures(drums, song)
        own |= {"gap": gaps(bass, song), "drums": len(drums) * song.bar / song.place(last)}
        if args.free:
            own |= tempo_figures(tempos, song)
        add("composer", own)
        for moved in CHANCE:
            add("chance", bass_figures(bass, song, chords, moved))
        add("people", bass_figures(lowest(song), song, chords))
        told = " ".join(f"{name} {value:.2f}" for name, value in own.items())
        print(f"{song.name:12s} {song.bpm:5.1f}  {told}", flush=True)
    if args.drums:
        for song in songs(args.drums, (), args.songs * 4, args.seconds, True):
            drums = [note for note in song.notes if note.channel == DRUM_CHANNEL]
            add("people", drum_figures(drums, song))
            add("people", {"drums": len(drums) * song.bar / song.notes[-1].onset})
    print(f"{'':58s}" + "".join(f"{name:>10s}" for name in columns))
    for name, words in ROWS.items():
        cells = [
            f"{fmean(found[name]):10.2f}" if found[name] else f"{'':10s}"
            for found in columns.values()
        ]
        if any(cell.strip() for cell in cells):
            print(f"{words:58s}" + "".join(cells))


def tempo_figures(tempos: list[tuple[float, float]], song: Song) -> dict[str, float]:
    """What of the player's tempo was found.

    Args:
        tempos: (moment, beats a minute) that were told; 0 for none.
        song: The player's.
    """
    last = song.notes[-1].second
    spans = [*tempos, (last, 0.0)]
    known = sum(
        max(min(then, last) - at, 0.0) for (at, bpm), (then, _) in pairwise(spans) if bpm > 0
    )
    found = {"found": known / last}
    told = [bpm for _, bpm in tempos if bpm > 0]
    if told:
        found["tempo"] = fmean(
            min(abs(bpm / song.bpm / ratio - 1) for ratio in (0.5, 1.0, 2.0)) < 0.04 for bpm in told
        )
    return found


if __name__ == "__main__":
    main()
