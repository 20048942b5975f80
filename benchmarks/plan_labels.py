"""How well the chords and phrases that composer finds agree with those that people labelled.

    python benchmarks/plan_labels.py songs LABELS [--leadsheets FOLDER] [--music21 N]

LABELS has a JSON line for each song: "song", "chords" as [name, beats], "phrases" of one or
several listeners ("i4A8B8": a letter and bars). Songs are MIDI files of these names whose bar 1
begins at tick 0. Chords are compared by mir_eval's root and majmin (Raffel et al. 2014), weighted
by their length. Phrases are compared by its boundary F, without the song's beginning and end.

The extra `test` has mir_eval.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import click
import mir_eval
import numpy as np
from composer_training.data.charts import Chart
from composer_training.data.leadsheets import read_leadsheet
from numpy.typing import NDArray

from composer.analysis.form import plan_of
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PITCH,
    TICKS_PER_BEAT,
    Events,
    quantise,
)
from composer.encoding.placement import encode
from composer.formats.music_file import read_music
from composer.music.beat_grid import BEATS, Grid
from composer.music.chords import NO_CHORD, quality_of, root_of
from composer.music.plan import Plan
from composer.music.timing import MetreMap, bar_ticks, tempo_to_bpm

Spans = tuple[NDArray[np.float64], list[str]]
"""Intervals in beats, [spans, 2], and a label for each."""

_FITS = 0.4
"""Share of roots below which labels are taken for those of another arrangement: they agree with the
notes no better than by chance, whatever the shift."""
_ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_QUALITIES = ("maj", "min", "dim", "aug", "7", "maj7", "min7", "hdim7", "sus4")


def chord_label(code: int) -> str:
    """As mir_eval reads it."""
    return "N" if code == NO_CHORD else f"{_ROOTS[root_of(code)]}:{_QUALITIES[quality_of(code)]}"


def plan_chords(plan: Plan, start: float, bar: float) -> Spans:
    """The chords of a plan whose first bar begins at a beat."""
    count = 2 * len(plan)
    lines = start + np.arange(count + 1) * bar / 2
    labels = [chord_label(code) for planned in plan.bars for code in planned.chords]
    return np.column_stack([lines[:-1], lines[1:]]), labels


def labelled_chords(chords: Sequence[tuple[str, float]]) -> Spans:
    """The chords that a person labelled, in order."""
    lines = np.concatenate([[0.0], np.cumsum([beats for _, beats in chords])])
    # Some labels are cut off inside their parentheses, which no measure here needs.
    names = [re.sub(r"\(.*|[^ -~]", "", name) for name, _ in chords]
    return np.column_stack([lines[:-1], lines[1:]]), names


def chord_scores(truth: Spans, found: Spans) -> dict[str, float]:
    """mir_eval's share of the time on which both agree."""
    end = float(truth[0][-1, 1])
    intervals, labels = mir_eval.util.adjust_intervals(
        found[0], found[1], 0.0, end, mir_eval.chord.NO_CHORD, mir_eval.chord.NO_CHORD
    )
    merged, own, theirs = mir_eval.util.merge_labeled_intervals(
        truth[0], truth[1], intervals, labels
    )
    weights = mir_eval.util.intervals_to_durations(merged)
    return {
        name: float(mir_eval.chord.weighted_accuracy(compare(own, theirs), weights))
        for name, compare in (
            ("root", mir_eval.chord.root),
            ("majmin", mir_eval.chord.majmin),
            ("sevenths", mir_eval.chord.sevenths),
        )
    }


def boundaries(lengths: Sequence[int]) -> NDArray[np.float64]:
    """Phrases as intervals, in bars."""
    lines = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.column_stack([lines[:-1], lines[1:]])


def boundary_f(truth: NDArray[np.float64], found: NDArray[np.float64], window: float) -> float:
    """F of the boundaries between phrases."""
    return float(mir_eval.segment.detection(truth, found, window=window, trim=True)[2])


def phrase_lengths(plan: Plan) -> list[int]:
    """Bars of each phrase."""
    lengths, start = [], 0
    for number, bar in enumerate(plan.bars, 1):
        if bar.phrase == 1 or number == len(plan):
            lengths.append(number - start)
            start = number
    return lengths


def music21_chords(events: Events, count: int, start: float, bar: float) -> Spans:
    """What music21 calls the notes that sound in each half bar."""
    from music21 import chord

    onsets, rows = events.onsets, events.rows
    ends = onsets + DURATION_TICKS[rows[:, DURATION]]
    half = round(bar * TICKS_PER_BEAT / 2)
    kinds = {"major": "maj", "minor": "min", "diminished": "dim", "augmented": "aug"}
    labels = []
    for number in range(2 * count):
        live = (onsets < (number + 1) * half) & (ends > number * half)
        pitches = sorted({int(pitch) for pitch in rows[live, PITCH]})
        if not pitches:
            labels.append("N")
            continue
        heard = chord.Chord(pitches)
        kind = kinds.get(heard.quality, "maj")
        labels.append(f"{_ROOTS[heard.root().pitchClass]}:{kind}")
    lines = start + np.arange(2 * count + 1) * bar / 2
    return np.column_stack([lines[:-1], lines[1:]]), labels


def leadsheet_spans(chart: Chart) -> tuple[Events, Spans]:
    """A lead sheet's melody, and its chord symbols."""
    table = np.array(chart.melody, dtype=float)
    bars = [bar for section in chart.sections for bar in section.bars]
    events = quantise(
        table[:, 0] * TICKS_PER_BEAT,
        table[:, 2] * TICKS_PER_BEAT,
        np.zeros(len(table), dtype=np.int64),
        table[:, 1].astype(np.int64),
        np.full(len(table), 80),
        (0,),
        BEATS,
        MetreMap(((0, bars[0].beats, 4),)),
    )
    starts, labels, beat = [], [], 0.0
    for bar in bars:
        for at, symbol in bar.chords:
            name = "N"
            if symbol is not None:
                minor = 3 in symbol.intervals and 4 not in symbol.intervals
                name = f"{_ROOTS[symbol.root]}:{'min' if minor else 'maj'}"
            starts.append(beat + at)
            labels.append(name)
        beat += bar.beats
    lines = np.array([*starts, beat])
    lines[0] = 0.0
    return events, (np.column_stack([lines[:-1], lines[1:]]), labels)


@click.command()
@click.argument("songs", type=click.Path(path_type=Path, exists=True))
@click.argument("labels", type=click.Path(path_type=Path, exists=True))
@click.option("--leadsheets", type=click.Path(path_type=Path, exists=True))
@click.option("--music21", "sample", default=30, help="Songs that music21 hears, too.")
@click.option("--every", default=1, help="Take every Nth song only.")
@click.option("--skip", default=0, help="Number of the first piece to take.")
def main(
    songs: Path, labels: Path, leadsheets: Path | None, sample: int, every: int, skip: int
) -> None:
    """Print the figures."""
    found: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    files = {path.stem: path for path in songs.rglob("*.mid")}
    lines = labels.read_text(encoding="utf-8").splitlines()[skip::every]
    for line in lines:
        told = json.loads(line)
        if told["song"] not in files:
            continue
        piece = read_music(files[told["song"]]).piece
        grid = Grid(BEATS)  # the files have their bar lines in place
        events, placement = encode(piece, grid)
        plan = plan_of(events)
        if plan is None:
            continue
        metre = piece.metres.metre_at(0)
        if metre != (4, 4):
            continue  # listeners' bars are not always the file's there
        bar = bar_ticks(*metre, TICKS_PER_BEAT) / TICKS_PER_BEAT
        start = (placement.origin + placement.offset) / piece.ticks_per_beat
        truth = labelled_chords(told["chords"])
        # Labels begin with the first chord, before which the music may have an upbeat.
        start = max(
            (start - bars * bar for bars in (0, 1, 2)),
            key=lambda first: chord_scores(truth, plan_chords(plan, first, bar))["root"],
        )
        scores = chord_scores(truth, plan_chords(plan, start, bar))
        fits = scores["root"] >= _FITS
        add("songs with labels of this very arrangement", fits)
        if not fits:
            continue
        for measure, value in scores.items():
            add(f"chords, {measure}", value)
        if len(found.get("music21, root", [])) < sample:
            theirs = music21_chords(events, len(plan), start, bar)
            for measure, value in chord_scores(truth, theirs).items():
                if measure != "sevenths":
                    add(f"music21, {measure}", value)
                    own = chord_scores(truth, plan_chords(plan, start, bar))[measure]
                    add(f"chords, {measure}, of the same songs", own)
        heard = [boundaries([int(n) for n in re.findall(r"\d+", text)]) for text in told["phrases"]]
        lead = round(start / bar)
        own = phrase_lengths(plan)
        own = list(np.diff(np.unique(np.maximum(np.cumsum([0, *own]) + lead, 0))))
        four = [4] * (sum(own) // 4) + [sum(own) % 4] * bool(sum(own) % 4)
        bpm = tempo_to_bpm(piece.tempos.tempo_at(0))
        for name, window in (("half a bar", 0.5), ("3 s", 3.0 * bpm / 60 / bar)):
            for person in heard:
                add(f"phrases, F at {name}", boundary_f(person, boundaries(own), window))
                add(f"every four bars, F at {name}", boundary_f(person, boundaries(four), window))
            if len(heard) > 1:
                add(f"people, F at {name}", boundary_f(heard[0], heard[1], window))
    for path in sorted(leadsheets.rglob("*.mxl") if leadsheets else ()):
        try:
            melody, truth = leadsheet_spans(read_leadsheet(path))
        except Exception as error:
            click.echo(f"{path.name}: {error}", err=True)
            continue
        plan = plan_of(melody)
        if plan is not None:
            bar = bar_ticks(*melody.metres.metre_at(0), TICKS_PER_BEAT) / TICKS_PER_BEAT
            scores = chord_scores(truth, plan_chords(plan, 0.0, bar))
            add("melody alone, root", scores["root"])
            add("melody alone, majmin", scores["majmin"])
    for name, values in sorted(found.items()):
        click.echo(f"{name:45s} {np.mean(values):.3f}   {len(values)}")


if __name__ == "__main__":
    main()
