"""Plan around given notes: the plan of a piece of which only some notes are known.

What stands says much of what does not. Its own bars have references, chords and phrases as
those of any piece (`composer.analysis.form`). A bar that is hidden whole is found by what stands
around it: if the bars before the gap, or those behind it, return to others a certain number of
bars away, the hidden ones most likely return to the bars in between. These may come later, as
far as they stand, and be moved up or down: in a sonata, what was heard in the fifth's key comes
again in the first one's. Each hidden bar asks the bars on both sides, the nearer side more, so
that a gap may begin as one passage went on and end as another one came in. A bar of which some
parts stand returns where these do. A line alone tells less: others play other things under the
same notes, so its bars return less nearly than it does; and what it passes through would be taken
for chords that nobody plays.

Conventions:
    N bars, counted from 0. Ticks are event ticks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from composer.analysis.bar_similarity import MOVES, moved_similarities, nearness
from composer.analysis.form import plan_of_notes
from composer.encoding.events import (
    DURATION,
    DURATION_TICKS,
    END,
    PART,
    PITCH,
    SHIFT,
    SIZES,
    TICKS_PER_BEAT,
    BarNote,
    Events,
)
from composer.encoding.features import places_in_bars
from composer.encoding.given import Given, Opening
from composer.encoding.match_model import Row
from composer.music.beat_grid import FREE
from composer.music.chords import NO_CHORD, transposed
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import NONE, Plan, PlannedBar

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONTEXT = 6
"""Bars on either side of a gap that are asked where they return to, the nearest most."""
LIKELY = 0.25
"""Likeness of the bars around from which on a hidden bar returns as they do."""
SURE = 0.6
"""Likeness from which on its chords are those of the bar that it returns to."""
CHOIRS = frozenset({52, 53, 54})
"""Programs of voices."""
TOGETHER = 1.5
"""Notes that sound at a time, on average, from which on they are more than a line."""
MOVED = 2
"""Transpositions at most in which a gap's returns are looked for note by note."""
_SIXTEENTH = TICKS_PER_BEAT // 4


def plan_around(
    events: Events, given: Given, bars: int, *, closes: bool = True, cautious: bool = True
) -> Plan | None:
    """The plan that given notes tell of.

    Args:
        events: For programs, metres and kind; its notes are not looked at.
        given: The notes that stand, and where others are written.
        bars: Bars of the whole piece.
        closes: Whether it ends with the last of them.
        cautious: Whether what is found is left out where it says little of what is hidden: of bars
            in which a line alone stands, and of choirs. Parts that nobody has heard yet take their
            form from what is there, whatever it is.

    Returns:
        None in free time, where there are no bars, and of choirs, which sing few bars again as they
        were: what returns in their tune, or around a gap, misleads.
    """
    if events.kind == FREE or (cautious and set(events.programs) <= CHOIRS):
        return None
    notes = given.notes
    plan = plan_of_notes(notes, events, bars=bars, closes=closes)
    numbers, inside, _ = places_in_bars(notes[:, SHIFT], events.kind, events.metres).T
    count = len(plan)
    drums = np.array(events.programs)[notes[:, PART]] == DRUM_PROGRAM
    places = (inside + 2) // _SIXTEENTH
    lengths, hidden = _bars(events, given, count)
    planned = list(plan.bars)
    for first, behind in _runs(hidden):
        asked = np.concatenate([
            np.arange(first - 1, max(first - 1 - CONTEXT, -1), -1),
            np.arange(behind, min(behind + CONTEXT, count)),
        ])  # fmt: skip
        similar = moved_similarities(numbers, places, notes[:, PITCH], drums, asked, count)
        before, after = (
            _likeness(similar[:, side], hidden, asked[side])
            for side in (asked < first, asked >= behind)
        )
        for number in range(first, behind):
            near = (behind - number) / (behind - first + 1)
            likeness = _of_both(before, after, near, number)
            if likeness is not None:
                likeness[:, hidden | (lengths != lengths[number])] = 0.0
                planned[number] = _returning(planned[number], plan, likeness)
    under_lines = _under_lines(events, given, lengths) & cautious
    for number in np.flatnonzero(under_lines).tolist():
        bar = planned[number]._replace(
            nearness=max(planned[number].nearness - 1, 0), chords=(NO_CHORD, NO_CHORD)
        )
        planned[number] = bar if bar.nearness else bar._replace(reference=NONE, transposition=0)
    return Plan(tuple(planned))


def lines_alone(notes: Ints, drums: Bools, bounds: Ints) -> Bools:
    """Whether a line alone begins notes in each of some stretches of time, [N].

    Args:
        notes: int [G, 5]: onset in ticks, slot, pitch, duration and velocity class.
        drums: Which of them are a kit's, [G]: these are no lines.
        bounds: Ticks, ascending, between which the stretches lie, [N + 1].
    """
    onsets = notes[~drums, SHIFT]
    ends = onsets + DURATION_TICKS[notes[~drums, DURATION]]
    sounding = np.zeros(max(int(ends.max(initial=0)), int(bounds[-1])) + 1, dtype=np.int64)
    np.add.at(sounding, onsets, 1)
    np.add.at(sounding, ends, -1)
    together = sounding.cumsum()
    notes_in = np.diff(np.append(0, together.cumsum())[bounds])
    ticks_in = np.diff(np.append(0, (together > 0).cumsum())[bounds])
    begun, _ = np.histogram(onsets, bounds)
    return np.asarray((begun > 0) & (notes_in < TOGETHER * ticks_in))


def _under_lines(events: Events, given: Given, lengths: Ints) -> Bools:
    """Which bars a line alone stands in while others write, [N]."""
    lines = np.append(0, lengths.cumsum())
    drums = np.array(events.programs)[given.notes[:, PART]] == DRUM_PROGRAM
    alone = lines_alone(given.notes, drums, lines)
    written = given.open_parts(lines[:-1]) | given.open_parts((lines[:-1] + lines[1:]) // 2)
    return np.asarray(alone & np.any(written, axis=1))


def notes_ahead(events: Events, given: Given) -> Mapping[int, Sequence[BarNote]]:
    """The given notes bar by bar, as `Events.ahead` has them; none in free time."""
    if events.kind == FREE:
        return {}
    found: dict[int, list[BarNote]] = {}
    places = places_in_bars(given.notes[:, SHIFT], events.kind, events.metres)
    for (number, inside, _), row in zip(places.tolist(), given.notes.tolist(), strict=True):
        found.setdefault(number, []).append((inside, *row[PART:]))
    return found


def foreknown(
    events: Events, given: Given, openings: Iterable[Opening], plan: Plan | None
) -> list[tuple[int, list[Row]]]:
    """What is known where openings begin, as `Events.foreknown` has it.

    That is the notes that stand behind each, and where a plan takes up bars there that are moved
    up or down, all notes that stand, moved as well.

    Args:
        events: For programs and metres; its notes are not looked at.
        given: The notes that stand.
        openings: Where others are written.
        plan: From `plan_around`; None: nothing is moved.
    """
    found = []
    for opening in sorted(openings, key=lambda opening: opening[:2]):
        rows = given.behind(opening.end)
        for semitones in _moves_in(events, opening, plan):
            # A long rest parts what is moved from what is not.
            [(_, *first), *others] = _moved(given.behind(0), semitones, events.programs)
            rows += [(END - 1, *first), *others]
        found.append((opening.start, rows))
    return found


def _moves_in(events: Events, opening: Opening, plan: Plan | None) -> list[int]:
    """By how much what the bars of an opening take up is moved, what is most frequent first."""
    if plan is None:
        return []
    first, last = (
        events.metres.position(tick, TICKS_PER_BEAT).bar
        for tick in (opening.start, opening.end - 1)
    )
    counts = Counter(bar.transposition for bar in plan.bars[first : last + 1] if bar.transposition)
    return [semitones for semitones, _ in counts.most_common(MOVED)]


def _moved(rows: Iterable[Row], semitones: int, programs: Sequence[int]) -> list[Row]:
    """Notes that are moved, but for a kit's."""
    highest = SIZES[PITCH] - 1
    return [
        (shift, part, pitch, *others)
        if programs[part] == DRUM_PROGRAM
        else (shift, part, min(max(pitch + semitones, 0), highest), *others)
        for shift, part, pitch, *others in rows
    ]


def _bars(events: Events, given: Given, count: int) -> tuple[Ints, Bools]:
    """Length of each bar, and whether all of its parts are written from its line on, [N]."""
    lengths, tick, lines = [], 0, []
    for _ in range(count):
        length = events.metres.position(tick, TICKS_PER_BEAT).length
        lines.append(tick)
        lengths.append(length)
        tick += length
    onsets = np.array(lines, dtype=np.int64)
    parts = len(events.programs)
    hidden = given.open_parts(onsets)[:, :parts]
    halfway = given.open_parts(onsets + np.array(lengths) // 2)[:, :parts]
    return np.array(lengths, dtype=np.int64), np.asarray(np.all(hidden & halfway, axis=1))


def _runs(hidden: Bools) -> list[tuple[int, int]]:
    """(first, behind the last) of each run of hidden bars."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hidden, [False]]).astype(np.int8)))
    return [(int(first), int(behind)) for first, behind in edges.reshape(-1, 2)]


def _likeness(similar: Floats, hidden: Bools, around: Ints) -> Floats | None:
    """How alike some bars are to those so many bars away, from -N to N, [moves, 2 N + 1].

    Args:
        similar: How much each of them has in common with every bar, [moves, A, N].
        hidden: Which bars are, [N].
        around: Their numbers, the nearest to the gap first, [A].

    Returns:
        None if none of them stands.
    """
    count = len(hidden)
    total = np.zeros((len(similar), 2 * count + 1))
    standing = np.flatnonzero(~hidden[around])
    for rank, index in enumerate(standing.tolist()):
        # Bar t lies t - bar bars away.
        first = count - int(around[index])
        total[:, first : first + count] += np.where(hidden, 0.0, similar[:, index]) / (1 + rank)
    if not len(standing):
        return None
    # A bar that cannot be held against another is as one that is unlike it.
    found: Floats = total / sum(1 / (1 + rank) for rank in range(CONTEXT))
    found[:, count] = 0.0
    return found


def _of_both(before: Floats | None, after: Floats | None, near: float, bar: int) -> Floats | None:
    """How alike the bars on both sides of a gap are to those around each bar, [moves, N].

    Args:
        before: Of those before the gap, from `_likeness`.
        after: Of those behind it.
        near: How near a hidden bar is to those before, 0..1.
        bar: Its number.
    """
    if before is None or after is None:
        both = before if after is None else after
    else:
        both = np.maximum(near * before + (1 - near) * after, (before + after) / 2)
    if both is None:
        return None
    count = both.shape[1] // 2
    return both[:, count - bar : 2 * count - bar].copy()


def _returning(bar: PlannedBar, plan: Plan, likeness: Floats) -> PlannedBar:
    """A hidden bar with the one that it most likely takes up, and what that says of its chords.

    Args:
        bar: As it is planned so far.
        plan: Of the bars that stand.
        likeness: Of what is around it to what is around every bar that stands, [moves, N].
    """
    move, reference = divmod(int(likeness.argmax()), likeness.shape[1])
    found = float(likeness[move, reference])
    if found < LIKELY:
        return bar._replace(
            reference=NONE, transposition=0, nearness=0, chords=(NO_CHORD, NO_CHORD)
        )
    semitones = MOVES[move]
    chords = (NO_CHORD, NO_CHORD)
    if found >= SURE:
        first, second = plan.bar(reference).chords
        chords = transposed(first, semitones), transposed(second, semitones)
    return bar._replace(
        reference=reference, transposition=semitones, nearness=nearness(found), chords=chords
    )
