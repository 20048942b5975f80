"""Api: the verbs of the Python interface; see docs/api.md."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from composer import models
from composer.formats import midi
from composer.generation import generate
from composer.generation.continuation import Continuation
from composer.generation.parameters import USUAL_STRENGTH
from composer.generation.seed_files import Seed, alone, continued
from composer.generation.settings import Settings
from composer.inside.insertion import Insertion
from composer.inside.loop import loop_seed
from composer.inside.verbs import write_inside
from composer.inside.writing import ARRANGE, FILL, VARY, Writing
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
    loop: bool = False,
    progress: Callable[[float], None] | None = None,
) -> list[Continuation]:
    """Go on from a seed.

    The same seed, settings and model give the same music, to the last byte of a file.

    Args:
        seed: From `open_seed`.
        predictor: From `open_predictor`; None for the default model, loaded for this call.
        settings: Length, freedom and limits; None for eight bars.
        variations: How many continuations.
        loop: Whether they end so that they lead back into their own beginning.
        progress: Called with the share done, 0..1.

    Returns:
        The continuations, as many as there are variations.

    Raises:
        SettingError: The settings do not fit the seed.
        ModelError: The default model is missing or damaged.
    """
    settings = settings or Settings()
    go_on = loop_seed if loop else generate.continue_seed
    return go_on(
        seed.analysis(settings.grid, settings.tempo),
        predictor or open_predictor(),
        settings,
        range(variations),
        progress,
    )


def fill(
    seed: Seed,
    bars: tuple[int, int],
    predictor: Predictor | None = None,
    settings: Settings | None = None,
    *,
    variations: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Insertion]:
    """Write some bars of a file anew, between what stands before and after them.

    Args:
        seed: From `open_seed`.
        bars: The first and the last, counted from 1 at the beginning of the file.
        predictor: From `open_predictor`; None for the default model, loaded for this call.
        settings: Freedom and limits; `Settings.parts` names the parts that are written.
        variations: How many proposals.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: There are no such bars, or the settings do not fit the file.
        ModelError: The default model is missing or damaged.
    """
    writing = Writing(FILL, bars)
    return _written(seed, writing, predictor, settings, variations, progress)


def arrange(
    seed: Seed,
    add: Sequence[str],
    predictor: Predictor | None = None,
    settings: Settings | None = None,
    *,
    bars: tuple[int, int] | None = None,
    crossing: bool = False,
    variations: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Insertion]:
    """Write further parts to a file.

    Args:
        seed: From `open_seed`.
        add: What they are called, as in docs/arrange.md: ["bass", "drums"].
        predictor: As for `fill`.
        settings: Freedom and limits; `Settings.chords` has the chords.
        bars: As for `fill`; None for all.
        crossing: Whether added voices may cross.
        variations: How many proposals.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: There are no such parts, or the settings do not fit the file.
        ModelError: The default model is missing or damaged.
    """
    writing = Writing(ARRANGE, bars, add=tuple(add), crossing=crossing)
    return _written(seed, writing, predictor, settings, variations, progress)


def vary(
    seed: Seed,
    bars: tuple[int, int] | None = None,
    predictor: Predictor | None = None,
    settings: Settings | None = None,
    *,
    strength: float = USUAL_STRENGTH,
    keep: str | None = None,
    variations: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Insertion]:
    """Change some bars of a file, and keep part of them.

    Args:
        seed: From `open_seed`.
        bars: As for `fill`; None for all.
        predictor: As for `fill`.
        settings: As for `fill`.
        strength: How much is changed, 0..1.
        keep: "rhythm", "pitches", "contour" or "bass"; None for nothing.
        variations: How many proposals; each changes other notes.
        progress: Called with the share done, 0..1.

    Raises:
        SettingError: A value is out of range, or does not fit the file.
        ModelError: The default model is missing or damaged.
    """
    writing = Writing(VARY, bars, strength=strength, keep=keep)
    return _written(seed, writing, predictor, settings, variations, progress)


def _written(
    seed: Seed,
    writing: Writing,
    predictor: Predictor | None,
    settings: Settings | None,
    variations: int,
    progress: Callable[[float], None] | None,
) -> list[Insertion]:
    return write_inside(
        seed,
        predictor or open_predictor(),
        settings or Settings(),
        writing,
        range(variations),
        progress,
    )


def write_midi(
    path: str | os.PathLike[str],
    seed: Seed,
    made: Continuation | Insertion,
    *,
    continuation_only: bool = False,
    force: bool = False,
) -> None:
    """Write what was made of a seed as a MIDI file, whole or not at all.

    Args:
        path: Where to.
        seed: The seed, which stays as it is, message for message.
        made: What goes on from it, or was written among its notes.
        continuation_only: Leave the seed out.
        force: Replace a file that is there.

    Raises:
        OutputError: Something is there and `force` is not set, the folder is missing or
            may not be written to, or the disk is full.
    """
    if isinstance(made, Insertion):
        file = midi.from_piece(made.piece) if continuation_only else made.file(seed.file)
    else:
        file = alone(made) if continuation_only else continued(seed, made)
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
