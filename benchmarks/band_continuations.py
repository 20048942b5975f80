"""Whether bands stay bands: continues pieces of many tracks and counts what each part does.

    python benchmarks/band_continuations.py FOLDER... --pieces 20 --takes 16
    python benchmarks/band_continuations.py datasets/tutti datasets/charts --corpus freedoom

A folder holds MIDI files, or is a dataset made by `composer prepare`, of which the validation
pieces are taken. The first 32 bars (of shorter pieces all but 16, at least 16) of each piece with
enough parts are the seed, and composer makes 16 bars. Two figures are counted over the parts that
play in the seed's last 16 bars, in what was made and in the piece's own next 16 bars: whether a
part's notes a bar stay within a factor of two, and whether it falls silent. A third is counted over
drummers: in how many bars the snare is struck in the places in which most bars of the seed have it.

Then, how parts enter and leave: after four bars of silence, and before four. At which bar lines
that is: those with which phrases of the plan begin, or every fourth from the piece's first. And of
the parts that sound in each of the seed's last eight bars, how many are silent for four bars then.
And in how many of their bars parts sound that are silent in the bars before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import numpy as np
from composer_training.data import dataset
from composer_training.data.heldout import is_dataset, read_split
from numpy.typing import NDArray

from composer import models
from composer.analysis.form import plan_of
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    PART,
    PITCH,
    TICKS_PER_BEAT,
    Events,
    decode,
)
from composer.encoding.placement import encode
from composer.errors import ComposerError
from composer.generation.continuation import Continuation
from composer.generation.generate import continue_seed
from composer.generation.seed_analysis import analyse_seed
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.music.beat_grid import BEATS, find_grid
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan
from composer.music.timing import bar_ticks
from composer.network.predictor import Predictor

SEED, NEXT, LOOKED_AT = 32, 16, 16
SNARES = (38, 40)

REST = 4
"""Bars of silence after which a part enters, and before which it leaves."""
STEADY = 8
"""Last bars of a seed in all of which a part may have played."""

Ints = NDArray[np.int64]


@dataclass
class Parts:
    """Of the parts of some pieces: notes a bar before the cut and after it, and of snares.

    Attributes:
        ratios: Notes a bar after the cut to those before, of each part that plays before.
        drums: The same of drum parts.
        backbeat: Share of bars with the snare where it was, of each drummer with such places.
    """

    ratios: list[float]
    drums: list[float]
    backbeat: list[float]

    def line(self, name: str) -> str:
        """As a line of text."""
        ratios, drums = np.array(self.ratios), np.round(np.sort(self.drums), 2).tolist()
        kept = np.mean((ratios >= 0.5) & (ratios <= 2))
        snare = np.mean(self.backbeat) if self.backbeat else float("nan")
        return (
            f"{name:9s} parts within a factor of two {kept:.2f} of {len(ratios)}, silent "
            f"{np.mean(ratios == 0):.2f}; snare where it was {snare:.2f} of bars; drums {drums}"
        )

    def add(self, programs: tuple[int, ...], notes: Notes, cut: int, bar: int) -> None:
        """With one piece more, cut at a tick, and the ticks of its bar."""
        before = _inside(notes, cut - LOOKED_AT * bar, cut)
        after = _inside(notes, cut, cut + NEXT * bar)
        for slot, program in enumerate(programs):
            had = np.sum(before[:, 1] == slot) / LOOKED_AT
            if not had:
                continue
            ratio = float(np.sum(after[:, 1] == slot) / NEXT / had)
            self.ratios.append(ratio)
            if program == DRUM_PROGRAM:
                self.drums.append(ratio)
                places = _snare(before, slot, bar).mean(axis=0) > 0.5
                if places.any():
                    struck = _snare(after, slot, bar)[:, places]
                    self.backbeat.append(float(struck.all(axis=1).mean()))


Notes = Ints
"""Onset in ticks, part, pitch and end of each, [notes, 4]."""


@dataclass
class Comings:
    """How the parts of some pieces enter and leave after the cut.

    Attributes:
        entered: Of each part that enters, whether a phrase begins there, and whether the bar is a
            fourth.
        left: The same of parts that leave.
        lines: Share of the bars of each piece with which phrases begin.
        parts: Parts that sound in the seed's last bars.
        steady: Of each that sounds in all of the last eight, whether it is silent for four.
        lone: Of each bar in which a part sounds, whether it is silent before and after.
    """

    entered: list[tuple[bool, bool]] = field(default_factory=list)
    left: list[tuple[bool, bool]] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)
    parts: int = 0
    steady: list[bool] = field(default_factory=list)
    lone: list[bool] = field(default_factory=list)

    def line(self, name: str) -> str:
        """As a line of text."""
        moves = [
            f"{what} {len(moved)} ({self._shares(moved)})"
            for what, moved in (("enter", self.entered), ("leave", self.left))
        ]
        return (
            f"{name:9s} of {self.parts} parts {', '.join(moves)}; bars with which phrases begin "
            f"{np.mean(self.lines):.2f}; of {len(self.steady)} that played throughout "
            f"{np.sum(self.steady)} are silent for {REST} bars; of the bars of parts "
            f"{np.mean(self.lone):.3f} lie between two of silence"
        )

    @staticmethod
    def _shares(moved: list[tuple[bool, bool]]) -> str:
        begin, fourth = np.array(moved, dtype=float).reshape(-1, 2).mean(axis=0).tolist()
        return f"where phrases begin {begin:.2f}, on fourth bars {fourth:.2f}"

    def add(self, sounding: NDArray[np.bool_], plan: Plan, seed_bars: int) -> None:
        """With one piece more: whether parts sound in bars around the cut, and its plan."""
        numbers = np.arange(seed_bars, seed_bars + NEXT)
        begins = [plan.bar(number - 1).phrase == 1 for number in numbers.tolist()]
        self.lines.append(float(np.mean(begins)))
        for part in sounding[sounding[:, :LOOKED_AT].any(axis=1)]:
            self.parts += 1
            runs = np.lib.stride_tricks.sliding_window_view(part, REST).any(axis=1)
            for after, begin in enumerate(begins):
                place, now = (begin, (seed_bars + after) % REST == 0), LOOKED_AT + after
                if part[now] and not runs[now - REST]:
                    self.entered.append(place)
                if part[now - 1] and now < len(runs) and not runs[now]:
                    self.left.append(place)
            now = np.flatnonzero(part[LOOKED_AT + 1 : -1]) + LOOKED_AT + 1
            self.lone.extend((~part[now - 1] & ~part[now + 1]).tolist())
            if part[LOOKED_AT - STEADY : LOOKED_AT].all():
                self.steady.append(not runs[LOOKED_AT:].all())


def bars_sounding(notes: Notes, parts: int, cut: int, bar: int) -> NDArray[np.bool_]:
    """Whether parts sound in each of the bars before and after the cut, [parts, bars].

    What hangs over into the first eighth of a bar does not count.
    """
    first = cut - LOOKED_AT * bar
    begin, end = (notes[:, 0] - first) // bar, (notes[:, 3] - bar // 8 - first) // bar
    sounding = np.zeros((parts, LOOKED_AT + NEXT), dtype=bool)
    for part, start, stop in zip(notes[:, 1], begin, np.maximum(begin, end), strict=True):
        sounding[part, max(start, 0) : max(stop + 1, 0)] = True
    return sounding


def _inside(notes: Notes, start: int, end: int) -> Notes:
    """The notes that begin between two ticks, counted from the first."""
    return notes[(notes[:, 0] >= start) & (notes[:, 0] < end)] - (start, 0, 0, start)


def _snare(notes: Notes, slot: int, bar: int) -> NDArray[np.bool_]:
    """Bars by sixteenths: whether the snare is struck there."""
    struck = np.zeros((NEXT, 16), dtype=bool)
    own = notes[(notes[:, 1] == slot) & np.isin(notes[:, 2], SNARES), 0]
    bars, places = np.divmod(np.round(own / bar * 16).astype(int), 16)
    inside = bars < NEXT
    struck[bars[inside], places[inside]] = True
    return struck


def pieces_of(folder: Path, corpora: tuple[str, ...]) -> Iterator[tuple[str, Events]]:
    """Names and events of the pieces on a beat grid in a folder or dataset."""
    if is_dataset(folder):
        for piece in read_split(dataset.load([folder])):
            if piece.events.kind == BEATS and (not corpora or piece.corpus in corpora):
                yield piece.name, piece.events
        return
    for path in sorted(folder.rglob("*.mid")):
        try:
            piece = open_seed(path).piece
        except ComposerError:
            continue
        grid = find_grid(piece)
        if grid.kind == BEATS:
            yield path.name, encode(piece, grid)[0]


def places(events: Events, parts: int) -> tuple[int, int] | None:
    """Ticks of the bar of a piece with enough parts and bars, and bars of its seed; else None."""
    bar = bar_ticks(*events.metres.changes[0][1:], TICKS_PER_BEAT)
    seed = min(int(events.onsets[-1]) // bar + 1 - NEXT, SEED)
    one_metre = len({metre[1:] for metre in events.metres.changes}) == 1
    if len(events.programs) < parts or not one_metre or seed < LOOKED_AT:
        return None
    return bar, seed


def notes_of(events: Events) -> Notes:
    """Those of a piece."""
    rows = events.rows.astype(np.int64)
    ends = events.onsets + DURATION_TICKS[rows[:, DURATION]]
    return np.stack([events.onsets, rows[:, PART], rows[:, PITCH], ends], axis=1)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", default="default", help="A model's name or folder.")
@click.option("--pieces", default=20, help="Most pieces.")
@click.option("--parts", default=8, help="Least number of parts of a piece.")
@click.option("--takes", default=16, help="Tries of each bar.")
@click.option("--plan", default="auto", help="auto or off.")
@click.option("--corpus", "corpora", multiple=True, help="Of datasets; may be given again.")
def main(
    folders: tuple[Path, ...],
    model: str,
    pieces: int,
    parts: int,
    takes: int,
    plan: str,
    corpora: tuple[str, ...],
) -> None:
    """Continue bands and count."""
    predictor = Predictor.load(models.find(model))
    made, people = Parts([], [], []), Parts([], [], [])
    came, went = Comings(), Comings()
    done = 0
    for name, events in (pair for folder in folders for pair in pieces_of(folder, corpora)):
        found = places(events, parts)
        if found is None or done >= pieces:
            continue
        bar, seed_bars = found
        cut = seed_bars * bar
        split = int(np.searchsorted(events.onsets, cut))
        seed = decode(replace(events, rows=events.rows[:split]))
        analysis = analyse_seed(seed, grid="beats")
        if analysis.join != cut:
            continue
        settings = Settings(bars=NEXT, takes=takes, plan=plan)
        (continuation,) = continue_seed(analysis, predictor, settings)
        ways = (
            (made, came, _made(continuation), continuation.plan),
            (people, went, notes_of(events), plan_of(events)),
        )
        for counts, comings, notes, form in ways:
            counts.add(events.programs, notes, cut, bar)
            if form is not None:
                sounding = bars_sounding(notes, len(events.programs), cut, bar)
                comings.add(sounding, form, seed_bars)
        done += 1
        click.echo(f"{name}: {len(events.programs)} parts", err=True)
    click.echo(f"{done} pieces")
    for way in ((made, came), (people, went)):
        for counted in way:
            click.echo(counted.line("made" if way[0] is made else "the piece"))


def _made(continuation: Continuation) -> Notes:
    """Seed and new notes; a decoded piece has a part for each slot, in event ticks."""
    pairs = zip(continuation.analysis.piece.parts, continuation.piece.parts, strict=True)
    notes = [
        (note.onset, part, note.pitch, note.end)
        for part, (heard, played) in enumerate(pairs)
        for note in (*heard.notes, *played.notes)
    ]
    return np.array(notes, dtype=np.int64).reshape(-1, 4)


if __name__ == "__main__":
    main()
