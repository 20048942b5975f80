"""Clip action: a clip of a DAW in, what is to be taken out of it and put into it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from composer.clients.clip_text import Clip, to_request, to_text
from composer.formats import midi
from composer.generation.generate import continue_seed
from composer.generation.seed_files import Seed, continued
from composer.generation.settings import Settings
from composer.inside.verbs import write_inside
from composer.inside.writing import CONTINUE, VARY
from composer.music.notes import Piece
from composer.network.predictor import Predictor
from composer.web.inside_requests import writing_of
from composer.web.notes_json import content_of, file_of, piece_of
from composer.web.settings_json import settings_of


def act(action: str, clip: Clip, predictor: Predictor) -> str:
    """Do an action. Returns the answer as lines of text.

    Args:
        action: "continue", "fill" or "vary".
        clip: The clip.
        predictor: The network.

    Raises:
        ComposerError: It cannot be done; the line says why.
    """
    request = to_request(clip)
    piece = piece_of(request)
    seed = Seed(Path("clip"), file_of(piece), piece)
    own = {"strength", "keep"} & request["settings"].keys() if action == VARY else set()
    options = {name: request["settings"].pop(name) for name in own}
    settings = settings_of(request["settings"])
    if action == CONTINUE:
        return to_text(clip, _continue(seed, settings, predictor), clear=None)
    first, last = clip.bars()
    writing = writing_of(action, {"bars": f"{first}-{last}", **options})
    [made] = write_inside(seed, predictor, settings, writing)
    music = content_of(_within(made.whole, made.start, made.end))
    answer = {"variations": [{"music": music}], "remarks": seed.remarks}
    beat = piece.ticks_per_beat
    return to_text(clip, answer, clear=(made.start / beat, made.end / beat))


def _within(piece: Piece, start: int, end: int) -> Piece:
    """The notes that begin in a span: all that shall be there once it has been cleared."""
    return piece.with_parts(
        tuple(
            replace(part, notes=tuple(note for note in part.notes if start <= note.onset < end))
            for part in piece.parts
        )
    )


def _continue(seed: Seed, settings: Settings, predictor: Predictor) -> dict[str, Any]:
    """The answer of `POST /v1/continue`, as far as a clip needs it."""
    analysis = seed.analysis(settings.grid, settings.tempo)
    [made] = continue_seed(analysis, predictor, settings, range(1))
    whole = midi.to_piece(continued(seed, made))
    music = content_of(whole, None, max(made.join, seed.piece.end))
    end_beat = made.end / seed.piece.ticks_per_beat
    return {
        "variations": [{"music": music, "end_beat": end_beat}],
        "remarks": seed.remarks_on(analysis),
    }
