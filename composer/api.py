"""Api: the four verbs of the Python interface; see docs/api.md."""

from __future__ import annotations

import os
from collections.abc import Callable

from composer import models
from composer.formats import midi
from composer.generation import generate
from composer.generation.continuation import Continuation
from composer.generation.seed_files import Seed, alone, continued
from composer.generation.settings import Settings
from composer.live.offline_session import OfflineSession
from composer.network.predictor import Predictor


def open_predictor(
    model: str | os.PathLike[str] = models.DEFAULT, *, threads: int = 2
) -> Predictor:
    """Load a model, to play with it on the CPU. Loaded once, it serves any number of calls.

    Args:
        model: Its name (`composer models` lists them) or its folder.
        threads: Threads of one step of the network.

    Raises:
        ModelError: There is no such model, or it is damaged.
    """
    return Predictor.load(models.find(os.fspath(model)), threads)


def continue_seed(
    seed: Seed,
    predictor: Predictor | None = None,
    settings: Settings | None = None,
    *,
    variations: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Continuation]:
    """Go on from a seed.

    The same seed, settings and model give the same music, to the last byte of a file.

    Args:
        seed: From `open_seed`.
        predictor: From `open_predictor`; None for the default model, loaded for this call.
        settings: Length, freedom and limits; None for eight bars.
        variations: How many continuations.
        progress: Called with the share done, 0..1.

    Returns:
        The continuations, as many as there are variations.

    Raises:
        SettingError: The settings do not fit the seed.
        ModelError: The default model is missing or damaged.
    """
    settings = settings or Settings()
    return generate.continue_seed(
        seed.analysis(settings.grid, settings.tempo),
        predictor or open_predictor(),
        settings,
        range(variations),
        progress,
    )


def write_midi(
    path: str | os.PathLike[str],
    seed: Seed,
    continuation: Continuation,
    *,
    continuation_only: bool = False,
    force: bool = False,
) -> None:
    """Write a continuation as a MIDI file, whole or not at all.

    Args:
        path: Where to.
        seed: The seed, which stays in front of it, message for message.
        continuation: What goes on from it.
        continuation_only: Leave the seed out.
        force: Replace a file that is there.

    Raises:
        OutputError: Something is there and `force` is not set, the folder is missing or
            may not be written to, or the disk is full.
    """
    file = alone(continuation) if continuation_only else continued(seed, continuation)
    midi.save(file, path, force=force)


def open_session(
    predictor: Predictor | None = None, *, bpm: float | None = None, **parameters: float | str
) -> OfflineSession:
    """Begin a live session inside this program, in which every moment is an argument.

    Args:
        predictor: From `open_predictor`; None for the default model.
        bpm: Tempo in beats per minute; None to play in free time.
        parameters: Parameters as docs/osc.md lists them: `mode="continue"`, `bars=4` ...

    Raises:
        SettingError: There is no such parameter, or it does not take this value.
        ModelError: The default model is missing or damaged.
    """
    return OfflineSession(predictor or open_predictor(), bpm=bpm, **parameters)
