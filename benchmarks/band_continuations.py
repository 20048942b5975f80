"""Whether bands stay bands: continues pieces of many tracks and counts what each part does.

    python benchmarks/band_continuations.py FOLDER... --pieces 20 --takes 16
    python benchmarks/band_continuations.py datasets/tutti datasets/charts --corpus freedoom

A folder holds MIDI files, or is a dataset made by `composer prepare`, of which the validation
pieces are taken. The first 32 bars (of shorter pieces all but 16, at least 16) of each piece with
enough parts are the seed, and composer makes 16 bars. Two figures are counted over the parts that
play in the seed's last 16 bars, in what was made and in the piece's own next 16 bars: whether a
part's notes a bar stay within a factor of two, and whether it falls silent. A third is counted over
drummers: in how many bars the snare is struck in the places in which most bars of the seed have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from composer_training.data import dataset
from composer_training.data.heldout import is_dataset, read_split
from numpy.typing import NDArray

from composer import models
from composer.encoding.events import PART, PITCH, TICKS_PER_BEAT, Events, decode
from composer.encoding.placement import encode
from composer.errors import ComposerError
from composer.generation.continuation import Continuation
from composer.generation.generate import continue_seed
from composer.generation.seed_analysis import analyse_seed
from composer.generation.seed_files import open_seed
from composer.generation.settings import Settings
from composer.music.beat_grid import BEATS, find_grid
from composer.music.notes import DRUM_PROGRAM
from composer.music.timing import bar_ticks
from composer.network.predictor import Predictor

SEED, NEXT, LOOKED_AT = 32, 16, 16
SNARES = (38, 40)

Counts = NDArray[np.float64]


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

    def add(self, programs: tuple[int, ...], before: Part, after: Part) -> None:
        """With one piece more: its (onsets in bars, parts, pitches) before and after the cut."""
        for slot, program in enumerate(programs):
            had = np.sum(before[1] == slot) / LOOKED_AT
            if not had:
                continue
            ratio = float(np.sum(after[1] == slot) / NEXT / had)
            self.ratios.append(ratio)
            if program == DRUM_PROGRAM:
                self.drums.append(ratio)
                places = _snare(before, slot).mean(axis=0) > 0.5
                if places.any():
                    self.backbeat.append(float(_snare(after, slot)[:, places].all(axis=1).mean()))


Part = tuple[Counts, NDArray[np.int64], NDArray[np.int64]]


def _snare(notes: Part, slot: int) -> NDArray[np.bool_]:
    """Bars by sixteenths: whether the snare is struck there."""
    onsets, parts, pitches = notes
    struck = np.zeros((NEXT, 16), dtype=bool)
    own = (parts == slot) & np.isin(pitches, SNARES)
    bars = np.floor(onsets[own]).astype(int)
    places = np.round((onsets[own] - bars) * 16).astype(int)
    bars, places = bars + places // 16, places % 16
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


def _notes(onsets: NDArray[np.int64], rows: NDArray[np.int16], start: int, bar: int) -> Part:
    inside = (onsets >= start) & (onsets < start + NEXT * bar)
    return (onsets[inside] - start) / bar, rows[inside, PART], rows[inside, PITCH]


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
        before = _notes(events.onsets, events.rows, cut - LOOKED_AT * bar, bar)
        made.add(events.programs, before, _made(continuation))
        people.add(events.programs, before, _notes(events.onsets, events.rows, cut, bar))
        done += 1
        click.echo(f"{name}: {len(events.programs)} parts", err=True)
    click.echo(f"{done} pieces")
    click.echo(made.line("made"))
    click.echo(people.line("the piece"))


def _made(continuation: Continuation) -> Part:
    """The new notes; a decoded piece has a part for each slot, in event ticks."""
    notes = [
        (note.onset - continuation.join, part, note.pitch)
        for part, played in enumerate(continuation.piece.parts)
        for note in played.notes
    ]
    table = np.array(notes, dtype=np.int64).reshape(-1, 3)
    return table[:, 0] / continuation.analysis.bar, table[:, 1], table[:, 2]


if __name__ == "__main__":
    main()
