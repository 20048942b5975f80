"""Write inside: a piece and settings in, what is written among its notes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.drawing import draw
from composer.inside.insertion import Insertion, to_insertion
from composer.inside.passages import passage_of
from composer.inside.streams import encoder_of, streams_inside
from composer.inside.writing import VARY, Writing
from composer.network.predictor import NoteModel


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
    encoder = encoder_of(predictor)
    # What is varied is another thing in each variation; else all share a passage.
    shares = [[number] for number in variations] if writing.task == VARY else [list(variations)]
    made: list[Insertion] = []
    for numbers in shares:
        passage, added = passage_of(seed, settings, writing, numbers[0])
        streams = streams_inside(passage, predictor, settings, numbers, encoder)
        draw(passage, streams, predictor, progress if len(shares) == 1 else None)
        made += [to_insertion(passage, stream, added) for stream in streams]
        if progress and len(shares) > 1:
            progress(len(made) / len(shares))
    return made
