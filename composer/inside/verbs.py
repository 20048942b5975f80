"""Write inside: a piece and settings in, what is written among its notes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composer.encoding.given import Opening
from composer.errors import SettingError
from composer.generation.best_of_n import BestOfN
from composer.generation.seed_constraints import chosen_slots
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.generation.stream import Stream
from composer.inside.insertion import Insertion, to_insertion
from composer.inside.streams import Passage, encoder_of, streams_inside
from composer.inside.whole_piece import WholePiece
from composer.inside.writing import FILL, Writing
from composer.network.predictor import NoteModel

SIDE_BY_SIDE = 256
"""Streams that are drawn at a time, all takes of all variations counted."""


def write_inside(
    seed: Seed,
    predictor: NoteModel,
    settings: Settings,
    writing: Writing,
    variations: Sequence[int] = (0,),
    progress: Callable[[float], None] | None = None,
) -> list[Insertion]:
    """Write inside a piece, once for each variation.

    A variation depends on the piece, the settings and its number alone, not on which others are
    made with it.

    Args:
        seed: The file that is there.
        predictor: The network; what its model has of an encoder tells it of the given notes.
        settings: Freedom and limits.
        writing: What is to be written.
        variations: Their numbers.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: The settings do not fit the piece.
    """
    passage, added = passage_of(seed, settings, writing)
    streams = streams_inside(passage, predictor, settings, variations, encoder_of(predictor))
    draw(passage, streams, predictor, progress)
    return [to_insertion(passage, [stream], added) for stream in streams]


def draw(
    passage: Passage,
    streams: Sequence[Stream],
    predictor: NoteModel,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Draw streams of one passage to their ends, the best takes of each."""
    takes, waiting, ended = BestOfN(predictor), list(streams)[::-1], 0
    start, length = passage.opening.start, passage.opening.end - passage.opening.start
    while waiting or takes.streams:
        while waiting and takes.places < SIDE_BY_SIDE:
            takes.add([(passage.analysis, waiting.pop())])
        ended += len(takes.step())
        if progress and takes.streams:
            shares = [
                min(max((s.onsets[-1] - start) / length, 0.0), 1.0) if s.onsets else 0.0
                for s in takes.streams
            ]
            playing = len(streams) - len(waiting) - ended
            progress((ended + playing * sum(shares) / len(shares)) / len(streams))


def passage_of(seed: Seed, settings: Settings, writing: Writing) -> tuple[Passage, tuple[int, ...]]:
    """Where something is written, and the indices of the parts that are new."""
    whole = WholePiece.of(seed.piece, grid=settings.grid)
    slots = chosen_slots(whole.piece, whole.placement, settings.parts)
    opening = whole.opening(writing.bars, slots)
    if writing.task == FILL:
        return _fill(whole, opening), ()
    raise SettingError(f"{writing.task} is not written inside a piece")


def _fill(whole: WholePiece, opening: Opening) -> Passage:
    given = whole.around(opening)
    if not len(given):
        raise SettingError(
            "nothing would stand: all notes of the file lie in these bars and parts; "
            "choose fewer, or go on from it with 'composer generate'"
        )
    return Passage(whole, given, opening)
