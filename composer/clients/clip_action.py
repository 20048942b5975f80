"""Clip action: a clip of a DAW in, what is to be taken out of it and put into it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from composer.clients.clip_text import Clip, to_request, to_text
from composer.generation.seed_files import Seed
from composer.inside.verbs import write_inside
from composer.inside.writing import CONTINUE, FILL, VARY, Writing
from composer.network.predictor import Predictor
from composer.shipped import shipped
from composer.web.notes_json import content_of, file_of, piece_of
from composer.web.requests import Tools, do
from composer.web.settings_json import settings_of

ACTIONS: Final = (CONTINUE, FILL, VARY)


def act(action: str, clip: Clip, predictor: Predictor) -> str:
    """Do an action. Returns the answer as lines of text.

    Args:
        action: One of `ACTIONS`.
        clip: The clip.
        predictor: The network.

    Raises:
        ComposerError: It cannot be done; the line says why.
    """
    request = to_request(clip)
    tools = Tools(lambda: predictor, shipped("."), lambda share: None)
    if action == CONTINUE:
        return to_text(clip, do("continue", request, tools), clear=None)
    piece = piece_of(request)
    seed = Seed(Path("clip"), file_of(piece), piece)
    writing = Writing(action, clip.bars())
    [made] = write_inside(seed, predictor, settings_of(request["settings"]), writing)
    answer: dict[str, Any] = {
        "variations": [{"music": content_of(made.piece)}],
        "remarks": seed.remarks,
    }
    beat = seed.piece.ticks_per_beat
    return to_text(clip, answer, clear=(made.start / beat, made.end / beat))
