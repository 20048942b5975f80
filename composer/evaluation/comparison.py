"""Compare: continuations of unseen pieces beside the halves that really follow.

A piece is cut at a bar line near its middle. The first half is the seed, what is made from
it stands beside the true second half: each descriptor's distance to the truth, against that of
random pairs of pieces of one corpus; keys; the longest copies from the seed and from the
music trained on; and how many outputs loop, fall silent or stop.

Conventions:
    Descriptors, distances and intervals as in `composer.analysis.descriptors` and
    `composer.evaluation.overlap`. A *source* is whatever made the second halves: a model, a
    baseline, the truth itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.analysis.descriptors import descriptors_of, distance, krumhansl_key
from composer.analysis.repetition import RepetitionLimits
from composer.analysis.segment import Segment
from composer.encoding.events import (
    FREE_BAR,
    LONGEST,
    PART,
    PITCH,
    SHIFT,
    SHIFT_TICKS,
    SIZES,
    SLOTS,
    TICKS_PER_BEAT,
    TICKS_PER_SECOND,
    VELOCITY,
    Events,
    decode,
    encode,
    seconds_of,
)
from composer.evaluation.copying import BarIndex, Copy, bars_of_segment
from composer.evaluation.evaluate import Found
from composer.evaluation.overlap import NOTHING, Estimate, distances, mean
from composer.evaluation.overlap import compare as overlap
from composer.generation.best_of_n import BestOfN
from composer.generation.constraints import Constraints
from composer.generation.generate import make_streams, seed_state
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import Settings
from composer.generation.stream import Stream, segment_of
from composer.music.beat_grid import FREE, Grid
from composer.music.keys import find_key
from composer.music.timing import TempoMap
from composer.network.predictor import NoteModel
from composer.network.state import State

FEWEST_BARS = 4
"""Halves shorter than this say too little."""
FEWEST_NOTES = 16
SIDE_BY_SIDE = 64
"""Continuations in the making at a time, all takes counted."""
LOOP = 8
"""Bars in a row that each repeat one of the four before, which no music is called stuck for."""
STILL = 4
"""Bars of silence that no music is called silent for."""
BUSIEST = 2
"""Notes to a tick, on the whole, at which what nothing guides is given up."""
_ENDLESS = 10_000
"""More bars, or onsets, than there are."""
SURPRISE = "surprise"
"""Nats per note that another model needs for a second half: a descriptor if there is one."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Halved:
    """A piece cut in two.

    Attributes:
        name: As in `composer.evaluation.evaluate.Found`; so are corpus and dynamics.
        analysis: The first half, as a seed.
        seed: The same as a segment.
        truth: The second half.
        cut: Event tick of the piece at which the second half begins.
        tempos: Of the piece, in event ticks.
    """

    name: str
    corpus: str
    dynamics: bool
    analysis: SeedAnalysis
    seed: Segment
    truth: Segment
    cut: int
    tempos: TempoMap

    @property
    def bars(self) -> int:
        """Of the second half."""
        return -(-self.truth.length // self.truth.bar)

    def seconds(self, ticks: NDArray[np.integer]) -> NDArray[np.float64]:
        """Event ticks from the cut -> seconds from the cut."""
        if self.truth.free:
            return np.asarray(ticks / TICKS_PER_SECOND)
        start = self.tempos.seconds(self.cut, TICKS_PER_BEAT)
        return seconds_of(self.tempos, np.asarray(ticks + self.cut, float), TICKS_PER_BEAT) - start

    def ticks(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds from the cut -> event ticks from the cut, with their fraction."""
        if self.truth.free:
            return np.asarray(seconds * TICKS_PER_SECOND)
        start = self.tempos.seconds(self.cut, TICKS_PER_BEAT)
        ticks = [self.tempos.tick(float(second) + start, TICKS_PER_BEAT) for second in seconds]
        return np.array(ticks) - self.cut


@dataclass(frozen=True, slots=True)
class Made:
    """A second half.

    Attributes:
        index: Of the piece in the list of halves.
        segment: The music.
    """

    index: int
    segment: Segment


def halve(found: Found, most_bars: int | None = None) -> Halved | None:
    """Cut a piece at the bar line at or after its middle.

    Args:
        found: The piece.
        most_bars: Keep so many bars of the second half at most; None: all.

    Returns:
        None if either half is too short.
    """
    events = found.events
    onsets = events.onsets
    if len(onsets) < 2 * FEWEST_NOTES:
        return None
    middle = (int(onsets[-1]) + 1) // 2
    if events.kind == FREE:
        cut, bar = -(-middle // FREE_BAR) * FREE_BAR, FREE_BAR
    else:
        cut = events.metres.bar_line_at_or_after(middle, TICKS_PER_BEAT)
        bar = events.metres.position(cut, TICKS_PER_BEAT).length
    split = int(np.searchsorted(onsets, cut))
    stop = len(onsets) if most_bars is None else int(np.searchsorted(onsets, cut + most_bars * bar))
    if min(split, stop - split) < FEWEST_NOTES or cut < FEWEST_BARS * bar:
        return None
    bars = int(onsets[stop - 1] - cut) // bar + 1
    if bars < FEWEST_BARS:
        return None
    rows = events.rows.astype(np.int64)
    truth = Segment(
        rows[split:stop], onsets[split:stop] - cut, events.programs, bar,
        events.kind == FREE, bars * bar,
    )  # fmt: skip
    analysis = _read(events, split, cut)
    return Halved(
        found.name, found.corpus, found.dynamics, analysis, analysis.segment(), truth,
        cut, _event_tempos(found),
    )  # fmt: skip


def _event_tempos(found: Found) -> TempoMap:
    """The tempo of a piece on its events' clock; rests that were shortened aside."""
    tempos = found.piece.tempos
    if found.events.kind == FREE:
        return TempoMap()
    changes = [
        (max(round(found.placement.to_event(tick, tempos)), 0), tempo)
        for tick, tempo in tempos.changes
    ]
    return TempoMap(tuple(changes))


def _read(events: Events, split: int, cut: int) -> SeedAnalysis:
    """The first notes of a piece as a seed that ends at a tick, on the piece's own grid.

    Parts that have not played yet are not in it: a seed in a file would not have them.
    """
    rows = events.rows[:split]
    slots = np.unique(rows[:, PART])
    renumbered = rows.copy()
    renumbered[:, PART] = np.searchsorted(slots, rows[:, PART])
    programs = tuple(events.programs[slot] for slot in slots.tolist())
    piece = decode(Events(renumbered, programs, events.kind, events.metres))
    grid = Grid(events.kind, share=1.0)
    heard, placement = encode(piece, grid)
    # Encoding counts from the bar line before the first note; nothing is shortened there.
    behind = cut - int(events.onsets[split - 1] - heard.onsets[-1])
    return SeedAnalysis(piece, heard, placement, grid, find_key(piece), 0, behind)


def continuations(
    predictor: NoteModel,
    halves: Sequence[Halved],
    settings: Settings,
    count: int | None = None,
    progress: Progress | None = None,
    *,
    alone: bool = False,
) -> list[Made]:
    """Second halves by a model, each as long as the true one.

    Args:
        predictor: The network, or whatever plays in its place.
        halves: From `halve`.
        settings: Freedom and limits; their length is not looked at.
        count: How many to make, going round the pieces; one a piece if not given.
        progress: Called with how many are done and how many there will be.
        alone: Without any of composer's guidance: one take, drawn as the model believes, any
            note of the seed's parts at any time. Of the settings only the seed number counts.
    """
    total = len(halves) if count is None else count
    takes = BestOfN(predictor)
    numbers: dict[Stream, int] = {}
    made: dict[int, Made] = {}
    waiting = list(range(total))[::-1]
    while waiting or takes.streams:
        while waiting and takes.places < SIDE_BY_SIDE:
            number = waiting.pop()
            index = number % len(halves)
            half = halves[index]
            wanted = replace(settings, bars=half.bars, seconds=None, notes=None)
            state = seed_state(half.analysis, predictor)
            variation = number // len(halves)
            if alone:
                stream = _alone(half, state, settings.rng_seed, variation)
            else:
                (stream,) = make_streams(half.analysis, state, wanted, [variation])
            numbers[stream] = number
            takes.add([(half.analysis, stream)])
        for stream in takes.step():
            number = numbers.pop(stream)
            index = number % len(halves)
            made[number] = Made(index, segment_of(halves[index].analysis, stream))
            if progress:
                progress(len(made), total)
    return [made[number] for number in range(total)]


def _alone(half: Halved, state: State, rng_seed: int, variation: int) -> Stream:
    """A continuation that nothing guides, before its first note."""
    analysis = half.analysis
    parts = np.arange(SLOTS) < len(analysis.events.programs)
    end = analysis.join + half.bars * analysis.bar
    rules = Constraints.of(
        earliest=analysis.join,
        latest_first=end,
        end=end,
        longest=LONGEST,
        parts=parts,
        pitches=np.ones((SLOTS, SIZES[PITCH]), dtype=bool),
        velocities=np.ones((SLOTS, SIZES[VELOCITY]), dtype=bool),
        per_bar=BUSIEST * analysis.bar,
    )
    settings = Settings(temperature=1.0, top_p=1.0, min_p=0.0, recall=_ENDLESS, rng_seed=rng_seed)
    before = analysis.events.rows[-1].astype(np.int64)
    most = BUSIEST * (end - analysis.join)
    return Stream(
        state, before, rules, settings, RepetitionLimits(_ENDLESS, _ENDLESS), variation, most
    )


def truths(halves: Sequence[Halved]) -> list[Made]:
    """The second halves that really follow."""
    return [Made(index, half.truth) for index, half in enumerate(halves)]


def repeats(halves: Sequence[Halved]) -> list[Made]:
    """The seeds' own last bars over again, as many as the second half has."""
    made = []
    for index, half in enumerate(halves):
        seed, length = half.seed, half.truth.length
        start = max(seed.length - length, 0)
        rows, onsets = [], []
        for offset in range(0, length, seed.length - start):
            inside = seed.onsets >= start
            onsets.append(seed.onsets[inside] - start + offset)
            rows.append(seed.rows[inside])
        tick, row = np.concatenate(onsets), np.concatenate(rows)
        kept = tick < length
        segment = replace_notes(seed, row[kept], tick[kept], length)
        made.append(Made(index, segment))
    return made


def replace_notes(like: Segment, rows: Any, onsets: Any, length: int) -> Segment:
    """A segment with the players and bars of another; shifts are made to fit the onsets."""
    rows = rows.copy()
    gaps = np.diff(onsets, prepend=0)
    rows[:, SHIFT] = np.minimum(np.searchsorted(SHIFT_TICKS, gaps), len(SHIFT_TICKS) - 1)
    return Segment(rows, onsets, like.programs, like.bar, like.free, length)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one source came to.

    Attributes:
        outputs: How many second halves it made.
        apart: Trait -> mean distance to the true second half.
        each: Trait -> distance of each piece to its true second half, NaN for none, in the
            order of the pieces.
        area: Trait -> overlapping area with the true second halves.
        divergence: Trait -> Kullback-Leibler divergence from them, in nats.
        keys: Share of outputs in the true second half's key, by music21.
        degenerate: Share of outputs that loop, are silent or all but empty.
        faults: How many of each kind.
        surprise: Nats per note, by whoever was asked; NaN if nobody was.
        from_seed: Each output's longest copy from its seed.
        from_training: Each output's longest copy from the music trained on; empty if that
            was not looked at.
    """

    outputs: int
    apart: Mapping[str, Estimate]
    each: Mapping[str, Sequence[float]]
    area: Mapping[str, Estimate]
    divergence: Mapping[str, Estimate]
    keys: Estimate
    degenerate: Estimate
    faults: Mapping[str, int]
    surprise: Estimate
    from_seed: Sequence[Copy]
    from_training: Sequence[Copy]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""

        def plain(table: Mapping[str, Estimate]) -> dict[str, Any]:
            return {name: value.as_dict() for name, value in table.items()}

        def longest(copies: Sequence[Copy]) -> dict[str, Any]:
            if not copies:
                return {}
            most = max(copies, key=lambda copy: (copy.bars, copy.notes))
            lengths = mean([float(copy.bars) for copy in copies])
            return {
                "bars": most.bars, "notes": most.notes, "source": most.source,
                "mean_bars": lengths.as_dict(),
                "over_4_bars": sum(copy.bars > 4 for copy in copies),
            }  # fmt: skip

        return {
            "outputs": self.outputs,
            "distance": plain(self.apart),
            "overlapping_area": plain(self.area),
            "divergence": plain(self.divergence),
            "key_agreement": self.keys.as_dict(),
            "degenerate": self.degenerate.as_dict(),
            "faults": dict(self.faults),
            "surprise": self.surprise.as_dict(),
            "longest_copy_from_seed": longest(self.from_seed),
            "longest_copy_from_training": longest(self.from_training),
        }


def measure(
    halves: Sequence[Halved],
    made: Sequence[Made],
    index: BarIndex | None = None,
    surprise: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Figures:
    """Measure one source.

    Args:
        halves: The pieces.
        made: At least one second half each of some of them; of several of one piece the
            first stands for it in overlapping areas.
        index: Bars of the music trained on.
        surprise: Of what was made and of the true second halves, if someone was asked.
    """
    true = [descriptors_of(half.truth, dynamics=half.dynamics) for half in halves]
    own = [descriptors_of(item.segment, dynamics=halves[item.index].dynamics) for item in made]
    if surprise is not None:
        for tables, values in zip((own, true), surprise, strict=True):
            for each, value in zip(tables, values, strict=True):
                each[SURPRISE] = np.array([value])
    first: dict[int, int] = {}
    for number, item in enumerate(made):
        first.setdefault(item.index, number)
    apart, by_piece, area, divergence = {}, {}, {}, {}
    for name in true[0]:
        far = [
            distance(mine[name], true[item.index][name])
            for mine, item in zip(own, made, strict=True)
        ]
        groups = _groups(far, made)
        by_piece[name] = [groups.get(index, float("nan")) for index in range(len(halves))]
        apart[name] = mean(by_piece[name])
        ours = [own[number][name] for number in first.values()]
        theirs = [true[piece][name] for piece in first]
        within = distances(theirs, theirs)
        area[name], divergence[name] = overlap(within, distances(ours, theirs))
    keys = [krumhansl_key(half.truth) for half in halves]
    faults = [fault(halves[item.index], item.segment) for item in made]
    return Figures(
        outputs=len(made),
        apart=apart,
        each=by_piece,
        area=area,
        divergence=divergence,
        keys=_by_piece(
            [float("nan") if keys[item.index] is None
             else float(krumhansl_key(item.segment) == keys[item.index]) for item in made],
            made,
        ),
        degenerate=_by_piece([float(bool(name)) for name in faults], made),
        faults={name: faults.count(name) for name in ("loop", "silence", "empty")},
        surprise=NOTHING if surprise is None else _by_piece(surprise[0], made),
        from_seed=[
            BarIndex([("seed", bars_of_segment(halves[item.index].seed))]).longest(
                bars_of_segment(item.segment)
            )
            for item in made
        ],
        from_training=[]
        if index is None
        else [index.longest(bars_of_segment(item.segment)) for item in made],
    )  # fmt: skip


def random_pairs(
    halves: Sequence[Halved], surprise: Sequence[float] | None = None
) -> tuple[dict[str, Estimate], Estimate]:
    """Distances of true second halves to those of other pieces of their corpora; their keys.

    Args:
        halves: The pieces.
        surprise: Of their true second halves, if someone was asked.

    Returns:
        (descriptor -> mean distance, share of pairs in one key). Each piece meets every other
        one of its corpus.
    """
    tables = [descriptors_of(half.truth, dynamics=half.dynamics) for half in halves]
    for each, value in zip(tables, surprise or (), strict=surprise is not None):
        each[SURPRISE] = np.array([value])
    keys = [krumhansl_key(half.truth) for half in halves]
    groups: dict[str, list[int]] = {}
    for number, half in enumerate(halves):
        groups.setdefault(half.corpus, []).append(number)
    apart: dict[str, list[float]] = {name: [] for name in tables[0]}
    same: list[float] = []
    for group in groups.values():
        if len(group) < 2:
            continue
        for name, values in apart.items():
            table = distances(*[[tables[number][name] for number in group]] * 2)
            np.fill_diagonal(table, np.nan)
            values += [_nanmean(row) for row in table]
        for number in group:
            others = [keys[other] == keys[number] for other in group if other != number]
            same.append(float("nan") if keys[number] is None else float(np.mean(others)))
    if not same:
        return dict.fromkeys(apart, NOTHING), NOTHING
    return {name: mean(values) for name, values in apart.items()}, mean(same)


def fault(half: Halved, segment: Segment) -> str:
    """What is wrong with a second half: "loop", "silence", "empty", or "" for nothing.

    What the seed does itself is not held against it.
    """
    if len(segment.rows) < 2:
        return "empty"
    if segment.silence > max(half.seed.silence, STILL * segment.bar):
        return "silence"
    return "loop" if segment.repeats > max(half.seed.repeats, LOOP) else ""


def nearer(ours: Figures, theirs: Figures) -> dict[str, Estimate]:
    """Trait -> by how much one source lies nearer to the truth than another, piece by piece.

    Of the same pieces, what is easy or hard for both falls out, so this is known more exactly
    than the two means are. Under 0 it is farther.
    """
    return {
        name: mean(np.asarray(theirs.each[name]) - np.asarray(ours.each[name]))
        for name in ours.each
    }


def _by_piece(values: Sequence[float], made: Sequence[Made]) -> Estimate:
    """The mean over pieces; several outputs of one piece are one witness."""
    return mean(list(_groups(values, made).values()))


def _groups(values: Sequence[float], made: Sequence[Made]) -> dict[int, float]:
    """The mean of each piece's values."""
    groups: dict[int, list[float]] = {}
    for value, item in zip(values, made, strict=True):
        groups.setdefault(item.index, []).append(value)
    return {index: _nanmean(group) for index, group in groups.items()}


def _nanmean(values: Any) -> float:
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")
