"""How well a study's chords agree with people's, and whether its sureness can be believed.

    python benchmarks/study_labels.py songs LABELS [--every N]

Songs and labels as for `benchmarks/plan_labels.py`, which has the shift of the labels, the same
measures (mir_eval's) and music21's chords. Of each sureness, in tenths, it is printed how often the
root was right; of keys, how often composer was right where music21 agreed and where it did not.

Needs mir_eval (pip install mir_eval).
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
from plan_labels import chord_label, chord_scores, labelled_chords, music21_chords

from composer.analysis.descriptors import krumhansl_key
from composer.encoding.events import TICKS_PER_BEAT
from composer.errors import ComposerError
from composer.music.keys import find_key, parse_key
from composer.music.timing import bar_ticks
from composer.study.chords import Chord, chords_of
from composer.study.keys import same_key
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


@click.command()
@click.argument("songs", type=click.Path(path_type=Path, exists=True))
@click.argument("labels", type=click.Path(path_type=Path, exists=True))
@click.option("--every", default=16, help="Every so many songs only.")
@click.option("--skip", default=0, help="Beginning with this one.")
@click.option("--music21", "sample", default=8, help="Songs that music21 hears, too.")
def main(songs: Path, labels: Path, every: int, skip: int, sample: int) -> None:
    """Print the figures."""
    found: dict[str, list[float]] = {}
    tenths: dict[int, list[bool]] = {}
    margins: list[tuple[float, bool]] = []

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    files = {path.stem: path for path in songs.rglob("*.mid")}
    for line in labels.read_text(encoding="utf-8").splitlines()[skip::every]:
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
