"""Streams: what writes among the notes of a piece, ready for its first note.

The network hears all that stands before the opening as it hears any seed. From there on the
given notes pass as steps that are forced (`composer.generation.guide`), up to its end.

Conventions:
    Ticks are event ticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from composer.analysis.form import half_bars_of
from composer.analysis.harmonisation import harmonised
from composer.analysis.plan_around import foreknown, lines_alone, notes_ahead, plan_around
from composer.analysis.repetition import measure_repetition
from composer.encoding.events import (
    FIELDS,
    LONGEST,
    PART,
    SHIFT,
    TICKS_PER_BEAT,
    Events,
)
from composer.encoding.given import Given, Opening
from composer.encoding.given_tokens import GivenTokens
from composer.encoding.running_features import Context
from composer.errors import SettingError
from composer.generation.best_of_n import FEWEST
from composer.generation.guide import Guide, placed
from composer.generation.loose_notes import LooseNotes
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import AUTO, OFF, Settings
from composer.generation.stream import Stream
from composer.generation.voices import Voices
from composer.inside.constraints import constraints_inside
from composer.inside.fit import InsideFit
from composer.inside.following import Following
from composer.inside.instruments import Instrument
from composer.inside.whole_piece import Ints, WholePiece
from composer.music.beat_grid import FREE
from composer.music.notes import DRUM_PROGRAM
from composer.music.plan import Plan
from composer.network import litert_reader
from composer.network.encoder import Encoder
from composer.network.predictor import NoteModel
from composer.network.state import State

MEMORY: Final = 4096
"""Notes before an opening that the network hears at most: the last ones."""
WHOLE_BARS: Final = 8
"""Openings up to so many bars are tried whole; of longer ones, some bars at a time."""
LEG_BARS: Final = 2
NOTHING_HEARD: Final = np.array([0, -1, -1, 0, 0], dtype=np.int64)
"""Stands for the last note where there is none: all parts and pitches come after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """What is to be written inside a piece.

    Attributes:
        whole: The piece.
        given: The notes that stand, and the openings.
        opening: From the first tick of them to the last, with all parts that write.
        added: Instrument of each slot that has no notes yet.
        loose: How far given notes are free themselves; None for not at all.
        voices: Parts that may not cross; None for none.
        chords: Of the bars, by number, where they are known beforehand.
        closed: Whether new notes end with it, and none sounds into what follows.
        alike: Whether about as many notes are written as stood there.
    """

    whole: WholePiece
    given: Given
    opening: Opening
    added: Mapping[int, Instrument] = field(default_factory=dict)
    loose: LooseNotes | None = None
    voices: Voices | None = None
    chords: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    closed: bool = False
    alike: bool = False

    @property
    def ring(self) -> int:
        """Ticks for which new notes may sound beyond its end."""
        return 0 if self.closed or self.added else self.whole.ring(self.opening)

    @property
    def analysis(self) -> SeedAnalysis:
        """The piece as a seed that ends where the opening begins."""
        whole = self.whole
        events = replace(whole.events(), plan=None)
        return SeedAnalysis(
            whole.piece, events, whole.placement, whole.grid, whole.key, 0, self.opening.start
        )


def encoder_of(predictor: object) -> Encoder | None:
    """The encoder of the model that a predictor was loaded from; None where it has none.

    Raises:
        ModelError: Its files are damaged.
    """
    folder, config = getattr(predictor, "folder", None), getattr(predictor, "config", None)
    return None if folder is None or config is None else _loaded(folder, config)


@cache
def _loaded(folder: Path, config: object) -> Encoder | None:
    return litert_reader.load(folder, config)  # type: ignore[arg-type]


def planned(passage: Passage, settings: Settings) -> Plan | None:
    """The plan of a piece around a passage, as far as what stands tells it.

    Raises:
        SettingError: The settings ask for a plan of bars to come.
    """
    if settings.form is not None or settings.plan not in (AUTO, OFF):
        raise SettingError("--form and --plan are for bars behind a piece, not inside it")
    whole = passage.whole
    if settings.plan == OFF or whole.kind == FREE:
        return None
    empty = whole.events(whole.notes[:0])
    plan = plan_around(empty, passage.given, whole.bars, cautious=not passage.added)
    chords = passage.chords or _found_to_a_line(passage, empty)
    if plan is None or not chords:
        return plan
    return Plan(
        tuple(
            bar._replace(chords=chords.get(number, bar.chords))
            for number, bar in enumerate(plan.bars)
        )
    )


def _found_to_a_line(passage: Passage, events: Events) -> dict[int, tuple[int, int]]:
    """Chords of all bars, by number, where parts are added to a line that tells none; else none.

    Where several notes sound at a time, the chords that are heard in them are followed.
    """
    whole, notes = passage.whole, passage.given.notes
    if not passage.added or whole.key is None:
        return {}
    drums = np.array(whole.programs)[notes[:, PART]] == DRUM_PROGRAM
    if not lines_alone(notes, drums, np.array([0, whole.line(whole.bars)])).all():
        return {}
    chords = harmonised(half_bars_of(notes[~drums], events, whole.bars)[0], whole.key)
    return {bar: (chords[2 * bar], chords[2 * bar + 1]) for bar in range(whole.bars)}


def streams_inside(
    passage: Passage,
    predictor: NoteModel,
    settings: Settings,
    variations: Sequence[int],
    encoder: Encoder | None = None,
) -> list[Stream]:
    """What is written in a passage before its first note, once for each variation.

    Args:
        passage: Where.
        predictor: The network.
        settings: Freedom and limits.
        variations: Their numbers.
        encoder: What tells the network of the given notes; None: it is not told.

    Raises:
        SettingError: The settings do not fit the piece.
    """
    whole, given, opening = passage.whole, passage.given, passage.opening
    plan = planned(passage, settings)
    events = whole.events()
    constraints = constraints_inside(
        whole, events, opening, settings, passage.added,
        plan if passage.chords or passage.added else None, passage.ring,
        min((each.start for each in given.openings), default=None),
        len(whole.notes) - len(given) if passage.alike else None,
    )  # fmt: skip
    told_events = replace(
        events, plan=plan, ahead={} if plan is None else notes_ahead(events, given)
    )
    before = given.notes[given.notes[:, SHIFT] < opening.start]
    state = _heard(whole, before, predictor, told_events, opening)
    [(_, known)] = foreknown(events, given, [opening], plan)
    state = replace(state, context=state.context.foreknowing(known))
    bar = whole.bar_at(opening.start)
    bars = max((opening.end - opening.start) // bar, 1)
    inside = int(np.searchsorted(given.notes[:, SHIFT], opening.end) - len(before))
    per_bar = int(constraints.table["per_bar"][0])
    most = (per_bar + 1) * (bars + 1) + inside + 1
    shortest = bars <= WHOLE_BARS and not passage.added
    usual = _usual_notes(whole, passage, bar)
    guide = Guide(
        given,
        opening.end,
        None if whole.kind == FREE else whole.metres,
        # What is loose is not to be told: it would be played again as it stood.
        told=None
        if encoder is None or passage.loose is not None
        else encoder(GivenTokens.of(given, told_events, whole.bars)),
        loose=passage.loose,
        voices=passage.voices,
        entering=tuple(passage.added),
        patience=bar,
    )
    free = None if passage.loose is None else passage.loose.free
    fit = InsideFit(
        whole, opening, given.notes, plan, Following.of(whole, given, opening, predictor),
        frozenset(passage.added), free,
    )  # fmt: skip
    limits, _ = measure_repetition(events, bar)
    _, tracker = measure_repetition(whole.events(before), bar)
    last = before[-1] if len(before) else NOTHING_HEARD
    return [
        Stream(
            state=state,
            last_note=last,
            constraints=constraints,
            settings=settings,
            limits=limits,
            variation=number,
            max_notes=most,
            tracker=tracker,
            plan=plan,
            guide=guide,
            fit=fit,
            leg=most if shortest else max(LEG_BARS * usual, FEWEST),
            next_given=len(before),
        )
        for number in variations
    ]


def _usual_notes(whole: WholePiece, passage: Passage, bar: int) -> int:
    """About how many notes, given and written, a bar will have."""
    per_bar = len(whole.notes) * bar / max(whole.line(whole.bars), bar)
    paces = sum(instrument.pace for instrument in passage.added.values())
    return round(per_bar + 0.6 * paces * bar / TICKS_PER_BEAT)


def _heard(
    whole: WholePiece, notes: Ints, predictor: NoteModel, told: Events, opening: Opening
) -> State:
    """The network's state where an opening begins.

    Where a rest has lost bars in what the network hears (`composer.encoding.events.quantise`),
    what comes behind it is heard note by note, in its true place.
    """
    heard = whole.events(notes)
    off = np.abs(heard.onsets - notes[:, SHIFT]) > TICKS_PER_BEAT // 2
    quick = int(np.argmax(off)) if off.any() else len(notes)
    first = replace(
        told, rows=heard.rows[:quick] if quick else np.zeros((0, len(FIELDS)), dtype=np.int16)
    )
    state = predictor.prime(first, MEMORY)
    if quick:
        state = replace(state, context=at(state.context, int(notes[quick - 1, SHIFT]), whole))
    for onset, *fields in notes[quick:].tolist():
        clock = int(state.context.clock[0])
        given = Given.of(np.array([[onset, *fields]]), [])
        shift = int(given.shift_class(np.array([clock]), np.array([0]))[0])
        row = np.array([[shift, *fields]], dtype=np.int64)
        context = placed(state.context, [(0, onset, whole.metres)], [shift])
        state = predictor.step(row, replace(state, context=context))
    return replace(state, context=_brought_near(state.context, opening.start, whole))


def at(context: Context, clock: int, whole: WholePiece) -> Context:
    """One stream moved to a tick of a piece."""
    if whole.kind == FREE:
        bar = int(context.bar[0])
        return context.moved(np.array([clock]), np.array([clock % bar]))
    position = whole.metres.position(clock, TICKS_PER_BEAT)
    return context.moved(
        np.array([clock]),
        np.array([position.tick]),
        np.array([position.length]),
        np.array([position.bar]),
    )


def _brought_near(context: Context, start: int, whole: WholePiece) -> Context:
    """One stream moved so near to a tick that a shift leads right there."""
    clock, bar = int(context.clock[0]), whole.bar_at(start)
    moved = clock
    most = max(LONGEST - bar, bar)
    if start - moved > most:
        moved += min(-(-(start - moved - most) // bar), (start - moved) // bar) * bar
    if start - moved > LONGEST:
        moved = start - LONGEST
    if start - moved > 96:
        moved += (start - moved) % 12
    return context if moved == clock else at(context, moved, whole)
