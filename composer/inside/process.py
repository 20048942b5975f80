"""Process: writes inside one MIDI file in a process of its own, at low priority, and ends.

    python -m composer.inside.process MODEL < request > answer

A server that plays has `write_elsewhere` called on a thread that waits: nothing that is written
takes time from the music. Request and answer are JSON; the file is in base 64.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from composer.errors import ComposerError, SettingError
from composer.formats import midi, smf
from composer.generation.seed_files import Seed
from composer.generation.settings import Settings
from composer.inside.loop import loop_seed
from composer.inside.verbs import write_inside
from composer.inside.writing import LOOP, VARY, Writing
from composer.music.notes import Piece
from composer.network.predictor import NoteModel, Predictor

PATIENCE: Final = 300.0
"""Seconds after which a process that has not answered is ended."""
NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note that was written.

    Attributes:
        channel: MIDI channel of its part, 0..15.
        pitch: MIDI note number.
        start_beat: Quarter notes from the beginning of the file.
        beats: How many it lasts.
        velocity: 1..127.
    """

    channel: int
    pitch: int
    start_beat: float
    beats: float
    velocity: int


def write_elsewhere(
    model: Path, file: bytes, settings: Settings, writing: Writing
) -> list[NewNote]:
    """Write inside a MIDI file in another process.

    Args:
        model: The model's folder.
        file: Bytes of the file.
        settings: Freedom and limits.
        writing: What is to be written.

    Raises:
        ComposerError: It cannot be written; the line says why.
    """
    request = {
        "file": base64.b64encode(file).decode(),
        "settings": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "writing": asdict(writing),
    }
    command = [sys.executable, "-P", "-m", "composer.inside.process", str(model)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingError("it takes too long: ask for fewer bars or takes") from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise SettingError("what writes inside files has failed; run composer doctor") from None
    if "error" in answer:
        raise SettingError(str(answer["error"]))
    return [NewNote(*row) for row in answer["notes"]]


def write_here(
    predictor: NoteModel, file: bytes, settings: Settings, writing: Writing
) -> list[NewNote]:
    """The same in this process."""
    parsed = smf.parse(file)
    seed = Seed(Path("session.mid"), parsed, midi.to_piece(parsed))
    if writing.task == LOOP:
        [loop] = loop_seed(seed.analysis(settings.grid, settings.tempo), predictor, settings)
        return _notes(loop.piece, [part.channel for part in loop.piece.parts], loop.join)
    [made] = write_inside(seed, predictor, settings, writing)
    if writing.task == VARY:
        # All that is played there: what stayed among what changed, to be put in its place.
        parts = tuple(
            replace(part, notes=tuple(n for n in part.notes if made.start <= n.onset < made.end))
            for part in made.whole.parts
        )
        return _notes(made.whole.with_parts(parts), [part.channel for part in parts])
    written = midi.to_piece(made.file(parsed))
    channels = {part.track: part.channel for part in written.parts}
    added = {index: len(parsed.tracks) + at for at, index in enumerate(sorted(made.added))}
    own = [
        channels.get(added.get(index, part.track), part.channel) if index in added else part.channel
        for index, part in enumerate(made.piece.parts)
    ]
    return _notes(made.piece, own)


def _notes(piece: Piece, channels: Sequence[int], origin: int = 0) -> list[NewNote]:
    """The notes of a piece, beats counted from a tick."""
    beat = piece.ticks_per_beat
    notes = [
        NewNote(
            channel, note.pitch, (note.onset - origin) / beat, note.duration / beat, note.velocity
        )
        for channel, part in zip(channels, piece.parts, strict=True)
        for note in part.notes
    ]
    return sorted(notes, key=lambda note: (note.start_beat, note.channel, note.pitch))


def answer_to(request: Mapping[str, Any], predictor: NoteModel) -> dict[str, Any]:
    """The answer to a request: notes, or an error in one line."""
    try:
        settings = dict(request["settings"])
        for name in ("parts", "drums", "no_drums", "pitch_range"):
            if settings.get(name) is not None:
                settings[name] = tuple(settings[name])
        writing = dict(request["writing"])
        writing["add"] = tuple(writing["add"])
        writing["bars"] = None if writing["bars"] is None else tuple(writing["bars"])
        notes = write_here(
            predictor, base64.b64decode(request["file"]), Settings(**settings), Writing(**writing)
        )
    except ComposerError as error:
        return {"error": str(error)}
    return {"notes": [list(asdict(note).values()) for note in notes]}


def main() -> None:
    """Answer the request on standard input."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    predictor = Predictor.load(Path(sys.argv[1]), threads=1)
    answer = answer_to(json.load(sys.stdin), predictor)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
