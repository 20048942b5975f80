"""Loop: bars that go on from a seed and whose end leads back into their beginning.

The first of them is written as any continuation is. The others are written between it and
itself: it stands before them and again behind them, so that what they end with leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from composer.encoding.given import Opening
from composer.errors import SettingError
from composer.generation.continuation import Continuation
from composer.generation.generate import continue_seed
from composer.generation.seed_analysis import SeedAnalysis
from composer.generation.settings import DEFAULT_BARS, Settings
from composer.inside.drawing import draw
from composer.inside.insertion import to_insertion
from composer.inside.passages import chords_of, filled
from composer.inside.streams import encoder_of, streams_inside
from composer.inside.whole_piece import WholePiece
from composer.music.chords import chord_name
from composer.music.notes import Piece
from composer.network.predictor import NoteModel
from composer.planning.chart import read_chart


def loop_seed(
    analysis: SeedAnalysis,
    predictor: NoteModel,
    settings: Settings,
    variations: Sequence[int] = (0,),
    progress: Callable[[float], None] | None = None,
) -> list[Continuation]:
    """Go on from a seed with bars that can be played again and again.

    Args:
        analysis: Of the seed.
        predictor: The network.
        settings: Length in bars, freedom and limits.
        variations: Their numbers.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: There are fewer than two bars, or the settings do not fit the seed.
    """
    if settings.seconds is not None or settings.notes is not None:
        raise SettingError("a loop is as long as --bars says: leave out --seconds and --notes")
    bars = settings.bars or DEFAULT_BARS
    if bars < 2:
        raise SettingError(f"a loop has at least two bars, not {bars}")
    if settings.form is not None or settings.plan not in ("auto", "off"):
        raise SettingError("a loop is planned around its first bar: leave out --form and --plan")
    first = replace(settings, bars=1, chords=_first_chord(settings, bars))
    begun = continue_seed(analysis, predictor, first, variations)
    made = []
    for number, beginning in enumerate(begun):
        made.append(_closed(analysis, beginning, predictor, settings, bars))
        if progress:
            progress((number + 1) / len(begun))
    return made


def _first_chord(settings: Settings, bars: int) -> str | None:
    """A chart of the first bar's chords."""
    if settings.chords is None:
        return None
    first, second = read_chart(settings.chords, bars)[0]
    return f"| {chord_name(first)} {chord_name(second)} |"


def _closed(
    analysis: SeedAnalysis,
    beginning: Continuation,
    predictor: NoteModel,
    settings: Settings,
    bars: int,
) -> Continuation:
    """The bars behind the first one, written between it and itself."""
    end = analysis.tick(analysis.join + bars * analysis.bar)
    piece = _with(analysis.piece, beginning.piece, 0)
    piece = _with(piece, beginning.piece, end - beginning.join)
    whole = WholePiece.of(piece, grid=analysis.grid)
    # On the clock of the whole piece, where no rest of the seed is shortened.
    start, behind = (
        round(whole.placement.to_event(tick, piece.tempos)) for tick in (beginning.end, end)
    )
    parts = frozenset(
        slot
        for slot, index in enumerate(whole.placement.slots)
        if not settings.parts or beginning.piece.parts[index].notes
    )
    opening = Opening(start, behind, parts)
    chords = {}
    if settings.chords is not None:
        origin = round(whole.placement.to_event(beginning.join, piece.tempos))
        chords = chords_of(whole, Opening(origin, behind, parts), settings)
    passage = replace(filled(whole, opening, chords), closed=True)
    number = beginning.variation
    inside = replace(settings, bars=None, chords=None)
    [stream] = streams_inside(passage, predictor, inside, (number,), encoder_of(predictor))
    draw(passage, [stream], predictor)
    rest = to_insertion(passage, stream)
    return replace(beginning, piece=_with(beginning.piece, rest.piece, 0), end=end)


def _with(piece: Piece, more: Piece, later: int) -> Piece:
    """A piece with the notes of another of the same parts, so many ticks later."""
    parts = tuple(
        replace(
            own,
            notes=own.notes + tuple(replace(note, onset=note.onset + later) for note in new.notes),
        )
        for own, new in zip(piece.parts, more.parts, strict=True)
    )
    return piece.with_parts(parts)
