"""Generate: a seed Piece -> the music that goes on from it. The offline path.

The seed is read onto its grid, the network hears all of it, and notes are drawn from the
bar line where it ends, under constraints made from the settings and from the seed itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from composer.analysis.repetition import measure_repetition
from composer.encoding.events import LONGEST, TICKS_PER_BEAT, UNLIMITED
from composer.generation.best_of_n import BestOfN
from composer.generation.continuation import Continuation, to_continuation
from composer.generation.leaning import Leaning
from composer.generation.resting import resting
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.seed_constraints import make_constraints
from composer.generation.seed_fit import preference_of
from composer.generation.seed_plan import Planner, plan_ahead, planner_of
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.music.beat_grid import BEATS
from composer.network.predictor import NoteModel
from composer.network.state import State

MEMORY = 4096
"""Notes of a seed that the network hears at most: its last ones."""
SIDE_BY_SIDE = 256
"""Streams that are drawn at a time, all takes of all variations counted."""


def seed_state(analysis: SeedAnalysis, predictor: NoteModel) -> State:
    """The network's state where a seed ends, ready for the first new note."""
    return at_join(analysis, predictor.prime(analysis.events, MEMORY))


def at_join(analysis: SeedAnalysis, state: State) -> State:
    """The state of a network that has heard a seed, moved to where it goes on.

    Where the seed's last onset lies too far before the join for one shift, or not so that
    a shift leads right to it, whole bars are skipped and the clock is moved by under a
    sixteenth: nothing sounds there, and the first new note can fall on the bar line.
    """
    context, bar = state.context, analysis.bar
    # The continuation's metre, should it change where the seed ends.
    if analysis.events.kind == BEATS:
        inside = (context.clock - analysis.join) % bar
        context = context.moved(context.clock, inside, np.array([bar]))
    gap = analysis.join - int(context.clock[0])
    most = max(LONGEST - bar, bar)
    if gap > most:
        bars = min(-(-(gap - most) // bar), gap // bar)
        context = context.moved(context.clock + bars * bar, context.inside)
        gap -= bars * bar
    if gap > LONGEST:  # in a bar that is longer than any shift
        beats = -(-(gap - LONGEST) // TICKS_PER_BEAT) * TICKS_PER_BEAT
        context = context.moved(context.clock + beats, (context.inside + beats) % bar)
        gap -= beats
    if gap > 96 and gap % 12:
        nudge = gap % 12
        context = context.moved(context.clock + nudge, (context.inside + nudge) % bar)
    if analysis.events.plan is not None:
        ahead = -(-(analysis.join - context.clock) // bar)
        number = len(analysis.events.plan) - ahead
        context = context.moved(context.clock, context.inside, number=number)
    return replace(state, context=context)


def continue_seed(
    analysis: SeedAnalysis,
    predictor: NoteModel,
    settings: Settings,
    variations: Sequence[int] = (0,),
    progress: Callable[[float], None] | None = None,
    planner: Planner | None = None,
) -> list[Continuation]:
    """Go on from a seed, once for each variation.

    A variation depends on the seed, the settings and its number alone, not on which
    others are made with it.

    Args:
        analysis: From `analyse_seed`.
        predictor: The network.
        settings: Length, freedom and limits.
        variations: Their numbers.
        progress: Called with the share done, 0..1.
        planner: Plans the bars to come; None: the model's own, if it has one.

    Raises:
        SettingError: The settings do not fit the seed.
    """
    planner = planner or planner_of(predictor)
    state = seed_state(analysis, predictor)
    streams = make_streams(analysis, state, settings, variations, planner)
    takes = BestOfN(predictor)
    waiting, ended = streams[::-1], 0
    while waiting or takes.streams:
        while waiting and takes.places < SIDE_BY_SIDE:
            takes.add([(analysis, waiting.pop())])
        ended += len(takes.step())
        if progress and takes.streams:
            at = zip(takes.streams, takes.clocks, strict=True)
            shares = [_share(stream, analysis, clock) for stream, clock in at]
            playing = len(streams) - len(waiting) - ended
            progress((ended + playing * sum(shares) / len(shares)) / len(streams))
    return [to_continuation(analysis, stream) for stream in streams]


def make_streams(
    analysis: SeedAnalysis,
    state: State,
    settings: Settings,
    variations: Sequence[int],
    planner: Planner | None = None,
) -> list[Stream]:
    """The continuations of a seed before their first note, one for each variation.

    Args:
        analysis: Of the seed.
        state: From `seed_state`.
        settings: Length, freedom and limits.
        variations: Their numbers.
        planner: Plans the bars to come of each; None: they are not planned.

    Raises:
        SettingError: The settings do not fit the seed.
    """
    constraints = make_constraints(analysis, settings)
    leaning = None
    if settings.profile is not None:
        leaning = Leaning.of(preference_of(settings.profile), analysis.segment())
        if leaning is not None:
            constraints, settings = leaning.widened(constraints), leaning.freed(settings)
    limits, tracker = measure_repetition(analysis.events, analysis.bar)
    last_note = analysis.events.rows[-1].astype(np.int64)
    # Bounds the work, should a setting ask for very dense music.
    max_notes = settings.notes or int(constraints.table["per_bar"][0]) * -(
        -(int(constraints.end[0]) - analysis.join) // analysis.bar
    )
    streams = []
    for number in variations:
        plan, rules = plan_ahead(analysis, settings, number, planner), constraints
        if plan is not None and analysis.events.plan is not None:
            playing = np.flatnonzero(rules.table["parts"][0]).tolist()
            chance = np.random.default_rng((settings.rng_seed, number, len(analysis.events.rows)))
            rests = resting(analysis.events, plan, playing, chance)
            rules = rules.with_rests(rests, len(analysis.events.plan))
        streams.append(
            Stream(
                state=replace(state, context=state.context.planned(plan)),
                last_note=last_note,
                constraints=rules,
                settings=settings,
                limits=limits,
                variation=number,
                max_notes=max_notes,
                tracker=tracker,
                plan=plan,
                leaning=leaning,
            )
        )
    return streams


def _share(stream: Stream, analysis: SeedAnalysis, clock: int) -> float:
    end, begin = int(stream.constraints.end[0]), analysis.join
    if end == UNLIMITED:
        return len(stream.rows) / stream.max_notes
    return min(max((clock - begin) / (end - begin), 0.0), 1.0)
