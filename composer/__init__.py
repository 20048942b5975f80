"""composer: an LSTM that continues a musician's phrase, from a file or live.

What `__all__` names is the public interface, described in docs/api.md; all else may change
from release to release. Each name is imported when it is first asked for, so that
`import composer` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composer.api import (
        arrange,
        continue_seed,
        fill,
        open_predictor,
        open_session,
        vary,
        write_midi,
    )
    from composer.errors import ComposerError
    from composer.generation.continuation import Continuation
    from composer.generation.seed_files import Seed, open_seed
    from composer.generation.settings import Settings
    from composer.inside.insertion import Insertion
    from composer.live.offline_session import OfflineSession
    from composer.music.notes import Note, Part, Piece
    from composer.network.predictor import Predictor

__version__ = "0.1.0"

__all__ = [
    "ComposerError",
    "Continuation",
    "Insertion",
    "Note",
    "OfflineSession",
    "Part",
    "Piece",
    "Predictor",
    "Seed",
    "Settings",
    "arrange",
    "continue_seed",
    "fill",
    "open_predictor",
    "open_seed",
    "open_session",
    "vary",
    "write_midi",
]

_HOMES = {
    "ComposerError": "composer.errors",
    "Continuation": "composer.generation.continuation",
    "Insertion": "composer.inside.insertion",
    "Note": "composer.music.notes",
    "OfflineSession": "composer.live.offline_session",
    "Part": "composer.music.notes",
    "Piece": "composer.music.notes",
    "Predictor": "composer.network.predictor",
    "Seed": "composer.generation.seed_files",
    "Settings": "composer.generation.settings",
    "arrange": "composer.api",
    "continue_seed": "composer.api",
    "fill": "composer.api",
    "open_predictor": "composer.api",
    "open_seed": "composer.generation.seed_files",
    "open_session": "composer.api",
    "vary": "composer.api",
    "write_midi": "composer.api",
}
"""Public name -> the module that defines it; the imports above, for those who run the code."""


def __getattr__(name: str) -> Any:
    """Import a public name (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
