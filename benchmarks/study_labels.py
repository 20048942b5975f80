"""How well a study's chords agree with people's, and whether its sureness can be believed.

    python benchmarks/study_labels.py songs LABELS [--every N] [--leadsheets FOLDER]
        [--modulations N]

Songs and labels as for `benchmarks/plan_labels.py`, which has the shift of the labels, the same
measures (mir_eval's) and music21's chords. Of each sureness, in tenths, it is printed how often the
root was right; of keys, how often composer was right where music21 agreed and where it did not.
Lead sheets are melodies whose chord symbols are not shown to either. Modulations are told of songs
that people gave several keys, and of as many with one, music21 hearing eight bars at a time.

Needs mir_eval (pip install mir_eval).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from composer_training.data.leadsheets import read_leadsheet
from plan_labels import (
    chord_label,
    chord_scores,
    labelled_chords,
    leadsheet_spans,
    music21_chords,
)

from composer.analysis.descriptors import krumhansl_key
from composer.analysis.segment import Segment
from composer.encoding.events import TICKS_PER_BEAT, decode
from composer.errors import ComposerError
from composer.formats import midi
from composer.music.keys import find_key, parse_key
from composer.music.timing import bar_ticks
from composer.study.chords import Chord, chords_of
from composer.study.keys import key_spans, same_key
from composer.study.music import Music, open_music

_FITS = 0.4
_ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def spans_of(chords: list[Chord], shift: float) -> tuple[np.ndarray, list[str]]:
    """A study's chords as mir_eval takes them, in beats."""
    lines = np.array([(chord.start, chord.stop) for chord in chords]) / TICKS_PER_BEAT + shift
    return lines, [chord_label(chord.code) for chord in chords]


def root_at(truth: tuple[np.ndarray, list[str]], beat: float) -> int | None:
    """The root that people heard at a beat; None for no chord."""
    index = int(np.searchsorted(truth[0][:, 1], beat, side="right"))
    name = truth[1][index] if index < len(truth[1]) else "N"
    if name[0] not in _ROOTS:
        return None
    root = name.partition(":")[0].partition("/")[0]
    return (_ROOTS[root[0]] + root.count("#") - root.count("b")) % 12


def placed(music: Music, truth: tuple[np.ndarray, list[str]], chords: list[Chord]) -> float:
    """Where the labels begin, in beats: the shift at which roots agree best, up to two bars."""
    placement = music.analysis.placement
    start = (placement.origin + placement.offset) / placement.ticks_per_beat
    bar = bar_ticks(*music.events.metres.metre_at(0), TICKS_PER_BEAT) / TICKS_PER_BEAT
    return max(
        (start - bars * bar for bars in (0, 1, 2)),
        key=lambda first: chord_scores(truth, spans_of(chords, first))["root"],
    )


Add = Callable[[str, float], None]
WINDOW = 8
"""Bars that music21 hears at a time."""


def sheets(folder: Path, sample: int, add: Add) -> None:
    """Chords found in melodies, held against the symbols above them."""
    with tempfile.TemporaryDirectory() as home:
        for path in sorted(folder.rglob("*.mxl"))[:sample]:
            try:
                melody, truth = leadsheet_spans(read_leadsheet(path))
                midi.save(midi.from_piece(decode(melody)), Path(home) / "a.mid", force=True)
                music = open_music(Path(home) / "a.mid")
            except ComposerError as error:
                click.echo(f"{path.name}: {error}", err=True)
                continue
            if music.free:
                continue
            placement = music.analysis.placement
            start = (placement.origin + placement.offset) / placement.ticks_per_beat
            for measure, value in chord_scores(truth, spans_of(chords_of(music), start)).items():
                add(f"lead sheets: chords, {measure}", value)
            bar = bar_ticks(*melody.metres.metre_at(0), TICKS_PER_BEAT) / TICKS_PER_BEAT
            theirs = music21_chords(melody, int(truth[0][-1, 1] / bar), 0.0, bar)
            for measure, value in chord_scores(truth, theirs).items():
                add(f"lead sheets: music21, {measure}", value)


def windows(music: Music) -> list[str]:
    """What music21 calls the key of every eight bars."""
    found = []
    for first in range(0, len(music.lines) - 1, WINDOW):
        here = (music.cells >= first) & (music.cells < first + WINDOW)
        if here.any():
            start = int(music.lines[first])
            rows, onsets = music.events.rows[here].astype(np.int64), music.onsets[here] - start
            bar = int(music.lines[1] - music.lines[0])
            part = Segment(rows, onsets, music.events.programs, bar, False, WINDOW * bar)
            found.append(krumhansl_key(part) or "")
    return found


def modulations(files: dict[str, Path], told: list[dict[str, str]], count: int, add: Add) -> None:
    """Keys on the way, of songs with several labels and of songs with one."""
    several = [one for one in told if "\n" in one.get("key", "") and one["song"] in files]
    single = [one for one in told if one.get("key") and "\n" not in one["key"]]
    single = [one for one in single if one["song"] in files]
    for kind, rows in (
        ("several keys", several),
        ("one key", single[:: max(len(single) // count, 1)]),
    ):
        for one in rows[:count]:
            try:
                music = open_music(files[one["song"]])
            except ComposerError:
                continue
            if music.free:
                continue
            labels = {parse_key(name) for name in one["key"].split("\n")}
            own = {span.key for span in key_spans(music, find_key(music.analysis.piece))}
            names = windows(music)
            theirs = {key for key in labels if any(same_key(name, key) for name in names if name)}
            add(f"songs of {kind}: as many keys or more", (len(own) > 1) == (len(labels) > 1))
            add(f"songs of {kind}: keys found", len(labels & own) / len(labels))
            add(f"songs of {kind}: keys that are right", len(labels & own) / max(len(own), 1))
            add(f"songs of {kind}: keys found, music21", len(theirs) / len(labels))
            add(
                f"songs of {kind}: keys that are right, music21",
                len(theirs) / max(len(set(names)), 1),
            )


@click.command()
@click.argument("songs", type=click.Path(path_type=Path, exists=True))
@click.argument("labels", type=click.Path(path_type=Path, exists=True))
@click.option("--every", default=16, help="Every so many songs only.")
@click.option("--skip", default=0, help="Beginning with this one.")
@click.option("--music21", "sample", default=8, help="Songs that music21 hears, too.")
@click.option("--leadsheets", type=click.Path(path_type=Path, exists=True))
@click.option("--sheets", "most", default=60, help="Lead sheets at most.")
@click.option("--modulations", "moving", default=0, help="Songs of each kind.")
def main(
    songs: Path,
    labels: Path,
    every: int,
    skip: int,
    sample: int,
    leadsheets: Path | None,
    most: int,
    moving: int,
) -> None:
    """Print the figures."""
    found: dict[str, list[float]] = {}
    tenths: dict[int, list[bool]] = {}
    margins: list[tuple[float, bool]] = []

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    files = {path.stem: path for path in songs.rglob("*.mid")}
    lines = labels.read_text(encoding="utf-8").splitlines()
    if leadsheets is not None:
        sheets(leadsheets, most, add)
    if moving:
        modulations(files, [json.loads(line) for line in lines], moving, add)
    for line in lines[skip::every] if every else ():
        told = json.loads(line)
        if told["song"] not in files:
            continue
        try:
            music = open_music(files[told["song"]])
        except ComposerError as error:
            click.echo(f"{told['song']}: {error}", err=True)
            continue
        key = find_key(music.analysis.piece)
        if key is not None and "\n" not in told.get("key", "\n"):
            theirs = krumhansl_key(music.analysis.segment())
            agree = theirs is not None and same_key(theirs, key)
            right = parse_key(told["key"]) == key
            add(f"key right where music21 {'agrees' if agree else 'does not agree'}", right)
            add("key right", right)
            add(
                "key right, music21",
                theirs is not None and same_key(theirs, parse_key(told["key"])),
            )
        if music.free or music.events.metres.metre_at(0) != (4, 4):
            continue
        truth, chords = labelled_chords(told["chords"]), chords_of(music)
        start = placed(music, truth, chords)
        scores = chord_scores(truth, spans_of(chords, start))
        add("songs with labels of this very arrangement", scores["root"] >= _FITS)
        if scores["root"] < _FITS:
            continue
        for measure, value in scores.items():
            add(f"chords, {measure}", value)
        if len(found.get("music21, root", [])) < sample:
            bars = len(music.lines) - 1
            theirs_spans = music21_chords(music.analysis.events, bars, start, 4)
            for measure, value in chord_scores(truth, theirs_spans).items():
                if measure != "sevenths":
                    add(f"music21, {measure}", value)
                    add(f"chords, {measure}, of the same songs", scores[measure])
        for chord in chords:
            heard = root_at(truth, (chord.start + chord.stop) / 2 / TICKS_PER_BEAT + start)
            right = heard == (chord.code - 1) // 9
            tenths.setdefault(int(chord.sure * 10), []).append(right)
            margins.append((chord.sure, right))
    for name, values in sorted(found.items()):
        click.echo(f"{name:48s} {np.mean(values):.3f}   {len(values)}")
    for tenth, rights in sorted(tenths.items()):
        click.echo(
            f"root said to be sure {tenth / 10:.1f} to {tenth / 10 + 0.1:.1f}: "
            f"right {np.mean(rights):.2f} of {len(rights)}"
        )


if __name__ == "__main__":
    main()
